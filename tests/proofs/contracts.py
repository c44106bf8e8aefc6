"""The law of each integer formula, for CrossHair to prove of every whole number.

A contract is a function: the asserts it begins with say which numbers it speaks of, those that follow say what must
then hold. None computes a result a second time; each says what the result is for ("as few packages as hold the
quantity"). No number is bounded that the rule does not bound: most is proved beyond 64 bits as well.

Left out, because CrossHair can search these for a counterexample, but comes to no end:

* what counts days through the calendar (`boundary`, `cycle_of`, `proration`): a date's arithmetic has too many paths;
* what goes over a list of any length (`allocate` among more than two, `traffic.peak`, `ledger`), and what makes or
  reads text (`Money.text`, `Money.parse`): every length is a path of its own;
* Erlang B, which computes in `Decimal`.

`run_hour` is proved for the intervals below, not for any: that a remainder by an unknown number is zero is beyond the
solver.
"""

from datetime import timedelta

import attrs

from licensebill import (
    cycles,
    holdings,
    licenses,
    minutes,
    money,
    ports,
    pricing,
    readings,
    schedules,
    storage,
    stored_items,
    usage,
)
from licensebill._checks import MAX_WHOLE
from licensebill.cycles import Convention
from licensebill.money import Money, Rounding, Unit
from licensebill.pricing import Graduated, Package, Tier
from licensebill.terms import STANDARD, ByteUnits, StorageBasis

#: Hours between two runs: the guide's, and some that divide a day or do not.
INTERVALS = (4, 1, 6, 7, 24)
#: One of each number of decimals.
CURRENCIES = ("JPY", "USD", "KWD", "CLF")


# --- pricing ------------------------------------------------------------------------------------------------------


def packages_started(quantity: int, size: int) -> None:
    """PRC-1: as few packages as hold the quantity."""
    assert quantity >= 0
    assert size >= 1
    packages = pricing.packages_started(quantity, size)
    assert (packages - 1) * size < quantity <= packages * size


def packages_beyond_the_free_units(quantity: int, free: int, size: int) -> None:
    """PRC-2: none up to the free units, then as few as hold what exceeds them."""
    assert 0 <= quantity <= MAX_WHOLE
    assert 0 <= free <= MAX_WHOLE
    assert 1 <= size <= MAX_WHOLE
    packages = Package(amount=STANDARD.storage.fee, size=size, free=free).started(quantity)
    if quantity <= free:
        assert packages == 0
    else:
        assert (packages - 1) * size < quantity - free <= packages * size


def graduated_cost(quantity: int, last: int, price: int, price_beyond: int) -> None:
    """PRC-1: one unit more costs the price of the tier it falls into, and the flat part of a tier it enters."""
    assert 0 <= quantity < MAX_WHOLE
    assert 1 <= last <= MAX_WHOLE
    assert 0 <= price <= MAX_WHOLE
    assert 0 <= price_beyond <= MAX_WHOLE
    flat = 5_000_000  # no unknown: CrossHair refuses the `bool` of one
    beyond = Tier(None, Money(price_beyond, "USD"), Money(flat, "USD"))
    graduated = Graduated(tiers=(Tier(last, Money(price, "USD")), beyond))
    one_more = graduated.cost(quantity + 1).numerator - graduated.cost(quantity).numerator
    if quantity < last:
        assert one_more == price
    else:
        assert one_more == price_beyond + (flat if quantity == last else 0)


# --- money and shares ---------------------------------------------------------------------------------------------


def rounded_quotient(numerator: int, denominator: int, rounding: Rounding) -> None:
    """MON-1: less than one away, on the side that the rounding names; if it names one for a half, the nearest."""
    assert denominator >= 1
    quotient = money.rounded_quotient(numerator, denominator, rounding)
    error = numerator - quotient * denominator
    towards_zero = error >= 0 if numerator >= 0 else error <= 0
    assert -denominator < error < denominator
    if rounding is Rounding.UP:
        assert error == 0 or not towards_zero
    elif rounding is Rounding.DOWN:
        assert towards_zero
    elif rounding is Rounding.CEILING:
        assert error <= 0
    elif rounding is Rounding.FLOOR:
        assert error >= 0
    else:
        assert -denominator <= 2 * error <= denominator
        if 2 * error in (denominator, -denominator):
            of_a_half = {Rounding.HALF_UP: not towards_zero, Rounding.HALF_DOWN: towards_zero}
            assert of_a_half[rounding] if rounding in of_a_half else quotient % 2 == 0


def payable(micros: int, which: int) -> None:
    """MON-1: whole in the minor unit, and no other such amount is nearer; a reversal is the exact negative."""
    assert -MAX_WHOLE // 2 <= micros <= MAX_WHOLE // 2
    assert 0 <= which < len(CURRENCIES)
    currency = CURRENCIES[which]
    rounded = Money(micros, currency).payable()
    assert rounded.is_payable
    assert 2 * abs(rounded.micros - micros) <= money.minor_unit(currency)
    assert Money(-micros, currency).payable() == -rounded


def allocate(micros: int, weight: int, other: int) -> None:
    """MON-4: between two nothing is lost, and either part is less than a micro away from its share."""
    assert -MAX_WHOLE <= micros <= MAX_WHOLE
    assert 0 <= weight <= MAX_WHOLE
    assert 1 <= other <= MAX_WHOLE
    part, rest = money.allocate(Money(micros, "USD"), (weight, other), to=Unit.MICRO)
    assert part.micros + rest.micros == micros
    assert -(weight + other) < part.micros * (weight + other) - micros * weight < weight + other


def share_left(gone: int, length: int, convention: Convention) -> None:
    """CYC-4: what is gone and what is left make up the whole; at least a day is left, and at most everything."""
    assert 0 <= gone < length
    numerator, denominator = cycles._SHARES[convention](gone, length)
    assert 1 <= numerator <= denominator
    if convention is Convention.ACTUAL_DAYS:
        assert (gone + numerator, denominator) == (length, length)
    elif convention is Convention.THIRTY_DAY_MONTH:
        assert denominator == 30
        assert gone + numerator == 30 or (gone > 29 and numerator == 1)
    else:
        assert numerator == denominator


# --- licenses and ports -------------------------------------------------------------------------------------------


def number_available(lasting: int, used: int) -> None:
    """LIC-3: with those used it makes up those that last; none where more are used."""
    assert lasting >= 0
    assert used >= 0
    available = holdings.number_available(lasting, used)
    assert available >= 0
    assert available == 0 if used > lasting else used + available == lasting


def number_billed(owned: int, floor: int) -> None:
    """LIC-10, LIC-11: no fewer than are owned, no fewer than the floor, and no more than one of them."""
    assert owned >= 0
    assert floor >= 0
    billed = schedules.number_billed(owned, floor)
    assert billed >= owned
    assert billed >= floor
    assert billed in (owned, floor)


def number_short(floor: int, billed: int) -> None:
    """LIC-10: as few as bring a group to its floor."""
    assert floor >= 0
    assert billed >= 0
    short = schedules.number_short(floor, billed)
    assert short >= 0
    assert billed + short >= floor
    assert short == 0 or billed + short == floor


def total_taken(pending: int, owned: int, floor: int) -> None:
    """LIC-8: the smaller total asked for, raised only to the floor, and never above what is owned."""
    assert 0 <= pending <= owned
    assert floor >= 0
    taken = licenses.total_taken(pending, owned, floor)
    assert pending <= taken <= owned
    assert taken >= floor or taken == owned
    assert taken == pending or taken <= floor


def percent(part: int, of: int) -> None:
    """PRT-4: the whole percents that the part reaches."""
    assert part >= 0
    assert of >= 1
    reached = ports._percent(part, of)
    assert reached * of <= 100 * part < (reached + 1) * of


# --- storage ------------------------------------------------------------------------------------------------------


def allowed_bytes(users: int, units: ByteUnits) -> None:
    """STO-1, STO-3: 250 megabytes for up to five users, and 50 more with each further one."""
    assert users >= 0
    terms = attrs.evolve(STANDARD.storage, units=units)
    megabyte = 1_000_000 if units is ByteUnits.DECIMAL else 1_048_576
    allowed = storage.allowed_bytes(users, terms)
    with_one_more = storage.allowed_bytes(users + 1, terms)
    if users <= 5:
        assert allowed == 250 * megabyte
    if users >= 5:
        assert with_one_more - allowed == 50 * megabyte


def gigabytes_started(used: int, allowed: int, units: ByteUnits, basis: StorageBasis) -> None:
    """STO-2, STO-3: none up to the allowance; above it as few gigabytes as hold what the policy counts."""
    assert used >= 0
    assert allowed >= 0
    gigabyte = 1_000_000_000 if units is ByteUnits.DECIMAL else 1_073_741_824
    started = storage.gigabytes_started(used, allowed, attrs.evolve(STANDARD.storage, units=units, basis=basis))
    counted = used if basis is StorageBasis.ON_TOTAL else used - allowed
    if used <= allowed:
        assert started == 0
    else:
        assert (started - 1) * gigabyte < counted <= started * gigabyte


def step_end(gigabytes: int, allowed: int, units: ByteUnits, basis: StorageBasis) -> None:
    """STO-5: the last byte that costs no more than so many gigabytes; the next one costs more."""
    assert gigabytes >= 0
    assert allowed >= 0
    terms = attrs.evolve(STANDARD.storage, units=units, basis=basis)
    end = storage.step_end(gigabytes, allowed, terms)
    assert storage.gigabytes_started(end, allowed, terms) <= gigabytes
    assert storage.gigabytes_started(end + 1, allowed, terms) > gigabytes


def days_started(microseconds: int) -> None:
    """STO-4: as few days as hold a reading's age."""
    assert 0 <= microseconds <= MAX_WHOLE
    day = 86_400 * 10**6
    days = readings._days_started(timedelta(microseconds=microseconds))
    assert (days - 1) * day < microseconds <= days * day


def freeable_bytes(size: int, names: int, due: int) -> None:
    """STO-5: of a data list the share of the names that are not due, without a part of a byte; all of an empty one."""
    assert 0 <= size <= MAX_WHOLE
    assert 0 <= due <= names <= MAX_WHOLE
    freeable = stored_items.data_list("leads", names=names, due=due, bytes=size).freeable
    if names:
        assert freeable * names <= size * (names - due) < (freeable + 1) * names
    else:
        assert freeable == size


# --- minutes ------------------------------------------------------------------------------------------------------


def whole_minutes(balance: int, cost: int) -> None:
    """MIN-1: the whole minutes that a balance pays for; below zero, those that it lacks in full."""
    assert cost >= 1
    shown = minutes.whole_minutes(balance, cost)
    if balance >= 0:
        assert shown * cost <= balance < (shown + 1) * cost
    else:
        assert (shown - 1) * cost < balance <= shown * cost


def billable_seconds(seconds: int, first: int, following: int) -> None:
    """MIN-10: the first increment and as few further ones as hold the call; nothing of a call of no seconds."""
    assert seconds >= 0
    assert first >= 1
    assert following >= 1
    billable = usage.billable_seconds(seconds, first, following)
    if seconds == 0:
        assert billable == 0
    else:
        assert billable >= seconds
        assert billable >= first
        assert (billable - first) % following == 0
        assert billable == first or billable - following < seconds


def counted_days(elapsed: int, window: int) -> None:
    """MIN-9: the days elapsed, but at least one and no more than the window has."""
    assert window >= 1
    counted = minutes.counted_days(elapsed, window)
    assert 1 <= counted <= window
    assert counted == elapsed or (elapsed < 1 and counted == 1) or (elapsed > window and counted == window)


def above_reserve(balance: int, total: int, reserve_days: int, days: int) -> None:
    """MIN-4, MIN-5: below zero below the reserve, above zero above it; a reserve between two micros is never met."""
    assert reserve_days >= 0
    assert days >= 1
    above = minutes.above_reserve(balance, total, reserve_days, days)
    assert (above > 0) == (balance > total * reserve_days // days)
    assert (above >= 0) == (balance >= -(-total * reserve_days // days))


def run_hour(hours: int, which: int) -> None:
    """MIN-7: the last hour, at or before the one asked for, that the interval divides; also before 1970."""
    assert 0 <= which < len(INTERVALS)
    interval = INTERVALS[which]
    run = minutes.run_hour(hours, interval)
    assert run % interval == 0
    assert run <= hours < run + interval
