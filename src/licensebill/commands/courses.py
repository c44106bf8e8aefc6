"""Courses: `licensebill simulate`, which plays a balance through weeks of automatic recharge, and draws it."""

import io
import itertools
import os
import shutil
from collections.abc import Iterable, Sequence
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from rich.bar import Bar

from licensebill._extras import extra
from licensebill.commands.asking import Count, Day, PolicyName, amount_of, as_asked, policy_of
from licensebill.commands.printing import Json, money_data, print_explained, print_table
from licensebill.errors import InvalidValue, shown
from licensebill.simulation import Run, SawTooth, UsagePattern, saw_tooth

#: Wide enough to tell a day's usage from the next, narrow enough for any terminal.
_BAR_WIDTH = 40


def simulate(
    *,
    daily: Annotated[list[str], Parameter(negative="")],
    balance: str,
    start: Day,
    days: Count = 60,
    currency: str = "USD",
    policy: PolicyName = "guide",
    settlement_hours: Count = 0,
    plot: Annotated[Path | None, Parameter(help="An .svg or .png file to draw the course into.")] = None,
    as_json: Json = False,
) -> None:
    """Print how a balance moves under automatic recharge, day by day (MIN-6).

    Args:
        daily: what a day uses, such as 4.00; given seven times, each day of a week in turn.
        balance: at the first instant.
        start: the first day.
        days: how many.
        currency: of the amounts.
        policy: guide, faq or guide_example.
        settlement_hours: from the run that schedules a payment until the minutes are there.
        plot: a file for the drawing.
        as_json: print data.
    """
    used = [amount_of("--daily", amount, currency) for amount in daily]
    for amount in used:
        if amount.micros < 0:
            raise InvalidValue("--daily", f"must not be negative, not {amount}")
    pattern = as_asked("--daily", lambda: UsagePattern.by_day(used))
    stated, chosen = amount_of("--balance", balance, currency), policy_of(policy)
    course = as_asked(
        "--start",
        lambda: saw_tooth(
            usage=pattern, start=start, balance=stated, days=days, policy=chosen, settlement_hours=settlement_hours
        ),
        of="on",
    )
    if plot is not None:
        try:
            _put(_drawn(course, policy, plot), plot)
        except OSError as failed:
            why = (failed.strerror or str(failed)) if plot.parent.is_dir() else "there is no such folder"
            raise InvalidValue("--plot", f"cannot write {shown(str(plot))}: {why}") from None
    if as_json:
        print_explained(_course_data(course), course, explain=False)
        return
    print_table(_day_rows(course), ("left", "right", "left", "right"), headings=("Day", "Balance", "", "Charged"))
    print(f"\n{course.explanation().because}")
    print(f"The balance went from {course.lowest:,} to {course.highest:,}.")


def _days(course: SawTooth) -> Iterable[tuple[date, Sequence[Run]]]:
    grouped = itertools.groupby(course.runs, key=lambda run: run.at.date())
    return ((day, list(runs)) for day, runs in grouped)


def _day_rows(course: SawTooth) -> Iterable[tuple[Any, ...]]:
    """For each day its first balance, as a number and as a bar, and what was charged."""
    most = max(course.highest.micros, 1)
    for day, runs in _days(course):
        charged = [f"{run.charge:,}" for run in runs if run.charge is not None]
        bar = Bar(most, 0, max(runs[0].balance.micros, 0), width=_BAR_WIDTH)
        yield str(day), f"{runs[0].balance:,}", bar, ", ".join(charged)


def _course_data(course: SawTooth) -> dict[str, Any]:
    return {
        "opening": money_data(course.opening),
        "closing": money_data(course.closing),
        "lowest": money_data(course.lowest),
        "highest": money_data(course.highest),
        "times_recharged": course.times_recharged,
        "total_charged": money_data(course.total_charged),
        "runs": [
            {
                "at": run.at.isoformat(),
                "balance": money_data(run.balance),
                "charge": None if run.charge is None else money_data(run.charge),
            }
            for run in course.runs
        ],
    }


def _put(drawing: bytes, file: Path) -> None:
    """All of it or nothing: what was there before stays where the disk is full. What is no file is written to."""
    if file.exists() and not file.is_file():
        file.write_bytes(drawing)
        return
    target = Path(os.path.realpath(file))  # of a loop of links itself, which cannot be written then
    beside = target.with_name(f".{os.getpid()}-{target.name}")
    try:
        beside.write_bytes(drawing)
        if target.exists():
            shutil.copymode(target, beside)
        beside.replace(target)
    except OSError:
        beside.unlink(missing_ok=True)
        raise


def _drawn(course: SawTooth, policy: PolicyName, file: Path) -> bytes:
    """The balance at every run, as matplotlib draws it."""
    kind = file.suffix.lower().removeprefix(".")
    if kind not in {"svg", "png"}:
        raise InvalidValue("--plot", f"must be the name of an .svg or .png file, not {shown(file.name)}")
    os.environ.pop("MPLBACKEND", None)  # no window is opened: which kind it would be does not matter
    try:
        with extra("plot"):
            from matplotlib.figure import Figure  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise InvalidValue("--plot", str(missing)) from None
    figure = Figure(figsize=(10, 4), layout="constrained")
    axes = figure.subplots()
    instants: Any = [run.at for run in course.runs]
    axes.step(instants, [float(run.balance.amount) for run in course.runs], where="post")
    axes.set_title(f"Automatic recharge, policy {policy}")
    axes.set_ylabel(f"balance in {course.opening.currency}")
    axes.axhline(0, color="grey", linewidth=0.5)
    drawing = io.BytesIO()
    figure.savefig(drawing, format=kind, metadata={"Date": None} if kind == "svg" else {})
    return drawing.getvalue()
