"""The ledger: what was charged, as transactions made of lines, and how they are filtered and credited.

`Line` is the unit everything payable is made of; a bill, a purchase and a recharge are an `Intent` to charge lines.
What happened to an intent arrives as `Settled` or `Returned`, and `transactions` folds these, in the order of the
account's stream, into numbered transactions. Nothing is decided here: which lines a bill has belongs to `bills`, and
the carrying out to `charging`.
"""

import enum
from collections.abc import Iterable
from datetime import date
from typing import ClassVar

import attrs

from licensebill._checks import (
    MAX_TEXT,
    cardless_or_empty,
    cardless_text,
    checked,
    day,
    each_of,
    fitting,
    instance,
    several,
    text,
    tuple_of,
    whole,
)
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.explain import Explained, Explanation, added, many
from licensebill.money import Money, decimals, payable_amount, scale, total
from licensebill.terms import Applied, Purpose


class Category(enum.Enum):
    """What a line is for; the transactions are filtered by it (BIL-2)."""

    LICENSES = "licenses"
    MINUTES = "dialer minutes"
    STORAGE = "storage"
    SERVICES = "services"
    OTHER = "other"


class LineKind(enum.Enum):
    """What makes a line appear on a bill (BIL-1)."""

    LICENSES = "licenses"
    SHORTFALL = "shortfall of a floor"
    STORAGE = "storage fee"
    SERVICE = "service"
    MINUTES = "dialer minutes"
    TRUE_UP = "true-up to the minimum spend"
    CREDIT = "credit"
    CREDIT_NOTE = "credit note"
    CARRIED = "carried from an earlier charge"
    TAX = "tax"


#: The kinds that no tax is taken of: a tax itself, and what was taxed with an earlier charge (BIL-6).
NOT_TAXED = frozenset({LineKind.CARRIED, LineKind.CREDIT_NOTE, LineKind.TAX})

#: The kinds that count towards a minimum spend, net of credits and before tax (PRC-4).
SPENDING = frozenset({LineKind.LICENSES, LineKind.SHORTFALL, LineKind.STORAGE, LineKind.SERVICE})


#: A first and a last name, and the blank between them.
_LONGEST_NAME = 2 * MAX_TEXT + 1


def _explained(place: str, value: object) -> None:
    if not callable(getattr(type(value), "explanation", None)):
        raise InvalidValue(place, f"must explain itself, which {shown(value)} does not")


@attrs.frozen(kw_only=True)
class Line:
    """One payable line.

    Args:
        kind: why it is there.
        category: what it is for. A true-up counts as licenses; a credit or the tax of a line as that line; a tax on the
            total is `OTHER`.
        description: for people.
        amount: payable; negative for a credit.
        quantity: units billed, where units are.
        period: the days it is for, where there are any.
        terms: the terms it was computed with.
        of: for the tax of a line, that line's position on the bill.
        basis: the result the amount comes from; it explains itself. Not part of the line's identity.

    Raises:
        InvalidMoney: an amount that is not payable.

    Source: BIL-1, BIL-2.
    """

    kind: LineKind = attrs.field(validator=checked(instance, LineKind))
    category: Category = attrs.field(validator=checked(instance, Category))
    description: str = attrs.field(validator=checked(cardless_text))
    amount: Money = attrs.field(validator=checked(payable_amount))
    quantity: int | None = attrs.field(default=None, validator=attrs.validators.optional(checked(whole)))
    period: Period | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, Period)))
    terms: tuple[Applied, ...] = attrs.field(default=(), validator=checked(tuple_of, Applied))
    of: int | None = attrs.field(default=None, validator=attrs.validators.optional(checked(whole)))
    basis: Explained | None = attrs.field(
        default=None, eq=False, repr=False, validator=attrs.validators.optional(checked(_explained))
    )

    def explanation(self) -> Explanation:
        """The explanation of the result the line comes from; a plain one where there is none.

        A credit, or the return of a line, is the negative of its result.

        Source: BIL-5.
        """
        part = self.basis.explanation() if self.basis is not None else None
        if part is not None and part.value == self.amount.text:
            return attrs.evolve(part, figure=self.description)
        is_negative = part is not None and part.value == (-self.amount).text
        return Explanation(
            figure=self.description,
            value=self.amount.text,
            unit=self.amount.currency,
            rules=("BIL-6" if self.kind in {LineKind.TAX, LineKind.CREDIT_NOTE} else "BIL-1",),
            because=f"Kind of line: {self.kind.value}{self._taxed()}.",
            working=f"-{_in_parentheses(part.value)}" if part is not None and is_negative else "",
            parts=() if part is None else (part,),
        )

    def _taxed(self) -> str:
        """For a tax, what it is of."""
        if self.kind is not LineKind.TAX:
            return ""
        return " on the total" if self.of is None else f" on line {self.of + 1}"


def _in_parentheses(value: str) -> str:
    return f"({value})" if value.startswith("-") else value


@attrs.frozen(kw_only=True)
class Intent:
    """What is to be charged, fixed before anything is.

    Args:
        account: the account's id.
        purpose: what the charge is for.
        ordinal: counts the account's charges of one purpose, from 1.
        on: the account's local day.
        lines: what is charged.
        sources: ids of the funding sources in the order they will be tried; none once it has failed.
        authorized_by: the name of the person who authorized it; empty for what recurs by itself.

    Source: BIL-2, BIL-4.
    """

    account: str = attrs.field(validator=checked(text))
    purpose: Purpose = attrs.field(validator=checked(instance, Purpose))
    ordinal: int = attrs.field(validator=checked(whole, 1))
    on: date = attrs.field(validator=checked(day))
    lines: tuple[Line, ...] = attrs.field(validator=checked(tuple_of, Line))
    sources: tuple[str, ...] = attrs.field(default=(), validator=checked(tuple_of, str))
    authorized_by: str = attrs.field(default="", validator=checked(cardless_or_empty, _LONGEST_NAME))

    def __attrs_post_init__(self) -> None:
        if not self.lines:
            raise InvalidValue("lines", "must hold at least one line")

    @property
    def id(self) -> str:
        """The identifier: the same facts always give the same (BIL-4)."""
        return f"{self.account}/{self.purpose.value}/{self.ordinal}"

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total((line.amount for line in self.lines), self.lines[0].amount.currency)


@attrs.frozen(kw_only=True)
class Settled:
    """An intent was paid.

    Args:
        intent: what was charged.
        on: the account's local day of the settlement.
        source: the source it was paid from, masked.
        reference: of the attempt that paid, as the payment provider knows it; empty where there is none.
    """

    intent: Intent = attrs.field(validator=checked(instance, Intent))
    on: date = attrs.field(validator=checked(day))
    source: str = attrs.field(validator=checked(cardless_text))
    reference: str = attrs.field(default="", validator=checked(instance, str))


@attrs.frozen(kw_only=True)
class Returned:
    """A payment was taken back by the bank, whole.

    Args:
        intent_id: of the charge.
        on: the account's local day.
        code: the bank's return code.
    """

    intent_id: str = attrs.field(validator=checked(text))
    on: date = attrs.field(validator=checked(day))
    code: str = attrs.field(validator=checked(cardless_text))


@attrs.frozen(kw_only=True)
class Transaction:
    """A charge that was paid, or its return.

    Args:
        number: its place among the account's transactions, from 1.
        on: the account's local day.
        intent_id: the charge it belongs to.
        lines: as charged; negated in a return.
        source: masked.
        authorized_by: a person's name, or empty.
        reverses: the number of the transaction it takes back, for a return.
        reference: of the attempt that paid, as the payment provider knows it, or empty.

    Source: BIL-2.
    """

    number: int
    on: date
    intent_id: str
    lines: tuple[Line, ...]
    source: str
    authorized_by: str = ""
    reverses: int | None = None
    reference: str = ""

    @property
    def trx(self) -> str:
        """The number as people see it: "TRX-000001"."""
        return _trx(self.number)

    @property
    def amount(self) -> Money:
        """The sum of the lines."""
        return total((line.amount for line in self.lines), self.lines[0].amount.currency)

    def explanation(self, category: Category | None = None) -> Explanation:
        """The sum of the lines, or of those of a category, and each of them.

        Args:
            category: only its lines; None for all.

        Source: BIL-2, BIL-5.
        """
        lines = self.lines_of(category)
        amount = total((line.amount for line in lines), self.lines[0].amount.currency)
        by = f", authorized by {self.authorized_by}" if self.authorized_by else ""
        which = "Charged to" if self.reverses is None else f"Takes back {_trx(self.reverses)}; returned to"
        return Explanation(
            figure=self.trx,
            value=amount.text,
            unit=amount.currency,
            rules=("BIL-2",),
            because=f"{which} {self.source} on {self.on}{by}."
            + (f" Only {category.value} counts." if category else ""),
            working=added(line.amount.text for line in lines),
            parts=tuple(line.explanation() for line in lines),
        )

    def lines_of(self, category: Category | None) -> tuple[Line, ...]:
        """The lines of a category; all of them for None.

        Source: BIL-2.
        """
        if category is not None:
            instance("category", category, Category)
        return tuple(line for line in self.lines if category in {None, line.category})


def _trx(number: int) -> str:
    return f"TRX-{number:06d}"


class NothingToReturn(InvalidValue):
    """A return of a charge that was never settled, or was already returned."""

    code: ClassVar[str] = "nothing_to_return"


def transactions(entries: Iterable[Settled | Returned]) -> tuple[Transaction, ...]:
    """The transactions of an account's stream, numbered in its order.

    Args:
        entries: settlements and returns, oldest first.

    Raises:
        NothingToReturn: a return without a standing settlement before it.

    Source: BIL-2.
    """
    made: list[Transaction] = []
    standing: dict[str, Transaction] = {}
    for entry in several("entries", entries):
        number = len(made) + 1
        if isinstance(entry, Settled):
            new = Transaction(
                number=number,
                on=entry.on,
                intent_id=entry.intent.id,
                lines=entry.intent.lines,
                source=entry.source,
                authorized_by=entry.intent.authorized_by,
                reference=entry.reference,
            )
            standing[entry.intent.id] = new
        else:
            paid = standing.pop(instance("entries", entry, Returned).intent_id, None)
            if paid is None:
                raise NothingToReturn("intent_id", f"no standing settlement of {entry.intent_id} before its return")
            new = attrs.evolve(
                paid, number=number, on=entry.on, lines=tuple(map(_reversed, paid.lines)), reverses=paid.number
            )
        made.append(new)
    return tuple(made)


def _reversed(line: Line) -> Line:
    return attrs.evolve(line, amount=-line.amount, description=fitting(f"Return of {line.description}"))


@attrs.frozen(kw_only=True)
class Selection:
    """Transactions that a filter kept.

    Args:
        transactions: in their order, whole.
        category: the filter's, or None.
        amount: the sum of the lines in the category; of all lines without one.
    """

    transactions: tuple[Transaction, ...]
    category: Category | None
    amount: Money

    def explanation(self) -> Explanation:
        """The total, and each transaction with the lines that count.

        Source: BIL-2, BIL-5.
        """
        parts = tuple(one.explanation(self.category) for one in self.transactions)
        only = "" if self.category is None else f", of {self.category.value} only"
        return Explanation(
            figure="transactions shown",
            value=self.amount.text,
            unit=self.amount.currency,
            rules=("BIL-2",),
            because=f"The sum of {many(len(parts), 'transaction')}{only}.",
            working=added(part.value for part in parts),
            parts=parts,
        )


def selection(
    listed: Iterable[Transaction],
    currency: str,
    *,
    first: date | None = None,
    last: date | None = None,
    category: Category | None = None,
) -> Selection:
    """The transactions of a date range and a category.

    Args:
        listed: transactions, in order.
        currency: of the total, which is zero when nothing is kept.
        first: the first day that is kept; None for no limit.
        last: the last day that is kept, included; None for no limit.
        category: keeps transactions with a line of it and totals only these lines. `OTHER` is no filter.

    Raises:
        InvalidValue: `last` before `first`, or the category `OTHER`.

    Source: BIL-2.
    """
    for place, limit in (("first", first), ("last", last)):
        if limit is not None:
            day(place, limit)
    if category is not None and instance("category", category, Category) is Category.OTHER:
        raise InvalidValue("category", "must be licenses, dialer minutes, storage or services")
    if first is not None and last is not None and last < first:
        raise InvalidValue("last", f"must not be before {first}, not {last}")
    kept = tuple(
        one
        for one in each_of("listed", listed, Transaction)
        if (first is None or first <= one.on)
        and (last is None or one.on <= last)
        and (category is None or one.lines_of(category))
    )
    amounts = (line.amount for one in kept for line in one.lines_of(category))
    return Selection(transactions=kept, category=category, amount=total(amounts, currency))


# --- credit notes -------------------------------------------------------------------------------------------------


@attrs.frozen
class CreditExceedsCharge(RuleViolation):
    """The notes would together exceed what was charged: for the line, or by the charge as a whole."""

    code: ClassVar[str] = "credit_exceeds_charge"
    rule: ClassVar[str] = "BIL-6"

    asked: Money
    left: Money
    description: str

    def __str__(self) -> str:
        return f"cannot credit {self.asked} of {self.description}: {self.left} of it is left to credit (BIL-6)"


@attrs.frozen(kw_only=True)
class TaxShare:
    """The part of a tax that goes with a note: the share of all notes so far, less the share of those before.

    Args:
        tax: what was charged: of the line, or on the total.
        before: the net of the notes before.
        net: of this note.
        charged: the net amount that the tax belongs to, credits on the same charge taken off, above zero. Notes beyond
            it bring no more tax back.

    Source: BIL-6, MON-1.
    """

    tax: Money
    before: Money
    net: Money
    charged: Money

    @property
    def amount(self) -> Money:
        """The part, payable."""
        return self._of(self.before + self.net) - self._of(self.before)

    def _of(self, net: Money) -> Money:
        return scale(self.tax, min(net, self.charged).micros, self.charged.micros)

    def explanation(self) -> Explanation:
        """How the part comes about.

        Source: BIL-6, MON-1, BIL-5.
        """
        currency, charged, after = self.tax.currency, self.charged.text, self.before + self.net
        shares = (
            f"round({self.tax.text} * {min(net, self.charged).text} / {charged}, {decimals(currency)})"
            for net in (after, self.before)
        )
        return Explanation(
            figure="tax credited",
            value=self.amount.text,
            unit=currency,
            rules=("BIL-6", "MON-1"),
            because=f"The tax on {self.charged} was {self.tax}; of that, {self.before} was credited before, "
            f"and {after} with this note.",
            working=" - ".join(shares),
        )


@attrs.frozen(kw_only=True)
class CreditNote:
    """A part of a charged line given back.

    Args:
        intent_id: the charge.
        position: of the line, from 0.
        category: of the line.
        net: above zero.
        line_share: of the line's own tax.
        total_share: of a tax on the total.
        reason: for people.
        sent_back: whether the money was sent back outside; it is then recorded, and no bill credits it.

    Source: BIL-6.
    """

    intent_id: str
    position: int
    category: Category
    net: Money
    line_share: TaxShare
    total_share: TaxShare
    reason: str
    sent_back: bool = False

    @property
    def line_tax(self) -> Money:
        """The part of the line's own tax that goes with it."""
        return self.line_share.amount

    @property
    def total_tax(self) -> Money:
        """The part of a tax on the total that goes with it."""
        return self.total_share.amount

    @property
    def amount(self) -> Money:
        """What is given back: the net amount and the taxes."""
        return self.net + self.line_tax + self.total_tax

    def lines(self) -> tuple[Line, ...]:
        """The credit lines of the next bill: the net amount, and the taxes where there are any."""
        amounts = (
            (self.category, "Credit", self.net, None),
            (self.category, "Credit of tax", self.line_tax, self.line_share),
            (Category.OTHER, "Credit of tax on the total", self.total_tax, self.total_share),
        )
        return tuple(
            Line(
                kind=LineKind.CREDIT_NOTE,
                category=category,
                description=fitting(f"{name}: {self.reason}"),
                amount=-amount,
                basis=basis,
            )
            for category, name, amount, basis in amounts
            if amount
        )


def credit_note(
    intent: Intent,
    position: int,
    net: Money,
    *,
    reason: str,
    earlier: Iterable[CreditNote] = (),
    sent_back: bool = False,
) -> CreditNote:
    """A note that credits a part of a charged line, with its tax.

    The tax that goes with a note is the share of all notes so far, itself included, less the share of those before,
    so that notes over the whole line give back the whole tax to the cent, however it is split. Where credits made the
    charge smaller than its lines, not more is given back than was charged.

    Args:
        intent: what was charged.
        position: of the line, from 0; a tax or a credit cannot be credited.
        net: above zero, payable.
        reason: for people.
        earlier: all notes on this account's charges so far; those of other charges are passed over.
        sent_back: whether the money was sent back outside.

    Raises:
        CreditExceedsCharge: all notes together would exceed the line, or with their taxes the charge.
        InvalidValue: no such line, or not an amount above zero.

    Source: BIL-6, MON-1.
    """
    whole("position", position, 0, len(instance("intent", intent, Intent).lines) - 1)
    line = intent.lines[position]
    if not _is_creditable(line):
        raise InvalidValue("position", f"must be of a line that charges something, not {line.description}")
    if payable_amount("net", net).micros <= 0:
        raise InvalidValue("net", f"must be above zero, not {net}")
    currency = line.amount.currency
    notes = [note for note in each_of("earlier", earlier, CreditNote) if note.intent_id == intent.id]
    on_line = total((note.net for note in notes if note.position == position), currency)
    on_all = total((note.net for note in notes), currency)
    note = CreditNote(
        intent_id=intent.id,
        position=position,
        category=line.category,
        net=net,
        line_share=TaxShare(tax=_tax(intent, position), before=on_line, net=net, charged=line.amount),
        total_share=TaxShare(tax=_tax(intent, None), before=on_all, net=net, charged=_taxed(intent)),
        reason=cardless_text("reason", reason),
        sent_back=instance("sent_back", sent_back, bool),
    )
    if net > line.amount - on_line:
        raise CreditExceedsCharge(net, line.amount - on_line, line.description)
    left = intent.amount - total((one.amount for one in notes), currency)
    if note.amount > left:
        raise CreditExceedsCharge(note.amount, left, f"charge {intent.id}")
    return note


def _is_creditable(line: Line) -> bool:
    # what was carried was charged, and perhaps taxed, with another bill: below a provider's smallest charge
    return line.kind not in NOT_TAXED and line.amount.micros > 0


def _taxed(intent: Intent) -> Money:
    """What a tax on the total was taken of: the lines that taxes saw, credits taken off, if that is above zero."""
    currency = intent.lines[0].amount.currency
    seen = total((line.amount for line in intent.lines if line.kind not in NOT_TAXED), currency)
    return seen if seen.micros > 0 else total((one.amount for one in intent.lines if _is_creditable(one)), currency)


def _tax(intent: Intent, of: int | None) -> Money:
    taxes = (line.amount for line in intent.lines if line.kind is LineKind.TAX and line.of == of)
    return total(taxes, intent.lines[0].amount.currency)
