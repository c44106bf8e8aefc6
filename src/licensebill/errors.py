"""The bases of every error, and how an error may show the value it is about.

Three families, by who has to act:

* `InvalidValue`: the calling code is wrong; no retry will help. Also a `ValueError`.
* `RuleViolation`: the request is well-formed, but a billing rule does not allow it. A person is told why.
* `ChargeFailure`: the outside world did not answer as hoped.

The concrete errors stand beside the code they guard, but for `InvalidFile`, one for files of every form. They are
frozen attrs classes with *positional* fields (an exception with keyword-only fields does not survive pickling, and so
dies between worker processes), carry the numbers that were compared, and print what is wrong, why, and what would be
accepted.

Every class has a stable `code` for programs; messages may be reworded, codes may not.
"""

import datetime
import re
from collections.abc import Sequence
from typing import ClassVar, Self

import attrs


class LicenseBillError(Exception):
    """Base of every error this library raises on purpose."""

    code: ClassVar[str] = "licensebill_error"


@attrs.frozen
class InvalidValue(LicenseBillError, ValueError):
    """A value that cannot be right, whatever the account looks like.

    Args:
        place: the argument, field or path that holds the value.
        problem: what is wrong with it and what would be accepted.
    """

    code: ClassVar[str] = "invalid_value"

    place: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


class RuleViolation(LicenseBillError):
    """A well-formed request that a billing rule refuses; nothing has been changed.

    `rule` is the id of the rule that refuses.
    """

    code: ClassVar[str] = "rule_violation"
    rule: ClassVar[str]


class ChargeFailure(LicenseBillError):
    """The store or the payment provider did not do what it was asked."""

    code: ClassVar[str] = "charge_failure"


#: Faults of one file that are told one by one.
MAX_FAULTS = 100


@attrs.frozen(kw_only=True)
class Fault:
    """One thing wrong with a file.

    Args:
        line: from 1; None where it concerns the whole file.
        field: the path of the field ("contracts[0].prices[1].amount") or the column; empty for the whole line.
        code: stable, for programs.
        problem: what is wrong and what would be accepted.
    """

    line: int | None
    field: str
    code: str
    problem: str

    def __str__(self) -> str:
        line = "" if self.line is None else f"line {self.line}"
        place = ", ".join(part for part in (line, self.field) if part)
        return f"{place}: {self.problem}" if place else self.problem


@attrs.frozen
class InvalidFile(InvalidValue):
    """A file with faults.

    Args:
        place: the file's name.
        problem: how many faults.
        faults: the first hundred, in the order of the file.
        more: how many beyond those.
    """

    code: ClassVar[str] = "invalid_file"

    faults: tuple[Fault, ...] = ()
    more: int = 0

    @classmethod
    def of(cls, name: str, faults: Sequence[Fault], count: int) -> Self:
        """The error of a file, from its faults.

        Args:
            name: of the file.
            faults: in the order of the file; of more than a hundred the first are enough.
            count: how many there are.
        """
        told = tuple(faults[:MAX_FAULTS])
        return cls(name, "1 fault" if count == 1 else f"{count} faults", told, count - len(told))

    def __str__(self) -> str:
        lines = [f"{self.place}: {self.problem}", *(f"  {fault}" for fault in self.faults)]
        return "\n".join([*lines, f"  and {self.more} more"] if self.more else lines)


#: Text with more digits than a date has is described, not repeated: it could be a card or account number.
SHOWN_DIGITS = 8
#: Whole numbers beyond eleven digits likewise; asked in bits, so that no huge number is ever converted.
SHOWN_BITS = 36
#: Longer text is cut when it is shown.
SHOWN_CHARACTERS = 60
#: How a provider's keys begin, and what stands before a password in a connection string.
_SECRET = re.compile(r"(?<![a-z0-9])([srp]k_(live|test)_|whsec_)|password\s*=", re.IGNORECASE)


def shown(value: object) -> str:
    """A short picture of a refused value for an error message.

    Never repeats what could be a card or account number, an address with a password in it or a provider's key; never
    converts a huge number, never runs a stranger's `__repr__`. Fields that hold payment details do not even use this:
    they name the field only.

    Returns:
        the `repr` of a short harmless int, text, day or None; a description of anything else.

    Example:
        >>> shown(-3), shown("abc"), shown("4111 1111 1111 1111"), shown(1.5)
        ('-3', "'abc'", 'a text of 19 characters', 'a float')
    """
    if value is None or isinstance(value, bool):
        return str(value)
    if type(value) is datetime.date:
        return str(value)
    if type(value) is int:
        return str(value) if value.bit_length() <= SHOWN_BITS else "a whole number too large to repeat"
    if type(value) is str:
        # of a text that is cut the rest is not looked at: it can be of any length
        kept = value if len(value) <= SHOWN_CHARACTERS else value[: SHOWN_CHARACTERS - 3] + "..."
        is_described = sum(map(str.isdigit, kept)) > SHOWN_DIGITS or _may_hold_secret(value)
        return f"a text of {len(value)} characters" if is_described else repr(kept)
    return one(type(value))


def _may_hold_secret(value: str) -> bool:
    """Whether a text has the form of an address with a password in it, or holds what could be a provider's key.

    Whatever has an @ after a colon counts as such an address: a password may hold any character.
    """
    # by the places of two characters, as a text can be of any length
    return -1 < value.find(":") < value.rfind("@") or _SECRET.search(value) is not None


def one(kind: type) -> str:
    """A type's name with its article, for an error message: "an Account", "a Unit"."""
    name = kind.__name__
    return f"{'an' if name[:1].lower() in 'aeio' else 'a'} {name}"
