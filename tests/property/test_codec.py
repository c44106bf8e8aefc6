"""Usage files by law."""

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from licensebill.codec import InvalidFile, read_usage
from licensebill.errors import InvalidValue
from licensebill.money import MAX_MICROS, Money
from tests.examples import account

NOON = datetime(2026, 12, 10, 12, tzinfo=UTC)
ACCOUNT = account()

#: A digit of another script is decimal to Python, a raised one is a digit, and an underscore may stand in an `int`.
_AMOUNTS = st.from_regex(r"-?[0-9]{0,14}\.?[0-9]{0,8}", fullmatch=True) | st.text("019.-+_e \u0661\u00b2", max_size=16)
_DAYS = st.sampled_from(["2026-12-01", "2026-12-10", "2026-12-11", "2026-02-30", "20261201"])
_KINDS = st.sampled_from(["call", "sms", "two\nlines", ""])
_ROWS = st.tuples(_DAYS, _KINDS, _AMOUNTS) | st.lists(_DAYS, max_size=4).map(tuple)
_FEW_GOOD_KEYS = st.tuples(st.just("2026-12-01"), st.just("call"), _AMOUNTS)


def outcome(rows: list[tuple[str, ...]]) -> tuple[dict[tuple[date, str], Money], list[tuple[Any, ...]]]:
    """What a file of rows adds up to, or its faults: line, field and what is said of it."""
    text = io.StringIO()
    csv.writer(text).writerows([("day", "kind", "amount"), *rows])
    try:
        history = read_usage(io.StringIO(text.getvalue(), newline=""), ACCOUNT, until=NOON)
    except InvalidFile as refused:
        return {}, [(fault.line, fault.field, fault.code, fault.problem) for fault in refused.faults]
    return {(on, kind): amount for on, kind, amount in history.entries()}, []


class TestRowsOfAmounts:
    """MIN-2: what a file states is what its rows state, wherever they stand."""

    @given(st.lists(_FEW_GOOD_KEYS | _ROWS, max_size=12))
    @example([("2026-12-01", "call", "0")] * 2 + [("2026-12-01", "call", ".5"), ("2026-12-01", "call", "5.")])
    def test_a_row_counts_as_it_does_alone(self, rows: list[tuple[str, ...]]) -> None:
        """The sums are those of the rows read one by one, and so are the faults, each at its own line."""
        sums: dict[tuple[date, str], int] = {}
        faults: list[tuple[Any, ...]] = []
        line = 1
        for row in rows:
            alone, wrong = outcome([row])
            for key, amount in alone.items():
                sums[key] = sums.get(key, 0) + amount.micros
            faults += [(line + at - 1, *said) for at, *said in wrong]
            line += 1 + "".join(row).count("\n")
        if not faults and max(sums.values(), default=0) > MAX_MICROS:
            faults = [(None, "", InvalidFile.code, "adds up to more than an amount can be")]
        together = {} if faults else {key: Money(micros, "USD") for key, micros in sums.items() if micros}
        assert outcome(rows) == (together, faults)

    @given(_AMOUNTS)
    @example("00000000000001")
    @example("9223372036854.775808")
    @example("0.1234567")
    def test_an_amount_is_what_money_parses(self, amount: str) -> None:
        """In the second row of a day and kind as in the first: the same micros, or no amount."""
        try:
            micros = Money.parse(amount, "USD").micros
        except InvalidValue:
            micros = -1
        sums, faults = outcome([("2026-12-01", "call", "1"), ("2026-12-01", "call", amount)])
        if micros < 0:
            assert [field for _, field, *_ in faults] == ["amount"]
        elif micros + 10**6 <= MAX_MICROS:
            assert sums == {(date(2026, 12, 1), "call"): Money(micros + 10**6, "USD")}
