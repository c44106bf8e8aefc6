"""What a license permits: whether a user may do something, and every reason why not (LIC-9).

A license grants, a role permits, and both are needed. What the products grant is data of the catalog, what a role
permits is data of the role; only which actions need no license at all stands here.
"""

from collections.abc import Iterator
from typing import ClassVar

import attrs

from licensebill._checks import instance
from licensebill.explain import Explanation, Input
from licensebill.holdings import Licenses
from licensebill.people import Action, User
from licensebill.terms import Catalog, Product

#: Acts for the account, which need a role and no license (FUN-11).
_OF_THE_ACCOUNT = frozenset(
    {Action.BUY_MINUTES, Action.CHANGE_SOURCES, Action.CHANGE_LICENSES, Action.ORDER_SERVICES, Action.CANCEL}
)


@attrs.frozen
class NoLicenseAssigned:
    """No license that is assigned to the user grants the action.

    Args:
        products: ids of the products that would.
        names: for people, each with what it needs besides.
    """

    code: ClassVar[str] = "no_license_assigned"

    products: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        if not self.names:
            return "no product of the catalog grants it"
        return f"no license that grants it is assigned; {' or '.join(self.names)} would"


@attrs.frozen
class NotTogether:
    """A license that is assigned grants the action only together with others, which are not.

    Args:
        name: of the product that is assigned.
        products: ids of those missing.
        names: their names.
    """

    code: ClassVar[str] = "not_together"

    name: str
    products: tuple[str, ...]
    names: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.name} alone does not grant it; it needs {' and '.join(self.names)} as well"


@attrs.frozen
class RoleDoesNotPermit:
    """The user's role does not have the action."""

    code: ClassVar[str] = "role_does_not_permit"

    role: str

    def __str__(self) -> str:
        return f"the role {self.role} does not permit it"


#: Why somebody may not do something; each has a stable `code`, and its text.
Reason = NoLicenseAssigned | NotTogether | RoleDoesNotPermit


@attrs.frozen(kw_only=True)
class Permission:
    """Whether a user may do something, and every reason why not.

    Args:
        user: the user's id.
        action: what the user wants to do.
        role: the name of the user's role.
        granted_by: the names of the products assigned that grant the action.
        reasons: against it; none if it is allowed.
    """

    user: str
    action: Action
    role: str
    granted_by: tuple[str, ...]
    reasons: tuple[Reason, ...]

    @property
    def allowed(self) -> bool:
        """Whether nothing speaks against it."""
        return not self.reasons

    @property
    def text(self) -> str:
        """The answer in words, with every reason."""
        if self.reasons:
            return f"{self.user} may not {self.action.value}: {'; '.join(map(str, self.reasons))}."
        granted = f"granted by {', '.join(self.granted_by)}, " if self.granted_by else ""
        return f"{self.user} may {self.action.value}: {granted}permitted by the role {self.role}."

    def explanation(self) -> Explanation:
        """The answer, and what it was decided by.

        Source: LIC-9, FUN-11, BIL-5.
        """
        return Explanation(
            figure=f"permission to {self.action.value}",
            value="allowed" if self.allowed else "not allowed",
            rules=("FUN-11",) if self.action in _OF_THE_ACCOUNT else ("LIC-9", "FUN-11"),
            because=self.text,
            inputs=(
                Input("user", self.user),
                Input("role", self.role),
                Input("granted by", ", ".join(self.granted_by) or "no license"),
            ),
        )


def permission(user: User, action: Action, licenses: Licenses, *, catalog: Catalog) -> Permission:
    """Whether a user may do something, and why not: "why can't she use it, though I gave her the permission?".

    Two things have to come together: a license that grants the action, and a role that permits it. Grants of several
    licenses add up; some count only together with another product. What is done for the account as a whole, such as
    buying minutes, needs the role only. Who holds the office of billing administrator is known to the account, not
    here: `funding.may` asks both.

    Args:
        user: who wants to; the role is the user's.
        action: what for.
        licenses: what is held.
        catalog: the products and what they grant.

    Returns:
        the decision with all reasons against it, those of the licenses in the catalog's order, then the role's.

    Source: LIC-9, FUN-11.

    Example:
        >>> from licensebill.terms import STANDARD_CATALOG
        >>> print(permission(User(id="ann"), Action.DIAL, Licenses.empty(), catalog=STANDARD_CATALOG).text)
        ann may not dial: no license that grants it is assigned; PowerDialer would.
    """
    role = instance("user", user, User).role
    needs_license = instance("action", action, Action) not in _OF_THE_ACCOUNT
    instance("licenses", licenses, Licenses)
    instance("catalog", catalog, Catalog)
    grants = list(_grants(action, catalog)) if needs_license else []
    held = [
        (product, [other for other in together if not licenses.has(user.id, other)])
        for product, together in grants
        if licenses.has(user.id, product)
    ]
    granted_by = tuple(dict.fromkeys(product.name for product, missing in held if not missing))
    reasons: list[Reason] = []
    if needs_license and not granted_by:
        reasons.extend([_not_together(product, missing) for product, missing in held] or [_no_license(grants)])
    if action not in role.permits:
        reasons.append(RoleDoesNotPermit(role.name))
    return Permission(user=user.id, action=action, role=role.name, granted_by=granted_by, reasons=tuple(reasons))


def _grants(action: Action, catalog: Catalog) -> Iterator[tuple[Product, list[Product]]]:
    """The products that grant an action, each with those it grants it together with."""
    for product in catalog.products:
        for grant in product.grants:
            if grant.action is action:
                yield product, [catalog.product(other) for other in grant.together_with]


def _no_license(grants: list[tuple[Product, list[Product]]]) -> NoLicenseAssigned:
    names = tuple(_together(product, together) for product, together in grants)
    return NoLicenseAssigned(tuple(product.id for product, _ in grants), names)


def _together(product: Product, others: list[Product]) -> str:
    return f"{product.name} together with {' and '.join(other.name for other in others)}" if others else product.name


def _not_together(product: Product, missing: list[Product]) -> NotTogether:
    return NotTogether(product.name, tuple(other.id for other in missing), tuple(other.name for other in missing))
