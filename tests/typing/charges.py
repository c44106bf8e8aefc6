"""What must not type-check with outcomes, sources and changes, and what must: nothing that can happen is forgotten."""

PREAMBLE = """\
from datetime import date, datetime
from typing import assert_never, assert_type
from licensebill import funding
from licensebill.accounts import Account, Change, advance, apply
from licensebill.changes import AddUser, LicensePurchase, PurchaseMinutes, SetTotal, license_purchase
from licensebill.charges import Standing
from licensebill.charging import Job
from licensebill.events import Answered, CallOff, Changed, Fact, Halted, Opened, Planned, Prepared, Resolved
from licensebill.funding import Attempts, Expiry, Funding, Source, SourceKind
from licensebill.money import Money
from licensebill.outcomes import Consequence, Declined, DeclineKind, NotCaptured, Outcome, Pending, Returned, Succeeded
from licensebill.outcomes import Unknown, Voided, what_follows
from licensebill.people import Authorization, User
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Price, Volume
from licensebill.protocols import KeyedGateway, OutcomeUnknown, TwoPhaseGateway
from licensebill.terms import Purpose
def pay(amount: Money) -> None: ...
m: Money
day: date
noon: datetime
acme: Account
accepted: Authorization
ann: User
visa: Source
held: Funding
change: Change
outcome: Outcome
gateway: TwoPhaseGateway
by_key: KeyedGateway
"""

#: One function for each union and enumeration that callers tell apart; what is left over does not type-check.
EVERY_OUTCOME = """\
def told_every(outcome: Outcome) -> str:
    match outcome:
        case Succeeded(captured) if captured is not None:
            return str(assert_type(captured, Money))
        case Succeeded() | Pending() | Voided() | NotCaptured() | Unknown():
            return "no reason"
        case Declined(code=code) | Returned(code=code):
            return assert_type(code, str)
        case _:
            assert_never(outcome)
"""
BUT_UNKNOWN = """\
def told_but_unknown(outcome: Outcome) -> str:
    match outcome:
        case Succeeded() | Pending() | Voided() | NotCaptured():
            return "no reason"
        case Declined(code=code) | Returned(code=code):
            return code
        case _:
            assert_never(outcome)
"""
WITHOUT_RETURN = """\
def told_without_return(outcome: Outcome) -> str:
    match outcome:
        case Succeeded() | Pending() | Voided() | NotCaptured() | Unknown() | Declined():
            return "no reason"
"""
EVERY_FACT = """\
def named_every(fact: Fact) -> str:
    match fact:
        case Opened(account):
            return assert_type(account, Account).id
        case Changed(change):
            return str(assert_type(change, Change).on)
        case Planned() | Prepared() | Answered() | Halted() | CallOff() | Resolved():
            return assert_type(fact.intent, str)
        case _:
            assert_never(fact)
"""
BUT_CALL_OFF = """\
def named_but_call_off(fact: Fact) -> str:
    match fact:
        case Opened() | Changed():
            return ""
        case Planned() | Prepared() | Answered() | Halted() | Resolved():
            return fact.intent
        case _:
            assert_never(fact)
"""
EVERY_PRICE = """\
def scheme_of_every(price: Price) -> str:
    match price:
        case PerUnit() | Flat() | Package():
            return str(assert_type(price.amount, Money))
        case Graduated() | Volume():
            return str(len(price.tiers))
        case _:
            assert_never(price)
"""
BUT_PACKAGE = """\
def scheme_but_package(price: Price) -> str:
    match price:
        case PerUnit() | Flat():
            return "one"
        case Graduated() | Volume():
            return "many"
        case _:
            assert_never(price)
"""
EVERY_JOB = """\
def hours_of_every(job: Job) -> int:
    match job:
        case Job.BILLS:
            return 24 * 28
        case Job.RECHARGES | Job.SETTLE:
            return 4
        case _:
            assert_never(job)
"""
BUT_SETTLE = """\
def hours_but_settle(job: Job) -> int:
    match job:
        case Job.BILLS:
            return 24 * 28
        case Job.RECHARGES:
            return 4
        case _:
            assert_never(job)
"""
#: Changes are no union: an application tells apart those it knows, and is asked what it does with the others.
SOME_CHANGES = """\
def asked(change: Change) -> str:
    match change:
        case SetTotal(product=product, total=total):
            return assert_type(product, str) * assert_type(total, int)
        case AddUser(user=user):
            return assert_type(user, User).id
        case _:
            return assert_type(change, Change).on.isoformat()
"""
AS_IF_ALL_CHANGES = """\
def asked_of_two(change: Change) -> str:
    match change:
        case SetTotal() | PurchaseMinutes():
            return change.by
        case _:
            assert_never(change)
"""

MISUSES = {
    BUT_UNKNOWN: "arg-type",
    WITHOUT_RETURN: "return",
    BUT_CALL_OFF: "arg-type",
    BUT_PACKAGE: "arg-type",
    BUT_SETTLE: "arg-type",
    AS_IF_ALL_CHANGES: "arg-type",
    # outcomes are values, and only an outcome is one
    "what_follows('succeeded')": "arg-type",
    "what_follows(True)": "arg-type",
    "what_follows(None)": "arg-type",
    "what_follows(Succeeded)": "arg-type",
    "what_follows(OutcomeUnknown('no answer'))": "arg-type",
    "what_follows(by_key.find('acme/bill/1/1'))": "arg-type",
    "Succeeded(19.99)": "arg-type",
    "Declined(DeclineKind.SOFT, 'insufficient_funds')": "call-arg",
    "Declined(kind='soft', code='insufficient_funds')": "arg-type",
    "Returned()": "call-arg",
    "Answered(intent='acme/bill/1', outcome=outcome)": "call-arg",
    "outcome.captured": "union-attr",
    "pay(Succeeded().captured)": "arg-type",
    "Answered(intent='acme/bill/1', attempt=1, outcome=True)": "arg-type",
    # sources
    "funding.add(held, 'visa', on=day)": "arg-type",
    "funding.add(held, visa)": "call-arg",
    "funding.setup([visa], on=day)": "arg-type",
    "funding.make_primary(held, visa, on=day)": "arg-type",
    "funding.remove(held, 'visa', on=day)": "call-arg",
    "funding.attempts(held, purpose='bill', on=day)": "arg-type",
    "funding.attempts(held, purpose=Purpose.BILL, on=day, named=visa)": "arg-type",
    "funding.attempts(held, purpose=Purpose.BILL, on=day, declines=['visa'])": "list-item",
    "funding.Decline('visa', day)": "arg-type",
    "Expiry('2030', '12')": "arg-type",
    "held.sources = ()": "misc",
    "visa.is_blocked = True": "misc",
    "visa.last_day < day": "operator",
    # changes
    "apply(change, acme)": "arg-type",
    "apply(acme, SetTotal)": "arg-type",
    "apply(acme, lambda account: account)": "arg-type",
    "Change(on=day)": "abstract",
    "AddUser(day, user=ann)": "call-arg",
    "AddUser(on=day, user='ann')": "arg-type",
    "SetTotal(on=day, by='dana', product='powerdialer', total=3)": "call-arg",
    "SetTotal(on=day, by='dana', product='powerdialer', total=3, authorization=True)": "arg-type",
    "PurchaseMinutes(on=day, by='dana', amount=20, authorization=accepted)": "arg-type",
    "PurchaseMinutes(on=day, by='dana', amount=m)": "call-arg",
    "PurchaseMinutes(on=day, amount=m, authorization=accepted)": "call-arg",
    "advance(acme, to='2026-12-01')": "arg-type",
    "acme.balance = m": "misc",
    "acme.change(change)": "attr-defined",
}

USES = [
    EVERY_OUTCOME,
    EVERY_FACT,
    EVERY_PRICE,
    EVERY_JOB,
    SOME_CHANGES,
    "assert_type(what_follows(outcome), Consequence)",
    "assert_type(what_follows(gateway.retrieve('pi_1'), retries=1, age_days=20), Consequence)",
    "assert_type(by_key.find('acme/bill/1/1'), Outcome | None)",
    "assert_type(Succeeded(m).captured, Money | None)",
    "assert_type(funding.add(held, visa, on=day), Funding)",
    "assert_type(funding.attempts(held, purpose=Purpose.BILL, on=day), Attempts)",
    "assert_type(visa.last_day, date | None)",
    "assert_type(apply(acme, change), Account)",
    "assert_type(SetTotal.action.value, str)",
]
