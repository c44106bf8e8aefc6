"""The worked examples of the two help pages, and the five questions of customers, each answered from one call."""

from datetime import date, timedelta

import pytest

from licensebill import funding, licenses, minutes, ports, storage
from licensebill.accounts import apply
from licensebill.bills import monthly_bill
from licensebill.changes import SetTotal
from licensebill.cycles import cycle_of
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.licenses import BelowFloor, Licenses
from licensebill.minutes import FAQ, GUIDE, GUIDE_EXAMPLE, UsageHistory
from licensebill.money import Money
from licensebill.people import Action, User
from licensebill.ports import Feature
from licensebill.terms import STANDARD_CATALOG, Purpose
from tests.examples import ACCEPTED, ADA, BOSS, account, contract, reading, usd


class TestStorage:
    """The guide's eight users."""

    def test_eight_users_have_400_megabytes(self) -> None:
        """250 for the first five and 50 for each of three more."""
        assert storage.allowance(8).bytes == 400_000_000

    @pytest.mark.parametrize(
        ("used", "fee"),
        [
            (400_000_000, "0.00"),
            (400_000_001, "30.00"),
            (500_000_000, "30.00"),
            (1_000_000_000, "30.00"),
            (1_000_000_001, "60.00"),
            (1_200_000_000, "60.00"),
            (2_000_000_000, "60.00"),
            (2_000_000_001, "90.00"),
        ],
    )
    def test_the_fee_in_months_seven_and_nine(self, used: int, fee: str) -> None:
        """500 megabytes cost $30, and so up to one gigabyte; 1.2 gigabytes cost $60, and so up to two."""
        assert storage.monthly_fee(used=used, users=8).amount == usd(fee)
        lines = monthly_bill(account(), date(2026, 12, 1), readings=[reading(used)]).lines
        assert sum(line.amount.micros for line in lines if line.description == "Storage fee") == usd(fee).micros


class TestMinutes:
    """The guide's conversions and its week of $30."""

    @pytest.mark.parametrize(("balance", "whole"), [("100.00", 5000), ("30.00", 1500)])
    def test_money_in_minutes(self, balance: str, whole: int) -> None:
        """The dollar amount divided by two cents."""
        assert minutes.minutes_of(usd(balance)) == whole

    @pytest.mark.parametrize(
        ("policy", "recharge", "reserve"),
        [(GUIDE, "60.00", "30.00"), (FAQ, "60.00", "21.43"), (GUIDE_EXAMPLE, "30.00", "30.00")],
    )
    def test_thirty_dollars_a_week(self, policy: minutes.RechargePolicy, recharge: str, reserve: str) -> None:
        """Both pages and the example, side by side: 30 days of it are 900/7 dollars, to the micro."""
        month = cycle_of(date(2026, 11, 1))  # 30 days, so that trailing days and calendar month are the same window
        micros = usd("900.00").micros
        each = [micros * (day + 1) // 210 - micros * day // 210 for day in range(30)]
        history = UsageHistory.of(
            ((month.start + timedelta(days=day), "call", Money(amount, "USD")) for day, amount in enumerate(each)),
            currency="USD",
        )
        quote = minutes.recharge_quote(history, at=date(2026, 12, 1), balance=usd("25.00"), policy=policy)
        assert (quote.recharge, quote.reserve) == (usd(recharge), usd(reserve))


class TestTwoCards:
    """The guide's Visa ending in 1111 that expires in November 2013, and MasterCard that expires in December 2021."""

    VISA = Source(
        id="a", kind=SourceKind.CARD, token="tok_a", label="Visa", last_four="1111", expiry=Expiry(2013, 11), holder=ADA
    )
    MASTERCARD = Source(
        id="b",
        kind=SourceKind.CARD,
        token="tok_b",
        label="MasterCard",
        last_four="2222",
        expiry=Expiry(2021, 12),
        holder=ADA,
    )

    def test_make_primary_swaps_them_at_once(self) -> None:
        """Near the end of the month the other card is made primary, and next month's bill goes to it."""
        swapped = funding.make_primary(Funding((self.VISA, self.MASTERCARD)), "b", on=date(2013, 10, 30))
        assert [source.label for source in swapped.sources] == ["MasterCard", "Visa"]
        order = funding.attempts(swapped, purpose=Purpose.BILL, on=date(2013, 11, 1)).order
        assert order[0].masked == "MasterCard ending in 2222"


class TestQuestions:
    """Each question is answered in words from one call."""

    def test_why_may_she_not_dial(self) -> None:
        """A dialer license needs to be assigned to her."""
        answer = licenses.permission(User(id="ana"), Action.DIAL, Licenses.empty(), catalog=STANDARD_CATALOG)
        assert not answer.allowed
        assert "PowerDialer" in answer.text
        assert "LIC-9" in answer.explanation().rules

    def test_how_does_the_recharge_come_to_this(self) -> None:
        """The usage, the days and the multiplication, in words."""
        days = ((date(2026, 11, day), "call", usd("4.20")) for day in range(1, 31))
        history = UsageHistory.of(days, currency="USD")
        said = minutes.recharge_quote(history, at=date(2026, 12, 1), balance=usd("20.00")).explanation().as_text()
        assert "126.00 USD" in said
        assert "14 average days: 58.80 USD" in said
        assert "below the reserve of 29.40 USD" in said

    @pytest.mark.parametrize(
        ("admitted", "in_use", "words"),
        [(False, 0, "No Flex Port"), (True, 3, "in use"), (False, 3, "No Flex Port")],
    )
    def test_why_insufficient_ports(self, admitted: bool, in_use: int, words: str) -> None:
        """No Flex Port assigned to the user, or all of them in use, or both."""
        answer = ports.admission(
            features=[Feature.VOICE_MESSAGE], assigned=admitted, owned=3, in_use=in_use, recording_licenses=0
        )
        assert not answer.admitted
        assert len(answer.causes) == (not admitted) + (in_use == 3)
        assert words in answer.reason

    def test_why_can_i_not_lower_the_total(self) -> None:
        """The contract's floor, until when, and the rule."""
        asked = SetTotal(on=date(2026, 11, 20), by=BOSS, product="powerdialer", total=8, authorization=ACCEPTED)
        with pytest.raises(BelowFloor) as refused:
            apply(
                account(
                    licenses=Licenses((licenses.Holding(product="powerdialer", owned=12),)),
                    contracts=(contract(end=date(2028, 1, 1)),),
                ),
                asked,
            )
        assert str(refused.value) == (
            "cannot reduce PowerDialer to 8: the contract's floor is 10 until 2027-12-31 (LIC-2)"
        )

    def test_how_do_i_get_below_the_fee(self) -> None:
        """How many bytes to free to pay nothing, and to pay one step less."""
        advice = storage.reductions(storage.monthly_fee(used=1_200_000_000, users=8))
        assert advice.to_pay_nothing == 800_000_000
        assert advice.to_pay_one_step_less == 200_000_000
        assert "800" in advice.reason
