"""Funding by example: what is refused as a card number, the seeds' two cards, windows of declines, warnings."""

import datetime
import pickle
import time
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.cycles import InvalidPeriod
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.funding import (
    MAY_NAME_A_SOURCE,
    Decline,
    Expiry,
    Funding,
    Hindrance,
    LastFundingSource,
    LastValidSource,
    LeftOut,
    PrimaryOnly,
    Source,
    SourceInUse,
    SourceKind,
    SourceNotValid,
    UnknownSource,
    WarningCode,
    add,
    attempts,
    block,
    hindrance,
    is_valid,
    make_primary,
    remove,
    replace,
    setup,
    warnings,
)
from licensebill.people import Person
from licensebill.terms import FundingTerms, Purpose, RechargeLimits

ADA = Person("Ada", "Lovelace")
#: The end of the month in which the guide's customer turns from one card to the other.
ON = date(2013, 10, 31)
AT = datetime.datetime(2013, 10, 31, 16, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
CARD_NUMBER = "4111111111111111"


def source(id: str = "visa", **changed: Any) -> Source:  # noqa: A002 - the fields' own names and types
    """The guide's Visa, ending in 1111 and expiring in November 2013, with some fields changed."""
    fields: dict[str, Any] = {
        "kind": SourceKind.CARD,
        "token": f"tok_{id}",
        "label": "Visa",
        "last_four": "1111",
        "expiry": Expiry(2013, 11),
        "holder": ADA,
    }
    return Source(id=id, **fields | changed)


VISA = source()
MASTERCARD = source("mc", label="MasterCard", last_four="4444", expiry=Expiry(2021, 12))
BANK = source("bank", kind=SourceKind.BANK_ACCOUNT, label="First Bank", last_four="6789", expiry=None)
EXPIRED = source("old", label="Amex", last_four="0005", expiry=Expiry(2013, 9))
BLOCKED = source("lost", label="Discover", last_four="9424", expiry=Expiry(2021, 12), is_blocked=True)


class TestFun1HeldAsToken:
    """A source is held as a provider's token; what could be a card number is refused and never repeated."""

    @pytest.mark.parametrize("field", ["id", "token", "label"])
    @pytest.mark.parametrize(
        "number",
        [
            CARD_NUMBER,
            "4111 1111 1111 1111",
            "4111-1111-1111-1111",
            "tok_4111111111111111",
            "card 3782 822463 10005",
            "٤١١١١١١١١١١١١١١١",
            "4111\u20131111\u20131111\u20131111",
        ],
    )
    def test_a_text_field_refuses_a_card_number(self, field: str, number: str) -> None:
        """A card number is refused in every text field, however it is written, and not one of its groups is shown."""
        with pytest.raises(InvalidValue) as refused:
            source(**{field: number}) if field != "id" else source(number)
        assert refused.value.place == field
        assert not any(character.isdigit() for character in str(refused.value) + repr(refused.value))

    @pytest.mark.parametrize("names", [(CARD_NUMBER, "Lovelace"), ("Ada", CARD_NUMBER)])
    def test_a_name_refuses_a_card_number(self, names: tuple[str, str]) -> None:
        """A card number typed into the field of a name is refused and not shown."""
        with pytest.raises(InvalidValue) as refused:
            source(holder=Person(*names))
        assert "4111" not in str(refused.value)

    @pytest.mark.parametrize("label", ["Visa 411111111111", "Visa 4111-1111 1111"])
    def test_a_card_number_spread_over_label_and_last_four_is_refused(self, label: str) -> None:
        """A number in two parts is one as soon as they are shown side by side."""
        with pytest.raises(InvalidValue, match="could be a card number") as refused:
            source(label=label)
        assert refused.value.place == "label"
        assert "1111" not in str(refused.value)

    @pytest.mark.parametrize("token", ["4", "123456789", "12-34 56", "４１１１", "4111_1111"])
    def test_a_token_without_letters_is_refused(self, token: str) -> None:
        """A token of digits could be an account number, whatever its length."""
        with pytest.raises(InvalidValue, match="letters") as refused:
            source(token=token)
        assert refused.value.place == "token"
        assert not any(character.isdigit() for character in str(refused.value))

    @pytest.mark.parametrize("token", [4111111111111111, 42, b"tok", None, "", " ", " tok", "tok\n", "t" * 256])
    def test_a_token_is_a_text_of_bounded_length(self, token: Any) -> None:
        """Anything else is refused without being shown."""
        with pytest.raises(InvalidValue) as refused:
            source(token=token)
        assert refused.value.place == "token"
        assert "4" not in str(refused.value)

    @pytest.mark.parametrize("token", ["t", "t" * 255, "pm_1N3T00LkdIwHu7ixt44h1F8k"])
    def test_providers_tokens_are_accepted(self, token: str) -> None:
        """Up to 255 characters, as providers make them."""
        assert source(token=token).token == token

    @pytest.mark.parametrize(
        "digits", ["", "111", "11111", "11a1", " 111", "１１１１", "-111", "1.11", "111\n", 1111, None, CARD_NUMBER]
    )
    def test_last_four_are_exactly_four_digits(self, digits: Any) -> None:
        """Four ASCII digits as a text, nothing else, and what was given instead is not shown."""
        with pytest.raises(InvalidValue) as refused:
            source(last_four=digits)
        assert str(refused.value) == "last_four: must be a text of exactly 4 digits"

    def test_last_four_may_begin_with_zeros(self) -> None:
        """They are a text, no number."""
        assert source(last_four="0007").masked == "Visa ending in 0007"

    def test_the_token_is_never_shown(self) -> None:
        """Neither str nor repr nor a message about the source contains the token, on its own or within the funding."""
        funding = Funding((VISA, BANK))
        for shown in (
            str(VISA),
            repr(VISA),
            repr(funding),
            f"{VISA}",
            repr(attempts(funding, purpose=Purpose.BILL, on=ON)),
        ):
            assert "tok_" not in shown
        assert str(VISA) == VISA.masked == "Visa ending in 1111"

    def test_a_card_expires_and_a_bank_account_does_not(self) -> None:
        """Expiry is stated for a card and only for a card."""
        with pytest.raises(InvalidValue, match="only for a card"):
            source(expiry=None)
        with pytest.raises(InvalidValue, match="only for a card"):
            source(kind=SourceKind.BANK_ACCOUNT)

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("kind", "card"),
            ("label", ""),
            ("expiry", "2013-11"),
            ("expiry", (2013, 11)),
            ("holder", "Ada Lovelace"),
            ("is_blocked", 1),
        ],
    )
    def test_fields_of_other_types_are_refused(self, field: str, value: Any) -> None:
        """Each field names itself when it holds something else."""
        with pytest.raises(InvalidValue) as refused:
            source(**{field: value})
        assert refused.value.place == field

    def test_a_source_survives_pickling(self) -> None:
        """Worker processes get it whole, with its token."""
        assert pickle.loads(pickle.dumps(VISA)) == VISA  # noqa: S301 - our own


class TestFun5Expiry:
    """A card is valid through the last day of its expiry month, in the account's own calendar."""

    @pytest.mark.parametrize(
        ("expiry", "last_day"),
        [
            ((2013, 11), date(2013, 11, 30)),
            ((2021, 12), date(2021, 12, 31)),
            ((2023, 2), date(2023, 2, 28)),
            ((2024, 2), date(2024, 2, 29)),
            ((2100, 2), date(2100, 2, 28)),
            ((2000, 1), date(2000, 1, 31)),
        ],
    )
    def test_valid_through_the_last_day(self, expiry: tuple[int, int], last_day: date) -> None:
        """Valid the day before the last day and on it, not on the day after."""
        card = source(expiry=Expiry(*expiry))
        assert card.last_day == last_day
        assert str(card.expiry) == f"{last_day:%Y-%m}"
        validity = [is_valid(card, last_day + timedelta(days)) for days in (-1, 0, 1)]
        assert validity == [True, True, False]

    def test_the_last_month_of_the_calendar(self) -> None:
        """No month is too late to have a last day."""
        assert source(expiry=Expiry(9999, 12)).last_day == date.max

    @pytest.mark.parametrize(
        ("year", "month", "place"),
        [(1999, 1, "year"), (13, 1, "year"), (10_000, 1, "year"), (2013, 0, "month"), (2013, 13, "month")],
    )
    def test_no_such_month(self, year: int, month: int, place: str) -> None:
        """Two-digit years and months beyond the year are refused."""
        with pytest.raises(InvalidValue) as refused:
            Expiry(year, month)
        assert refused.value.place == place

    def test_a_bank_account_does_not_expire(self) -> None:
        """It is valid until it is blocked."""
        assert is_valid(BANK, date.max)
        assert BANK.last_day is None

    def test_hindrances_are_told_apart(self) -> None:
        """A block is named before an expiry, as only a replacement ends it."""
        assert hindrance(VISA, ON) is None
        assert hindrance(EXPIRED, ON) is Hindrance.EXPIRED
        assert hindrance(attrs.evolve(EXPIRED, is_blocked=True), ON) is Hindrance.BLOCKED

    def test_what_is_no_source_or_no_day_is_refused(self) -> None:
        """A datetime is no calendar day; nobody knows in which zone."""
        with pytest.raises(InvalidValue):
            is_valid(cast("Any", "visa"), ON)
        with pytest.raises(InvalidValue):
            is_valid(VISA, AT)


class TestFun2NeverWithoutASource:
    """No change leaves no source, or takes away the last valid one."""

    def test_set_up_begins_with_a_valid_source(self) -> None:
        """The first source is the primary; an invalid one begins nothing."""
        assert setup(VISA, on=ON) == Funding((VISA,))
        with pytest.raises(SourceNotValid):
            setup(EXPIRED, on=ON)

    def test_a_source_is_added_after_the_others(self) -> None:
        """The order of adding is the order of rank."""
        assert add(Funding((VISA, BANK)), MASTERCARD, on=ON) == Funding((VISA, BANK, MASTERCARD))

    @pytest.mark.parametrize(
        ("added", "message"),
        [
            (
                EXPIRED,
                "cannot use Amex ending in 0005 on 2013-10-31: it is expired, its last day was 2013-09-30; a source "
                "that is added, replaces another or becomes primary must be valid (FUN-2)",
            ),
            (
                BLOCKED,
                "cannot use Discover ending in 9424 on 2013-10-31: it is blocked until it is replaced; a source that "
                "is added, replaces another or becomes primary must be valid (FUN-2)",
            ),
        ],
    )
    def test_an_invalid_source_is_not_added(self, added: Source, message: str) -> None:
        """The refusal says why it is invalid, masked."""
        with pytest.raises(SourceNotValid) as refused:
            add(Funding((VISA,)), added, on=ON)
        assert str(refused.value) == message

    def test_an_id_is_not_added_twice(self) -> None:
        """Two sources of one id could not be told apart."""
        with pytest.raises(InvalidValue, match="names the source 'visa' twice"):
            add(Funding((VISA,)), source(token="tok_other"), on=ON)

    def test_a_token_is_not_added_twice(self) -> None:
        """One card under two ids would be tried twice, and is no second source; its token is not shown."""
        with pytest.raises(InvalidValue, match="one token under two ids") as refused:
            add(Funding((VISA,)), source("again", token=VISA.token), on=ON)
        assert VISA.token not in str(refused.value)

    def test_there_is_no_funding_without_sources(self) -> None:
        """Not by building it either."""
        with pytest.raises(InvalidValue, match="at least one"):
            Funding(())
        with pytest.raises(InvalidValue):
            Funding(cast("Any", [VISA]))
        with pytest.raises(InvalidValue):
            Funding(cast("Any", ("visa",)))

    @pytest.mark.parametrize("only", [VISA, EXPIRED, BLOCKED])
    def test_the_only_source_stays(self, only: Source) -> None:
        """Valid or not: an alternative must be entered first."""
        with pytest.raises(LastFundingSource) as refused:
            remove(Funding((only,)), only.id, on=ON, in_use=())
        assert refused.value.source == only.masked

    @pytest.mark.parametrize("others", [(EXPIRED,), (BLOCKED,), (EXPIRED, BLOCKED)])
    def test_the_last_valid_source_stays(self, others: tuple[Source, ...]) -> None:
        """Sources that cannot be charged are no alternative."""
        with pytest.raises(LastValidSource) as refused:
            remove(Funding((*others, VISA)), "visa", on=ON, in_use=())
        assert (refused.value.source, refused.value.on) == (VISA.masked, ON)

    @pytest.mark.parametrize("other", [VISA, BLOCKED])
    def test_an_invalid_source_may_go_while_any_other_is_there(self, other: Source) -> None:
        """Whether that other one is valid does not matter."""
        assert remove(Funding((EXPIRED, other)), "old", on=ON, in_use=()) == Funding((other,))

    @pytest.mark.parametrize(
        ("day", "goes"), [(date(2013, 11, 29), False), (date(2013, 11, 30), False), (date(2013, 12, 1), True)]
    )
    def test_the_day_decides(self, day: date, goes: bool) -> None:
        """Beside a blocked source the Visa stays through its last day, and may go the day after."""
        funding = Funding((VISA, BLOCKED))
        if goes:
            assert remove(funding, "visa", on=day, in_use=()) == Funding((BLOCKED,))
        else:
            with pytest.raises(LastValidSource):
                remove(funding, "visa", on=day, in_use=())

    def test_a_source_in_use_stays(self) -> None:
        """An open charge may still try it; others may go."""
        funding = Funding((VISA, BANK, MASTERCARD))
        with pytest.raises(SourceInUse) as refused:
            remove(funding, "bank", on=ON, in_use=["mc", "bank"])
        assert refused.value.source == BANK.masked
        assert remove(funding, "bank", on=ON, in_use={"mc", "gone"}) == Funding((VISA, MASTERCARD))

    @pytest.mark.parametrize("in_use", ["bank", "the bank account", [1], None, iter(["bank"])])
    def test_what_is_in_use_is_a_collection_of_ids(self, in_use: Any) -> None:
        """A single text is refused: "card-1" would be found in "card-10"."""
        with pytest.raises(InvalidValue) as refused:
            remove(Funding((VISA, BANK)), "visa", on=ON, in_use=in_use)
        assert refused.value.place == "in_use"

    def test_a_decline_may_block_even_the_last_valid_source(self) -> None:
        """That is a fact, no change that could be refused."""
        blocked = block(Funding((VISA,)), "visa")
        assert blocked.valid(ON) == ()
        assert blocked.primary == attrs.evolve(VISA, is_blocked=True)


class TestFun3Primary:
    """Exactly one source is primary, the first."""

    def test_the_guides_two_cards(self) -> None:
        """The MasterCard takes the first place at once and the Visa the second."""
        swapped = make_primary(Funding((VISA, MASTERCARD)), "mc", on=ON)
        assert (swapped.primary, swapped.others) == (MASTERCARD, (VISA,))

    def test_only_the_two_change_places(self) -> None:
        """What stands between them or after them stays."""
        funding = Funding((VISA, BANK, MASTERCARD, EXPIRED))
        assert make_primary(funding, "mc", on=ON).sources == (MASTERCARD, BANK, VISA, EXPIRED)

    def test_the_primary_itself_stays(self) -> None:
        """Asking twice does no harm."""
        assert make_primary(Funding((VISA, BANK)), "visa", on=ON) == Funding((VISA, BANK))

    def test_an_invalid_primary_may_step_back(self) -> None:
        """Only the new primary has to be valid."""
        assert make_primary(Funding((EXPIRED, VISA)), "visa", on=ON).sources == (VISA, EXPIRED)

    @pytest.mark.parametrize("funding", [Funding((VISA, EXPIRED)), Funding((EXPIRED, VISA))])
    def test_an_invalid_source_is_not_made_primary(self, funding: Funding) -> None:
        """Not even if it is there already."""
        with pytest.raises(SourceNotValid):
            make_primary(funding, "old", on=ON)

    @pytest.mark.parametrize(
        ("rest", "left"),
        [
            ((BANK, MASTERCARD), (BANK, MASTERCARD)),
            ((EXPIRED, BLOCKED, BANK, MASTERCARD), (BANK, EXPIRED, BLOCKED, MASTERCARD)),
        ],
    )
    def test_removing_the_primary_promotes_the_first_valid(
        self, rest: tuple[Source, ...], left: tuple[Source, ...]
    ) -> None:
        """The others keep their order behind it."""
        assert remove(Funding((VISA, *rest)), "visa", on=ON, in_use=()).sources == left

    def test_removing_another_promotes_nothing(self) -> None:
        """An invalid primary stays primary when a secondary source goes."""
        assert remove(Funding((EXPIRED, VISA, BANK)), "bank", on=ON, in_use=()).sources == (EXPIRED, VISA)

    def test_removing_an_invalid_primary_with_none_valid(self) -> None:
        """The next in order moves up, valid or not."""
        assert remove(Funding((EXPIRED, BLOCKED)), "old", on=ON, in_use=()).primary == BLOCKED

    def test_replacing_keeps_the_rank(self) -> None:
        """A renewed card takes the place of the old one."""
        renewed = source("old", token="tok_renewed", last_four="0013", expiry=Expiry(2018, 9))
        assert replace(Funding((VISA, EXPIRED, BANK)), renewed, on=ON).sources == (VISA, renewed, BANK)

    @pytest.mark.parametrize("changed", [{"token": "tok_new"}, {"expiry": Expiry(2022, 1)}])
    def test_replacing_clears_a_block(self, changed: dict[str, Any]) -> None:
        """A new token, or a new expiry of the same token as card updaters report it."""
        new = attrs.evolve(BLOCKED, is_blocked=False, **changed)
        assert replace(Funding((BLOCKED,)), new, on=ON) == Funding((new,))

    def test_a_blocked_source_does_not_replace_itself(self) -> None:
        """The same token with the same expiry is what was declined; a new label changes nothing."""
        with pytest.raises(SourceNotValid, match="blocked"):
            replace(Funding((BLOCKED, VISA)), attrs.evolve(BLOCKED, is_blocked=False, label="Card"), on=ON)

    def test_the_holder_of_a_valid_source_may_be_corrected(self) -> None:
        """The same token may come with another name."""
        corrected = attrs.evolve(VISA, holder=Person("Augusta", "King"))
        assert replace(Funding((VISA,)), corrected, on=ON).primary.holder == Person("Augusta", "King")

    @pytest.mark.parametrize("new", [attrs.evolve(VISA, expiry=Expiry(2013, 9)), attrs.evolve(VISA, is_blocked=True)])
    def test_an_invalid_source_replaces_none(self, new: Source) -> None:
        """It could be the last valid one that it took away."""
        with pytest.raises(SourceNotValid):
            replace(Funding((VISA,)), new, on=ON)

    def test_a_card_does_not_replace_a_bank_account(self) -> None:
        """Another kind is another source."""
        with pytest.raises(InvalidValue, match=r"must be a bank account \(ACH\) like the one"):
            replace(Funding((BANK,)), attrs.evolve(VISA, id="bank"), on=ON)

    def test_a_token_of_another_source_replaces_none(self) -> None:
        """Replacing cannot bring one card under two ids either."""
        with pytest.raises(InvalidValue, match="one token under two ids"):
            replace(Funding((VISA, BANK)), attrs.evolve(MASTERCARD, id="visa", token=BANK.token), on=ON)

    def test_a_block_is_for_the_token_that_was_declined(self) -> None:
        """A source replaced while its decline was on the way stays as it is."""
        funding = Funding((VISA, BANK))
        assert block(funding, "visa", token="tok_former") == funding
        assert block(funding, "visa", token=VISA.token).primary.is_blocked
        assert block(funding, "bank").sources == (VISA, attrs.evolve(BANK, is_blocked=True))

    @pytest.mark.parametrize(
        "change",
        [
            lambda funding: remove(funding, "none", on=ON, in_use=()),
            lambda funding: replace(funding, source("none"), on=ON),
            lambda funding: make_primary(funding, "none", on=ON),
            lambda funding: block(funding, "none"),
            lambda funding: attempts(funding, purpose=Purpose.MINUTES, named="none", on=ON),
            lambda funding: funding.source("none"),
            lambda funding: funding.source(CARD_NUMBER),
        ],
    )
    def test_an_unknown_source_is_named_by_what_is_known(self, change: Callable[[Funding], object]) -> None:
        """The refusal lists the ids there are and never the one that was asked for."""
        with pytest.raises(UnknownSource) as refused:
            change(Funding((VISA, BANK)))
        assert str(refused.value) == "source: must be one of visa, bank"

    @pytest.mark.parametrize(
        "change",
        [
            lambda: add(cast("Any", None), VISA, on=ON),
            lambda: add(Funding((VISA,)), cast("Any", None), on=ON),
            lambda: remove(cast("Any", None), "visa", on=ON, in_use=()),
            lambda: replace(cast("Any", None), VISA, on=ON),
            lambda: replace(Funding((VISA,)), cast("Any", "visa"), on=ON),
            lambda: make_primary(cast("Any", (VISA,)), "visa", on=ON),
            lambda: block(cast("Any", None), "visa"),
            lambda: warnings(cast("Any", None), on=ON),
            lambda: warnings(Funding((VISA,)), on=ON, terms=cast("Any", 30)),
            lambda: attempts(cast("Any", None), purpose=Purpose.BILL, on=ON),
            lambda: attempts(Funding((VISA,)), purpose=cast("Any", "bill"), on=ON),
            lambda: attempts(Funding((VISA,)), purpose=Purpose.BILL, on=cast("Any", AT)),
            lambda: attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, limits=cast("Any", 7)),
            lambda: attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=cast("Any", 7)),
            lambda: attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=[cast("Any", AT)], at=AT),
            lambda: attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, at=AT.replace(tzinfo=None)),
        ],
    )
    def test_arguments_of_other_types_are_refused(self, change: Callable[[], object]) -> None:
        """A wrong argument is a clear error, never a wrong answer."""
        with pytest.raises(InvalidValue):
            change()


def test_fun_6_two_sources_take_turns() -> None:
    """Made primary in turn at each month's end, Visa and MasterCard pay every other monthly bill."""
    funding, paid = Funding((VISA, MASTERCARD)), []
    for month in (6, 7, 8, 9, 10):
        bill = attempts(funding, purpose=Purpose.BILL, on=date(2013, month, 1))
        paid.append(bill.order[0].label)
        funding = make_primary(funding, funding.others[0].id, on=date(2013, month, 30))
    assert paid == ["Visa", "MasterCard", "Visa", "MasterCard", "Visa"]


class TestFun4Order:
    """The named source if any, the primary, the others in order; what is not valid is left out."""

    @pytest.mark.parametrize("purpose", Purpose)
    def test_the_order_of_rank_without_a_name(self, purpose: Purpose) -> None:
        """Whatever the charge is for, the primary comes first and the others only after it."""
        order = attempts(Funding((BANK, VISA, MASTERCARD)), purpose=purpose, on=ON).order
        assert order == (BANK, VISA, MASTERCARD)

    @pytest.mark.parametrize("purpose", [Purpose.MINUTES, Purpose.RECHARGE, Purpose.SERVICE])
    @pytest.mark.parametrize(
        ("named", "order"),
        [("visa", (VISA, BANK, MASTERCARD)), ("mc", (MASTERCARD, VISA, BANK)), ("bank", (BANK, VISA, MASTERCARD))],
    )
    def test_a_named_source_comes_first(self, purpose: Purpose, named: str, order: tuple[Source, ...]) -> None:
        """The primary follows it, then the others; nothing is tried twice."""
        assert attempts(Funding((VISA, BANK, MASTERCARD)), purpose=purpose, named=named, on=ON).order == order

    @pytest.mark.parametrize(
        ("purpose", "charged"), [(Purpose.BILL, "the monthly bill"), (Purpose.LICENSES, "licenses")]
    )
    @pytest.mark.parametrize("named", ["visa", "bank", "none"])
    def test_no_source_is_named_for_bills_and_licenses(self, purpose: Purpose, charged: str, named: str) -> None:
        """Not even the primary itself."""
        assert purpose not in MAY_NAME_A_SOURCE
        with pytest.raises(PrimaryOnly) as refused:
            attempts(Funding((VISA, BANK)), purpose=purpose, named=named, on=ON)
        assert refused.value.charged == charged

    def test_what_is_not_valid_is_left_out(self) -> None:
        """The named source and the primary are no exceptions."""
        funding = Funding((EXPIRED, BLOCKED, VISA))
        found = attempts(funding, purpose=Purpose.MINUTES, named="lost", on=ON)
        assert found.order == (VISA,)
        assert found.left_out == (
            LeftOut(source=BLOCKED, hindrance=Hindrance.BLOCKED),
            LeftOut(source=EXPIRED, hindrance=Hindrance.EXPIRED),
        )
        assert found.next_possible is None

    def test_there_may_be_nothing_to_try(self) -> None:
        """That is no error: the charge waits."""
        found = attempts(Funding((EXPIRED,)), purpose=Purpose.BILL, on=ON)
        assert found.order == ()
        assert found.explanation().value == "no source"

    def test_the_explanation_gives_the_reason_of_every_place(self) -> None:
        """Named, primary, next; blocked, expired, declined: each source says why it stands where it does."""
        funding = Funding((VISA, BANK, EXPIRED, MASTERCARD, BLOCKED))
        declines = [Decline("mc", AT - timedelta(hours=4)), Decline("mc", AT - timedelta(days=30))]
        third = source("third", label="JCB", last_four="0505")
        funding = add(funding, third, on=ON)
        found = attempts(funding, purpose=Purpose.RECHARGE, named="bank", on=ON, declines=declines, at=AT)
        assert found.explanation().as_text() == (
            "order of attempts for an automatic recharge: First Bank ending in 6789, then Visa ending in 1111, then "
            "JCB ending in 0505 [FUN-4]\n"
            "  A source named for it comes first, then the primary, then the others in order; what is not valid, or "
            "was declined too often lately, is left out.\n"
            "  day: 2013-10-31\n"
            "  First Bank ending in 6789: attempt 1 [FUN-4]\n"
            "    It is named for an automatic recharge.\n"
            "  Visa ending in 1111: attempt 2 [FUN-4]\n"
            "    It is the primary.\n"
            "  JCB ending in 0505: attempt 3 [FUN-4]\n"
            "    It serves if a problem occurs with those before it.\n"
            "  Amex ending in 0005: left out [FUN-4, FUN-5]\n"
            "    It is expired, its last day was 2013-09-30.\n"
            "  MasterCard ending in 4444: left out [FUN-4, MIN-12]\n"
            "    It was declined too often lately: allowed are 7 declines in 30 days and 1 in 24 hours. It may be "
            "tried again from 2013-11-01T12:00:00+00:00.\n"
            "    declined: 2013-10-31T12:00:00+00:00\n"
            "  Discover ending in 9424: left out [FUN-4, FUN-2]\n"
            "    It is blocked until it is replaced."
        )


class TestMin12DeclineLimits:
    """A source declined once in 24 hours or seven times in 30 days is left out until the window has passed."""

    @pytest.mark.parametrize(
        ("ago", "is_tried"),
        [
            (timedelta(days=1) + MICROSECOND, True),
            (timedelta(days=1), True),
            (timedelta(days=1) - MICROSECOND, False),
            (timedelta(0), False),
            (-timedelta(hours=5), False),
        ],
    )
    def test_one_in_24_hours(self, ago: timedelta, is_tried: bool) -> None:
        """Exactly 24 hours later it may be tried again; a decline from the future counts, as clocks differ."""
        found = attempts(
            Funding((VISA, BANK)), purpose=Purpose.BILL, on=ON, declines=[Decline("visa", AT - ago)], at=AT
        )
        assert (VISA in found.order) is is_tried
        assert found.order[-1] == BANK
        assert found.next_possible == (None if is_tried else AT - ago + timedelta(days=1))

    @pytest.mark.parametrize(
        ("oldest", "is_tried"),
        [
            (timedelta(days=30) + MICROSECOND, True),
            (timedelta(days=30), True),
            (timedelta(days=30) - MICROSECOND, False),
        ],
    )
    def test_seven_in_30_days(self, oldest: timedelta, is_tried: bool) -> None:
        """The seventh decline back decides: once it is 30 days old, the source may be tried again."""
        agos = [timedelta(days=day) for day in (3, 6, 9, 12, 15, 18)] + [oldest]
        declines = [Decline("visa", AT - ago) for ago in agos]
        found = attempts(Funding((VISA, BANK)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT)
        assert (VISA in found.order) is is_tried
        assert found.next_possible == (None if is_tried else AT - oldest + timedelta(days=30))

    @pytest.mark.parametrize(("count", "is_tried"), [(6, True), (7, False), (8, False)])
    def test_six_seven_eight(self, count: int, is_tried: bool) -> None:
        """The seventh decline is the last one allowed."""
        declines = [Decline("visa", AT - timedelta(days=2 + number)) for number in range(count)]
        found = attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT)
        assert bool(found.order) is is_tried

    def test_the_later_limit_says_until_when(self) -> None:
        """Seven declines, the last an hour ago: a day's wait is not enough."""
        declines = [Decline("visa", AT - timedelta(hours=1, days=number)) for number in range(7)]
        (left,) = attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT).left_out
        assert left.until == AT - timedelta(hours=1, days=6) + timedelta(days=30)
        assert left.declines == tuple(decline.at for decline in declines)

    def test_only_the_declines_of_the_window_are_shown(self) -> None:
        """What is 30 days old does not count any more, and is not given as a reason."""
        agos = [timedelta(days=30), timedelta(days=30) - MICROSECOND, timedelta(hours=1), timedelta(days=400)]
        declines = [Decline("visa", AT - ago) for ago in agos]
        (left,) = attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT).left_out
        assert left.declines == (AT - timedelta(hours=1), AT - timedelta(days=30) + MICROSECOND)

    def test_the_next_possible_instant_is_the_earliest(self) -> None:
        """A charge that waits is taken up when the first of its sources may be tried again."""
        declines = [Decline("bank", AT - timedelta(hours=20)), Decline("visa", AT - timedelta(hours=10))]
        found = attempts(Funding((VISA, BANK)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT)
        assert found.order == ()
        assert found.next_possible == AT + timedelta(hours=4)

    def test_each_source_is_counted_by_itself(self) -> None:
        """Declines of one source, or of one that is gone, leave the others alone."""
        declines = [Decline("visa", AT), Decline("gone", AT)]
        found = attempts(Funding((VISA, BANK)), purpose=Purpose.BILL, on=ON, declines=declines, at=AT)
        assert found.order == (BANK,)

    def test_24_hours_are_no_calendar_day(self) -> None:
        """On the night the clocks go forward, the same time of day is an hour too early."""
        new_york = ZoneInfo("America/New_York")
        declined = datetime.datetime(2026, 3, 7, 12, tzinfo=new_york)
        for hour, is_tried in ((12, False), (13, True)):
            at = datetime.datetime(2026, 3, 8, hour, tzinfo=new_york)
            found = attempts(
                Funding((BANK,)), purpose=Purpose.BILL, on=at.date(), declines=[Decline("bank", declined)], at=at
            )
            assert bool(found.order) is is_tried

    def test_other_limits(self) -> None:
        """Two in 24 hours and three in two days, as terms may have it."""
        limits = RechargeLimits(declines=3, decline_days=2, declines_per_day=2)
        declines = [Decline("visa", AT - timedelta(hours=hours)) for hours in (1, 30, 40)]
        for count, is_tried in ((1, True), (2, True), (3, False)):
            found = attempts(
                Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=declines[:count], at=AT, limits=limits
            )
            assert bool(found.order) is is_tried
        again = [Decline("visa", AT - timedelta(hours=hours)) for hours in (1, 2)]
        found = attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=again, at=AT, limits=limits)
        assert found.next_possible == AT + timedelta(hours=22)

    def test_an_invalid_source_is_left_out_for_that(self) -> None:
        """That its declines pass does not help a blocked source."""
        found = attempts(Funding((BLOCKED,)), purpose=Purpose.BILL, on=ON, declines=[Decline("lost", AT)], at=AT)
        assert found.left_out[0].hindrance is Hindrance.BLOCKED
        assert found.next_possible is None

    def test_declines_need_an_instant(self) -> None:
        """Without one nobody can say whether they still count; without declines none is needed."""
        with pytest.raises(InvalidValue) as refused:
            attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=[Decline("visa", AT)])
        assert refused.value.place == "at"
        assert attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, at=AT).order == (VISA,)

    def test_a_window_beyond_the_calendar(self) -> None:
        """A limit that would outlast the calendar is an error of the terms, told as such."""
        limits = RechargeLimits(declines=1, decline_days=10**12)
        with pytest.raises(InvalidPeriod, match="outside the calendar"):
            attempts(
                Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=[Decline("visa", AT)], at=AT, limits=limits
            )

    @pytest.mark.parametrize(("source_id", "at"), [("visa", AT.replace(tzinfo=None)), (CARD_NUMBER, AT), ("", AT)])
    def test_a_decline_names_a_source_and_an_instant(self, source_id: str, at: datetime.datetime) -> None:
        """A time without a zone is no instant, and a card number is no id."""
        with pytest.raises(InvalidValue):
            Decline(source_id, at)


class TestFun10Warnings:
    """None valid; each that is blocked, expired or expires within 30 days; no second source."""

    @pytest.mark.parametrize(
        ("on", "text"),
        [
            (date(2013, 10, 30), None),
            (date(2013, 10, 31), "Visa ending in 1111 expires in 30 days, after 2013-11-30; replace it in time."),
            (date(2013, 11, 1), "Visa ending in 1111 expires in 29 days, after 2013-11-30; replace it in time."),
            (date(2013, 11, 29), "Visa ending in 1111 expires in 1 day, after 2013-11-30; replace it in time."),
            (date(2013, 11, 30), "Visa ending in 1111 expires today; replace it in time."),
            (date(2013, 12, 1), "Visa ending in 1111 is expired, its last day was 2013-11-30; replace it."),
        ],
    )
    def test_expiry_within_30_days(self, on: date, text: str | None) -> None:
        """From 30 days before the last day to the last day itself; afterwards it has expired."""
        found = warnings(Funding((VISA, BANK)), on=on)
        assert [warning.text for warning in found] == [text] * (text is not None)

    @pytest.mark.parametrize(("days", "is_warned"), [(0, False), (29, False), (30, True), (31, True)])
    def test_the_number_of_days_is_a_policy(self, days: int, is_warned: bool) -> None:
        """Thirty days before the last day, terms of fewer days do not warn yet."""
        assert bool(warnings(Funding((VISA, BANK)), on=ON, terms=FundingTerms(expiry_warning_days=days))) is is_warned

    def test_codes_sources_and_days_are_for_programs(self) -> None:
        """The gravest first, then source by source in order of rank, then what concerns them all."""
        funding = Funding((VISA, EXPIRED, BLOCKED, BANK, MASTERCARD))
        found = [(warning.code, warning.source, warning.days_left) for warning in warnings(funding, on=ON)]
        assert found == [
            (WarningCode.EXPIRES_SOON, VISA, 30),
            (WarningCode.EXPIRED, EXPIRED, None),
            (WarningCode.BLOCKED, BLOCKED, None),
        ]

    def test_none_valid_and_no_second(self) -> None:
        """A single expired source is all three warnings at once, each with its words."""
        assert [(warning.code.value, str(warning)) for warning in warnings(Funding((EXPIRED,)), on=ON)] == [
            ("none_valid", "No funding source is valid; nothing can be charged until one is added or replaced."),
            ("expired", "Amex ending in 0005 is expired, its last day was 2013-09-30; replace it."),
            ("no_second_source", "There is no second funding source; add one to be charged if the first is declined."),
        ]

    def test_a_blocked_source(self) -> None:
        """The warning says what ends the block."""
        (found,) = warnings(Funding((BANK, BLOCKED)), on=ON)
        assert str(found) == "Discover ending in 9424 is blocked until it is replaced; replace it."

    def test_all_is_well(self) -> None:
        """Two valid sources that last: nothing to see to."""
        assert warnings(Funding((MASTERCARD, BANK)), on=ON) == ()


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            LastFundingSource("Visa ending in 1111"),
            "last_funding_source",
            "cannot remove Visa ending in 1111: it is the only funding source; add another one first (FUN-2)",
        ),
        (
            LastValidSource("Visa ending in 1111", ON),
            "last_valid_source",
            "cannot remove Visa ending in 1111: on 2013-10-31 no other funding source is valid; add a valid one, or "
            "replace an invalid one, first (FUN-2)",
        ),
        (
            SourceInUse("Visa ending in 1111"),
            "source_in_use",
            "cannot remove Visa ending in 1111: an open charge uses it; wait until the charge is settled (FUN-2)",
        ),
        (
            PrimaryOnly("licenses"),
            "primary_only",
            "cannot name a source for licenses: the primary is charged, and the others serve only if a problem occurs "
            "with it; make the other source primary first (FUN-4)",
        ),
        (
            SourceNotValid("Visa ending in 1111", "blocked", ON),
            "source_not_valid",
            "cannot use Visa ending in 1111 on 2013-10-31: it is blocked; a source that is added, replaces another or "
            "becomes primary must be valid (FUN-2)",
        ),
    ],
)
def test_refusals_say_what_why_and_what_would_do(error: RuleViolation, code: str, message: str) -> None:
    """Each has its code and its message, and crosses process boundaries with both."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (error.code, str(error)) == (code, message)
    assert (type(again), again.args, str(again)) == (type(error), error.args, message)
    assert error.rule in message


def test_of_many_sources_some_are_named() -> None:
    """An error can be read."""
    many = Funding(tuple(source(f"s{number}") for number in range(22)))
    with pytest.raises(UnknownSource, match=r"s18, s19 and 2 more$"):
        many.source("none")


def test_an_unknown_source_has_a_code_of_its_own() -> None:
    """Programs tell it from other wrong values."""
    assert UnknownSource.code == "unknown_source"


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="the system's zone cannot be set here")
def test_declines_are_told_in_utc_wherever_the_process_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    """The system's own time zone has no say."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "America/New_York")
        time.tzset()
        found = attempts(Funding((VISA,)), purpose=Purpose.BILL, on=ON, declines=[Decline("visa", AT)], at=AT)
    time.tzset()
    (left,) = found.left_out
    assert [at.isoformat() for at in left.declines] == ["2013-10-31T16:00:00+00:00"]
