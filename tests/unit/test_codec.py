"""Account files and usage files: what they state, and every fault with its line and field."""

import json
import os
import pickle
import time
import tomllib
import tracemalloc
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill.codec import (
    MAX_ACCOUNT_BYTES,
    Fault,
    InvalidFile,
    load_account,
    load_customers,
    load_usage,
    read_account,
    read_usage,
)
from licensebill.csv_files import MAX_CUSTOMERS_BYTES
from licensebill.errors import MAX_FAULTS, InvalidValue
from licensebill.funding import SourceKind
from licensebill.pricing import Flat, Graduated, Package, PerUnit, Tier, Volume, ZeroQuantity
from licensebill.terms import SECONDS, STANDARD, ContractRate, Dated, Increments, Rate, Removal, Step
from tests.examples import account, contract, usd

EXAMPLE = Path(__file__).parents[2] / "examples" / "acme" / "account.toml"

SMALL = """\
format = 1
as_of = 2026-12-01
[account]
id = "small"
began = 2026-12-01
administrator = "ana"
"""

CONTRACT = '[[contracts]]\nreference = "c"\nstart = 2026-12-01\nend = 2027-12-01\n'


def small(more: str = "", *, name: str = "account.toml") -> Any:
    """A minimal account file and what stands behind it."""
    return read_account(SMALL + more, name=name)


def faults(source: str, *, name: str = "account.toml") -> tuple[Fault, ...]:
    """The faults of a file."""
    with pytest.raises(InvalidFile) as refused:
        read_account(source, name=name)
    return refused.value.faults


def only_fault(more: str) -> tuple[int | None, str, str]:
    """The one fault of a minimal file and what stands behind it: line counted from the addition, field, problem."""
    (fault,) = faults(SMALL + more)
    line = None if fault.line is None else fault.line - SMALL.count("\n")
    return line, fault.field, fault.problem


class TestExample:
    """The example account is read as it is written."""

    def test_every_table_arrives(self) -> None:
        """Contract, licenses, users, sources, balance, readings."""
        file = load_account(EXAMPLE)
        acme = file.account
        assert (acme.id, acme.today, acme.tz) == ("acme", date(2026, 11, 20), ZoneInfo("America/Denver"))
        (contract,) = acme.contracts
        assert (contract.reference, contract.end, contract.renewal_months) == (
            "order form 2026-17",
            date(2028, 1, 1),
            12,
        )
        assert [floor.minimum.on(date(2027, 1, 1)).value for floor in contract.floors] == [6]  # type: ignore[union-attr]
        assert acme.licenses.holding("powerdialer").owned == 8
        assert [source.masked for source in acme.funding.sources] == [  # type: ignore[union-attr]
            "Visa ending in 1111",
            "First Bank ending in 6789",
        ]
        assert (acme.balance, file.balance_on, file.usage) == (usd("65.00"), date(2026, 11, 20), "usage.csv")
        assert acme.automatic.is_on
        assert acme.automatic.source == "checking"
        assert acme.spending[0].amount == usd("1121.00")
        assert [reading.bytes for reading in file.readings] == [500_000_000]

    def test_json_states_the_same(self) -> None:
        """With days as texts."""
        document = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
        source = json.dumps(document, default=str)
        assert read_account(source, name="account.json") == load_account(EXAMPLE)

    def test_a_minimal_file_is_enough(self) -> None:
        """Identifier, first day, day and administrator."""
        file = small()
        assert (file.account.currency, file.account.tz, file.account.funding) == ("USD", UTC, None)
        assert file.account.unbilled[0].cycle.start == date(2026, 12, 1)


class TestValues:
    """What single keys mean."""

    @pytest.mark.parametrize(
        ("stated", "kind"),
        [
            ('amount = "9.00"', PerUnit),
            ('amount = "9.00"\nper = 12', PerUnit),
            ('flat = "9.00"', Flat),
            ('graduated = [{ up_to = 4, amount = "2.00" }, { amount = "1.00", flat = "5.00" }]', Graduated),
            ('volume = [{ up_to = 4, amount = "2.00" }, { amount = "1.00" }]', Volume),
            ('package = "9.00"\nsize = 5\nfree = 2', Package),
        ],
    )
    def test_every_price_scheme(self, stated: str, kind: type) -> None:
        """One key each (PRC-1)."""
        more = f'{CONTRACT}[[contracts.prices]]\nproduct="elf"\n{stated}'
        (price,) = small(more).account.contracts[0].prices
        assert isinstance(price.price.steps[0].value, kind)

    def test_rows_of_one_product_are_steps(self) -> None:
        """By their first day, in the order of the file (LIC-11)."""
        more = """\
[[contracts]]
reference = "c"
start = 2026-12-01
end = 2028-12-01
removal = "none during term"
[[contracts.prices]]
product = "elf"
amount = "1.00"
[[contracts.floors]]
products = ["elf"]
minimum = 5
[[contracts.floors]]
products = ["elf"]
minimum = 3
since = 2027-06-01
source = "amendment"
[[contracts.floors]]
products = ["elf", "powerdialer"]
minimum = 9
shortfall_price = "10.00"
[[contracts.minimum_spend]]
amount = "100.00"
[[contracts.rates]]
kind = "call"
amount = "0.02"
per_seconds = 60
[[contracts.rates]]
kind = "sms"
amount = "0.01"
"""
        (contract,) = small(more).account.contracts
        assert contract.removal is Removal.NONE_DURING_TERM
        assert [(floor.products, [step.value for step in floor.minimum.steps]) for floor in contract.floors] == [
            (("elf",), [5, 3]),
            (("elf", "powerdialer"), [9]),
        ]
        assert contract.floors[1].shortfall_price == usd("10.00")
        assert contract.minimum_spend is not None
        assert [rate.rate.steps[0].value.increments is None for rate in contract.rates] == [False, True]

    def test_a_bank_account_has_no_expiry(self) -> None:
        """And may be blocked."""
        more = """\
[[sources]]
id = "b"
kind = "bank account"
token = "tok"
label = "Bank"
last_four = "6789"
is_blocked = true
holder = { first = "Ada", last = "Lovelace" }
"""
        (source,) = small(more).account.funding.sources
        assert (source.kind, source.expiry, source.is_blocked) == (SourceKind.BANK_ACCOUNT, None, True)

    def test_the_anchor_and_a_pending_total_arrive(self) -> None:
        """CYC-3 and LIC-8."""
        file = small('anchor_day = 31\n[[licenses]]\nproduct = "elf"\nowned = 3\npending = 2\n')
        assert file.account.anchor_day == 31
        assert file.account.licenses.holding("elf").pending == 2


class TestFaults:
    """Every fault has its line, its field and what would be accepted."""

    @pytest.mark.parametrize(
        ("more", "line", "field", "words"),
        [
            ("anchor_day = 32\n", 1, "account.anchor_day", "at most 31"),
            ("anchor_day = true\n", 1, "account.anchor_day", "whole number"),
            ('timezone = "Mars/Olympus"\n', 1, "account.timezone", "time zone such as"),
            ('timezone = "../../etc/passwd"\n', 1, "account.timezone", "time zone such as"),
            ('currency = "EUX"\n', 1, "account.currency", "ISO 4217"),
            ("colour = 1\n", 1, "account.colour", "is no key of this table"),
            ("anker_day = 1\n", 1, "account.anker_day", "is no key of this table; is anchor_day meant?"),
            ('[spending]\namount = "0.001"\n', 2, "spending.amount", "must be payable"),
            ("sk_live_hunter = 1\n", 1, "account.(a text of 14 characters)", "is no key of this table"),
            ('[[users]]\nid = "4111 1111 1111 1111"\n', 2, "users[0].id", "card number"),
            ('[[users]]\nid = "u"\nrole = "king"\n', 3, "users[0].role", "'system administrator'"),
            ('[[users]]\nid = "u"\nis_administrator = 1\n', 3, "users[0].is_administrator", "true or false"),
            ('[[users]]\nid = "u"\n[[users]]\nid = "u"\n', 4, "users[1].id", "twice"),
            ('[[licenses]]\nproduct = "elf"\nowned = -1\n', 3, "licenses[0].owned", "at least 0"),
            ('[[licenses]]\nproduct = "elf"\n', 1, "licenses[0].owned", "is missing"),
            ('[[licenses]]\nproduct = "elf"\nowned = 1\nusers = "u"\n', 4, "licenses[0].users", "must be a list"),
            ("[[storage]]\nbytes = 1.5\nat = 2026-12-01T00:00:00Z\n", 2, "storage[0].bytes", "whole number"),
            ("[[storage]]\nbytes = 1\nat = 2026-12-01T00:00:00\n", 3, "storage[0].at", "time zone"),
            ("[[storage]]\nbytes = 1\nat = 2026-12-01\n", 3, "storage[0].at", "point in time"),
            ("[minutes]\nbalance = 100.0\n", 2, "minutes.balance", "text such as '19.99'"),
            ('[minutes]\nbalance = "1E+1000000"\n', 2, "minutes.balance", "plain decimal"),
            ('[minutes]\nbalance = "1_000"\n', 2, "minutes.balance", "plain decimal"),
            ('[minutes]\nbalance = "1.0000001"\n', 2, "minutes.balance", "at most 6 decimals"),
            ("users = 3\n", 1, "account.users", "is no key"),
            ("contracts = 3\n", 1, "account.contracts", "is no key"),
            ("[contracts]\n", 1, "contracts", "must be a list"),
            ('[[sources]]\nid = "v"\n', 1, "sources[0].kind", "is missing"),
            ('[[licenses]]\nproduct = "elf"\nowned = 1\nusers = ["u", "u"]\n', 4, "licenses[0].users", "twice"),
            ('[spending]\namount = "1"\n[minutes]\nbalance = "1"\nautomatic = 1\n', 5, "minutes.automatic", "a table"),
        ],
    )
    def test_a_fault_names_its_place(self, more: str, line: int, field: str, words: str) -> None:
        """The line counts from what was added to a minimal file."""
        told = [
            (fault.line and fault.line - SMALL.count("\n"), fault.field)
            for fault in faults(SMALL + more)
            if words in fault.problem
        ]
        assert (line, field) in told

    def test_an_account_that_began_after_its_day_names_the_line(self) -> None:
        """By the keys of the file, not by the names of fields; on its first day it is right."""
        (fault,) = faults(SMALL.replace("began = 2026-12-01", "began = 2026-12-02"))
        assert (fault.line, fault.field) == (SMALL.split("began", maxsplit=1)[0].count("\n") + 1, "account.began")
        assert fault.problem == "must not be after as_of, 2026-12-01, not 2026-12-02"

    def test_all_faults_are_told_at_once_in_the_order_of_the_file(self) -> None:
        """None hides another."""
        source = """\
format = 2
as_of = "yesterday"
[account]
id = ""
administrator = 7
[[licenses]]
product = "elf"
owned = "many"
[spare]
"""
        assert [(fault.line, fault.field) for fault in faults(source)] == [
            (1, "format"),
            (2, "as_of"),
            (3, "account.began"),
            (4, "account.id"),
            (5, "account.administrator"),
            (8, "licenses[0].owned"),
            (9, "spare"),
        ]

    def test_a_refused_contract_names_its_row(self) -> None:
        """What the library refuses has the path of the table that was to be built."""
        more = '[[contracts]]\nreference = "c"\nstart = 2027-01-01\nend = 2027-01-01\n'
        assert only_fault(more) == (4, "contracts[0].end", "must be after the start 2027-01-01, not 2027-01-01")

    @pytest.mark.parametrize("stated", ["", 'amount = "1.00"\nflat = "2.00"'])
    def test_a_price_is_stated_by_exactly_one_key(self, stated: str) -> None:
        """None and two are refused."""
        more = f'{CONTRACT}[[contracts.prices]]\nproduct="elf"\n{stated}\n'
        line, field, problem = only_fault(more)
        assert (line, field) == (5, "contracts[0].prices[0]")
        assert "exactly one of" in problem

    def test_increments_need_seconds(self) -> None:
        """Only time is billed in increments (MIN-10)."""
        more = """\
[[contracts]]
reference = "c"
start = 2026-12-01
end = 2027-12-01
[[contracts.rates]]
kind = "sms"
amount = "0.01"
increments = [60]
"""
        assert only_fault(more)[:2] == (8, "contracts[0].rates[0].increments")
        assert "per_seconds" in only_fault(more.replace("[60]", "[60, 60]"))[2]

    @pytest.mark.parametrize(
        ("price", "field", "words"),
        [
            ('amount = "0.02"\nper = 1', "per", "states per_seconds"),
            ('volume = [{ amount = "0.02" }]', "per_seconds", "must be 1"),
            ('flat = "0.02"', "per_seconds", "must be 1"),
        ],
    )
    def test_seconds_are_counted_once(self, price: str, field: str, words: str) -> None:
        """A price by the minute beside one by the second would charge sixty times too much."""
        more = f'{CONTRACT}[[contracts.rates]]\nkind = "call"\nper_seconds = 60\n{price}\n'
        _, path, problem = only_fault(more)
        assert path == f"contracts[0].rates[0].{field}"
        assert words in problem
        single = more.replace("per_seconds = 60", "per_seconds = 1").replace("\nper = 1", "")
        assert small(single).account.contracts[0].rates[0].rate.steps[0].value.price.unit == "seconds"

    @pytest.mark.parametrize(
        ("more", "words"),
        [
            ('[[licenses]]\nproduct = "elf"\nowned = 1\nusers = ["ghost"]\n', "is none of [[users]]"),
            ('[[licenses]]\nproduct = "phone"\nowned = 1\n', "must be one of powerdialer"),
            (
                '[[contracts]]\nreference="c"\nstart=2026-12-01\nend=2027-12-01\n'
                '[[contracts.floors]]\nproducts=["phone"]\nminimum=1\n',
                "must be one of powerdialer",
            ),
        ],
    )
    def test_tables_must_agree(self, more: str, words: str) -> None:
        """A product or a user that another table does not know."""
        assert words in only_fault(more)[2]

    @pytest.mark.parametrize(("owned", "refused"), [(1, True), (2, False), (3, False)])
    def test_a_license_is_owned_for_each_user(self, owned: int, refused: bool) -> None:
        """Of what users hold one each; a pool is shared (LIC-3)."""
        users = '[[users]]\nid = "a"\n[[users]]\nid = "b"\n'
        price = f'{CONTRACT}[[contracts.prices]]\nproduct = "{{0}}"\namount = "1.00"\n'
        held = f'[[licenses]]\nproduct = "{{0}}"\nowned = {owned}\nusers = ["a", "b"]\n'
        more = users + price + held
        if refused:
            line, field, problem = only_fault(more.format("elf"))
            assert (line, field) == (15, "licenses[0].users")
            assert "2 users, and 1 license is owned (LIC-3)" in problem
        else:
            assert small(more.format("elf")).account.licenses.holding("elf").owned == owned
        assert small(more.format("flex_port")).account.licenses.holding("flex_port").owned == owned

    @pytest.mark.parametrize(
        "name", ["../usage.csv", "/dev/zero", "a\\b.csv", "c:usage.csv", "..", "4111 1111 1111 1111"]
    )
    def test_a_usage_file_lies_beside_the_account_file(self, name: str) -> None:
        """And nowhere else."""
        (fault,) = faults(f"usage = '{name}'\n" + SMALL)
        assert (fault.line, fault.field) == (1, "usage")
        assert name not in fault.problem

    @pytest.mark.parametrize("depth", [300, 500, *range(900, 1000), 5000])
    def test_deep_json_is_refused_at_every_depth(self, depth: int) -> None:
        """Whichever of its readers gives up first."""
        deep = "[" * depth + "]" * depth
        assert faults(f'{{"format": 1, "deep": {deep}}}', name="a.json")
        document = json.dumps(tomllib.loads(SMALL), default=str).removesuffix("}")
        more = f'"contracts": [{{"prices": [{{"graduated": [{{"deep": {deep}}}]}}]}}]'
        assert faults(f"{document}, {more}}}", name="a.json")

    def test_a_key_of_many_parts_is_not_parsed(self) -> None:
        """It would take for ever."""
        (fault,) = faults("[" + ".".join("a" * 50_000) + "]\n")
        assert (fault.line, "parts" in fault.problem) == (1, True)

    def test_points_that_part_no_key_are_not_counted(self) -> None:
        """Those of comments and texts; of keys the 100th is one too many, and so are too many in all."""
        dots = "." * 200
        assert small(f"anchor_day = 1 # {dots}\n# {dots}\n").account.anchor_day == 1
        line, _, problem = only_fault(f'users = """\n{dots}"{dots}"""\n{".".join("a" * 101)} = 1\n')
        assert (line, "parts" in problem) == (3, True)
        assert [fault.field for fault in faults(f"{SMALL}{'.'.join('a' * 100)} = 1\n")] == ["account.a"]
        crowded = "".join(f"[a{at}.b]\n" for at in range(20_000))
        line, _, problem = only_fault(crowded)
        assert (line, "16384 points" in problem) == (16_385, True)

    def test_a_recharge_source_must_be_there(self) -> None:
        """The automatic recharge names one of the sources (MIN-13)."""
        source = EXAMPLE.read_text(encoding="utf-8").replace('source = "checking"', 'source = "savings"')
        dotted = source.replace("[minutes.automatic]\n", "").replace("\nauthorized_by", "\nautomatic.authorized_by")
        for written in (source, dotted.replace('source = "savings"', 'automatic.source = "savings"')):
            (fault,) = faults(written)
            line = written[: written.index('"savings"')].count("\n") + 1
            assert (fault.code, fault.line, fault.field) == ("unknown_source", line, "minutes.automatic.source")

    def test_a_product_and_a_step_that_stand_twice_have_their_line(self) -> None:
        """The second of both, and not the table around them."""
        held = '[[licenses]]\nproduct = "elf"\nowned = 1\n'
        assert only_fault(held + held) == (5, "licenses[1].product", "names the product 'elf' twice")
        price = '[[contracts.prices]]\nproduct = "elf"\namount = "1.00"\n'
        line, field, problem = only_fault(CONTRACT + price + price)
        assert (line, field, problem) == (
            8,
            "contracts[0].prices[1]",
            "must begin after the one before it, not without since",
        )
        later = price + "since = 2027-01-01\n"
        assert small(CONTRACT + price + later).account.contracts[0].prices[0].price.steps[1].since == date(2027, 1, 1)
        line, field, problem = only_fault(CONTRACT + price + later + later)
        assert (line, field) == (15, "contracts[0].prices[2].since")
        assert problem == "must begin after the one before it, not from 2027-01-01 on"

    @pytest.mark.parametrize(
        ("source", "line", "field"),
        [
            ('{"account": {"id": 1,\n"id": 2}}', 2, "account.id"),
            ('{"a": {"a": {"a": 1}},\n"b": [0, {},\n{"c": [], "d": {"b": 1},\n"c": 1}]}', 4, "b[2].c"),
            ('{"a": {"x": 1, "x": 2},\n\n"a": 1}', 3, "a"),
            ('{"4111111111111111": 1,\n"4111111111111111": 2}', 2, "(a text of 16 characters)"),
        ],
    )
    def test_a_key_that_stands_twice_in_json_has_its_line(self, source: str, line: int, field: str) -> None:
        """The outermost one, where it stands again."""
        (fault,) = faults(source, name="a.json")
        assert (fault.line, fault.field, fault.problem) == (line, field, "stands twice in one table")

    @pytest.mark.parametrize("name", ["a.toml", "a.json"])
    @pytest.mark.parametrize(
        ("key", "picture"),
        [
            ("4111111111111111", "account.(a text of 16 characters)"),
            ("4111-1111-1111-1111", "account.(a text of 19 characters)"),
            ("\x1b[2J\x07", r"account.'\x1b[2J\x07'"),
            ("a\nline 1, account: is right", r"account.'a\nline 1, account: is right'"),
            ("a.b", "account.'a.b'"),
            ("", "account.''"),
            ("k" * 900_000, f"account.'{'k' * 57}...'"),
        ],
    )
    def test_a_key_is_not_repeated_whatever_it_is(self, key: str, picture: str, name: str) -> None:
        """It is the file's own, as a value is (FUN-1)."""
        document = tomllib.loads(SMALL)
        document["account"][key] = 1
        as_json = json.dumps(document, default=str, indent=0)
        source = as_json if name == "a.json" else f"{SMALL}{json.dumps(key)} = 1\n"
        with pytest.raises(InvalidFile) as refused:
            read_account(source, name=name)
        (fault,) = refused.value.faults
        assert (fault.line, fault.field) == (8 if name == "a.json" else 7, picture)
        assert str(refused.value).count("\n") == 1

    @pytest.mark.parametrize("name", ["'{0}'", "'{0}'.b"])
    def test_what_a_parser_says_of_a_key_is_short(self, name: str) -> None:
        """It would repeat the whole of it."""
        (fault,) = faults(2 * f"[{name.format('k' * 400_000)}]\n")
        assert (fault.line, len(fault.problem) < 200) == (2, True)

    def test_a_line_of_toml_ends_where_toml_says(self) -> None:
        """With a line feed: what others take for ends of lines may stand in texts and comments; headers may as well."""
        before = 'text = """\n[[users]]\nid = "x"\n[account]\n"""\n# \u2028 \x85 [[users]]\nother = \'\'\'\n[x]\'\'\'\n'
        line, field, _ = only_fault("x = 1\n")
        assert (line, field) == (1, "account.x")
        told = [(fault.line, fault.field) for fault in faults(f'{before}{SMALL}[[users]]\r\n"id" = 7\r\n')]
        assert told == [(1, "text"), (7, "other"), (16, "users[0].id")]

    @pytest.mark.parametrize(
        "faulty",
        [
            'x = """\n[ ' + " " * 200_000 + '!\n"""\n',
            "[" + " " * 200_000 + "a]\nb = 1\n",
            "x = [" + "{}, " * 50_000 + "]\n",
            "x = '" + '"' * 200_000 + "'\n",
            'x = """' + '""\\"' * 50_000 + '"""\n',
        ],
    )
    def test_a_faulty_file_of_any_form_is_refused_soon(self, faulty: str) -> None:
        """In time proportional to its length."""
        start = time.process_time()
        assert faults(SMALL + faulty)
        assert time.process_time() - start < 2

    def test_a_large_faulty_file_in_json_is_refused_soon(self) -> None:
        """Whatever it holds besides the fault is passed over."""
        document = json.dumps(tomllib.loads(SMALL), default=str).removesuffix("}")
        source = f'{document}, "a": [{"[], " * 200_000}[]],\n"b": 1}}'
        start = time.process_time()
        told = [(fault.line, fault.field) for fault in faults(source, name="a.json")]
        assert time.process_time() - start < 4
        assert told == [(1, "a"), (2, "b")]
        tracemalloc.start()  # by itself: it takes as long again
        faults(source, name="a.json")
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        assert most < 50 * 2**20

    def test_without_the_main_table_the_others_are_read(self) -> None:
        """Their faults are told as well, and that it is missing once."""
        source = "as_of = 2026-12-01\nbogus = 1\n[[users]]\nid = 5\n[[tariffs]]\nproration = 30\n"
        assert [(one.line, one.field) for one in faults(source)] == [
            (None, "account"),
            (None, "format"),
            (2, "bogus"),
            (4, "users[0].id"),
            (6, "tariffs[0].proration"),
        ]

    def test_what_is_no_file_is_not_waited_for(self, tmp_path: Path) -> None:
        """Nobody may ever write to a pipe."""
        pipe = tmp_path / "account.toml"
        os.mkfifo(pipe)
        with pytest.raises(InvalidFile, match=r"account\.toml: 1 fault\n  is no file"):
            load_account(pipe)
        with pytest.raises(InvalidFile, match="is no file"):
            load_account(Path(os.devnull))
        with pytest.raises(InvalidValue, match="path: must be in UTF-8"):
            load_account(tmp_path / "\udcff.toml")

    def test_a_minimum_spend_needs_what_was_spent(self) -> None:
        """Within a cycle, a bill's true-up could not be right without it (PRC-4)."""
        source = EXAMPLE.read_text(encoding="utf-8").replace("[spending]", "[spare]")
        assert [fault.code for fault in faults(source) if "minimum spend" in fault.problem] == ["invalid_value"]
        assert small(
            '[[contracts]]\nreference="c"\nstart=2026-12-01\nend=2027-12-01\n'
            '[[contracts.minimum_spend]]\namount="5.00"\n'
        ).account.spending[0].amount == usd("0.00")

    @pytest.mark.parametrize(
        ("source", "name", "line", "words"),
        [
            ("format = \n", "a.toml", 1, "is no TOML"),
            ("a = 1\na = 2\n", "a.toml", 2, "is no TOML"),
            ('["a://u:hunter2@h"]\n["a://u:hunter2@h"]\n', "a.toml", 2, "is no TOML: a key stands twice, or is none"),
            ('{"format": 1,\n"as_of": }', "a.json", 2, "is no JSON"),
            ('{"format": 1, "format": 1}', "a.json", 1, "twice"),
            ("[1]", "a.json", None, "must be a table at the top"),
            ('{"format": 1, "as_of": "2026-12-01"}', "a.json", None, "is missing"),
            ("[" * 100_000, "a.json", 1, "nested too deeply"),
            ('{"a": "[[[[",\n"b": ' + "[\n" * 100_000, "a.json", 101, "nested too deeply"),
            ('# [\na = """\n[\n"""\nb = ' + "[" * 5_000, "a.toml", 5, "nested too deeply"),
            ('{"format": 1' + "0" * 5000 + "}", "a.json", 1, "too long"),
            ('{"format":\n 1' + "0" * 5000 + "}", "a.json", 2, "too long"),
            ("a = 1\nb = 1" + "0" * 5000, "a.toml", 2, "too long"),
        ],
    )
    def test_what_is_no_document_is_said_to_be_none(self, source: str, name: str, line: int | None, words: str) -> None:
        """With the line, where the parser knows it."""
        (fault,) = faults(source, name=name)
        assert fault.line == line
        assert words in fault.problem

    def test_a_list_of_tables_holds_tables(self) -> None:
        """Not texts."""
        document = tomllib.loads(SMALL) | {"users": ["ana"]}
        (fault,) = faults(json.dumps(document, default=str), name="a.json")
        assert (fault.field, fault.problem) == ("users", "must be a list of tables")

    def test_json_has_lines_too(self) -> None:
        """As far down as there is something to point at."""
        source = (
            '{"format": 1,\n "as_of": "2026-12-01",\n'
            ' "account": {\n  "id": "a",\n  "began": "x",\n  "administrator": "b"}}'
        )
        (fault,) = faults(source, name="a.json")
        assert (fault.line, fault.field) == (5, "account.began")

    def test_a_key_may_be_digits(self) -> None:
        """However many; Python reads no number of so many."""
        source = f'{{"format": 1,\n "{"9" * 5_000}": 1,\n "as_of": "2026-12-01",\n "account": {{\n "id": 7}}}}'
        assert [fault.line for fault in faults(source, name="a.json") if fault.field == "account.id"] == [5]

    def test_the_message_lists_file_line_field_and_problem(self) -> None:
        """For people; it survives pickling for programs."""
        with pytest.raises(InvalidFile) as refused:
            small("anchor_day = 0\n")
        said = "account.toml: 1 fault\n  line 7, account.anchor_day: must be at least 1, not 0"
        assert str(refused.value) == said
        assert str(pickle.loads(pickle.dumps(refused.value))) == said  # noqa: S301

    def test_what_is_not_utf_8_is_refused_with_its_line(self, tmp_path: Path) -> None:
        """A byte order mark is no fault."""
        file = tmp_path / "account.toml"
        file.write_bytes(b"\xef\xbb\xbf" + SMALL.encode())
        assert load_account(file).account.id == "small"
        file.write_bytes(SMALL.encode() + b'x = "\xff"\n')
        with pytest.raises(InvalidFile, match="line 7: is not UTF-8"):
            load_account(file)

    def test_a_huge_file_is_not_read(self, tmp_path: Path) -> None:
        """One byte above the limit."""
        file = tmp_path / "account.toml"
        file.write_bytes(b"#" * (MAX_ACCOUNT_BYTES + 1))
        with pytest.raises(InvalidFile, match="is larger than"):
            load_account(file)


DENVER = ZoneInfo("America/Denver")
NOON = datetime(2026, 12, 10, 12, tzinfo=UTC)


def usage(*rows: str, header: str = "day,kind,amount", until: datetime = NOON, **changed: Any) -> Any:
    """The history that some rows state."""
    return read_usage([f"{row}\n" for row in (header, *rows)], account(**changed), until=until)


def usage_faults(*rows: str, header: str = "day,kind,amount") -> tuple[Fault, ...]:
    """The faults of some rows."""
    with pytest.raises(InvalidFile) as refused:
        usage(*rows, header=header)
    return refused.value.faults


class TestUsage:
    """Usage as amounts, or as call records."""

    def test_amounts_of_a_day_and_kind_are_added(self) -> None:
        """In whatever order they come."""
        history = usage("2026-12-02,call,1.50", "2026-12-01,sms,0.01", "2026-12-02,call,0.000001")
        assert list(history.entries()) == [
            (date(2026, 12, 1), "sms", usd("0.01")),
            (date(2026, 12, 2), "call", usd("1.500001")),
        ]

    @pytest.mark.parametrize(
        ("until", "days"),
        [
            (datetime(2026, 12, 2, 7, tzinfo=UTC), 1),
            (datetime(2026, 12, 2, 7, 0, 0, 1, tzinfo=UTC), 2),
            (datetime(2026, 12, 3, 7, tzinfo=UTC), 2),
            (datetime(2026, 12, 1, 7, tzinfo=UTC), 0),
        ],
    )
    def test_a_day_counts_once_it_has_begun(self, until: datetime, days: int) -> None:
        """At its first instant nothing of it has been drawn yet; the day is the account's own."""
        assert len(usage("2026-12-01,call,1.00", "2026-12-02,call,1.00", until=until, tz=DENVER).days) == days

    @pytest.mark.parametrize(("day", "drawn"), [(14, []), (15, ["0.10"])])
    def test_nothing_is_priced_by_the_policy_of_its_day(self, day: int, drawn: list[str]) -> None:
        """No messages cost nothing until the policy says that they cost the flat part (PRC-3)."""
        flat = ContractRate("sms", Dated.always(Rate(price=Flat(amount=usd("0.10"), unit="messages"))))
        later = attrs.evolve(STANDARD, zero_quantity=ZeroQuantity.FLAT)
        tariffs = Dated((Step(date.min, STANDARD), Step(date(2026, 12, 15), later)))
        row = f"2026-12-{day}T10:00:00Z,0,sms"
        found = usage(
            row,
            header="start,seconds,kind",
            until=datetime(2026, 12, 20, tzinfo=UTC),
            contracts=(contract(rates=(flat,)),),
            tariffs=tariffs,
        )
        assert [amount.text for _, _, amount in found.entries() if amount] == drawn

    def test_calls_are_priced_at_the_rate_of_their_day(self) -> None:
        """61 seconds are two minutes at $0.02 (MIN-10)."""
        rows = ("2026-12-02T06:59:59Z,60,call", "2026-12-02T07:00:00Z,61,call", "2026-12-02T00:00:00-07:00,0,call")
        history = usage(*rows, header="start,seconds,kind", tz=DENVER)
        assert list(history.entries()) == [
            (date(2026, 12, 1), "call", usd("0.02")),
            (date(2026, 12, 2), "call", usd("0.04")),
        ]

    def test_a_call_counts_once_it_has_begun(self) -> None:
        """One that begins at the instant itself is not drawn yet."""
        rows = ("2026-12-10T11:59:59Z,60,call", "2026-12-10T12:00:00Z,60,call")
        assert usage(*rows, header="start,seconds,kind").days[0].total == usd("0.02")

    def test_what_comes_later_is_passed_over_whatever_it_costs(self) -> None:
        """A call after the contract's end, and after the instant that is asked for, is no fault."""
        assert usage("2027-12-01T00:00:00Z,60,call", header="start,seconds,kind").days == ()

    def test_no_rows_are_no_usage(self) -> None:
        """An empty history, not an error."""
        assert usage().days == ()

    @pytest.mark.parametrize(
        ("row", "field", "words"),
        [
            ("2026-12-01,call", "", "3 columns, not 2"),
            ("2026-12-01,call,1.00,x", "", "3 columns, not 4"),
            ("", "", "3 columns, not 0"),
            ("1 Dec,call,1.00", "day", "a day such as"),
            ("2026-12-01,,1.00", "kind", "blank"),
            ("2026-12-01,4111111111111111,1.00", "kind", "card number"),
            ("2026-12-01,call,-0.01", "amount", "must not be negative"),
            ("2026-12-01,call,1e3", "amount", "plain decimal"),
            ("2026-12-01,call,\u0661", "amount", "plain decimal"),
            ("2026-12-01,call,NaN", "amount", "plain decimal"),
        ],
    )
    def test_a_fault_names_line_and_column(self, row: str, field: str, words: str) -> None:
        """The header is line 1."""
        (fault,) = usage_faults("2026-12-01,call,1.00", row)
        assert (fault.line, fault.field) == (3, field)
        assert words in fault.problem

    def test_what_a_rate_does_not_reach_is_a_fault_among_others(self) -> None:
        """Whatever rule refuses a row, the next ones are read."""
        price = Graduated(tiers=(Tier(60, usd("0.01")),), unit=SECONDS)
        rate = Dated.always(Rate(price=price, increments=Increments(1, 1)))
        acme = account(contracts=(contract(rates=(ContractRate("call", rate),)),))
        rows = ["start,seconds,kind", "2026-12-01T00:00:00Z,61,call", "2026-12-01T00:00:00Z,x,call"]
        with pytest.raises(InvalidFile) as refused:
            read_usage(rows, acme, until=datetime(2027, 1, 1, tzinfo=UTC))
        assert [(one.line, one.field, one.code) for one in refused.value.faults] == [
            (2, "kind", "beyond_last_tier"),
            (3, "seconds", "invalid_value"),
        ]

    @pytest.mark.parametrize(
        ("row", "field", "words"),
        [
            ("2026-12-01,60,call", "start", "time zone"),
            ("2026-12-01T00:00:00,60,call", "start", "time zone"),
            ("noon,60,call", "start", "point in time"),
            ("2026-12-01T00:00:00Z,1.5,call", "seconds", "whole number in plain digits"),
            ("2026-12-01T00:00:00Z,-1,call", "seconds", "whole number in plain digits"),
            ("2026-12-01T00:00:00Z,\u0661,call", "seconds", "whole number in plain digits"),
            ("2026-12-01T00:00:00Z," + "9" * 5000 + ",call", "seconds", "whole number in plain digits"),
            ("2026-12-01T00:00:00Z," + "9" * 19 + ",call", "seconds", "at most"),
            ("2026-12-01T00:00:00Z,60,fax", "kind", "fax"),
            ("2025-12-01T00:00:00Z,60,call", "kind", "call"),
            ("0001-01-01T00:00:00+14:00,60,call", "start", "calendar"),
            ("2026-12-01T00:00:00Z," + "9" * 18 + ",call", "seconds", "must"),
        ],
    )
    def test_a_fault_of_a_call_names_line_and_column(self, row: str, field: str, words: str) -> None:
        """A usage without a rate is a fault, not zero (MIN-2)."""
        (fault,) = usage_faults(row, header="start,seconds,kind")
        assert (fault.line, fault.field) == (2, field)
        assert words in fault.problem

    def test_the_first_hundred_faults_are_told_and_how_many_more(self) -> None:
        """Of a large file nobody reads ten thousand lines."""
        with pytest.raises(InvalidFile) as refused:
            usage(*["x"] * (MAX_FAULTS + 7))
        assert (len(refused.value.faults), refused.value.more) == (MAX_FAULTS, 7)
        assert str(refused.value).startswith("usage.csv: 107 faults\n")
        assert str(refused.value).endswith("\n  and 7 more")

    @pytest.mark.parametrize(
        ("header", "rows", "line", "words"),
        [
            ("date,kind,amount", (), 1, "must begin with the columns"),
            ("day,kind,amount", ('2026-12-01,"call,1.00',), None, "is no CSV"),
            ("day,kind,amount", ("2026-12-01,call\x00,1.00",), 2, "must have no blanks"),
        ],
    )
    def test_what_is_no_usage_file_is_refused(
        self, header: str, rows: tuple[str, ...], line: int | None, words: str
    ) -> None:
        """A wrong header, an open quotation, a NUL byte."""
        fault = usage_faults(*rows, header=header)[0]
        assert words in fault.problem
        assert line is None or fault.line == line

    def test_a_sum_beyond_every_amount_is_refused(self) -> None:
        """Each row is within bounds, and their sum is not."""
        most = "2026-12-01,call,9223372036854.000000"
        for row in (most, most.replace("12-01", "11-30"), most.replace("call", "sms")):
            (fault,) = usage_faults(most, row)
            assert "more than an amount can be" in fault.problem

    def test_what_is_no_file_is_not_read(self, tmp_path: Path) -> None:
        """A folder, a device."""
        with pytest.raises(InvalidFile, match="is no file"):
            load_usage(tmp_path, account(), until=NOON)

    def test_an_empty_file_is_refused(self) -> None:
        """It has no header."""
        with pytest.raises(InvalidFile, match="must begin with the columns"):
            read_usage([], account(), until=NOON)

    def test_a_file_is_streamed_from_disk(self, tmp_path: Path) -> None:
        """The example's usage, and one that is not UTF-8."""
        example = load_account(EXAMPLE)
        history = load_usage(
            EXAMPLE.with_name("usage.csv"), example.account, until=datetime(2026, 12, 1, 7, tzinfo=UTC)
        )
        assert history.days[-1].day == date(2026, 11, 30)
        file = tmp_path / "usage.csv"
        file.write_bytes(b"day,kind,amount\n2026-12-01,caf\xe9,1.00\n")
        with pytest.raises(InvalidFile, match="is not UTF-8"):
            load_usage(file, example.account, until=NOON)


class TestCustomers:
    """Who an account's sources belong to at the provider."""

    @staticmethod
    def refused(folder: Path, content: bytes) -> list[tuple[int | None, str, str]]:
        """The faults of a file."""
        path = folder / "customers.csv"
        path.write_bytes(content)
        with pytest.raises(InvalidFile) as error:
            load_customers(path)
        return [(fault.line, fault.field, fault.problem) for fault in error.value.faults]

    def test_they_are_listed_by_account(self, tmp_path: Path) -> None:
        """None where there is no row."""
        path = tmp_path / "customers.csv"
        path.write_bytes(b'\xef\xbb\xbfaccount,customer\r\nacme,cus_1\r\n"b, c",cus_1')
        assert load_customers(path) == {"acme": "cus_1", "b, c": "cus_1"}
        path.write_bytes(b"account,customer\n")
        assert load_customers(path) == {}

    def test_every_fault_has_its_line(self, tmp_path: Path) -> None:
        """An account twice or blank, a blank line, a card number in place of a customer."""
        rows = b"acme,cus_1\n\nacme,cus_2\n,cus_3\nbolt,4111111111111111\nbolt,\na,b,c\n"
        assert self.refused(tmp_path, b"account,customer\n" + rows) == [
            (3, "", "must have 2 columns, not 0"),
            (4, "account", "names the account 'acme' twice"),
            (5, "account", "must not be blank"),
            (
                6,
                "customer",
                "holds what could be a card number; it is not repeated here and must not be stored",
            ),
            (7, "customer", "must not be blank"),
            (8, "", "must have 2 columns, not 3"),
        ]

    @pytest.mark.parametrize(
        ("content", "line", "words"),
        [
            (b"", 1, "must begin with the columns account,customer"),
            (b"account,customer\nacme,\xff\n", 2, "is not UTF-8"),
            (b'account,customer\nacme,"cus', 2, "is no CSV"),
            (b"account,customer\n" + b"x" * 100_000, 2, "has a line of more than"),
        ],
    )
    def test_what_is_no_such_file_is_refused(self, content: bytes, line: int, words: str, tmp_path: Path) -> None:
        """With the line in which that shows."""
        ((told, _, problem),) = self.refused(tmp_path, content)
        assert (told, words in problem) == (line, True)

    def test_a_huge_file_is_not_read(self, tmp_path: Path) -> None:
        """All of it would be kept; nor is a pipe waited for."""
        path = tmp_path / "customers.csv"
        path.touch()
        os.truncate(path, MAX_CUSTOMERS_BYTES + 1)
        with pytest.raises(InvalidFile, match="is larger than 67108864 bytes"):
            load_customers(path)
        path.unlink()
        os.mkfifo(path)
        with pytest.raises(InvalidFile, match="is no file"):
            load_customers(path)


def test_nothing_that_could_be_a_card_number_is_repeated() -> None:
    """Wherever it stands in a file, no message shows it (FUN-1)."""
    number = "4111111111111111"
    spoil: list[Callable[[str], str]] = [
        lambda source: source.replace("pm_card_visa", number),
        lambda source: source.replace('"1111"', f'"{number}"'),
        lambda source: source.replace('"Visa"', f'"Visa {number}"'),
        lambda source: source.replace('"2028-11"', f'"{number}"'),
        lambda source: source.replace('first = "Dana"', f'first = "{number}"'),
        lambda source: source.replace("[spending]", f"[{number}]\n[{number}]"),
        lambda source: source.replace('"amendment 1"', f'"{number}"'),
        lambda source: source.replace('kind = "sms"', f'kind = "{number}"'),
        lambda source: source.replace('"65.00"', f'"{number}"'),
        lambda source: source.replace('"America/Denver"', f'"{number}"'),
    ]
    for change in spoil:
        source = change(EXAMPLE.read_text(encoding="utf-8"))
        with pytest.raises(InvalidFile) as refused:
            read_account(source)
        assert number not in str(refused.value)
