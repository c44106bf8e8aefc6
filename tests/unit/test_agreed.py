"""What an account file says was agreed: tariffs by day, products of its own, list prices, lines of the next bill."""

import enum
import json
import re
import time
import tomllib
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import attrs
import pytest

from licensebill.accounts import tariff_on
from licensebill.bills import monthly_bill
from licensebill.codec import account_schema, read_account
from licensebill.cycles import Convention
from licensebill.ledger import Category, LineKind
from licensebill.licenses import permission
from licensebill.money import Money
from licensebill.people import Action, User
from licensebill.terms import FAQ, GUIDE, STANDARD, STANDARD_CATALOG, ByteUnits, ProductKind, Tariff
from tests.examples import reading, usd
from tests.unit.test_codec import CONTRACT, SMALL, faults, only_fault, small

OWN_AMOUNTS = """\
[[tariffs]]
[tariffs.storage]
fee = "3000"
[tariffs.minutes]
cost_per_minute = "2"
minimum_purchase = "10000"
"""

COACH = """\
[[products]]
id = "coach"
name = "Coach"
kind = "per user"
grants = ["manage lists"]
prerequisites = ["powerdialer"]
"""


def others(terms: Any = STANDARD) -> Iterator[tuple[tuple[str, ...], object, object]]:
    """Every number and policy of a tariff by its path: another value as a file states it, and what it stands for."""
    for field in attrs.fields(type(terms)):
        usual = getattr(terms, field.name)
        if "rule" not in field.metadata:
            if attrs.has(type(usual)):
                yield from (((field.name, *path), stated, value) for path, stated, value in others(usual))
        elif isinstance(usual, enum.Enum):
            for member in type(usual):
                yield (field.name,), member.name.lower().replace("_", " "), member
        elif isinstance(usual, tuple):
            yield (field.name,), ["R01"], ("R01",)
        elif isinstance(usual, int):
            yield (field.name,), usual + 1, usual + 1
        else:
            yield (field.name,), "12.34", usd("12.34")


def keys(schema: dict[str, Any]) -> Iterator[str]:
    """Every key of the tables that a schema describes."""
    for key, inner in schema.get("properties", {}).items():
        yield key
        yield from keys(inner)
    if "items" in schema:
        yield from keys(schema["items"])


def evolved(terms: Any, path: tuple[str, ...], value: object) -> Any:
    """Terms with one value replaced."""
    first, *rest = path
    return attrs.evolve(terms, **{first: evolved(getattr(terms, first), tuple(rest), value) if rest else value})


class TestTariffs:
    """Every number and policy can be stated, from a day on, under its own name."""

    @pytest.mark.parametrize(("path", "stated", "value"), list(others()), ids=str)
    def test_each_replaces_its_own(self, path: tuple[str, ...], stated: object, value: object) -> None:
        """And nothing else; a recharge policy with other numbers has a name of its own."""
        row: dict[str, Any] = {}
        table = row
        for key in path[:-1]:
            table = table.setdefault(key, {})
        table[path[-1]] = stated
        wanted: Tariff = evolved(STANDARD, path, value)
        if wanted.recharge != GUIDE:
            table["name"] = "OWN"
            wanted = evolved(wanted, ("recharge", "name"), "OWN")
        document = tomllib.loads(SMALL) | {"tariffs": [row]}
        assert read_account(json.dumps(document, default=str), name="a.json").account.tariff == wanted

    def test_a_row_keeps_what_the_one_before_it_stated(self) -> None:
        """From its first day on, with where it was agreed."""
        more = """\
[[tariffs]]
proration = "thirty day month"
[tariffs.storage]
fee = "35.00"
[[tariffs]]
since = 2027-01-01
source = "amendment 3"
[tariffs.storage]
fee = "36.00"
units = "binary"
"""
        account = small(more).account
        before, after = (tariff_on(account, day) for day in (date(2026, 12, 31), date(2027, 1, 1)))
        assert (before.value.storage.fee, before.value.storage.units) == (usd("35.00"), ByteUnits.DECIMAL)
        assert (after.value.storage.fee, after.value.storage.units) == (usd("36.00"), ByteUnits.BINARY)
        assert before.value.proration is after.value.proration is Convention.THIRTY_DAY_MONTH
        assert (after.since, after.source) == (date(2027, 1, 1), "amendment 3")

    def test_before_the_first_row_the_standard_tariff_holds(self) -> None:
        """It is the one that nobody has to agree to."""
        account = small("[[tariffs]]\nsince = 2027-01-01\n[tariffs.storage]\nfee = '36.00'\n").account
        assert account.tariffs.on(date(2026, 12, 31)).value == STANDARD
        assert account.tariffs.on(date(2027, 1, 1)).value.storage.fee == usd("36.00")

    def test_a_named_policy_is_one_key(self) -> None:
        """Whatever differs from it is stated beside it, under another name."""
        assert small('[[tariffs]]\n[tariffs.recharge]\npolicy = "faq"\n').account.tariff.recharge == FAQ
        own = '[[tariffs]]\n[tariffs.recharge]\npolicy = "faq"\nname = "SIX"\nreserve_days = 6\n'
        assert small(own).account.tariff.recharge == attrs.evolve(FAQ, name="SIX", reserve_days=6)

    def test_a_name_of_its_own_stays(self) -> None:
        """A later row may change a number of a policy that has its own name already."""
        more = '[[tariffs]]\n[tariffs.recharge]\nname = "SIX"\nreserve_days = 6\n'
        account = small(more + "[[tariffs]]\nsince = 2027-01-01\n[tariffs.recharge]\nrecharge_days = 9\n").account
        assert tariff_on(account, date(2027, 1, 1)).value.recharge == attrs.evolve(
            GUIDE, name="SIX", reserve_days=6, recharge_days=9
        )

    @pytest.mark.parametrize("name", ["", 'name = "GUIDE"\n', 'name = "faq"\n'])
    def test_other_numbers_do_not_go_by_a_policy_s_name(self, name: str) -> None:
        """The quote would call itself what it is not."""
        line, field, problem = only_fault(f"[[tariffs]]\n[tariffs.recharge]\nreserve_days = 6\n{name}")
        assert (line, field) == (4 if name else 2, "tariffs[0].recharge.name")
        assert "must be stated, and be no named policy's" in problem

    def test_another_currency_brings_its_own_amounts(self) -> None:
        """The standard ones are in US dollars; one row is enough."""
        source = SMALL + 'currency = "JPY"\n'
        account = read_account(source + OWN_AMOUNTS + '[[tariffs]]\nsince = 2027-01-01\nproration = "whole cycle"\n')
        assert account.account.currency == "JPY"
        assert account.account.tariffs.steps[1].value.storage.fee == Money.parse("3000", "JPY")

    @pytest.mark.parametrize(
        ("more", "line", "field", "words"),
        [
            ("", 1, "account.currency", "storage.fee, minutes.cost_per_minute, minutes.minimum_purchase in JPY"),
            ("[[tariffs]]\n", 2, "tariffs[0]", "storage.fee, minutes.cost_per_minute, minutes.minimum_purchase in JPY"),
            ('[[tariffs]]\n[tariffs.storage]\nfee = "3000"\n', 2, "tariffs[0]", "needs minutes.cost_per_minute, min"),
            (
                OWN_AMOUNTS.replace("]]", "]]\nsince = 2026-12-01", 1),
                3,
                "tariffs[0].since",
                "must not be stated by the first row: nothing holds before it in JPY",
            ),
        ],
    )
    def test_the_amounts_are_asked_for_by_name(self, more: str, line: int, field: str, words: str) -> None:
        """Once; in another currency nothing holds before the first row."""
        told = only_fault(f'currency = "JPY"\n{more}')
        assert told[:2] == (line, field)
        assert words in told[2]

    @pytest.mark.parametrize(
        ("more", "line", "field", "words"),
        [
            ('[[tariffs]]\ndecrease = "maybe"\n', 2, "tariffs[0].decrease", "'next cycle', 'credit', not 'maybe'"),
            ("[[tariffs]]\n[tariffs.storage]\nfee = 30\n", 3, "tariffs[0].storage.fee", "text such as '19.99'"),
            ("[[tariffs]]\n[tariffs.storage]\nfees = 30\n", 3, "tariffs[0].storage.fees", "is no key of this table"),
            (
                "[[tariffs]]\n[tariffs.limits]\ninterval_hours = 0\n",
                3,
                "tariffs[0].limits.interval_hours",
                "at least 1",
            ),
            ("[[tariffs]]\n[tariffs.minutes]\ncost_per_minute = '0'\n", 3, "tariffs[0].minutes.cost_per_minute", "0.0"),
            (
                "[[tariffs]]\n[tariffs.recharge]\npolicy = 'x'\n",
                3,
                "tariffs[0].recharge.policy",
                "'guide', 'faq', 'gui",
            ),
            ("[[tariffs]]\n[[tariffs]]\n", 2, "tariffs[1]", "must begin after the one before it, not without since"),
            ("[tariff]\n", 1, "tariff", "is no key of this table"),
        ],
    )
    def test_a_fault_names_its_place(self, more: str, line: int, field: str, words: str) -> None:
        """Once, as everywhere in the file."""
        told = only_fault(more)
        assert told[:2] == (line, field)
        assert words in told[2]

    def test_what_follows_an_unread_row_is_read_all_the_same(self) -> None:
        """Its own faults are told, and no others."""
        more = "[[tariffs]]\nproration = 1\n[[tariffs]]\nsince = 2027-01-01\n[tariffs.storage]\nunits = 2\n"
        assert [fault.field for fault in faults(SMALL + more)] == ["tariffs[0].proration", "tariffs[1].storage.units"]
        assert [fault.field for fault in faults(f'{SMALL}currency = "?"\n{more}')] == [
            "account.currency",
            "tariffs[0].proration",
            "tariffs[1].storage.units",
        ]


class TestProducts:
    """The catalog is data (LIC-1), and so are its list prices (LIC-7)."""

    def test_a_product_of_one_s_own_is_held_assigned_and_billed(self) -> None:
        """Behind the standard ones; its license permits what it grants."""
        more = (
            COACH
            + """\
[[list_prices]]
product = "coach"
amount = "10.00"
[[list_prices]]
product = "coach"
amount = "12.00"
since = 2027-01-01
[[list_prices]]
product = "powerdialer"
amount = "99.00"
[[users]]
id = "ana"
[[licenses]]
product = "coach"
owned = 3
users = ["ana"]
[[licenses]]
product = "powerdialer"
owned = 1
"""
        )
        account = small(more).account
        assert account.catalog.products[:-1] == tuple(
            attrs.evolve(product, list_price=account.catalog.product(product.id).list_price)
            for product in STANDARD_CATALOG.products
        )
        coach = account.catalog.product("coach")
        assert (coach.name, coach.kind, coach.prerequisites) == ("Coach", ProductKind.PER_USER, ("powerdialer",))
        ana = permission(User(id="ana"), Action.MANAGE_LISTS, account.licenses, catalog=account.catalog)
        assert ana.allowed
        lines = monthly_bill(account, date(2026, 12, 1), readings=[reading(0)]).lines
        assert [(line.description, line.amount.text) for line in lines] == [
            ("PowerDialer", "99.00"),
            ("Coach", "30.00"),
        ]

    def test_a_contract_s_price_goes_before_a_list_price(self) -> None:
        """As everywhere."""
        more = f"""\
{CONTRACT}[[contracts.prices]]
product = "elf"
amount = "4.00"
[[list_prices]]
product = "elf"
amount = "5.00"
[[licenses]]
product = "elf"
owned = 1
"""
        (line,) = monthly_bill(small(more).account, date(2026, 12, 1), readings=[reading(0)]).lines
        assert line.amount == usd("4.00")

    @pytest.mark.parametrize(
        ("more", "line", "field", "words"),
        [
            (COACH + COACH, 8, "products[1].id", "must be another than those above and the standard ones, not 'coach'"),
            (COACH.replace('"coach"', '"elf"'), 2, "products[0].id", "must be another than those above and the stand"),
            (COACH.replace("per user", "per head"), 4, "products[0].kind", "'per user', 'pooled', 'system', 'line'"),
            (COACH.replace("manage lists", "cancel"), 5, "products[0].grants", "must be one of 'dial', "),
            (
                COACH.replace("powerdialer", "dialer"),
                6,
                "products[0].prerequisites",
                "above this one; 'dialer' is none",
            ),
            ('[[list_prices]]\nproduct = "coach"\namount = "1"\n', 2, "list_prices[0].product", "one of powerdialer"),
            ('[[list_prices]]\nproduct = "elf"\namount = 1\n', 3, "list_prices[0].amount", "text such as"),
            (
                f'{CONTRACT}[[contracts.floors]]\nproducts = ["coach"]\nminimum = 1\n',
                6,
                "contracts[0].floors[0].products",
                "coach",
            ),
        ],
    )
    def test_a_fault_names_its_place(self, more: str, line: int, field: str, words: str) -> None:
        """A product has to be there, once."""
        told = only_fault(more)
        assert told[:2] == (line, field)
        assert words in told[2]

    def test_a_thousand_products_are_read_in_a_moment(self) -> None:
        """Each requires the one above it."""
        rows = [
            {"id": f"p{n}", "name": "x", "kind": "line", "prerequisites": [f"p{n - 1}"] if n else []}
            for n in range(1_000)
        ]
        document = json.dumps(tomllib.loads(SMALL) | {"products": rows}, default=str)
        begun = time.process_time()
        assert len(read_account(document, name="a.json").account.catalog.products) == 1_000 + len(
            STANDARD_CATALOG.products
        )
        assert time.process_time() - begun < 3

    def test_a_product_that_could_not_be_read_is_not_missed_as_well(self) -> None:
        """What names it may be right."""
        more = COACH.replace("per user", "per head") + '[[licenses]]\nproduct = "coach"\nowned = 3\nusers = ["ana"]\n'
        assert [fault.field for fault in faults(SMALL + more + '[[users]]\nid = "ana"\n')] == ["products[0].kind"]


class TestWaiting:
    """What was owed, or owing, when the file was written is a line of the next bill (BIL-1)."""

    LINE = '[[waiting]]\nkind = "{}"\ncategory = "services"\ndescription = "Implementation"\namount = "{}"\n'

    @pytest.mark.parametrize(
        ("kind", "amount"),
        [
            *(("service", "500.00"), ("service", "0.00")),
            *(("credit", "-12.00"), ("credit", "0.00")),
            *(("carried", "0.30"), ("carried", "-0.30")),
        ],
    )
    def test_it_stands_on_the_bill(self, kind: str, amount: str) -> None:
        """Under its own words, at zero as well."""
        account = small(self.LINE.format(kind, amount)).account
        (line,) = monthly_bill(account, date(2026, 12, 1), readings=[reading(0)]).lines
        assert (line.kind, line.category) == (LineKind[kind.upper()], Category.SERVICES)
        assert (line.description, line.amount) == ("Implementation", usd(amount))

    @pytest.mark.parametrize(
        ("kind", "amount", "field", "words"),
        [
            ("credit", "0.01", "amount", "must be at most 0 for a credit, not 0.01"),
            ("service", "-0.01", "amount", "must be at least 0 for a service, not -0.01"),
            ("carried", "0.001", "amount", "payable"),
            ("tax", "1.00", "kind", "must be one of 'carried', 'credit', 'service', not 'tax'"),
        ],
    )
    def test_a_fault_names_its_place(self, kind: str, amount: str, field: str, words: str) -> None:
        """A credit is in the customer's favor, a service is not; a bill makes its other lines itself."""
        _, place, problem = only_fault(self.LINE.format(kind, amount))
        assert place == f"waiting[0].{field}"
        assert words in problem


class TestPage:
    """docs/account-file.md is what people write a file by."""

    PAGE = (Path(__file__).parents[2] / "docs" / "account-file.md").read_text(encoding="utf-8")

    def test_it_names_every_key(self) -> None:
        """In the file's own spelling, with the tables that hold them."""
        named = {word for span in re.findall(r"`[^`\n]+`", self.PAGE) for word in re.findall(r"\w+", span)}
        assert set(keys(account_schema())) - named == set()

    def test_its_examples_are_read(self) -> None:
        """As they stand."""
        blocks = re.findall(r"^```toml\n(.*?)^```$", self.PAGE, flags=re.MULTILINE | re.DOTALL)
        assert [len(small(block).account.tariffs.steps) for block in blocks] == [2]
