"""An account as a value, time passing in it, the only fold, and what it stays committed to."""

import pickle
from collections.abc import Callable
from datetime import UTC, date, timedelta
from typing import Any

import attrs
import pytest

from licensebill.accounts import (
    Account,
    AccountEnded,
    NotSetUp,
    OutOfOrder,
    Spending,
    UnknownUser,
    advance,
    apply,
    begin,
    bill_ordinal,
    committed,
    cycle_start,
    funding_of,
    has_ended,
    is_recharge_under_way,
    oldest_kept,
    open_charges,
    recurring,
    schedule_on,
    tariff_on,
    terms_day,
)
from licensebill.administration import NotPermitted
from licensebill.changes import (
    AddSource,
    AddUser,
    Cancel,
    ChangeAdministrator,
    ChooseImplementation,
    MakePrimary,
    OpenRecharge,
    OrderService,
    PurchaseMinutes,
    RemoveSource,
    ReplaceSource,
    RequestLine,
    SaveTable,
    SetTotal,
    SwitchRecharge,
)
from licensebill.cycles import cycle_of
from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.licenses import Holding, Licenses
from licensebill.money import CurrencyMismatch, Money
from licensebill.people import BILLING_ADMINISTRATOR, User
from licensebill.schedules import NoPrice
from licensebill.terms import STANDARD, Contract, Dated, Floor, Purpose, Step, Tariff
from tests.changing import DECEMBER, NOVEMBER, TODAY, cancel, line, set_total, with_tariff
from tests.examples import ACCEPTED, ADA, BOSS, CONTRACT, LICENSES, USERS, VISA, account, contract, floor, usd
from tests.working import mistakes

NEW_YEAR = date(2027, 1, 1)


def euros(amount: str) -> Money:
    """An amount in another currency than the account's."""
    return Money.parse(amount, "EUR")


EURO_TARIFF = Tariff(
    currency="EUR",
    storage=attrs.evolve(STANDARD.storage, fee=euros("30.00")),
    minutes=attrs.evolve(STANDARD.minutes, cost_per_minute=euros("0.02"), minimum_purchase=euros("100.00")),
)


class TestAccount:
    """What an account must be to exist, and what it says of itself."""

    def test_it_stands_for_a_day_from_its_first_on(self) -> None:
        """Its first day is the earliest."""
        assert account(began=TODAY).today == TODAY
        with pytest.raises(InvalidValue, match="must not be before the account began on 2026-11-21, not 2026-11-20"):
            account(began=TODAY + timedelta(1))

    def test_a_user_is_listed_once(self) -> None:
        """Two with the same id could not be told apart."""
        with pytest.raises(InvalidValue, match="names the user 'u0' twice"):
            account(users=(*USERS, User(id="u0")))

    def test_no_two_contracts_begin_on_one_day(self) -> None:
        """Which one is in force would be anybody's guess."""
        with pytest.raises(InvalidValue, match="contracts: names the start"):
            account(contracts=(CONTRACT, contract(reference="order 2")))

    @pytest.mark.parametrize(
        ("changed", "place"),
        [
            ({"balance": euros("1.00")}, "balance"),
            ({"waiting": (line("1.00"), attrs.evolve(line("1.00"), amount=euros("1.00")))}, "waiting[1]"),
            ({"contracts": (Contract(reference="A", start=TODAY, end=NEW_YEAR, currency="EUR"),)}, "contracts.A"),
            (
                {"tariffs": Dated((Step(date(2026, 1, 1), STANDARD), Step(NEW_YEAR, EURO_TARIFF)))},
                "tariffs, from 2027-01-01",
            ),
        ],
    )
    def test_it_has_one_currency(self, changed: dict[str, Any], place: str) -> None:
        """A balance, a contract or a tariff to come in another one is refused at once (MON-2)."""
        with pytest.raises(CurrencyMismatch, match="must be in the tariff's USD, not EUR") as refused:
            account(**changed)
        assert refused.value.place == place

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("id", "4111 1111 1111 1111"),
            ("id", ""),
            ("began", "2026-01-01"),
            ("today", None),
            ("administrator", 7),
            ("funding", (VISA,)),
            ("tz", "UTC"),
            ("ordinals", ((Purpose.BILL, 0),)),
            ("anchor_day", 0),
            ("anchor_day", 32),
            ("tariffs", STANDARD),
            ("catalog", ()),
            ("contracts", [CONTRACT]),
            ("licenses", ()),
            ("users", ("u0",)),
            ("services", ()),
            ("lines", ("line",)),
            ("automatic", True),
            ("balance", 100),
            ("waiting", (1,)),
            ("spending", (1,)),
            ("unbilled", (1,)),
            ("open", (1,)),
            ("notes", (1,)),
            ("cancellation", TODAY),
        ],
    )
    def test_every_field_is_checked(self, field: str, value: object) -> None:
        """An account that cannot be right cannot exist."""
        with pytest.raises(InvalidValue) as refused:
            attrs.evolve(account(), **{field: value})  # type: ignore[arg-type]
        assert refused.value.place.startswith(field)

    @pytest.mark.parametrize("anchor", [1, 31])
    def test_the_cycle_follows_the_anchor(self, anchor: int) -> None:
        """The first day and the last are anchors, too."""
        cycle = account(anchor_day=anchor).cycle
        assert cycle == cycle_of(TODAY, anchor_day=anchor)
        assert cycle_start(account(anchor_day=anchor), TODAY) == cycle.start

    def test_the_tariff_is_that_of_the_day(self) -> None:
        """It may change on a stated day; before the first there is none."""
        dearer = attrs.evolve(STANDARD, storage=attrs.evolve(STANDARD.storage, fee=usd("31.00")))
        changing = account(tariffs=Dated((Step(date(2026, 1, 1), STANDARD), Step(NEW_YEAR, dearer))))
        assert advance(changing, NEW_YEAR - timedelta(1)).tariff == STANDARD
        assert advance(changing, NEW_YEAR).tariff == dearer
        assert tariff_on(changing, NEW_YEAR).since == NEW_YEAR
        with pytest.raises(InvalidValue, match="must hold a tariff for 2025-12-31; the first begins 2026-01-01"):
            tariff_on(changing, date(2025, 12, 31))

    def test_an_unknown_user_is_an_error(self) -> None:
        """The id is named, as long as it is short."""
        with pytest.raises(UnknownUser, match="'nobody' is no user of account acme") as refused:
            account().user("nobody")
        assert refused.value.code == "unknown_user"

    def test_without_a_failed_charge_nothing_is_past_due(self) -> None:
        """An open one may still be paid."""
        bought = apply(account(), set_total(13))
        assert bought.past_due_since is None
        assert [one.id for one in open_charges(bought)] == ["acme/licenses/1"]


class TestTermsDay:
    """LIC-10: contract terms are those of the cycle's first day; a first contract's, of its own within a cycle."""

    @pytest.mark.parametrize(
        ("start", "expected"),
        [
            (date(2026, 10, 31), date(2026, 11, 1)),
            (date(2026, 11, 1), date(2026, 11, 1)),
            (date(2026, 11, 2), date(2026, 11, 2)),
            (date(2026, 11, 19), date(2026, 11, 19)),
            (date(2026, 11, 20), date(2026, 11, 20)),
            (date(2026, 11, 21), date(2026, 11, 1)),
            (date(2026, 12, 1), date(2026, 11, 1)),
        ],
    )
    def test_a_first_contract_within_the_cycle(self, start: date, expected: date) -> None:
        """From its day on, and not before."""
        assert terms_day(attrs.evolve(account(), contracts=(contract(start=start),))) == expected

    def test_a_later_contract_waits_for_the_next_cycle(self) -> None:
        """One that follows another does not reach into a cycle under way."""
        former = contract(end=date(2026, 11, 1))
        later = contract(reference="order 2", start=date(2026, 11, 10))
        both = account(contracts=(former, later))
        assert terms_day(both) == date(2026, 11, 1)
        assert both.contract is None
        assert advance(both, DECEMBER.start).contract == later

    def test_without_a_contract_it_is_the_first_day(self) -> None:
        """There are no terms; the day is still needed for list prices."""
        assert terms_day(account(contracts=(), licenses=Licenses.empty())) == NOVEMBER.start

    @pytest.mark.parametrize(
        ("start", "end", "renewal", "is_in_force"),
        [
            (date(2026, 11, 30), date(2027, 6, 1), None, True),
            (date(2026, 12, 1), date(2027, 6, 1), None, True),
            (date(2026, 12, 2), date(2027, 6, 1), None, False),
            (date(2026, 1, 1), date(2026, 11, 30), None, False),
            (date(2026, 1, 1), date(2026, 12, 1), None, False),
            (date(2026, 1, 1), date(2026, 12, 2), None, True),
            (date(2026, 1, 1), date(2026, 11, 30), 1, True),
            (date(2026, 1, 1), date(2026, 12, 1), 12, True),
        ],
    )
    def test_start_and_end_on_a_cycles_first_day(
        self, start: date, end: date, renewal: int | None, is_in_force: bool
    ) -> None:
        """A contract holds from its first day to before its end, and with renewal beyond it."""
        agreed = contract(start=start, end=end, renewal_months=renewal)
        before = attrs.evolve(account(licenses=Licenses.empty()), contracts=(agreed,))
        reached = advance(before, DECEMBER.start)
        assert (reached.contract is not None) is is_in_force


class TestBegin:
    """CYC-1: an account made ready keeps a cycle's first instant, if it stands at one."""

    @pytest.mark.parametrize(
        ("start", "is_taken"),
        [
            (date(2026, 11, 1), True),
            (date(2026, 11, 19), True),
            (date(2026, 11, 20), False),
            (date(2026, 11, 21), False),
            (date(2026, 12, 1), True),
            (date(2026, 12, 2), False),
        ],
    )
    def test_a_first_contract_within_a_cycle_is_signed(self, start: date, *, is_taken: bool) -> None:
        """On its day, which charges what it adds (LIC-10); one that has begun before was charged by then."""
        if is_taken:
            assert account(contracts=(contract(start=start),)).contracts[0].start == start
        else:
            with pytest.raises(
                InvalidValue, match=f"it is the first, and begins on {start}, within a cycle. Sign it on that day"
            ):
                account(contracts=(contract(start=start),))

    def test_a_second_contract_may_begin_whenever(self) -> None:
        """It holds from the next cycle on, and its bill follows."""
        later = contract(reference="order 2", start=date(2026, 12, 16))
        assert account(contracts=(contract(end=date(2026, 12, 16)), later)).contracts[1] == later

    def test_on_a_cycles_first_day_its_first_instant_is_kept(self) -> None:
        """The bill of that day can be made."""
        (kept,) = account(today=DECEMBER.start).unbilled
        assert (kept.cycle, kept.licenses, kept.users) == (DECEMBER, LICENSES, 8)
        assert kept.tariff.value == STANDARD

    @pytest.mark.parametrize("today", [date(2026, 11, 30), date(2026, 12, 2)])
    def test_on_another_day_nothing_is(self, today: date) -> None:
        """The present cycle's bill was made before."""
        assert account(today=today).unbilled == ()

    def test_the_present_cycle_begins_without_spending(self) -> None:
        """Unless the account knows what was spent."""
        assert account().spending == (Spending(NOVEMBER, usd("0.00")),)
        assert account(spending=(Spending(NOVEMBER, usd("5.00")),)).spending == (Spending(NOVEMBER, usd("5.00")),)

    def test_an_account_begins_once(self) -> None:
        """A second time would bill the day twice."""
        with pytest.raises(InvalidValue, match="has begun before: the bill of 2026-12-01 is to come"):
            begin(account(today=DECEMBER.start))

    def test_an_account_is_asked_for(self) -> None:
        """Nothing else can begin."""
        with pytest.raises(InvalidValue, match="must be an Account"):
            begin("acme")  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("today", "began", "asked"),
        [
            (date(2026, 11, 30), date(2026, 1, 1), True),
            (date(2026, 12, 1), date(2026, 1, 1), False),
            (date(2026, 12, 2), date(2026, 1, 1), True),
            (date(2026, 12, 2), date(2026, 12, 2), False),
        ],
    )
    def test_a_minimum_spend_asks_what_was_charged(self, today: date, began: date, asked: bool) -> None:
        """On a cycle's first day, and on the account's own, nothing was; on any other nobody can know (PRC-4)."""
        agreed = contract(minimum_spend=Dated.always(usd("1000.00")))
        if asked:
            with pytest.raises(InvalidValue, match=r"spending: must state what was charged since .*\(PRC-4\)"):
                account(today=today, began=began, contracts=(agreed,), spending=())
        else:
            ready = account(today=today, began=began, contracts=(agreed,), spending=())
            assert [one.amount for one in ready.spending] == [usd("0.00")]
        assert account(today=today, began=began, spending=()).spending[0].amount == usd("0.00")


class TestAdvance:
    """Time passes, over one boundary or many, in steps or at once."""

    PENDING = apply(account(), set_total(10))

    @pytest.mark.parametrize(
        ("to", "owned", "pending", "unbilled"),
        [
            (date(2026, 11, 20), 12, 10, 0),
            (date(2026, 11, 30), 12, 10, 0),
            (date(2026, 12, 1), 10, None, 1),
            (date(2026, 12, 2), 10, None, 1),
            (date(2026, 12, 31), 10, None, 1),
            (date(2027, 1, 1), 10, None, 2),
        ],
    )
    def test_a_pending_total_is_taken_at_the_boundary(
        self, to: date, owned: int, pending: int | None, unbilled: int
    ) -> None:
        """Not the day before, and once (LIC-8)."""
        reached = advance(self.PENDING, to)
        holding = reached.licenses.holding("powerdialer")
        assert (reached.today, holding.owned, holding.pending) == (to, owned, pending)
        assert len(reached.unbilled) == unbilled

    def test_the_first_instant_has_taken_what_was_pending(self) -> None:
        """And is kept as it was, whatever changes afterwards."""
        later = apply(advance(self.PENDING, date(2026, 12, 5)), set_total(15, on=date(2026, 12, 5)))
        kept = later.unbilled[0]
        assert kept.licenses is not None
        assert kept.licenses.holding("powerdialer").owned == 10
        assert later.licenses.holding("powerdialer").owned == 15

    def test_users_are_those_of_the_first_instant(self) -> None:
        """Nobody who came later is counted into the allowance (STO-1)."""
        freed = SaveTable(on=date(2026, 12, 1), by=BOSS, checks={"u0": ()})
        assert apply(account(), freed).unbilled[0].users == 8
        before = attrs.evolve(freed, on=date(2026, 11, 30))
        assert advance(apply(account(), before), DECEMBER.start).unbilled[0].users == 7

    def test_every_cycle_passed_is_kept_oldest_first(self) -> None:
        """Each to be billed."""
        reached = advance(account(), date(2027, 3, 1))
        assert [one.cycle.start.month for one in reached.unbilled] == [12, 1, 2, 3]
        assert [one.cycle.start.month for one in reached.spending] == [11, 12, 1, 2, 3]

    def test_an_anchor_on_the_31st_comes_back(self) -> None:
        """28 February, then 31 March (CYC-3)."""
        reached = advance(account(anchor_day=31), date(2027, 4, 30))
        assert [str(one.cycle.start) for one in reached.unbilled] == [
            *("2026-11-30", "2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"),
        ]

    def test_a_missing_price_does_not_stop_time(self) -> None:
        """After the contract's end only the bill is an error; what happens can still be recorded (LIC-7)."""
        reached = advance(account(), NEW_YEAR)
        assert reached.today == NEW_YEAR
        with pytest.raises(NoPrice):
            schedule_on(reached, reached.licenses, NEW_YEAR)

    def test_the_same_day_is_the_same_account(self) -> None:
        """Nothing has passed."""
        one = account()
        assert advance(one, TODAY) is one

    def test_time_does_not_go_back(self) -> None:
        """What has happened is not undone."""
        with pytest.raises(OutOfOrder, match="2026-11-19 is before 2026-11-20, the day the account stands for") as late:
            advance(account(), date(2026, 11, 19))
        assert late.value.code == "out_of_order"

    def test_a_day_in_another_century_is_a_slip(self) -> None:
        """Its cycles would take minutes to pass; a century of them is passed."""
        last = TODAY + timedelta(36_525)
        assert advance(account(), last).today == last
        with pytest.raises(InvalidValue, match=r"^to: must be at most a century after 2026-11-20, not 9999-12-31$"):
            advance(account(), date.max)
        with pytest.raises(InvalidValue):
            advance(account(), last + timedelta(1))

    @pytest.mark.parametrize(("given", "to"), [("acme", TODAY), (account(), "2026-12-01")])
    def test_an_account_and_a_day_are_asked_for(self, given: Any, to: Any) -> None:
        """Nothing else stands for a day."""
        with pytest.raises(InvalidValue):
            advance(given, to)

    @pytest.mark.parametrize("days", [740_000, 2**63 - 1])
    def test_what_was_paid_may_be_kept_for_ever(self, days: int) -> None:
        """Longer than the calendar goes back is all of it."""
        forever = attrs.evolve(STANDARD.funding, settled_days=days)
        assert oldest_kept(with_tariff(account(), funding=forever)) == date.min
        assert advance(with_tariff(account(), funding=forever), DECEMBER.start).today == DECEMBER.start


class TestTheEnd:
    """FUN-8: after the end nothing recurs; the cycle after the last still has the final bill."""

    CANCELLED = apply(account(), cancel())

    @pytest.mark.parametrize(
        ("on", "ended"), [(date(2026, 11, 30), False), (date(2026, 12, 1), True), (date(2026, 12, 2), True)]
    )
    def test_it_ends_with_its_cycle(self, on: date, ended: bool) -> None:
        """From the next cycle's first day."""
        assert has_ended(self.CANCELLED, on) is ended
        assert not has_ended(account(), on)

    def test_one_first_instant_is_kept_and_no_further_one(self) -> None:
        """Of the final bill: no licenses in it, and no spending to come."""
        reached = advance(self.CANCELLED, date(2027, 6, 1))
        assert [(one.cycle, one.licenses) for one in reached.unbilled] == [(DECEMBER, None)]
        assert [one.cycle for one in reached.spending] == [NOVEMBER]

    def test_nothing_recurs(self) -> None:
        """The month's licenses are those of the contract until the end, and none from then on."""
        before = recurring(self.CANCELLED, LICENSES, NOVEMBER.last_day)
        assert before.total == usd("1258.00")
        after = recurring(self.CANCELLED, LICENSES, DECEMBER.start)
        assert (after.total, after.lines) == (usd("0.00"), ())

    def test_an_ended_account_takes_no_purchase(self) -> None:
        """The refusal says since when."""
        with pytest.raises(AccountEnded) as refused:
            apply(self.CANCELLED, set_total(13, on=DECEMBER.start))
        assert str(refused.value) == ("account acme ended on 2026-12-01; what is owed can still be paid (FUN-8)")
        assert (refused.value.code, refused.value.rule) == ("account_ended", "FUN-8")

    def test_on_its_last_day_it_still_does(self) -> None:
        """It has been paid for."""
        bought = apply(self.CANCELLED, set_total(13, on=NOVEMBER.last_day))
        assert bought.licenses.holding("powerdialer").owned == 13


#: What needs a permission, and whether a system administrator has it, too (FUN-11).
ASKED: list[tuple[Callable[[str], Any], bool]] = [
    (lambda by: SaveTable(on=TODAY, by=by, checks={"u0": ("powerdialer",)}), False),
    (lambda by: SetTotal(on=TODAY, by=by, product="powerdialer", total=13, authorization=ACCEPTED), False),
    (lambda by: ChooseImplementation(on=TODAY, by=by, name="Guided", price=usd("1.00")), False),
    (
        lambda by: OrderService(
            on=TODAY, by=by, name="Training", price=usd("1.00"), approved_by=ADA, authorization=ACCEPTED
        ),
        False,
    ),
    (lambda by: RequestLine(on=TODAY, by=by, line="l1", representative="Ada Lovelace"), False),
    (lambda by: AddSource(on=TODAY, by=by, source=attrs.evolve(VISA, id="visa-2", token="tok_2")), False),
    (lambda by: RemoveSource(on=TODAY, by=by, source="bank"), False),
    (lambda by: ReplaceSource(on=TODAY, by=by, source=attrs.evolve(VISA, token="tok_new")), False),
    (lambda by: MakePrimary(on=TODAY, by=by, source="bank"), False),
    (lambda by: ChangeAdministrator(on=TODAY, by=by, user="sys"), False),
    (lambda by: SwitchRecharge(on=TODAY, by=by, authorization=ACCEPTED), True),
    (lambda by: PurchaseMinutes(on=TODAY, by=by, amount=usd("100.00"), authorization=ACCEPTED), True),
    (lambda by: Cancel(on=TODAY, by=by, authorization=ACCEPTED, is_buyout_agreed=True), False),
]
LINES = Licenses((*LICENSES.holdings, Holding(product="toll_free_number", owned=1)))


class TestApply:
    """The only fold: the day, the permission, the account's end, and then the change's own rules."""

    @pytest.mark.parametrize(("asked", "system_administrators"), ASKED)
    def test_permissions_by_role(self, asked: Callable[[str], Any], system_administrators: bool) -> None:
        """The billing administrator may; agents may not; system administrators may buy minutes (FUN-11)."""
        acme = account(licenses=LINES)
        assert apply(acme, asked(BOSS)) != acme
        for by, permitted in (("sys", system_administrators), ("u0", False)):
            if permitted:
                assert apply(acme, asked(by)) != acme
            else:
                with pytest.raises(NotPermitted, match=rf"user {by} may not .* \(FUN-11\)"):
                    apply(acme, asked(by))

    @pytest.mark.parametrize("asked", [asked for asked, _ in ASKED])
    def test_a_stranger_is_no_user(self, asked: Callable[[str], Any]) -> None:
        """Who acts must be known; the administrator alone need not be listed among the users (FUN-7)."""
        with pytest.raises(UnknownUser, match="'nobody' is no user"):
            apply(account(licenses=LINES), asked("nobody"))

    def test_the_office_decides_not_the_role(self) -> None:
        """Who only has the billing administrator's role is permitted nothing by it."""
        former = User(id="former", role=BILLING_ADMINISTRATOR)
        with pytest.raises(NotPermitted):
            apply(account(users=(*USERS, former)), attrs.evolve(set_total(13), by="former"))

    def test_time_passes_to_the_days_change(self) -> None:
        """The boundary on the way is passed first."""
        later = apply(account(), AddUser(on=date(2026, 12, 5), user=User(id="new")))
        assert later.today == date(2026, 12, 5)
        assert len(later.unbilled) == 1

    def test_a_day_before_the_accounts_is_refused(self) -> None:
        """The stream is in order."""
        with pytest.raises(OutOfOrder):
            apply(account(), set_total(13, on=date(2026, 11, 19)))

    @pytest.mark.parametrize("change", [None, "SetTotal", SetTotal])
    def test_only_changes_are_applied(self, change: Any) -> None:
        """The class of one is none."""
        with pytest.raises(InvalidValue, match="must be a change of an account"):
            apply(account(), change)

    @pytest.mark.parametrize("on", ["2026-11-20", None])
    def test_a_change_has_a_day(self, on: Any) -> None:
        """Not a text of one."""
        with pytest.raises(InvalidValue, match="calendar day"):
            AddUser(on=on, user=User(id="new"))

    def test_the_same_stream_gives_the_same_account(self) -> None:
        """Folding it again, in another process even, changes nothing (BIL-4)."""
        stream = [set_total(13), cancel(date(2026, 11, 21))]
        once, again = account(), pickle.loads(pickle.dumps(account()))  # noqa: S301 - ours
        for change in stream:
            once, again = apply(once, change), apply(again, pickle.loads(pickle.dumps(change)))  # noqa: S301
        assert once == again


class TestWhatOthersAsk:
    """Small questions about an account."""

    @pytest.mark.parametrize(
        ("began", "start", "ordinal"),
        [
            (date(2026, 1, 1), date(2026, 1, 1), 1),
            (date(2026, 1, 31), date(2026, 1, 1), 1),
            (date(2026, 1, 31), date(2026, 2, 1), 2),
            (date(2026, 1, 1), date(2027, 1, 1), 13),
        ],
    )
    def test_bills_are_numbered_by_cycles(self, began: date, start: date, ordinal: int) -> None:
        """From the account's first cycle, billed or not, so that no run can number them otherwise (BIL-4)."""
        assert bill_ordinal(account(began=began), cycle_of(start)) == ordinal

    def test_bills_of_the_31st_are_numbered_without_gaps(self) -> None:
        """Short months do not disturb the count."""
        acme = account(anchor_day=31, began=date(2026, 1, 31))
        starts = [one.cycle for one in advance(acme, date(2027, 5, 1)).unbilled]
        assert [bill_ordinal(acme, cycle) for cycle in starts] == [11, 12, 13, 14, 15, 16]

    def test_sources_must_be_set_up_first(self) -> None:
        """A charge needs somebody who pays it."""
        with pytest.raises(NotSetUp) as refused:
            funding_of(account(funding=None))
        assert str(refused.value) == "account acme has no funding source yet; set one up first (FUN-2)"
        assert (refused.value.code, refused.value.rule) == ("not_set_up", "FUN-2")

    def test_a_recharge_is_under_way_until_it_is_settled(self) -> None:
        """Neither before it nor for a purchase by hand (MIN-7)."""
        on = apply(account(), SwitchRecharge(on=TODAY, by=BOSS, authorization=ACCEPTED))
        by_hand = apply(on, PurchaseMinutes(on=TODAY, by=BOSS, amount=usd("100.00"), authorization=ACCEPTED))
        assert not is_recharge_under_way(by_hand)
        assert is_recharge_under_way(apply(by_hand, OpenRecharge(on=TODAY, amount=usd("60.00"))))


def floors_by_hand(months: int, minimum: str = "0.00") -> Money:
    """Ten PowerDialer at 99.00 and nothing else in each of so many months, or the minimum where that is more."""
    return Money(months * max(990_000_000, usd(minimum).micros), "USD")


class TestCommitted:
    """FUN-8: over the cycles of the present term still to begin, the greater of floors and minimum spend."""

    @pytest.mark.parametrize(
        ("end", "months"),
        [
            (date(2026, 11, 21), 0),
            (date(2026, 11, 30), 0),
            (date(2026, 12, 1), 0),
            (date(2026, 12, 2), 1),
            (date(2027, 1, 1), 1),
            (date(2027, 1, 2), 2),
            (date(2028, 1, 1), 13),
        ],
    )
    def test_cycles_that_begin_in_the_term_count(self, end: date, months: int) -> None:
        """From the next one to the last that begins before the term ends, each whole."""
        found = committed(account(contracts=(contract(end=end),)))
        assert len(found.cycles) == months
        assert found.amount == floors_by_hand(months)

    @pytest.mark.parametrize("minimum", ["989.99", "990.00", "990.01", "5000.00"])
    def test_the_greater_of_floors_and_minimum_counts(self, minimum: str) -> None:
        """Each cycle for itself."""
        agreed = contract(end=date(2027, 4, 1), minimum_spend=Dated.always(usd(minimum)))
        assert committed(account(contracts=(agreed,))).amount == floors_by_hand(4, minimum)

    def test_what_is_owned_above_the_floor_is_not_committed(self) -> None:
        """Twelve are owned and ten are agreed."""
        assert committed(account()).amount == floors_by_hand(1)
        more = account(licenses=Licenses((Holding(product="powerdialer", owned=500),)))
        assert committed(more).amount == floors_by_hand(1)

    @pytest.mark.parametrize(("renewal", "months"), [(None, 0), (1, 1), (6, 6), (12, 12)])
    def test_a_renewed_term_binds_for_itself(self, renewal: int | None, months: int) -> None:
        """The first term ended on 10 November and another began; the one after that binds nobody yet."""
        agreed = contract(end=date(2026, 11, 10), renewal_months=renewal)
        assert len(committed(account(contracts=(agreed,))).cycles) == months

    def test_steps_count_from_their_day(self) -> None:
        """A floor of 20 from February."""
        stepping = Floor(
            products=("powerdialer",), minimum=Dated((Step(date(2026, 1, 1), 10), Step(date(2027, 2, 1), 20)))
        )
        agreed = contract(end=date(2027, 4, 1), floors=(stepping,))
        amounts = [one.amount.text for one in committed(account(contracts=(agreed,))).cycles]
        assert amounts == ["990.00", "990.00", "1980.00", "1980.00"]

    def test_groups_count_with_their_shortfall_price(self) -> None:
        """Ten PowerDialer fall two short of twelve together."""
        group = Floor(products=("powerdialer", "inbound_agent"), minimum=Dated.always(12), shortfall_price=usd("50.00"))
        agreed = contract(floors=(floor("powerdialer", 10), group))
        assert committed(account(contracts=(agreed,))).amount == usd("1090.00")

    def test_a_contract_that_takes_over_within_the_term_has_its_own_terms(self) -> None:
        """Floors and minimum are of the same contract: that of the cycle's first day."""
        first = contract(end=date(2027, 4, 1), minimum_spend=Dated.always(usd("2000.00")))
        second = contract(reference="order 2", start=date(2027, 2, 1), end=date(2028, 1, 1), floors=())
        amounts = [one.amount.text for one in committed(account(contracts=(first, second))).cycles]
        assert amounts == ["2000.00", "2000.00", "0.00", "0.00"]

    def test_a_minimum_down_to_a_micro_is_payable(self) -> None:
        """Rounded once, as its true-up would be (MON-1)."""
        agreed = contract(floors=(), minimum_spend=Dated.always(usd("100.005")))
        assert committed(account(contracts=(agreed,))).amount == usd("100.01")

    def test_without_a_contract_nothing_is(self) -> None:
        """Neither list prices nor licenses bind anybody."""
        found = committed(account(contracts=()))
        assert (found.amount, found.contract, found.cycles) == (usd("0.00"), "", ())
        assert "No contract is in force." in found.explanation().because

    def test_it_explains_itself(self) -> None:
        """Every cycle, recomputed (BIL-5)."""
        agreed = contract(end=date(2027, 4, 1), minimum_spend=Dated.always(usd("1000.00")))
        told = committed(account(contracts=(agreed,))).explanation()
        assert mistakes(told) == []
        assert (told.value, len(told.parts), told.rules) == ("4000.00", 4, ("FUN-8",))
        assert told.parts[0].working == "max(990.00, 1000.00)"
        assert "4 further cycles of the term under contract order 1" in told.because
        assert mistakes(committed(account(contracts=())).explanation()) == []


@pytest.mark.parametrize(
    "error",
    [
        AccountEnded("acme", DECEMBER.start),
        NotSetUp("acme"),
        OutOfOrder("on", "is before"),
        UnknownUser("user", "is no user"),
    ],
)
def test_errors_cross_processes(error: LicenseBillError) -> None:
    """With everything they carry."""
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (type(again), again.code, str(again)) == (type(error), error.code, str(error))


def test_an_accounts_zone_is_an_argument() -> None:
    """UTC unless stated (CYC-2)."""
    fresh = Account(id="acme", began=TODAY, today=TODAY, administrator=BOSS)
    assert fresh.tz is UTC
    assert fresh.currency == "USD"
