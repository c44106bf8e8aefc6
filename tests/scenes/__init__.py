"""What results and refusals say, in full: scenes, and the words that are recorded of them.

A scene is a call and a name for it; the scenes of a module stand in the module of that name here. What they say stands
in tests/golden/scenes, one file for each module. `python -m tests.scenes` records it anew: look at the difference
before you commit it, for it is what users read.
"""

import importlib
import pkgutil
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from licensebill.errors import LicenseBillError
from licensebill.explain import Explanation

#: What is called; it gives a result that explains itself, a text, several of these, or is refused.
Scene = Callable[[], object]

MODULES = sorted(module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_"))
RECORDED = Path(__file__).parents[1] / "golden" / "scenes"
_HEADING = re.compile(r"^== (.+)\n", re.MULTILINE)


def scenes(module: str) -> Mapping[str, Scene]:
    """The scenes of a module, by name."""
    found: Mapping[str, Scene] = importlib.import_module(f"{__name__}.{module}").SCENES
    return found


def said(scene: Scene) -> str:
    """What comes of a scene, in words: an explanation as text, or a refusal with its code."""
    try:
        result = scene()
    except LicenseBillError as refused:
        return f"refused, {refused.code}: {refused}"
    return "\n".join(_words(result))


def _words(result: object) -> Iterator[str]:
    explanation = getattr(result, "explanation", None)
    if isinstance(result, Explanation):
        yield result.as_text()
    elif callable(explanation):
        yield explanation().as_text()
    elif isinstance(result, Iterable) and not isinstance(result, str | Mapping):
        for one in result:
            yield from _words(one)
    else:
        yield str(result)


def recorded(module: str) -> Mapping[str, str]:
    """What is recorded of a module's scenes, by name."""
    _, *parts = _HEADING.split((RECORDED / f"{module}.txt").read_text(encoding="utf-8"))
    return {name: text.removesuffix("\n") for name, text in zip(parts[::2], parts[1::2], strict=True)}


def record(module: str) -> None:
    """Write down what a module's scenes say now."""
    text = "".join(f"== {name}\n{said(scene)}\n" for name, scene in scenes(module).items())
    (RECORDED / f"{module}.txt").write_text(text, encoding="utf-8")
