"""CSV files: the dialer usage of an account, its storage readings, and which customer of a provider's it is.

Each is read row by row. Usage is streamed: whatever its size, what is kept is one sum for each day and kind. Faults are
told with line and column, the first hundred, and how many more.
"""

import collections
import contextlib
import csv
import datetime
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

import attrs

from licensebill import minutes
from licensebill._checks import cardless_text, each_of, function, instance, instant, whole
from licensebill._files import LONGEST_NAME, Findings, findings_in, lines_of, opened
from licensebill._files import MAX_LINE_BYTES as MAX_LINE_BYTES
from licensebill._files import Opener as Opener
from licensebill._tables import problem_of, written_amount, written_day, written_instant
from licensebill.accounts import Account, tariff_on
from licensebill.cycles import first_instant, local_day
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.minutes import UsageHistory
from licensebill.money import DECIMALS, MICROS, Money
from licensebill.pricing import ZeroQuantity
from licensebill.storage import Reading
from licensebill.terms import Rate, contract_on

_T = TypeVar("_T")

# --- rows ---------------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def _rows(lines: Iterable[str], found: Findings, *headings: list[str]) -> Iterator[tuple[Any, list[str]]]:
    """The rows below the headings, by csv's own reader, and which of the possible headings these are."""
    rows = csv.reader(lines, strict=True)
    try:
        heading = next(rows, [])
        if heading not in headings:
            possible = " or ".join(",".join(columns) for columns in headings)
            found.refuse(f"must begin with the columns {possible}", 1)
        yield rows, heading
    except csv.Error as wrong:
        found.refuse(f"is no CSV: {wrong}", rows.line_num)


def _made(
    rows: Iterable[list[str]], columns: int, make: Callable[[list[str]], _T], line: Callable[[], int], found: Findings
) -> Iterator[_T]:
    """What is made of each row; the faults are told after the last.

    Args:
        rows: below the headings.
        columns: of each row.
        make: takes a row, or refuses it.
        line: on which the last row ended.
        found: where faults are noted.
    """
    for row in rows:
        try:
            made = make(_as_wide(row, columns))
        except LicenseBillError as refused:
            # a rule that refuses a row, and names no column, cannot price its kind
            place = refused.place if isinstance(refused, InvalidValue) else "kind"
            found.note(problem_of(refused), line=line(), field=place, code=refused.code)
        else:
            yield made
    found.end()


def _as_wide(row: list[str], columns: int) -> list[str]:
    if len(row) != columns:
        raise InvalidValue("", f"must have {columns} columns, not {len(row)}")
    return row


# --- the usage file -----------------------------------------------------------------------------------------------

_AMOUNTS = ["day", "kind", "amount"]
_CALLS = ["start", "seconds", "kind"]
_COLUMNS = 3


def load_usage(path: Path, account: Account, *, until: datetime.datetime, opened: Opener = opened) -> UsageHistory:
    """The dialer usage that a CSV file states, as far as it was drawn before an instant.

    Args:
        path: of a file with the columns day, kind, amount, or start, seconds, kind (call records).
        account: whose rates price call records, and whose zone gives them their day.
        until: what was drawn later is passed over.
        opened: opens the file, for callers who watch it being read.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.
        OSError: the file cannot be read.
    """
    found = findings_in(path)
    with lines_of(path, found, function("opened", opened)) as lines:
        return _usage(lines, account, until, found)


def read_usage(
    lines: Iterable[str], account: Account, *, until: datetime.datetime, name: str = "usage.csv"
) -> UsageHistory:
    """The dialer usage that the lines of a CSV text state, as far as it was drawn before an instant.

    A row of amounts counts once its day has begun; a call once it has begun. Rows may come in any order; several of
    one day and kind are added. Amounts are plain decimals of at most six places; a call is charged at the rate of its
    day, rounded to a micro (MIN-10).

    Args:
        lines: the first holds the columns, "day,kind,amount" or "start,seconds,kind".
        account: whose rates price call records, and whose zone gives them their day.
        until: what was drawn later is passed over.
        name: of the file, for the error.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.

    Source: MIN-2, MIN-8, MIN-10.
    """
    return _usage(each_of("lines", lines, str), account, until, Findings(cardless_text("name", name, LONGEST_NAME)))


def _usage(lines: Iterable[str], account: Account, until: datetime.datetime, found: Findings) -> UsageHistory:
    instance("account", account, Account)
    instant("until", until)
    with _rows(lines, found, _AMOUNTS, _CALLS) as (rows, heading):
        parse = _AmountRows(account, until) if heading == _AMOUNTS else _CallRows(account, until)
        made = _made(parse.unusual(rows), len(heading), parse, lambda: rows.line_num, found)
        sums: collections.Counter[tuple[date, str]] = collections.Counter()
        for counted in made:
            if counted is not None:
                key, micros = counted
                sums[key] += micros
    for key, micros in parse.usual():
        sums[key] += micros
    return _history(sums, account.currency, found)


def _history(sums: Mapping[tuple[date, str], int], currency: str, found: Findings) -> UsageHistory:
    try:
        Money(sum(sums.values()), currency)
    except InvalidValue:
        found.refuse("adds up to more than an amount can be")
    entries = [(on, kind, Money(micros, currency)) for (on, kind), micros in sums.items()]
    return UsageHistory.of(entries, currency=currency)


@functools.lru_cache(maxsize=256)
def _kind(value: str) -> str:
    """A kind of usage; a file has few, on many lines."""
    return cardless_text("kind", value)


#: So many digits before the point make no more micros than a `Money` holds.
_SAFE_DIGITS = 12
#: The micros of the last digit, by the number of decimals.
_LAST_DIGIT = tuple(MICROS // 10**places for places in range(DECIMALS + 1))
#: What calls of so many lengths draw is kept, for each rate: a file has few lengths, on many rows.
_KEPT_LENGTHS = 2**12


class _AmountRows:
    """Rows of day, kind, amount.

    A file has few days and kinds, on many rows. After the first right row of both, a plain amount is only added up.
    """

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.money = written_amount(account.currency)
        last = local_day(until, account.tz)
        begun = instant("until", until) > first_instant(last, account.tz)
        self.last = last if begun else last - datetime.timedelta(days=1)
        self.plain: dict[tuple[str, str], int] = {}

    def unusual(self, rows: Iterable[list[str]]) -> Iterator[list[str]]:
        """The rows that take a careful look; the others are added up on the way."""
        plain = self.plain
        for row in rows:
            if len(row) == _COLUMNS:
                day, kind, amount = row
                units, point, fraction = amount.partition(".")
                is_plain = units.isdecimal() and (fraction.isdecimal() or not point) and amount.isascii()
                is_short = len(units) <= _SAFE_DIGITS and len(fraction) <= DECIMALS
                if is_plain and is_short and (day, kind) in plain:
                    plain[day, kind] += int(units + fraction) * _LAST_DIGIT[len(fraction)]
                    continue
            yield row

    def usual(self) -> Iterator[tuple[tuple[date, str], int]]:
        """What was added up on the way, by day and kind."""
        for (written, kind), micros in self.plain.items():
            on = written_day("day", written)
            if on <= self.last:
                yield (on, kind), micros

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        on, kind = written_day("day", row[0]), _kind(row[1])
        amount = self.money("amount", row[2])
        if amount.micros < 0:
            raise InvalidValue("amount", f"must not be negative, not {amount}")
        self.plain.setdefault((row[0], kind), 0)
        return None if on > self.last else ((on, kind), amount.micros)


class _CallRows:
    """Rows of start, seconds, kind: each priced at the rate of its day."""

    def __init__(self, account: Account, until: datetime.datetime) -> None:
        self.account, self.until = account, instant("until", until)
        self.drawn: dict[tuple[str, date], Callable[[int], int]] = {}
        self.drawn_at = functools.cache(self._drawn_at)

    def micros(self, kind: str, on: date, quantity: int) -> int:
        """What a call of a kind on a day draws; the rate of a day is looked up once."""
        if (kind, on) not in self.drawn:
            rate = minutes.rate_of(kind, contract_on(self.account.contracts, on), on).value
            self.drawn[kind, on] = self.drawn_at(rate, tariff_on(self.account, on).value.zero_quantity)
        return self.drawn[kind, on](quantity)

    def _drawn_at(self, rate: Rate, zero: ZeroQuantity) -> Callable[[int], int]:
        """What so much at a rate draws; days of one rate share what was computed."""
        counted = rate.increments is None

        @functools.lru_cache(maxsize=_KEPT_LENGTHS)
        def drawn(quantity: int) -> int:
            seconds, count = (None, quantity) if counted else (quantity, None)
            return minutes.draw(rate, seconds=seconds, count=count, zero=zero).amount.micros

        return drawn

    def unusual(self, rows: Iterable[list[str]]) -> Iterable[list[str]]:
        """All rows: no two calls begin at one instant."""
        return rows

    def usual(self) -> Iterable[tuple[tuple[date, str], int]]:
        """Nothing."""
        return ()

    def __call__(self, row: list[str]) -> tuple[tuple[date, str], int] | None:
        start, kind = written_instant("start", row[0]), _kind(row[2])
        quantity = _digits("seconds", row[1])
        if start >= self.until:
            return None
        try:
            on = local_day(start, self.account.tz)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place="start") from None
        try:
            return (on, kind), self.micros(kind, on, quantity)
        except InvalidValue as refused:
            raise attrs.evolve(refused, place="seconds") from None


# --- the readings file --------------------------------------------------------------------------------------------

_READINGS = ["at", "bytes"]


def load_readings(path: Path) -> tuple[Reading, ...]:
    """The readings of storage that a CSV file states.

    Args:
        path: of a file with the columns at, bytes; its name is told as their source.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.
        OSError: the file cannot be read.

    Source: STO-4.
    """
    found = findings_in(path)
    with lines_of(path, found) as lines:
        return _readings(lines, found)


def read_readings(lines: Iterable[str], *, name: str = "storage.csv") -> tuple[Reading, ...]:
    """The readings of storage that the lines of a CSV text state, in their order.

    Args:
        lines: the first holds the columns, "at,bytes"; a point in time has its zone, bytes are in plain digits.
        name: of the file, for the error and as the readings' source.

    Raises:
        InvalidFile: the first hundred faults with line and column, and how many more.

    Source: STO-4.
    """
    return _readings(each_of("lines", lines, str), Findings(cardless_text("name", name, LONGEST_NAME)))


def _readings(lines: Iterable[str], found: Findings) -> tuple[Reading, ...]:
    with _rows(lines, found, _READINGS) as (rows, heading):
        return tuple(_made(rows, len(heading), lambda row: _reading_of(row, found.name), lambda: rows.line_num, found))


def _reading_of(row: list[str], name: str) -> Reading:
    return Reading(bytes=_digits("bytes", row[1]), at=written_instant("at", row[0]), source=name)


def _digits(place: str, value: str) -> int:
    if not value.isascii() or not value.isdecimal() or len(value) > len(str(2**63)):
        raise InvalidValue(place, f"must be a whole number in plain digits, not {shown(value)}")
    return whole(place, int(value))


# --- the customers file -------------------------------------------------------------------------------------------

_CUSTOMERS = ["account", "customer"]
#: A customers file beyond this is not read: all of it is kept.
MAX_CUSTOMERS_BYTES = 2**26


def load_customers(path: Path) -> dict[str, str]:
    """The customers at the provider that a CSV file states, by account.

    Args:
        path: of a file with the columns account, customer.

    Raises:
        InvalidFile: the first hundred faults with line and column, an account twice among them, and how many more.
        OSError: the file cannot be read.
    """
    found = findings_in(path)
    if path.stat().st_size > MAX_CUSTOMERS_BYTES:
        found.refuse(f"is larger than {MAX_CUSTOMERS_BYTES} bytes")
    known: set[str] = set()
    with lines_of(path, found) as lines, _rows(lines, found, _CUSTOMERS) as (rows, heading):
        return dict(_made(rows, len(heading), lambda row: _customer_of(row, known), lambda: rows.line_num, found))


def _customer_of(row: list[str], known: set[str]) -> tuple[str, str]:
    account, customer = cardless_text("account", row[0]), cardless_text("customer", row[1])
    if account in known:
        raise InvalidValue("account", f"names the account {shown(account)} twice")
    known.add(account)
    return account, customer
