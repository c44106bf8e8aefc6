"""A bill and a recharge written twice more, to be measured beside the library's: what that costs without it.

`in_ints` computes the figures and nothing else. `Customer.bill` and `Customer.recharge` are what a developer would
write for one product with attrs and `Decimal`: amounts with their currency, prices and floors by day with where they
were agreed, lines, the reading that counts, all checked as it is built. Neither explains anything, and neither knows
the policies and cases that the scenario of the measurement does not have.
"""

import datetime
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import attrs
from attrs.validators import deep_iterable, ge, instance_of

# --- in bare ints -------------------------------------------------------------------------------------------------

_CENT_IN_MICROS = 10_000


def in_ints(
    prices: Mapping[str, int],
    owned: Mapping[str, int],
    floors: Mapping[str, int],
    *,
    users: int,
    used: int,
    usage: Sequence[tuple[date, int]],
    balance: int,
    on: date,
) -> tuple[int, ...]:
    """The lines, the storage fee, the total, the recharge, the reserve, all in cents; and whether a recharge is due.

    Args:
        prices: cents of a license, by product; the order is that of the lines.
        owned: licenses, by product.
        floors: licenses at least billed, by product.
        users: who count for the allowance.
        used: bytes stored.
        usage: micros, by day.
        balance: micros.
        on: the day of the bill and of the recharge.
    """
    lines = [max(owned[product], floors.get(product, 0)) * price for product, price in prices.items()]
    allowed = (250 + 50 * max(users - 5, 0)) * 10**6
    fee = -(-used // 10**9) * 3000 if used > allowed else 0
    first = on - timedelta(days=30)
    drawn = sum(micros for day, micros in usage if first <= day < on)
    recharge, reserve = _half_up(14 * drawn, 30 * _CENT_IN_MICROS), _half_up(7 * drawn, 30 * _CENT_IN_MICROS)
    return (*lines, fee, sum(lines) + fee, recharge, reserve, 30 * balance < 7 * drawn)


def _half_up(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


# --- with attrs and Decimal ---------------------------------------------------------------------------------------

_CENT = Decimal("0.01")


@attrs.frozen
class Amount:
    """An amount of a currency."""

    value: Decimal = attrs.field(validator=instance_of(Decimal))
    currency: str = attrs.field(validator=instance_of(str))

    def __add__(self, other: "Amount") -> "Amount":
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return Amount(self.value + other.value, self.currency)

    def __mul__(self, count: int) -> "Amount":
        return Amount(self.value * count, self.currency)

    def __lt__(self, other: "Amount") -> bool:
        if other.currency != self.currency:
            raise ValueError(f"{self.currency} and {other.currency} do not mix")
        return self.value < other.value

    def rounded(self) -> "Amount":
        """To the cent, half up."""
        return Amount(self.value.quantize(_CENT, ROUND_HALF_UP), self.currency)


def summed(amounts: Iterable[Amount], currency: str) -> Amount:
    """The sum; of none, zero."""
    return sum(amounts, start=Amount(Decimal("0.00"), currency))


@attrs.frozen
class Agreed:
    """A price, or a least number of licenses, from a day on."""

    since: date = attrs.field(validator=instance_of(date))
    value: Amount | int = attrs.field(validator=instance_of((Amount, int)))
    source: str = attrs.field(validator=instance_of(str))


def in_force(steps: Sequence[Agreed], on: date) -> Agreed | None:
    """The last one that has begun."""
    return next((step for step in reversed(steps) if step.since <= on), None)


@attrs.frozen
class Month:
    """A month's first day and its last."""

    first: date = attrs.field(validator=instance_of(date))
    last: date = attrs.field(validator=instance_of(date))

    @classmethod
    def of(cls, first: date) -> "Month":
        """The month that begins on a day."""
        if first.day != 1:
            raise ValueError(f"{first} begins no month")
        return cls(first, (first + timedelta(days=31)).replace(day=1) - timedelta(days=1))


@attrs.frozen(kw_only=True)
class Line:
    """One line of a bill."""

    description: str = attrs.field(validator=instance_of(str))
    quantity: int = attrs.field(validator=[instance_of(int), ge(0)])
    amount: Amount = attrs.field(validator=instance_of(Amount))
    month: Month = attrs.field(validator=instance_of(Month))
    terms: tuple[Agreed, ...] = attrs.field(validator=deep_iterable(instance_of(Agreed)))


@attrs.frozen
class Measured:
    """What was stored at an instant."""

    at: datetime.datetime = attrs.field(validator=instance_of(datetime.datetime))
    bytes: int = attrs.field(validator=[instance_of(int), ge(0)])


@attrs.frozen
class Used:
    """What was used on a day of one kind."""

    day: date = attrs.field(validator=instance_of(date))
    kind: str = attrs.field(validator=instance_of(str))
    amount: Amount = attrs.field(validator=instance_of(Amount))


@attrs.frozen
class Recharge:
    """A recharge that follows from what was used, and the balance."""

    used: Amount = attrs.field(validator=instance_of(Amount))
    balance: Amount = attrs.field(validator=instance_of(Amount))

    @property
    def amount(self) -> Amount:
        """Fourteen average days of thirty."""
        return self._days(14).rounded()

    @property
    def reserve(self) -> Amount:
        """Seven average days of thirty, as shown."""
        return self._days(7).rounded()

    @property
    def is_due(self) -> bool:
        """Whether the balance is below seven average days, not rounded."""
        return self.balance * 30 < self.used * 7

    def _days(self, number: int) -> Amount:
        # 28 digits tell every tie from its neighbors: usage has six decimals
        return Amount(self.used.value * number / 30, self.used.currency)


@attrs.frozen(kw_only=True)
class Bill:
    """A month's bill."""

    customer: str = attrs.field(validator=instance_of(str))
    number: int = attrs.field(validator=[instance_of(int), ge(1)])
    month: Month = attrs.field(validator=instance_of(Month))
    lines: tuple[Line, ...] = attrs.field(validator=deep_iterable(instance_of(Line)))
    source: str = attrs.field(validator=instance_of(str))
    currency: str = attrs.field(validator=instance_of(str))

    @property
    def total(self) -> Amount:
        """The sum of the lines."""
        return summed((line.amount for line in self.lines), self.currency)


@attrs.frozen(kw_only=True)
class Customer:
    """What one customer owns and agreed to."""

    id: str = attrs.field(validator=instance_of(str))
    began: date = attrs.field(validator=instance_of(date))
    names: Mapping[str, str]
    owned: Mapping[str, int]
    users: frozenset[str]
    prices: Mapping[str, tuple[Agreed, ...]]
    floors: Mapping[str, tuple[Agreed, ...]]
    storage_fee: Agreed
    balance: Amount = attrs.field(validator=instance_of(Amount))
    source: str = attrs.field(validator=instance_of(str))

    def bill(self, on: date, readings: Iterable[Measured]) -> Bill:
        """The bill of the month that begins on a day."""
        month = Month.of(on)
        lines = [self._license_line(product, month) for product in self.names]
        if (storage := self._storage_line(month, readings)) is not None:
            lines.append(storage)
        return Bill(
            customer=self.id,
            number=12 * (on.year - self.began.year) + on.month - self.began.month + 1,
            month=month,
            lines=tuple(lines),
            source=self.source,
            currency=self.balance.currency,
        )

    def _license_line(self, product: str, month: Month) -> Line:
        on = month.first
        price, floor = in_force(self.prices[product], on), in_force(self.floors.get(product, ()), on)
        if price is None or not isinstance(price.value, Amount):
            raise ValueError(f"{product} has no price on {on}")
        minimum = floor.value if floor is not None and isinstance(floor.value, int) else 0
        quantity = max(self.owned.get(product, 0), minimum)
        return Line(
            description=self.names[product],
            quantity=quantity,
            amount=(price.value * quantity).rounded(),
            month=month,
            terms=(price,) if floor is None else (price, floor),
        )

    def _storage_line(self, month: Month, readings: Iterable[Measured]) -> Line | None:
        start = datetime.datetime.combine(month.first, datetime.time(), UTC)
        counted = [one for one in readings if start - timedelta(days=1) <= one.at <= start]
        if not counted:
            raise ValueError(f"nothing was measured at {start}")
        used = max(counted, key=lambda one: one.at).bytes
        allowed = (250 + 50 * max(len(self.users) - 5, 0)) * 10**6
        if used <= allowed or not isinstance(self.storage_fee.value, Amount):
            return None
        gigabytes = -(-used // 10**9)
        return Line(
            description="Storage fee",
            quantity=gigabytes,
            amount=(self.storage_fee.value * gigabytes).rounded(),
            month=month,
            terms=(self.storage_fee,),
        )

    def recharge(self, on: date, usage: Iterable[Used]) -> Recharge:
        """The recharge by the thirty days before a day."""
        first = on - timedelta(days=30)
        used = summed((one.amount for one in usage if first <= one.day < on), self.balance.currency)
        return Recharge(used, self.balance)
