"""Stored items: what may be freed of one, and which are to be freed."""

from licensebill.stored_items import ItemKind, StoredItem, data_list, stored_item, what_to_free
from tests.scenes import Scene
from tests.untyped import untyped


def _file(name: str, size: int, *, in_use: bool = False) -> StoredItem:
    """A file of so many bytes."""
    return stored_item(name, ItemKind.FILE, size, in_use=in_use)


_LEADS = data_list("leads", names=500_000, due=10_000, bytes=200_000_000)
_ITEMS = [_file("a", 40_000_000), _LEADS, _file("b", 70_000_000), _file("kept", 10**9, in_use=True)]
_MANY = [_file(f"f{number}", 1_000_000) for number in range(13)]

SCENES: dict[str, Scene] = {
    "items": lambda: _ITEMS,
    "an item of every kind": lambda: [stored_item("x", kind, 1, in_use=False) for kind in ItemKind],
    "a list without a due name": lambda: data_list("leads", names=3, due=0, bytes=10),
    "a list with a part of a byte to free": lambda: data_list("leads", names=3, due=2, bytes=10),
    "a list of due names": lambda: data_list("leads", names=3, due=3, bytes=10),
    "a list without names": lambda: data_list("leads", names=0, due=0, bytes=10),
    "more names due than there are": lambda: data_list("leads", names=3, due=4, bytes=10),
    "names that are not whole": lambda: untyped(data_list)("leads", names="3", due=4, bytes=10),
    "more to free than there is": lambda: StoredItem(name="x", kind=ItemKind.FILE, bytes=1, freeable=2),
    "nothing to free": lambda: what_to_free(_ITEMS, 0),
    "one item suffices": lambda: what_to_free(_ITEMS, 100_000_000),
    "one item suffices exactly": lambda: what_to_free(_ITEMS, 196_000_000),
    "several items suffice": lambda: what_to_free(_ITEMS, 196_000_001),
    "all do not suffice": lambda: what_to_free(_ITEMS, 400_000_000),
    "ten items": lambda: what_to_free(_MANY, 10_000_000).reason,
    "eleven items": lambda: what_to_free(_MANY, 11_000_000),
    "twelve items": lambda: what_to_free(_MANY, 12_000_000).reason,
    "more items that do not suffice": lambda: what_to_free(_MANY, 14_000_000).reason,
    "nothing may be freed": lambda: what_to_free([_file("kept", 5, in_use=True)], 1_000_000),
    "no items": lambda: what_to_free([], 1),
    "something else than an item": lambda: untyped(what_to_free)([*_ITEMS, "a"], 1),
}
