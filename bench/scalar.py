"""What one value, one bill and one file cost, each beside its peer in the same run.

    python bench/scalar.py [--json] [--part bill] ... [--quick] [--lines 300000] [--folder DIR] [--profile]

Candidates take turns, so that a busy minute hits all of them; medians are reported, and ratios of neighbors in time.
What a peer computes is asserted to be what the library computes. The peers stand in `peers.py`; py-moneyed comes with
the extra `bench`, and is left out where it is not installed.

addition     Two amounts added, beside py-moneyed's. The goal: at most 0.6 of its time.
bill         The bill of an account (four products, storage) on its cycle's first day, its total, and the recharge from
             thirty days of usage, from values that are there; beside the same figures in bare ints, and beside the same
             written plainly with attrs and Decimal. The goals: at most 20 times the first, at most half of the second.
             `rules` are the same figures from the rule modules alone, without an account, a cycle and a bill's lines.
explanations How many explanations a bill builds that nobody asks for one, and how long it takes to ask.
growth       One assignment, a table of check marks saved, and a bill (of an account on the day before, so that its
             users are counted), with 10, 1,000 and 100,000 users. The goal: for each of 100,000 users at most 1.5 times
             as long as for each of 1,000, for a table and a bill.
usage_file   A file of `--lines` rows read, beside Python's csv module alone that counts them; and the most memory with
             a tenth of the rows and with all, each in a process of its own. No amount is repeated more than by chance.
             The goal, for rows of amounts: a fifth of the speed of csv.

`--profile` prints where the time of a bill goes, by function, and measures nothing. Its top line was `_checks.whole`,
called 120 times for a bill and a recharge: a number in range now answers it at once, and ratios of checked numbers are
not checked again, which leaves 40 calls. Of 1,960 calls of functions 1,070 are left, and none of these stands out.

Measured on 2026-11-29, on two cores that nothing else was using:

* addition: 0.24 microseconds, py-moneyed's 0.46; 0.51 of its time.
* bill: 129 microseconds; the rules alone 68, in ints 4.2, with attrs and Decimal 55. So 30 and 2.3 times as long, and
  both goals are missed. The rules alone take 16 times as long as the ints, which leave out every check, currency and
  source; what an account adds (its cycle, its sources, lines that explain themselves) takes the rest.
* explanations: none is built unasked; a bill that is asked for its own takes 2.0 times as long.
* growth: a table 142, 1,138 and 117,936 microseconds, for each of 100,000 users 1.04 times as long as for each of
  1,000; a bill 253, 475 and 29,964, 0.67 times; an assignment 60, 54 and 2,414, since the set of users is copied. A
  table took 1.6 times as long, for the sets that were made for each user, until none was.
* usage_file, of 10,000,000 rows: amounts 843 nanoseconds a row, csv alone 201; 0.24 of its speed, with 35 megabytes for
  a tenth of the rows and for all. Calls, each priced, 2,042 beside 247; 0.12, with 39 megabytes.
"""

import contextlib
import cProfile
import csv
import datetime
import functools
import multiprocessing
import pstats
import random
import resource
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from unittest import mock

import attrs
import peers
from timing import alternating, parser_of, print_parts, ratio

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from licensebill import licenses, minutes, storage  # noqa: E402 - found by the line above
from licensebill.accounts import Account, advance  # noqa: E402
from licensebill.bills import monthly_bill  # noqa: E402
from licensebill.codec import load_usage  # noqa: E402
from licensebill.explain import Explanation  # noqa: E402
from licensebill.licenses import Holding, Licenses  # noqa: E402
from licensebill.money import Money  # noqa: E402
from licensebill.people import User  # noqa: E402
from licensebill.terms import STANDARD, STANDARD_CATALOG  # noqa: E402
from licensebill.usage import UsageHistory  # noqa: E402
from tests.examples import CONTRACT, USERS, account, reading  # noqa: E402

Result = dict[str, Any]

#: The most of py-moneyed's time for an addition; of the time in bare ints, and with attrs and Decimal, for a bill; of
#: the time for each of 1,000 users with 100,000; and the least share of the speed of csv.
ADDITION_GOAL, INTS_GOAL, DECIMAL_GOAL, GROWTH_GOAL, FILE_GOAL = 0.6, 20, 0.5, 1.5, 0.2


@attrs.frozen(kw_only=True)
class Asked:
    """What the command line asks for.

    Args:
        folder: where files are made, and taken away again.
        lines: of the usage files.
        rounds: in which every candidate has a turn.
        users: the numbers that growth is measured with, ascending.
    """

    folder: Path
    lines: int
    rounds: int
    users: tuple[int, int, int]


def microseconds(taken: Mapping[str, list[float]], each: int = 1) -> dict[str, float]:
    """The medians by candidate, of one of so many."""
    return {name: round(statistics.median(seconds) / each * 1e6, 3) for name, seconds in taken.items()}


def repeated(call: Callable[[], object], times: int) -> Callable[[int], None]:
    """A candidate that does the same several times in its turn."""

    def turn(_: int) -> None:
        for _ in range(times):
            call()

    return turn


# --- addition -----------------------------------------------------------------------------------------------------

_ADDITIONS = 1_000


def addition(asked: Asked) -> Result:
    """Microseconds of an addition."""
    candidates = {"ours": _adds(Money.parse("19.99", "USD"), Money.parse("0.01", "USD"))}
    with contextlib.suppress(ImportError):
        from moneyed import Money as Moneyed  # noqa: PLC0415 - only the extra brings it

        one, other = Moneyed("19.99", "USD"), Moneyed("0.01", "USD")
        assert (one + other).amount == (Money.parse("19.99", "USD") + Money.parse("0.01", "USD")).amount
        candidates["py-moneyed"] = _adds(one, other)
    taken = alternating(candidates, asked.rounds)
    of_moneyed = ratio(taken["ours"], taken["py-moneyed"]) if "py-moneyed" in taken else None
    return {
        "microseconds": microseconds(taken, _ADDITIONS),
        "of_moneyed": of_moneyed,
        "goal": ADDITION_GOAL,
        "met": None if of_moneyed is None else of_moneyed <= ADDITION_GOAL,
    }


def _adds(one: Any, other: Any) -> Callable[[int], None]:  # noqa: ANN401 - amounts of either kind
    def turn(_: int) -> None:
        for _ in range(_ADDITIONS):
            one + other

    return turn


# --- the bill -----------------------------------------------------------------------------------------------------

_DAY = date(2026, 12, 1)
_BILLS = 5
_BYTES = 1_200_000_000
#: Licenses owned: of one product fewer than its floor.
_OWNED = {"powerdialer": 9, "inbound_agent": 2, "flex_port": 4, "toll_free_number": 3}
_MONTH = tuple(_DAY - timedelta(days=ago) for ago in range(30, 0, -1))
_MICROS = {day: 4_285_714 + day.day for day in _MONTH}

#: Four lines, the storage fee, the total, the recharge, the reserve, in cents; and whether a recharge is due.
Figures = tuple[int, ...]


def billed_account() -> Account:
    """The account, on its cycle's first day."""
    assigned = {"powerdialer": frozenset(user.id for user in USERS)}
    held = (Holding(product=name, owned=count, users=assigned.get(name, frozenset())) for name, count in _OWNED.items())
    return advance(account(licenses=Licenses(tuple(held))), _DAY)


def ours() -> Callable[[], Figures]:
    """What computes the figures with the library."""
    customer, readings = billed_account(), [reading(_BYTES)]
    usage = _history()

    def figures() -> Figures:
        bill = monthly_bill(customer, _DAY, readings=readings)
        quote = minutes.recharge_quote(usage, at=_DAY, balance=customer.balance)
        amounts = (*(line.amount for line in bill.lines), bill.total, quote.recharge, quote.reserve)
        return (*(amount.minor_units for amount in amounts), quote.is_due)

    return figures


def _history() -> UsageHistory:
    return UsageHistory.of(((day, "call", Money(micros, "USD")) for day, micros in _MICROS.items()), currency="USD")


def rules() -> Callable[[], Figures]:
    """What computes them with the rule modules alone."""
    customer = billed_account()
    usage = _history()

    def figures() -> Figures:
        schedule = licenses.schedule(
            customer.licenses, contract=CONTRACT, catalog=STANDARD_CATALOG, on=_DAY, currency="USD"
        )
        fee = storage.monthly_fee(used=_BYTES, users=len(USERS)).amount
        quote = minutes.recharge_quote(usage, at=_DAY, balance=customer.balance)
        amounts = (*(line.amount for line in schedule.lines), fee, schedule.total + fee, quote.recharge, quote.reserve)
        return (*(amount.minor_units for amount in amounts), quote.is_due)

    return figures


def ints() -> Callable[[], Figures]:
    """What computes them in bare ints."""
    prices = {name: amount.micros // 10_000 for name, amount in _prices().items()}
    usage = list(_MICROS.items())

    def figures() -> Figures:
        return peers.in_ints(
            prices,
            _OWNED,
            {"powerdialer": 10},
            users=len(USERS),
            used=_BYTES,
            usage=usage,
            balance=100_000_000,
            on=_DAY,
        )

    return figures


def _prices() -> dict[str, Money]:
    agreed = {price.product: price.price.steps[0].value for price in CONTRACT.prices}
    return {name: agreed[name].cost(1).payable() for name in _OWNED}


def decimals() -> Callable[[], Figures]:
    """What computes them with attrs and Decimal."""
    since, source = CONTRACT.start, CONTRACT.reference

    def agreed(value: peers.Amount | int) -> tuple[peers.Agreed]:
        return (peers.Agreed(since, value, source),)

    customer = peers.Customer(
        id="acme",
        began=date(2026, 1, 1),
        names={name: STANDARD_CATALOG.product(name).name for name in _OWNED},
        owned=_OWNED,
        users=frozenset(user.id for user in USERS),
        prices={name: agreed(peers.Amount(amount.amount, "USD")) for name, amount in _prices().items()},
        floors={"powerdialer": agreed(10)},
        storage_fee=peers.Agreed(date.min, peers.Amount(STANDARD.storage.fee.amount, "USD"), "tariff"),
        balance=peers.Amount(Decimal("100.00"), "USD"),
        source="Visa ending in 1111",
    )
    readings = [peers.Measured(reading(_BYTES).at, _BYTES)]
    usage = [
        peers.Used(day, "call", peers.Amount(Money(micros, "USD").amount, "USD")) for day, micros in _MICROS.items()
    ]

    def figures() -> Figures:
        bill, recharge = customer.bill(_DAY, readings), customer.recharge(_DAY, usage)
        amounts = (*(line.amount for line in bill.lines), bill.total, recharge.amount, recharge.reserve)
        return (*(int(amount.value * 100) for amount in amounts), recharge.is_due)

    return figures


def bill(asked: Asked) -> Result:
    """Microseconds of a bill and a recharge."""
    candidates = {"ours": ours(), "rules": rules(), "ints": ints(), "decimals": decimals()}
    found = {name: figures() for name, figures in candidates.items()}
    assert len(set(found.values())) == 1, found
    taken = alternating({name: repeated(call, _BILLS) for name, call in candidates.items()}, asked.rounds)
    of_ints, of_decimals = (ratio(taken["ours"], taken[name]) for name in ("ints", "decimals"))
    return {
        "figures": found["ours"],
        "microseconds": microseconds(taken, _BILLS),
        "of_ints": of_ints,
        "of_decimals": of_decimals,
        "rules_of_ints": ratio(taken["rules"], taken["ints"]),
        "goal": {"of_ints": INTS_GOAL, "of_decimals": DECIMAL_GOAL},
        "met": {"of_ints": of_ints <= INTS_GOAL, "of_decimals": of_decimals <= DECIMAL_GOAL},
    }


def profile(lines: int = 25) -> None:
    """Print where the time of bills goes."""
    figures = ours()
    with cProfile.Profile() as profiler:
        repeated(figures, 1_000)(0)
    pstats.Stats(profiler).strip_dirs().sort_stats("tottime").print_stats(lines)


# --- explanations -------------------------------------------------------------------------------------------------


def explanations(asked: Asked) -> Result:
    """How many are built, asked for and not, and how many times as long a bill takes with its explanation."""
    customer, readings = billed_account(), [reading(_BYTES)]

    def silent() -> object:
        return monthly_bill(customer, _DAY, readings=readings).total

    def explained() -> object:
        return monthly_bill(customer, _DAY, readings=readings).explanation()

    built = {"unasked": _built_by(silent), "asked": _built_by(explained)}
    taken = alternating({"unasked": repeated(silent, _BILLS), "asked": repeated(explained, _BILLS)}, asked.rounds)
    return {
        "built": built,
        "microseconds": microseconds(taken, _BILLS),
        "asked_of_unasked": ratio(taken["asked"], taken["unasked"]),
        "met": built["unasked"] == 0 < built["asked"],
    }


def _built_by(call: Callable[[], object]) -> int:
    made = Explanation.__init__
    with mock.patch.object(Explanation, "__init__", autospec=True, side_effect=made) as counted:
        call()
    return counted.call_count


# --- growth -------------------------------------------------------------------------------------------------------


def growth(asked: Asked) -> Result:
    """Microseconds by the number of users; and for each user, beside those of the number before."""
    candidates = {users: _grown(users) for users in asked.users}
    found: Result = {"users": list(asked.users), "goal": GROWTH_GOAL}
    _, some, many = asked.users
    for what in ("assignment", "table", "bill"):
        taken = alternating({str(users): calls[what] for users, calls in candidates.items()}, min(asked.rounds, 15))
        times = ratio(taken[str(many)], taken[str(some)])
        each = round(times * some / many, 3)
        met = {} if what == "assignment" else {"met": each <= GROWTH_GOAL}
        found[what] = {"microseconds": microseconds(taken), "times_as_long": times, "for_each_user": each, **met}
    return found


def _grown(users: int) -> dict[str, Callable[[int], object]]:
    """One assignment, a table saved and a bill, with so many users."""
    names = [f"u{number:06}" for number in range(users)]
    held = Licenses((Holding(product="powerdialer", owned=users + 1, users=frozenset(names)),))
    table = {name: ["powerdialer"] if number % 2 else [] for number, name in enumerate(names)}
    customer = account(
        today=_DAY - timedelta(days=1), licenses=held, users=tuple(User(id=name) for name in names), spending=()
    )
    readings = [reading(_BYTES)]
    return {
        "assignment": lambda _: licenses.assign(held, "one more", "powerdialer", catalog=STANDARD_CATALOG),
        "table": lambda _: licenses.save_table(held, table, catalog=STANDARD_CATALOG),
        "bill": lambda _: monthly_bill(customer, _DAY, readings=readings),
    }


# --- the usage file -----------------------------------------------------------------------------------------------

_AFTER = datetime.datetime.combine(_DAY, datetime.time(), UTC)
_SECONDS_OF_MONTH = 30 * 86_400


def amount_rows(lines: int) -> Iterator[str]:
    """Rows of amounts, of thirty days in their order and three kinds; the amounts have up to six decimals."""
    drawn = random.Random(1)  # noqa: S311 - data, no secret
    yield "day,kind,amount\n"
    for number in range(lines):
        micros, kind = drawn.randrange(20_000_000), drawn.choice(("call", "call", "sms", "recording"))
        yield f"{_MONTH[number * 30 // lines]},{kind},{micros // 10**6}.{micros % 10**6:06}\n"


def call_rows(lines: int) -> Iterator[str]:
    """Call records of thirty days in their order, up to an hour long."""
    drawn = random.Random(1)  # noqa: S311 - data, no secret
    first = _AFTER - timedelta(days=30)
    yield "start,seconds,kind\n"
    for number in range(lines):
        start = first + timedelta(seconds=number * _SECONDS_OF_MONTH // lines)
        yield f"{start.isoformat()},{drawn.randrange(3_600)},call\n"


def usage_file(asked: Asked) -> Result:
    """Nanoseconds a row, and the most memory."""
    found: Result = {"lines": asked.lines, "goal": FILE_GOAL}
    for form, rows in (("amounts", amount_rows), ("calls", call_rows)):
        with tempfile.TemporaryDirectory(dir=asked.folder) as folder:
            path, tenth = Path(folder) / "all.csv", Path(folder) / "tenth.csv"
            for file, lines in ((path, asked.lines), (tenth, asked.lines // 10)):
                with file.open("w", encoding="utf-8") as written:
                    written.writelines(rows(lines))
            found[form] = _file_read(path, asked)
            found[form]["megabytes"] = {"tenth": _peak(tenth), "all": _peak(path)}
    found["amounts"]["met"] = found["amounts"]["of_csv"] >= FILE_GOAL
    return found


def _file_read(path: Path, asked: Asked) -> Result:
    customer = account()

    def alone(_: int) -> None:
        with path.open(encoding="utf-8-sig", newline="") as lines:
            count = 0
            for _row in csv.reader(lines, strict=True):
                count += 1
        assert count == asked.lines + 1

    taken = alternating(
        {"csv": alone, "ours": lambda _: load_usage(path, customer, until=_AFTER)}, min(asked.rounds, 5)
    )
    nanoseconds = {name: round(statistics.median(seconds) / asked.lines * 1e9) for name, seconds in taken.items()}
    return {"nanoseconds": nanoseconds, "of_csv": ratio(taken["csv"], taken["ours"])}


def _peak(path: Path) -> int:
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(_peak_of_reading, (path,))


def _peak_of_reading(path: Path) -> int:
    history = load_usage(path, account(), until=_AFTER)
    assert len(history.days) == len(_MONTH)
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)


# --- the command --------------------------------------------------------------------------------------------------

PARTS: Mapping[str, Callable[[Asked], Result]] = {
    "addition": addition,
    "bill": bill,
    "explanations": explanations,
    "growth": growth,
    "usage_file": usage_file,
}


def main() -> None:
    """Measure and print."""
    parser = parser_of("What values, bills and files cost.", PARTS)
    parser.add_argument("--quick", action="store_true", help="a trial, whose figures say nothing")
    parser.add_argument("--lines", type=int, default=300_000, help="of the usage files")
    parser.add_argument("--profile", action="store_true", help="print a profile of the bill instead")
    given = parser.parse_args()
    if given.profile:
        profile()
        return
    if given.quick:
        asked = Asked(folder=given.folder, lines=1_000, rounds=1, users=(2, 10, 100))
    else:
        asked = Asked(folder=given.folder, lines=given.lines, rounds=100, users=(10, 1_000, 100_000))
    print_parts(given, {name: functools.partial(part, asked) for name, part in PARTS.items()})


if __name__ == "__main__":
    main()
