"""Storage: what may be stored without a fee, what the fee is, and what a customer can do about it.

Three parts that build on each other: the allowance and the monthly fee (STO-1 to STO-3); the reading that says how much
is used (STO-4); and the answers to "how do I get below the fee?", "what would this upload cost?" and "when does the
next step come?" (STO-5, STO-6).

All of it turns on one shape: the fee is a staircase over the bytes used, and `step_end` is the last byte of a stair.
Nothing is measured here: readings, stored items and the number of users come in as arguments. Which users count and
where the fee stands on a bill belong to `accounts` and `bills`.
"""

import datetime
import enum
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date, timedelta
from fractions import Fraction
from typing import Any, ClassVar

import attrs

from licensebill._checks import MAX_WHOLE, cardless_text, checked, instance, instant, tuple_of, whole
from licensebill.cycles import local_day
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input
from licensebill.money import Money, decimals, exact
from licensebill.pricing import packages_started
from licensebill.terms import STANDARD
from licensebill.terms import ByteUnits as ByteUnits
from licensebill.terms import ReadingRule as ReadingRule
from licensebill.terms import StorageBasis as StorageBasis
from licensebill.terms import StorageTerms as StorageTerms

# --- the bare arithmetic, for ints and columns alike --------------------------------------------------------------


def _chosen(condition: Any, then: int, otherwise: int) -> int:  # noqa: ANN401 - a bool, or a column of them elsewhere
    return then if condition else otherwise


def allowed_bytes(users: int, terms: StorageTerms, *, maximum: Callable[[int, int], int] = max) -> int:
    """The allowance in bytes, in arithmetic that serves ints and columns alike; nothing is checked.

    Args:
        users: a number or a column of them.
        terms: the numbers.
        maximum: the greater of two, each of them a number or a column.

    Source: STO-1, STO-3.

    Example:
        >>> allowed_bytes(8, STANDARD.storage)
        400000000
    """
    megabytes = terms.base_megabytes + terms.user_megabytes * maximum(users - terms.included_users, 0)
    return megabytes * terms.units.megabyte


def gigabytes_started(
    used: int, allowed: int, terms: StorageTerms, *, choose: Callable[[Any, int, int], int] = _chosen
) -> int:
    """The gigabytes to pay for, in arithmetic that serves ints and columns alike; nothing is checked.

    Args:
        used: bytes, a number or a column.
        allowed: the allowance in bytes, likewise.
        terms: unit and basis.
        choose: `choose(condition, then, otherwise)`, by the row where these are columns.

    Source: STO-2, STO-3, PRC-2.

    Example:
        >>> gigabytes_started(400_000_000, 400_000_000, STANDARD.storage)
        0
        >>> gigabytes_started(400_000_001, 400_000_000, STANDARD.storage)
        1
    """
    started = packages_started(used - _uncounted(allowed, terms), terms.units.gigabyte)
    return choose(used > allowed, started, 0)


def step_end(gigabytes: int, allowed: int, terms: StorageTerms, *, maximum: Callable[[int, int], int] = max) -> int:
    """The most bytes that cost no more than so many gigabytes, for ints and columns alike; nothing is checked.

    For no gigabyte it is the allowance. Where the allowance is above the end of a gigabyte, that gigabyte is never
    charged by itself: the stair before it reaches as far as the allowance.

    Args:
        gigabytes: paid for, from zero; a number or a column.
        allowed: the allowance in bytes, likewise.
        terms: unit and basis.
        maximum: the greater of two.

    Source: STO-2, STO-3, STO-5.

    Example:
        >>> step_end(0, 400_000_000, STANDARD.storage), step_end(1, 400_000_000, STANDARD.storage)
        (400000000, 1000000000)
    """
    return maximum(allowed, _uncounted(allowed, terms) + gigabytes * terms.units.gigabyte)


def _uncounted(allowed: int, terms: StorageTerms) -> int:
    """The bytes that no gigabyte is counted on."""
    return allowed if terms.basis is StorageBasis.ON_EXCESS else 0


# --- the allowance ------------------------------------------------------------------------------------------------


@attrs.frozen
class Allowance:
    """What may be stored without a fee.

    Args:
        users: how many count.
        terms: the numbers.

    Raises:
        InvalidValue: users that are negative or not whole, or so many that the bytes exceed a 64-bit column.

    Source: STO-1.
    """

    users: int = attrs.field(validator=checked(whole))
    terms: StorageTerms = attrs.field(default=STANDARD.storage, validator=checked(instance, StorageTerms))

    def __attrs_post_init__(self) -> None:
        whole("allowance", self.bytes)

    @property
    def bytes(self) -> int:
        """The allowance in bytes."""
        return allowed_bytes(self.users, self.terms)

    def explanation(self) -> Explanation:
        """How the allowance comes about.

        Source: STO-1, STO-3, BIL-5.
        """
        terms = self.terms
        return Explanation(
            figure="storage allowance",
            value=str(self.bytes),
            unit="bytes",
            rules=("STO-1", "STO-3"),
            because=f"{self._reason()}: {_sized(self.bytes, terms.units)}.",
            working=f"({terms.base_megabytes} + {terms.user_megabytes} * max({self.users} - {terms.included_users}, 0))"
            f" * {terms.units.megabyte}",
            inputs=(
                Input("users", str(self.users)),
                Input(f"for up to {_many(terms.included_users, 'user')}", str(terms.base_megabytes), "megabytes"),
                Input("for each further user", str(terms.user_megabytes), "megabytes"),
                Input("megabyte", str(terms.units.megabyte), "bytes"),
            ),
        )

    def _reason(self) -> str:
        terms, units = self.terms, self.terms.units
        base = f"{_sized(terms.base_megabytes * units.megabyte, units)} for up to {_many(terms.included_users, 'user')}"
        further = self.users - terms.included_users
        if further <= 0:
            return base
        return f"{base} and {_sized(terms.user_megabytes * units.megabyte, units)} for each of {further} more"


def allowance(users: int, terms: StorageTerms = STANDARD.storage) -> Allowance:
    """What may be stored without a fee.

    So many megabytes for up to the included users, and more for each further one. No user at all has the allowance of
    the included ones.

    Args:
        users: users with at least one per-user license at the cycle's first instant, or a number that is agreed.
        terms: the numbers; the guide's by default.

    Raises:
        InvalidValue: users that are negative or not whole, or more than bytes can be counted for.

    Source: STO-1.

    Example:
        >>> [allowance(users).bytes for users in (0, 5, 6, 8)]
        [250000000, 250000000, 300000000, 400000000]
    """
    return Allowance(users, terms)


# --- readings -----------------------------------------------------------------------------------------------------


def _in_utc(place: str, at: object) -> datetime.datetime:
    try:
        # two datetimes of one zone are compared by their wall clocks, wrongly where those are set back: in UTC never
        return instant(place, at).astimezone(UTC)
    except OverflowError:
        raise InvalidValue(place, "must lie within the calendar in UTC") from None


def _taken_at(at: object) -> datetime.datetime:
    return _in_utc("at", at)


@attrs.frozen(kw_only=True)
class Reading:
    """How much was stored at an instant.

    A person who states a usage makes one, too: with the cycle's first instant, and their name as the source.

    Args:
        bytes: used in all, from zero. Zero is a measurement; what was not measured has no reading.
        at: when; kept in UTC.
        source: who or what says so ("nightly export", "stated by Ada Byron").

    Raises:
        InvalidValue: bytes below zero or not whole, a datetime without a time zone, a blank source.

    Source: STO-4.

    Example:
        >>> print(Reading(bytes=500_000_000, at=datetime.datetime(2026, 12, 1, tzinfo=UTC), source="nightly export"))
        reading of 2026-12-01 00:00:00+00:00 (nightly export)
    """

    bytes: int = attrs.field(validator=checked(whole))
    at: datetime.datetime = attrs.field(converter=_taken_at)
    source: str = attrs.field(validator=checked(cardless_text))

    def __str__(self) -> str:
        return f"reading of {self.at} ({self.source})"


@attrs.frozen
class NoReading(RuleViolation):
    """No reading says what was used, and a missing one is never zero.

    Args:
        cycle_start: the cycle's first instant.
        reading: the policy under which a reading was looked for.
        age_days: how old it might have been, where the policy asks for one at the start.
        newest: when the newest one up to the cycle's first instant was taken; None if there is none.
    """

    code: ClassVar[str] = "no_reading"
    rule: ClassVar[str] = "STO-4"

    cycle_start: datetime.datetime
    reading: ReadingRule
    age_days: int
    newest: datetime.datetime | None

    def __str__(self) -> str:
        wanted = f"of that instant or at most {_many(self.age_days, 'day')} before it"
        if self.reading is ReadingRule.PEAK_BEFORE:
            wanted = "taken in the cycle before"
        found = "there is none up to then" if self.newest is None else f"the newest up to then is of {self.newest}"
        return (
            f"cannot tell the storage used for the cycle that begins at {self.cycle_start}: "
            f"it takes a reading {wanted}, and {found}; a missing reading is not zero (STO-4)"
        )


def counted_reading(
    readings: Iterable[Reading],
    *,
    cycle_start: datetime.datetime,
    terms: StorageTerms = STANDARD.storage,
    cycle_before: tuple[datetime.datetime, datetime.datetime] | None = None,
) -> Reading:
    """The reading that a cycle's fee goes by.

    The one at the cycle's first instant, or the nearest before it if that is not too old; what is measured later never
    counts. Under `PEAK_BEFORE` it is the greatest of the cycle before. A missing reading is never zero.

    Args:
        readings: in any order. Of two at the same instant the one given last corrects the other.
        cycle_start: the cycle's first instant.
        terms: the policy, and how old a reading may be: a reading of exactly so many times 24 hours still counts.
        cycle_before: the instants at which the cycle before begins and ends, the end excluded; only `PEAK_BEFORE` asks
            for them.

    Returns:
        the reading; the earliest of several equal peaks.

    Raises:
        NoReading: none counts.
        InvalidValue: no instants, or a cycle before that ends before it begins or after `cycle_start`.

    Source: STO-4.

    Example:
        >>> first = datetime.datetime(2026, 12, 1, tzinfo=UTC)
        >>> late = Reading(bytes=500_000_000, at=first - timedelta(hours=25), source="nightly export")
        >>> counted_reading([late], cycle_start=first)
        Traceback (most recent call last):
        licensebill.storage.NoReading: cannot tell the storage used for the cycle that begins at 2026-12-01 \
00:00:00+00:00: it takes a reading of that instant or at most 1 day before it, and the newest up to then is of \
2026-11-29 23:00:00+00:00; a missing reading is not zero (STO-4)
    """
    start, policy = _in_utc("cycle_start", cycle_start), instance("terms", terms, StorageTerms).reading
    until = [reading for reading in _in_order(readings) if reading.at <= start]
    if policy is ReadingRule.PEAK_BEFORE:
        first, end = _cycle_before(cycle_before, start)
        candidates = [reading for reading in until if first <= reading.at < end]
    else:
        candidates = [reading for reading in until[-1:] if _days_started(start - reading.at) <= terms.reading_age_days]
    if not candidates:
        raise NoReading(start, policy, terms.reading_age_days, until[-1].at if until else None)
    return max(candidates, key=lambda reading: reading.bytes)


def _in_order(readings: object) -> list[Reading]:
    """One reading for each instant, the one given last, from the earliest on."""
    given = instance("readings", readings, Iterable)  # type: ignore[type-abstract]
    by_instant = {}
    for position, reading in enumerate(given):
        by_instant[instance(f"readings[{position}]", reading, Reading).at] = reading
    return [by_instant[at] for at in sorted(by_instant)]


def _cycle_before(given: object, start: datetime.datetime) -> tuple[datetime.datetime, datetime.datetime]:
    match given:
        case (begun, ended):
            first, end = _in_utc("cycle_before", begun), _in_utc("cycle_before", ended)
            if first < end <= start:
                return first, end
    raise InvalidValue("cycle_before", f"must be two instants, the second later than the first and not after {start}")


_DAY, _MICROSECOND = timedelta(days=1), timedelta(microseconds=1)


def _days_started(age: timedelta) -> int:
    return -(-age // _DAY)


# --- the monthly fee ----------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StorageFee:
    """The fee of a month, and all it comes from; see `monthly_fee`."""

    used: int = attrs.field(validator=checked(whole))
    allowance: Allowance = attrs.field(validator=checked(instance, Allowance))
    reading: Reading | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, Reading)))

    def __attrs_post_init__(self) -> None:
        if self.reading is not None and self.reading.bytes != self.used:
            raise InvalidValue("reading", "must be the one that the bytes used were taken from, not of another number")
        _amount(self.gigabytes_started, self.terms)  # refuses what no Money holds

    @property
    def terms(self) -> StorageTerms:
        """The terms it was computed with."""
        return self.allowance.terms

    @property
    def gigabytes_started(self) -> int:
        """The gigabytes that are paid for: none up to the allowance."""
        return gigabytes_started(self.used, self.allowance.bytes, self.terms)

    @property
    def amount(self) -> Money:
        """The fee, payable (MON-1)."""
        return _amount(self.gigabytes_started, self.terms)

    @property
    def room(self) -> int:
        """The bytes that can still be stored without a higher fee."""
        return step_end(self.gigabytes_started, self.allowance.bytes, self.terms) - self.used

    @property
    def reason(self) -> str:
        """The fee in a sentence."""
        units, users = self.terms.units, _many(self.allowance.users, "user")
        used, allowed = _sized(self.used, units), _sized(self.allowance.bytes, units)
        if not self.gigabytes_started:
            return f"{used} used are not above the {allowed} free for {users}: no fee."
        started = _many(self.gigabytes_started, "gigabyte")
        return (
            f"{used} used are above the {allowed} free for {users}: "
            f"{started} started of {self.terms.basis.value}, at {self.terms.fee} each."
        )

    def explanation(self) -> Explanation:
        """How the fee comes about.

        Source: STO-2, STO-3, STO-4, PRC-2, BIL-5.
        """
        currency = self.terms.fee.currency
        origin, rules = ("", ()) if self.reading is None else (str(self.reading), ("STO-4",))
        return Explanation(
            figure="storage fee",
            value=self.amount.text,
            unit=currency,
            rules=("STO-2", "STO-3", "PRC-2", "MON-1", *rules),
            because=self.reason,
            working=f"round({self.gigabytes_started} * {self.terms.fee.text}, {decimals(currency)})",
            inputs=(
                Input("used", str(self.used), "bytes", origin),
                Input("for each gigabyte started", self.terms.fee.text, currency),
                Input("counted on", self.terms.basis.value),
            ),
            parts=(self._started(), self.allowance.explanation()),
        )

    def _started(self) -> Explanation:
        size, allowed, counted = self.terms.units.gigabyte, self.allowance.bytes, str(self.used)
        if self.terms.basis is StorageBasis.ON_EXCESS:
            counted = f"max({self.used} - {allowed}, 0)"
        is_free = self.terms.basis is StorageBasis.ON_TOTAL and self.used <= allowed
        return Explanation(
            figure="gigabytes started",
            value=str(self.gigabytes_started),
            rules=("STO-2", "STO-3"),
            because=f"Counted on {self.terms.basis.value}, once more than {allowed:,} bytes are used.",
            # whether a threshold is passed cannot be written as arithmetic: up to it nothing is counted
            working="0" if is_free else f"ceil({counted} / {size})",
            inputs=(Input("gigabyte", str(size), "bytes"),),
        )


def _amount(gigabytes: int, terms: StorageTerms) -> Money:
    return exact(terms.fee, gigabytes).payable()


def monthly_fee(
    *, used: int, users: int, terms: StorageTerms = STANDARD.storage, reading: Reading | None = None
) -> StorageFee:
    """The storage fee of a month.

    Nothing up to the allowance. One byte more, and each gigabyte started costs the fee; they are counted on the total
    used and not on the excess (policy `ON_EXCESS`). With an allowance of a gigabyte or more, that first byte costs
    two gigabytes or more at once.

    Args:
        used: bytes, from zero.
        users: see `allowance`.
        terms: the numbers and policies; the guide's by default.
        reading: where `used` comes from, for the explanation.

    Returns:
        the fee; its amount is rounded to the currency's minor unit.

    Raises:
        InvalidValue: a number that is negative or not whole, or a reading of another number of bytes.
        InvalidMoney: a fee that is out of range.

    Source: STO-2, STO-3, PRC-2.

    Example:
        >>> for used in (400_000_000, 500_000_000, 1_000_000_000, 1_200_000_000):
        ...     print(monthly_fee(used=used, users=8).amount)
        0.00 USD
        30.00 USD
        30.00 USD
        60.00 USD
    """
    return StorageFee(used=used, allowance=allowance(users, terms), reading=reading)


def side_by_side(
    *, used: int, users: int, terms: StorageTerms = STANDARD.storage
) -> dict[tuple[StorageBasis, ByteUnits], StorageFee]:
    """The fee of a month under every combination of the policies, in their order.

    Args:
        used: bytes, from zero.
        users: see `allowance`.
        terms: the numbers; its own basis and units are replaced.

    Raises:
        InvalidValue: as for `monthly_fee`.

    Source: STO-2, STO-3.

    Example:
        >>> for (basis, units), fee in side_by_side(used=1_200_000_000, users=8).items():
        ...     print(basis.name, units.name, fee.amount)
        ON_TOTAL DECIMAL 60.00 USD
        ON_TOTAL BINARY 60.00 USD
        ON_EXCESS DECIMAL 30.00 USD
        ON_EXCESS BINARY 30.00 USD
    """
    instance("terms", terms, StorageTerms)
    return {
        (basis, units): monthly_fee(used=used, users=users, terms=attrs.evolve(terms, basis=basis, units=units))
        for basis in StorageBasis
        for units in ByteUnits
    }


# --- what to do about the fee: how much ---------------------------------------------------------------------------


@attrs.frozen
class Reductions:
    """How many bytes to free for a lower fee; see `reductions`."""

    fee: StorageFee = attrs.field(validator=checked(instance, StorageFee))

    @property
    def to_pay_nothing(self) -> int:
        """The bytes above the allowance; zero where no fee is due."""
        return self.fee.used - self._end(0) if self.fee.amount else 0

    @property
    def to_pay_one_step_less(self) -> int | None:
        """The bytes above the stair below, which may be no fee at all; None where no fee is due."""
        return self.fee.used - self._end(self.fee.gigabytes_started - 1) if self.fee.amount else None

    @property
    def one_step_less(self) -> StorageFee | None:
        """The fee once that is freed; None where no fee is due."""
        freed = self.to_pay_one_step_less
        return None if freed is None else attrs.evolve(self.fee, used=self.fee.used - freed, reading=None)

    @property
    def reason(self) -> str:
        """The answer in sentences."""
        return " ".join([*self._sentences()]) or "No fee is due."

    def _sentences(self) -> Iterable[str]:
        units = self.fee.terms.units
        if self.fee.amount:
            yield f"Free {_sized(self.to_pay_nothing, units)} to pay nothing."
        less, amount = self.to_pay_one_step_less, self._amount_below()
        if less is not None and amount is not None:
            yield f"Free {_sized(less, units)} to pay {amount} instead of {self.fee.amount}."

    def _amount_below(self) -> Money | None:
        """The next lower fee, if it is another than none."""
        return self.one_step_less.amount if self.one_step_less and self.one_step_less.gigabytes_started else None

    def _end(self, gigabytes: int) -> int:
        return step_end(gigabytes, self.fee.allowance.bytes, self.fee.terms)

    def explanation(self) -> Explanation:
        """How many bytes to free, and where these come from.

        Source: STO-5, STO-2, STO-3, BIL-5.
        """
        used, allowed = self.fee.used, self.fee.allowance.bytes
        return Explanation(
            figure="to free for no fee",
            value=str(self.to_pay_nothing),
            unit="bytes",
            rules=("STO-5", "STO-2"),
            because=self.reason,
            working=f"{used} - {allowed}" if self.fee.amount else "0",
            parts=(*self._step_explained(), self.fee.explanation()),
        )

    def _step_explained(self) -> Iterable[Explanation]:
        terms, allowed, below = self.fee.terms, self.fee.allowance.bytes, self.fee.gigabytes_started - 1
        if self.one_step_less is None:
            return
        uncounted = f"{_uncounted(allowed, terms)} + " if terms.basis is StorageBasis.ON_EXCESS else ""
        yield Explanation(
            figure="to free for one step less",
            value=str(self.to_pay_one_step_less),
            unit="bytes",
            rules=("STO-5", "STO-3"),
            because=f"Up to {self._end(below):,} bytes cost {self.one_step_less.amount}.",
            working=f"{self.fee.used} - max({allowed}, {uncounted}{below} * {terms.units.gigabyte})",
        )


def reductions(fee: StorageFee) -> Reductions:
    """How many bytes to free to pay nothing, and to pay one step less.

    One step less is no fee at all where the first stair is directly above the allowance.

    Args:
        fee: a month's fee.

    Returns:
        the fewest bytes for either; one byte less would not do (if a gigabyte costs at least the minor unit).

    Raises:
        InvalidValue: something else than a fee.

    Source: STO-5.

    Example:
        >>> answer = reductions(monthly_fee(used=1_200_000_000, users=8))
        >>> answer.to_pay_nothing, answer.to_pay_one_step_less
        (800000000, 200000000)
        >>> print(answer.reason)
        Free 800 MB to pay nothing. Free 200 MB to pay 30.00 USD instead of 60.00 USD.
    """
    return Reductions(fee)


# --- what to do about the fee: which items ------------------------------------------------------------------------


class ItemKind(enum.Enum):
    """What is stored, as the customers' tips tell it apart (STO-5)."""

    RECORDING = "call recording"
    FILE = "file"
    DATA_LIST = "data list"
    UNUSED_DATABASE_INFORMATION = "unused database information"


@attrs.frozen(kw_only=True)
class StoredItem:
    """Something that is stored, and how much of it may be freed.

    Args:
        name: for people.
        kind: what it is.
        bytes: its size.
        freeable: what may be freed of it: all, nothing while it is in use, or a part; see `stored_item`, `data_list`.

    Raises:
        InvalidValue: more to free than there is, a number that is negative or not whole, a blank name.

    Source: STO-5.
    """

    name: str = attrs.field(validator=checked(cardless_text))
    kind: ItemKind = attrs.field(validator=checked(instance, ItemKind))
    bytes: int = attrs.field(validator=checked(whole))
    freeable: int = attrs.field(validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        whole("freeable", self.freeable, 0, self.bytes)

    def __str__(self) -> str:
        of = "" if self.freeable == self.bytes else f" of {_sized(self.bytes)}"
        return f"{self.kind.value} {self.name!r} ({_sized(self.freeable)}{of})"


def stored_item(name: str, kind: ItemKind, bytes: int, *, in_use: bool) -> StoredItem:  # noqa: A002 - the field's name
    """A recording, a file or database information: all of it may be freed, or nothing while it is in use.

    Args:
        name: for people.
        kind: what it is; a data list has a function of its own.
        bytes: its size.
        in_use: whether it is still needed.

    Raises:
        InvalidValue: `in_use` no bool, or what `StoredItem` refuses.

    Source: STO-5.

    Example:
        >>> print(stored_item("May 2025", ItemKind.RECORDING, 120_000_000, in_use=False))
        call recording 'May 2025' (120 MB)
    """
    freeable = 0 if instance("in_use", in_use, bool) else bytes
    return StoredItem(name=name, kind=kind, bytes=bytes, freeable=freeable)


def data_list(name: str, *, names: int, due: int, bytes: int) -> StoredItem:  # noqa: A002 - the field's name
    """A list of names to call: those that are not due may be freed.

    Every name takes the same share of the list; a part of a byte is not counted as freeable. A list without a due name
    may go altogether.

    Args:
        name: of the list, for people.
        names: in the list.
        due: those that will be called soon.
        bytes: the list's size.

    Raises:
        InvalidValue: more names due than there are, or what `StoredItem` refuses.

    Source: STO-5.

    Example:
        >>> print(data_list("leads", names=500_000, due=10_000, bytes=200_000_000))
        data list 'leads' (196 MB of 200 MB)
    """
    whole("bytes", bytes)
    whole("due", due, 0, whole("names", names))
    freeable = bytes * (names - due) // names if names else bytes
    return StoredItem(name=name, kind=ItemKind.DATA_LIST, bytes=bytes, freeable=freeable)


#: How many items a sentence names.
_NAMED = 10


@attrs.frozen
class Selection:
    """Items to free, the largest first; see `what_to_free`."""

    items: tuple[StoredItem, ...] = attrs.field(validator=checked(tuple_of, StoredItem))
    target: int = attrs.field(validator=checked(whole))

    @property
    def freed(self) -> int:
        """The bytes that the items free together."""
        return sum(item.freeable for item in self.items)

    @property
    def reached(self) -> bool:
        """Whether that is enough."""
        return self.freed >= self.target

    @property
    def reason(self) -> str:
        """The choice in a sentence."""
        if not self.target:
            return "Nothing has to be freed."
        if not self.items:
            return f"Nothing of what is listed may be freed, and {_sized(self.target)} would have to be."
        named = "; ".join(map(str, self.items[:_NAMED]))
        more = f"; and {_many(len(self.items) - _NAMED, 'more item')}" if len(self.items) > _NAMED else ""
        freed, target = _sized(self.freed), _sized(self.target)
        if not self.reached:
            missing = _sized(self.target - self.freed)
            return f"All that may be freed, {freed}, is {missing} short of {target}: {named}{more}."
        suffice = "item suffices" if len(self.items) == 1 else "items suffice"
        return f"{len(self.items)} {suffice} to free {target} ({freed} in all): {named}{more}."

    def explanation(self) -> Explanation:
        """Which items, and what they free.

        Source: STO-5, BIL-5.
        """
        return Explanation(
            figure="freed",
            value=str(self.freed),
            unit="bytes",
            rules=("STO-5",),
            because=self.reason,
            working=" + ".join(str(item.freeable) for item in self.items) or "0",
            inputs=(
                Input("to free", str(self.target), "bytes"),
                *(Input(item.name, str(item.freeable), "bytes", item.kind.value) for item in self.items),
            ),
        )


def what_to_free(items: Sequence[StoredItem], target_bytes: int) -> Selection:
    """The fewest items that free so many bytes.

    The largest first, by what may be freed of each; of equal ones the earlier. Where all together do not suffice, it is
    all of them, and `reached` says so.

    Args:
        items: what is stored; those of which nothing may be freed are never chosen.
        target_bytes: to free, from zero.

    Raises:
        InvalidValue: something else than items, or a target that is negative or not whole.

    Source: STO-5.

    Example:
        >>> items = [stored_item(name, ItemKind.FILE, size, in_use=False) for name, size in (("a", 40), ("b", 70))]
        >>> [item.name for item in what_to_free(items, 60).items], [item.name for item in what_to_free(items, 80).items]
        (['b'], ['b', 'a'])
        >>> what_to_free(items, 111).reached
        False
    """
    target, chosen, freed = whole("target_bytes", target_bytes), [], 0
    for item in sorted(_items(items), key=lambda item: -item.freeable):
        if freed >= target or not item.freeable:
            break
        chosen.append(item)
        freed += item.freeable
    return Selection(tuple(chosen), target)


def _items(items: object) -> tuple[StoredItem, ...]:
    return tuple_of("items", tuple(instance("items", items, Sequence)), StoredItem)  # type: ignore[type-abstract]


# --- what to do about the fee: in words ---------------------------------------------------------------------------

#: What customers are told who pay the fee each month, and the kinds of items that each tip is about.
_TIPS = (
    (
        "Delete and purge database information that nobody uses any more",
        (ItemKind.UNUSED_DATABASE_INFORMATION,),
    ),
    (
        "Keep the Files tab clean, above all of call recordings and large files",
        (ItemKind.RECORDING, ItemKind.FILE),
    ),
    (
        "Upload only those names of a data list that will be called soon",
        (ItemKind.DATA_LIST,),
    ),
)


@attrs.frozen
class Advice:
    """What can be done about a fee, in bytes, in items and in words; see `advice`."""

    fee: StorageFee = attrs.field(validator=checked(instance, StorageFee))
    items: tuple[StoredItem, ...] = attrs.field(default=(), validator=checked(tuple_of, StoredItem))

    @property
    def reductions(self) -> Reductions:
        """The bytes to free."""
        return Reductions(self.fee)

    @property
    def to_pay_nothing(self) -> Selection:
        """The items to free to pay nothing."""
        return what_to_free(self.items, self.reductions.to_pay_nothing)

    @property
    def to_pay_one_step_less(self) -> Selection | None:
        """The items to free for the next lower fee, which may be none; None where no fee is due."""
        target = self.reductions.to_pay_one_step_less
        return None if target is None else what_to_free(self.items, target)

    @property
    def text(self) -> str:
        """The answer in words: why the fee is due, the bytes, the items if any are listed, and the three tips."""
        return "\n".join([self.fee.reason, self._remedy(), *self._selected(), *self._tips()])

    def _remedy(self) -> str:
        if self.fee.amount:
            return self.reductions.reason
        return f"There is room for {_sized(self.fee.room, self.fee.terms.units)} before the next fee step."

    def _selected(self) -> Iterable[str]:
        targets = (self.to_pay_nothing, self.to_pay_one_step_less)
        if self.items and self.fee.amount:
            yield from dict.fromkeys(selection.reason for selection in targets if selection is not None)

    def _tips(self) -> Iterable[str]:
        for tip, kinds in _TIPS if self.fee.amount else ():
            freeable = sum(item.freeable for item in self.items if item.kind in kinds)
            yield f"{tip} ({_sized(freeable)} may be freed)." if freeable else f"{tip}."

    def explanation(self) -> Explanation:
        """The answer in words, with the figures it is made of.

        Source: STO-5, BIL-5.
        """
        selections = (self.to_pay_nothing, self.to_pay_one_step_less) if self.items else ()
        return Explanation(
            figure="advice on the storage fee",
            value="lower it" if self.fee.amount else "nothing to do",
            rules=("STO-5",),
            because=self.text,
            parts=(
                self.reductions.explanation(),
                *(selection.explanation() for selection in selections if selection is not None),
            ),
        )


def advice(fee: StorageFee, items: Sequence[StoredItem] = ()) -> Advice:
    """What a customer can do about the fee; "how do I get below it?" in one call.

    Args:
        fee: a month's fee.
        items: what is stored, as far as that is known.

    Raises:
        InvalidValue: something else than a fee or items.

    Source: STO-5.

    Example:
        >>> recordings = stored_item("May 2025", ItemKind.RECORDING, 120_000_000, in_use=False)
        >>> print(advice(monthly_fee(used=500_000_000, users=8), [recordings]).text)
        500 MB used are above the 400 MB free for 8 users: 1 gigabyte started of the total used, at 30.00 USD each.
        Free 100 MB to pay nothing.
        1 item suffices to free 100 MB (120 MB in all): call recording 'May 2025' (120 MB).
        Delete and purge database information that nobody uses any more.
        Keep the Files tab clean, above all of call recordings and large files (120 MB may be freed).
        Upload only those names of a data list that will be called soon.
    """
    return Advice(fee, _items(items))


# --- before an upload ---------------------------------------------------------------------------------------------


@attrs.frozen
class UploadQuote:
    """What an upload would cost; see `before_upload`."""

    before: StorageFee = attrs.field(validator=checked(instance, StorageFee))
    upload: int = attrs.field(validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        whole("upload", self.upload, 0, MAX_WHOLE - self.before.used)

    @property
    def after(self) -> StorageFee:
        """The fee with the upload."""
        return attrs.evolve(self.before, used=self.before.used + self.upload, reading=None)

    @property
    def extra(self) -> Money:
        """What the upload adds to each month's fee."""
        return self.after.amount - self.before.amount

    @property
    def room(self) -> int:
        """The bytes that can be uploaded without a higher fee."""
        return self.before.room

    @property
    def reason(self) -> str:
        """The quote in a sentence."""
        units = self.before.terms.units
        upload, room = _sized(self.upload, units), _sized(self.room, units)
        if self.upload <= self.room:
            return f"{upload} more fit into the {room} of room: the fee stays at {self.before.amount} a month."
        return (
            f"{upload} more do not fit into the {room} of room: "
            f"the fee rises from {self.before.amount} to {self.after.amount} a month."
        )

    def explanation(self) -> Explanation:
        """What the upload adds, from the fee after it and the fee before.

        Source: STO-5, STO-2, BIL-5.
        """
        return Explanation(
            figure="extra storage fee",
            value=self.extra.text,
            unit=self.extra.currency,
            rules=("STO-5", "STO-2"),
            because=self.reason,
            working=f"{self.after.amount.text} - {self.before.amount.text}",
            inputs=(Input("upload", str(self.upload), "bytes"),),
            parts=(self.after.explanation(), self.before.explanation()),
        )


def before_upload(*, used: int, upload: int, users: int, terms: StorageTerms = STANDARD.storage) -> UploadQuote:
    """What an upload would cost, before it is made.

    Args:
        used: bytes stored now.
        upload: bytes to come.
        users: see `allowance`.
        terms: the numbers and policies.

    Returns:
        the fees before and after, the difference for each month, and the bytes that cost nothing more.

    Raises:
        InvalidValue: a number that is negative or not whole, or a sum that exceeds a 64-bit column.

    Source: STO-5, STO-2.

    Example:
        >>> quote = before_upload(used=350_000_000, upload=60_000_000, users=8)
        >>> print(quote.extra, quote.room)
        30.00 USD 50000000
    """
    return UploadQuote(monthly_fee(used=used, users=users, terms=terms), upload)


# --- growth -------------------------------------------------------------------------------------------------------


@attrs.frozen
class TooFewReadings(RuleViolation):
    """A growth takes readings of two instants."""

    code: ClassVar[str] = "too_few_readings"
    rule: ClassVar[str] = "STO-6"

    at: datetime.datetime
    days: int
    found: int

    def __str__(self) -> str:
        return (
            f"cannot tell how storage grows: the {_many(self.days, 'day')} up to {self.at} hold readings of "
            f"{_many(self.found, 'instant')}, and it takes two (STO-6)"
        )


@attrs.frozen(kw_only=True)
class Growth:
    """How storage has grown between two readings; see `growth`."""

    first: Reading = attrs.field(validator=checked(instance, Reading))
    last: Reading = attrs.field(validator=checked(instance, Reading))
    terms: StorageTerms = attrs.field(default=STANDARD.storage, validator=checked(instance, StorageTerms))

    def __attrs_post_init__(self) -> None:
        if self.last.at <= self.first.at:
            raise InvalidValue("last", f"must be later than the first, of {self.first.at}")

    @property
    def bytes(self) -> int:
        """The last reading less the first; below zero where storage shrank."""
        return self.last.bytes - self.first.bytes

    @property
    def days(self) -> Fraction:
        """The time between them in days of 24 hours, exact."""
        return Fraction((self.last.at - self.first.at) // _MICROSECOND, _DAY // _MICROSECOND)

    @property
    def per_day(self) -> Fraction:
        """Bytes a day, exact; below zero where storage shrank."""
        return Fraction(self.bytes * self.days.denominator, self.days.numerator)

    def explanation(self) -> Explanation:
        """How the growth comes about.

        Source: STO-6, BIL-5.
        """
        return Explanation(
            figure="growth of storage",
            value=str(self.per_day),
            unit="bytes a day",
            rules=("STO-6",),
            because=f"From {self.first.bytes:,} to {self.last.bytes:,} bytes in {_many(self.days, 'day')}.",
            working=f"({self.last.bytes} - {self.first.bytes}) / ({self.days})",
            inputs=tuple(
                Input(name, str(reading.bytes), "bytes", str(reading))
                for name, reading in (("first", self.first), ("last", self.last))
            ),
        )


def growth(readings: Iterable[Reading], *, at: datetime.datetime, terms: StorageTerms = STANDARD.storage) -> Growth:
    """How storage has grown lately: the last reading less the first, over the time between them.

    Args:
        readings: in any order; see `counted_reading`. Those after `at` do not count.
        at: the instant to look back from.
        terms: how many days to look back; a reading of exactly so many times 24 hours ago still counts.

    Returns:
        the growth, as an exact ratio. Where the readings do not reach back so far, it is over the time they span.

    Raises:
        TooFewReadings: fewer than two instants with a reading.
        InvalidValue: something else than readings, or no instant.

    Source: STO-6.

    Example:
        >>> december = datetime.datetime(2026, 12, 1, tzinfo=UTC)
        >>> old = Reading(bytes=200_000_000, at=december - timedelta(days=30), source="nightly export")
        >>> new = Reading(bytes=350_000_000, at=december, source="nightly export")
        >>> print(growth([old, new], at=december).per_day)
        5000000
    """
    until, days = _in_utc("at", at), instance("terms", terms, StorageTerms).growth_days
    within = [
        reading for reading in _in_order(readings) if reading.at <= until and _days_started(until - reading.at) <= days
    ]
    if len(within) <= 1:
        raise TooFewReadings(until, days, len(within))
    return Growth(first=within[0], last=within[-1], terms=terms)


#: Later instants have no calendar day in every zone.
_LAST_INSTANT = datetime.datetime.max.replace(tzinfo=UTC) - 2 * _DAY


@attrs.frozen
class NextStep:
    """When the fee rises next; see `next_step`."""

    growth: Growth = attrs.field(validator=checked(instance, Growth))
    users: int = attrs.field(validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        allowance(self.users, self.growth.terms)

    @property
    def fee(self) -> StorageFee:
        """The fee by the last reading."""
        last = self.growth.last
        return monthly_fee(used=last.bytes, users=self.users, terms=self.growth.terms, reading=last)

    @property
    def amount(self) -> Money:
        """The fee from then on, payable."""
        fee = self.fee
        started = gigabytes_started(fee.used + fee.room + 1, fee.allowance.bytes, fee.terms)
        return _amount(started, fee.terms)

    @property
    def days(self) -> Fraction | None:
        """Days of 24 hours from the last reading, exact; None for never."""
        pace = self.growth.per_day
        return Fraction((self.fee.room + 1) * pace.denominator, pace.numerator) if pace > 0 else None

    @property
    def when(self) -> datetime.datetime | None:
        """The instant, in UTC, rounded up to a microsecond; None for never, and for beyond the calendar.

        An instant before the one that was looked back from says that the step has likely come since the last reading.
        """
        if self.days is None:
            return None
        last = self.growth.last.at
        microseconds = -(-self.days.numerator * (_DAY // _MICROSECOND) // self.days.denominator)
        return last + microseconds * _MICROSECOND if microseconds <= (_LAST_INSTANT - last) // _MICROSECOND else None

    def day(self, tz: datetime.tzinfo = UTC) -> date | None:
        """The calendar day of `when` in a zone; None where that is None.

        Source: STO-6, CYC-2.
        """
        return None if self.when is None else local_day(self.when, tz)

    @property
    def reason(self) -> str:
        """The answer in a sentence."""
        grown, span = self.growth.bytes, _many(self.growth.days, "day")
        if self.days is None:
            return f"The bytes used changed by {grown:,} in {span}: they do not grow, and no step comes."
        when = "beyond the calendar" if self.when is None else f"at {self.when}"
        return (
            f"At {grown:,} bytes in {span}, the {_sized(self.fee.room, self.fee.terms.units)} of room are exceeded "
            f"{when}: the fee is then {self.amount} instead of {self.fee.amount} a month."
        )

    def explanation(self) -> Explanation:
        """When the step comes, and why then.

        Source: STO-6, STO-2, BIL-5.
        """
        beyond = "never" if self.days is None else "beyond the calendar"
        return Explanation(
            figure="next fee step",
            value=beyond if self.when is None else self.when.isoformat(),
            rules=("STO-6", "STO-2"),
            because=self.reason,
            parts=(*self._days_explained(), self.growth.explanation(), self.fee.explanation()),
        )

    def _days_explained(self) -> Iterable[Explanation]:
        if self.days is not None:
            end, used = self.fee.used + self.fee.room, self.fee.used
            yield Explanation(
                figure="days until the next fee step",
                value=str(self.days),
                unit="days",
                rules=("STO-6",),
                because=f"Up to {end:,} bytes the fee stays as it is; one more is the step.",
                working=f"({end} + 1 - {used}) / ({self.growth.per_day})",
            )


def next_step(growth: Growth, *, users: int) -> NextStep:
    """When the fee rises next if storage grows on as it did: the first step above the allowance, or the next gigabyte.

    Never, where it does not grow. Counted from the last reading; the bill that first shows it is the next one after.

    Args:
        growth: of the last days.
        users: see `allowance`.

    Returns:
        the day, the instant and the fee from then on.

    Raises:
        InvalidValue: something else than a growth, or users that are negative or not whole.

    Source: STO-6.

    Example:
        >>> december = datetime.datetime(2026, 12, 1, tzinfo=UTC)
        >>> old = Reading(bytes=200_000_000, at=december - timedelta(days=30), source="nightly export")
        >>> new = Reading(bytes=350_000_000, at=december, source="nightly export")
        >>> step = next_step(growth([old, new], at=december), users=8)
        >>> print(step.day(), step.amount)
        2026-12-11 30.00 USD
    """
    return NextStep(growth, users)


# --- words --------------------------------------------------------------------------------------------------------


def _many(count: int | Fraction, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


_NAMES = {ByteUnits.DECIMAL: ("MB", "GB"), ByteUnits.BINARY: ("MiB", "GiB")}
_THREE_DECIMALS = 10**3


def _sized(count: int, units: ByteUnits = ByteUnits.DECIMAL) -> str:
    """A number of bytes in the largest unit that shows it exactly with three decimals, else in bytes: "1.2 GB"."""
    megabyte, gigabyte = _NAMES[units]
    for size, name in ((units.gigabyte, gigabyte), (units.megabyte, megabyte)):
        thousandths, beyond = divmod(count * _THREE_DECIMALS, size)
        if count >= size and not beyond:
            units_of_it, fraction = divmod(thousandths, _THREE_DECIMALS)
            return f"{units_of_it:,}.{fraction:03}".rstrip("0").rstrip(".") + f" {name}"
    return "1 byte" if count == 1 else f"{count:,} bytes"
