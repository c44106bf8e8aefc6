"""The three families of errors, and what an error may show of the value it is about."""

import copy
import pickle
import re
from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal
from fractions import Fraction

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from licensebill.errors import (
    SHOWN_CHARACTERS,
    ChargeFailure,
    InvalidValue,
    LicenseBillError,
    RuleViolation,
    one,
    shown,
)


@pytest.mark.parametrize(
    ("error", "base", "code"),
    [
        (LicenseBillError, Exception, "licensebill_error"),
        (InvalidValue, ValueError, "invalid_value"),
        (InvalidValue, LicenseBillError, "invalid_value"),
        (RuleViolation, LicenseBillError, "rule_violation"),
        (ChargeFailure, LicenseBillError, "charge_failure"),
    ],
)
def test_families(error: type[LicenseBillError], base: type[Exception], code: str) -> None:
    """Every error of the library has one base and a code; a wrong value is a ValueError as well."""
    assert issubclass(error, base)
    assert error.code == code


def test_families_do_not_overlap() -> None:
    """Who has to act is told by one family only."""
    families = (InvalidValue, RuleViolation, ChargeFailure)
    assert not any(issubclass(one, other) for one in families for other in families if one is not other)


class TestInvalidValue:
    """The error for a value that cannot be right."""

    def test_message(self) -> None:
        """The message names the place, then the problem."""
        error = InvalidValue("weights[1]", "must be at least 0, not -1")
        assert str(error) == "weights[1]: must be at least 0, not -1"
        assert (error.place, error.problem) == ("weights[1]", "must be at least 0, not -1")

    def test_copies(self) -> None:
        """The error crosses the boundary between processes whole."""
        error = InvalidValue("used", "must be at least 0, not -1")
        pickled = [pickle.loads(pickle.dumps(error, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]  # noqa: S301 - ours
        for again in (*pickled, copy.copy(error), copy.deepcopy(error)):
            assert type(again) is InvalidValue
            assert (again.place, again.problem, str(again)) == (error.place, error.problem, str(error))

    def test_frozen(self) -> None:
        """What an error says does not change after it was raised."""
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            InvalidValue("used", "wrong").place = "free"  # type: ignore[misc]

    def test_python_may_still_mark_it(self) -> None:
        """Causes, tracebacks and notes can be attached, as context managers and test tools do."""

        @contextmanager
        def passing() -> Iterator[None]:
            yield

        cause = KeyError("used")
        with pytest.raises(InvalidValue) as raised, passing():
            raise InvalidValue("used", "is missing") from cause
        raised.value.add_note("while reading line 7")
        assert raised.value.__cause__ is cause
        assert raised.value.__notes__ == ["while reading line 7"]


class TestShown:
    """A refused value in a message: short, harmless, and never a card or account number."""

    @pytest.mark.parametrize(
        ("value", "picture"),
        [
            (None, "None"),
            (True, "True"),
            (False, "False"),
            (0, "0"),
            (-3, "-3"),
            (2**36 - 1, "68719476735"),
            (1 - 2**36, "-68719476735"),
            (2**36, "a whole number too large to repeat"),
            (-(2**36), "a whole number too large to repeat"),
            (4111111111111111, "a whole number too large to repeat"),
            ("", "''"),
            ("abc", "'abc'"),
            ("it's", '"it\'s"'),
            ("2026-12-31", "'2026-12-31'"),
            ("2026-12-31 1", "a text of 12 characters"),
            ("x" * 60, f"'{'x' * 60}'"),
            ("x" * 61, f"'{'x' * 57}...'"),
            ("x" * 57 + "9" * 10**6, f"'{'x' * 57}...'"),
            ("a\nb\x00\u202e", "'a\\nb\\x00\\u202e'"),
            ("4111 1111 1111 1111", "a text of 19 characters"),
            ("٤١١١١١١١١", "a text of 9 characters"),
            ("a4b1c1d1e1f1g1h1i", "'a4b1c1d1e1f1g1h1i'"),
            ("a4b1c1d1e1f1g1h1i1", "a text of 18 characters"),
            (1.5, "a float"),
            (float("nan"), "a float"),
            (1j, "a complex"),
            (b"4111111111111111", "a bytes"),
            (Decimal(4111111111111111), "a Decimal"),
            (Fraction(1, 3), "a Fraction"),
            (["4111111111111111"], "a list"),
            ({"card": "4111111111111111"}, "a dict"),
            (int, "a type"),
            (object(), "an object"),
        ],
    )
    def test_picture(self, value: object, picture: str) -> None:
        """Short texts and numbers are repeated; of everything else the kind is named."""
        assert shown(value) == picture

    def test_a_huge_number_is_not_converted(self) -> None:
        """A number that Python refuses to convert to text does not make the message fail."""
        assert shown(1 << 1_000_000) == "a whole number too large to repeat"

    def test_a_stranger_s_code_is_not_run(self) -> None:
        """No method of a refused value gets to run, be it a subclass of a text or a number."""

        class Account:
            def __repr__(self) -> str:
                raise AssertionError

            __str__ = __repr__

        class Odd(str):
            __slots__ = ()

            def __repr__(self) -> str:
                raise AssertionError

            def __len__(self) -> int:
                raise AssertionError

        class OddNumber(int):
            def __repr__(self) -> str:
                raise AssertionError

            __str__ = __repr__

        assert [shown(value) for value in (Account(), Odd("4111"), OddNumber(7))] == [
            "an Account",
            "an Odd",
            "an OddNumber",
        ]

    @pytest.mark.parametrize(
        ("kind", "named"),
        [(float, "a float"), (int, "an int"), (object, "an object"), (type("Unit", (), {}), "a Unit")],
    )
    def test_article(self, kind: type, named: str) -> None:
        """A type is named with the article that its name is spoken with."""
        assert one(kind) == named

    @given(
        st.lists(
            st.tuples(st.integers(0, 9), st.sampled_from("0٠०０𝟎"), st.text("- .x", max_size=2)),
            min_size=12,
            max_size=19,
        ),
        st.text(max_size=20),  # of a longer one the digits would be cut off
        st.text(),
    )
    def test_never_what_could_be_a_card_number(
        self, digits: list[tuple[int, str, str]], before: str, after: str
    ) -> None:
        """Of 12 to 19 digits in any script, with anything between and around them, none is repeated."""
        spelled = "".join(chr(ord(zero) + digit) + gap for digit, zero, gap in digits)
        picture = shown(before + spelled + after)
        assert re.fullmatch(r"a text of [0-9]+ characters", picture)

    @given(st.integers(10**11, 10**19 - 1), st.sampled_from([1, -1]))
    def test_never_a_number_of_that_size(self, number: int, sign: int) -> None:
        """No number of 12 to 19 digits is repeated."""
        assert shown(sign * number) == "a whole number too large to repeat"

    @given(st.text() | st.integers() | st.binary() | st.floats() | st.decimals())
    def test_always_short_and_printable(self, value: object) -> None:
        """Whatever the value, the picture is one printable line."""
        picture = shown(value)
        assert len(picture) <= 10 * SHOWN_CHARACTERS + 2
        assert picture.isprintable()
