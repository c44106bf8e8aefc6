"""Meters that are files: what a nightly export writes, in a folder for each account.

    meters/acme/usage.csv       day,kind,amount, or start,seconds,kind      all usage since the account was taken over
    meters/acme/storage.csv     at,bytes                                    readings of storage

A file that cannot be read, or holds a fault, is no measurement: nothing is billed or recharged on a guess. What was
wrong is kept under `problems`, as charging says no more than that something was. How the files are read belongs to
`codec`. Needs the `json` extra.
"""

import datetime
from collections.abc import Callable, Sequence
from datetime import UTC
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import attrs

from licensebill.charges import Standing, folded
from licensebill.codec import load_readings, load_usage
from licensebill.cycles import Period
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.money import Money
from licensebill.protocols import Clock, SnapshotStore, Store, Usage
from licensebill.readings import Reading

_T = TypeVar("_T")


@attrs.frozen(kw_only=True)
class Files:
    """A folder of measurements as `StorageMeter` and `UsageMeter`.

    The folder of an account is its id, in which whatever is no letter, digit, `_`, `.`, `-` or `~` is percent-encoded.

    Usage is taken to be complete up to the instant its file was last written: an export that has stopped is noticed,
    and recharges nothing. All usage since the account was taken over must stand in it, as the balance is what was paid
    less all that was drawn.

    Args:
        folder: with a folder for each account.
        store: of the accounts, for the rates of their calls and the day they were taken over.
        clock: the present instant; what was measured later does not count.
        problems: what was wrong with the measurements of an account, in words, by its id.
    """

    folder: Path
    store: Store
    clock: Clock
    problems: dict[str, str] = attrs.field(factory=dict, init=False)

    def readings(self, account: str, *, until: datetime.datetime) -> Sequence[Reading]:
        """Readings of storage up to an instant.

        Raises:
            InvalidFile: a fault of the file.
            OSError: it cannot be read.
        """
        return self._kept(account, lambda: self._readings(account, until))

    def usage(self, account: str, window: Period) -> Usage:  # noqa: ARG002 - the file holds every day
        """All usage in the file, and what was drawn since the account was taken over.

        Raises:
            InvalidFile: a fault of the file.
            OSError: it cannot be read.
        """
        return self._kept(account, lambda: self._usage(account))

    def _readings(self, account: str, until: datetime.datetime) -> tuple[Reading, ...]:
        return tuple(one for one in load_readings(self._path(account, "storage.csv")) if one.at <= until)

    def _usage(self, account: str) -> Usage:
        path, standing, now = self._path(account, "usage.csv"), self._standing(account), self.clock()
        watermark = _changed(path, now)
        history = load_usage(path, standing.account, until=now)
        drawn = sum((one.total for one in history.days if one.day >= standing.opened), Money.zero(history.currency))
        return Usage(history=history, drawn=drawn, watermark=watermark)

    def _standing(self, account: str) -> Standing:
        known = self.store.load_snapshot(account) if isinstance(self.store, SnapshotStore) else None
        return folded(self.store.load(account, after=0 if known is None else known.version).events, known)

    def _path(self, account: str, name: str) -> Path:
        folder = quote(account, safe="")
        if not folder.strip("."):
            raise InvalidValue("account", f"{shown(account)} cannot be the name of a folder")
        return self.folder / folder / name

    def _kept(self, account: str, measured: Callable[[], _T]) -> _T:
        try:
            return measured()
        except LicenseBillError as refused:
            self.problems[account] = str(refused)
            raise
        except OSError as failed:
            named = "the file" if failed.filename is None else Path(str(failed.filename)).name
            self.problems[account] = f"cannot read {named}: {failed.strerror}"
            raise


def _changed(path: Path, now: datetime.datetime) -> datetime.datetime:
    """When a file was last written, but not after now; a file system may say any year."""
    at = path.stat().st_mtime
    return now if at >= now.timestamp() else datetime.datetime.fromtimestamp(max(at, 0), UTC)  # noqa: TID251 - in UTC
