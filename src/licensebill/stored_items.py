"""Stored items: what of them may be freed, and the fewest that free enough.

An item states how many of its bytes may be freed; which items there are, and whether they are still needed, is known
to the caller. How much has to be freed, and why, belongs to `storage`, which passes on the names from here.
"""

import enum
from collections.abc import Sequence

import attrs

from licensebill._checks import cardless_text, checked, instance, tuple_of, whole
from licensebill.explain import Explanation, Input, many
from licensebill.readings import sized


class ItemKind(enum.Enum):
    """What is stored, as the customers' tips tell it apart (STO-5)."""

    RECORDING = "call recording"
    FILE = "file"
    DATA_LIST = "data list"
    UNUSED_DATABASE_INFORMATION = "unused database information"


@attrs.frozen(kw_only=True)
class StoredItem:
    """Something that is stored, and how much of it may be freed.

    Args:
        name: for people.
        kind: what it is.
        bytes: its size.
        freeable: what may be freed of it: all, nothing while it is in use, or a part; see `stored_item`, `data_list`.

    Raises:
        InvalidValue: more to free than there is, a number that is negative or not whole, a blank name.

    Source: STO-5.
    """

    name: str = attrs.field(validator=checked(cardless_text))
    kind: ItemKind = attrs.field(validator=checked(instance, ItemKind))
    bytes: int = attrs.field(validator=checked(whole))
    freeable: int = attrs.field(validator=checked(whole))

    def __attrs_post_init__(self) -> None:
        whole("freeable", self.freeable, 0, self.bytes)

    def __str__(self) -> str:
        of = "" if self.freeable == self.bytes else f" of {sized(self.bytes)}"
        return f"{self.kind.value} {self.name!r} ({sized(self.freeable)}{of})"


def stored_item(name: str, kind: ItemKind, bytes: int, *, in_use: bool) -> StoredItem:  # noqa: A002 - the field's name
    """A recording, a file or database information: all of it may be freed, or nothing while it is in use.

    Args:
        name: for people.
        kind: what it is; a data list has a function of its own.
        bytes: its size.
        in_use: whether it is still needed.

    Raises:
        InvalidValue: `in_use` no bool, or what `StoredItem` refuses.

    Source: STO-5.

    Example:
        >>> print(stored_item("May 2025", ItemKind.RECORDING, 120_000_000, in_use=False))
        call recording 'May 2025' (120 MB)
    """
    freeable = 0 if instance("in_use", in_use, bool) else bytes
    return StoredItem(name=name, kind=kind, bytes=bytes, freeable=freeable)


def data_list(name: str, *, names: int, due: int, bytes: int) -> StoredItem:  # noqa: A002 - the field's name
    """A list of names to call: those that are not due may be freed.

    Every name takes the same share of the list; a part of a byte is not counted as freeable. A list without a due name
    may go altogether.

    Args:
        name: of the list, for people.
        names: in the list.
        due: those that will be called soon.
        bytes: the list's size.

    Raises:
        InvalidValue: more names due than there are, or what `StoredItem` refuses.

    Source: STO-5.

    Example:
        >>> print(data_list("leads", names=500_000, due=10_000, bytes=200_000_000))
        data list 'leads' (196 MB of 200 MB)
    """
    whole("bytes", bytes)
    whole("due", due, 0, whole("names", names))
    freeable = bytes * (names - due) // names if names else bytes
    return StoredItem(name=name, kind=ItemKind.DATA_LIST, bytes=bytes, freeable=freeable)


#: How many items a sentence names.
_NAMED = 10


@attrs.frozen
class Selection:
    """Items to free, the largest first; see `what_to_free`."""

    items: tuple[StoredItem, ...] = attrs.field(validator=checked(tuple_of, StoredItem))
    target: int = attrs.field(validator=checked(whole))

    @property
    def freed(self) -> int:
        """The bytes that the items free together."""
        return sum(item.freeable for item in self.items)

    @property
    def reached(self) -> bool:
        """Whether that is enough."""
        return self.freed >= self.target

    @property
    def reason(self) -> str:
        """The choice in a sentence."""
        if not self.target:
            return "Nothing has to be freed."
        if not self.items:
            return f"Nothing of what is listed may be freed, and {sized(self.target)} would have to be."
        named = "; ".join(map(str, self.items[:_NAMED]))
        more = f"; and {many(len(self.items) - _NAMED, 'more item')}" if len(self.items) > _NAMED else ""
        freed, target = sized(self.freed), sized(self.target)
        if not self.reached:
            missing = sized(self.target - self.freed)
            return f"All that may be freed, {freed}, is {missing} short of {target}: {named}{more}."
        suffice = "item suffices" if len(self.items) == 1 else "items suffice"
        return f"{len(self.items)} {suffice} to free {target} ({freed} in all): {named}{more}."

    def explanation(self) -> Explanation:
        """Which items, and what they free.

        Source: STO-5, BIL-5.
        """
        return Explanation(
            figure="freed",
            value=str(self.freed),
            unit="bytes",
            rules=("STO-5",),
            because=self.reason,
            working=" + ".join(str(item.freeable) for item in self.items) or "0",
            inputs=(
                Input("to free", str(self.target), "bytes"),
                *(Input(item.name, str(item.freeable), "bytes", item.kind.value) for item in self.items),
            ),
        )


def what_to_free(items: Sequence[StoredItem], target_bytes: int) -> Selection:
    """The fewest items that free so many bytes.

    The largest first, by what may be freed of each; of equal ones the earlier. Where all together do not suffice, it is
    all of them, and `reached` says so.

    Args:
        items: what is stored; those of which nothing may be freed are never chosen.
        target_bytes: to free, from zero.

    Raises:
        InvalidValue: something else than items, or a target that is negative or not whole.

    Source: STO-5.

    Example:
        >>> items = [stored_item(name, ItemKind.FILE, size, in_use=False) for name, size in (("a", 40), ("b", 70))]
        >>> [item.name for item in what_to_free(items, 60).items], [item.name for item in what_to_free(items, 80).items]
        (['b'], ['b', 'a'])
        >>> what_to_free(items, 111).reached
        False
    """
    target, chosen, freed = whole("target_bytes", target_bytes), [], 0
    for item in sorted(_items(items), key=lambda item: -item.freeable):
        if freed >= target or not item.freeable:
            break
        chosen.append(item)
        freed += item.freeable
    return Selection(tuple(chosen), target)


def _items(items: object) -> tuple[StoredItem, ...]:
    return tuple_of("items", tuple(instance("items", items, Sequence)), StoredItem)  # type: ignore[type-abstract]
