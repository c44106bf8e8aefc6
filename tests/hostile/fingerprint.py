"""What the library computes, one line for each example, to be compared between environments.

    python tests/hostile/fingerprint.py [--decimal] [--audit]

The examples are every docstring example of the core, and `examples()` below: wide sweeps, in which a difference in
rounding, ordering or time zones would show. The last line is a digest of all.

    --decimal   computes under a decimal context in which no operation can go right
    --audit     fails if library code opens, imports, connects or asks the system for anything while it computes

An audit does not see a clock being read, nor a random number: that the core imports neither is a contract in
pyproject.toml, and that it asks `datetime` for no present is held by the linter and tests/architecture.
"""

import argparse
import decimal
import doctest
import hashlib
import importlib
import pkgutil
import sys
import types
from collections.abc import Callable, Iterator
from datetime import date, timedelta, timezone
from pathlib import Path

import licensebill
from licensebill import accounts, bills, changes, cycles, minutes, money, storage, terms, traffic
from licensebill.money import Money, Rounding, Unit

sys.path.append(str(Path(__file__).parents[2]))
from tests import changing
from tests import examples as acme

PACKAGE = str(Path(licensebill.__file__).parent)
#: Modules outside the core: their examples may read files, or need what only an extra installs.
OUTER = {
    *("__main__", "_conversion", "_tables", "adapters", "cli", "codec", "csv_files", "documents", "frames", "schemas"),
    *("statements", "strategies", "testing"),
}
CORE = [
    importlib.import_module(f"licensebill.{found.name}")
    for found in pkgutil.iter_modules(licensebill.__path__)
    if found.name not in OUTER
]

# --- sweeps, one function for each module --------------------------------------------------------------------------


def examples() -> Iterator[tuple[str, Callable[[], object]]]:
    """Every sweep by name: a function without arguments whose result has a `repr` that says it all."""
    yield "money.rounding", _rounding
    yield "money.allocation", _allocation
    yield "money.decimals", _decimals
    yield "cycles.boundaries", _boundaries
    yield "cycles.proration", _proration
    yield "storage.fees", _fees
    yield "minutes.quotes", _quotes
    yield "traffic.erlang", _erlang
    yield "bills.bill", _bill
    yield "bills.summary", _summary
    yield "accounts.history", _history


def _rounding() -> list[str]:
    amounts = [
        Money(micros, currency) for currency in ("USD", "JPY", "KWD") for micros in range(-20_000, 20_001, 2_500)
    ]
    return [
        str(money.scale(amount, 14, 30, rounding=rounding, to=to))
        for amount in amounts
        for rounding in Rounding
        for to in Unit
    ]


def _allocation() -> list[tuple[Money, ...]]:
    return [
        money.allocate(Money.from_minor_units(cents, "USD"), weights)
        for cents in (-10_001, -1, 0, 1, 7, 10_000)
        for weights in ([1], [1, 1, 1], [0, 3, 7, 7], list(range(12)))
    ]


def _decimals() -> list[object]:
    amounts = [Money(micros, "USD") for micros in (1, -12_500, 19_990_000, money.MAX_MICROS)]
    return [(amount.amount, Money.from_decimal(amount.amount, "USD")) for amount in amounts]


def _boundaries() -> list[str]:
    return [
        str(cycles.boundary(date(2027, 1, 31), number, anchor_day=day))
        for day in (1, 28, 29, 30, 31)
        for number in range(-24, 25)
    ]


def _proration() -> list[str]:
    february = cycles.cycle_of(date(2028, 2, 1))
    days = [february.start + timedelta(days=gone) for gone in range(29)]
    shares = [cycles.side_by_side(Money.parse("99.00", "USD"), february, day) for day in days]
    return [each.explanation().as_text() for share in shares for each in share.values()]


def _fees() -> list[str]:
    used = [0, 1, 250_000_000, 250_000_001, 400_000_001, 10**9, 10**9 + 1, 2_500_000_000]
    fees = [storage.monthly_fee(used=each, users=users) for each in used for users in (1, 5, 6, 8, 21, 40)]
    return [fee.explanation().as_text() for fee in fees]


def _quotes() -> list[str]:
    days = [date(2026, 11, 1) + timedelta(days=number) for number in range(30)]
    entries = [(day, kind, Money(4_285_714, "USD")) for day in days for kind in ("call", "sms")]
    history = minutes.UsageHistory.of(reversed(entries), currency="USD")
    quotes = minutes.compare(history, at=date(2026, 12, 1), balance=Money.zero("USD"))
    return [quote.explanation().as_text() for quote in quotes]


def _erlang() -> list[object]:
    offered = ("0.001", "1", "33.3333", "1000")
    blocked = [traffic.blocking_probability(ports, each) for each in offered for ports in (0, 1, 10, 1_000)]
    return [*blocked, *(traffic.ports_for(each, "0.01") for each in offered)]


def _bill() -> tuple[object, str]:
    bill = bills.monthly_bill(acme.account(), date(2026, 12, 1), readings=[acme.reading(500_000_000)])
    return bill.lines, bill.explanation().as_text()


def _summary() -> object:
    nothing = minutes.UsageHistory.of([], currency="USD")
    return bills.summary(acme.account(), usage=nothing, used=500_000_000)


def _history() -> list[object]:
    """Fifteen months of an account with cycles from the 31st, west of Greenwich, and all that sets could mix up."""
    nothing = (accounts.Spending(cycles.cycle_of(date(2026, 11, 20), anchor_day=31), Money.zero("USD")),)
    agreed = acme.contract(renewal_months=12, minimum_spend=terms.Dated.always(Money.parse("1300.005", "USD")))
    account = acme.account(contracts=(agreed,), anchor_day=31, tz=timezone(timedelta(hours=-5)), spending=nothing)
    found: list[object] = []
    for number in range(15):
        table = {f"u{user}": ("powerdialer", "inbound_agent")[: 1 + (user + number) % 2] for user in (number % 7, 7)}
        account = accounts.apply(account, changing.set_total(12 + number % 4, on=account.today))
        account = accounts.apply(account, changing.set_total(8, "inbound_agent", on=account.today))
        account = accounts.apply(account, changing.save(account.today, **table))
        start = account.cycle.end
        read = [acme.reading(10**8 * number, start), acme.reading(10**8, start - timedelta(days=1))]
        bill = bills.monthly_bill(account, start, readings=read)
        account = accounts.apply(account, bills.planned(bill))
        charge = account.open[-1].intent
        note = changes.GiveCredit(
            on=start, intent=charge, position=number % 2, net=Money.parse("7.77", "USD"), reason="goodwill"
        )
        account = accounts.apply(account, note)
        found += [bill.id, bill.explanation().as_text(), accounts.committed(account).amount]
    return [*found, account]


# --- running them --------------------------------------------------------------------------------------------------


class _Recorder(doctest.DocTestRunner):
    """Runs docstring examples for what they print, right or wrong."""

    def __init__(self) -> None:
        super().__init__(verbose=False)
        self.lines: list[str] = []

    def _record(self, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        if example.exc_msg is not None:  # of a traceback only what was raised: the rest says where the files are
            got = "".join(line for line in got.splitlines(keepends=True)[1:] if not line.startswith(" "))
        self.lines.append(f"{test.name}:{example.lineno}\t{got!r}")

    def report_success(self, _out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self._record(test, example, got)

    def report_failure(self, _out: object, test: doctest.DocTest, example: doctest.Example, got: str) -> None:
        self._record(test, example, got)

    def report_unexpected_exception(
        self, _out: object, test: doctest.DocTest, example: doctest.Example, exc_info: tuple[object, ...]
    ) -> None:
        self._record(test, example, f"raised {exc_info[1]!r}")


def lines() -> Iterator[str]:
    """One line for each example: its name and what it gives."""
    for name, sweep in examples():
        yield f"{name}\t{sweep()!r}"
    finder = doctest.DocTestFinder()
    for module in CORE:
        recorder = _Recorder()
        for test in finder.find(module):
            recorder.run(test)
        yield from recorder.lines


def spoil_decimals() -> None:
    """One digit, everything rounded up, and every signal an error: no use of this context goes unnoticed."""
    signals = [decimal.Clamped, decimal.FloatOperation, decimal.Inexact, decimal.Rounded, decimal.Subnormal]
    spoilt = decimal.Context(prec=1, rounding=decimal.ROUND_UP, Emin=0, Emax=0, traps=signals)
    decimal.DefaultContext = spoilt
    decimal.setcontext(spoilt)


#: What a computation has no business with.
FORBIDDEN = {
    *("ctypes", "ftplib", "glob", "http", "import", "open", "os", "pathlib", "shutil", "socket", "sqlite3"),
    *("subprocess", "tempfile", "time", "urllib"),
}


def audited() -> list[str]:
    """From now on, the events that happen while a function of the library is under way; the list grows."""
    events: list[str] = []

    def listen(event: str, arguments: tuple[object, ...]) -> None:
        if event.partition(".")[0] in FORBIDDEN and _library_is_running():
            events.append(f"{event} {arguments!r}")

    sys.addaudithook(listen)
    return events


def _library_is_running() -> bool:
    frame: types.FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_code.co_filename.startswith(PACKAGE):
            return True
        frame = frame.f_back
    return False


def main() -> None:
    """Print the lines and their digest; exit 1 if something was heard that must not be."""
    parser = argparse.ArgumentParser(description="What the library computes, for comparison.")
    parser.add_argument("--decimal", action="store_true", help="spoil the decimal context first")
    parser.add_argument("--audit", action="store_true", help="fail on any contact with the outside world")
    asked = parser.parse_args()
    if asked.decimal:
        spoil_decimals()
    heard = audited() if asked.audit else []
    computed = list(lines())
    print(*computed, sep="\n")
    print(hashlib.sha256("\n".join(computed).encode()).hexdigest())
    if heard:
        sys.exit("\n".join(heard))


if __name__ == "__main__":
    main()
