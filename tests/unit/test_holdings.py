"""Holdings by example: what is owned, assigned and left, and which values cannot exist."""

import copy
import os
import pickle
import subprocess
import sys
from typing import Any

import attrs
import pytest

from licensebill.errors import InvalidValue
from licensebill.holdings import (
    Availability,
    Holding,
    Licenses,
    assigned_users,
    availability,
    number_available,
    totals,
    uses_up,
)
from licensebill.terms import STANDARD_CATALOG, PoolAssignment, PortTerms, UnknownProduct
from tests.working import mistakes

ONE_EACH = PortTerms(assignment=PoolAssignment.USES_ONE)


def held(product: str = "powerdialer", owned: int = 0, *users: str, pending: int | None = None) -> Holding:
    """A holding with these users."""
    return Holding(product=product, owned=owned, users=frozenset(users), pending=pending)


def left(holding: Holding, terms: PortTerms = PortTerms()) -> int:  # noqa: B008 - frozen
    """The licenses of a holding that can still be assigned."""
    found = availability(Licenses((holding,)), holding.product, catalog=STANDARD_CATALOG, terms=terms)
    return found.available


# --- holdings


@pytest.mark.parametrize("pending", [0, 8, 9])
def test_a_pending_total_is_below_the_number_owned(pending: int) -> None:
    """A smaller total to come may be anything from none to one less than is owned; it is what lasts."""
    holding = held(owned=10, pending=pending)
    assert holding.lasting == pending
    assert held(owned=10).lasting == 10


@pytest.mark.parametrize(
    ("fields", "place"),
    [
        ({"product": "elf", "owned": 10, "pending": 10}, "pending"),
        ({"product": "elf", "owned": 10, "pending": 11}, "pending"),
        ({"product": "elf", "pending": 0}, "pending"),
        ({"product": "elf", "owned": 10, "pending": -1}, "pending"),
        ({"product": "elf", "owned": -1}, "owned"),
        ({"product": "elf", "owned": True}, "owned"),
        ({"product": "elf", "owned": "3"}, "owned"),
        ({"product": ""}, "product"),
        ({"product": None}, "product"),
        ({"product": "elf", "users": {"ann"}}, "users"),
        ({"product": "elf", "users": frozenset({7})}, "users"),
        ({"product": "elf", "users": frozenset({" ann"})}, "users"),
        ({"product": "elf", "users": frozenset({"4111 1111 1111 1111"})}, "users"),
    ],
)
def test_no_other_holding_can_be_built(fields: dict[str, Any], place: str) -> None:
    """Numbers are whole and not negative, users are names that are no card numbers, a pending total is smaller."""
    with pytest.raises(InvalidValue) as refused:
        Holding(**fields)
    assert refused.value.place == place
    assert "4111" not in str(refused.value)


def test_other_users_and_other_numbers() -> None:
    """A holding made from another has what changed and keeps the rest; a new total ends what was pending."""
    holding = held("elf", 10, "ann", pending=8)
    assert holding.with_users(frozenset({"bob"})) == held("elf", 10, "bob", pending=8)
    assert holding.with_total(12) == held("elf", 12, "ann")
    assert holding.with_total(10, pending=9) == held("elf", 10, "ann", pending=9)


# --- licenses


def test_licenses_are_the_same_in_any_order_and_without_what_holds_nothing() -> None:
    """Equal licenses compare and hash alike, however they were put together."""
    dialer, admitted = held("powerdialer", 2, "ann"), held("flex_port", 0, "ann")
    one, other = Licenses((dialer, admitted, held("elf"))), Licenses((admitted, dialer))
    assert one == other
    assert hash(one) == hash(other)
    assert [holding.product for holding in one.holdings] == ["flex_port", "powerdialer"]
    assert Licenses((held("elf"),)) == Licenses.empty() == Licenses()


def test_a_holding_by_product() -> None:
    """Each product has a holding, an empty one where nothing is held."""
    licenses = Licenses((held("powerdialer", 2, "ann"), held("elf", 3)))
    assert licenses.holding("elf") == held("elf", 3)
    assert licenses.holding("flex_port") == held("flex_port")
    assert licenses.owned() == {"elf": 3, "powerdialer": 2}
    assert licenses.products_of("ann") == ("powerdialer",)
    assert licenses.products_of("bob") == ()


def test_what_a_user_has() -> None:
    """What is there for the system or a line, everybody has; what is assigned, those it is assigned to."""
    licenses = Licenses((held("powerdialer", 2, "ann"), held("recording_monitoring", 1)))
    has = {product.id: licenses.has("ann", product) for product in STANDARD_CATALOG.products}
    assert [product for product, there in has.items() if there] == ["powerdialer", "recording_monitoring"]
    assert not licenses.has("bob", STANDARD_CATALOG.product("powerdialer"))


def test_holdings_are_replaced_by_product() -> None:
    """A changed holding takes the place of the one of its product; one that holds nothing any more is gone."""
    licenses = Licenses((held("powerdialer", 2), held("elf", 3)))
    assert licenses.replaced(held("elf", 4)) == Licenses((held("powerdialer", 2), held("elf", 4)))
    assert licenses.replaced(held("elf")) == Licenses((held("powerdialer", 2),))
    assert licenses.replaced() == licenses


@pytest.mark.parametrize("holdings", [(held("elf", 1), held("elf", 2)), ("elf",), [held("elf", 1)], None, held("elf")])
def test_no_other_licenses_can_be_built(holdings: Any) -> None:
    """A product is held once, and nothing but holdings in a tuple is taken."""
    with pytest.raises(InvalidValue, match="holdings"):
        Licenses(holdings)


def test_licenses_survive_pickling_and_copying() -> None:
    """What is held goes from one worker process to another."""
    licenses = Licenses((held("powerdialer", 10, "ann", "bob", pending=8),))
    assert pickle.loads(pickle.dumps(licenses)) == copy.deepcopy(licenses) == licenses  # noqa: S301 - ours


@pytest.mark.parametrize("seed", ["0", "1", "2"])
def test_the_text_of_a_holding_does_not_change_with_the_hash_seed(seed: str) -> None:
    """Users are listed in order, however Python hashes them."""
    shown = "from licensebill.holdings import Holding; print(Holding(product='elf', users=frozenset('abcdef')))"
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONPATH": "src"}
    done = subprocess.run(  # noqa: S603 - a command of our own
        [sys.executable, "-c", shown], env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == repr(Holding(product="elf", users=frozenset("fedcba")))
    assert "users=frozenset(['a', 'b', 'c', 'd', 'e', 'f'])" in done.stdout


# --- users


def test_assigned_users_have_a_per_user_license() -> None:
    """Whoever is only admitted to a pool is not counted, nor who has nothing; who has two is counted once."""
    licenses = Licenses(
        (held("powerdialer", 3, "ann", "bob"), held("elf", 3, "ann", "cat"), held("flex_port", 9, "dan"))
    )
    assert assigned_users(licenses, STANDARD_CATALOG) == {"ann", "bob", "cat"}
    assert assigned_users(Licenses.empty(), catalog=STANDARD_CATALOG) == frozenset()


def test_users_of_a_product_that_the_catalog_does_not_have_are_not_counted() -> None:
    """Nobody can tell how such a product is held."""
    assert assigned_users(Licenses((held("gone", 3, "ann"),)), STANDARD_CATALOG) == frozenset()


# --- availability


@pytest.mark.parametrize(
    ("holding", "available"),
    [
        (held(owned=0), 0),
        (held("powerdialer", 1), 1),
        (held("powerdialer", 1, "ann"), 0),
        (held("powerdialer", 3, "ann", "bob"), 1),
        (held("powerdialer", 3, "ann", "bob", "cat"), 0),
        (held("powerdialer", 10, "ann", pending=8), 7),
        (held("powerdialer", 10, "ann", pending=2), 1),
        (held("powerdialer", 10, "ann", pending=1), 0),
        (held("powerdialer", 10, "ann", pending=0), 0),
        (held("powerdialer", 1, "ann", "bob"), 0),
    ],
)
def test_available_is_owned_less_assigned(holding: Holding, available: int) -> None:
    """After a pending decrease it is the smaller total less what is assigned; it never goes below none."""
    assert left(holding) == available


def test_a_pool_admits_without_using_up() -> None:
    """All ports are there for all users admitted to them; by the other policy each user takes one away."""
    holding = held("flex_port", 3, "ann", "bob")
    assert left(holding) == 3
    assert left(holding, ONE_EACH) == 1
    assert left(held("flex_port", 3, "ann", "bob", pending=2), ONE_EACH) == 0


@pytest.mark.parametrize(
    ("product", "by_default", "one_each"),
    [
        ("powerdialer", True, True),
        ("flex_port", False, True),
        ("recording_monitoring", False, False),
        ("toll_free_number", False, False),
    ],
)
def test_whose_users_use_up_licenses(product: str, by_default: bool, one_each: bool) -> None:
    """Per-user products do always, pooled ones by policy, those of the system or a line never."""
    found = STANDARD_CATALOG.product(product)
    assert (uses_up(found, PortTerms()), uses_up(found, ONE_EACH)) == (by_default, one_each)


def test_the_panel_shows_every_product_in_the_catalogs_order() -> None:
    """The small panel has a row for each product, with what is owned of it or not."""
    licenses = Licenses((held("elf", 2, "ann"), held("powerdialer", 5, "ann", pending=3), held("toll_free_number", 4)))
    rows = totals(licenses, catalog=STANDARD_CATALOG)
    assert [row.product for row in rows] == [product.id for product in STANDARD_CATALOG.products]
    assert {row.name: row.available for row in rows if row.owned} == {"PowerDialer": 2, "ELF": 1, "Toll-free Number": 4}
    assert rows[0] == Availability(product="powerdialer", name="PowerDialer", owned=5, pending=3, assigned=1, used=1)
    pool = totals(Licenses((held("flex_port", 2, "ann"),)), catalog=STANDARD_CATALOG, terms=ONE_EACH)
    assert pool[4].available == 1


@pytest.mark.parametrize(
    ("holding", "terms", "text"),
    [
        (
            held("powerdialer", 10, "ann", pending=8),
            PortTerms(),
            "PowerDialer available: 7 licenses [LIC-3, PRT-7]\n"
            "  10 owned (in the next cycle 8), assigned to 1, which uses up 1.\n"
            "  = max(min(10, 8) - 1, 0)\n"
            "  owned: 10 licenses\n"
            "  pending total: 8 licenses\n"
            "  assigned: 1 user",
        ),
        (
            held("flex_port", 3, "ann", "bob"),
            PortTerms(),
            "Flex Port available: 3 licenses [LIC-3, PRT-7]\n"
            "  3 owned, assigned to 2, which uses up 0.\n"
            "  = max(3 - 0, 0)\n"
            "  owned: 3 licenses\n"
            "  assigned: 2 users",
        ),
    ],
)
def test_availability_in_words(holding: Holding, terms: PortTerms, text: str) -> None:
    """The explanation says what is owned, what is about to go, and what is in use; its working can be recomputed."""
    found = availability(Licenses((holding,)), holding.product, catalog=STANDARD_CATALOG, terms=terms)
    assert found.explanation().as_text() == text
    assert mistakes(found.explanation()) == []


def test_the_arithmetic_of_availability_serves_columns() -> None:
    """The greater of two may be that of a column."""
    assert number_available(3, 5) == 0
    assert number_available(3, 5, maximum=lambda one, _: one) == -2


def test_an_unknown_product_has_no_availability() -> None:
    """A product that the catalog does not have is an error, not none available."""
    with pytest.raises(UnknownProduct):
        availability(Licenses.empty(), "gone", catalog=STANDARD_CATALOG)


@pytest.mark.parametrize(
    "call",
    [
        lambda: availability(None, "elf", catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: availability(Licenses(), "elf", catalog=None),  # type: ignore[arg-type]
        lambda: availability(Licenses(), "elf", catalog=STANDARD_CATALOG, terms=None),  # type: ignore[arg-type]
        lambda: totals(None, catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: totals(Licenses(), catalog=None),  # type: ignore[arg-type]
        lambda: assigned_users(None, STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: assigned_users(Licenses(), None),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(call: Any) -> None:
    """A value of another type is named, and nothing is computed from it."""
    with pytest.raises(InvalidValue, match="must be a"):
        call()


def test_values_cannot_be_changed() -> None:
    """What is held is a value: a change makes another."""
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        held("elf", 1).owned = 2  # type: ignore[misc]
