"""Is the built package whole, and content with nothing but what it declares to need?

    python -I .ci/smoke.py licensebill-0.1.0.tar.gz

Runs in an environment into which only the wheel was installed.
"""

import importlib
import importlib.metadata
import importlib.util
import pkgutil
import sys
import tarfile

#: What only an extra brings, and the modules that need one.
OPTIONAL = {"cattrs", "cyclopts", "hypothesis", "matplotlib", "pytest", "rich"}
NEEDING_AN_EXTRA = {
    *("__main__", "_conversion", "_places", "_tables", "adapters", "cli", "codec", "commands", "documents"),
    *("frames", "schemas", "statements", "strategies"),
    "testing",
}


def main() -> None:
    """Check, or stop at the first thing that is missing."""
    assert not any(map(importlib.util.find_spec, OPTIONAL)), "an optional package is here: nothing would be shown"

    names = {str(path) for path in importlib.metadata.files("licensebill") or ()}
    assert "licensebill/py.typed" in names
    assert any(name.endswith("/LICENSE") for name in names)
    assert not any(name.startswith(("tests/", "bench/")) for name in names)

    package = importlib.import_module("licensebill")
    assert package.__version__ == importlib.metadata.version("licensebill")
    core = [found.name for found in pkgutil.iter_modules(package.__path__) if found.name not in NEEDING_AN_EXTRA]
    for name in core:
        importlib.import_module(f"licensebill.{name}")

    with tarfile.open(sys.argv[1]) as sources:
        packed = {name.partition("/")[2] for name in sources.getnames()}
    for wanted in ("LICENSE", "README.md", "CHANGELOG.md", "constraints.txt", ".ci/run", "tests/conftest.py"):
        assert wanted in packed, f"{wanted} is missing from the source distribution"
    print(f"licensebill {package.__version__}: {len(core)} modules of the core import with nothing optional")


if __name__ == "__main__":
    main()
