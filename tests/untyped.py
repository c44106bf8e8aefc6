"""For tests of arguments that a type checker would not let through."""

from collections.abc import Callable
from typing import TypeVar

_T = TypeVar("_T")


def untyped(function: Callable[..., _T]) -> Callable[..., _T]:
    """The function as callers without a type checker see it: it takes anything."""
    return function
