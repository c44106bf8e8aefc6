"""The ledger: why lines are what they are, what is left to credit, and what cannot be charged, returned or credited."""

from datetime import date
from typing import Any

import attrs

from licensebill import ledger
from licensebill.ledger import Category, CreditNote, Intent, Line, LineKind, Returned, Settled, Transaction
from licensebill.money import Money
from licensebill.storage import monthly_fee
from licensebill.terms import Purpose
from tests.changing import DECEMBER
from tests.examples import usd
from tests.scenes import Scene

_ON = DECEMBER.start
_CARD = "4111 1111 1111 1111"
_FEE = monthly_fee(used=500_000_000, users=8)


def _line(amount: str, kind: LineKind = LineKind.STORAGE, currency: str = "USD", **changed: Any) -> Line:
    given: dict[str, Any] = {"kind": kind, "category": Category.STORAGE, "description": "Storage"} | changed
    return Line(amount=Money.parse(amount, currency), **given)


def _tax(amount: str, of: int | None, category: Category = Category.STORAGE) -> Line:
    return _line(amount, LineKind.TAX, of=of, category=category, description="VAT")


def _intent(*lines: Line, **changed: Any) -> Intent:
    given: dict[str, Any] = {"account": "acme", "purpose": Purpose.BILL, "ordinal": 12, "on": _ON, "lines": lines}
    return Intent(**given | changed)


_TAXED = _intent(
    _line("30.00"),
    _line("99.99", LineKind.LICENSES, category=Category.LICENSES, description="PowerDialer"),
    _tax("2.48", 0),
    _tax("8.25", 1, Category.LICENSES),
    _tax("3.90", None, Category.OTHER),
    _line("-10.00", LineKind.CREDIT, description="Goodwill"),
    _line("7.00", LineKind.CARRIED, description="Carried"),
)
_IN_YEN = _intent(_line("100", currency="JPY"), _line("8", LineKind.TAX, "JPY", of=0))


def _noted(net: str, position: int = 0, *earlier: CreditNote, intent: Intent = _TAXED, **changed: Any) -> CreditNote:
    return ledger.credit_note(intent, position, usd(net), earlier=earlier, **{"reason": "Outage", **changed})


def _told(note: CreditNote) -> list[object]:
    return [
        note.line_share,
        note.total_share,
        note.amount,
        *(f"{one.kind.value}, {one.category.value}, {one.description}: {one.amount}" for one in note.lines()),
    ]


_PAID = Settled(intent=_TAXED, on=_ON, source="Visa ending in 1111", reference="try-1")
_TAKEN = Returned(intent_id="acme/bill/12", on=date(2026, 12, 9), code="R01")


def _listed() -> tuple[Transaction, ...]:
    return ledger.transactions([_PAID, _TAKEN])


def _selected(**filters: Any) -> str:
    found = ledger.selection(_listed(), "USD", **filters)
    category = found.category.value if found.category else "all"
    return f"{category}, {', '.join(one.trx for one in found.transactions) or 'none'}: {found.amount}"


def _told_of(one: Transaction) -> list[object]:
    names = ("trx", "on", "intent_id", "source", "authorized_by", "reverses", "reference", "amount")
    return [*(f"{name}: {getattr(one, name)}" for name in names), *(line.description for line in one.lines)]


SCENES: dict[str, Scene] = {
    **{f"a line, {kind.value}": lambda kind=kind: _line("1.00", kind) for kind in LineKind},  # type: ignore[misc]
    "a line of its basis's amount": lambda: _line("30.00", basis=_FEE),
    "a line that takes its basis back": lambda: _line("-30.00", basis=_FEE),
    "a line of another amount than its basis": lambda: _line("29.99", basis=_FEE),
    "a line of half a cent": lambda: _line("0.005"),
    "a line whose text could be a card number": lambda: _line("1.00", description=_CARD),
    "a line of less than no units": lambda: _line("1.00", quantity=-1),
    "something else among the terms": lambda: _line("1.00", terms=("price",)),
    "the tax of a line before the first": lambda: _line("1.00", of=-1),
    "a basis that does not explain itself": lambda: _line("1.00", basis="30.00"),
    "a charge": lambda: f"{_TAXED.id}: {_TAXED.amount}",
    "a charge of nothing": _intent,
    "a charge of something else": lambda: _intent(_line("1.00"), "1.00"),  # type: ignore[arg-type]
    "a charge before the first": lambda: _intent(_line("1.00"), ordinal=0),
    "a charge of two currencies": lambda: _intent(_line("1.00"), _line("1", currency="JPY")).amount,
    "a charge by a card number": lambda: _intent(_line("1.00"), authorized_by=_CARD),
    "a charge by the longest name": lambda: _intent(_line("1.00"), authorized_by=f"{'a' * 200} {'b' * 200}").id,
    "a charge by a longer name": lambda: _intent(_line("1.00"), authorized_by=f"{'a' * 201} {'b' * 200}"),
    "a charge of a source by number": lambda: _intent(_line("1.00"), sources=(1,)),
    "a settlement from a card number": lambda: attrs.evolve(_PAID, source=_CARD),
    "a return with a card number": lambda: attrs.evolve(_TAKEN, code=_CARD),
    "a charge and its return": lambda: [told for one in _listed() for told in _told_of(one)],
    "a return of nothing": lambda: ledger.transactions([_TAKEN]),
    "a second return": lambda: ledger.transactions([_PAID, _TAKEN, _TAKEN]),
    "a third entry, after a return": lambda: [one.trx for one in ledger.transactions([_PAID, _TAKEN, _PAID])],
    "a text for entries": lambda: ledger.transactions("entries"),  # type: ignore[arg-type]
    "something else among the entries": lambda: ledger.transactions([_PAID, "paid"]),  # type: ignore[list-item]
    "all transactions": _selected,
    "transactions of a category": lambda: _selected(category=Category.LICENSES),
    "transactions of a category that no line has": lambda: _selected(category=Category.MINUTES),
    "transactions from a day on": lambda: _selected(first=date(2026, 12, 9)),
    "transactions after the last": lambda: _selected(first=date(2026, 12, 10)),
    "transactions up to a day": lambda: _selected(last=_ON),
    "transactions before the first": lambda: _selected(last=date(2026, 11, 30)),
    "transactions of one day": lambda: _selected(first=_ON, last=_ON),
    "transactions up to before they begin": lambda: _selected(first=_ON, last=date(2026, 11, 30)),
    "transactions of other categories": lambda: _selected(category=Category.OTHER),
    "transactions from a text": lambda: _selected(first="2026-12-01"),
    "transactions up to a text": lambda: _selected(last="2026-12-01"),
    "something else among the transactions": lambda: ledger.selection([*_listed(), _PAID], "USD"),  # type: ignore[list-item]
    "a note": lambda: _told(_noted("10.00")),
    "a note on another line": lambda: _told(_noted("10.00", 1)),
    "a second note": lambda: _told(_noted("12.34", 0, _noted("10.00"))),
    "the last note of a line": lambda: _told(_noted("20.00", 0, _noted("10.00"))),
    "a note after one on another line": lambda: _told(_noted("12.34", 0, _noted("10.00", 1))),
    "a note after one on another charge": lambda: _told(
        _noted("30.00", 0, attrs.evolve(_noted("30.00"), intent_id="acme/bill/11"))
    ),
    "a note on what is not taxed": lambda: _told(_noted("1.00", intent=_intent(_line("1.00")))),
    "a note of yen": lambda: _told(ledger.credit_note(_IN_YEN, 0, Money.parse("33", "JPY"), reason="Outage")),
    "whether a note was sent back": lambda: [_noted("1.00").sent_back, _noted("1.00", sent_back=True).sent_back],
    "a note on a line before the first": lambda: _noted("1.00", -1),
    "a note on a line after the last": lambda: _noted("1.00", 7),
    "a note on a tax": lambda: _noted("1.00", 2),
    "a note on a credit": lambda: _noted("1.00", 5),
    "a note on what was carried": lambda: _noted("1.00", 6),
    "a note on a line of nothing": lambda: _noted("1.00", intent=_intent(_line("0.00"), _line("1.00"))),
    "a note of nothing": lambda: _noted("0.00"),
    "a note below zero": lambda: _noted("-0.01"),
    "a note of half a cent": lambda: _noted("0.005"),
    "a note for a card number": lambda: _noted("1.00", reason=_CARD),
    "something else among the notes": lambda: _noted("1.00", 0, _noted("1.00"), "1.00"),  # type: ignore[arg-type]
    "a note above the line": lambda: _noted("30.01"),
    "a note above what is left of the line": lambda: _noted("20.01", 0, _noted("10.00")),
    "a note above what is left of the charge": lambda: _noted(
        "20.00", intent=_intent(_line("30.00"), _line("-10.04", LineKind.CREDIT), _tax("0.10", 0))
    ),
    "a note of all that is left of the charge": lambda: _told(
        _noted("20.00", intent=_intent(_line("30.00"), _line("-10.03", LineKind.CREDIT), _tax("0.10", 0)))
    ),
    "a note in another currency": lambda: ledger.credit_note(_TAXED, 0, Money.parse("1.00", "EUR"), reason="Outage"),
}
