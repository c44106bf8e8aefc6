"""Bills: the month's lines and total of one account, and the summary in four parts.

A bill is made from what the account kept at the cycle's first instant, a storage reading, and the lines that waited;
it is a value, and making it changes nothing. `planned` turns it into the change that opens its charge. The same
account, readings and cycle always give the same bill.

Prepaid minutes are no part of a bill; the recharge is quoted by `minutes`, and shown beside the bill in the summary.
"""

import enum
import itertools
from collections.abc import Callable, Iterable
from datetime import date
from functools import lru_cache
from typing import ClassVar

import attrs

from licensebill import funding, licenses, minutes, storage
from licensebill._checks import day, fitting, function, instance, whole
from licensebill.accounts import (
    Account,
    CycleStart,
    advance,
    bill_ordinal,
    has_ended,
    recurring,
    schedule_on,
    tariff_on,
    terms_day,
)
from licensebill.changes import PlanBill
from licensebill.cycles import Period, Proration, billing_cycle, first_instant, preceding, proration
from licensebill.errors import InvalidValue
from licensebill.explain import Explanation, Input, added, many, measured
from licensebill.funding import SourceWarning
from licensebill.ledger import NOT_TAXED, Category, Line, LineKind, Selection, Transaction, selection
from licensebill.licenses import Availability, Schedule
from licensebill.minutes import RechargeQuote, Remaining, UsageHistory
from licensebill.money import CurrencyMismatch, Money, decimals, total
from licensebill.storage import Reading, ReadingRule, StorageFee
from licensebill.terms import Applied, Dated, Purpose, StorageTerms, Tariff, contract_on, numbers

# --- tax ----------------------------------------------------------------------------------------------------------


@attrs.frozen
class Tax:
    """A tax passed through: an amount for one line, or for the total (BIL-6).

    Args:
        description: for people.
        amount: payable.
        of: the position of the line it is for among the taxable lines, from 0; None for the total.
    """

    description: str
    amount: Money
    of: int | None = None


#: A pure function of a bill's taxable lines. Credit notes and what is carried were taxed when they were charged and
#: are not among them.
TaxRule = Callable[[tuple[Line, ...]], Iterable[Tax]]


def no_tax(_: tuple[Line, ...]) -> Iterable[Tax]:
    """No tax: the default.

    Source: BIL-6.
    """
    return ()


# --- true-up ------------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class TrueUp:
    """What a cycle's charges lacked of its minimum spend.

    Args:
        cycle: the cycle that is over.
        agreed: the minimum of a whole cycle.
        applied: the term as a bill names it.
        share: the part of the cycle that counts; None for all of it.
        spent: its license, storage and service lines, net of credits, before tax.

    Source: PRC-4.
    """

    cycle: Period
    agreed: Money
    applied: Applied
    share: Proration | None
    spent: Money

    @property
    def minimum(self) -> Money:
        """The minimum of this cycle, payable."""
        return self.agreed.payable() if self.share is None else self.share.of(self.agreed).payable()

    @property
    def amount(self) -> Money:
        """The minimum less what was spent, never negative."""
        return max(self.minimum - self.spent, Money.zero(self.agreed.currency))

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: PRC-4, BIL-5.
        """
        currency, share = self.agreed.currency, self.share
        minimum = self.agreed.text if share is None else f"{self.agreed.text} * {share.numerator} / {share.denominator}"
        if share is not None or not self.agreed.is_payable:
            minimum = f"round({minimum}, {decimals(currency)})"
        return Explanation(
            figure=f"true-up of {self.cycle}",
            value=self.amount.text,
            unit=currency,
            rules=("PRC-4",) if share is None else ("PRC-4", "CYC-4"),
            because=f"The cycle's charges came to {self.spent}; the minimum spend was {self.minimum}{self._partial()}.",
            working=f"max({minimum} - {self.spent.text}, 0)",
            inputs=(
                Input("agreed minimum", self.agreed.text, currency, str(self.applied)),
                Input("charged in the cycle", self.spent.text, currency),
            ),
        )

    def _partial(self) -> str:
        if self.share is None:
            return ""
        left = f"{self.share.numerator}/{self.share.denominator}"
        return f", which is {left} of the agreed one, by {self.share.convention.value} from {self.share.on}"


def true_up(account: Account, cycle: Period) -> TrueUp | None:
    """What a cycle that is over lacks of its minimum spend; None where no minimum was in force.

    In force on its first day. A first, partial cycle, in which the account or its first contract began, owes CYC-4's
    share from that day.

    Args:
        account: one that still keeps the cycle's spending.
        cycle: a cycle that is over.

    Raises:
        InvalidValue: the account does not keep that cycle's spending.

    Source: PRC-4, CYC-4.
    """
    instance("account", account, Account)
    instance("cycle", cycle, Period)
    spent = next((one.amount for one in account.spending if one.cycle == cycle), None)
    if spent is None:
        raise InvalidValue("cycle", f"the account keeps no spending of {cycle}")
    terms_on = terms_day(account, cycle)
    from_day = max(terms_on, account.began)
    contract = contract_on(account.contracts, terms_on)
    step = None if contract is None else contract.minimum_spend_on(terms_on)
    if contract is None or step is None:
        return None
    convention = tariff_on(account, from_day).value.proration
    share = None if from_day == cycle.start else proration(cycle, from_day, convention)
    applied = Applied(
        name="minimum spend",
        value=f"{step.value} each cycle",
        rule="PRC-4",
        since=max(step.since, contract.start),
        source=step.source or contract.reference,
    )
    return TrueUp(cycle=cycle, agreed=step.value, applied=applied, share=share, spent=spent)


# --- the bill -----------------------------------------------------------------------------------------------------


class CycleNotKept(InvalidValue):
    """A bill of a cycle whose first instant the account no longer, or not yet, knows (CYC-1)."""

    code: ClassVar[str] = "cycle_not_kept"


@attrs.frozen(kw_only=True)
class Bill:
    """A cycle's bill.

    Args:
        account: the account's id.
        cycle: what it bills.
        ordinal: the number of the cycle's bill, from 1.
        currency: of every amount.
        lines: in the order they are shown.
        schedule: the license lines' result; None once the account has ended.
        storage: the storage fee's result, also where there is no fee; None once the account has ended.
        true_ups: of cycles that are over.
        source: the source to be charged first, masked; empty where none is set up or valid.
        past_due_since: the day of the oldest charge still owed; None where there is none.

    Source: BIL-1, BIL-4.
    """

    account: str
    cycle: Period
    ordinal: int
    currency: str
    lines: tuple[Line, ...]
    schedule: Schedule | None
    storage: StorageFee | None
    true_ups: tuple[TrueUp, ...]
    source: str
    past_due_since: date | None

    @property
    def id(self) -> str:
        """The identifier: account, purpose, ordinal (BIL-4)."""
        return f"{self.account}/{Purpose.BILL.value}/{self.ordinal}"

    @property
    def total(self) -> Money:
        """The sum of the lines; negative where credits exceed them."""
        return total((line.amount for line in self.lines), self.currency)

    @property
    def due(self) -> Money:
        """What is charged: the total, or nothing where it is below zero (BIL-1)."""
        return max(self.total, Money.zero(self.currency))

    @property
    def terms(self) -> tuple[Applied, ...]:
        """The terms that were applied, each once, in the order of the lines."""
        return tuple(dict.fromkeys(term for line in self.lines for term in line.terms))

    @property
    def reason(self) -> str:
        """How much is charged for what, and what is owed since when, in sentences for the customer."""
        charged = f"{self.due} owed, no source is valid"
        if not self.due:
            charged = f"nothing is charged{self._carried}"
        elif self.source:
            charged = f"{self.due} to be charged to {self.source}"
        owed = "" if self.past_due_since is None else f" The account is past due since {self.past_due_since}."
        return f"{many(len(self.lines), 'line')} for {self.cycle}, {charged}.{owed}"

    @property
    def _carried(self) -> str:
        if not self.total:
            return ""
        is_final = self.schedule is None
        return f"; {-self.total} {'is left to be sent back' if is_final else 'is a credit on the next bill'}"

    def explanation(self) -> Explanation:
        """The bill's total and, below it, every line.

        Source: BIL-1, BIL-5.
        """
        lines = tuple(line.explanation() for line in self.lines)
        free = (self.storage,) if self.storage is not None and not self.storage.amount else ()
        met = (one for one in self.true_ups if not one.amount)
        nothing = (one.explanation() for one in (*free, *met))
        return Explanation(
            figure=f"bill {self.id}",
            value=self.total.text,
            unit=self.currency,
            rules=("BIL-1", "CYC-1", "MON-1"),
            because=self.reason,
            working=added(line.amount.text for line in self.lines),
            inputs=(Input("cycle", str(self.cycle)),),
            parts=(*lines, *nothing),
        )


def monthly_bill(
    account: Account,
    on: date,
    *,
    readings: Iterable[Reading] = (),
    users: int | None = None,
    tax: TaxRule = no_tax,
) -> Bill:
    """The bill of the cycle that begins on a day.

    Billed is the license schedule at the cycle's first instant, however late the run; the storage fee by the reading
    that counts then; what waited for this bill; and the true-up of the cycle before. Bills come oldest first.

    Args:
        account: on that day, an earlier one, or a later one that still keeps the cycle's first instant.
        on: the cycle's first day.
        readings: of storage, in any order.
        users: a number stated by a person in place of the users with a license (STO-1).
        tax: a pure function of the lines.

    Returns:
        the bill; every line payable, the total their sum.

    Raises:
        NotACycleStart: the day begins no cycle.
        CycleNotKept: the account stands for a later cycle, or an older one is to be billed first.
        NoReading: no storage reading counts; a missing one is never zero (STO-4).
        NoPrice: a product to be billed has no price; that is not zero either (LIC-7).

    Source: BIL-1, CYC-1, STO-4, PRC-4, LIC-10.
    """
    instance("account", account, Account)
    cycle = billing_cycle(day("on", on), anchor_day=account.anchor_day)
    # no further than the next cycle: a later bill than the oldest is refused, and the way to its day is not gone
    account = advance(account, max(account.today, min(on, account.cycle.end)))
    kept = _kept(account, cycle)
    schedule = None if kept.licenses is None else schedule_on(account, kept.licenses, cycle.start)
    fee = None if kept.licenses is None else _storage_fee(account, kept, readings, users)
    true_ups = tuple(
        result
        for one in account.spending
        if one.cycle.start < cycle.start and (result := true_up(account, one.cycle)) is not None
    )
    lines = (
        *_license_lines(schedule, cycle),
        *(() if fee is None or not fee.amount else (_storage_line(fee, kept, account.tariffs),)),
        *account.waiting,
        *(_true_up_line(result) for result in true_ups if result.amount),
    )
    return Bill(
        account=account.id,
        cycle=cycle,
        ordinal=bill_ordinal(account, cycle),
        currency=account.currency,
        lines=(*lines, *_tax_lines(lines, tax, account.currency)),
        schedule=schedule,
        storage=fee,
        true_ups=true_ups,
        source=_first_source(account),
        past_due_since=account.past_due_since,
    )


def _first_source(account: Account) -> str:
    if account.funding is None:
        return ""
    # on the day of the run: what was valid on the 1st may have expired since
    order = funding.attempts(account.funding, purpose=Purpose.BILL, on=account.today).order
    return order[0].masked if order else ""


def planned(bill: Bill, on: date | None = None) -> PlanBill:
    """The change that opens a bill's charge, on the day of the run.

    Args:
        bill: from `monthly_bill`, of the account as it is when the change is applied.
        on: the day of the run; the cycle's first day by default.

    Source: BIL-1, CYC-1.
    """
    instance("bill", bill, Bill)
    return PlanBill(on=bill.cycle.start if on is None else on, cycle=bill.cycle, lines=bill.lines)


def _kept(account: Account, cycle: Period) -> CycleStart:
    if not account.unbilled:
        next_bill = f"its next bill is of {account.cycle.end} (CYC-1)"
        if has_ended(account, account.today):
            next_bill = "it has ended, and had its final bill (FUN-8)"
        raise CycleNotKept("on", f"the account stands for {account.today}; {next_bill}")
    oldest = account.unbilled[0]
    if cycle.start < oldest.cycle.start:
        raise CycleNotKept("on", f"{cycle.start} is billed already; the next bill is of {oldest.cycle.start} (CYC-1)")
    if cycle.start > oldest.cycle.start:
        raise CycleNotKept("on", f"the bill of {oldest.cycle.start} comes before that of {cycle.start} (CYC-1)")
    return oldest


def _license_lines(schedule: Schedule | None, cycle: Period) -> Iterable[Line]:
    for line in () if schedule is None else schedule.lines:
        yield Line(
            kind=LineKind.SHORTFALL if line.is_shortfall else LineKind.LICENSES,
            category=Category.LICENSES,
            description=fitting(line.name),
            amount=line.amount,
            quantity=line.quantity,
            period=cycle,
            terms=line.terms,
            basis=line,
        )


def _storage_fee(account: Account, kept: CycleStart, readings: Iterable[Reading], users: int | None) -> StorageFee:
    terms = kept.tariff.value.storage
    start = first_instant(kept.cycle.start, account.tz)
    before = None
    if terms.reading is ReadingRule.PEAK_BEFORE:  # the only rule that asks
        before = first_instant(preceding(kept.cycle, anchor_day=account.anchor_day).start, account.tz), start
    reading = storage.counted_reading(readings, cycle_start=start, terms=terms, cycle_before=before)
    counted = kept.users if users is None else whole("users", users)
    return storage.monthly_fee(used=reading.bytes, users=counted, terms=terms, reading=reading)


def _storage_line(fee: StorageFee, kept: CycleStart, tariffs: Dated[Tariff]) -> Line:
    steps = (*(step for step in tariffs.steps if step.since < kept.tariff.since), kept.tariff)
    return Line(
        kind=LineKind.STORAGE,
        category=Category.STORAGE,
        description="Storage fee",
        amount=fee.amount,
        period=kept.cycle,
        terms=_fee_terms(tuple((step.value.storage, step.since, step.source) for step in steps)),
        basis=fee,
    )


#: The rules whose numbers make the storage fee.
_FEE_RULES = frozenset({"STO-1", "STO-2", "STO-3", "STO-4"})
#: Storage terms, since when they hold, and where they were agreed.
_Agreed = tuple[StorageTerms, date, str]


@lru_cache  # whoever bills many accounts names the same terms again and again
def _fee_terms(agreed: tuple[_Agreed, ...]) -> tuple[Applied, ...]:
    """Each number by the last of some terms, with the day and the agreement that brought it."""
    terms, _, _ = agreed[-1]
    return tuple(_applied(agreed, *one) for one in numbers(terms) if one[-1] in _FEE_RULES)


def _applied(agreed: tuple[_Agreed, ...], name: str, value: object, unit: str, rule: str) -> Applied:
    same = itertools.takewhile(lambda one: getattr(one[0], name) == value, reversed(agreed))
    *_, (_, since, source) = same
    said = value.name.lower().replace("_", " ") if isinstance(value, enum.Enum) else str(value)
    return Applied(
        name=f"storage: {name.replace('_', ' ')}", value=measured(said, unit), rule=rule, since=since, source=source
    )


def _true_up_line(result: TrueUp) -> Line:
    return Line(
        kind=LineKind.TRUE_UP,
        category=Category.LICENSES,
        description=f"True-up to the minimum spend of {result.cycle}",
        amount=result.amount,
        period=result.cycle,
        terms=(result.applied,),
        basis=result,
    )


def _tax_lines(lines: tuple[Line, ...], tax: TaxRule, currency: str) -> Iterable[Line]:
    positions = [position for position, line in enumerate(lines) if line.kind not in NOT_TAXED]
    for one in function("tax", tax)(tuple(lines[position] for position in positions)):
        if instance("tax", one, Tax).amount.currency != currency:
            raise CurrencyMismatch("tax", f"must be in the account's {currency}, not {one.amount.currency}")
        of = None if one.of is None else positions[whole("tax.of", one.of, 0, len(positions) - 1)]
        yield Line(
            kind=LineKind.TAX,
            category=Category.OTHER if of is None else lines[of].category,
            description=one.description,
            amount=one.amount,
            of=of,
        )


# --- the summary --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class ProductRow:
    """One product in the summary: what is billed each month, and what is in use.

    Args:
        billed: licenses in the month's schedule, floors included.
        licenses: owned, assigned, available, pending.
    """

    billed: int
    licenses: Availability


@attrs.frozen(kw_only=True)
class Products:
    """The first part: licenses and storage."""

    rows: tuple[ProductRow, ...]
    schedule: Schedule
    storage: StorageFee | None


@attrs.frozen(kw_only=True)
class Preferences:
    """The second part: who pays and who administers.

    Args:
        primary: masked; empty before the first source is set up.
        others: masked, in order; with one source there is only the primary.
        administrator: the user's id.
        warnings: about the sources.
        past_due_since: the day of the oldest charge that failed and is still owed; None where there is none (BIL-6).
    """

    primary: str
    others: tuple[str, ...]
    administrator: str
    warnings: tuple[SourceWarning, ...]
    past_due_since: date | None


@attrs.frozen(kw_only=True)
class DialerMinutes:
    """The third part: the prepaid balance.

    Args:
        remaining: the balance, in money and in minutes.
        quote: reserve, recharge and whether one is due.
        usage: of the quote's window, by kind of usage.
    """

    remaining: Remaining
    quote: RechargeQuote
    usage: tuple[tuple[str, Money], ...]

    @property
    def balance(self) -> Money:
        """The balance in money."""
        return self.remaining.balance

    @property
    def minutes(self) -> int:
        """The same in minutes, whole."""
        return self.remaining.minutes

    def explanation(self) -> Explanation:
        """The minutes shown, and below them whether new calls may begin, reserve and recharge.

        Source: MIN-1, MIN-8, BIL-5.
        """
        told = self.remaining.explanation()
        return attrs.evolve(told, parts=(*told.parts, self.quote.explanation()))


@attrs.frozen(kw_only=True)
class Summary:
    """The billing summary in its four parts.

    Args:
        on: the account's day.
        products: licenses and storage.
        preferences: who pays and who administers.
        dialer_minutes: the prepaid balance.
        transactions: those that a filter kept.

    Source: BIL-3.
    """

    on: date
    products: Products
    preferences: Preferences
    dialer_minutes: DialerMinutes
    transactions: Selection

    def explanation(self) -> Explanation:
        """Every figure of the four parts.

        Source: BIL-3, BIL-5.
        """
        products, storage_fee = self.products, self.products.storage
        return Explanation(
            figure="billing summary",
            value=f"as of {self.on}",
            rules=("BIL-3",),
            parts=(
                *(row.licenses.explanation() for row in products.rows),
                products.schedule.explanation(),
                *(() if storage_fee is None else (storage_fee.explanation(),)),
                self.dialer_minutes.explanation(),
                self.transactions.explanation(),
            ),
        )


def summary(
    account: Account,
    *,
    usage: UsageHistory,
    used: int | None = None,
    listed: Iterable[Transaction] = (),
    first: date | None = None,
    last: date | None = None,
    category: Category | None = None,
) -> Summary:
    """The billing summary of an account, as it stands.

    Args:
        account: on its day, with the balance as it stands then: usage that is not drawn yet is not taken off here.
        usage: of dialer minutes.
        used: bytes stored; None where nothing has been measured, and then no fee is shown.
        listed: transactions, from `ledger.transactions`.
        first: the first day of transactions that is shown.
        last: the last one, included.
        category: of the transactions that are shown.

    Source: BIL-3.
    """
    instance("account", account, Account)
    instance("usage", usage, UsageHistory)
    quote = minutes.recharge_quote(
        usage, at=account.today, balance=account.balance, policy=account.tariff.recharge, began=account.began
    )
    return Summary(
        on=account.today,
        products=_products(account, used),
        preferences=_preferences(account),
        dialer_minutes=DialerMinutes(
            remaining=minutes.remaining(account.balance, account.tariff.minutes),
            quote=quote,
            usage=usage.by_kind(quote.average.window),
        ),
        transactions=selection(listed, account.currency, first=first, last=last, category=category),
    )


def _products(account: Account, used: int | None) -> Products:
    on = account.today if has_ended(account, account.today) else terms_day(account)
    schedule = recurring(account, account.licenses, on)
    rows = tuple(
        ProductRow(licenses=row, billed=line.quantity if (line := schedule.line(row.product)) else 0)
        for row in licenses.totals(account.licenses, catalog=account.catalog, terms=account.tariff.ports)
    )
    users = len(licenses.assigned_users(account.licenses, catalog=account.catalog))
    fee = None if used is None else storage.monthly_fee(used=used, users=users, terms=account.tariff.storage)
    return Products(rows=rows, schedule=schedule, storage=fee)


def _preferences(account: Account) -> Preferences:
    held = () if account.funding is None else account.funding.sources
    warnings = (
        ()
        if account.funding is None
        else funding.warnings(account.funding, on=account.today, terms=account.tariff.funding)
    )
    return Preferences(
        primary=held[0].masked if held else "",
        others=tuple(source.masked for source in held[1:]),
        administrator=account.administrator,
        warnings=warnings,
        past_due_since=account.past_due_since,
    )
