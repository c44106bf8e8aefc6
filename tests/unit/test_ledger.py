"""Lines, intents, transactions, filters and credit notes."""

import pickle
from datetime import date

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.ledger import (
    Category,
    CreditExceedsCharge,
    CreditNote,
    Intent,
    Line,
    LineKind,
    NothingToReturn,
    Returned,
    Settled,
    credit_note,
    selection,
    transactions,
)
from licensebill.money import InvalidMoney, Money
from licensebill.storage import monthly_fee
from licensebill.terms import Purpose
from tests.examples import usd
from tests.working import mistakes

DECEMBER = date(2026, 12, 1)


def line(amount: str, category: Category = Category.LICENSES, **changed: object) -> Line:
    """A line of an amount in a category."""
    fields = {"kind": LineKind.LICENSES, "category": category, "description": "PowerDialer", "amount": usd(amount)}
    return Line(**(fields | changed))  # type: ignore[arg-type]


def tax(amount: str, of: int | None) -> Line:
    """A tax of a line or of the total."""
    category = Category.OTHER if of is None else Category.LICENSES
    return line(amount, category, kind=LineKind.TAX, description="VAT", of=of)


def intent(*lines: Line, ordinal: int = 1, purpose: Purpose = Purpose.BILL) -> Intent:
    """An intent to charge lines."""
    return Intent(
        account="acme", purpose=purpose, ordinal=ordinal, on=DECEMBER, lines=lines, authorized_by="Ada Lovelace"
    )


def settled(one: Intent, on: date = DECEMBER) -> Settled:
    """Its settlement."""
    return Settled(intent=one, on=on, source="Visa ending in 1111")


class TestLines:
    """What a line accepts."""

    def test_an_amount_must_be_payable(self) -> None:
        """A line of half a cent is refused (MON-1)."""
        with pytest.raises(InvalidMoney, match="payable"):
            line("0.005")

    def test_a_line_explains_its_basis(self) -> None:
        """The explanation is that of the result the amount comes from, under the line's own name."""
        fee = monthly_fee(used=500_000_000, users=8)
        explained = line("30.00", Category.STORAGE, basis=fee, description="Storage fee").explanation()
        assert explained.figure == "Storage fee"
        assert explained.working == fee.explanation().working

    def test_a_line_of_another_amount_shows_its_basis_below(self) -> None:
        """A line whose amount is not its basis's figure has the basis as a part, and no working of its own."""
        fee = monthly_fee(used=500_000_000, users=8)
        explained = line("20.00", Category.STORAGE, basis=fee).explanation()
        assert (explained.value, explained.working) == ("20.00", "")
        assert [part.figure for part in explained.parts] == [fee.explanation().figure]

    def test_a_credit_is_the_negative_of_its_basis(self) -> None:
        """And recomputed as such (BIL-5)."""
        fee = monthly_fee(used=500_000_000, users=8)
        explained = line("-30.00", Category.STORAGE, basis=fee).explanation()
        assert (explained.value, explained.working) == ("-30.00", "-30.00")
        assert mistakes(explained) == []
        assert [part.figure for part in explained.parts] == [fee.explanation().figure]

    def test_a_line_without_basis_explains_itself_plainly(self) -> None:
        """There is always an explanation."""
        assert line("1.00").explanation().value == "1.00"

    def test_the_basis_is_not_part_of_the_identity(self) -> None:
        """A line read back from a store equals the one that was written."""
        assert line("30.00", basis=monthly_fee(used=500_000_000, users=8)) == line("30.00")


class TestIntents:
    """What is to be charged."""

    def test_the_id_is_account_purpose_and_ordinal(self) -> None:
        """The same facts always give the same identifier (BIL-4)."""
        assert intent(line("1.00"), ordinal=12).id == "acme/bill/12"

    def test_the_amount_sums_the_lines(self) -> None:
        """Credits included."""
        assert intent(line("10.00"), line("-2.50")).amount == usd("7.50")

    def test_no_lines_are_refused(self) -> None:
        """Nothing cannot be charged."""
        with pytest.raises(InvalidValue, match="at least one line"):
            intent()


class TestTransactions:
    """BIL-2: every charge is a transaction with a number, in the order of the stream."""

    def test_numbers_follow_the_order_of_settlement(self) -> None:
        """Whatever the ordinals of the intents."""
        second, first = intent(line("2.00"), ordinal=2), intent(line("1.00"), ordinal=1)
        listed = transactions([settled(second), settled(first)])
        assert [(one.trx, one.intent_id) for one in listed] == [
            ("TRX-000001", "acme/bill/2"),
            ("TRX-000002", "acme/bill/1"),
        ]

    def test_a_transaction_says_who_paid_and_who_authorized(self) -> None:
        """The source is masked."""
        one = transactions([settled(intent(line("1.00")))])[0]
        assert (one.source, one.authorized_by, one.amount) == ("Visa ending in 1111", "Ada Lovelace", usd("1.00"))

    def test_a_return_is_the_exact_negative(self) -> None:
        """Line by line, with the number of what it takes back."""
        charge = intent(line("1.00"), line("2.00", Category.STORAGE))
        taken = Returned(intent_id=charge.id, on=date(2026, 12, 9), code="R01")
        paid, back = transactions([settled(charge), taken])
        assert back.reverses == paid.number
        assert [one.amount for one in back.lines] == [usd("-1.00"), usd("-2.00")]
        assert paid.amount + back.amount == Money.zero("USD")

    def test_a_return_of_a_long_line_is_still_one(self) -> None:
        """Its words are cut, and nothing is refused for them."""
        charge = intent(line("1.00", description="x" * 200))
        back = transactions([settled(charge), Returned(intent_id=charge.id, on=DECEMBER, code="R01")])[1]
        assert back.lines[0].description == f"Return of {'x' * 189}…"

    def test_a_note_with_a_long_reason_has_lines(self) -> None:
        """As long as a text may be."""
        note = credit_note(intent(line("10.00")), 0, usd("1.00"), reason="r" * 200)
        assert [len(one.description) for one in note.lines()] == [200]

    def test_a_return_is_explained_like_what_it_takes_back(self) -> None:
        """As its negative."""
        charge = intent(line("30.00", Category.STORAGE, basis=monthly_fee(used=500_000_000, users=8)))
        taken = Returned(intent_id=charge.id, on=date(2026, 12, 9), code="R01")
        explained = transactions([settled(charge), taken])[1].lines[0].explanation()
        assert (explained.value, explained.working) == ("-30.00", "-30.00")

    def test_a_transaction_explains_its_sum(self) -> None:
        """Who paid, when, by whose authority; and each line (BIL-5)."""
        charge = intent(line("99.00"), line("-12.00"), line("30.00", Category.STORAGE))
        taken = Returned(intent_id=charge.id, on=date(2026, 12, 9), code="R01")
        paid, back = (one.explanation() for one in transactions([settled(charge), taken]))
        assert (paid.figure, paid.value, paid.working) == ("TRX-000001", "117.00", "99.00 - 12.00 + 30.00")
        assert paid.because == "Charged to Visa ending in 1111 on 2026-12-01, authorized by Ada Lovelace."
        assert (back.value, back.working) == ("-117.00", "-99.00 + 12.00 - 30.00")
        assert back.because.startswith("Takes back TRX-000001; returned to Visa ending in 1111 on 2026-12-09")
        assert [len(one.parts) for one in (paid, back)] == [3, 3]
        assert mistakes(paid) == mistakes(back) == []

    def test_nobody_authorizes_a_bill(self) -> None:
        """And none is named."""
        charge = attrs.evolve(intent(line("1.00")), authorized_by="")
        assert transactions([settled(charge)])[0].explanation().because.endswith("on 2026-12-01.")

    def test_a_category_is_explained_by_its_lines(self) -> None:
        """Those alone; there may be none."""
        (one,) = transactions([settled(intent(line("99.00"), line("30.00", Category.STORAGE)))])
        told = [one.explanation(category) for category in (None, Category.STORAGE, Category.MINUTES)]
        assert [(each.value, each.working) for each in told] == [
            ("129.00", "99.00 + 30.00"),
            ("30.00", "30.00"),
            ("0.00", "0"),
        ]
        assert [each.because.partition("Lovelace.")[2] for each in told] == [
            "",
            " Only storage counts.",
            " Only dialer minutes counts.",
        ]
        with pytest.raises(InvalidValue, match="category: must be a Category"):
            one.lines_of("storage")  # type: ignore[arg-type]

    @pytest.mark.parametrize("settlements", [0, 1])
    def test_a_return_needs_a_standing_settlement(self, settlements: int) -> None:
        """None before it, or one already returned."""
        charge = intent(line("1.00"))
        taken = Returned(intent_id=charge.id, on=DECEMBER, code="R01")
        with pytest.raises(NothingToReturn):
            transactions([*((settled(charge), taken) if settlements else ()), taken])

    def test_a_charge_settled_again_after_its_return_can_be_returned_again(self) -> None:
        """One standing settlement at a time."""
        charge = intent(line("1.00"))
        taken = Returned(intent_id=charge.id, on=DECEMBER, code="R01")
        listed = transactions([settled(charge), taken, settled(charge), taken])
        assert [one.reverses for one in listed] == [None, 1, None, 3]


class TestSelection:
    """BIL-2: the list filters by date range, both ends included, and by category."""

    LISTED = transactions(
        [
            settled(intent(line("99.00"), line("30.00", Category.STORAGE), tax("5.00", None), ordinal=1)),
            settled(intent(line("60.00", Category.MINUTES), ordinal=2), date(2026, 12, 15)),
            settled(intent(line("10.00", Category.SERVICES), ordinal=3), date(2026, 12, 31)),
        ]
    )

    @pytest.mark.parametrize(
        ("first", "last", "numbers"),
        [
            (None, None, [1, 2, 3]),
            (date(2026, 12, 1), date(2026, 12, 31), [1, 2, 3]),
            (date(2026, 12, 2), date(2026, 12, 31), [2, 3]),
            (date(2026, 12, 1), date(2026, 12, 30), [1, 2]),
            (date(2026, 12, 15), date(2026, 12, 15), [2]),
            (date(2027, 1, 1), None, []),
        ],
    )
    def test_both_ends_are_included(self, first: date | None, last: date | None, numbers: list[int]) -> None:
        """The day before the first and the day after the last are not."""
        kept = selection(self.LISTED, "USD", first=first, last=last)
        assert [one.number for one in kept.transactions] == numbers

    @pytest.mark.parametrize(
        ("category", "numbers", "amount"),
        [
            (None, [1, 2, 3], "204.00"),
            (Category.LICENSES, [1], "99.00"),
            (Category.STORAGE, [1], "30.00"),
            (Category.MINUTES, [2], "60.00"),
            (Category.SERVICES, [3], "10.00"),
        ],
    )
    def test_a_category_keeps_whole_transactions_and_totals_its_lines(
        self, category: Category | None, numbers: list[int], amount: str
    ) -> None:
        """A tax on the total is in no filter."""
        kept = selection(self.LISTED, "USD", category=category)
        assert ([one.number for one in kept.transactions], kept.amount) == (numbers, usd(amount))

    @pytest.mark.parametrize(
        ("category", "because", "working"),
        [
            (None, "The sum of 3 transactions.", "134.00 + 60.00 + 10.00"),
            (Category.STORAGE, "The sum of 1 transaction, of storage only.", "30.00"),
        ],
    )
    def test_what_is_shown_explains_its_sum(self, category: Category | None, because: str, working: str) -> None:
        """By transaction, and in each by the lines that count (BIL-5)."""
        told = selection(self.LISTED, "USD", category=category).explanation()
        assert (told.because, told.working, mistakes(told)) == (because, working, [])

    def test_nothing_shown_is_zero(self) -> None:
        """In words too."""
        told = selection((), "USD").explanation()
        assert (told.value, told.because, told.working) == ("0.00", "The sum of 0 transactions.", "0")

    def test_other_is_no_filter(self) -> None:
        """It exists so that a tax on the total has a category."""
        with pytest.raises(InvalidValue, match="must be licenses"):
            selection(self.LISTED, "USD", category=Category.OTHER)

    def test_a_range_must_not_end_before_it_begins(self) -> None:
        """An empty list would hide the slip."""
        with pytest.raises(InvalidValue, match="must not be before"):
            selection(self.LISTED, "USD", first=date(2026, 12, 2), last=date(2026, 12, 1))


class TestCreditNotes:
    """BIL-6: a note credits a part of a line with its share of the tax; all notes never exceed the charge."""

    CHARGE = intent(line("100.00"), line("50.00", Category.STORAGE), tax("7.77", 0), tax("3.33", None))

    def note(self, net: str, *, position: int = 0, earlier: tuple[CreditNote, ...] = ()) -> CreditNote:
        """A note on the charge."""
        return credit_note(self.CHARGE, position, usd(net), reason="goodwill", earlier=earlier)

    @pytest.mark.parametrize(("earlier", "accepted"), [("49.99", True), ("50.00", True), ("50.01", False)])
    def test_all_notes_never_exceed_the_line(self, earlier: str, accepted: bool) -> None:
        """To the cent."""
        before = (self.note(earlier),)
        if accepted:
            assert self.note("50.00", earlier=before).net == usd("50.00")
        else:
            with pytest.raises(CreditExceedsCharge, match=r"49\.99 USD of it is left to credit \(BIL-6\)"):
                self.note("50.00", earlier=before)

    def test_split_notes_give_back_the_whole_tax(self) -> None:
        """Three thirds give back what one note over the line does: the difference of cumulative shares."""
        notes: tuple[CreditNote, ...] = ()
        for net in ("33.33", "33.33", "33.34"):
            notes = (*notes, self.note(net, earlier=notes))
        whole = self.note("100.00")
        assert sum((one.line_tax for one in notes), Money.zero("USD")) == whole.line_tax == usd("7.77")
        assert sum((one.total_tax for one in notes), Money.zero("USD")) == whole.total_tax == usd("2.22")

    def test_notes_over_every_line_give_back_the_tax_on_the_total(self) -> None:
        """The last cent included."""
        first = self.note("100.00")
        second = self.note("50.00", position=1, earlier=(first,))
        assert first.total_tax + second.total_tax == usd("3.33")
        assert second.line_tax == Money.zero("USD")

    def test_its_taxes_explain_themselves(self) -> None:
        """The share of all notes so far, less that of those before (BIL-5)."""
        first = self.note("33.33")
        second = self.note("33.33", earlier=(first,))
        told = [one.explanation() for one in second.lines()]
        assert [mistakes(one) for one in told] == [[], [], []]
        assert told[1].parts[0].working == "round(7.77 * 66.66 / 100.00, 2) - round(7.77 * 33.33 / 100.00, 2)"
        assert told[2].parts[0].working == "round(3.33 * 66.66 / 150.00, 2) - round(3.33 * 33.33 / 150.00, 2)"
        assert told[1].parts[0].rules == ("BIL-6", "MON-1")

    @pytest.mark.parametrize(("net", "accepted"), [("59.99", True), ("60.00", True), ("60.01", False)])
    def test_all_notes_never_exceed_the_charge(self, net: str, accepted: bool) -> None:
        """Of 100.00 only 60.00 were charged, as 40.00 had been credited on the same bill."""
        charge = intent(line("100.00"), line("-40.00", kind=LineKind.CREDIT))
        if accepted:
            assert credit_note(charge, 0, usd(net), reason="goodwill").amount == usd(net)
        else:
            with pytest.raises(CreditExceedsCharge, match=r"charge acme/bill/1: 60\.00 USD of it is left to credit"):
                credit_note(charge, 0, usd(net), reason="goodwill")

    def test_taxes_count_towards_what_was_charged(self) -> None:
        """66.00 were charged; 60.00 and the tax on them, 6.00, are all of it."""
        charge = intent(line("100.00"), line("-40.00", kind=LineKind.CREDIT), tax("6.00", None))
        first = credit_note(charge, 0, usd("60.00"), reason="goodwill")
        assert first.amount == usd("66.00")
        with pytest.raises(CreditExceedsCharge, match=r"charge acme/bill/1: 0\.00 USD of it is left"):
            credit_note(charge, 0, usd("0.01"), reason="goodwill", earlier=(first,))

    @pytest.mark.parametrize(
        ("others", "net", "tax_back", "working"),
        [
            # on one bill with a credit of the same kind of line, the tax was of what was left
            ([("-50.00", LineKind.CREDIT)], "20.00", "2.00", "round(5.00 * 20.00 / 50.00, 2) - round(5.00 * 0.00"),
            # what was taxed before has no part in it, and not more than the whole tax comes back
            (
                [("-50.00", LineKind.CREDIT), ("60.00", LineKind.CARRIED)],
                "90.00",
                "5.00",
                "round(5.00 * 50.00 / 50.00, 2) - round(5.00 * 0.00",
            ),
            ([("-50.00", LineKind.CREDIT_NOTE)], "20.00", "1.00", "round(5.00 * 20.00 / 100.00, 2) - round(5.00 * "),
            # a tax on a charge of nothing: of what was charged at all
            ([("-100.00", LineKind.CREDIT)], "4.00", "0.20", "round(5.00 * 4.00 / 100.00, 2) - round(5.00 * 0.00"),
        ],
    )
    def test_a_tax_on_the_total_is_of_what_it_was_taken_of(
        self, others: list[tuple[str, LineKind]], net: str, tax_back: str, working: str
    ) -> None:
        """Credits on the same charge made it smaller; what was taxed with another charge did not."""
        lines = [line(amount, kind=kind) for amount, kind in others]
        note = credit_note(intent(line("100.00"), *lines, tax("5.00", None)), 0, usd(net), reason="goodwill")
        assert note.total_tax == usd(tax_back)
        told = note.lines()[-1].explanation().parts[0]
        assert told.working.startswith(working)
        assert mistakes(told) == []

    def test_its_tax_says_what_was_credited_before(self) -> None:
        """In words that count this note once."""
        first = self.note("20.00")
        told = self.note("30.00", earlier=(first,)).lines()[-1].explanation().parts[0]
        assert told.because == (
            "The tax on 150.00 USD was 3.33 USD; of that, 20.00 USD was credited before, and 50.00 USD with this note."
        )

    @pytest.mark.parametrize("reason", ["", "card 4111 1111 1111 1111"])
    def test_a_note_has_a_reason_without_card_numbers(self, reason: str) -> None:
        """It stands on a bill (FUN-1)."""
        with pytest.raises(InvalidValue, match="reason"):
            credit_note(self.CHARGE, 0, usd("1.00"), reason=reason)

    def test_notes_of_other_charges_are_passed_over(self) -> None:
        """Earlier notes are those of the account."""
        other = attrs.evolve(self.note("100.00"), intent_id="acme/bill/9")
        assert self.note("100.00", earlier=(other,)).net == usd("100.00")

    def test_lines_are_negative_and_keep_their_categories(self) -> None:
        """The net amount and its tax as the line; the tax on the total as other."""
        lines = self.note("100.00").lines()
        assert [(one.category, one.amount.text) for one in lines] == [
            (Category.LICENSES, "-100.00"),
            (Category.LICENSES, "-7.77"),
            (Category.OTHER, "-2.22"),
        ]
        assert {one.kind for one in lines} == {LineKind.CREDIT_NOTE}

    def test_without_tax_there_is_one_line(self) -> None:
        """No lines of zero."""
        note = credit_note(intent(line("10.00")), 0, usd("1.00"), reason="goodwill")
        assert [one.amount.text for one in note.lines()] == ["-1.00"]

    @pytest.mark.parametrize("net", ["0.00", "-0.01"])
    def test_a_note_is_above_zero(self, net: str) -> None:
        """A note of nothing is a slip."""
        with pytest.raises(InvalidValue, match="above zero"):
            self.note(net)

    @pytest.mark.parametrize("position", [2, 3])
    def test_a_tax_cannot_be_credited(self, position: int) -> None:
        """It goes with its line."""
        with pytest.raises(InvalidValue, match="charges something"):
            self.note("1.00", position=position)

    @pytest.mark.parametrize("kind", [LineKind.CARRIED, LineKind.CREDIT_NOTE])
    def test_what_was_charged_before_cannot_be_credited_here(self, kind: LineKind) -> None:
        """Neither what was carried over nor what was taken back of a credit."""
        with pytest.raises(InvalidValue, match="charges something"):
            credit_note(intent(line("5.00", kind=kind), line("5.00")), 0, usd("1.00"), reason="goodwill")

    @pytest.mark.parametrize("position", [-1, 4])
    def test_a_line_must_exist(self, position: int) -> None:
        """Positions count from zero."""
        with pytest.raises(InvalidValue, match="position"):
            self.note("1.00", position=position)

    def test_the_refusal_survives_pickling(self) -> None:
        """With its numbers."""
        refusal = CreditExceedsCharge(usd("2.00"), usd("1.00"), "PowerDialer")
        assert str(pickle.loads(pickle.dumps(refusal))) == str(refusal)  # noqa: S301
