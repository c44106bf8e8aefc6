"""The guards of the library: what each lets through, what it refuses, and in which words."""

import datetime
import enum
import sys
import timeit
import zoneinfo
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill import _checks
from licensebill._checks import MAX_TEXT, MAX_WHOLE, holds_card_number
from licensebill.errors import InvalidValue
from licensebill.explain import Input

NOON = datetime.datetime(2026, 12, 31, 12, tzinfo=datetime.UTC)


def refusal(check: Callable[..., object], value: object, *bounds: object) -> str:
    """What the check says against a value."""
    with pytest.raises(InvalidValue) as refused:
        check("used", value, *bounds)
    assert refused.value.place == "used"
    return refused.value.problem


class TestWhole:
    """Whole numbers within bounds."""

    class Seats(enum.IntEnum):
        """A number under a name."""

        TEN = 10

    @pytest.mark.parametrize("value", [0, 1, MAX_WHOLE, Seats.TEN])
    def test_within(self, value: int) -> None:
        """By default from zero to the largest of a signed 64-bit column; an enum of ints is a number."""
        assert _checks.whole("used", value) is value

    @pytest.mark.parametrize(("value", "fits"), [(-3, False), (-2, True), (-1, True), (4, True), (5, True), (6, False)])
    def test_bounds(self, value: int, fits: bool) -> None:
        """Both bounds are included."""
        if fits:
            assert _checks.whole("used", value, -2, 5) == value
        else:
            assert refusal(_checks.whole, value, -2, 5).endswith(f", not {value}")

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            (-1, "must be at least 0, not -1"),
            (MAX_WHOLE + 1, "must be at most 9223372036854775807, not a whole number too large to repeat"),
            (True, "must be a whole number, not True"),
            (1.0, "must be a whole number, not a float"),
            ("1", "must be a whole number, not '1'"),
            (None, "must be a whole number, not None"),
            (Decimal(1), "must be a whole number, not a Decimal"),
        ],
    )
    def test_refusal(self, value: object, problem: str) -> None:
        """The message names the bound that was passed, or the type; a bool is no number."""
        assert refusal(_checks.whole, value) == problem


class TestText:
    """Texts for names and labels."""

    @pytest.mark.parametrize(
        "value", ["a", "Ada Lovelace", "José", "李", "می‌خواهم", "x" * MAX_TEXT, "O'Brien \N{EN DASH} Sons, Inc."]
    )
    def test_accepted(self, value: str) -> None:
        """Letters of every script, with the invisible joiners that some of them need, up to the longest."""
        assert _checks.text("used", value) is value

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            ("", "must not be blank"),
            (" \t\u3000", "must not be blank"),
            ("x" * (MAX_TEXT + 1), "must have at most 200 characters, not 201"),
            (" a", "must have no blanks around it and no control characters or line breaks"),
            ("a\u00a0", "must have no blanks around it and no control characters or line breaks"),
            ("a\nb", "must have no blanks around it and no control characters or line breaks"),
            ("a\x00b", "must have no blanks around it and no control characters or line breaks"),
            ("a\u2028b", "must have no blanks around it and no control characters or line breaks"),
            ("a\u2029b", "must have no blanks around it and no control characters or line breaks"),
            ("a\x85b", "must have no blanks around it and no control characters or line breaks"),
            ("a\ud800b", "must have no blanks around it and no control characters or line breaks"),
            (None, "must be a text, not None"),
            (b"a", "must be a text, not a bytes"),
            (7, "must be a text, not 7"),
        ],
    )
    def test_refusal(self, value: object, problem: str) -> None:
        """Blank, long and unprintable texts are refused; half a surrogate pair could not be stored."""
        assert refusal(_checks.text, value) == problem

    def test_longest(self) -> None:
        """The longest may be set."""
        assert _checks.text("used", "abc", 3) == "abc"
        assert refusal(_checks.text, "abcd", 3) == "must have at most 3 characters, not 4"

    def test_cardless(self) -> None:
        """What could be a card number is refused without being repeated, anything else as any text is."""
        assert _checks.cardless_text("used", "Ada Lovelace 4") == "Ada Lovelace 4"
        problem = refusal(_checks.cardless_text, "Ada 4111 1111 1111 1111")
        assert problem == "holds what could be a card number; it is not repeated here and must not be stored"
        assert refusal(_checks.cardless_text, " ") == "must not be blank"
        assert refusal(_checks.cardless_text, "abcd", 3) == "must have at most 3 characters, not 4"

    def test_cardless_or_empty(self) -> None:
        """What need not be said may be empty; blank it may not be."""
        assert _checks.cardless_or_empty("used", "") == ""
        assert _checks.cardless_or_empty("used", "Ada") == "Ada"
        assert refusal(_checks.cardless_or_empty, "abcd", 3) == "must have at most 3 characters, not 4"
        assert refusal(_checks.cardless_or_empty, None) == "must be a str, not None"
        assert refusal(_checks.cardless_or_empty, " ") == "must not be blank"
        assert refusal(_checks.cardless_or_empty, "4111 1111 1111 1111").startswith("holds what could be a card")


class TestTime:
    """Days, instants and time zones."""

    def test_day(self) -> None:
        """A day is a date without a time."""
        assert _checks.day("used", NOON.date()) == datetime.date(2026, 12, 31)

    @pytest.mark.parametrize(("value", "kind"), [(NOON, "a datetime"), ("2026-12-31", "'2026-12-31'"), (None, "None")])
    def test_no_day(self, value: object, kind: str) -> None:
        """A datetime is refused although Python takes it for a date: its day depends on a time zone."""
        assert refusal(_checks.day, value) == f"must be a calendar day (datetime.date), not {kind}"

    def test_instant(self) -> None:
        """An instant is a datetime that has a time zone."""
        assert _checks.instant("used", NOON) is NOON

    @pytest.mark.parametrize(
        ("value", "problem"),
        [
            (NOON.date(), "must be a point in time (datetime with a time zone), not 2026-12-31"),
            (1798718400, "must be a point in time (datetime with a time zone), not 1798718400"),
            (NOON.replace(tzinfo=None), "must have a time zone: a datetime without one names no instant"),
        ],
    )
    def test_no_instant(self, value: object, problem: str) -> None:
        """A naive datetime names no instant."""
        assert refusal(_checks.instant, value) == problem

    def test_no_instant_in_a_zone_without_offset(self) -> None:
        """A time zone that gives no offset does not make an instant."""

        class Nowhere(datetime.tzinfo):
            def utcoffset(self, _: datetime.datetime | None) -> None:
                return None

            dst = tzname = utcoffset

        assert refusal(_checks.instant, NOON.replace(tzinfo=Nowhere())).startswith("must have a time zone")

    def test_instant_in_utc(self) -> None:
        """The same instant; one that no day in UTC has is refused."""
        denver = NOON.astimezone(zoneinfo.ZoneInfo("America/Denver"))
        at = _checks.instant_in_utc("used", denver)
        assert (at, at.tzinfo) == (NOON, datetime.UTC)
        last = datetime.datetime.max.replace(tzinfo=denver.tzinfo)
        assert refusal(_checks.instant_in_utc, last) == "must lie within the calendar in UTC"
        assert refusal(_checks.instant_in_utc, NOON.replace(tzinfo=None)).startswith("must have a time zone")

    def test_zone(self) -> None:
        """Any tzinfo is a zone; a zone's name is not."""
        for zone in (datetime.UTC, zoneinfo.ZoneInfo("America/Denver")):
            assert _checks.zone("used", zone) is zone
        assert refusal(_checks.zone, "UTC") == "must be a time zone (datetime.tzinfo), not 'UTC'"


class TestKinds:
    """Values of a type, one or several."""

    GIVEN = Input("used", "1")

    def test_instance(self) -> None:
        """The value comes back, or the type that was asked for is named with its article."""
        assert _checks.instance("used", self.GIVEN, Input) is self.GIVEN
        assert refusal(_checks.instance, "1", Input) == "must be an Input, not '1'"
        assert refusal(_checks.instance, self.GIVEN, tuple) == "must be a tuple, not an Input"

    def test_tuple_of(self) -> None:
        """A tuple of one type comes back, an empty one as well; a list could change."""
        for items in ((), (self.GIVEN,), (self.GIVEN, self.GIVEN)):
            assert _checks.tuple_of("used", items, Input) is items
        assert refusal(_checks.tuple_of, [self.GIVEN], Input) == "must be a tuple, not a list"

    def test_item_of_another_type(self) -> None:
        """The position of the wrong item is named."""
        with pytest.raises(InvalidValue, match=r"^used\[1\]: must be an Input, not 7$"):
            _checks.tuple_of("used", (self.GIVEN, 7), Input)

    def test_function(self) -> None:
        """What can be called; it is not called."""
        assert _checks.function("used", refusal) is refusal
        assert refusal(_checks.function, "refusal") == "must be a function, not 'refusal'"

    @pytest.mark.parametrize("values", [(), ["a"], {"a"}, {"a": 1}, iter("ab")])
    def test_several(self, values: Any) -> None:
        """Whatever can be gone through, as it is."""
        assert _checks.several("used", values) is values

    @pytest.mark.parametrize(("value", "shown"), [("ab", "'ab'"), (b"ab", "a bytes"), (5, "5"), (None, "None")])
    def test_not_several(self, value: object, shown: str) -> None:
        """A text would be gone through letter by letter."""
        assert refusal(_checks.several, value) == f"must be an Iterable, not {shown}"

    def test_each_of(self) -> None:
        """One by one, as they are asked for; the first of another type is named by its position."""
        given = _checks.each_of("used", iter((self.GIVEN, 7)), Input)
        assert next(given) is self.GIVEN
        with pytest.raises(InvalidValue, match=r"^used\[1\]: must be an Input, not 7$"):
            next(given)

    @pytest.mark.parametrize("values", [(), ("a",), ("a", "b", "A")])
    def test_distinct(self, values: tuple[str, ...]) -> None:
        """Values that differ pass."""
        _checks.distinct("products", values, "product")

    @pytest.mark.parametrize(
        ("values", "repeated"),
        [(("a", "b", "a", "b"), "'a'"), ((1, 1), "1"), (("4111111111111111",) * 2, "a text of 16 characters")],
    )
    def test_twice(self, values: tuple[object, ...], repeated: str) -> None:
        """The first value that is there twice is named, unless it could be a card number."""
        with pytest.raises(InvalidValue, match=f"^products: names product {repeated} twice$"):
            _checks.distinct("products", values, "product")

    def test_as_validator(self) -> None:
        """A check guards a field of a value, with its bounds, and names the field."""

        @attrs.frozen
        class Anchor:
            day: int = attrs.field(validator=_checks.checked(_checks.whole, 1, 31))
            kind: Input = attrs.field(default=self.GIVEN, validator=_checks.checked(_checks.instance, Input))

        assert (Anchor(1).day, Anchor(31).day) == (1, 31)
        with pytest.raises(InvalidValue, match=r"^day: must be at most 31, not 32$"):
            Anchor(32)
        wrong: Any = None
        with pytest.raises(InvalidValue, match=r"^kind: must be an Input, not None$"):
            Anchor(1, wrong)


#: Numbers published for testing; where none of a length is, one that nobody issued.
CARDS = {
    "Visa": "4111111111111111",
    "Visa, 13 digits": "4222222222222",
    "Visa, 19 digits": "4000000000000000006",
    "Visa debit": "4000056655665556",
    "Mastercard": "5555555555554444",
    "Mastercard, 2 series": "2223003122003222",
    "American Express": "378282246310005",
    "American Express corporate": "378734493671000",
    "Discover": "6011111111111117",
    "Diners Club": "30569309025904",
    "Diners Club, 16 digits": "3056930009020004",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "UnionPay, 19 digits": "6205500000000000004",
    "Maestro": "6759649826438453",
    "Maestro, 12 digits": "501800000009",
    "Dankort": "5019717010103742",
    "Mir": "2200000000000004",
    "Troy": "9792030394440796",
    "UATP": "135412345678911",
}
#: How a number is broken up on the card or in a form.
GAPS = [
    " ",
    "  ",
    "-",
    " - ",
    "\N{NO-BREAK SPACE}",
    "\N{NARROW NO-BREAK SPACE}",
    "\N{THIN SPACE}",
    "\N{IDEOGRAPHIC SPACE}",
]
GAPS += [
    "\t",
    "\n",
    "\N{ZERO WIDTH SPACE}",
    "\N{SOFT HYPHEN}",
    "\N{HYPHEN}",
    "\N{NON-BREAKING HYPHEN}",
    "\N{FIGURE DASH}",
]
GAPS += ["\N{EN DASH}", "\N{EM DASH}", "\N{MINUS SIGN}", "\N{FULLWIDTH HYPHEN-MINUS}", "\N{SMALL HYPHEN-MINUS}"]
#: The zeros of some scripts' digits.
ZEROS = ["\N{ARABIC-INDIC DIGIT ZERO}", "\N{EXTENDED ARABIC-INDIC DIGIT ZERO}", "\N{DEVANAGARI DIGIT ZERO}"]
ZEROS += ["\N{FULLWIDTH DIGIT ZERO}", "\N{MATHEMATICAL BOLD DIGIT ZERO}", "\N{THAI DIGIT ZERO}"]


def luhn_sum(number: str) -> int:
    """Luhn's sum as the standard describes it: from the right, every second digit doubled, its digits added."""
    doubled = [str(int(digit) * (1 + at % 2)) for at, digit in enumerate(reversed(number))]
    return sum(int(digit) for digit in "".join(doubled))


def grouped(number: str, gap: str) -> str:
    """A number in groups of four."""
    return gap.join(number[start : start + 4] for start in range(0, len(number), 4))


@pytest.mark.parametrize("number", CARDS.values(), ids=CARDS)
class TestCardNumber:
    """Card numbers of every brand are found, however they are written (FUN-1)."""

    def test_alone(self, number: str) -> None:
        """The bare number is found; one digit off it is not."""
        assert luhn_sum(number) % 10 == 0
        assert holds_card_number(number)
        assert not holds_card_number(number[:-1] + str((int(number[-1]) + 1) % 10))

    @pytest.mark.parametrize("gap", GAPS, ids=ascii)
    def test_with_blanks_and_dashes(self, number: str, gap: str) -> None:
        """Blanks and dashes of every kind within the number hide nothing, nor does one after every digit."""
        assert holds_card_number(grouped(number, gap))
        assert holds_card_number(gap.join(number))

    @pytest.mark.parametrize("zero", ZEROS, ids=ascii)
    def test_in_other_scripts(self, number: str, zero: str) -> None:
        """Digits of other scripts hide nothing."""
        assert holds_card_number("".join(chr(ord(zero) + int(digit)) for digit in number))

    @pytest.mark.parametrize(
        "sentence",
        [
            "card {}",
            "{}.",
            "({})",
            "tok_{}",
            "Ada{}Lovelace",
            "{}/12/30",
            "{} 12/30",
            "{} 123",
            "12/30 {}",
            "2 x {}",
            "1 {} 7",
        ],
    )
    def test_within_a_sentence(self, number: str, sentence: str) -> None:
        """Words and numbers beside it hide nothing, be it the expiry or the security code."""
        assert holds_card_number(sentence.format(number))
        assert holds_card_number(sentence.format(grouped(number, " ")))


@pytest.mark.parametrize(
    "harmless",
    [
        "",
        "Ada Lovelace",
        "4111111111111112",
        "4111 1111 1111 1112",
        "4111.1111.1111.1111",
        "4111,1111,1111,1111",
        "4111x1111x1111x1111",
        "-1111",
        "2026-12-31",
        "contract 2026-17, since 2026-01-01",
        "(866) 593-2807",
        "00000000000",  # 11 digits
        "00000000000000000000",  # 20 digits
        "41111111111111110000",  # 20 digits in one piece
        "tok_1PqHw2eZvKYlo2C",
    ],
)
def test_no_card_number(harmless: str) -> None:
    """Other numbers are no card numbers: too few or too many digits in one piece, another check digit, other marks."""
    assert not holds_card_number(harmless)


@pytest.mark.parametrize(("count", "found"), [(11, False), (12, True), (19, True), (20, False)])
def test_number_of_digits(count: int, found: bool) -> None:
    """From 12 to 19 digits that pass could be a card number; zeros always pass."""
    assert holds_card_number("0" * count) is found


def test_a_long_text_is_searched_to_its_end() -> None:
    """However many groups of digits come before it, a card number is found."""
    ones = "1 " * 2_000  # no number of ones from 12 to 19 passes
    assert not holds_card_number(ones)
    assert holds_card_number(ones + "4111-1111-1111-1111")


def test_many_short_groups_are_searched_as_fast() -> None:
    """Of a text of single digits every stretch could be one: as many sums, and not a sum for each digit of each."""
    threes = ("3 " * 100).strip()  # Luhn's sum of n threes ends in 0 for no n from 12 to 19
    assert not holds_card_number(threes)
    taken = min(timeit.repeat(lambda: holds_card_number(threes), number=1, repeat=20))
    assert taken < (0.001 if sys.gettrace() is None else 0.02)


@given(st.text("0123456789", min_size=12, max_size=19), st.sampled_from(["", *GAPS]))
def test_luhn_decides(number: str, gap: str) -> None:
    """Of numbers in one piece, exactly those are found whose check digit is right; gaps never hide one."""
    passes = luhn_sum(number) % 10 == 0
    assert holds_card_number(number) is passes
    assert holds_card_number(gap.join(number)) or not passes


@given(st.text(max_size=30), st.sampled_from(sorted(CARDS.values())), st.text(max_size=30))
def test_no_surroundings_hide_it(before: str, number: str, after: str) -> None:
    """Whatever stands around a card number, a blank or a letter between is enough to find it."""
    assert holds_card_number(f"{before} {number}x{after}")
