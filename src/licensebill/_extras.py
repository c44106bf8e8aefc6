"""Extras: what an installation may do without, and what is said where it is missed.

A module that needs an optional package imports it under `extra`, with the name of the extra that brings it. Nothing
else belongs here.
"""

import contextlib
from collections.abc import Iterator


@contextlib.contextmanager
def extra(name: str) -> Iterator[None]:
    """Imports of what the extra of this name brings; where it is not installed, the error says how to install it.

    Raises:
        ModuleNotFoundError: a package is missing; of the same type as without this, with another message.

    Example:
        >>> with extra("json"):
        ...     import json_source_maps
        Traceback (most recent call last):
        ModuleNotFoundError: json_source_maps is not installed; it comes with: pip install 'licensebill[json]'
    """
    try:
        yield
    except ModuleNotFoundError as missing:
        package = str(missing.name).partition(".")[0]
        told = f"{package} is not installed; it comes with: pip install 'licensebill[{name}]'"
        raise ModuleNotFoundError(told, name=missing.name) from None
