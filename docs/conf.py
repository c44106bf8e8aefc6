"""How the pages become a site: `python -m sphinx docs docs/_build`.

The pages are plain Markdown and are read on the repository host as well; docstrings are written for people who read the
module. So what only the site needs is added here: the order of its pages, which is that of links on the index pages,
and in the reference what docstrings do not say: links to the rules, members of enumerations, codes of errors.
"""

import enum
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import attrs
from pygments.lexers import TextLexer
from sphinx.application import Sphinx

PAGES = Path(__file__).parent
sys.path.insert(0, str(PAGES.parent / "src"))

from licensebill import LicenseBillError, __version__  # noqa: E402 - found by the line above

project = "licensebill"
author = "The licensebill maintainers"
version = release = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.autosummary", "sphinx.ext.napoleon"]
default_role = "code"
exclude_patterns = ["_build"]
templates_path = ["_templates"]
html_theme = "furo"
html_title = f"licensebill {release}"

myst_heading_anchors = 3
autodoc_default_options = {"members": True, "member-order": "bysource"}
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
autodoc_use_type_comments = False
napoleon_numpy_docstring = False
napoleon_use_ivar = True
python_maximum_signature_line_length = 100

# Every name in the reference must be found, but for those of other libraries and those that are not public.
nitpicky = True
nitpick_ignore_regex = [
    ("py:.*", r"(?!licensebill)\w+(\.\w+)+"),
    ("py:.*", r"licensebill\..+\._\w+"),
]
suppress_warnings = ["ref.python"]  # to Sphinx the type `bytes` could be any of our properties of that name

_LISTED = re.compile(r"^(?:\* |\| )\[[^]]+\]\(([\w/-]+)\.md\)", re.MULTILINE)
_RULE = re.compile(r"^## ((\w+-[0-9]+): .+)$", re.MULTILINE)
_DEFAULT = re.compile(r"attr_dict\['(\w+)'\]\.default")
_LONG = 40
_INDENTED = re.compile(r"^(\S.*)\n\n(?=    \S)", re.MULTILINE)
_SOURCE = re.compile(r"^Source:.*?(?=\n\n|\Z)", re.DOTALL | re.MULTILINE)


def contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Give the sidebar what an index page lists: the pages under each of its headings, in their order."""
    if not page.endswith("index"):
        return
    for part in source[0].split("\n## "):
        if listed := _LISTED.findall(part):
            caption, directive = part.partition("\n")[0].removeprefix("# "), ":hidden:\n:titlesonly:\n:caption: "
            source[0] += "\n".join(["\n\n```{toctree}", directive + caption, "", *listed, "```"])


def rules() -> Iterator[tuple[str, str]]:
    """Where each rule is explained, as seen from a page of the reference."""
    for page in sorted((PAGES / "rules").glob("*.md")):
        for heading, rule in _RULE.findall(page.read_text(encoding="utf-8")):
            anchor = re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-")
            yield rule, f"`{rule} <../../rules/{page.stem}.html#{anchor}>`__"


RULES = dict(rules())


def facts(of: object) -> str:
    """What a class says without a docstring: the members of an enumeration, the code and the family of an error."""
    if isinstance(of, enum.EnumMeta):
        return "\n\n" + "".join(f"* ``{member.name}``: {member.value}\n" for member in of)
    if isinstance(of, type) and issubclass(of, LicenseBillError):
        family = of.__bases__[0]
        return f"\n\n:Code: ``{of.code}``\n:Family: :py:class:`~{family.__module__}.{family.__qualname__}`\n"
    return ""


def docstring(_app: Sphinx, what: str, _name: str, of: object, _options: object, lines: list[str]) -> None:
    """Bring a docstring nearer to what Sphinx reads."""
    text = _SOURCE.sub(lambda source: re.sub(r"\w+-[0-9]+", lambda rule: RULES[rule[0]], source[0]), "\n".join(lines))
    if what == "module":  # what is indented there is code
        text = _INDENTED.sub(r"\1\n\n::\n\n", text)
    if what in {"attribute", "data", "property"}:  # an empty comment, or napoleon takes words before a colon for a type
        text = f"..\n\n{text}"
    lines[:] = (text + facts(of)).split("\n")


def default(of: type, name: str) -> str:
    """A field's default as it is written; "..." where that takes long, or is made anew for each object."""
    value = attrs.fields_dict(of)[name].default
    text = str(value) if isinstance(value, enum.Enum) else repr(value)
    return text if len(text) <= _LONG else "..."


def signature(
    _app: Sphinx, _what: str, _name: str, of: type, _options: object, given: str | None, returned: str | None
) -> tuple[str, str | None] | None:
    """Leave out an enumeration's only argument, and give defaults in place of the names that attrs has for them."""
    if given is None:
        return None
    if isinstance(of, enum.EnumMeta):
        return "", returned
    return _DEFAULT.sub(lambda field: default(of, field[1]), given).replace("NOTHING", "..."), returned


def setup(app: Sphinx) -> None:
    """Tell Sphinx about them."""
    for language in ("cron", "mermaid"):
        app.add_lexer(language, TextLexer)
    app.connect("source-read", contents)
    app.connect("autodoc-process-docstring", docstring, priority=400)  # before napoleon's
    app.connect("autodoc-process-signature", signature)
