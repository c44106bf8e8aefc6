"""Permissions by example: every product of the guide, each reason why not, and the answers in words."""

import pickle
from typing import Any

import pytest

from licensebill.errors import InvalidValue
from licensebill.holdings import Holding, Licenses
from licensebill.people import AGENT, BILLING_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Action, Role, User
from licensebill.permissions import NoLicenseAssigned, NotTogether, Permission, RoleDoesNotPermit, permission
from licensebill.terms import STANDARD_CATALOG, Catalog, Grant, Product, ProductKind

#: Permits everything, so that only licenses stand in the way.
ANYBODY = Role("anybody", tuple(Action))
NOBODY = Role("nobody", ())

LICENSED = tuple(Action)[:7]
OF_THE_ACCOUNT = tuple(Action)[7:]


def having(*products: str) -> Licenses:
    """One license of each product, assigned to Ann."""
    return Licenses(tuple(Holding(product=product, owned=1, users=frozenset({"ann"})) for product in products))


def asked(
    action: Action, *products: str, role: Role = ANYBODY, catalog: Catalog = STANDARD_CATALOG, user: str = "ann"
) -> Permission:
    """Whether Ann, or somebody else, may do something while Ann has these products."""
    return permission(User(id=user, role=role), action, having(*products), catalog=catalog)


# --- licenses


@pytest.mark.parametrize(
    ("products", "granted"),
    [
        ((), set()),
        (("powerdialer",), {Action.DIAL, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS}),
        (("inbound_agent",), {Action.USE_INBOUND_CLIENT}),
        (("elf",), {Action.RESPOND_AUTOMATICALLY}),
        (("admin_only",), {Action.ADMINISTER, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS}),
        (("flex_port",), set()),
        (
            ("inbound_agent", "powerdialer"),
            {
                Action.DIAL,
                Action.MANAGE_LISTS,
                Action.MANAGE_SETTINGS,
                Action.USE_INBOUND_CLIENT,
                Action.BLEND,
            },
        ),
        (
            ("admin_only", "elf"),
            {Action.ADMINISTER, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS, Action.RESPOND_AUTOMATICALLY},
        ),
    ],
)
def test_what_the_guides_licenses_grant(products: tuple[str, ...], granted: set[Action]) -> None:
    """Grants add up; Admin Only grants no dialing, and blend needs PowerDialer beside Inbound Agent."""
    assert {action for action in LICENSED if asked(action, *products).allowed} == granted


def test_a_license_counts_for_the_user_it_is_assigned_to() -> None:
    """What Ann has does not help Bob."""
    assert asked(Action.DIAL, "powerdialer").allowed
    assert not asked(Action.DIAL, "powerdialer", user="bob").allowed


@pytest.mark.parametrize("action", OF_THE_ACCOUNT)
def test_what_is_done_for_the_account_needs_no_license(action: Action) -> None:
    """Such an action needs the role only."""
    assert asked(action).allowed
    assert asked(action, role=NOBODY).reasons == (RoleDoesNotPermit("nobody"),)


@pytest.mark.parametrize(
    ("role", "permitted"),
    [
        (AGENT, {Action.DIAL, Action.MANAGE_LISTS}),
        (SYSTEM_ADMINISTRATOR, {Action.DIAL, Action.MANAGE_LISTS, Action.MANAGE_SETTINGS, Action.BUY_MINUTES}),
        (BILLING_ADMINISTRATOR, set(OF_THE_ACCOUNT)),
    ],
)
def test_what_the_roles_permit_with_a_powerdialer_license(role: Role, permitted: set[Action]) -> None:
    """A license is of use as far as the role permits: an agent manages lists, an administrator settings as well."""
    assert {action for action in Action if asked(action, "powerdialer", role=role).allowed} == permitted


def test_what_is_there_for_the_system_everybody_has() -> None:
    """A grant together with such a product holds as soon as one is owned."""
    listening = Product(
        id="listening",
        name="Listening",
        kind=ProductKind.PER_USER,
        grants=(Grant(Action.ADMINISTER, ("unlocking", "dialing")),),
    )
    unlocking = Product(id="unlocking", name="Unlocking", kind=ProductKind.SYSTEM)
    dialing = Product(id="dialing", name="Dialing", kind=ProductKind.PER_USER)
    catalog = Catalog((listening, unlocking, dialing))
    assert asked(Action.ADMINISTER, "listening", "unlocking", "dialing", catalog=catalog).allowed
    lacking = asked(Action.ADMINISTER, "listening", catalog=catalog)
    assert lacking.reasons == (NotTogether("Listening", ("unlocking", "dialing"), ("Unlocking", "Dialing")),)
    assert lacking.text == (
        "ann may not use the set-up and management tools: "
        "Listening alone does not grant it; it needs Unlocking and Dialing as well."
    )


# --- the reasons, and the words


@pytest.mark.parametrize(
    ("permitted", "text"),
    [
        (
            asked(Action.DIAL, role=AGENT),
            "ann may not dial: no license that grants it is assigned; PowerDialer would.",
        ),
        (
            asked(Action.DIAL, "admin_only", role=AGENT),
            "ann may not dial: no license that grants it is assigned; PowerDialer would.",
        ),
        (
            asked(Action.MANAGE_LISTS, role=AGENT),
            "ann may not manage lists: no license that grants it is assigned; PowerDialer or Admin Only would.",
        ),
        (
            asked(Action.BLEND, "powerdialer", role=AGENT),
            "ann may not blend inbound and outbound calls: no license that grants it is assigned; "
            "Inbound Agent together with PowerDialer would.",
        ),
        (
            asked(Action.BLEND, "inbound_agent", role=AGENT),
            "ann may not blend inbound and outbound calls: Inbound Agent alone does not grant it; "
            "it needs PowerDialer as well.",
        ),
        (
            asked(Action.MANAGE_SETTINGS, "powerdialer", role=AGENT),
            "ann may not manage settings: the role agent does not permit it.",
        ),
        (
            asked(Action.MANAGE_SETTINGS, role=AGENT),
            "ann may not manage settings: no license that grants it is assigned; PowerDialer or Admin Only would; "
            "the role agent does not permit it.",
        ),
        (
            asked(Action.DIAL, catalog=Catalog(())),
            "ann may not dial: no product of the catalog grants it.",
        ),
        (asked(Action.CANCEL, role=AGENT), "ann may not cancel the account: the role agent does not permit it."),
        (
            asked(Action.DIAL, "powerdialer", role=AGENT),
            "ann may dial: granted by PowerDialer, permitted by the role agent.",
        ),
        (
            asked(Action.MANAGE_LISTS, "admin_only", "powerdialer", role=AGENT),
            "ann may manage lists: granted by PowerDialer, Admin Only, permitted by the role agent.",
        ),
        (
            asked(Action.BUY_MINUTES, role=BILLING_ADMINISTRATOR),
            "ann may buy minutes: permitted by the role billing administrator.",
        ),
    ],
)
def test_the_answer_in_words(permitted: Permission, text: str) -> None:
    """The question "why can't she use it?" is answered by one sentence with every reason."""
    assert permitted.text == text
    assert permitted.allowed is ("may not" not in text)


def test_reasons_are_told_apart_by_programs() -> None:
    """Each reason has its code, and what would help by id."""
    reasons = asked(Action.MANAGE_SETTINGS, role=AGENT).reasons
    assert reasons == (
        NoLicenseAssigned(("powerdialer", "admin_only"), ("PowerDialer", "Admin Only")),
        RoleDoesNotPermit("agent"),
    )
    assert [reason.code for reason in reasons] == ["no_license_assigned", "role_does_not_permit"]
    assert NotTogether.code == "not_together"


def test_one_grant_of_several_is_enough() -> None:
    """A product that grants an action alone and together with another grants it once."""
    both = Product(
        id="both", name="Both", kind=ProductKind.PER_USER, grants=(Grant(Action.DIAL, ("other",)), Grant(Action.DIAL))
    )
    catalog = Catalog((both, Product(id="other", name="Other", kind=ProductKind.PER_USER)))
    assert asked(Action.DIAL, "both", catalog=catalog).granted_by == ("Both",)
    assert asked(Action.DIAL, "both", "other", catalog=catalog).granted_by == ("Both",)


@pytest.mark.parametrize(
    ("permitted", "text"),
    [
        (
            asked(Action.DIAL, role=AGENT),
            "permission to dial: not allowed [LIC-9, FUN-11]\n"
            "  ann may not dial: no license that grants it is assigned; PowerDialer would.\n"
            "  user: ann\n"
            "  role: agent\n"
            "  granted by: no license",
        ),
        (
            asked(Action.BUY_MINUTES, role=BILLING_ADMINISTRATOR),
            "permission to buy minutes: allowed [FUN-11]\n"
            "  ann may buy minutes: permitted by the role billing administrator.\n"
            "  user: ann\n"
            "  role: billing administrator\n"
            "  granted by: no license",
        ),
    ],
)
def test_the_explanation(permitted: Permission, text: str) -> None:
    """The decision with the rules it follows, and what it was decided by."""
    assert permitted.explanation().as_text() == text


def test_a_permission_survives_pickling() -> None:
    """An answer goes from one worker process to another."""
    answer = asked(Action.BLEND, "inbound_agent", role=NOBODY)
    assert pickle.loads(pickle.dumps(answer)) == answer  # noqa: S301 - ours


@pytest.mark.parametrize(
    "call",
    [
        lambda: permission("ann", Action.DIAL, Licenses(), catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: permission(User(id="ann"), "dial", Licenses(), catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: permission(User(id="ann"), Action.CANCEL, None, catalog=STANDARD_CATALOG),  # type: ignore[arg-type]
        lambda: permission(User(id="ann"), Action.CANCEL, Licenses(), catalog=None),  # type: ignore[arg-type]
    ],
)
def test_wrong_arguments_are_refused(call: Any) -> None:
    """A value of another type is named, whether or not the answer depends on it."""
    with pytest.raises(InvalidValue, match="must be a"):
        call()
