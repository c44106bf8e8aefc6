"""Permissions: what somebody may do, and every reason why not."""

from licensebill import permissions
from licensebill.holdings import Holding, Licenses
from licensebill.people import BILLING_ADMINISTRATOR, SYSTEM_ADMINISTRATOR, Action, User
from licensebill.terms import STANDARD_CATALOG, Catalog, Grant, Product, ProductKind
from tests.scenes import Scene

_TWO_MORE = Catalog(
    (
        *STANDARD_CATALOG.products,
        Product(
            id="blender",
            name="Blender",
            kind=ProductKind.PER_USER,
            grants=(Grant(Action.BLEND, ("powerdialer", "elf")), Grant(Action.BLEND, ("recording_monitoring",))),
        ),
    )
)
_BUYING = Catalog((Product(id="phone", name="Phone", kind=ProductKind.PER_USER, grants=(Grant(Action.BUY_MINUTES),)),))
_ANN, _ADMINISTRATOR, _BOSS = (
    User(id="ann"),
    User(id="sys", role=SYSTEM_ADMINISTRATOR),
    User(id="dana", role=BILLING_ADMINISTRATOR),
)


def _asked(
    action: Action, *products: str, user: User = _ANN, catalog: Catalog = STANDARD_CATALOG
) -> permissions.Permission:
    held = Licenses(tuple(Holding(product=one, owned=1, users=frozenset({user.id})) for one in products))
    return permissions.permission(user, action, held, catalog=catalog)


SCENES: dict[str, Scene] = {
    "granted": lambda: _asked(Action.DIAL, "powerdialer"),
    "granted by two products": lambda: _asked(Action.MANAGE_LISTS, "powerdialer", "admin_only"),
    "granted by two together": lambda: _asked(Action.BLEND, "powerdialer", "inbound_agent"),
    "no license": lambda: _asked(Action.DIAL),
    "no license, of those that two products would do for": lambda: _asked(Action.MANAGE_LISTS),
    "no license, where it takes two together": lambda: _asked(Action.BLEND),
    "one alone of two together": lambda: _asked(Action.BLEND, "inbound_agent"),
    "none of several ways": lambda: _asked(Action.BLEND, catalog=_TWO_MORE),
    "one alone in several ways": lambda: _asked(Action.BLEND, "blender", catalog=_TWO_MORE),
    "one still missing": lambda: _asked(Action.BLEND, "blender", "elf", catalog=_TWO_MORE),
    "one of the whole system": lambda: _asked(Action.BLEND, "blender", "recording_monitoring", catalog=_TWO_MORE),
    "nothing grants it": lambda: _asked(Action.DIAL, catalog=Catalog(STANDARD_CATALOG.products[-1:])),
    "the role does not permit it": lambda: _asked(Action.MANAGE_SETTINGS, "powerdialer"),
    "neither a license nor the role": lambda: _asked(Action.ADMINISTER),
    "an administrator, with a license": lambda: _asked(Action.ADMINISTER, "admin_only", user=_ADMINISTRATOR),
    "an administrator buys minutes": lambda: _asked(Action.BUY_MINUTES, user=_ADMINISTRATOR),
    "a product grants what needs no license": lambda: _asked(
        Action.BUY_MINUTES, "phone", user=_ADMINISTRATOR, catalog=_BUYING
    ),
    "an agent buys minutes": lambda: _asked(Action.BUY_MINUTES, "powerdialer"),
    **{f"to {action.value}": lambda action=action: _asked(action, user=_BOSS) for action in Action},  # type: ignore[misc]
}
