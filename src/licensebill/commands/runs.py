"""Runs: `licensebill run`, which charges, with its summary, its preview and its stop.

Everything is done by `charging`: a run here only counts what is written, tells how far it is, and ends cleanly when it
is asked to. It may be started twice, on one machine or on several: the versions of the streams decide.
"""

import contextlib
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, Self

import attrs
from cyclopts import Parameter
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from licensebill.changes import CarryOver, PlanBill
from licensebill.charges import Standing, State
from licensebill.charging import Charging, Job, Report
from licensebill.commands.connections import (
    GatewayName,
    Kept,
    StoreUrl,
    clock_of,
    meters_of,
    opened_store,
    provided,
)
from licensebill.commands.printing import ANSWERED, FAILED, REFUSED, Json, money_data, print_json, print_table
from licensebill.errors import InvalidValue, LicenseBillError
from licensebill.events import Answered, Book, Changed, Event, Halted, Planned, Stream, Target
from licensebill.ledger import Intent
from licensebill.money import Money
from licensebill.outcomes import Declined
from licensebill.planning import Act, Ask, Draft, Notice

JobName = Literal["monthly", "recharge", "settle"]
_JOBS = {"monthly": Job.BILLS, "recharge": Job.RECHARGES, "settle": Job.SETTLE}
#: Notices, charges that wait for a person, and failures that are told one by one; the rest is counted.
MAX_TOLD = 100

#: Notices that say the provider was not reached, or did not answer.
_PROVIDER = frozenset({"not_sent", "outcome_unknown"})
#: Notices that are the customer's business, as every day brings some: nobody has to look at the run for them.
_CUSTOMER = frozenset({"no_source", "monthly_cap", "daily_limit"})


def run(
    job: JobName,
    /,
    *,
    store: StoreUrl,
    gateway: GatewayName,
    meters: Annotated[Path | None, Parameter(help="A folder with usage.csv and storage.csv in ACCOUNT/.")] = None,
    at: str | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    customers: Path | None = None,
    gateway_url: str | None = None,
    as_json: Json = False,
) -> int:
    """Charge what is due: monthly bills, automatic recharges, or only what is under way.

    Every run brings to an end what others left under way. It may be stopped at any time, started twice, or skipped.

    Args:
        job: monthly, recharge or settle (nothing new).
        store: where the accounts are kept.
        gateway: stripe, with its key in STRIPE_API_KEY, or stand-in, which moves no money.
        meters: where the dialer's usage and the readings of storage are.
        at: the present instant, for the stand-in and for --dry-run; without it the machine's clock counts.
        dry_run: print what would be done, and change nothing.
        customers: a CSV file with the columns account,customer: Stripe's customers.
        gateway_url: of a stand-in that runs already; without it one is started, which forgets everything at the end.
        as_json: print data.
    """
    if at is not None and gateway == "stripe" and not dry_run:
        raise InvalidValue("--at", "is for the stand-in and for --dry-run: Stripe moves money now")
    clock, chosen = clock_of(at), _JOBS[job]
    with opened_store(store) as kept, provided(gateway, url=gateway_url, customers=customers, clock=clock) as provider:
        watched = Watched(kept)
        files = meters_of(meters, chosen, kept, clock)
        charging = Charging(store=watched, gateway=provider, clock=clock, usage=files, storage=files)
        now = clock()
        if dry_run:
            made: Summary | Preview = _previewed(charging, kept, chosen, now)
        else:
            made = _carried_out(charging, watched, chosen, now)
        made.problems = {} if files is None else files.problems
    if as_json:
        print_json({"job": job, "at": now.isoformat(), **made.data()})
    else:
        made.show()
    return made.code


# --- stopping and progress ----------------------------------------------------------------------------------------


@attrs.define
class Stop:
    """Ends a run after the account in hand when the process is asked to end; asked again, it ends at once."""

    by: int = 0
    _before: dict[int, Any] = attrs.field(factory=dict)

    def __enter__(self) -> Self:
        self._before = {number: signal.signal(number, self._asked) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _asked(self, number: int, _: FrameType | None) -> None:
        self.by = number
        for one in self._before:
            signal.signal(one, signal.SIG_DFL)


@contextlib.contextmanager
def progress(what: str) -> Iterator[Callable[[], None]]:
    """Shows on a terminal, beside the output, how many accounts have been worked on; gives what counts them."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} accounts"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda: shown.advance(task)


# --- counting -----------------------------------------------------------------------------------------------------


@attrs.define
class Sums:
    """How many charges, and how much in each currency."""

    count: int = 0
    amounts: dict[str, Money] = attrs.field(factory=dict)

    def add(self, amount: Money) -> None:
        """One more."""
        self.count += 1
        self.amounts[amount.currency] = self.amounts.get(amount.currency, Money.zero(amount.currency)) + amount

    def row(self, what: str) -> tuple[str, str, str]:
        """For a table."""
        return what, str(self.count), ", ".join(f"{self.amounts[one]:,}" for one in sorted(self.amounts))

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {"count": self.count, "amounts": [money_data(self.amounts[one]) for one in sorted(self.amounts)]}


@attrs.define
class Tally:
    """What was written in a run: by this process, and known to be written."""

    planned: int = 0
    declined: int = 0
    captured: Sums = attrs.field(factory=Sums)
    returned: Sums = attrs.field(factory=Sums)

    def add(self, event: Event) -> None:
        """One more event."""
        self.planned += isinstance(event.fact, Planned)
        self.declined += isinstance(event.fact, Answered) and isinstance(event.fact.outcome, Declined)
        for posting in event.postings:
            if posting.book is Book.CLEARING:
                sums = self.captured if posting.amount.micros > 0 else self.returned
                sums.add(abs(posting.amount))


@attrs.frozen
class Watched:
    """A store whose appends are counted."""

    kept: Kept
    tally: Tally = attrs.field(factory=Tally)

    def load(self, account: str, *, after: int = 0) -> Stream:
        """As the store does."""
        return self.kept.load(account, after=after)

    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: datetime | None) -> int:
        """As the store does, and count what was written."""
        version = self.kept.append(account, expected_version, events, wake=wake)
        for event in events:
            self.tally.add(event)
        return version

    def open_accounts(self, *, due_before: datetime, after: str = "", limit: int = 500) -> Sequence[str]:
        """As the store does."""
        return self.kept.open_accounts(due_before=due_before, after=after, limit=limit)

    def load_snapshot(self, account: str) -> Standing | None:
        """As the store does."""
        return self.kept.load_snapshot(account)

    def save_snapshot(self, standing: Standing) -> None:
        """As the store does."""
        self.kept.save_snapshot(standing)


# --- the run ------------------------------------------------------------------------------------------------------


@attrs.define
class Told:
    """Things that are told one by one, up to a number."""

    first: list[tuple[str, str, str]] = attrs.field(factory=list)
    count: int = 0

    def add(self, about: str, code: str, text: str) -> None:
        """One more."""
        self.count += 1
        if self.count <= MAX_TOLD:
            self.first.append((about, code, text))

    def show(self) -> None:
        """A line each."""
        for about, _, text in self.first:
            print(f"{about}: {text}")
        if self.count > len(self.first):
            print(f"and {self.count - len(self.first)} more")

    def data(self, name: str) -> dict[str, Any]:
        """For programs."""
        return {
            "count": self.count,
            "first": [{name: about, "code": code, "text": text} for about, code, text in self.first],
        }


#: What is open of a charge in a state, in the words of the summary.
_OPEN = {
    State.PENDING: "pending at the bank",
    State.FAILED: "owed, every source tried",
    State.PLANNED: "to be gone on with",
    State.PREPARED: "to be gone on with",
    State.UNKNOWN: "outcome not known yet",
    State.DECLINED: "to be gone on with",
}


@attrs.define(kw_only=True)
class Summary:
    """What a run came to.

    Args:
        tally: what it wrote.
        accounts: how many it worked on.
        open: what is open of these accounts, by `_OPEN`.
        reviews: charges that wait for a person.
        notices: what was not done.
        failures: accounts that could not be worked on, or the store.
        needs_person: whether a notice is the operator's business.
        stopped_by: the signal that ended it early; 0 for none.
        problems: what was wrong with measurements.
    """

    tally: Tally
    accounts: int = 0
    open: dict[str, Sums] = attrs.field(factory=dict)
    reviews: Told = attrs.field(factory=Told)
    notices: Told = attrs.field(factory=Told)
    failures: Told = attrs.field(factory=Told)
    has_failed: bool = False
    needs_person: bool = False
    stopped_by: int = 0
    problems: dict[str, str] = attrs.field(factory=dict)

    def add(self, report: Report) -> None:
        """One more account."""
        self.accounts += 1
        if report.failure is not None:
            self.fail(report.account, report.failure)
        for notice in report.notices:
            self.notices.add(notice.account, notice.code, notice.text)
            self.has_failed |= notice.code in _PROVIDER
            self.needs_person |= notice.code not in _PROVIDER | _CUSTOMER
        for charge in report.standing.charges if report.standing is not None else ():
            if charge.state is State.NEEDS_REVIEW:
                self.reviews.add(charge.intent.id, "needs_review", charge.reason)
            elif charge.state in _OPEN:
                self.open.setdefault(_OPEN[charge.state], Sums()).add(charge.intent.amount)

    def fail(self, about: str, failure: LicenseBillError) -> None:
        """Something could not be done at all."""
        self.failures.add(about, failure.code, str(failure))
        self.has_failed = True

    @property
    def code(self) -> int:
        """The exit code."""
        if self.stopped_by:
            return 128 + self.stopped_by
        if self.has_failed:
            return FAILED
        return REFUSED if self.needs_person or self.reviews.count else ANSWERED

    def show(self) -> None:
        """As text."""
        print_table(
            [
                ("Accounts looked at", str(self.accounts), ""),
                ("Charges planned", str(self.tally.planned), ""),
                self.tally.captured.row("Captured"),
                ("Declined", str(self.tally.declined), ""),
                self.tally.returned.row("Returned by the bank"),
                *(
                    self.open[what].row(what.capitalize())
                    for what in dict.fromkeys(_OPEN.values())
                    if what in self.open
                ),
                ("Waiting for a person", str(self.reviews.count), ""),
                ("Failures", str(self.failures.count), ""),
            ]
        )
        for told in (self.reviews, self.notices, self.failures):
            if told.count:
                print()
                told.show()
        _show_problems(self.problems)
        if self.stopped_by:
            print(f"\nStopped by {signal.Signals(self.stopped_by).name}; the next run goes on from here.")

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "accounts": self.accounts,
            "planned": self.tally.planned,
            "captured": self.tally.captured.data(),
            "declined": self.tally.declined,
            "returned": self.tally.returned.data(),
            "open": {what: self.open[what].data() for what in dict.fromkeys(_OPEN.values()) if what in self.open},
            "needs_review": self.reviews.data("charge"),
            "notices": self.notices.data("account"),
            "failures": self.failures.data("account"),
            "measurements": dict(list(self.problems.items())[:MAX_TOLD]),
            "stopped_by": signal.Signals(self.stopped_by).name if self.stopped_by else None,
            "exit_code": self.code,
        }


def _show_problems(problems: dict[str, str]) -> None:
    for account, problem in list(problems.items())[:MAX_TOLD]:
        print(f"\n{account}: {problem}")


def _carried_out(charging: Charging, watched: Watched, job: Job, _: datetime) -> Summary:
    summary = Summary(tally=watched.tally)
    with Stop() as stop, progress(job.value) as count:
        try:
            for report in charging.run(job):
                summary.add(report)
                count()
                if stop.by:
                    break
        except LicenseBillError as failure:  # the list of accounts cannot be read
            summary.fail("store", failure)
    summary.stopped_by = stop.by
    return summary


# --- the preview --------------------------------------------------------------------------------------------------


@attrs.frozen(kw_only=True)
class Step:
    """One thing that a run would do.

    Args:
        account: whose.
        does: "plan", "carry over", "bill", "halt", "notice", or what the provider is asked.
        charge: its id; empty where there is none.
        amount: of the charge.
        sources: in order, masked.
        text: for people.
        needs_person: whether the operator has to look at it.
    """

    account: str
    does: str
    charge: str = ""
    amount: Money | None = None
    sources: tuple[str, ...] = ()
    text: str
    needs_person: bool = False

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "account": self.account,
            "does": self.does,
            "charge": self.charge or None,
            **({"amount": None, "currency": None} if self.amount is None else money_data(self.amount)),
            "sources": list(self.sources),
            "text": self.text,
        }


@attrs.define(kw_only=True)
class Preview:
    """What a run would do, as far as it is certain before the provider is asked."""

    steps: list[Step] = attrs.field(factory=list)
    accounts: int = 0
    failures: Told = attrs.field(factory=Told)
    stopped_by: int = 0
    problems: dict[str, str] = attrs.field(factory=dict)

    @property
    def code(self) -> int:
        """The exit code."""
        if self.stopped_by:
            return 128 + self.stopped_by
        if self.failures.count:
            return FAILED
        return REFUSED if any(one.needs_person for one in self.steps) else ANSWERED

    def show(self) -> None:
        """As text."""
        for step in self.steps:
            print(f"{step.charge or step.account}: {step.text}")
        self.failures.show()
        _show_problems(self.problems)
        planned = Sums()
        for step in self.steps:
            if step.does == "plan" and step.amount is not None:
                planned.add(step.amount)
        print()
        print_table([("Accounts looked at", str(self.accounts), ""), planned.row("Charges that would be planned")])
        print("\nNothing was done.")

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dry_run": True,
            "accounts": self.accounts,
            "steps": [one.data() for one in self.steps],
            "failures": self.failures.data("account"),
            "measurements": dict(list(self.problems.items())[:MAX_TOLD]),
            "exit_code": self.code,
        }


def _previewed(charging: Charging, kept: Kept, job: Job, now: datetime) -> Preview:
    preview = Preview()
    with Stop() as stop, progress(job.value) as count:
        for account in _due(kept, now):
            preview.accounts += 1
            try:
                preview.steps += [step for found in charging.preview(account, job) for step in steps_of(account, found)]
            except LicenseBillError as failure:
                preview.failures.add(account, failure.code, str(failure))
            count()
            if stop.by:
                break
    preview.stopped_by = stop.by
    return preview


def _due(kept: Kept, now: datetime) -> Iterator[str]:
    last = ""
    while page := kept.open_accounts(due_before=now, after=last):
        yield from page
        last = page[-1]


def steps_of(account: str, found: Ask | Draft | Notice) -> Iterator[Step]:
    """What one part of a preview comes to, in words."""
    if isinstance(found, Notice):
        yield Step(account=account, does="notice", text=found.text, needs_person=found.code not in _CUSTOMER)
    elif isinstance(found, Ask):
        yield _asked(account, found)
    else:
        yield from _written(account, found)


def _asked(account: str, ask: Ask) -> Step:
    charge = ask.charge
    targets = charge.targets[charge.position :]
    words = {
        Act.PREPARE: f"charge {charge.intent.amount:,} to {_in_turn(targets)}",
        Act.CAPTURE: f"charge {charge.intent.amount:,} to {_in_turn(targets)}, as was begun",
        Act.RETRIEVE: f"ask what became of attempt {charge.attempt}",
        Act.VOID: f"void attempt {charge.attempt}",
    }
    return _step(account, ask.act.value, charge.intent, targets, words[ask.act])


def _written(account: str, draft: Draft) -> Iterator[Step]:
    charges = {
        one.intent.id: one.intent for one in (*draft.standing.charges, *(draft.before or draft.standing).charges)
    }
    for event in draft.events:
        fact = event.fact
        if isinstance(fact, Planned):
            intent = charges[fact.intent]
            yield _step(account, "plan", intent, fact.targets, f"plan {intent.amount:,} to {_in_turn(fact.targets)}")
        elif isinstance(fact, Halted):
            halted = _step(account, "halt", charges[fact.intent], (), f"stop for a person: {fact.reason}")
            yield attrs.evolve(halted, needs_person=True)
        elif isinstance(fact, Changed) and isinstance(fact.change, CarryOver):
            text = "carry over to the next bill, being less than the provider charges"
            yield Step(account=account, does="carry over", charge=fact.change.intent, text=text)
        elif isinstance(fact, Changed) and isinstance(fact.change, PlanBill) and len(draft.events) == 1:
            yield Step(account=account, does="bill", text=f"bill {fact.change.cycle}, for which nothing is charged")


def _step(account: str, does: str, intent: Intent, targets: Sequence[Target], text: str) -> Step:
    sources = tuple(one.shown for one in targets)
    return Step(account=account, does=does, charge=intent.id, amount=intent.amount, sources=sources, text=text)


def _in_turn(targets: Sequence[Target]) -> str:
    return " and, where that is declined, to ".join(one.shown for one in targets) or "no source: it stays owed"
