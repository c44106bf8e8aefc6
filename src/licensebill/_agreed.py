"""What was agreed, in an account file: tariffs, products, contracts.

`codec` reads the rest of the file and asks for these; how a table is read key by key belongs to `_tables`. A tariff's
numbers and policies have the names that they have in `terms`, and what may stand there follows from what stands there
by default: a number that is added to `terms` can be stated in a file without a line here.
"""

import enum
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date
from typing import Any

import attrs

from licensebill._checks import text, whole
from licensebill._tables import (
    CURRENCY,
    DAY,
    NAME,
    NAMES,
    UNREAD,
    Form,
    Node,
    choice,
    count,
    list_of,
    listed,
    money,
    named,
)
from licensebill.errors import InvalidValue, shown
from licensebill.money import Money
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Price, Tier, Volume
from licensebill.terms import (
    PER_MINUTE,
    RECHARGE_POLICIES,
    SECONDS,
    STANDARD,
    STANDARD_CATALOG,
    Catalog,
    Contract,
    ContractPrice,
    ContractRate,
    Dated,
    Floor,
    Grant,
    Increments,
    Product,
    ProductKind,
    Rate,
    RechargePolicy,
    Removal,
    Step,
    Tariff,
    numbers,
)

# --- rows of what changes on stated days --------------------------------------------------------------------------


def open_rows(node: Node, key: str) -> Iterator[Node]:
    """The rows of a list of tables, each closed once it has been read."""
    for row in node.rows(key):
        yield row
        row.close()


def _step(row: Node, value: Any) -> Any:  # noqa: ANN401 - a Step, or unread
    since = row.read("since", DAY, date.min)
    return row.build(Step, since, value, row.read("source", NAME, ""))


def _grouped(rows: Iterable[tuple[Node, Any, Any]]) -> list[tuple[Any, Any]]:
    """Rows of one key become its dated steps, in the order in which the keys first stand in the file."""
    groups: dict[Any, list[tuple[Node, Any]]] = {}
    for row, key, step in rows:
        groups.setdefault(key, []).append((row, step))
    return [(key, _dated(group)) for key, group in groups.items()]


def _dated(group: Sequence[tuple[Node, Any]]) -> Any:  # noqa: ANN401 - Dated, or unread
    """Steps that ascend; one that does not is a fault of its own row."""
    steps: list[Any] = []
    for row, step in group:
        before = steps[-1] if steps else UNREAD
        ascends = UNREAD in (before, step) or step.since > before.since
        steps.append(step if ascends else _repeating(row, step.since))
    return group[0][0].build(lambda *each: Dated(each), *steps)


def _repeating(row: Node, since: date) -> Any:  # noqa: ANN401 - unread
    stated = "without since" if since == date.min else f"from {since} on"
    return row.note("since" if "since" in row.table else None, f"must begin after the one before it, not {stated}")


# --- tariffs ------------------------------------------------------------------------------------------------------


def tariffs(top: Node, account: Node) -> Any:  # noqa: ANN401 - Dated tariffs, or unread
    """The standard tariff with what each row replaces; a later row keeps what the one before it stated."""
    currency = account.read("currency", CURRENCY, STANDARD.currency)
    before: Any = STANDARD
    rows = []
    for row in open_rows(top, "tariffs"):
        parts = _stated(row, before, STANDARD, money(STANDARD.currency if currency is UNREAD else currency))
        before = row.build(_tariff_in, currency, **parts)
        rows.append((row, _step(row, before)))
    if rows and currency not in {UNREAD, STANDARD.currency} and "since" in rows[0][0].table:
        return rows[0][0].note("since", f"must not be stated by the first row: nothing holds before it in {currency}")
    if not rows:
        parts = {field.name: getattr(STANDARD, field.name) for field in attrs.fields(Tariff)}
        return account.build(Dated.always, account.build(_tariff_in, **parts | {"currency": currency}))
    return top.build(_from_the_standard, _dated(rows))


def _from_the_standard(stated: Dated[Tariff]) -> Dated[Tariff]:
    """What holds before the first row; nothing in a currency in which there is no standard tariff."""
    first = stated.steps[0]
    if first.since == date.min or first.value.currency != STANDARD.currency:
        return stated
    return Dated((Step(date.min, STANDARD), *stated.steps))


def _stated(node: Node, before: Any, standard: Any, amount: Form) -> dict[str, Any]:  # noqa: ANN401 - parts of a tariff
    """Each number and policy, from the table or from before; what may stand there follows from the standard's."""
    held: dict[str, Any] = {}
    for field in attrs.fields(type(standard)):
        usual = getattr(standard, field.name)
        kept = UNREAD if before is UNREAD else getattr(before, field.name)
        if "rule" in field.metadata:
            held[field.name] = node.read(field.name, _form(usual, field.metadata.get("low", 0), amount), kept)
        elif isinstance(usual, RechargePolicy):
            held[field.name] = _part(node, field.name, kept, lambda inside, before: _recharge(inside, before, amount))
        elif attrs.has(type(usual)):
            held[field.name] = _part(node, field.name, kept, _terms(usual, amount))
    return held


def _part(node: Node, key: str, before: Any, read: Callable[[Node, Any], Any]) -> Any:  # noqa: ANN401
    inside = node.section(key)
    if inside is None:
        return before
    part = read(inside, before)
    inside.close()
    return part


def _terms(standard: Any, amount: Form) -> Callable[[Node, Any], Any]:  # noqa: ANN401 - a part of a tariff
    return lambda node, before: node.build(type(standard), **_stated(node, before, standard, amount))


def _form(usual: Any, low: int, amount: Form) -> Form:  # noqa: ANN401 - a number or policy of a tariff
    """What may stand in the place of a standard value; the one number without any is an amount."""
    if isinstance(usual, enum.Enum):
        return named(type(usual))
    if isinstance(usual, tuple):
        return NAMES
    return count(low) if isinstance(usual, int) else amount


_POLICIES = choice({name.lower(): policy for name, policy in RECHARGE_POLICIES.items()})


def _recharge(node: Node, before: Any, amount: Form) -> Any:  # noqa: ANN401 - a RechargePolicy, or unread
    """One of the named policies, or one with numbers of its own, which then has a name of its own."""
    chosen = node.read("policy", _POLICIES, before)
    held = _stated(node, chosen, STANDARD.recharge, amount)
    held["name"] = node.read("name", NAME, UNREAD if chosen is UNREAD else chosen.name)
    policy = node.build(RechargePolicy, **held)
    if policy is UNREAD or RECHARGE_POLICIES.get(policy.name.upper(), policy) == policy:
        return policy
    return node.note(
        "name", f"must be stated, and be no named policy's: these numbers are not those of {policy.name.lower()}"
    )


def _tariff_in(currency: str, **parts: Any) -> Tariff:  # noqa: ANN401
    """A tariff in a currency; one that is not the standard's needs its own amounts."""
    foreign = [
        f"{part}.{name}"
        for part, terms in parts.items()
        if attrs.has(type(terms))
        for name, value, *_ in numbers(terms)
        if isinstance(value, Money) and value.currency != currency
    ]
    if foreign:
        problem = (
            f"needs {', '.join(foreign)} in {currency} under [[tariffs]]: the standard ones are in {STANDARD.currency}"
        )
        raise InvalidValue("currency", problem)
    return Tariff(currency=currency, **parts)


# --- products -----------------------------------------------------------------------------------------------------

_GRANTED = {grant.action: None for product in STANDARD_CATALOG.products for grant in product.grants}
_GRANTS = list_of(named(_GRANTED))


def catalog(top: Node, currency: str) -> Any:  # noqa: ANN401 - a Catalog, or unread
    """The standard products and those that the file adds, with their list prices (LIC-1, LIC-7)."""
    products: dict[str, Any] = {product.id: product for product in STANDARD_CATALOG.products}
    rows = [_product(row, products) for row in open_rows(top, "products")]
    known = UNREAD if UNREAD in rows else Catalog(tuple(products.values()))
    names = product_form(known)
    prices = [
        (row, row.read("product", names), _step(row, _price(row, currency))) for row in open_rows(top, "list_prices")
    ]
    return top.build(_priced, known, tuple(top.build(lambda *pair: pair, *pair) for pair in _grouped(prices)))


def _product(row: Node, above: dict[str, Any]) -> Any:  # noqa: ANN401 - a Product, or unread
    """A product that comes to those above it, which it may require."""
    grants = row.read("grants", _GRANTS, ())
    product = row.build(
        Product,
        id=row.read("id", NAME),
        name=row.read("name", NAME),
        kind=row.read("kind", named(ProductKind)),
        grants=UNREAD if grants is UNREAD else tuple(map(Grant, grants)),
        prerequisites=row.read("prerequisites", NAMES, ()),
    )
    if product is UNREAD:
        return UNREAD
    if product.id in above:
        return row.note("id", f"must be another than those above and the standard ones, not {shown(product.id)}")
    if missing := next((one for one in product.prerequisites if one not in above), None):
        return row.note("prerequisites", f"must be products above this one; {shown(missing)} is none")
    above[product.id] = product
    return product


def _priced(known: Catalog, prices: Iterable[tuple[str, Dated[Price]]]) -> Catalog:
    of = dict(prices)
    products = (attrs.evolve(product, list_price=of.get(product.id)) for product in known.products)
    return Catalog(tuple(products))


def product_form(known: Any) -> Form:  # noqa: ANN401 - a Catalog, or unread
    """A product of a catalog; where that could not be read, any name."""
    ids = frozenset[str]() if known is UNREAD else frozenset(product.id for product in known.products)

    def check(place: str, value: object) -> str:
        name = text(place, value)
        if known is not UNREAD and name not in ids:
            known.product(name)  # refuses it
        return name

    return Form(check, {**NAME.schema, "examples": [product.id for product in STANDARD_CATALOG.products]})


# --- contracts ----------------------------------------------------------------------------------------------------


def contract(node: Node, currency: str, product: Form) -> Any:  # noqa: ANN401 - a Contract, or unread
    """One contract: prices, floors, minimum spend and rates as rows, each of which may state its first day."""
    products = list_of(product)
    prices = [
        (row, row.read("product", product), _step(row, _price(row, currency))) for row in open_rows(node, "prices")
    ]
    rates = [(row, row.read("kind", NAME), _step(row, _rate(row, currency))) for row in open_rows(node, "rates")]
    spend = [(row, "", _step(row, row.read("amount", money(currency)))) for row in open_rows(node, "minimum_spend")]
    floors = [
        (
            row,
            (row.read("products", products), row.read("shortfall_price", money(currency), None)),
            _step(row, row.read("minimum", count())),
        )
        for row in open_rows(node, "floors")
    ]
    minimum = _grouped(spend)
    fields = {
        "reference": node.read("reference", NAME),
        "start": node.read("start", DAY),
        "end": node.read("end", DAY),
        "currency": currency,
        "removal": node.read("removal", named(Removal), Removal.DOWN_TO_FLOOR),
        "renewal_months": node.read("renewal_months", count(1, 1200), None),
        "prices": tuple(node.build(ContractPrice, *pair) for pair in _grouped(prices)),
        "rates": tuple(node.build(ContractRate, *pair) for pair in _grouped(rates)),
        "floors": tuple(
            node.build(Floor, products=key[0], shortfall_price=key[1], minimum=dated) for key, dated in _grouped(floors)
        ),
        "minimum_spend": minimum[0][1] if minimum else None,
    }
    return node.build(Contract, **fields)


def _price(node: Node, currency: str, unit: str = "licenses", per: int = 1) -> Any:  # noqa: ANN401 - a Price, or unread
    """Stated by exactly one of the keys that name a scheme."""
    amount = money(currency)

    def per_unit(of: Node) -> Any:  # noqa: ANN401
        return of.build(PerUnit, amount=of.read("amount", amount), per=of.read("per", count(1), per), unit=unit)

    def flat(of: Node) -> Any:  # noqa: ANN401
        return of.build(Flat, amount=of.read("flat", amount), unit=unit)

    def package(of: Node) -> Any:  # noqa: ANN401
        size, free = of.read("size", count(1)), of.read("free", count(), 0)
        return of.build(Package, amount=of.read("package", amount), size=size, free=free, unit=unit)

    def tiers(scheme: Callable[..., Price], key: str) -> Callable[[Node], Any]:
        return lambda of: of.build(scheme, tiers=tuple(_tier(row, amount) for row in open_rows(of, key)), unit=unit)

    schemes = {"graduated": tiers(Graduated, "graduated"), "volume": tiers(Volume, "volume")}
    return node.one_of("a price", {"amount": per_unit, "flat": flat, **schemes, "package": package})


def _tier(node: Node, amount: Form) -> Any:  # noqa: ANN401 - a Tier, or unread
    up_to = node.read("up_to", count(1), None)
    return node.build(Tier, up_to, node.read("amount", amount), node.read("flat", amount, None))


def _rate(node: Node, currency: str) -> Any:  # noqa: ANN401 - a Rate, or unread
    seconds = node.read("per_seconds", count(1), None)
    increments = node.read("increments", _INCREMENTS, None)
    if seconds is None:
        price = _price(node, currency, "messages")
        if isinstance(increments, Increments):
            return node.note("increments", "need per_seconds: only what is billed by the second has increments")
        return node.build(Rate, price=price)
    if "per" in node.table:
        node.note("per", "is for what is counted by the piece; what is billed by time states per_seconds")
    if seconds != 1 and "amount" not in node.table:
        node.note("per_seconds", "must be 1 for any price but an amount: its units are single seconds")
    price = _price(node, currency, SECONDS, seconds)
    return node.build(Rate, price=price, increments=PER_MINUTE if increments is None else increments)


def _increments(place: str, value: object) -> Increments:
    pair = listed(place, value)
    if len(pair) != 2:  # noqa: PLR2004 - first and following
        raise InvalidValue(place, "must be a pair: seconds of the first increment, seconds of each following one")
    return Increments(whole(f"{place}[0]", pair[0], 1), whole(f"{place}[1]", pair[1], 1))


_INCREMENTS = Form(_increments, {"type": "array", "items": count(1).schema, "minItems": 2, "maxItems": 2})
