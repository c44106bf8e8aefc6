"""What the guards of the whole library have in common: is this argument of the kind, size and shape asked for?

Each check takes the place to name in the error, gives the value back if it is right, and raises `InvalidValue`
otherwise; `checked` makes an attrs validator of one. Nothing here knows a billing rule, except
which text could be a card number (FUN-1), which every name and label must refuse.
"""

import datetime
import itertools
import unicodedata
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import Any, TypeVar

import attrs

from licensebill.errors import InvalidValue, one, shown

_T = TypeVar("_T")

#: Counts, bytes and seconds stay within a signed 64-bit column.
MAX_WHOLE = 2**63 - 1
MAX_TEXT = 200

_CARD_DIGITS = range(12, 20)


def whole(place: str, value: object, low: int = 0, high: int = MAX_WHOLE) -> int:
    """An `int` (no `bool`, no `float`) from `low` to `high`, both included."""
    if type(value) is int and low <= value <= high:  # nearly every value, and so without further questions
        return value
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidValue(place, f"must be a whole number, not {shown(value)}")
    if not low <= value <= high:
        bound = f"at least {low}" if value < low else f"at most {high}"
        raise InvalidValue(place, f"must be {bound}, not {shown(value)}")
    return value


def text(place: str, value: object, longest: int = MAX_TEXT) -> str:
    """Text that is not blank, has no blanks around it and no control characters."""
    if not isinstance(value, str):
        raise InvalidValue(place, f"must be a text, not {shown(value)}")
    if not value.strip():
        raise InvalidValue(place, "must not be blank")
    if len(value) > longest:
        raise InvalidValue(place, f"must have at most {longest} characters, not {len(value)}")
    # what is printable has none of these; asking for each character is slow
    is_odd = not value.isprintable() and any(unicodedata.category(c) in {"Cc", "Cs", "Zl", "Zp"} for c in value)
    if is_odd or value != value.strip():
        raise InvalidValue(place, "must have no blanks around it and no control characters or line breaks")
    return value


def cardless_text(place: str, value: object, longest: int = MAX_TEXT) -> str:
    """Text that holds nothing that could be a card number (FUN-1); never echoed."""
    checked = text(place, value, longest)
    if holds_card_number(checked):
        raise InvalidValue(place, "holds what could be a card number; it is not repeated here and must not be stored")
    return checked


def fitting(words: str) -> str:
    """A text that was put together from others, cut to what a text may have: it is never refused for its length."""
    return words if len(words) <= MAX_TEXT else f"{words[: MAX_TEXT - 1]}…"


def cardless_or_empty(place: str, value: object, longest: int = MAX_TEXT) -> str:
    """The same, or no text at all."""
    return cardless_text(place, value, longest) if instance(place, value, str) else ""


def day(place: str, value: object) -> datetime.date:
    """A calendar day: a `date` that is no `datetime`."""
    if isinstance(value, datetime.datetime) or not isinstance(value, datetime.date):
        raise InvalidValue(place, f"must be a calendar day (datetime.date), not {shown(value)}")
    return value


def instant(place: str, value: object) -> datetime.datetime:
    """A point in time: an aware `datetime`. A naive one is refused; nobody can say which instant it means."""
    if not isinstance(value, datetime.datetime):
        raise InvalidValue(place, f"must be a point in time (datetime with a time zone), not {shown(value)}")
    if value.utcoffset() is None:
        raise InvalidValue(place, "must have a time zone: a datetime without one names no instant")
    return value


def instant_in_utc(place: str, value: object) -> datetime.datetime:
    """The same in UTC, where two are never compared by clocks that are set back."""
    try:
        return instant(place, value).astimezone(datetime.UTC)
    except OverflowError:
        raise InvalidValue(place, "must lie within the calendar in UTC") from None


def zone(place: str, value: object) -> datetime.tzinfo:
    """A time zone."""
    if not isinstance(value, datetime.tzinfo):
        raise InvalidValue(place, f"must be a time zone (datetime.tzinfo), not {shown(value)}")
    return value


def instance(place: str, value: object, kind: type[_T]) -> _T:
    """A value of the type asked for."""
    if not isinstance(value, kind):
        raise InvalidValue(place, f"must be {one(kind)}, not {shown(value)}")
    return value


def function(place: str, value: Callable[..., _T]) -> Callable[..., _T]:
    """Something that can be called."""
    if not callable(value):
        raise InvalidValue(place, f"must be a function, not {shown(value)}")
    return value


def several(place: str, values: Iterable[_T]) -> Iterable[_T]:
    """Something to go through: a list, a set, a generator. A text is none: its letters are not meant."""
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise InvalidValue(place, f"must be an Iterable, not {shown(values)}")
    return values


def each_of(place: str, values: Iterable[_T], kind: type[_T]) -> Iterator[_T]:
    """Several values of one type, each checked when its turn comes."""
    for position, value in enumerate(several(place, values)):
        if not isinstance(value, kind):
            instance(f"{place}[{position}]", value, kind)
        yield value


def distinct(place: str, values: Collection[object], what: str) -> None:
    """No value twice. Values must be hashable; the first repeated one is named."""
    seen: set[object] = set()
    for value in values:
        if value in seen:
            raise InvalidValue(place, f"names {what} {shown(value)} twice")
        seen.add(value)


def holds_card_number(value: str) -> bool:
    """Whether some text, its blanks and dashes taken out, holds 12 to 19 digits in a row that pass Luhn's check.

    Blanks and dashes may stand within a card number and beside it: the card of "4111 1111 1111 1111 12/30" is found
    although 18 digits follow each other. A row begins and ends where a group of digits does, so that a longer number
    in one piece is not searched for parts that pass by chance. Digits of every script count.

    Source: FUN-1.

    Example:
        >>> holds_card_number("4111-1111 1111 1111"), holds_card_number("4111 1111 1111 1112")
        (True, False)
    """
    if len(value) < _CARD_DIGITS.start or sum(map(str.isdigit, value)) < _CARD_DIGITS.start:
        return False
    stretches = "".join(map(_digit_or_gap, value)).split(".")
    return any(_hold_card_number(stretch.split()) for stretch in stretches)


def _digit_or_gap(character: str) -> str:
    digit = unicodedata.digit(character, -1)
    if digit >= 0:
        return str(digit)
    # a minus sign is typed for a dash; characters of category Cf are invisible
    is_gap = character.isspace() or character == "\u2212" or unicodedata.category(character) in {"Pd", "Cf"}
    return " " if is_gap else "."


def _hold_card_number(groups: list[str]) -> bool:
    """Whether some groups of digits that follow each other, joined, are a card number.

    A row is checked by the difference of two sums, so that a text of many short groups takes no longer than another.
    """
    edges = [0, *itertools.accumulate(map(len, groups))]
    sums = _luhn_sums([int(digit) for group in groups for digit in group])
    for position, start in enumerate(edges):
        for end in edges[position + 1 :]:
            if end - start >= _CARD_DIGITS.stop:
                break
            if end - start >= _CARD_DIGITS.start and (sums[end % 2][end] - sums[end % 2][start]) % 10 == 0:
                return True
    return False


def _luhn_sums(digits: list[int]) -> tuple[list[int], list[int]]:
    """What the digits before each place add up to by Luhn's rule, of rows that end at an even place, and at an odd one.

    Every second digit from the right is doubled, and 9 taken off where that makes two digits: in a row that ends at an
    even place, those at even places.
    """
    sums: tuple[list[int], list[int]] = [0], [0]
    for place, digit in enumerate(digits):
        doubled = 2 * digit - 9 * (digit > 4)  # noqa: PLR2004
        for parity in (0, 1):
            sums[parity].append(sums[parity][-1] + (doubled if place % 2 == parity else digit))
    return sums


def kept_of(said: str) -> str:
    """What others say, as far as it may be kept: printable, short, and nothing that could be a card number."""
    kept = "".join(one if one.isprintable() else " " for one in said)[:MAX_TEXT].strip()
    return "what was said of it may hold a card number" if holds_card_number(kept) else kept


def checked(check: Callable[..., object], *bounds: object) -> Callable[[Any, "attrs.Attribute[Any]", Any], object]:
    """One of the checks above as an attrs validator: `attrs.field(validator=checked(whole, 1, 31))`."""
    # most fields of most values: where the type is right nothing is called
    if check is instance:
        kind: Any = bounds[0]
        return lambda _, attribute, value: isinstance(value, kind) or instance(attribute.name, value, kind)
    if check is day:
        return lambda _, attribute, value: type(value) is datetime.date or day(attribute.name, value)
    return lambda _, attribute, value: check(attribute.name, value, *bounds)


def tuple_of(place: str, value: object, kind: type[_T]) -> tuple[_T, ...]:
    """A tuple, all of whose items are of one type."""
    items = instance(place, value, tuple)
    for position, item in enumerate(items):
        if not isinstance(item, kind):
            instance(f"{place}[{position}]", item, kind)
    return items
