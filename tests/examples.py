"""An account to test with: two products under a contract with floors, eight users, two sources."""

from datetime import UTC, date, datetime
from typing import Any

import attrs

from licensebill.accounts import Account, Spending, begin
from licensebill.cycles import cycle_of
from licensebill.funding import Expiry, Funding, Source, SourceKind
from licensebill.licenses import Holding, Licenses
from licensebill.money import Money
from licensebill.people import SYSTEM_ADMINISTRATOR, Authorization, Person, User
from licensebill.pricing import PerUnit
from licensebill.storage import Reading
from licensebill.terms import PER_MINUTE, Contract, ContractPrice, ContractRate, Dated, Floor, Rate

ADA = Person("Ada", "Lovelace")
ACCEPTED = Authorization(ADA, accepted=True)
BOSS = "dana"
USERS = tuple(User(id=f"u{number}") for number in range(8))


def usd(text: str) -> Money:
    """An amount in US dollars."""
    return Money.parse(text, "USD")


def price(product: str, amount: str) -> ContractPrice:
    """A price of each license, from the beginning."""
    return ContractPrice(product, Dated.always(PerUnit(amount=usd(amount))))


def floor(product: str, minimum: int) -> Floor:
    """A floor of one product, from the beginning."""
    return Floor(products=(product,), minimum=Dated.always(minimum))


CONTRACT = Contract(
    reference="order 1",
    start=date(2026, 1, 1),
    end=date(2027, 1, 1),
    prices=(
        price("powerdialer", "99.00"),
        price("inbound_agent", "35.00"),
        price("flex_port", "20.00"),
        price("toll_free_number", "5.00"),
    ),
    floors=(floor("powerdialer", 10),),
    rates=(
        ContractRate(
            "call",
            Dated.always(Rate(price=PerUnit(amount=usd("0.02"), per=60, unit="seconds"), increments=PER_MINUTE)),
        ),
    ),
)

VISA = Source(
    id="visa",
    kind=SourceKind.CARD,
    token="tok_visa",
    label="Visa",
    last_four="1111",
    expiry=Expiry(2029, 11),
    holder=ADA,
)
BANK = Source(
    id="bank", kind=SourceKind.BANK_ACCOUNT, token="tok_bank", label="First Bank", last_four="6789", holder=ADA
)
LICENSES = Licenses(
    (
        Holding(product="powerdialer", owned=12, users=frozenset(user.id for user in USERS)),
        Holding(product="inbound_agent", owned=2, users=frozenset({"u0"})),
    )
)


def account(**changed: Any) -> Account:
    """The account on 20 November 2026, ready, nothing charged in its cycle; fields as given."""
    fields: dict[str, Any] = {
        "id": "acme",
        "began": date(2026, 1, 1),
        "today": date(2026, 11, 20),
        "administrator": BOSS,
        "contracts": (CONTRACT,),
        "licenses": LICENSES,
        "users": (*USERS, User(id="sys", role=SYSTEM_ADMINISTRATOR, is_administrator=True)),
        "funding": Funding((VISA, BANK)),
        "balance": usd("100.00"),
    }
    given = fields | changed
    if "spending" not in given:
        cycle = cycle_of(given["today"], anchor_day=given.get("anchor_day", 1))
        given["spending"] = (Spending(cycle, Money.zero(given["balance"].currency)),)
    return begin(Account(**given))


def contract(**changed: Any) -> Contract:
    """The contract, fields as given."""
    return attrs.evolve(CONTRACT, **changed)


def reading(used: int, on: date = date(2026, 12, 1)) -> Reading:
    """A storage reading at a day's first instant in UTC."""
    return Reading(bytes=used, at=datetime(on.year, on.month, on.day, tzinfo=UTC), source="meter")
