"""Places: on which line of a TOML or JSON text something stands, and how its path is written in a message.

Parsers give no lines for what they read. What is asked for here is asked only once a file has a fault. In JSON the
wanted paths are followed, and whatever lies beside them is passed over by the parser itself; TOML is gone through
token by token, as a parser would cut it. Every text takes time in proportion to its length, whatever it holds.

What the paths mean is up to `codec`; nothing here knows an account.
"""

import json
import re
import tomllib
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs

from licensebill._tables import FieldPath
from licensebill.errors import shown

#: Brackets within brackets, beyond which a text is nested too deeply to be read.
DEEP = 100
#: Parts of a path that are followed and written.
_FOLLOWED = 20

# --- paths --------------------------------------------------------------------------------------------------------

_PLAIN_KEY = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)


def field_of(path: FieldPath) -> str:
    """A path as a message may repeat it: "contracts[0].prices[1].amount".

    The keys are the file's own words: one that is long, could be a card number or holds anything but letters, digits,
    `_` and `-` is shown as any other refused text is.

    Example:
        >>> field_of(("contracts", 0, "end")), field_of(("account", "4111111111111111")), field_of(("a b",))
        ('contracts[0].end', 'account.(a text of 16 characters)', "'a b'")
    """
    parts = (f"[{part}]" if isinstance(part, int) else f".{_key(part)}" for part in path[:_FOLLOWED])
    return "".join(parts).removeprefix(".")


def _key(key: str) -> str:
    picture = shown(key)
    if picture[0] not in "'\"":
        return f"({picture})"
    return key if _PLAIN_KEY.fullmatch(key) else picture


def line_of(path: FieldPath, lines: Mapping[FieldPath, int]) -> int | None:
    """The line of a path, or of the nearest table around it that has one; of a list of tables its first."""
    nearest = (part for length in range(len(path), 0, -1) for part in (path[:length], (*path[:length], 0)))
    return next((lines[part] for part in nearest if part in lines), None)


# --- JSON ---------------------------------------------------------------------------------------------------------

_BLANK = re.compile(r"[ \t\n\r]*+")
_DECODER = json.JSONDecoder()
#: The wanted parts of a value, and those of each.
_Wanted = dict[str | int, Any]


def json_lines(source: str, paths: Iterable[FieldPath]) -> dict[FieldPath, int]:
    r"""The lines of some paths of a valid JSON text, and of what they lead through; paths that are not there have none.

    Example:
        >>> json_lines('{"a": [1,\n 2]}', [("a", 1), ("b",)])
        {('a',): 1, ('a', 1): 2}
    """
    wanted: _Wanted = {}
    for path in paths:
        inside = wanted
        for part in path[:_FOLLOWED]:
            inside = inside.setdefault(part, {})
    places: dict[FieldPath, int] = {}
    _follow(source, 0, wanted, (), places)
    lines, line, counted = {}, 1, 0
    for path, at in sorted(places.items(), key=lambda place: place[1]):
        line, counted = line + source.count("\n", counted, at), at
        lines[path] = line
    return lines


def _follow(source: str, at: int, wanted: _Wanted, path: FieldPath, places: dict[FieldPath, int]) -> int:
    """Note where the wanted parts of a value begin; gives where the value ends."""
    at = _after_blank(source, at)
    opening = source[at]
    if not wanted or opening not in "[{":
        return _DECODER.raw_decode(source, at)[1]
    at, position = _after_blank(source, at + 1), 0
    while source[at] not in "]}":
        key, start = position, at
        if opening == "{":
            key, at = _DECODER.raw_decode(source, at)
            at = _after_blank(source, at) + 1
        if key in wanted:
            places[*path, key] = start
        at = _after_blank(source, _follow(source, at, wanted.get(key, {}), (*path, key), places))
        at, position = _after_blank(source, at + (source[at] == ",")), position + 1
    return at + 1


def _after_blank(source: str, at: int) -> int:
    blank = _BLANK.match(source, at)
    return blank.end() if blank else at


class Repeating(dict[str, Any]):
    """A table of JSON in which a key stands twice; the last of both counts."""

    repeated: str


def table(pairs: Sequence[tuple[str, Any]], repeating: list[object]) -> dict[str, Any]:
    """The table of some pairs, as `json.loads` makes one; those in which a key stands twice are listed besides."""
    made = dict(pairs)
    if len(made) == len(pairs):
        return made
    times = Counter(key for key, _ in pairs)
    twice = Repeating(made)
    twice.repeated = next(key for key, count in times.items() if count > 1)
    repeating.append(twice)
    return twice


@attrs.frozen
class _Inside:
    """A value, and where it stands."""

    value: Any
    key: str | int = ""
    around: "_Inside | None" = None

    def path(self) -> Iterator[str | int]:
        """Its keys, from the innermost to the outermost."""
        here = self
        while here.around is not None:
            yield here.key
            here = here.around


def repeated_key(document: object) -> FieldPath:
    """The path of a key that stands twice in its table, where there is one; what lies around it stands once."""
    waiting = deque([_Inside(document)])
    while not isinstance((here := waiting.popleft()).value, Repeating):
        items = here.value.items() if isinstance(here.value, dict) else enumerate(here.value)
        waiting.extend(_Inside(value, key, here) for key, value in items if isinstance(value, dict | list))
    return (*reversed([*here.path()]), here.value.repeated)


# --- TOML ---------------------------------------------------------------------------------------------------------

# no part of it is tried in a second way: each text is cut in one pass
_TOKEN = re.compile(
    r"""
      (?P<text> "{3} (?: [^"\\] | \\(?:.|\Z) | "{1,2}(?!") )*+ (?: "{3,5} | \Z )
              | '{3} (?: [^'] | '{1,2}(?!') )*+ (?: '{3,5} | \Z )
              | " (?: [^"\\\n] | \\[^\n] )*+ "?
              | ' [^'\n]*+ '? )
    | (?P<word> [A-Za-z0-9_+-]++ )
    | (?P<blank> [ \t\r]++ | [#][^\n]*+ )
    | (?P<end> \n )
    | (?P<mark> . )
    """,
    re.VERBOSE | re.DOTALL,
)


def _tokens(source: str) -> Iterator[tuple[int, str, str]]:
    """The tokens of a TOML or JSON text that are no blanks and comments: line, kind and words."""
    line = 1
    for token in _TOKEN.finditer(source):
        kind, words = str(token.lastgroup), token[0]
        if kind != "blank":
            yield line, kind, words
        if kind in {"text", "end"}:
            line += words.count("\n")


def toml_lines(source: str) -> dict[FieldPath, int]:
    r"""The lines of the headers and keys of a valid TOML text; what stands within a value has its key's line.

    Example:
        >>> toml_lines('[[users]]\nid = "ana"')
        {('users',): 1, ('users', 0): 1, ('users', 0, 'id'): 2}
    """
    lines: dict[FieldPath, int] = {}
    counts: dict[FieldPath, int] = {}
    here: FieldPath = ()
    head, depth, in_value = list[str](), 0, False
    for line, kind, words in _tokens(f"{source}\n"):
        if kind == "end" and not depth:
            if head[:1] == ["["] and not in_value:
                here = _header(head, counts)
                _note(here, line, lines)
            head, in_value = [], False
        elif in_value:
            depth += (kind == "mark") * ((words in "[{") - (words in "]}"))
        elif words == "=":
            _note((*here, *_keys(head)), line, lines)
            in_value = True
        else:
            head.append(words)
    return lines


def _note(path: FieldPath, line: int, lines: dict[FieldPath, int]) -> None:
    for length in range(1, len(path) + 1):
        lines.setdefault(path[:length], line)


def _header(head: Sequence[str], counts: dict[FieldPath, int]) -> FieldPath:
    """The path of a table, in which each list of tables around it stands at its last."""
    here: FieldPath = ()
    keys = _keys(head)
    for depth, key in enumerate(keys, start=1):
        here = (*here, key)
        if depth == len(keys) and head[1] == "[":
            counts[here] = counts.get(here, -1) + 1
        if here in counts:
            here = (*here, counts[here])
    return here


def _keys(head: Iterable[str]) -> list[str]:
    return [_name(words) for words in head if words not in {"[", "]", "."}]


def _name(words: str) -> str:
    if words[0] not in "'\"":
        return words
    return str(tomllib.loads(f"key = {words}")["key"]) if "\\" in words else words[1:-1]


# --- what parsers cannot read -------------------------------------------------------------------------------------


def many_parts(source: str, most: int, points: int) -> int | None:
    """The first line of a TOML text with a key of more parts, or where all keys have more points than so many.

    Points in texts and comments are none.
    """
    # nearly every text is passed without a closer look
    if source.count(".") <= points and all(line.count(".") < most for line in source.split("\n")):
        return None
    of_key = in_all = 0
    for line, kind, words in _tokens(source):
        is_point = words == "."
        of_key = of_key + is_point if is_point or kind in {"text", "word"} else 0
        in_all += is_point
        if of_key >= most or in_all > points:
            return line
    return None


def deep_line(source: str) -> int | None:
    r"""The first line of a text with more brackets within brackets than anybody means.

    Example:
        >>> deep_line("[]"), deep_line("[\n" * 100 + "[")
        (None, 101)
    """
    if source.count("[") + source.count("{") <= DEEP:  # nearly every text is passed without a closer look
        return None
    depth = 0
    for line, kind, words in _tokens(source):
        if kind == "mark":
            depth += (words in "[{") - (words in "]}")
            if depth > DEEP:
                return line
    return None


def long_number_line(source: str) -> int:
    """The line of the longest number, or word, of a text."""
    lengths = ((len(words), line) for line, kind, words in _tokens(source) if kind == "word")
    return max(lengths, key=lambda length: length[0], default=(0, 1))[1]
