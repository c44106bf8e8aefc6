"""Storage: what may be stored without a fee, what the fee is, and what a customer can do about it.

The allowance and the monthly fee (STO-1 to STO-3), and the answers to "how do I get below the fee?", "what would this
upload cost?" and "when does the fee rise next?" (STO-5, STO-6). All of it turns on one shape: the fee is a staircase
over the bytes used, and `step_end` is the last byte of a stair. How much is used, and how that grows, is told by
`readings` (STO-4); what may be freed by `stored_items`. The names of both are passed on from here.

Nothing is measured: readings, stored items and the number of users come in as arguments. Which users count, and where
the fee stands on a bill, belong to `accounts` and `bills`.
"""

import datetime
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, date
from fractions import Fraction
from typing import Any

import attrs

from licensebill._checks import MAX_WHOLE, checked, instance, tuple_of, whole
from licensebill.cycles import local_day
from licensebill.errors import InvalidValue
from licensebill.explain import Explanation, Input, many
from licensebill.money import Money, decimals, exact
from licensebill.pricing import packages_started
from licensebill.readings import Growth as Growth
from licensebill.readings import NoReading as NoReading
from licensebill.readings import Reading as Reading
from licensebill.readings import TooFewReadings as TooFewReadings
from licensebill.readings import counted_reading as counted_reading
from licensebill.readings import growth as growth
from licensebill.readings import sized
from licensebill.stored_items import ItemKind as ItemKind
from licensebill.stored_items import Selection as Selection
from licensebill.stored_items import StoredItem as StoredItem
from licensebill.stored_items import data_list as data_list
from licensebill.stored_items import stored_item as stored_item
from licensebill.stored_items import what_to_free as what_to_free
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
            because=f"{self._reason()}: {sized(self.bytes, terms.units)}.",
            working=f"({terms.base_megabytes} + {terms.user_megabytes} * max({self.users} - {terms.included_users}, 0))"
            f" * {terms.units.megabyte}",
            inputs=(
                Input("users", str(self.users)),
                Input(f"for up to {many(terms.included_users, 'user')}", str(terms.base_megabytes), "megabytes"),
                Input("for each further user", str(terms.user_megabytes), "megabytes"),
                Input("megabyte", str(terms.units.megabyte), "bytes"),
            ),
        )

    def _reason(self) -> str:
        terms, units = self.terms, self.terms.units
        base = f"{sized(terms.base_megabytes * units.megabyte, units)} for up to {many(terms.included_users, 'user')}"
        further = self.users - terms.included_users
        if further <= 0:
            return base
        each = "one more" if further == 1 else f"each of {further} more"
        return f"{base} and {sized(terms.user_megabytes * units.megabyte, units)} for {each}"


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


# --- the monthly fee ----------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class StorageFee:
    """The fee of a month, and all it comes from; see `monthly_fee`.

    Args:
        used: bytes.
        allowance: what is free.
        reading: that the bytes used were taken from, if one was.
        gigabytes_started: computed; those that are paid for, none up to the allowance.
        amount: computed; the fee, payable (MON-1).
    """

    used: int = attrs.field(validator=checked(whole))
    allowance: Allowance = attrs.field(validator=checked(instance, Allowance))
    reading: Reading | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, Reading)))
    gigabytes_started: int = attrs.field(init=False, eq=False, repr=False)
    amount: Money = attrs.field(init=False, eq=False, repr=False)

    def __attrs_post_init__(self) -> None:
        if self.reading is not None and self.reading.bytes != self.used:
            raise InvalidValue("reading", "must be the one that the bytes used were taken from, not of another number")
        started = gigabytes_started(self.used, self.allowance.bytes, self.terms)
        object.__setattr__(self, "gigabytes_started", started)
        object.__setattr__(self, "amount", _amount(started, self.terms))  # refuses what no Money holds

    @property
    def terms(self) -> StorageTerms:
        """The terms it was computed with."""
        return self.allowance.terms

    @property
    def room(self) -> int:
        """The bytes that can still be stored without a higher fee."""
        return step_end(self.gigabytes_started, self.allowance.bytes, self.terms) - self.used

    @property
    def reason(self) -> str:
        """The fee in a sentence."""
        units, users = self.terms.units, many(self.allowance.users, "user")
        used, allowed = sized(self.used, units), sized(self.allowance.bytes, units)
        if not self.gigabytes_started:
            return f"{used} is not above the {allowed} free for {users}: no fee."
        started = many(self.gigabytes_started, "gigabyte")
        return (
            f"{used} is above the {allowed} free for {users}: "
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
            yield f"Free {sized(self.to_pay_nothing, units)} to pay nothing."
        less, amount = self.to_pay_one_step_less, self._amount_below()
        if less is not None and amount is not None:
            yield f"Free {sized(less, units)} to pay {amount} instead of {self.fee.amount}."

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
        return f"There is room for {sized(self.fee.room, self.fee.terms.units)} before the next fee step."

    def _selected(self) -> Iterable[str]:
        targets = (self.to_pay_nothing, self.to_pay_one_step_less)
        if self.items and self.fee.amount:
            yield from dict.fromkeys(selection.reason for selection in targets if selection is not None)

    def _tips(self) -> Iterable[str]:
        for tip, kinds in _TIPS if self.fee.amount else ():
            freeable = sum(item.freeable for item in self.items if item.kind in kinds)
            yield f"{tip} ({sized(freeable)} may be freed)." if freeable else f"{tip}."

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
        500 MB is above the 400 MB free for 8 users: 1 gigabyte started of the total used, at 30.00 USD each.
        Free 100 MB to pay nothing.
        1 item suffices to free 100 MB (120 MB in all): call recording 'May 2025' (120 MB).
        Delete and purge database information that nobody uses any more.
        Keep the Files tab clean, above all of call recordings and large files (120 MB may be freed).
        Upload only those names of a data list that will be called soon.
    """
    return Advice(fee, tuple(instance("items", items, Sequence)))  # type: ignore[type-abstract]


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
        upload, room = sized(self.upload, units), sized(self.room, units)
        if self.upload <= self.room:
            return f"{upload} more fits into the {room} of room: the fee stays at {self.before.amount} a month."
        if not self.extra:
            return f"{upload} more does not fit into the {room} of room, and costs nothing more all the same."
        return (
            f"{upload} more does not fit into the {room} of room: "
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


# --- when the fee rises next --------------------------------------------------------------------------------------


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
        return self.growth.days_until(self.fee.room + 1)

    @property
    def when(self) -> datetime.datetime | None:
        """The instant, in UTC, rounded up to a microsecond; None for never, and for beyond the calendar.

        An instant before the one that was looked back from says that the step has likely come since the last reading.
        """
        return self.growth.instant_of(self.fee.room + 1)

    def day(self, tz: datetime.tzinfo = UTC) -> date | None:
        """The calendar day of `when` in a zone; None where that is None.

        Source: STO-6, CYC-2.
        """
        return None if self.when is None else local_day(self.when, tz)

    @property
    def reason(self) -> str:
        """The answer in a sentence."""
        grown, span, units = self.growth.bytes, many(self.growth.days, "day"), self.fee.terms.units
        if self.days is None:
            return f"The bytes used changed by {grown:,} in {span}: they do not grow, and no step comes."
        when = "beyond the calendar" if self.when is None else f"at {self.when}"
        return (
            f"At {sized(grown, units)} in {span}, the {sized(self.fee.room, units)} of room is exceeded "
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
        >>> old = Reading(bytes=200_000_000, at=december - datetime.timedelta(days=30), source="nightly export")
        >>> new = Reading(bytes=350_000_000, at=december, source="nightly export")
        >>> step = next_step(growth([old, new], at=december), users=8)
        >>> print(step.day(), step.amount)
        2026-12-11 30.00 USD
    """
    return NextStep(growth, users)
