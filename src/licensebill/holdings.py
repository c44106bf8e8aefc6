"""What is held: how many licenses of each product are owned, who has them, and how many are left.

Two values, and the small panel beside the check marks (LIC-3). A `Holding` is of one product, `Licenses` are all of
them. They know no catalog: whether a product's users each need a license of their own is asked where it matters.

How assignments and totals change belongs to `assignments` and `licenses`.
"""

from collections.abc import Callable, Iterable

import attrs

from licensebill._checks import cardless_text, checked, distinct, instance, text, tuple_of, whole
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation, Input
from licensebill.terms import STANDARD, Catalog, PoolAssignment, PortTerms, Product, ProductKind

#: Products that users have check marks for; the others are there for the whole system (LIC-1).
ASSIGNED_KINDS = frozenset({ProductKind.PER_USER, ProductKind.POOLED})

# --- holdings -----------------------------------------------------------------------------------------------------


def _users(place: str, value: object) -> frozenset[str]:
    users: frozenset[str] = instance(place, value, frozenset)
    for user in users:
        cardless_text(place, user)
    return users


def _shown_users(users: frozenset[str]) -> str:
    # a set's own repr changes with the hash seed
    return f"frozenset({sorted(users)})"


@attrs.frozen(kw_only=True)
class Holding:
    """What an account holds of one product.

    Args:
        product: the product's id.
        owned: licenses, from 0.
        users: ids of those it is assigned to, or who are admitted to it if it is pooled.
        pending: the smaller total that takes effect with the next cycle; None if there is none.

    Raises:
        InvalidValue: a pending total that is not below the number owned.

    Source: LIC-3, LIC-8.
    """

    product: str = attrs.field(validator=checked(text))
    owned: int = attrs.field(default=0, validator=checked(whole))
    users: frozenset[str] = attrs.field(default=frozenset(), validator=checked(_users), repr=_shown_users)
    pending: int | None = attrs.field(default=None, validator=attrs.validators.optional(checked(whole)))

    def __attrs_post_init__(self) -> None:
        if self.pending is not None and self.pending >= self.owned:
            raise InvalidValue("pending", f"must be below the {self.owned} owned, not {shown(self.pending)}")

    @property
    def lasting(self) -> int:
        """What is owned when the next cycle begins: the pending total, or else what is owned now."""
        return self.owned if self.pending is None else self.pending

    def with_users(self, users: frozenset[str]) -> "Holding":
        """The same with other users, whose ids were checked before."""
        return _unchecked(self.product, self.owned, users, self.pending)

    def with_total(self, owned: int, *, pending: int | None = None) -> "Holding":
        """The same with other numbers, which were checked before."""
        return _unchecked(self.product, owned, self.users, pending)


# The users of a holding were checked when they came in. There may be 100,000 of them, so a holding made from another is
# built without checking them again: the slots' own setters pass by the frozen class's refusal, and its validators.
_new = object.__new__
_setters = [Holding.__dict__[field.name].__set__ for field in attrs.fields(Holding)]


def _unchecked(*values: object) -> Holding:
    result = _new(Holding)
    for set_field, value in zip(_setters, values, strict=True):
        set_field(result, value)
    return result


def _canonical(holdings: Iterable[Holding]) -> tuple[Holding, ...]:
    """By product, and without those that hold nothing: what is the same compares equal."""
    given = tuple_of("holdings", holdings, Holding)
    distinct("holdings", [holding.product for holding in given], "the product")
    return tuple(sorted((one for one in given if one.owned or one.users), key=lambda one: one.product))


@attrs.frozen
class Licenses:
    """Everything an account holds, by product.

    Args:
        holdings: in any order, each product once; kept by product id, without those that hold nothing.

    Raises:
        InvalidValue: a product twice.

    Source: LIC-1, LIC-3.

    Example:
        >>> held = Licenses((Holding(product="powerdialer", owned=2, users=frozenset({"ann"})),))
        >>> held.holding("powerdialer").owned, held.holding("elf").owned, held.products_of("ann")
        (2, 0, ('powerdialer',))
    """

    holdings: tuple[Holding, ...] = attrs.field(default=(), converter=_canonical)

    @classmethod
    def empty(cls) -> "Licenses":
        """Nothing owned, nothing assigned."""
        return cls()

    def holding(self, product: str) -> Holding:
        """What is held of a product; an empty holding where nothing is."""
        instance("product", product, str)
        found = (holding for holding in self.holdings if holding.product == product)
        return next(found, None) or Holding(product=product)

    def owned(self) -> dict[str, int]:
        """The number owned now, by product."""
        return {holding.product: holding.owned for holding in self.holdings}

    def products_of(self, user: str) -> tuple[str, ...]:
        """The ids of the products assigned to a user."""
        instance("user", user, str)
        return tuple(holding.product for holding in self.holdings if user in holding.users)

    def has(self, user: str, product: Product) -> bool:
        """Whether a user has a product: it is assigned to the user, or there is one for the whole system."""
        instance("user", user, str)
        instance("product", product, Product)
        holding = self.holding(product.id)
        return user in holding.users if product.kind in ASSIGNED_KINDS else holding.owned > 0

    def replaced(self, *changed: Holding) -> "Licenses":
        """The same with other holdings of some products."""
        tuple_of("changed", changed, Holding)
        products = {holding.product for holding in changed}
        return Licenses((*(one for one in self.holdings if one.product not in products), *changed))


def assigned_users(licenses: Licenses, catalog: Catalog) -> frozenset[str]:
    """The users with at least one per-user license assigned; being admitted to a pool is none.

    Source: LIC-3, STO-1.

    Example:
        >>> from licensebill.terms import STANDARD_CATALOG
        >>> dialing = Holding(product="powerdialer", owned=2, users=frozenset({"ann"}))
        >>> admitted = Holding(product="flex_port", owned=2, users=frozenset({"ann", "bob"}))
        >>> sorted(assigned_users(Licenses((dialing, admitted)), STANDARD_CATALOG))
        ['ann']
    """
    holdings = instance("licenses", licenses, Licenses).holdings
    kinds = {product.id: product.kind for product in instance("catalog", catalog, Catalog).products}
    return frozenset().union(*(one.users for one in holdings if kinds.get(one.product) is ProductKind.PER_USER))


# --- what is available --------------------------------------------------------------------------------------------


def number_available(lasting: int, used: int, *, maximum: Callable[[int, int], int] = max) -> int:
    """The number of licenses that can still be assigned, in arithmetic that serves ints and columns alike.

    Args:
        lasting: the number owned, or after a decrease the smaller total to come.
        used: licenses that assignments use up.
        maximum: the greater of two; a column's own where columns are compared.

    Source: LIC-3.
    """
    return maximum(lasting - used, 0)


@attrs.frozen(kw_only=True)
class Availability:
    """How many licenses of a product are owned, assigned and left.

    Args:
        product: the product's id.
        name: for people.
        owned: licenses.
        pending: the smaller total of the next cycle; None if there is none.
        assigned: users it is assigned to, or who are admitted to the pool.
        used: licenses these use up; none where they share a pool.
    """

    product: str
    name: str
    owned: int
    pending: int | None
    assigned: int
    used: int

    @property
    def available(self) -> int:
        """Licenses that can still be assigned."""
        return number_available(self.owned if self.pending is None else self.pending, self.used)

    def explanation(self) -> Explanation:
        """How the number available comes about.

        Source: LIC-3, PRT-7, BIL-5.
        """
        lasting = str(self.owned) if self.pending is None else f"min({self.owned}, {self.pending})"
        smaller = "" if self.pending is None else f" (in the next cycle {self.pending})"
        return Explanation(
            figure=f"{self.name} available",
            value=str(self.available),
            unit="licenses",
            rules=("LIC-3", "PRT-7"),
            because=f"{self.owned} owned{smaller}, assigned to {self.assigned}, which uses up {self.used}.",
            working=f"max({lasting} - {self.used}, 0)",
            inputs=(
                Input("owned", str(self.owned), "licenses"),
                *([] if self.pending is None else [Input("pending total", str(self.pending), "licenses")]),
                Input("assigned", str(self.assigned), "users"),
            ),
        )


def availability(
    licenses: Licenses, product: str, *, catalog: Catalog, terms: PortTerms = STANDARD.ports
) -> Availability:
    """How many licenses of a product are owned, assigned and left.

    Available is what is owned, less what is assigned; after a pending decrease, the smaller total less what is
    assigned, so that nobody is given a license that is about to go. Users admitted to a pool use up none.

    Args:
        licenses: what is held.
        product: the product's id.
        catalog: the products.
        terms: whether a pooled product's assignment uses up a license.

    Raises:
        UnknownProduct: the catalog has no such product.

    Source: LIC-3, PRT-7.

    Example:
        >>> from licensebill.terms import STANDARD_CATALOG
        >>> held = Licenses((Holding(product="powerdialer", owned=10, users=frozenset({"ann"}), pending=8),))
        >>> availability(held, "powerdialer", catalog=STANDARD_CATALOG).available
        7
    """
    named = instance("catalog", catalog, Catalog).product(product)
    return _availability(named, instance("licenses", licenses, Licenses).holding(product), terms)


def _availability(product: Product, holding: Holding, terms: PortTerms) -> Availability:
    assigned = len(holding.users)
    return Availability(
        product=product.id,
        name=product.name,
        owned=holding.owned,
        pending=holding.pending,
        assigned=assigned,
        used=assigned if uses_up(product, terms) else 0,
    )


def uses_up(product: Product, terms: PortTerms) -> bool:
    """Whether each user that a product is assigned to uses up a license of it.

    A per-user product's users do; those of a pooled one share it, unless the policy says one each.

    Source: LIC-3, PRT-7.
    """
    instance("product", product, Product)
    uses_one = instance("terms", terms, PortTerms).assignment is PoolAssignment.USES_ONE
    return product.kind is ProductKind.PER_USER or (product.kind is ProductKind.POOLED and uses_one)


def totals(licenses: Licenses, *, catalog: Catalog, terms: PortTerms = STANDARD.ports) -> tuple[Availability, ...]:
    """The small panel beside the check marks: every product of the catalog, in its order.

    Source: LIC-3.
    """
    instance("licenses", licenses, Licenses)
    products = instance("catalog", catalog, Catalog).products
    return tuple(_availability(product, licenses.holding(product.id), terms) for product in products)
