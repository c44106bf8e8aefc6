"""The assignment dialogue by example: one mark, the whole table, and each reason why it cannot be saved."""

import pickle
from typing import Any

import pytest

from licensebill.assignments import (
    NotAssignable,
    NotEnoughLicenses,
    PrerequisiteMissing,
    Shortage,
    Unmet,
    assign,
    check_unlocks,
    deassign,
    remove_user,
    save_table,
)
from licensebill.errors import InvalidValue
from licensebill.holdings import Holding, Licenses
from licensebill.terms import (
    STANDARD_CATALOG,
    Catalog,
    PoolAssignment,
    PortTerms,
    Product,
    ProductKind,
    UnknownProduct,
)

ONE_EACH = PortTerms(assignment=PoolAssignment.USES_ONE)

#: Monitoring needs dialing and the system's unlocking; coaching needs monitoring.
REQUIRING = Catalog(
    (
        Product(id="coaching", name="Coaching", kind=ProductKind.PER_USER, prerequisites=("monitoring",)),
        Product(id="dialing", name="Dialing", kind=ProductKind.PER_USER),
        Product(id="monitoring", name="Monitoring", kind=ProductKind.PER_USER, prerequisites=("dialing", "unlocking")),
        Product(id="unlocking", name="Unlocking", kind=ProductKind.SYSTEM),
    )
)


def held(**owned: int) -> Licenses:
    """So many licenses of each product, assigned to nobody."""
    return Licenses(tuple(Holding(product=product, owned=number) for product, number in owned.items()))


def table(licenses: Licenses, catalog: Catalog = STANDARD_CATALOG, **checks: list[str]) -> Licenses:
    """The licenses after a table was saved."""
    return save_table(licenses, checks, catalog=catalog)


def users(licenses: Licenses, product: str) -> list[str]:
    """Those who have a product, in order."""
    return sorted(licenses.holding(product).users)


# --- one mark


def test_assign_until_none_is_left() -> None:
    """The last license can be assigned, one more cannot; nothing is changed by the refusal."""
    licenses = held(powerdialer=2)
    for user in ("ann", "bob"):
        licenses = assign(licenses, user, "powerdialer", catalog=STANDARD_CATALOG)
    assert users(licenses, "powerdialer") == ["ann", "bob"]
    with pytest.raises(NotEnoughLicenses) as refused:
        assign(licenses, "cat", "powerdialer", catalog=STANDARD_CATALOG)
    assert refused.value.shortages == (Shortage("powerdialer", "PowerDialer", 3, 2),)
    assert str(refused.value) == "PowerDialer is short by 1 (3 wanted, 2 there); more can be purchased (LIC-3)"
    assert licenses.holding("powerdialer").owned == 2


@pytest.mark.parametrize(("pending", "allowed"), [(3, True), (2, True), (1, False), (0, False), (None, True)])
def test_a_license_that_is_about_to_go_is_not_assigned(pending: int | None, allowed: bool) -> None:
    """After a pending decrease the smaller total counts."""
    one = Holding(product="elf", owned=4, users=frozenset({"ann"}), pending=pending)
    if allowed:
        after = assign(Licenses((one,)), "bob", "elf", catalog=STANDARD_CATALOG)
        assert after.holding("elf") == one.with_users(frozenset({"ann", "bob"}))
    else:
        with pytest.raises(NotEnoughLicenses, match="short by"):
            assign(Licenses((one,)), "bob", "elf", catalog=STANDARD_CATALOG)


def test_who_has_one_keeps_it() -> None:
    """To assign what is assigned, or take back what is not, changes nothing; even if there are too few."""
    crowded = Licenses((Holding(product="elf", owned=1, users=frozenset({"ann", "bob"})),))
    assert assign(crowded, "ann", "elf", catalog=STANDARD_CATALOG) == crowded
    assert deassign(crowded, "cat", "elf", catalog=STANDARD_CATALOG) == crowded
    assert users(deassign(crowded, "ann", "elf", catalog=STANDARD_CATALOG), "elf") == ["bob"]


def test_deassigning_frees_a_license_and_keeps_the_total() -> None:
    """What one user gives back another can have; the number owned does not change."""
    licenses = assign(held(elf=1), "ann", "elf", catalog=STANDARD_CATALOG)
    licenses = deassign(licenses, "ann", "elf", catalog=STANDARD_CATALOG)
    assert licenses == held(elf=1)
    assert users(assign(licenses, "bob", "elf", catalog=STANDARD_CATALOG), "elf") == ["bob"]


def test_a_pool_admits_any_number_of_users() -> None:
    """A pooled product needs none available, not even one owned; by the other policy it does."""
    licenses = assign(held(), "ann", "flex_port", catalog=STANDARD_CATALOG)
    assert users(licenses, "flex_port") == ["ann"]
    with pytest.raises(NotEnoughLicenses, match="Flex Port is short by 1"):
        assign(held(), "ann", "flex_port", catalog=STANDARD_CATALOG, terms=ONE_EACH)
    one = assign(held(flex_port=1), "ann", "flex_port", catalog=STANDARD_CATALOG, terms=ONE_EACH)
    with pytest.raises(NotEnoughLicenses, match=r"Flex Port is short by 1 \(2 wanted, 1 there\)"):
        assign(one, "bob", "flex_port", catalog=STANDARD_CATALOG, terms=ONE_EACH)


@pytest.mark.parametrize(
    ("product", "message"),
    [
        (
            "recording_monitoring",
            "product: must be assigned to users; Recording and Monitoring is not: one unlocks it for the whole system",
        ),
        (
            "toll_free_number",
            "product: must be assigned to users; Toll-free Number is not: one for each line connected",
        ),
    ],
)
@pytest.mark.parametrize("change", [assign, deassign])
def test_what_users_do_not_hold_is_not_assigned(change: Any, product: str, message: str) -> None:
    """Products of the system or a line have no check marks."""
    with pytest.raises(NotAssignable) as refused:
        change(held(recording_monitoring=1, toll_free_number=1), "ann", product, catalog=STANDARD_CATALOG)
    assert refused.value.code == "not_assignable"
    assert str(refused.value) == message


# --- prerequisites


def test_what_somebody_has_can_be_assigned_again_whatever_it_requires_by_now() -> None:
    """A catalog may come to require more; who has the product keeps it, and who has not is left without."""
    had = Licenses((Holding(product="coaching", owned=1, users=frozenset(["ann"])),))
    assert assign(had, "ann", "coaching", catalog=REQUIRING) == had
    assert deassign(had, "ann", "monitoring", catalog=REQUIRING) == had


def test_what_unlocks_the_system_stays_while_somebody_needs_it() -> None:
    """Every one of them is named; nobody else is, and other products are not looked at."""
    monitoring = Holding(product="monitoring", owned=2, users=frozenset(["bob", "ann"]))
    licenses = Licenses((monitoring, Holding(product="unlocking", owned=1)))
    with pytest.raises(PrerequisiteMissing) as refused:
        check_unlocks(licenses, "unlocking", catalog=REQUIRING)
    assert str(refused.value) == (
        "ann needs Unlocking for Monitoring, bob needs Unlocking for Monitoring: "
        "both have to be there, or neither (LIC-1)"
    )
    check_unlocks(licenses, "coaching", catalog=REQUIRING)
    check_unlocks(held(monitoring=2, unlocking=1), "unlocking", catalog=REQUIRING)


def test_a_prerequisite_comes_first() -> None:
    """A product is assigned to those only who have what it requires; what is there for all, they have."""
    licenses = held(coaching=1, dialing=1, monitoring=1)
    with pytest.raises(PrerequisiteMissing) as refused:
        assign(licenses, "ann", "monitoring", catalog=REQUIRING)
    assert refused.value.unmet == (Unmet("ann", "Monitoring", "Dialing"), Unmet("ann", "Monitoring", "Unlocking"))
    assert str(refused.value) == (
        "ann needs Dialing for Monitoring, ann needs Unlocking for Monitoring: "
        "both have to be there, or neither (LIC-1)"
    )
    unlocked = licenses.replaced(Holding(product="unlocking", owned=1))
    dialing = assign(unlocked, "ann", "dialing", catalog=REQUIRING)
    assert users(assign(dialing, "ann", "monitoring", catalog=REQUIRING), "monitoring") == ["ann"]


def test_a_prerequisite_stays_while_it_is_required() -> None:
    """It can be taken back once nothing that the user has requires it."""
    licenses = held(dialing=2, monitoring=1, unlocking=1)
    licenses = table(licenses, REQUIRING, ann=["dialing", "monitoring"], bob=["dialing"])
    with pytest.raises(PrerequisiteMissing) as refused:
        deassign(licenses, "ann", "dialing", catalog=REQUIRING)
    assert refused.value.unmet == (Unmet("ann", "Monitoring", "Dialing"),)
    assert users(deassign(licenses, "bob", "dialing", catalog=REQUIRING), "dialing") == ["ann"]
    without = deassign(licenses, "ann", "monitoring", catalog=REQUIRING)
    assert users(deassign(without, "ann", "dialing", catalog=REQUIRING), "dialing") == ["bob"]


def test_in_one_table_a_product_comes_and_goes_with_its_prerequisite() -> None:
    """What matters is what a user has after the table was saved."""
    licenses = held(coaching=1, dialing=1, monitoring=1, unlocking=1)
    all_three = table(licenses, REQUIRING, ann=["coaching", "monitoring", "dialing"])
    assert all_three.products_of("ann") == ("coaching", "dialing", "monitoring")
    assert table(all_three, REQUIRING, ann=[]) == licenses
    with pytest.raises(PrerequisiteMissing, match="ann needs Monitoring for Coaching"):
        table(all_three, REQUIRING, ann=["coaching", "dialing"])


def test_to_want_what_is_short_and_lacks_a_prerequisite_is_refused_for_both() -> None:
    """One refusal names everything that speaks against the change."""
    with pytest.raises(NotEnoughLicenses) as refused:
        assign(held(unlocking=1), "ann", "monitoring", catalog=REQUIRING)
    assert refused.value.unmet == (Unmet("ann", "Monitoring", "Dialing"),)
    assert str(refused.value) == (
        "Monitoring is short by 1 (1 wanted, 0 there); more can be purchased; "
        "besides, ann needs Dialing for Monitoring (LIC-3)"
    )


# --- the table


def test_the_table_states_everything_for_the_users_in_it() -> None:
    """A mark left out takes the product back; users who are not in the table keep theirs."""
    licenses = table(held(powerdialer=3, elf=2), ann=["powerdialer", "elf"], bob=["powerdialer"], cat=["elf"])
    after = table(licenses, ann=["powerdialer"], bob=[])
    assert {user: after.products_of(user) for user in ("ann", "bob", "cat")} == {
        "ann": ("powerdialer",),
        "bob": (),
        "cat": ("elf",),
    }
    assert table(licenses) == licenses


@pytest.mark.parametrize("marks", [["elf"], ("elf",), {"elf"}, ["elf", "elf"], {"elf": True}.keys()])
def test_marks_come_in_any_collection(marks: Any) -> None:
    """Order and repetition of marks make no difference."""
    assert users(save_table(held(elf=1), {"ann": marks}, catalog=STANDARD_CATALOG), "elf") == ["ann"]


def test_one_table_moves_a_license_from_one_user_to_another() -> None:
    """What is given back in the table is there for others in it, in whatever order the users stand."""
    licenses = table(held(powerdialer=1), ann=["powerdialer"])
    for checks in ({"ann": [], "bob": ["powerdialer"]}, {"bob": ["powerdialer"], "ann": []}):
        assert users(save_table(licenses, checks, catalog=STANDARD_CATALOG), "powerdialer") == ["bob"]


def test_a_refused_table_names_every_product_that_is_short() -> None:
    """All of it or nothing: the refusal says of each product by how many, in the catalog's order."""
    licenses = table(held(elf=1, powerdialer=2), ann=["powerdialer"])
    both = ["elf", "powerdialer"]
    with pytest.raises(NotEnoughLicenses) as refused:
        table(licenses, ann=both, bob=both, cat=both, dan=["inbound_agent"])
    assert [(short.product, short.short) for short in refused.value.shortages] == [
        ("powerdialer", 1),
        ("inbound_agent", 1),
        ("elf", 2),
    ]
    assert str(refused.value) == (
        "PowerDialer is short by 1 (3 wanted, 2 there), Inbound Agent is short by 1 (1 wanted, 0 there), "
        "ELF is short by 2 (3 wanted, 1 there); more can be purchased (LIC-3)"
    )
    assert users(licenses, "powerdialer") == ["ann"]


@pytest.mark.parametrize(("wanted", "allowed"), [(1, True), (2, True), (3, False)])
def test_a_table_may_use_up_all_there_are(wanted: int, allowed: bool) -> None:
    """As many as are owned can be assigned, and not one more."""
    checks = {user: ["elf"] for user in ("ann", "bob", "cat")[:wanted]}
    if allowed:
        assert len(save_table(held(elf=2), checks, catalog=STANDARD_CATALOG).holding("elf").users) == wanted
    else:
        with pytest.raises(NotEnoughLicenses):
            save_table(held(elf=2), checks, catalog=STANDARD_CATALOG)


def test_where_there_are_too_few_already_licenses_can_be_taken_back_but_not_moved() -> None:
    """A state that came from elsewhere is no reason to refuse what makes it better."""
    crowded = Licenses((Holding(product="elf", owned=1, users=frozenset({"ann", "bob", "cat"})),))
    assert users(table(crowded, ann=[]), "elf") == ["bob", "cat"]
    assert table(crowded, ann=["elf"]) == crowded
    with pytest.raises(NotEnoughLicenses, match=r"short by 2 \(3 wanted, 1 there\)"):
        table(crowded, ann=[], dan=["elf"])


def test_a_table_under_the_policy_of_one_port_each() -> None:
    """The policy counts admitted users like those of any product."""
    checks = {"ann": ["flex_port"], "bob": ["flex_port"]}
    assert users(save_table(held(), checks, catalog=STANDARD_CATALOG), "flex_port") == ["ann", "bob"]
    with pytest.raises(NotEnoughLicenses, match="Flex Port is short by 1"):
        save_table(held(flex_port=1), checks, catalog=STANDARD_CATALOG, terms=ONE_EACH)


def test_a_long_refusal_is_cut() -> None:
    """The message of a large table lists twenty users and says how many more; the error holds all."""
    for number, ending in ((20, "user-19 needs Monitoring for Coaching:"), (21, ", and 1 more:")):
        checks = {f"user-{each}": ["coaching"] for each in range(number)}
        with pytest.raises(PrerequisiteMissing) as refused:
            save_table(held(coaching=number), checks, catalog=REQUIRING)
        assert len(refused.value.unmet) == number
        assert ending in str(refused.value)
        assert ("more" in str(refused.value)) is (number > 20)


@pytest.mark.parametrize(
    ("checks", "error", "message"),
    [
        ({"ann": ["gone"]}, UnknownProduct, "must be one of powerdialer"),
        ({"ann": ["recording_monitoring"]}, NotAssignable, "one unlocks it"),
        ({"ann": "elf"}, InvalidValue, "checks: must hold a collection of product ids by user, not 'elf'"),
        ({"ann": None}, InvalidValue, "checks: must hold a collection of product ids by user, not None"),
        ({"ann": [7]}, InvalidValue, "checks: must be a str, not 7"),
        ({"ann": [["elf"]]}, InvalidValue, "checks: must be a str, not a list"),
        ({7: ["elf"]}, InvalidValue, "checks: must be a text, not 7"),
        ({"": ["elf"]}, InvalidValue, "checks: must not be blank"),
        ({"4111111111111111": ["elf"]}, InvalidValue, "could be a card number"),
        ([("ann", ["elf"])], InvalidValue, "checks: must be a Mapping, not a list"),
    ],
)
def test_what_is_no_table(checks: Any, error: type[InvalidValue], message: str) -> None:
    """A table holds collections of product ids by user id."""
    with pytest.raises(error) as refused:
        save_table(held(elf=9), checks, catalog=STANDARD_CATALOG)
    assert message in str(refused.value)
    assert "4111" not in str(refused.value)


# --- users who leave


def test_a_user_who_leaves_frees_everything_and_lowers_nothing() -> None:
    """Numbers owned, and pending, are as before; for a stranger nothing changes."""
    licenses = table(
        held(powerdialer=2, elf=1, flex_port=1), ann=["powerdialer", "elf", "flex_port"], bob=["powerdialer"]
    )
    after = remove_user(licenses, "ann")
    assert after.products_of("ann") == ()
    assert users(after, "powerdialer") == ["bob"]
    assert after.owned() == licenses.owned()
    assert remove_user(licenses, "dan") == licenses
    waiting = Licenses((Holding(product="elf", owned=3, users=frozenset({"ann"}), pending=1),))
    assert remove_user(waiting, "ann").holding("elf").pending == 1


def test_a_user_who_leaves_takes_prerequisites_along() -> None:
    """Everything goes at once, so nothing is left without what it requires."""
    licenses = table(held(dialing=1, monitoring=1, unlocking=1), REQUIRING, ann=["dialing", "monitoring"])
    assert remove_user(licenses, "ann").products_of("ann") == ()


# --- arguments and errors


@pytest.mark.parametrize(
    "call",
    [
        lambda: assign(None, "ann", "elf", catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: assign(Licenses(), 7, "elf", catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: assign(Licenses(), "ann", "elf", catalog=None),  # type: ignore[arg-type]
        lambda: assign(held(elf=1), "ann", "elf", catalog=STANDARD_CATALOG, terms=None),  # type: ignore[arg-type]
        lambda: deassign(None, "ann", "elf", catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: deassign(Licenses(), "", "elf", catalog=STANDARD_CATALOG),
        lambda: deassign(Licenses(), "ann", "elf", catalog=None),  # type: ignore[arg-type]
        lambda: save_table(None, {}, catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: save_table(Licenses(), {}, catalog=None),  # type: ignore[arg-type]
        lambda: remove_user(None, "ann"),  # type: ignore[arg-type]
        lambda: remove_user(Licenses(), None),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(call: Any) -> None:
    """A value of another type is named, and nothing is changed."""
    with pytest.raises(InvalidValue, match="must"):
        call()


@pytest.mark.parametrize("change", [assign, deassign])
def test_an_unknown_product_is_refused(change: Any) -> None:
    """The error names the products there are."""
    with pytest.raises(UnknownProduct, match="must be one of powerdialer"):
        change(held(), "ann", "gone", catalog=STANDARD_CATALOG)


@pytest.mark.parametrize(
    ("error", "code", "rule"),
    [
        (
            NotEnoughLicenses((Shortage("elf", "ELF", 2, 1),), (Unmet("ann", "ELF", "X"),)),
            "not_enough_licenses",
            "LIC-3",
        ),
        (PrerequisiteMissing((Unmet("ann", "ELF", "X"),)), "prerequisite_missing", "LIC-1"),
    ],
)
def test_refusals_carry_their_numbers(error: Any, code: str, rule: str) -> None:
    """A refusal has a code for programs and the rule's id, and survives the way between processes."""
    assert (error.code, error.rule) == (code, rule)
    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - ours
    assert (type(again), again.args, str(again)) == (type(error), error.args, str(error))
