"""Changes: everything that can happen to an account, one value for each, and purchases as previews of them.

Each change holds what was asked, by whom and on which day; `accounts.apply` is what makes it happen. Its `change`
method asks the rules and puts the answers together; no rule is formulated here. A purchase is a change with the charge
it opens and what it leads to, computed and not applied, so that a preview cannot differ from the purchase (LIC-12).

What opens a charge keeps it as an intent in the account until its outcome is recorded. Licenses and services are there
from acceptance, and owed if their charge fails; minutes are there when paid (FUN-9).
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date
from typing import ClassVar

import attrs

from licensebill import funding as sources
from licensebill import licenses as held
from licensebill import minutes, ports
from licensebill import services as ordered
from licensebill._checks import cardless_text, checked, fitting, instance, several, text, tuple_of, whole
from licensebill.accounts import (
    Account,
    Change,
    OpenIntent,
    Spending,
    advance,
    apply,
    bill_ordinal,
    committed,
    cycle_start,
    funding_of,
    has_ended,
    is_recharge_under_way,
    oldest_kept,
    recurring,
    schedule_on,
    tariff_on,
    terms_day,
)
from licensebill.cycles import Period, Proration, proration
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.explain import Explained, Explanation, Input, added
from licensebill.funding import Cancellation, Outcome, Source, Succeeded, Voided
from licensebill.ledger import SPENDING, Category, Intent, Line, LineKind, Returned, Settled, credit_note
from licensebill.licenses import Schedule, TotalChange
from licensebill.money import CurrencyMismatch, Money, payable_amount, total
from licensebill.people import Action, Authorization, Person, User
from licensebill.ports import TollFreeLine
from licensebill.terms import TOLL_FREE, Applied, Catalog, Contract, Purpose, contract_on


class UnknownIntent(InvalidValue):
    """A charge that the account does not know, or one that is still open where a settled one is asked for."""

    code: ClassVar[str] = "unknown_intent"


@attrs.frozen
class ContractNotSignable(RuleViolation):
    """A contract that begins in the past, or a first one within a cycle that is not signed on its first day."""

    code: ClassVar[str] = "contract_not_signable"
    rule: ClassVar[str] = "LIC-10"

    reference: str
    start: date
    on: date

    def __str__(self) -> str:
        return (
            f"contract {self.reference} beginning {self.start} cannot be signed on {self.on}: a contract begins today "
            "or later, and a first one within a cycle on the day it is signed (LIC-10)"
        )


@attrs.frozen
class NoFurtherBill(RuleViolation):
    """Something for the next bill, after the account's final one."""

    code: ClassVar[str] = "no_further_bill"
    rule: ClassVar[str] = "FUN-8"

    account: str
    since: date

    def __str__(self) -> str:
        return (
            f"account {self.account} ended on {self.since} and had its final bill: a charge stays owed on its own, and "
            "a credit can only be sent back outside (FUN-8)"
        )


# --- users and licenses ------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class AddUser(Change):
    """A user appeared in the customer's system, or their role changed."""

    user: User = attrs.field(validator=checked(instance, User))

    def change(self, account: Account) -> Account:
        """Add or replace the user."""
        others = tuple(user for user in account.users if user.id != self.user.id)
        return attrs.evolve(account, users=(*others, self.user))


@attrs.frozen(kw_only=True)
class RemoveUser(Change):
    """A user was hidden or deleted: assignments are freed, nothing billed is lowered (LIC-10)."""

    user: str = attrs.field(validator=checked(instance, str))

    def change(self, account: Account) -> Account:
        """Remove the user and free their assignments."""
        account.user(self.user)
        if self.user == account.administrator:
            raise AdministratesBilling(self.user)
        return attrs.evolve(
            account,
            users=tuple(user for user in account.users if user.id != self.user),
            licenses=held.remove_user(account.licenses, self.user),
        )


@attrs.frozen
class AdministratesBilling(RuleViolation):
    """The billing administrator was to be removed: nobody could then change what only they may."""

    code: ClassVar[str] = "administrates_billing"
    rule: ClassVar[str] = "FUN-7"

    user: str

    def __str__(self) -> str:
        return f"cannot remove {self.user}: the billing administrator hands billing over first (FUN-7)"


@attrs.frozen(kw_only=True)
class SaveTable(Change):
    """The assignment table was saved: all of it or nothing (LIC-4).

    Args:
        by: the acting user.
        checks: the products of each user named; users not named keep theirs.
    """

    action: ClassVar[Action] = Action.CHANGE_LICENSES

    by: str = attrs.field(validator=checked(cardless_text))
    checks: Mapping[str, Collection[str]] = attrs.field(validator=checked(instance, Mapping))

    def change(self, account: Account) -> Account:
        """Save the table."""
        for user in self.checks:
            account.user(user)
        saved = held.save_table(account.licenses, self.checks, catalog=account.catalog, terms=account.tariff.ports)
        return attrs.evolve(account, licenses=saved)


@attrs.frozen(kw_only=True)
class SetTotal(Change):
    """A new total of licenses was accepted (LIC-5, LIC-8).

    Args:
        by: the acting user.
        product: whose total.
        total: the number asked for.
        authorization: the name under "I Accept".
        charge: what was shown to be charged at once (LIC-12); another amount is refused. None where nothing was shown.
    """

    action: ClassVar[Action] = Action.CHANGE_LICENSES

    by: str = attrs.field(validator=checked(cardless_text))
    product: str = attrs.field(validator=checked(instance, str))
    total: int = attrs.field(validator=checked(whole))
    authorization: Authorization = attrs.field(validator=checked(instance, Authorization))
    charge: Money | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, Money)))

    def change(self, account: Account) -> Account:
        """Change the total; open the charge of an increase, keep the credit of a decrease."""
        result = _total_change(account, self)
        if self.charge is not None and result.charge != self.charge:
            raise StalePurchase(result.name, self.charge, result.charge)
        account = attrs.evolve(account, licenses=result.after)
        if result.credit:
            account = _spend(_wait(account, _credit_line(account, result)), -result.credit)
        if result.charge:
            account = _open(account, _license_intent(account, self, result))
        return account


@attrs.frozen
class StalePurchase(RuleViolation):
    """A total was accepted for a charge that is another by now: the licenses or their terms have changed since."""

    code: ClassVar[str] = "stale_purchase"
    rule: ClassVar[str] = "LIC-12"

    name: str
    shown: Money
    charge: Money

    def __str__(self) -> str:
        return (
            f"the new total of {self.name} was accepted for a charge of {self.shown}, and would be charged "
            f"{self.charge} by now; show it again, and ask again (LIC-12)"
        )


def _total_change(account: Account, asked: SetTotal) -> TotalChange:
    next_start, terms_on = account.cycle.end, terms_day(account)
    return held.set_total(
        account.licenses,
        asked.product,
        asked.total,
        catalog=account.catalog,
        contract=account.contract,
        next_contract=contract_on(account.contracts, next_start),
        cycle=account.cycle,
        on=asked.on,
        terms_on=terms_on,
        authorization=asked.authorization,
        decrease=account.tariff.decrease,
        convention=account.tariff.proration,
        zero=tariff_on(account, max(terms_on, account.began)).value.zero_quantity,
        ports=account.tariff.ports,
        currency=account.currency,
    )


def _license_line(account: Account, result: TotalChange, kind: LineKind, amount: Money, what: str) -> Line:
    return Line(
        kind=kind,
        category=Category.LICENSES,
        description=fitting(f"{account.catalog.product(result.product).name}: {what} to {result.asked}"),
        amount=amount,
        period=Period(account.today, account.cycle.end),
        terms=result.terms,
        basis=result,
    )


def _credit_line(account: Account, result: TotalChange) -> Line:
    return _license_line(account, result, LineKind.CREDIT, -result.credit, "decrease")


def _license_intent(account: Account, asked: SetTotal, result: TotalChange) -> Intent:
    line = _license_line(account, result, LineKind.LICENSES, result.charge, "increase")
    return _intent(account, Purpose.LICENSES, (line,), authorized_by=str(asked.authorization))


@attrs.frozen(kw_only=True)
class SignContract(Change):
    """A contract was agreed (LIC-10, LIC-11).

    One that begins later holds from the first cycle that begins in it. One that begins on a cycle's first day holds for
    that cycle: its bill follows, or if it was made earlier that day, what the contract adds to it is charged like an
    increase. The account's first contract, begun within a cycle, holds from its day and is charged so, too.
    """

    contract: Contract = attrs.field(validator=checked(instance, Contract))

    def change(self, account: Account) -> Account:
        """Add the contract; open the charge of one that changes what this cycle was billed for."""
        contract, today = self.contract, account.today
        is_first = all(contract.start < other.start for other in account.contracts)
        within = contract.start != cycle_start(account, contract.start)
        if contract.start < today or (is_first and within and contract.start != today):
            raise ContractNotSignable(contract.reference, contract.start, today)
        signed = attrs.evolve(account, contracts=(*account.contracts, contract))
        holds_now = contract.start == today and (is_first or not within)
        is_to_be_billed = any(one.cycle.start == today for one in account.unbilled)
        return signed if not holds_now or is_to_be_billed else _charge_contract(account, signed, contract)


def _charge_contract(before: Account, signed: Account, contract: Contract) -> Account:
    started = ContractStart(
        contract=contract.reference,
        share=proration(signed.cycle, signed.today, signed.tariff.proration),
        schedule_before=_schedule_before(before, max(before.cycle.start, before.began)),
        schedule_after=schedule_on(signed, signed.licenses, signed.today),
    )
    if not started.charge:
        return signed
    line = Line(
        kind=LineKind.LICENSES,
        category=Category.LICENSES,
        description=fitting(f"Licenses under contract {contract.reference}, from {signed.today}"),
        amount=started.charge,
        period=Period(signed.today, signed.cycle.end),
        terms=started.terms,
        basis=started,
    )
    return _open(signed, _intent(signed, Purpose.LICENSES, (line,)))


def _schedule_before(before: Account, on: date) -> Schedule:
    """The schedule that a contract's replaces; nothing where what is owned had no price, and so was not billed."""
    try:
        return schedule_on(before, before.licenses, on)
    except held.NoPrice:
        return Schedule(on=on, lines=(), currency=before.currency)


@attrs.frozen(kw_only=True)
class ContractStart:
    """What a contract that begins when its cycle is billed already adds to this cycle.

    Args:
        contract: its reference.
        share: what is left of the cycle.
        schedule_before: the month's licenses without it.
        schedule_after: the same licenses by its terms.

    Source: LIC-10, LIC-8.
    """

    contract: str
    share: Proration
    schedule_before: Schedule
    schedule_after: Schedule

    @property
    def charge(self) -> Money:
        """The share of what the licenses cost more, payable; never below zero."""
        return held.prorated_rise(self.schedule_before.unrounded, self.schedule_after.unrounded, self.share)

    @property
    def terms(self) -> tuple[Applied, ...]:
        """The terms of the contract's lines, each once."""
        return tuple(dict.fromkeys(term for line in self.schedule_after.lines for term in line.terms))

    def explanation(self) -> Explanation:
        """How the charge comes about.

        Source: LIC-10, LIC-8, CYC-4, BIL-5.
        """
        share, before, after = self.share, self.schedule_before, self.schedule_after
        left = f"{share.numerator}/{share.denominator}"
        return Explanation(
            figure=f"charge for contract {self.contract}",
            value=self.charge.text,
            unit=self.charge.currency,
            rules=("LIC-10", "LIC-8", "CYC-4", "MON-1"),
            because=f"Each month {before.total} before and {after.total} under it; from {share.on} to "
            f"{share.period.last_day}, by {share.convention.value}, the share left is {left}.",
            working=held.rise_working(before.unrounded, after.unrounded, share),
            parts=(before.explanation(), after.explanation()),
        )


@attrs.frozen(kw_only=True)
class ReplaceCatalog(Change):
    """Products or list prices were stated anew (LIC-1, LIC-7).

    List prices are dated, so that one can be stated for a cycle that has begun without a price and waits for its bill.
    """

    after_end: ClassVar[bool] = True

    catalog: Catalog = attrs.field(validator=checked(instance, Catalog))

    def change(self, account: Account) -> Account:
        """Take the catalog, unless something held or agreed would be unknown to it."""
        return attrs.evolve(account, catalog=self.catalog)


@attrs.frozen(kw_only=True)
class ChooseImplementation(Change):
    """One implementation type was chosen at the start; it is charged on the first bill (SVC-1)."""

    action: ClassVar[Action] = Action.ORDER_SERVICES

    by: str = attrs.field(validator=checked(cardless_text))
    name: str = attrs.field(validator=checked(text))
    price: Money = attrs.field(validator=checked(instance, Money))

    def change(self, account: Account) -> Account:
        """Choose it, and let its line wait for the next bill."""
        services = ordered.choose_implementation(account.services, self.name, self.price, on=self.on)
        account = attrs.evolve(account, services=services)
        chosen = instance("implementation", services.implementation, ordered.Implementation)
        return _wait(account, _service_line(account, "Implementation: ", chosen))


@attrs.frozen(kw_only=True)
class OrderService(Change):
    """A service was ordered that a service representative approved (SVC-2).

    Args:
        by: the acting user.
        name: of the service.
        price: charged at once.
        approved_by: the representative.
        authorization: the name under the order.
        source: a funding source other than the primary; None for the usual order.
    """

    action: ClassVar[Action] = Action.ORDER_SERVICES

    by: str = attrs.field(validator=checked(cardless_text))
    name: str = attrs.field(validator=checked(text))
    price: Money = attrs.field(validator=checked(instance, Money))
    approved_by: Person | None = attrs.field(validator=attrs.validators.optional(checked(instance, Person)))
    authorization: Authorization = attrs.field(validator=checked(instance, Authorization))
    source: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, str)))

    def change(self, account: Account) -> Account:
        """Keep the order and open its charge."""
        services = ordered.order_service(
            account.services, self.name, self.price, on=self.on, approved_by=self.approved_by
        )
        account = attrs.evolve(account, services=services)
        line = _service_line(account, "", services.orders[-1])
        if not line.amount:
            return account
        intent = _intent(account, Purpose.SERVICE, (line,), named=self.source, authorized_by=str(self.authorization))
        return _open(account, intent)


def _service_line(account: Account, prefix: str, service: ordered.Implementation | ordered.ServiceOrder) -> Line:
    return Line(
        kind=LineKind.SERVICE,
        category=Category.SERVICES,
        description=fitting(f"{prefix}{service.name}"),
        amount=_in_currency(account, "price", service.amount),
        basis=service,
    )


def _in_currency(account: Account, place: str, amount: Money) -> Money:
    if instance(place, amount, Money).currency != account.currency:
        raise CurrencyMismatch(place, f"must be in the account's {account.currency}, not {amount.currency}")
    return amount


@attrs.frozen(kw_only=True)
class RequestLine(Change):
    """A toll-free line was requested through the service representative; a license must be available (PRT-6).

    Args:
        by: the acting user.
        line: an id of yours.
        representative: the name of the service representative.
    """

    action: ClassVar[Action] = Action.ORDER_SERVICES

    by: str = attrs.field(validator=checked(cardless_text))
    line: str = attrs.field(validator=checked(text))
    representative: str = attrs.field(validator=checked(text))

    def change(self, account: Account) -> Account:
        """Add the line, requested."""
        line = ports.request_line(
            account.lines,
            owned=account.licenses.holding(TOLL_FREE).lasting,  # what is about to go connects no line
            id=self.line,
            representative=self.representative,
            on=self.on,
        )
        return attrs.evolve(account, lines=(*account.lines, line))


@attrs.frozen(kw_only=True)
class ConfirmLine(Change):
    """The hook-up of a toll-free line was confirmed: it is active (PRT-6)."""

    line: str = attrs.field(validator=checked(text))
    number: str = attrs.field(validator=checked(text))

    def change(self, account: Account) -> Account:
        """Activate the line."""
        return _stepped(account, self.line, lambda line: ports.confirm_line(line, number=self.number, on=self.on))


@attrs.frozen(kw_only=True)
class CancelLine(Change):
    """The request of a toll-free line was withdrawn (PRT-6)."""

    line: str = attrs.field(validator=checked(text))

    def change(self, account: Account) -> Account:
        """Cancel the request."""
        return _stepped(account, self.line, lambda line: ports.cancel_line(line, on=self.on))


@attrs.frozen(kw_only=True)
class ReleaseLine(Change):
    """An active toll-free line was given up (PRT-6)."""

    line: str = attrs.field(validator=checked(text))

    def change(self, account: Account) -> Account:
        """Release the line."""
        return _stepped(account, self.line, lambda line: ports.release_line(line, on=self.on))


class UnknownLine(InvalidValue):
    """An id of no toll-free line of the account."""

    code: ClassVar[str] = "unknown_line"


def _stepped(account: Account, line_id: str, step: Callable[[TollFreeLine], TollFreeLine]) -> Account:
    instance("line", line_id, str)
    if all(line.id != line_id for line in account.lines):
        raise UnknownLine("line", f"{shown(line_id)} is no toll-free line of account {account.id}")
    lines = tuple(step(line) if line.id == line_id else line for line in account.lines)
    return attrs.evolve(account, lines=lines)


@attrs.frozen(kw_only=True)
class AddSource(Change):
    """A funding source was added; the first one is the primary (FUN-1, FUN-2)."""

    after_end: ClassVar[bool] = True
    action: ClassVar[Action] = Action.CHANGE_SOURCES

    by: str = attrs.field(validator=checked(cardless_text))
    source: Source = attrs.field(validator=checked(instance, Source))

    def change(self, account: Account) -> Account:
        """Add the source."""
        if account.funding is None:
            return attrs.evolve(account, funding=sources.setup(self.source, on=self.on))
        return attrs.evolve(account, funding=sources.add(account.funding, self.source, on=self.on))


@attrs.frozen(kw_only=True)
class RemoveSource(Change):
    """A funding source was removed (FUN-2, FUN-3)."""

    after_end: ClassVar[bool] = True
    action: ClassVar[Action] = Action.CHANGE_SOURCES

    by: str = attrs.field(validator=checked(cardless_text))
    source: str = attrs.field(validator=checked(instance, str))

    def change(self, account: Account) -> Account:
        """Remove the source, unless an open charge uses it or no valid one would be left."""
        in_use = sorted({source for one in account.open for source in one.intent.sources})
        left = sources.remove(funding_of(account), self.source, on=self.on, in_use=in_use)
        automatic = account.automatic
        if automatic.source == self.source:  # recharges go on, in the usual order
            automatic = attrs.evolve(automatic, source=None)
        return attrs.evolve(account, funding=left, automatic=automatic)


@attrs.frozen(kw_only=True)
class ReplaceSource(Change):
    """A source got a new token and expiry in place (FUN-3)."""

    after_end: ClassVar[bool] = True
    action: ClassVar[Action] = Action.CHANGE_SOURCES

    by: str = attrs.field(validator=checked(cardless_text))
    source: Source = attrs.field(validator=checked(instance, Source))

    def change(self, account: Account) -> Account:
        """Replace the source of the same id."""
        return attrs.evolve(account, funding=sources.replace(funding_of(account), self.source, on=self.on))


@attrs.frozen(kw_only=True)
class MakePrimary(Change):
    """A source was made the primary; it swaps with the former one at once (FUN-3)."""

    after_end: ClassVar[bool] = True
    action: ClassVar[Action] = Action.CHANGE_SOURCES

    by: str = attrs.field(validator=checked(cardless_text))
    source: str = attrs.field(validator=checked(instance, str))

    def change(self, account: Account) -> Account:
        """Swap the two sources."""
        return attrs.evolve(account, funding=sources.make_primary(funding_of(account), self.source, on=self.on))


@attrs.frozen(kw_only=True)
class ChangeAdministrator(Change):
    """Another user became the billing administrator (FUN-7)."""

    action: ClassVar[Action] = Action.CHANGE_SOURCES

    by: str = attrs.field(validator=checked(cardless_text))
    user: str = attrs.field(validator=checked(instance, str))

    def change(self, account: Account) -> Account:
        """Hand billing over."""
        new = sources.change_administrator(account.administrator, account.user(self.user))
        return attrs.evolve(account, administrator=new)


@attrs.frozen(kw_only=True)
class SwitchRecharge(Change):
    """Automatic recharge was switched on, or off (MIN-13).

    Args:
        by: the acting user.
        authorization: the name that switches it on; None switches it off.
        source: a funding source for recharges; None for the usual order.
    """

    action: ClassVar[Action] = Action.BUY_MINUTES

    by: str = attrs.field(validator=checked(cardless_text))
    authorization: Authorization | None = attrs.field(
        validator=attrs.validators.optional(checked(instance, Authorization))
    )
    source: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, str)))

    def change(self, account: Account) -> Account:
        """Switch it."""
        if self.authorization is None:
            return attrs.evolve(account, automatic=minutes.switch_off(account.automatic))
        if self.source is not None:
            funding_of(account).source(self.source)
        switched = minutes.switch_on(account.automatic, authorization=self.authorization, source=self.source)
        return attrs.evolve(account, automatic=switched)


@attrs.frozen(kw_only=True)
class PurchaseMinutes(Change):
    """Minutes were bought by hand; they are there when paid (MIN-3).

    Args:
        by: the acting user.
        amount: payable, at least the minimum.
        authorization: the name of the buyer.
        source: a funding source other than the primary; None for the usual order.
    """

    action: ClassVar[Action] = Action.BUY_MINUTES

    by: str = attrs.field(validator=checked(cardless_text))
    amount: Money = attrs.field(validator=checked(instance, Money))
    authorization: Authorization = attrs.field(validator=checked(instance, Authorization))
    source: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, str)))

    def change(self, account: Account) -> Account:
        """Open the charge."""
        bought = minutes.purchase(self.amount, account.tariff.minutes)
        line = _minutes_line("Dialer minutes", bought.amount, bought)
        authorized_by = str(self.authorization)
        intent = _intent(account, Purpose.MINUTES, (line,), named=self.source, authorized_by=authorized_by)
        return _open(account, intent)


@attrs.frozen(kw_only=True)
class OpenRecharge(Change):
    """An automatic recharge was scheduled (MIN-7).

    Args:
        amount: above zero, payable; the minimum of a purchase by hand does not bind it (MIN-3).
    """

    amount: Money = attrs.field(validator=checked(instance, Money))

    def change(self, account: Account) -> Account:
        """Open the charge."""
        if _in_currency(account, "amount", self.amount).micros <= 0:
            raise InvalidValue("amount", f"must be above zero, not {self.amount}: a recharge of zero is never charged")
        if not account.automatic.is_on:
            raise RechargeIsOff(account.id)
        if is_recharge_under_way(account):
            raise RechargeUnderWay(account.id)
        line = _minutes_line("Automatic recharge", self.amount)
        return _open(account, _intent(account, Purpose.RECHARGE, (line,), named=account.automatic.source))


@attrs.frozen
class RechargeUnderWay(RuleViolation):
    """A second automatic recharge while one is not settled."""

    code: ClassVar[str] = "recharge_under_way"
    rule: ClassVar[str] = "MIN-7"

    account: str

    def __str__(self) -> str:
        return f"account {self.account} has an automatic recharge under way; a second one waits for it (MIN-7)"


@attrs.frozen
class RechargeIsOff(RuleViolation):
    """An automatic recharge while nobody has switched it on."""

    code: ClassVar[str] = "recharge_is_off"
    rule: ClassVar[str] = "MIN-13"

    account: str

    def __str__(self) -> str:
        return f"automatic recharge of account {self.account} is off; somebody has to switch it on first (MIN-13)"


def _minutes_line(description: str, amount: Money, basis: Explained | None = None) -> Line:
    return Line(kind=LineKind.MINUTES, category=Category.MINUTES, description=description, amount=amount, basis=basis)


@attrs.frozen(kw_only=True)
class DrawMinutes(Change):
    """The meter reported usage that was not drawn yet; the balance may go below zero (MIN-8)."""

    after_end: ClassVar[bool] = True

    amount: Money = attrs.field(validator=checked(instance, Money))

    def change(self, account: Account) -> Account:
        """Draw on the balance."""
        if _in_currency(account, "amount", self.amount).micros < 0:
            raise InvalidValue("amount", f"must not be negative, not {self.amount}")
        return _with_balance(account, account.balance - self.amount)


@attrs.frozen(kw_only=True)
class PlanBill(Change):
    """A cycle's bill was made (BIL-1); `bills.planned` builds this from the bill.

    Args:
        cycle: the oldest cycle not billed yet.
        lines: of the bill; none where nothing is due.
    """

    after_end: ClassVar[bool] = True

    cycle: Period = attrs.field(validator=checked(instance, Period))
    lines: tuple[Line, ...] = attrs.field(validator=checked(tuple_of, Line))

    def _licenses(self) -> list[Money]:
        kinds = {LineKind.LICENSES, LineKind.SHORTFALL}
        return [line.amount for line in self.lines if line.kind in kinds]

    def change(self, account: Account) -> Account:
        """Take the cycle's first instant and what waited; open the charge, or carry what is below zero."""
        if not account.unbilled or account.unbilled[0].cycle != self.cycle:
            raise InvalidValue("cycle", f"{self.cycle} is not the oldest cycle to be billed")
        if Counter(account.waiting) - Counter(self.lines):
            raise StaleBill("lines", f"the bill of {self.cycle} lacks what has come to wait for it; make it again")
        if self._licenses() != _licenses_due(account):
            raise StaleBill("lines", f"the bill of {self.cycle} was made under other terms; make it again")
        spending = tuple(one for one in account.spending if one.cycle.start >= self.cycle.start)
        account = attrs.evolve(account, unbilled=account.unbilled[1:], waiting=(), spending=spending)
        own = total((line.amount for line in self.lines if line.kind in SPENDING), account.currency)
        account = _spend(account, own, self.cycle)
        due = total((line.amount for line in self.lines), account.currency)
        if due.micros > 0:
            intent = _intent(account, Purpose.BILL, self.lines, ordinal=bill_ordinal(account, self.cycle))
            return _open(account, intent)
        return _wait(account, _carried_credit(self, due)) if due else account


def _licenses_due(account: Account) -> list[Money]:
    """The amounts of the license lines of the oldest cycle to be billed, by the contracts as they are now."""
    kept = account.unbilled[0]
    if kept.licenses is None:
        return []
    return [line.amount for line in schedule_on(account, kept.licenses, kept.cycle.start).lines]


class StaleBill(InvalidValue):
    """A bill made before something else came to wait for it, or before a contract changed what it bills."""

    code: ClassVar[str] = "stale_bill"


def _carried_credit(bill: PlanBill, due: Money) -> Line:
    # one category if all that was credited shares it, else none that a filter shows
    credited = {line.category for line in bill.lines if line.amount.micros < 0}
    return Line(
        kind=LineKind.CARRIED,
        category=credited.pop() if len(credited) == 1 else Category.OTHER,
        description="Credit carried over",
        amount=due,
        basis=CreditCarried(bill.cycle, bill.lines),
    )


@attrs.frozen
class CreditCarried:
    """What a bill's credits left over: a credit line of the next bill.

    Args:
        cycle: of the bill.
        lines: its lines, together below zero.

    Source: BIL-1.
    """

    cycle: Period
    lines: tuple[Line, ...]

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: BIL-1, BIL-5.
        """
        currency = self.lines[0].amount.currency
        return Explanation(
            figure="credit carried over",
            value=total((line.amount for line in self.lines), currency).text,
            unit=currency,
            rules=("BIL-1", "MON-1"),
            because=f"The lines of the bill for {self.cycle} came to less than nothing, and so nothing was charged.",
            working=added(line.amount.text for line in self.lines),
            parts=tuple(line.explanation() for line in self.lines),
        )


@attrs.frozen(kw_only=True)
class RecordOutcome(Change):
    """The provider's definite answer about a charge, or the end of all attempts (FUN-9).

    Args:
        intent: its id.
        source: the source that was tried; None, with `Voided`, where none was left to try.
        outcome: what happened.
        is_final: no further attempt follows a decline now; never said of an outcome that is still open.
        token: that was charged, so that a source replaced since is not blocked; None blocks it whatever its token.
    """

    after_end: ClassVar[bool] = True

    intent: str = attrs.field(validator=checked(text))
    source: str | None = attrs.field(validator=attrs.validators.optional(checked(cardless_text)))
    outcome: Outcome
    is_final: bool = attrs.field(default=False, validator=checked(instance, bool))
    token: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(cardless_text)))

    def change(self, account: Account) -> Account:
        """Settle the charge, block a source that was declined for good, or leave what is owed as owed."""
        standing = _open_intent(account, self.intent)
        if self.source is None:
            if not isinstance(self.outcome, Voided):
                raise InvalidValue("source", "must be stated: an outcome other than Voided is of one")
        elif self.source not in standing.intent.sources:
            funding_of(account).source(self.source)  # refuses one that nobody knows
        follows = sources.what_follows(self.outcome)
        if isinstance(self.outcome, Succeeded):
            return _settle(account, standing.intent, self.outcome.captured)
        if follows.block_source and self.source is not None:
            account = _block(account, self.source, self.token)
        if not self.is_final:
            return account
        if not follows.is_definite:
            raise InvalidValue("is_final", f"must not be said of an outcome that is still open: {follows.case.value}")
        if standing.intent.purpose in _PREPAID:
            return attrs.evolve(account, open=_without(account, self.intent))
        return _failed(account, standing)


@attrs.frozen(kw_only=True)
class RetryCharge(Change):
    """A charge that failed and is still owed is tried again; it stays past due until it is paid (FUN-9).

    Args:
        intent: its id.
        sources: ids in the order they will be tried.
    """

    after_end: ClassVar[bool] = True

    intent: str = attrs.field(validator=checked(text))
    sources: tuple[str, ...] = attrs.field(validator=checked(tuple_of, str))

    def change(self, account: Account) -> Account:
        """Keep the sources with the charge, so that none of them is removed meanwhile."""
        standing = _open_intent(account, self.intent)
        if not standing.has_failed:
            raise InvalidValue("intent", f"{shown(self.intent)} has not failed, and is being tried")
        for source in self.sources:
            funding_of(account).source(source)
        return _failed(account, standing, self.sources)


def _failed(account: Account, standing: OpenIntent, sources: tuple[str, ...] = ()) -> Account:
    """The account with an open charge that failed, and the sources that try it again; others may be removed."""
    failed = OpenIntent(intent=attrs.evolve(standing.intent, sources=sources), has_failed=True)
    return attrs.evolve(account, open=tuple(failed if one is standing else one for one in account.open))


def _block(account: Account, source: str, token: str | None) -> Account:
    """Block a source; one that is no longer there has nothing to block."""
    funding = funding_of(account)
    if all(one.id != source for one in funding.sources):
        return account
    return attrs.evolve(account, funding=sources.block(funding, source, token=token))


def _settle(account: Account, intent: Intent, captured: Money | None) -> Account:
    """What was captured is settled; what differs from it stays owed, or is given back, on the next bill (FUN-9)."""
    paid = as_captured(intent, captured)
    account = attrs.evolve(account, open=_without(account, intent.id), settled=(*account.settled, paid))
    account = _credit_minutes(account, intent, paid.amount)
    if intent.purpose in _PREPAID or paid.amount == intent.amount:
        return account
    return _wait(account, _difference(intent, CapturedOtherwise(intent.amount, paid.amount), "Left of"))


def as_captured(intent: Intent, captured: Money | None) -> Intent:
    """An intent as it was paid: with a line for the difference where another amount was captured than asked for.

    Args:
        intent: as it was opened.
        captured: what the provider took; None for what was asked for.

    Raises:
        CurrencyMismatch: another currency was captured.

    Source: FUN-9, BIL-2.
    """
    instance("intent", intent, Intent)
    if captured is None or instance("captured", captured, Money) == intent.amount:
        return intent
    line = _difference(intent, CapturedOtherwise(captured, intent.amount), "Captured otherwise than asked")
    return attrs.evolve(intent, lines=(*intent.lines, line))


@attrs.frozen
class CapturedOtherwise:
    """The difference between what a provider was asked for and what it captured: one less the other.

    Source: FUN-9.
    """

    one: Money
    other: Money

    @property
    def amount(self) -> Money:
        """The difference, below zero where the other is greater."""
        return self.one - self.other

    def explanation(self) -> Explanation:
        """How the amount comes about.

        Source: FUN-9, BIL-5.
        """
        return Explanation(
            figure="difference",
            value=self.amount.text,
            unit=self.one.currency,
            rules=("FUN-9",),
            because="The provider captured another amount than it was asked for.",
            working=f"{self.one.text} - {self.other.text}",
        )


def _difference(intent: Intent, basis: CapturedOtherwise, what: str) -> Line:
    categories = {line.category for line in intent.lines}
    return Line(
        kind=LineKind.CARRIED,
        category=categories.pop() if len(categories) == 1 else Category.OTHER,
        description=fitting(f"{what} {intent.id}"),
        amount=basis.amount,
        basis=basis,
    )


#: Purposes whose goods come with the payment only: nothing is owed for them when it fails.
_PREPAID = frozenset({Purpose.MINUTES, Purpose.RECHARGE})


@attrs.frozen(kw_only=True)
class RecordReturn(Change):
    """The bank took a settled payment back (FUN-9): minutes are drawn back, anything else is owed again.

    Args:
        intent: the charge, as it was settled: one of the account's, or of before `accounts.oldest_kept`, which the
            account has forgotten and the caller has not.
        code: the bank's return code.
        source: that had paid; it is blocked where the code says that trying again is of no use.
        token: that was charged, so that a source replaced since is not blocked; None blocks it whatever its token.
        retries: how often the charge was tried again after a return.
        age_days: since the charge was first made.
    """

    after_end: ClassVar[bool] = True

    intent: Intent = attrs.field(validator=checked(instance, Intent))
    code: str = attrs.field(validator=checked(cardless_text))
    source: str = attrs.field(validator=checked(cardless_text))
    token: str | None = attrs.field(default=None, validator=attrs.validators.optional(checked(cardless_text)))
    retries: int = attrs.field(default=0, validator=checked(whole))
    age_days: int = attrs.field(default=0, validator=checked(whole))

    def change(self, account: Account) -> Account:
        """Reverse the payment."""
        if self.intent not in account.settled and self.intent.on >= oldest_kept(account):
            raise UnknownIntent("intent", f"{shown(self.intent.id)} is not settled, or was returned before")
        follows = sources.what_follows(
            sources.Returned(self.code),
            retries=self.retries,
            age_days=self.age_days,
            terms=account.tariff.funding,
        )
        if follows.block_source:
            account = _block(account, self.source, self.token)
        settled = tuple(one for one in account.settled if one != self.intent)
        account = _credit_minutes(attrs.evolve(account, settled=settled), self.intent, -self.intent.amount)
        if self.intent.purpose in _PREPAID:
            return _take_back_notes(account, self.intent)
        owed = attrs.evolve(self.intent, sources=())
        return attrs.evolve(account, open=(*account.open, OpenIntent(intent=owed, has_failed=True)))


def _take_back_notes(account: Account, intent: Intent) -> Account:
    """What was credited of a payment that the bank took back is owed again: all of it went back already (BIL-6)."""
    mine = [note for note in account.notes if note.intent_id == intent.id]
    notes = tuple(note for note in account.notes if note not in mine)
    lines = (
        attrs.evolve(line, description=fitting(f"Taken back: {line.description}"), amount=-line.amount)
        for note in mine
        for line in note.lines()
    )
    return _wait(attrs.evolve(account, notes=notes), *lines)


@attrs.frozen(kw_only=True)
class CarryOver(Change):
    """A charge below the provider's smallest was not made: it is owed in one with the next bill (BIL-1).

    Minutes are no part of a bill: a recharge that small is raised, not carried over.
    """

    after_end: ClassVar[bool] = True

    intent: str = attrs.field(validator=checked(instance, str))

    def change(self, account: Account) -> Account:
        """Close the charge and let its lines wait, each in its category."""
        standing = _open_intent(account, self.intent)
        if standing.intent.purpose in _PREPAID:
            raise InvalidValue("intent", f"{self.intent} is for minutes, which are prepaid and on no bill (BIL-1)")
        _check_bill_follows(account)
        carried = (attrs.evolve(line, kind=LineKind.CARRIED, of=None) for line in standing.intent.lines)
        account = attrs.evolve(account, open=_without(account, self.intent))
        return attrs.evolve(account, waiting=(*account.waiting, *carried))


@attrs.frozen(kw_only=True)
class GiveCredit(Change):
    """A part of a charged line is given back on the next bill, or was sent back outside (BIL-6).

    Args:
        intent: the charge.
        position: of the line, from 0.
        net: above zero.
        reason: for people.
        sent_back: whether the money was sent back outside.
    """

    after_end: ClassVar[bool] = True

    intent: Intent = attrs.field(validator=checked(instance, Intent))
    position: int = attrs.field(validator=checked(whole))
    net: Money = attrs.field(validator=checked(payable_amount))
    reason: str = attrs.field(validator=checked(text))
    sent_back: bool = attrs.field(default=False, validator=checked(instance, bool))

    def change(self, account: Account) -> Account:
        """Keep the note; its lines wait for the next bill unless the money was sent back."""
        if self.intent not in (*account.settled, *(one.intent for one in account.open)):
            raise UnknownIntent("intent", f"{shown(self.intent.id)} is no charge that is open or settled")
        if self.intent.purpose in _PREPAID and self.intent not in account.settled:
            raise InvalidValue(
                "intent", f"{self.intent.id} is for minutes that are not paid yet: nothing can be credited"
            )
        if not self.sent_back:
            _check_bill_follows(account)
        note = credit_note(
            self.intent,
            self.position,
            self.net,
            reason=self.reason,
            earlier=account.notes,
            sent_back=self.sent_back,
        )
        account = attrs.evolve(account, notes=(*account.notes, note))
        if self.intent.lines[self.position].kind in SPENDING:
            account = _spend(account, -self.net)
        return account if self.sent_back else _wait(account, *note.lines())


@attrs.frozen(kw_only=True)
class Cancel(Change):
    """The account is cancelled (FUN-8).

    Args:
        by: the acting user.
        authorization: the name under the cancellation.
        is_buyout_agreed: whether accounting and legal agreed the buyout of what is committed.
    """

    action: ClassVar[Action] = Action.CANCEL

    by: str = attrs.field(validator=checked(cardless_text))
    authorization: Authorization = attrs.field(validator=checked(instance, Authorization))
    is_buyout_agreed: bool = attrs.field(default=False, validator=checked(instance, bool))

    def change(self, account: Account) -> Account:
        """Cancel at the end of the cycle, or refuse while a buyout is needed and not agreed."""
        return attrs.evolve(account, cancellation=_cancellation(account, self))


def _cancellation(account: Account, asked: Cancel) -> Cancellation:
    return sources.cancellation(
        asked_on=asked.on,
        cycle=account.cycle,
        committed=committed(account).amount,
        earlier=account.cancellation,
        is_buyout_agreed=asked.is_buyout_agreed,
        balance=account.balance,
        terms=account.tariff.funding,
        authorization=asked.authorization,
    )


# --- what the changes share ---------------------------------------------------------------------------------------


def _ordinal(account: Account, purpose: Purpose) -> int:
    return dict(account.ordinals).get(purpose, 0)


def _intent(
    account: Account,
    purpose: Purpose,
    lines: tuple[Line, ...],
    *,
    named: str | None = None,
    authorized_by: str = "",
    ordinal: int | None = None,
) -> Intent:
    order = sources.attempts(funding_of(account), purpose=purpose, named=named, on=account.today).order
    return Intent(
        account=account.id,
        purpose=purpose,
        ordinal=_ordinal(account, purpose) + 1 if ordinal is None else ordinal,
        on=account.today,
        lines=lines,
        sources=tuple(source.id for source in order),
        authorized_by=authorized_by,
    )


def _open(account: Account, intent: Intent) -> Account:
    counted = {**dict(account.ordinals), intent.purpose: intent.ordinal}
    ordinals = tuple((purpose, counted[purpose]) for purpose in Purpose if purpose in counted)
    spending = account.spending
    if intent.purpose is not Purpose.BILL:  # PlanBill counts its own lines into the cycle they are billed for
        own = total((line.amount for line in intent.lines if line.kind in SPENDING), account.currency)
        spending = _spent(account, own, account.cycle)
    return attrs.evolve(account, open=(*account.open, OpenIntent(intent=intent)), ordinals=ordinals, spending=spending)


def _spend(account: Account, amount: Money, cycle: Period | None = None) -> Account:
    return attrs.evolve(account, spending=_spent(account, amount, cycle or account.cycle))


def _spent(account: Account, amount: Money, cycle: Period) -> tuple[Spending, ...]:
    """What each cycle came to, with an amount more in one of them."""
    return tuple(
        Spending(one.cycle, one.amount + amount) if one.cycle.start == cycle.start else one for one in account.spending
    )


def _wait(account: Account, *lines: Line) -> Account:
    return attrs.evolve(account, waiting=(*account.waiting, *lines))


def _open_intent(account: Account, intent_id: str) -> OpenIntent:
    instance("intent", intent_id, str)
    for one in account.open:
        if one.intent.id == intent_id:
            return one
    raise UnknownIntent("intent", f"{shown(intent_id)} is no open charge of account {account.id}")


def _check_bill_follows(account: Account) -> None:
    if account.cancellation is not None and not bill_follows(account):
        raise NoFurtherBill(account.id, account.cancellation.effective)


def bill_follows(account: Account) -> bool:
    """Whether there is a bill to come, on which something that waits is charged or credited: not after the final one.

    Source: FUN-8, BIL-1.
    """
    instance("account", account, Account)
    return not has_ended(account, account.today) or bool(account.unbilled)


def _without(account: Account, intent_id: str) -> tuple[OpenIntent, ...]:
    return tuple(one for one in account.open if one.intent.id != intent_id)


def _credit_minutes(account: Account, intent: Intent, amount: Money) -> Account:
    if intent.purpose not in _PREPAID:
        return account
    return _with_balance(account, account.balance + amount)


def _with_balance(account: Account, balance: Money) -> Account:
    """The account with another balance, which is what a cancellation reports, or sends back, of it (FUN-8)."""
    ended = account.cancellation
    told = None if ended is None else attrs.evolve(ended, balance=balance)
    return attrs.evolve(account, balance=balance, cancellation=told)


# --- previews -----------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class LicensePurchase:
    """A change of a total, computed and not applied: `apply(account, purchase.change)` makes it.

    Args:
        change: the change itself.
        result: what the rules say of it.
        intent: the charge it opens; None where nothing is charged now.
        source: the source to be charged first, masked; empty without a charge, and where no source is valid.
        next_month: the first day of the next month.
        schedule_before: the next month's licenses as things stand; None where that month has no price yet.
        schedule_after: the same after the change.
        available_after: licenses of the product left to assign.

    Source: LIC-12.
    """

    change: SetTotal
    result: TotalChange
    intent: Intent | None
    source: str
    next_month: date
    schedule_before: Schedule | None
    schedule_after: Schedule | None
    available_after: int

    @property
    def monthly_before(self) -> Money | None:
        """The license lines of the next month as things stand; None where that month has no price yet."""
        return None if self.schedule_before is None else self.schedule_before.total

    @property
    def monthly_after(self) -> Money | None:
        """The same after the change."""
        return None if self.schedule_after is None else self.schedule_after.total

    @property
    def charge(self) -> Money:
        """What is charged now."""
        return self.result.charge

    @property
    def reason(self) -> str:
        """What is charged at once and to what, or what is credited, in a sentence for the customer."""
        if self.result.credit:
            return f"{self.result.credit} is credited on the next bill"
        if self.charge and not self.source:
            return f"{self.charge} is owed at once, and no source is valid"
        return f"{self.charge} is charged now{f' to {self.source}' if self.source else ''}"

    @property
    def difference(self) -> Money | None:
        """How the next month's license lines change; None where that month has no price yet."""
        if self.monthly_before is None or self.monthly_after is None:
            return None
        return self.monthly_after - self.monthly_before

    def explanation(self) -> Explanation:
        """What the purchase does and why.

        Source: LIC-8, LIC-12, BIL-5.
        """
        now, asked = self.reason, Input("asked", str(self.result.asked), "licenses")
        rules, parts = ("LIC-12", "LIC-10"), (self.result.explanation(),)
        if self.schedule_after is None or self.monthly_before is None or self.difference is None:
            return Explanation(
                figure="next month's licenses",
                value="no price is agreed yet",
                rules=(*rules, "LIC-7"),
                because=f"{now}; what next month costs is not known: no contract and no list price holds for it yet.",
                inputs=(asked,),
                parts=parts,
            )
        months = self.schedule_after.explanation()
        more = f"{abs(self.difference)} {'more' if self.difference.micros > 0 else 'less'} than"
        return Explanation(
            figure="next month's licenses",
            value=months.value,
            unit=months.unit,
            rules=rules,
            because=f"{now}; from {self.next_month} the month's licenses cost {self.schedule_after.total}, "
            f"{more if self.difference else 'as much as'} without the change; available then: {self.available_after}.",
            working=months.working,
            inputs=(asked, Input("without the change", self.monthly_before.text, self.charge.currency)),
            parts=(*months.parts, *parts),
        )


def license_purchase(
    account: Account, product: str, total: int, *, by: str, authorization: Authorization, on: date
) -> LicensePurchase:
    """What setting a total of licenses would do, as the change that does it.

    Args:
        account: on that day or an earlier one.
        product: whose total.
        total: the number asked for, from 0.
        by: the acting user.
        authorization: the name under "I Accept".
        on: the day.

    Returns:
        the purchase; its change is refused by an account in which it would by then be charged another amount.

    Raises:
        RuleViolation: whatever refuses the change itself.

    Source: LIC-5, LIC-8, LIC-12.
    """
    change = SetTotal(on=on, by=by, product=product, total=total, authorization=authorization)
    before = advance(account, on)
    result = _total_change(before, change)
    after = apply(account, change)
    intent = after.open[-1].intent if len(after.open) > len(before.open) else None
    return LicensePurchase(
        change=attrs.evolve(change, charge=result.charge),
        result=result,
        intent=intent,
        source=funding_of(after).source(intent.sources[0]).masked if intent and intent.sources else "",
        next_month=before.cycle.end,
        schedule_before=_next_month(before),
        schedule_after=_next_month(after),
        available_after=held.availability(
            after.licenses, product, catalog=after.catalog, terms=after.tariff.ports
        ).available,
    )


def _next_month(account: Account) -> Schedule | None:
    start = account.cycle.end
    contract = contract_on(account.contracts, start)
    try:
        return recurring(account, held.take_pending(account.licenses, contract=contract, on=start), start)
    except held.NoPrice:
        return None


# --- the stream --------------------------------------------------------------------------------------------------


def entries(account: Account, changes: Iterable[Change]) -> Iterator[Settled | Returned]:
    """The settlements and returns among an account's changes, for `ledger.transactions`.

    Args:
        account: before the first change.
        changes: in order.

    Source: BIL-2.
    """
    instance("account", account, Account)
    by_id: dict[str, str] = {}
    by_token: dict[str, str] = {}  # what was charged is shown, whatever replaced it since
    for change in several("changes", changes):
        for source in () if account.funding is None else account.funding.sources:
            by_id[source.id] = by_token[source.token] = source.masked
        before, account = account, apply(account, change)
        if isinstance(change, RecordReturn):
            yield Returned(intent_id=change.intent.id, on=change.on, code=change.code)
        elif isinstance(change, RecordOutcome) and isinstance(change.outcome, Succeeded):
            intent = as_captured(_open_intent(before, change.intent).intent, change.outcome.captured)
            named = by_id.get(change.source or "", change.source or "")
            yield Settled(intent=intent, on=change.on, source=by_token.get(change.token or "", named))
