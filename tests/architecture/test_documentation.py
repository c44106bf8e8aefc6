"""The documentation is whole in both its forms: the pages as they stand in the repository, and the site made of them.

The site is built once, by Sphinx with every warning an error. What Sphinx does not look at is read from what it has
made: whether each link of each page leads to something that is there.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from tests.architecture.source import EVERYTHING, ROOT

DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]
#: What is no module for callers: the command itself.
_COMMAND = re.compile(r"__main__|cli|commands\b.*")


# --- the pages ----------------------------------------------------------------------------------------------------


def named(page: Path) -> str:
    """How pytest names a page in its list."""
    return str(page.relative_to(ROOT))


def prose(page: Path) -> str:
    """A page without its blocks of code, and without the brackets of what is code in a sentence."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"`([^`]*)`", lambda code: re.sub(r"[][]", "", code[1]), text)


def links(text: str) -> Iterator[tuple[str, str]]:
    """Where a page's links within the repository lead: a file, which may be "" for the page itself, and a heading."""
    for target in re.findall(r"\]\(([^)\s]+)\)|^\[[^]]+\]: (\S+)$", text, re.MULTILINE):
        parts = urlsplit("".join(target))
        if not parts.scheme:
            yield parts.path, parts.fragment


def anchors(text: str) -> set[str]:
    """The names of a page's headings, as the repository's host makes them."""
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}


def undefined(text: str) -> set[str]:
    """Rules in brackets that no line at the end of the page makes a link of."""
    return set(re.findall(r"\[([A-Z]{3}-[0-9]+)\](?![(:])", text)) - set(
        re.findall(r"^\[([^]]+)\]: ", text, re.MULTILINE)
    )


def broken(page: Path) -> list[str]:
    """The links of a page that lead nowhere."""
    wrong = [f"[{rule}]" for rule in sorted(undefined(prose(page)))]
    for target, heading in links(prose(page)):
        other = page.parent / target if target else page
        if not other.exists() or (heading and heading not in anchors(prose(other))):
            wrong.append(f"{target}#{heading}".removesuffix("#"))
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=named)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    """On the repository's host: to a file, and to a heading of it."""
    assert broken(page) == []


def test_planted_broken_links_are_found(tmp_path: Path) -> None:
    """A missing file, a missing heading and a missing definition are named; code and other sites are left alone."""
    page = tmp_path / "page.md"
    page.write_text(
        "# A page: one\n[here](#a-page-one) [out](https://example.com) `[a](b)`\n```python\n[a](b)\n```\n"
        "[no](none.md) [no](#two) [STO-9] [x][STO-2]\n\n[STO-2]: gone.md\n",
        encoding="utf-8",
    )
    assert broken(page) == ["[STO-9]", "none.md", "#two", "gone.md"]


def test_every_page_is_reached_from_the_index() -> None:
    """On the repository's host, following links, from README.md by way of docs/index.md."""
    assert (DOCS / "index.md") in {ROOT / target for target, _ in links(prose(ROOT / "README.md"))}
    reached, waiting = set[Path](), [DOCS / "index.md"]
    while waiting:
        page = waiting.pop()
        reached.add(page)
        found = {(page.parent / target).resolve() for target, _ in links(prose(page)) if target.endswith(".md")}
        waiting += sorted(found - reached)
    assert reached == set(PAGES[1:])


def test_the_reference_has_every_public_module_once() -> None:
    """Whatever can be imported, but for the command and what begins with an underscore."""
    modules = {module.name for module in EVERYTHING if module.is_public and not module.name.endswith("__init__")}
    public = sorted(name for name in modules if not _COMMAND.fullmatch(name))
    text = (DOCS / "reference" / "index.md").read_text(encoding="utf-8")
    assert sorted(re.findall(r"^   licensebill\.([\w.]+)$", text, re.MULTILINE)) == public


@pytest.mark.parametrize(
    ("section", "program"), [("Charging", "charging.py"), ("Values, bills and files", "scalar.py")]
)
def test_measured_figures_are_those_of_the_benchmark(section: str, program: str) -> None:
    """Each figure of a table on the page on performance stands at the head of the program that measured it."""
    head = (ROOT / "bench" / program).read_text(encoding="utf-8").split('"""')[1]
    page = (DOCS / "performance.md").read_text(encoding="utf-8")
    (table,) = [part for part in page.split("\n## ") if part.startswith(f"{section}\n")]
    number = re.compile(r"(?<![\w.])[0-9][0-9,.]*(?<![,.])")
    figures = {figure for row in re.findall(r"^\| `.*$", table, re.MULTILINE) for figure in number.findall(row)}
    assert len(figures) > 10
    assert figures - set(number.findall(head)) == set()


# --- the site -----------------------------------------------------------------------------------------------------


class Built(HTMLParser):
    """A page of the site: where it leads to, and what can be led to on it."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.targets: set[str] = set()
        self.ids: set[str] = set()
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Read what an element's attributes say."""
        for name, value in attrs:
            if name == "id":
                self.ids.add(value or "")
            elif name in {"href", "src"} and tag != "link":
                self.targets.add(value or "")


def lost(folder: Path) -> list[str]:
    """The links of a site that lead to no file, or to nothing on a page, as `page: link`."""
    pages = {path: Built(path) for path in sorted(folder.rglob("*.html"))}
    return [
        f"{path.relative_to(folder)}: {target}"
        for path, page in pages.items()
        for target in sorted(page.targets)
        if not urlsplit(target).scheme and not _leads_somewhere(pages, path, target)
    ]


def _leads_somewhere(pages: dict[Path, Built], path: Path, target: str) -> bool:
    parts = urlsplit(target)
    other = (path.parent / unquote(parts.path)).resolve() if parts.path else path
    if parts.fragment and other in pages:
        return unquote(parts.fragment) in pages[other].ids
    return other.exists()


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the site, built anew; every warning of Sphinx is an error."""
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "-q", "-W", "--keep-going", "-d", str(folder / "read"), "docs"]
    done = subprocess.run([*command, str(folder / "html")], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "html"


def test_the_site_has_every_page_and_no_link_that_is_lost(site: Path) -> None:
    """Sphinx finds nothing to warn of: no page that no index lists, no name that is not there, no faulty docstring."""
    pages = {page.relative_to(DOCS).with_suffix(".html") for page in PAGES[1:]}
    assert {page for page in pages if not (site / page).exists()} == set()
    assert lost(site) == []


def test_the_reference_links_to_the_rules(site: Path) -> None:
    """A function's page leads to the section of the rule that it keeps."""
    targets = Built(site / "reference" / "modules" / "licensebill.storage.html").targets
    assert "../../rules/storage.html#sto-2-the-monthly-fee" in targets


def test_planted_lost_links_are_found(tmp_path: Path) -> None:
    """A file that is not there and a place that is not on a page are named; other sites are left alone."""
    (tmp_path / "a.html").write_text(
        '<a href="b.html#one">1</a><a href="b.html#two">2</a><p id="x"></p>', encoding="utf-8"
    )
    (tmp_path / "b.html").write_text(
        '<p id="one"></p><a href="a.html">a</a><a href="https://example.com">e</a><img src="c.png"><a href="#no">n</a>',
        encoding="utf-8",
    )
    assert lost(tmp_path) == ["a.html: b.html#two", "b.html: #no", "b.html: c.png"]
