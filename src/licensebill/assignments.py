"""The assignment dialogue: check marks by user and product, saved as a whole or not at all (LIC-3, LIC-4).

Every change is checked in one place, on what would be held after it: is there a license for everybody, and does
everybody have what a product requires? To take a license back needs none, and is refused only where another product of
the same user requires it. Nothing here changes how many licenses are owned, or what is billed.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import ClassVar

import attrs

from licensebill._checks import cardless_text, instance
from licensebill.errors import InvalidValue, RuleViolation, shown
from licensebill.holdings import ASSIGNED_KINDS, Holding, Licenses, uses_up
from licensebill.terms import STANDARD, Catalog, PortTerms, Product


class NotAssignable(InvalidValue):
    """A check mark for a product that users do not hold: one for the whole system, or for a line (LIC-1)."""

    code: ClassVar[str] = "not_assignable"


@attrs.frozen
class Shortage:
    """A product of which more licenses are wanted than there are.

    Args:
        product: the product's id.
        name: for people.
        wanted: licenses that the assignments would use up.
        there: licenses owned, or after a decrease the smaller total to come.
    """

    product: str
    name: str
    wanted: int
    there: int

    @property
    def short(self) -> int:
        """How many have to be purchased, or taken from other users."""
        return self.wanted - self.there

    def __str__(self) -> str:
        return f"{self.name} is short by {self.short} ({self.wanted} wanted, {self.there} there)"


@attrs.frozen
class Unmet:
    """A user who would hold a product without one that it requires, which is the user's own or the whole system's."""

    user: str
    product: str
    requires: str

    def __str__(self) -> str:
        return f"{self.user} needs {self.requires} for {self.product}"


@attrs.frozen
class NotEnoughLicenses(RuleViolation):
    """Assignments that would use up more licenses than there are; nothing was assigned.

    Args:
        shortages: every product that is short, in the catalog's order.
        unmet: every prerequisite that the same assignments lack besides.
    """

    code: ClassVar[str] = "not_enough_licenses"
    rule: ClassVar[str] = "LIC-3"

    shortages: tuple[Shortage, ...]
    unmet: tuple[Unmet, ...] = ()

    def __str__(self) -> str:
        besides = f"; besides, {_some(self.unmet)}" if self.unmet else ""
        return f"{_some(self.shortages)}; more can be purchased{besides} (LIC-3)"


@attrs.frozen
class PrerequisiteMissing(RuleViolation):
    """Users would hold a product without one that it requires; nothing was changed."""

    code: ClassVar[str] = "prerequisite_missing"
    rule: ClassVar[str] = "LIC-1"

    unmet: tuple[Unmet, ...]

    def __str__(self) -> str:
        return f"{_some(self.unmet)}: both have to be there, or neither (LIC-1)"


#: A message lists so many users at most; the error holds all.
_LISTED = 20


def _some(items: tuple[object, ...]) -> str:
    more = [f"and {len(items) - _LISTED} more"] if len(items) > _LISTED else []
    return ", ".join([*map(str, items[:_LISTED]), *more])


def assign(
    licenses: Licenses, user: str, product: str, *, catalog: Catalog, terms: PortTerms = STANDARD.ports
) -> Licenses:
    """One license of a product given to a user; who has one already keeps it.

    A per-user product needs one available. A pooled one does not: the user is admitted to what the others share.

    Args:
        licenses: what is held.
        user: the user's id.
        product: the product's id.
        catalog: the products.
        terms: whether a pooled product's assignment uses up a license.

    Raises:
        NotEnoughLicenses: none is available.
        PrerequisiteMissing: the user lacks a product that this one requires.
        NotAssignable: the product is not assigned to users.
        UnknownProduct: the catalog has no such product.

    Source: LIC-3, LIC-1, PRT-7.

    Example:
        >>> from licensebill.terms import STANDARD_CATALOG
        >>> held = Licenses((Holding(product="powerdialer", owned=1),))
        >>> held = assign(held, "ann", "powerdialer", catalog=STANDARD_CATALOG)
        >>> assign(held, "bob", "powerdialer", catalog=STANDARD_CATALOG)
        Traceback (most recent call last):
        licensebill.assignments.NotEnoughLicenses: PowerDialer is short by 1 (2 wanted, 1 there); \
more can be purchased (LIC-3)
    """
    named, holding = _assignment(licenses, user, product, catalog)
    after = licenses.replaced(holding.with_users(holding.users | {user}))
    unmet = () if user in holding.users else _unmet(user, [named], after, catalog)
    return _saved(licenses, after, unmet, catalog, terms)


def deassign(licenses: Licenses, user: str, product: str, *, catalog: Catalog) -> Licenses:
    """A user's license of a product taken back; the number owned, and billed, stays.

    Args:
        licenses: what is held.
        user: the user's id; who does not have the product is left without it.
        product: the product's id.
        catalog: the products.

    Raises:
        PrerequisiteMissing: the user has another product that requires this one.
        NotAssignable: the product is not assigned to users.
        UnknownProduct: the catalog has no such product.

    Source: LIC-3, LIC-1.
    """
    _, holding = _assignment(licenses, user, product, catalog)
    if user not in holding.users:
        return licenses
    after = licenses.replaced(holding.with_users(holding.users - {user}))
    dependent = [other for other in _held(user, after, catalog) if product in other.prerequisites]
    if unmet := _unmet(user, dependent, after, catalog):
        raise PrerequisiteMissing(unmet)
    return after


def _assignment(licenses: Licenses, user: str, product: str, catalog: Catalog) -> tuple[Product, Holding]:
    instance("licenses", licenses, Licenses)
    cardless_text("user", user)
    return _assignable(product, catalog), licenses.holding(product)


def _assignable(product: str, catalog: Catalog) -> Product:
    named = instance("catalog", catalog, Catalog).product(product)
    if named.kind not in ASSIGNED_KINDS:
        raise NotAssignable("product", f"must be assigned to users; {named.name} is not: {named.kind.value}")
    return named


def check_unlocks(licenses: Licenses, product: str, *, catalog: Catalog) -> None:
    """Refuses to give up the last license that unlocks the system for products which users hold.

    Args:
        licenses: as they would be.
        product: whose licenses would be gone.
        catalog: the products.

    Raises:
        PrerequisiteMissing: somebody holds a product that requires it.

    Source: LIC-1.
    """
    instance("licenses", licenses, Licenses)
    gone = instance("catalog", catalog, Catalog).product(product)
    unmet = tuple(
        Unmet(user, other.name, gone.name)
        for other in catalog.products
        if gone.id in other.prerequisites
        for user in sorted(licenses.holding(other.id).users)
    )
    if unmet:
        raise PrerequisiteMissing(unmet)


def _held(user: str, licenses: Licenses, catalog: Catalog) -> list[Product]:
    return [product for product in catalog.products if user in licenses.holding(product.id).users]


def _unmet(user: str, products: Iterable[Product], licenses: Licenses, catalog: Catalog) -> tuple[Unmet, ...]:
    """What a user lacks for some products, among those that the licenses state."""
    return tuple(
        Unmet(user, product.name, required.name)
        for product in products
        for required in map(catalog.product, product.prerequisites)
        if not licenses.has(user, required)
    )


def _saved(before: Licenses, after: Licenses, unmet: tuple[Unmet, ...], catalog: Catalog, terms: PortTerms) -> Licenses:
    """The assignments after a change, if nothing speaks against them; otherwise everything that does."""
    pairs = ((product, before.holding(product.id), after.holding(product.id)) for product in catalog.products)
    shortages = tuple(
        Shortage(product.id, product.name, len(new.users), new.lasting)
        for product, old, new in pairs
        # to take licenses back is always allowed
        if uses_up(product, terms) and len(new.users) > new.lasting and not new.users <= old.users
    )
    if shortages:
        raise NotEnoughLicenses(shortages, unmet)
    if unmet:
        raise PrerequisiteMissing(unmet)
    return after


def save_table(
    licenses: Licenses,
    checks: Mapping[str, Collection[str]],
    *,
    catalog: Catalog,
    terms: PortTerms = STANDARD.ports,
) -> Licenses:
    """The table of check marks saved: all of it, or nothing.

    The table states, for each user in it, every product that is to be assigned, so that a mark left out takes the
    product back. Users who are not in it keep what they have. What one user gives back, another can be given in the
    same table, and so can a product together with its prerequisite.

    Args:
        licenses: what is held.
        checks: product ids by user id.
        catalog: the products.
        terms: whether a pooled product's assignment uses up a license.

    Raises:
        NotEnoughLicenses: more would be used up than there are; names every product that is short, and by how many.
        PrerequisiteMissing: users would hold a product without one that it requires; names each.
        NotAssignable: a mark for a product that is not assigned to users.
        UnknownProduct: a mark for a product that the catalog does not have.

    Source: LIC-4, LIC-3, LIC-1.

    Example:
        >>> from licensebill.terms import STANDARD_CATALOG
        >>> held = Licenses((Holding(product="powerdialer", owned=1, users=frozenset({"ann"})),))
        >>> held = save_table(held, {"ann": [], "bob": ["powerdialer"]}, catalog=STANDARD_CATALOG)
        >>> held.products_of("ann"), held.products_of("bob")
        ((), ('powerdialer',))
    """
    instance("licenses", licenses, Licenses)
    marks = _marks(checks, catalog)
    after = licenses.replaced(*(_marked(licenses.holding(product.id), marks) for product in catalog.products))
    unmet = tuple(
        lack
        for user, products in marks.items()
        for lack in _unmet(user, [one for one in catalog.products if one.id in products], after, catalog)
    )
    return _saved(licenses, after, unmet, catalog, terms)


def _marks(checks: object, catalog: Catalog) -> dict[str, Collection[str]]:
    table: Mapping[object, object] = instance("checks", checks, Mapping)  # type: ignore[type-abstract]
    known = {product.id for product in instance("catalog", catalog, Catalog).products if product.kind in ASSIGNED_KINDS}
    marks: dict[str, Collection[str]] = {}
    for user, products in table.items():
        if not isinstance(products, Collection) or isinstance(products, str):
            raise InvalidValue("checks", f"must hold a collection of product ids by user, not {shown(products)}")
        for product in products:
            if instance("checks", product, str) not in known:
                _assignable(product, catalog)  # says what is wrong with it
        marks[cardless_text("checks", user)] = products
    return marks


def _marked(holding: Holding, marks: Mapping[str, Collection[str]]) -> Holding:
    given = {user for user, products in marks.items() if holding.product in products}
    return holding.with_users(holding.users.difference(marks) | given)


def remove_user(licenses: Licenses, user: str) -> Licenses:
    """Everything taken back from a user who is hidden or deleted; the numbers owned, and billed, stay.

    Source: LIC-10, LIC-3.

    Example:
        >>> held = Licenses((Holding(product="powerdialer", owned=2, users=frozenset({"ann"})),))
        >>> remove_user(held, "ann").holding("powerdialer")
        Holding(product='powerdialer', owned=2, users=frozenset([]), pending=None)
    """
    cardless_text("user", user)
    held = [one for one in instance("licenses", licenses, Licenses).holdings if user in one.users]
    return licenses.replaced(*(holding.with_users(holding.users - {user}) for holding in held))
