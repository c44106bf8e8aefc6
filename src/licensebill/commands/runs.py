"""Runs: `licensebill run`, which charges, with its summary, its preview and its stop.

Everything is done by `charging`: a run here only counts what is written, tells how far it is, and ends cleanly when it
is asked to. It may be started twice, on one machine or on several: the versions of the streams decide.
"""

import contextlib
import re
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType
from typing import Annotated, Any, Literal, Self

import attrs
from cyclopts import Parameter, Token
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from licensebill.charging import Charging, Job
from licensebill.commands.connections import (
    GatewayName,
    StoreUrl,
    clock_of,
    meters_of,
    opened_store,
    provided,
)
from licensebill.commands.previews import Preview, steps_of
from licensebill.commands.printing import Json, print_json
from licensebill.commands.summary import Summary, Watched
from licensebill.errors import InvalidValue, LicenseBillError, shown

JobName = Literal["monthly", "recharge", "settle"]
_JOBS = {"monthly": Job.BILLS, "recharge": Job.RECHARGES, "settle": Job.SETTLE}


def _folder(_: object, tokens: Sequence[Token]) -> Path:
    """A folder; where a variable of a script is empty, the present one is not what is meant."""
    if not tokens[0].value:
        raise ValueError("must name a folder; a dot is the present one")
    return Path(tokens[0].value)


def run(
    job: JobName,
    /,
    *,
    store: StoreUrl,
    gateway: GatewayName,
    meters: Annotated[
        Path | None, Parameter(help="A folder with usage.csv and storage.csv in ACCOUNT/.", converter=_folder)
    ] = None,
    at: str | None = None,
    dry_run: Annotated[bool, Parameter(negative="")] = False,
    customers: Annotated[Path | None, Parameter(env_var="LICENSEBILL_CUSTOMERS")] = None,
    gateway_url: str | None = None,
    share: str | None = None,
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
        customers: a CSV file with the columns account,customer: the customers at Stripe that the sources belong to.
        gateway_url: of a stand-in that runs already; without it one is started, which forgets everything at the end.
        share: 2/3 is the second of three workers that share the accounts among them.
        as_json: print data.
    """
    if dry_run and share is not None:
        raise InvalidValue("--share", "is for runs: a preview is of all accounts")
    part = _share_of(share)
    if at is not None and gateway == "stripe" and not dry_run:
        raise InvalidValue("--at", "is for the stand-in and for --dry-run: Stripe moves money now")
    clock, chosen = clock_of(at), _JOBS[job]
    with contextlib.ExitStack() as stack:
        kept = stack.enter_context(opened_store(store))
        files = meters_of(meters, chosen, kept, clock)
        provider = stack.enter_context(provided(gateway, url=gateway_url, customers=customers, clock=clock))
        watched, now = Watched(kept), clock()
        charging = Charging(store=watched, gateway=provider, clock=clock, usage=files, storage=files)
        made = _previewed(charging, chosen) if dry_run else _carried_out(charging, watched, chosen, part)
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
    if sys.stderr is None or not sys.stderr.isatty():  # it may have been closed
        yield lambda: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.description}: {task.completed} accounts"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as shown:
        task = shown.add_task(what, total=None)
        yield lambda: shown.advance(task)


# --- the work -----------------------------------------------------------------------------------------------------


def _share_of(share: str | None) -> tuple[int, int]:
    """The number of a worker, and how many there are."""
    if share is None:
        return 1, 1
    found = re.fullmatch(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})", share, re.ASCII)
    if found is None or int(found[1]) > int(found[2]):
        raise InvalidValue("--share", f"must be such as 2/3, the second of three workers, not {shown(share)}")
    return int(found[1]), int(found[2])


def _carried_out(charging: Charging, watched: Watched, job: Job, share: tuple[int, int]) -> Summary:
    summary = Summary(tally=watched.tally)
    with Stop() as stop, progress(job.value) as count:
        try:
            for report in charging.run(job, share=share):
                summary.add(report)
                count()
                if stop.by:
                    break
        except LicenseBillError as failure:  # the list of accounts cannot be read
            summary.fail("store", failure)
    summary.stopped_by = stop.by
    return summary


def _previewed(charging: Charging, job: Job) -> Preview:
    preview = Preview()
    with Stop() as stop, progress(job.value) as count:
        for account in charging.due():
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
