"""What the suites for stores and gateways have in common: opening, closing, racing, refusing, running them.

No check of anything stands here; those of stores are in `stores`, those of payment providers in `gateways`.
"""

import contextlib
import threading
import unittest
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from licensebill._checks import instance
from licensebill.errors import InvalidValue

_T = TypeVar("_T")


class Suite:
    """Checks of something that is opened, once or several times in a check, and closed after it."""

    def setup_method(self) -> None:
        """Make the place, before each check; pytest calls this by its name, as it does the next."""

    def teardown_method(self) -> None:
        """Close what was opened, after each check."""
        for opened in self.__dict__.pop("_opened", []):
            close(opened)

    def _keep(self, opened: _T) -> _T:
        """Close this after the check."""
        self.__dict__.setdefault("_opened", []).append(opened)
        return opened


def close(opened: object) -> None:
    """Close what has a method for it."""
    method = getattr(opened, "close", None)
    if method is not None:
        method()


def failed_checks(suite: type[Suite]) -> dict[str, Exception]:
    """Run a suite without a test framework.

    A check for which there is nothing to check, such as of bank debits where there are none, is passed over: it raises
    `unittest.SkipTest`, which test frameworks know.

    Args:
        suite: a class of checks, such as a subclass of `stores.StoreSuite` or `gateways.TwoPhaseSuite`.

    Returns:
        the checks that failed, by name in the order of the names, each with its error; none, if all is well.

    Example:
        >>> from licensebill.adapters.memory import Memory
        >>> from licensebill.testing.stores import SnapshotSuite
        >>> class MemorySuite(SnapshotSuite):
        ...     def setup_method(self):
        ...         self.store = Memory()
        ...     def open_store(self):
        ...         return self.store
        >>> failed_checks(MemorySuite)
        {}
    """
    if not issubclass(instance("suite", suite, type), Suite):
        raise InvalidValue("suite", f"must be a class of checks, a subclass of Suite, not {suite.__name__}")
    failed: dict[str, Exception] = {}
    for name in sorted(name for name in dir(suite) if name.startswith("test_")):
        checked = suite()
        checked.setup_method()
        try:
            with contextlib.suppress(unittest.SkipTest):
                getattr(checked, name)()
        except Exception as error:  # noqa: BLE001 - that is what is asked for
            failed[name] = error
        finally:
            checked.teardown_method()
    return failed


@contextlib.contextmanager
def refused(kind: type[Exception]) -> Iterator[list[Any]]:
    """Something must be refused with this error; it is the first in the list afterwards."""
    caught: list[Any] = []
    try:
        yield caught
    except kind as error:
        caught.append(error)
        return
    raise AssertionError(f"{kind.__name__} was not raised")


def together(*calls: Callable[[], object]) -> list[object]:
    """What calls give, or raise, that begin at the same moment in threads of their own."""
    barrier = threading.Barrier(len(calls))
    results: list[object] = [None] * len(calls)

    def run(position: int, call: Callable[[], object]) -> None:
        barrier.wait()
        try:
            results[position] = call()
        except Exception as raised:  # noqa: BLE001 - looked at by the check
            results[position] = raised

    threads = [threading.Thread(target=run, args=numbered) for numbered in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results
