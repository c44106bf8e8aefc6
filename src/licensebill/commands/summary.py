"""The summary of a run: what it wrote, what is open now, what was not done, and how the process ends.

Nothing here is asked or written; `runs` fills it in.
"""

import signal
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import attrs

from licensebill.charges import Standing, State
from licensebill.charging import Report
from licensebill.commands.connections import Kept
from licensebill.commands.printing import ANSWERED, FAILED, REFUSED, money_data, print_table
from licensebill.errors import LicenseBillError
from licensebill.events import Answered, Book, Event, Planned, Stream
from licensebill.money import Money
from licensebill.outcomes import Declined

#: Notices, charges that wait for a person, and failures that are told one by one; the rest is counted.
MAX_TOLD = 100

#: Notices that say the provider was not reached, or did not answer.
_PROVIDER = frozenset({"not_sent", "outcome_unknown"})
#: Notices that are the customer's business, as every day brings some: nobody has to look at the run for them.
CUSTOMERS_OWN = frozenset({"no_source", "monthly_cap", "daily_limit", "charge_failed", "returned"})

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


# --- the summary --------------------------------------------------------------------------------------------------


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
            self.needs_person |= notice.code not in _PROVIDER | CUSTOMERS_OWN
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
        show_problems(self.problems)
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


def show_problems(problems: dict[str, str]) -> None:
    """What was wrong with measurements, a line for each account."""
    for account, problem in list(problems.items())[:MAX_TOLD]:
        print(f"\n{account}: {problem}")
