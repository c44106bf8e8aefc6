"""Administration by example: the office of the billing administrator, permissions, the end of an account."""

import itertools
import pickle
from datetime import date
from typing import Any

import attrs
import pytest

from licensebill.administration import (
    CANCELLATION_TRANSITIONS,
    AlreadyCancelled,
    BuyoutNeeded,
    Cancellation,
    CancellationEvent,
    CancellationState,
    NotAnAdministrator,
    NotPermitted,
    cancellation,
    change_administrator,
    check_permitted,
    may,
)
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.money import CurrencyMismatch, Money
from licensebill.people import (
    AGENT,
    BILLING_ADMINISTRATOR,
    SYSTEM_ADMINISTRATOR,
    Action,
    Authorization,
    Person,
    Role,
    User,
)
from licensebill.terms import BalanceAtEnd, FundingTerms
from tests.working import mistakes

NOVEMBER = Period(date(2026, 11, 1), date(2026, 12, 1))
ON = date(2026, 11, 20)
ADA = Authorization(Person("Ada", "Lovelace"), accepted=True)
NOTHING = Money.zero("USD")
BUYOUT = Money.parse("1200.00", "USD")
REFUNDED = FundingTerms(balance_at_end=BalanceAtEnd.REFUNDED)

RESERVED = {Action.CHANGE_SOURCES, Action.CHANGE_LICENSES, Action.ORDER_SERVICES, Action.CANCEL}


def usd(amount: str) -> Money:
    """US dollars."""
    return Money.parse(amount, "USD")


def cancelled(**changed: Any) -> Cancellation:
    """An account with 12.34 USD of minutes, cancelled on 20 November 2026, with some arguments changed."""
    arguments: dict[str, Any] = {
        "asked_on": ON,
        "cycle": NOVEMBER,
        "committed": NOTHING,
        "balance": usd("12.34"),
        "authorization": ADA,
    }
    return cancellation(**arguments | changed)


class TestFun7Administrator:
    """The billing administrator is a Salesforce user with administrative privileges."""

    def test_another_administrator(self) -> None:
        """The new one's id comes back, also if it is the present one."""
        for new in ("u1", "u2"):
            assert change_administrator("u1", User(id=new, is_administrator=True)) == new

    @pytest.mark.parametrize("role", [AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR])
    def test_a_role_is_no_privilege(self, role: Role) -> None:
        """What counts is the privilege in Salesforce, not the role in the dialer."""
        with pytest.raises(NotAnAdministrator) as refused:
            change_administrator("u1", User(id="u2", role=role))
        assert (refused.value.user, refused.value.current) == ("u2", "u1")

    def test_the_present_one_without_privileges_is_refused_as_well(self) -> None:
        """The installer stays in office without them, but is not put into it again."""
        with pytest.raises(NotAnAdministrator):
            change_administrator("u1", User(id="u1"))

    def test_arguments_of_other_types_are_refused(self) -> None:
        """An id is a text that is no card number, a user a User."""
        for current, user in ((1, User(id="u2", is_administrator=True)), ("u1", "u2"), ("4111 1111 1111 1111", None)):
            with pytest.raises(InvalidValue):
                change_administrator(current, user)  # type: ignore[arg-type]


class TestFun11Permissions:
    """Minutes: system administrators and the billing administrator. Everything else of money: the latter alone."""

    @pytest.mark.parametrize("action", Action)
    @pytest.mark.parametrize("role", [AGENT, SYSTEM_ADMINISTRATOR, BILLING_ADMINISTRATOR])
    @pytest.mark.parametrize("in_office", [False, True])
    def test_every_action_in_every_role(self, action: Action, role: Role, in_office: bool) -> None:
        """Agents have no say in money, system administrators in minutes, the one in office in all of it."""
        user = User(id="u1" if in_office else "u2", role=role)
        if action in RESERVED:
            expected = in_office
        elif action is Action.BUY_MINUTES:
            expected = in_office or role is SYSTEM_ADMINISTRATOR
        else:
            expected = role is not BILLING_ADMINISTRATOR and action in role.permits
        assert may(user, action, administrator_id="u1") is expected

    def test_a_former_administrator_has_lost_the_rights(self) -> None:
        """Handing the office over takes the rights along, also from a user still listed in that role."""
        former = User(id="u1", role=BILLING_ADMINISTRATOR, is_administrator=True)
        new = change_administrator("u1", User(id="u2", is_administrator=True))
        assert not any(may(former, action, administrator_id=new) for action in Action)

    def test_roles_are_data(self) -> None:
        """An application may let others order services, and the office do less."""
        buyer = Role("buyer", (Action.ORDER_SERVICES,))
        treasurer = Role("treasurer", (Action.CHANGE_SOURCES,))
        user = User(id="u2", role=buyer)
        assert may(user, Action.ORDER_SERVICES, administrator_id="u1")
        assert not may(user, Action.CANCEL, administrator_id="u2", administrator_role=treasurer)
        assert may(user, Action.CHANGE_SOURCES, administrator_id="u2", administrator_role=treasurer)

    def test_check_permitted_refuses_what_may_denies(self) -> None:
        """The refusal carries the user, the action, the role and who is in office; nothing comes back otherwise."""
        user = User(id="u2", role=SYSTEM_ADMINISTRATOR)
        check_permitted(user, Action.BUY_MINUTES, administrator_id="u1")
        with pytest.raises(NotPermitted) as refused:
            check_permitted(user, Action.CHANGE_LICENSES, administrator_id="u1")
        assert refused.value.args == ("u2", "change the number of licenses", "system administrator", "u1")

    def test_check_permitted_takes_other_roles_too(self) -> None:
        """The role of the office is passed on."""
        nothing = Role("treasurer", ())
        check_permitted(User(id="u1"), Action.CANCEL, administrator_id="u1")
        with pytest.raises(NotPermitted):
            check_permitted(User(id="u1"), Action.CANCEL, administrator_id="u1", administrator_role=nothing)

    @pytest.mark.parametrize(
        ("user", "action", "administrator", "role"),
        [
            ("u1", Action.CANCEL, "u1", BILLING_ADMINISTRATOR),
            (User(id="u1"), "cancel", "u1", BILLING_ADMINISTRATOR),
            (User(id="u1"), Action.CANCEL, None, BILLING_ADMINISTRATOR),
            (User(id="u1"), Action.CANCEL, "u2", "billing administrator"),
        ],
    )
    def test_arguments_of_other_types_are_refused(self, user: Any, action: Any, administrator: Any, role: Any) -> None:
        """Who asks wrongly is not simply denied."""
        with pytest.raises(InvalidValue):
            may(user, action, administrator_id=administrator, administrator_role=role)


class TestFun8Cancellation:
    """At any time, with the end of the cycle; what is committed beyond it needs a buyout."""

    @pytest.mark.parametrize("asked_on", [date(2026, 11, 1), ON, date(2026, 11, 30)])
    def test_effective_with_the_end_of_the_cycle(self, asked_on: date) -> None:
        """On whichever day of it one asks, nothing recurs from the first day of the next cycle on."""
        ended = cancelled(asked_on=asked_on)
        assert ended.effective == date(2026, 12, 1)
        assert ended.buyout == NOTHING
        assert not ended.is_buyout_agreed

    @pytest.mark.parametrize("asked_on", [date(2026, 10, 31), date(2026, 12, 1)])
    def test_the_cycle_is_the_one_it_is_asked_in(self, asked_on: date) -> None:
        """A day before or after it belongs to another cycle."""
        with pytest.raises(InvalidValue) as refused:
            cancelled(asked_on=asked_on)
        assert refused.value.place == "asked_on"

    def test_a_commitment_needs_a_buyout(self) -> None:
        """Without one the account goes on; the refusal names the sum and who agrees on it."""
        with pytest.raises(BuyoutNeeded) as refused:
            cancelled(committed=BUYOUT)
        assert (refused.value.committed, refused.value.end) == (BUYOUT, date(2026, 12, 1))

    @pytest.mark.parametrize(("micros", "is_refused"), [(0, False), (1, True)])
    def test_nothing_committed_is_exactly_zero(self, micros: int, is_refused: bool) -> None:
        """The smallest sum above it is a commitment."""
        if is_refused:
            with pytest.raises(BuyoutNeeded):
                cancelled(committed=Money(micros, "USD"))
        else:
            assert cancelled(committed=Money(micros, "USD")).effective == NOVEMBER.end

    def test_with_a_buyout_agreed(self) -> None:
        """Effective with the cycle in which it is agreed."""
        ended = cancelled(committed=BUYOUT, is_buyout_agreed=True)
        assert (ended.effective, ended.buyout, ended.is_buyout_agreed) == (NOVEMBER.end, BUYOUT, True)

    def test_agreed_in_a_later_cycle(self) -> None:
        """Asked in November, agreed in January: January is the last cycle."""
        january = Period(date(2027, 1, 1), date(2027, 2, 1))
        with pytest.raises(BuyoutNeeded):
            cancelled(committed=BUYOUT)
        ended = cancelled(asked_on=date(2027, 1, 7), cycle=january, committed=usd("1000.00"), is_buyout_agreed=True)
        assert (ended.effective, ended.buyout) == (date(2027, 2, 1), usd("1000.00"))

    @pytest.mark.parametrize("again_on", [ON, date(2026, 11, 30)])
    @pytest.mark.parametrize("committed", [NOTHING, BUYOUT])
    def test_an_account_is_cancelled_once(self, again_on: date, committed: Money) -> None:
        """Its end does not move, and no buyout is asked for any more."""
        with pytest.raises(AlreadyCancelled) as refused:
            cancelled(asked_on=again_on, committed=committed, earlier=cancelled())
        assert refused.value.effective == NOVEMBER.end

    def test_an_ended_account_is_not_cancelled_again(self) -> None:
        """Nor after its end."""
        december = Period(date(2026, 12, 1), date(2027, 1, 1))
        with pytest.raises(AlreadyCancelled):
            cancelled(asked_on=date(2026, 12, 1), cycle=december, earlier=cancelled())

    @pytest.mark.parametrize(
        ("on", "state"),
        [
            (ON, CancellationState.CANCELLED),
            (date(2026, 11, 30), CancellationState.CANCELLED),
            (date(2026, 12, 1), CancellationState.ENDED),
            (date(2026, 12, 2), CancellationState.ENDED),
        ],
    )
    def test_the_state_follows_from_the_day(self, on: date, state: CancellationState) -> None:
        """Cancelled through the last day of the cycle, ended from the next day on."""
        assert cancelled().state(on) is state

    def test_the_table_has_every_state_and_event(self) -> None:
        """No combination is left to chance, and an end is final."""
        assert list(CANCELLATION_TRANSITIONS) == list(itertools.product(CancellationState, CancellationEvent))
        for event in CancellationEvent:
            assert CANCELLATION_TRANSITIONS[CancellationState.ENDED, event] in {None, CancellationState.ENDED}
        assert [
            (state.name, event.name, after.name)
            for (state, event), after in CANCELLATION_TRANSITIONS.items()
            if after is not None
        ] == [
            ("ACTIVE", "ASKED", "CANCELLED"),
            ("ACTIVE", "CYCLE_ENDED", "ACTIVE"),
            ("CANCELLED", "CYCLE_ENDED", "ENDED"),
            ("ENDED", "CYCLE_ENDED", "ENDED"),
        ]

    @pytest.mark.parametrize(
        ("balance", "reported", "refunded"),
        [
            ("12.34", "0.00", "12.34"),
            ("12.345", "0.00", "12.35"),
            ("0.005", "0.00", "0.01"),
            ("0.004999", "0.00", "0.00"),
            ("0.00", "0.00", "0.00"),
            ("-5.00", "0.00", "0.00"),
        ],
    )
    def test_the_balance_is_reported_or_refunded(self, balance: str, reported: str, refunded: str) -> None:
        """Reported by default; the policy refunds it, rounded once; what was overdrawn is not refunded."""
        for terms, refund in ((FundingTerms(), reported), (REFUNDED, refunded)):
            ended = cancelled(balance=usd(balance), terms=terms)
            assert (ended.balance, ended.refund) == (usd(balance), usd(refund))
            assert mistakes(ended.explanation()) == []

    def test_another_currency(self) -> None:
        """Yen have no decimals to refund."""
        ended = cancelled(committed=Money.zero("JPY"), balance=Money.parse("99.5", "JPY"), terms=REFUNDED)
        assert ended.refund == Money.parse("100", "JPY")
        assert mistakes(ended.explanation()) == []
        with pytest.raises(CurrencyMismatch):
            cancelled(balance=Money.zero("JPY"))

    def test_the_explanation(self) -> None:
        """When it ends, at what price, and what becomes of the balance."""
        assert cancelled(terms=REFUNDED).explanation().as_text() == (
            "end of the account: 2026-12-01 [FUN-8]\n"
            "  Cancelled on 2026-11-20, the account ends with its cycle 2026-11-01 to 2026-11-30. Nothing is committed "
            "beyond it. Nothing recurs afterwards; what is owed stays owed.\n"
            "  committed: 0.00 USD\n"
            "  authorized by: Ada Lovelace\n"
            "  refund: 12.34 USD [FUN-8, MON-1]\n"
            "    The prepaid balance is refunded.\n"
            "    = round(max(12.34, 0), 2)\n"
            "    balance: 12.34 USD"
        )

    def test_the_explanation_of_a_buyout(self) -> None:
        """The sum agreed on is named; a balance that is only reported is refunded as zero."""
        found = cancelled(committed=BUYOUT, is_buyout_agreed=True).explanation()
        assert "A buyout of 1200.00 USD is agreed." in found.because
        assert (found.parts[0].value, found.parts[0].because) == (
            "0.00",
            "The prepaid balance is reported, not refunded.",
        )

    @pytest.mark.parametrize(
        ("argument", "value"),
        [
            ("asked_on", "2026-11-20"),
            ("cycle", "November"),
            ("committed", 0),
            ("committed", usd("-0.01")),
            ("balance", None),
            ("authorization", Person("Ada", "Lovelace")),
            ("is_buyout_agreed", "yes"),
            ("terms", None),
            ("earlier", ON),
        ],
    )
    def test_arguments_of_other_types_are_refused(self, argument: str, value: object) -> None:
        """Each names itself."""
        with pytest.raises(InvalidValue) as refused:
            cancelled(**{argument: value})
        assert refused.value.place == argument

    def test_no_value_says_cancelled_while_a_buyout_is_missing(self) -> None:
        """Not by building it directly either; it survives pickling."""
        ended = cancelled(committed=BUYOUT, is_buyout_agreed=True)
        with pytest.raises(InvalidValue) as refused:
            attrs.evolve(ended, is_buyout_agreed=False)
        assert refused.value.place == "is_buyout_agreed"
        assert pickle.loads(pickle.dumps(ended)) == ended  # noqa: S301 - our own


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            NotAnAdministrator("u2", "u1"),
            "not_an_administrator",
            "cannot make user u2 the billing administrator: it must be a Salesforce user with administrative "
            "privileges; user u1 remains (FUN-7)",
        ),
        (
            NotPermitted("u2", "cancel the account", "agent", "u1"),
            "not_permitted",
            "user u2 may not cancel the account: the role agent alone does not permit it, and the billing "
            "administrator is user u1 (FUN-11)",
        ),
        (
            BuyoutNeeded(BUYOUT, NOVEMBER.end),
            "buyout_needed",
            "cannot cancel with the end of the cycle before 2026-12-01: 1200.00 USD is committed from then on; the "
            "account goes on until accounting and legal have agreed a buyout (FUN-8)",
        ),
        (
            AlreadyCancelled(NOVEMBER.end),
            "already_cancelled",
            "the account has been cancelled already: nothing recurs from 2026-12-01 on (FUN-8)",
        ),
    ],
)
def test_refusals_say_what_why_and_what_would_do(error: RuleViolation, code: str, message: str) -> None:
    """Each has its code and its message, and crosses process boundaries with both."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own
    assert (error.code, str(error)) == (code, message)
    assert (type(again), again.args, str(again)) == (type(error), error.args, message)
    assert error.rule in message
