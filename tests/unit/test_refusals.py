"""Every reason why a change is refused, with its words; and every change that cannot even be built."""

import pickle
from collections.abc import Callable
from datetime import date

import attrs
import pytest

from licensebill.accounts import Account, Change, apply
from licensebill.changes import (
    AddSource,
    AddUser,
    CancelLine,
    CarryOver,
    ChangeAdministrator,
    ConfirmLine,
    ContractNotSignable,
    DrawMinutes,
    GiveCredit,
    MakePrimary,
    NoFurtherBill,
    OpenRecharge,
    PlanBill,
    RechargeIsOff,
    RechargeUnderWay,
    RecordReturn,
    ReleaseLine,
    RemoveSource,
    RemoveUser,
    ReplaceSource,
    RequestLine,
    RetryCharge,
    SaveTable,
    SignContract,
    StaleBill,
    StalePurchase,
    UnknownIntent,
    UnknownLine,
)
from licensebill.cycles import cycle_of
from licensebill.errors import InvalidValue, LicenseBillError, RuleViolation
from licensebill.funding import Expiry, Funding, Pending, Succeeded, Unknown
from licensebill.ledger import Intent
from licensebill.licenses import Licenses
from licensebill.money import Money
from licensebill.terms import Contract, Purpose, Removal
from tests.changing import (
    DECEMBER,
    NOVEMBER,
    SOFT,
    TODAY,
    buy,
    cancel,
    choose,
    do,
    line,
    order,
    outcome,
    owning,
    save,
    set_total,
    switch_on,
    the_charge,
)
from tests.examples import ADA, BOSS, VISA, account, contract, usd

_STRANGER = Intent(
    account="other", purpose=Purpose.BILL, ordinal=1, on=TODAY, lines=(line("10.00"),), sources=("visa",)
)
_BOUGHT = apply(account(), set_total(13))
_RECHARGING = do(account(), switch_on(), OpenRecharge(on=TODAY, amount=usd("60.00")))
_FINAL_MADE = do(account(), set_total(13), cancel(), PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=()))
_EXPIRED = attrs.evolve(VISA, id="old", token="tok_old", expiry=Expiry(2026, 10))
_ONE_SOURCE = account(funding=Funding((VISA,)))
_IN_TERM = "; the contract runs until 2026-12-31"

#: Account, change, code of the refusal, and its words.
REFUSALS: dict[str, tuple[Account, Change, str, str]] = {
    "an unknown user goes": (
        account(),
        RemoveUser(on=TODAY, user="nobody"),
        "unknown_user",
        "user: 'nobody' is no user of account acme",
    ),
    "a table with an unknown user": (
        account(),
        save(nobody=("powerdialer",)),
        "unknown_user",
        "user: 'nobody' is no user of account acme",
    ),
    "a table that needs more than there are": (
        account(),
        save(u1=("inbound_agent",), u2=("inbound_agent",)),
        "not_enough_licenses",
        "Inbound Agent is short by 1 (3 wanted, 2 there); more can be purchased (LIC-3)",
    ),
    "a total below the floor": (
        account(licenses=owning(powerdialer=12)),
        set_total(9),
        "below_floor",
        "cannot reduce PowerDialer to 9: the contract's floor is 10 until 2026-12-31 (LIC-2)",
    ),
    "a total below the number assigned": (
        account(contracts=(contract(floors=()),)),
        set_total(7),
        "below_assigned",
        "cannot reduce PowerDialer to 7: 8 are assigned to users; deassign 1 first (LIC-6)",
    ),
    "a smaller total in a term without removal": (
        account(contracts=(contract(removal=Removal.NONE_DURING_TERM),)),
        set_total(11),
        "removal_not_allowed",
        "cannot reduce PowerDialer to 11: the contract allows no removal of licenses until 2026-12-31, and 12 are "
        "owned; support can review the license terms (LIC-13)",
    ),
    "a total of a product without a price": (account(), set_total(1, "elf"), "no_price", "(LIC-7)"),
    "a total of an unknown product": (account(), set_total(1, "fax"), "unknown_product", "must be one of powerdialer"),
    "a total accepted for another charge": (
        account(),
        attrs.evolve(set_total(13), charge=usd("36.29")),
        "stale_purchase",
        "the new total of PowerDialer was accepted for a charge of 36.29 USD, and would be charged 36.30 USD by now; "
        "show it again, and ask again (LIC-12)",
    ),
    "an increase that nobody pays": (
        account(funding=None),
        set_total(13),
        "not_set_up",
        "account acme has no funding source yet; set one up first (FUN-2)",
    ),
    "a contract from yesterday": (
        account(),
        SignContract(on=TODAY, contract=contract(reference="order 2", start=date(2026, 11, 19))),
        "contract_not_signable",
        "contract order 2 beginning 2026-11-19 cannot be signed on 2026-11-20: a contract begins today or later, and a "
        "first one within a cycle on the day it is signed (LIC-10)",
    ),
    "a first contract that begins later within the cycle": (
        account(contracts=(), licenses=Licenses.empty()),
        SignContract(on=TODAY, contract=contract(start=date(2026, 11, 21))),
        "contract_not_signable",
        "contract order 1 beginning 2026-11-21 cannot be signed on 2026-11-20",
    ),
    "a first contract that begins within a later cycle": (
        account(contracts=(), licenses=Licenses.empty()),
        SignContract(on=TODAY, contract=contract(start=date(2026, 12, 2))),
        "contract_not_signable",
        "contract order 1 beginning 2026-12-02 cannot be signed on 2026-11-20",
    ),
    "one that would be the first, before another begins": (
        account(contracts=(contract(start=DECEMBER.start),), licenses=Licenses.empty()),
        SignContract(on=TODAY, contract=contract(reference="order 0", start=date(2026, 11, 25))),
        "contract_not_signable",
        "contract order 0 beginning 2026-11-25 cannot be signed on 2026-11-20",
    ),
    "a second contract from the same day": (
        account(contracts=(contract(start=DECEMBER.start),), licenses=Licenses.empty()),
        SignContract(on=TODAY, contract=contract(reference="order 2", start=DECEMBER.start)),
        "invalid_value",
        "contracts: names the start",
    ),
    "a contract in another currency": (
        account(),
        SignContract(
            on=TODAY, contract=Contract(reference="B", start=DECEMBER.start, end=date(2028, 1, 1), currency="EUR")
        ),
        "currency_mismatch",
        "contracts.B: must be in the tariff's USD, not EUR",
    ),
    "a contract that nobody pays": (
        account(contracts=(), licenses=Licenses.empty(), funding=None),
        SignContract(on=TODAY, contract=contract(start=TODAY)),
        "not_set_up",
        "(FUN-2)",
    ),
    "a second implementation": (
        apply(account(), choose()),
        choose(),
        "implementation_chosen",
        "the implementation Guided was chosen on 2026-11-20, and there is one only",
    ),
    "an implementation in another currency": (
        account(),
        choose("1.00", "EUR"),
        "currency_mismatch",
        "price: must be in the account's USD, not EUR",
    ),
    "a service in another currency": (
        account(),
        order("1.00", currency="EUR"),
        "currency_mismatch",
        "price: must be in the account's USD, not EUR",
    ),
    "a service without approval": (
        account(),
        attrs.evolve(order(), approved_by=None),
        "not_approved",
        "Training needs the approval of a service representative, named in the order (SVC-2)",
    ),
    "a service to an unknown source": (account(), order(source="gold"), "unknown_source", "must be one of visa, bank"),
    "a toll-free line without a license": (
        account(),
        RequestLine(on=TODAY, by=BOSS, line="sales", representative="Grace Hopper"),
        "no_line_available",
        "(PRT-6)",
    ),
    "an unknown line is confirmed": (
        account(),
        ConfirmLine(on=TODAY, line="sales", number="800-555-0199"),
        "unknown_line",
        "line: 'sales' is no toll-free line of account acme",
    ),
    "an unknown line is withdrawn": (account(), CancelLine(on=TODAY, line="sales"), "unknown_line", "'sales'"),
    "an unknown line is released": (account(), ReleaseLine(on=TODAY, line="sales"), "unknown_line", "'sales'"),
    "a line that was only requested is released": (
        apply(
            account(licenses=owning(toll_free_number=1)),
            RequestLine(on=TODAY, by=BOSS, line="sales", representative="Grace Hopper"),
        ),
        ReleaseLine(on=TODAY, line="sales"),
        "line_event_refused",
        "(PRT-6)",
    ),
    "an expired first source": (
        account(funding=None),
        AddSource(on=TODAY, by=BOSS, source=_EXPIRED),
        "source_not_valid",
        "(FUN-2)",
    ),
    "an expired further source": (
        account(),
        AddSource(on=TODAY, by=BOSS, source=_EXPIRED),
        "source_not_valid",
        "(FUN-2)",
    ),
    "a source removed before there is any": (
        account(funding=None),
        RemoveSource(on=TODAY, by=BOSS, source="visa"),
        "not_set_up",
        "(FUN-2)",
    ),
    "the only source": (
        _ONE_SOURCE,
        RemoveSource(on=TODAY, by=BOSS, source="visa"),
        "last_funding_source",
        "cannot remove Visa ending in 1111: it is the only funding source; add another one first (FUN-2)",
    ),
    "the last valid source": (
        account(funding=Funding((VISA, _EXPIRED))),
        RemoveSource(on=TODAY, by=BOSS, source="visa"),
        "last_valid_source",
        "(FUN-2)",
    ),
    "a source that an open charge uses": (
        _BOUGHT,
        RemoveSource(on=TODAY, by=BOSS, source="bank"),
        "source_in_use",
        "cannot remove First Bank ending in 6789: an open charge uses it; wait until the charge is settled (FUN-2)",
    ),
    "a source that a charge being tried again uses": (
        do(
            _BOUGHT,
            outcome("acme/licenses/1", SOFT, is_final=True),
            RetryCharge(on=TODAY, intent="acme/licenses/1", sources=("visa", "bank")),
        ),
        RemoveSource(on=TODAY, by=BOSS, source="bank"),
        "source_in_use",
        "(FUN-2)",
    ),
    "a charge that is being tried is tried again": (
        _BOUGHT,
        RetryCharge(on=TODAY, intent="acme/licenses/1", sources=("visa",)),
        "invalid_value",
        "intent: 'acme/licenses/1' has not failed, and is being tried",
    ),
    "an outcome of no source": (
        _BOUGHT,
        outcome("acme/licenses/1", SOFT, source=None),
        "invalid_value",
        "source: must be stated: an outcome other than Voided is of one",
    ),
    "an unknown source is replaced": (
        account(),
        ReplaceSource(on=TODAY, by=BOSS, source=attrs.evolve(VISA, id="gold", token="tok_gold")),
        "unknown_source",
        "must be one of visa, bank",
    ),
    "a source is replaced before there is any": (
        account(funding=None),
        ReplaceSource(on=TODAY, by=BOSS, source=VISA),
        "not_set_up",
        "(FUN-2)",
    ),
    "an expired source is made primary": (
        account(funding=Funding((VISA, _EXPIRED))),
        MakePrimary(on=TODAY, by=BOSS, source="old"),
        "source_not_valid",
        "(FUN-2)",
    ),
    "a primary before there is any source": (
        account(funding=None),
        MakePrimary(on=TODAY, by=BOSS, source="visa"),
        "not_set_up",
        "(FUN-2)",
    ),
    "billing handed to an agent": (
        account(),
        ChangeAdministrator(on=TODAY, by=BOSS, user="u0"),
        "not_an_administrator",
        "cannot make user u0 the billing administrator",
    ),
    "billing handed to a stranger": (
        account(),
        ChangeAdministrator(on=TODAY, by=BOSS, user="nobody"),
        "unknown_user",
        "'nobody'",
    ),
    "recharge from an unknown source": (account(), switch_on("gold"), "unknown_source", "must be one of visa, bank"),
    "recharge from a source before there is any": (account(funding=None), switch_on("visa"), "not_set_up", "(FUN-2)"),
    "minutes for less than the minimum": (
        account(),
        buy("99.99"),
        "below_minimum_purchase",
        "cannot purchase minutes for 99.99 USD: a purchase by hand is at least 100.00 USD; smaller amounts come by "
        "automatic recharge (MIN-3)",
    ),
    "minutes for half a cent": (account(), buy("100.005"), "invalid_money", "must be payable"),
    "minutes from an unknown source": (account(), buy(source="gold"), "unknown_source", "must be one of visa, bank"),
    "minutes that nobody pays": (account(funding=None), buy(), "not_set_up", "(FUN-2)"),
    "a recharge while it is off": (
        account(),
        OpenRecharge(on=TODAY, amount=usd("60.00")),
        "recharge_is_off",
        "automatic recharge of account acme is off; somebody has to switch it on first (MIN-13)",
    ),
    "a second recharge": (
        _RECHARGING,
        OpenRecharge(on=TODAY, amount=usd("60.00")),
        "recharge_under_way",
        "account acme has an automatic recharge under way; a second one waits for it (MIN-7)",
    ),
    "a recharge of zero": (
        apply(account(), switch_on()),
        OpenRecharge(on=TODAY, amount=usd("0.00")),
        "invalid_value",
        "amount: must be above zero, not 0.00 USD: a recharge of zero is never charged",
    ),
    "a recharge of half a cent": (
        apply(account(), switch_on()),
        OpenRecharge(on=TODAY, amount=usd("60.005")),
        "invalid_money",
        "must be payable",
    ),
    "a recharge in another currency": (
        apply(account(), switch_on()),
        OpenRecharge(on=TODAY, amount=Money.parse("60.00", "EUR")),
        "currency_mismatch",
        "amount: must be in the account's USD, not EUR",
    ),
    "a negative draw": (
        account(),
        DrawMinutes(on=TODAY, amount=usd("-0.01")),
        "invalid_value",
        "amount: must not be negative, not -0.01 USD",
    ),
    "a draw in another currency": (
        account(),
        DrawMinutes(on=TODAY, amount=Money.parse("1.00", "EUR")),
        "currency_mismatch",
        "amount: must be in the account's USD, not EUR",
    ),
    "a bill of a cycle to come": (
        account(today=DECEMBER.start),
        PlanBill(on=DECEMBER.start, cycle=cycle_of(DECEMBER.end), lines=()),
        "invalid_value",
        "cycle: 2027-01-01 to 2027-01-31 is not the oldest cycle to be billed",
    ),
    "a bill while none is due": (
        account(),
        PlanBill(on=TODAY, cycle=NOVEMBER, lines=()),
        "invalid_value",
        "cycle: 2026-11-01 to 2026-11-30 is not the oldest cycle to be billed",
    ),
    "a bill that lacks what waits": (
        apply(account(), choose()),
        PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=()),
        "stale_bill",
        "lines: the bill of 2026-12-01 to 2026-12-31 lacks what has come to wait for it; make it again",
    ),
    "a bill that nobody pays": (
        account(today=DECEMBER.start, funding=None, contracts=(), licenses=Licenses.empty()),
        PlanBill(on=DECEMBER.start, cycle=DECEMBER, lines=(line("1.00"),)),
        "not_set_up",
        "(FUN-2)",
    ),
    "an outcome of an unknown charge": (
        account(),
        outcome("acme/bill/7", Succeeded()),
        "unknown_intent",
        "intent: 'acme/bill/7' is no open charge of account acme",
    ),
    "an outcome from an unknown source": (
        _BOUGHT,
        outcome("acme/licenses/1", Succeeded(), source="gold"),
        "unknown_source",
        "must be one of visa, bank",
    ),
    "the end of attempts while one is pending": (
        _BOUGHT,
        outcome("acme/licenses/1", Pending(), is_final=True),
        "invalid_value",
        "is_final: must not be said of an outcome that is still open: pending",
    ),
    "the end of attempts while nobody knows": (
        _BOUGHT,
        outcome("acme/licenses/1", Unknown(), is_final=True),
        "invalid_value",
        "is_final: must not be said of an outcome that is still open: unknown",
    ),
    "an outcome that is none": (
        _BOUGHT,
        outcome("acme/licenses/1", "paid"),  # type: ignore[arg-type]
        "invalid_value",
        "outcome: must be an outcome of a charge, not 'paid'",
    ),
    "a return of another account's payment": (
        account(),
        RecordReturn(on=TODAY, intent=_STRANGER, code="R01", source="visa"),
        "unknown_intent",
        "intent: 'other/bill/1' is not settled, or was returned before",
    ),
    "a return of what was not settled": (
        _BOUGHT,
        RecordReturn(on=TODAY, intent=the_charge(_BOUGHT), code="R01", source="visa"),
        "unknown_intent",
        "intent: 'acme/licenses/1' is not settled, or was returned before",
    ),
    "an unknown charge carried over": (
        account(),
        CarryOver(on=TODAY, intent="acme/bill/7"),
        "unknown_intent",
        "'acme/bill/7'",
    ),
    "minutes carried over": (
        _RECHARGING,
        CarryOver(on=TODAY, intent="acme/recharge/1"),
        "invalid_value",
        "intent: acme/recharge/1 is for minutes, which are prepaid and on no bill (BIL-1)",
    ),
    "a charge carried over after the final bill": (
        _FINAL_MADE,
        CarryOver(on=DECEMBER.start, intent="acme/licenses/1"),
        "no_further_bill",
        "account acme ended on 2026-12-01 and had its final bill: a charge stays owed on its own, and a credit can "
        "only be sent back outside (FUN-8)",
    ),
    "a credit after the final bill": (
        _FINAL_MADE,
        GiveCredit(on=DECEMBER.start, intent=the_charge(_FINAL_MADE), position=0, net=usd("1.00"), reason="goodwill"),
        "no_further_bill",
        "(FUN-8)",
    ),
    "a credit on another account's charge": (
        account(),
        GiveCredit(on=TODAY, intent=_STRANGER, position=0, net=usd("1.00"), reason="goodwill"),
        "unknown_intent",
        "'other/bill/1' is no charge that is open or settled",
    ),
    "a credit above the charge": (
        _BOUGHT,
        GiveCredit(on=TODAY, intent=the_charge(_BOUGHT), position=0, net=usd("36.31"), reason="goodwill"),
        "credit_exceeds_charge",
        "cannot credit 36.31 USD of PowerDialer: increase to 13: 36.30 USD of it is left to credit (BIL-6)",
    ),
    "a cancellation that needs a buyout": (
        account(),
        cancel(buyout=False),
        "buyout_needed",
        "cannot cancel with the end of the cycle before 2026-12-01: 990.00 USD is committed from then on; the account "
        "goes on until accounting and legal have agreed a buyout (FUN-8)",
    ),
    "a second cancellation": (
        apply(account(), cancel()),
        cancel(),
        "already_cancelled",
        "the account has been cancelled already: nothing recurs from 2026-12-01 on (FUN-8)",
    ),
    "a cancellation after the end": (
        apply(account(), cancel()),
        cancel(DECEMBER.start),
        "account_ended",
        "account acme ended on 2026-12-01; what is owed can still be paid (FUN-8)",
    ),
    "a recharge after the end": (
        do(account(), switch_on(), cancel()),
        OpenRecharge(on=DECEMBER.start, amount=usd("60.00")),
        "account_ended",
        "(FUN-8)",
    ),
}


class TestRefusals:
    """Every refusal says why, to people and to programs, and leaves the account as it was."""

    @pytest.mark.parametrize("case", REFUSALS)
    def test_a_refusal_and_its_words(self, case: str) -> None:
        """Code, rule and message; it survives being sent to another process."""
        acme, change, code, words = REFUSALS[case]
        before = pickle.dumps(acme)
        with pytest.raises(LicenseBillError) as refused:
            apply(acme, change)
        assert refused.value.code == code
        assert words in str(refused.value)
        if isinstance(refused.value, RuleViolation):
            assert str(refused.value).endswith(f"({refused.value.rule})")
        again = pickle.loads(pickle.dumps(refused.value))  # noqa: S301 - ours
        assert (type(again), str(again)) == (type(refused.value), str(refused.value))
        assert pickle.loads(before) == acme  # noqa: S301 - ours

    @pytest.mark.parametrize(
        "build",
        [
            lambda: AddUser(on=TODAY, user="u0"),  # type: ignore[arg-type]
            lambda: SaveTable(on=TODAY, by=BOSS, checks=["u0"]),  # type: ignore[arg-type]
            lambda: SaveTable(on=TODAY, by="4111 1111 1111 1111", checks={}),
            lambda: attrs.evolve(set_total(1), authorization=ADA),  # type: ignore[arg-type]
            lambda: SignContract(on=TODAY, contract="order 1"),  # type: ignore[arg-type]
            lambda: attrs.evolve(order(), authorization=True),  # type: ignore[arg-type]
            lambda: attrs.evolve(buy(), authorization=None),  # type: ignore[arg-type]
            lambda: PlanBill(on=TODAY, cycle=TODAY, lines=()),  # type: ignore[arg-type]
            lambda: PlanBill(on=TODAY, cycle=DECEMBER, lines=[line("1.00")]),  # type: ignore[arg-type]
            lambda: outcome("", SOFT),
            lambda: outcome("acme/bill/1", SOFT, source="4111 1111 1111 1111"),
            lambda: outcome("acme/bill/1", SOFT, token="4111 1111 1111 1111"),
            lambda: outcome("acme/bill/1", SOFT, is_final="yes"),
            lambda: RecordReturn(on=TODAY, intent="acme/bill/1", code="R01", source="visa"),  # type: ignore[arg-type]
            lambda: RecordReturn(on=TODAY, intent=_STRANGER, code="", source="visa"),
            lambda: GiveCredit(on=TODAY, intent=None, position=0, net=usd("1.00"), reason="?"),  # type: ignore[arg-type]
            lambda: GiveCredit(on=TODAY, intent=_STRANGER, position=0, net=usd("1.00"), reason="?", sent_back="no"),  # type: ignore[arg-type]
            lambda: attrs.evolve(cancel(), authorization="Ada"),  # type: ignore[arg-type]
        ],
    )
    def test_a_change_that_cannot_be_right_cannot_be_built(self, build: Callable[[], Change]) -> None:
        """And never repeats what could be a card number (FUN-1)."""
        with pytest.raises(InvalidValue) as refused:
            build()
        assert "4111" not in str(refused.value)

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (ContractNotSignable("order 1", TODAY, TODAY), "contract_not_signable"),
            (NoFurtherBill("acme", TODAY), "no_further_bill"),
            (RechargeIsOff("acme"), "recharge_is_off"),
            (RechargeUnderWay("acme"), "recharge_under_way"),
            (StaleBill("lines", "lacks"), "stale_bill"),
            (StalePurchase("ELF", usd("1.00"), usd("2.00")), "stale_purchase"),
            (UnknownIntent("intent", "is none"), "unknown_intent"),
            (UnknownLine("line", "is none"), "unknown_line"),
        ],
    )
    def test_errors_cross_processes(self, error: LicenseBillError, code: str) -> None:
        """With everything they carry."""
        again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
        assert (again.code, str(again)) == (code, str(error))
