"""Stored items by example: what of them may be freed, and the fewest that free enough."""

from collections.abc import Callable

import pytest

from licensebill.errors import InvalidValue
from licensebill.stored_items import ItemKind, Selection, StoredItem, data_list, stored_item, what_to_free

MB, GB = 10**6, 10**9


def item(name: str, freeable: int, kind: ItemKind = ItemKind.RECORDING) -> StoredItem:
    """An item all of which may be freed."""
    return stored_item(name, kind, freeable, in_use=False)


@pytest.mark.parametrize(("in_use", "freeable"), [(False, 120 * MB), (True, 0)])
def test_all_or_nothing_of_an_item(in_use: bool, freeable: int) -> None:
    """All of a recording may be freed, or nothing while it is in use."""
    recording = stored_item("May", ItemKind.RECORDING, 120 * MB, in_use=in_use)
    expected = StoredItem(name="May", kind=ItemKind.RECORDING, bytes=120 * MB, freeable=freeable)
    assert recording == expected


@pytest.mark.parametrize(
    ("names", "due", "size", "freeable"),
    [
        (500_000, 10_000, 200 * MB, 196 * MB),
        (3, 1, 100, 66),
        (3, 2, 100, 33),
        (3, 3, 100, 0),
        (3, 0, 100, 100),
        (7, 6, 6, 0),
        (7, 6, 7, 1),
        (0, 0, 12, 12),
        (0, 0, 0, 0),
    ],
)
def test_names_that_are_not_due(names: int, due: int, size: int, freeable: int) -> None:
    """Of a data list the share of the names not due, in whole bytes rounded down; the customers' own example."""
    leads = data_list("leads", names=names, due=due, bytes=size)
    assert leads == StoredItem(name="leads", kind=ItemKind.DATA_LIST, bytes=size, freeable=freeable)


def test_item_in_words() -> None:
    """Kind, name and what may be freed, of how much if that is a part."""
    assert str(item("May", 120 * MB)) == "call recording 'May' (120 MB)"
    assert str(data_list("leads", names=4, due=1, bytes=GB)) == "data list 'leads' (750 MB of 1 GB)"


@pytest.mark.parametrize(
    ("target", "chosen", "reached"),
    [
        (0, "", True),
        (1, "c", True),
        (70, "c", True),
        (71, "ca", True),
        (110, "ca", True),
        (111, "cad", True),
        (150, "cad", True),
        (151, "cadb", True),
        (180, "cadb", True),
        (181, "cadb", False),
    ],
)
def test_fewest_items(target: int, chosen: str, reached: bool) -> None:
    """The largest first, equal ones by position, never those of which nothing may be freed; all, if all do not do."""
    items = [item("a", 40), item("b", 30), item("c", 70), item("d", 40), item("e", 0)]
    selection = what_to_free(items, target)
    assert "".join(one.name for one in selection.items) == chosen
    assert selection.reached is reached
    assert selection.freed == sum(one.freeable for one in selection.items)
    assert selection.target == target


def test_what_may_be_freed_decides() -> None:
    """A large list of which little may be freed comes after a small file."""
    items = [data_list("leads", names=10, due=9, bytes=1_000), item("memo", 101, ItemKind.FILE)]
    assert [one.name for one in what_to_free(items, 101).items] == ["memo"]


@pytest.mark.parametrize(
    ("items", "target", "reason"),
    [
        ([], 0, "Nothing has to be freed."),
        ([], 5, "Nothing of what is listed may be freed, and 5 bytes would have to be."),
        (
            [stored_item("May", ItemKind.RECORDING, MB, in_use=True)],
            1,
            "Nothing of what is listed may be freed, and 1 byte would have to be.",
        ),
        ([item("May", MB)], 1, "1 item suffices to free 1 byte (1 MB in all): call recording 'May' (1 MB)."),
        (
            [item("May", MB), item("June", 2 * MB)],
            3 * MB,
            "2 items suffice to free 3 MB (3 MB in all): call recording 'June' (2 MB); call recording 'May' (1 MB).",
        ),
        (
            [item("May", MB)],
            3 * MB,
            "All that may be freed, 1 MB, is 2 MB short of 3 MB: call recording 'May' (1 MB).",
        ),
    ],
)
def test_selection_in_words(items: list[StoredItem], target: int, reason: str) -> None:
    """What suffices, or by how much everything falls short."""
    assert what_to_free(items, target).reason == reason


@pytest.mark.parametrize(
    ("count", "end"),
    [
        (10, "(1 byte); call recording '9' (1 byte)."),
        (11, "'9' (1 byte); and 1 more item."),
        (12, "'9' (1 byte); and 2 more items."),
    ],
)
def test_a_long_selection_is_cut_in_words(count: int, end: str) -> None:
    """Ten items are named, the others counted; the value holds them all."""
    selection = what_to_free([item(str(number), 1) for number in range(count)], count)
    assert selection.reason.endswith(end)
    assert len(selection.items) == count


def test_selection_explained() -> None:
    """Each item is an input, with its kind; the working adds them up."""
    explained = what_to_free([item("May", MB), item("June", 2 * MB)], 3 * MB).explanation()
    assert explained.working == "2000000 + 1000000"
    assert [(given.name, given.value, given.origin) for given in explained.inputs] == [
        ("to free", "3000000", ""),
        ("June", "2000000", "call recording"),
        ("May", "1000000", "call recording"),
    ]
    assert what_to_free([], 3).explanation().working == "0"


# --- refusals

WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: stored_item("", ItemKind.FILE, 1, in_use=False), "name: must not be blank"),
    (lambda: stored_item("a", "file", 1, in_use=False), "kind: must be an ItemKind"),  # type: ignore[arg-type]
    (lambda: stored_item("a", ItemKind.FILE, -1, in_use=False), "bytes: must be at least 0, not -1"),
    (lambda: stored_item("a", ItemKind.FILE, 1, in_use=0), "in_use: must be a bool, not 0"),  # type: ignore[arg-type]
    (
        lambda: StoredItem(name="a", kind=ItemKind.FILE, bytes=1, freeable=2),
        "freeable: must be at most 1, not 2",
    ),
    (lambda: data_list("a", names=3, due=4, bytes=1), "due: must be at most 3, not 4"),
    (lambda: data_list("a", names=-1, due=0, bytes=1), "names: must be at least 0, not -1"),
    (lambda: data_list("a", names=3, due=1, bytes=-9), "bytes: must be at least 0, not -9"),
    (lambda: data_list("a", names=3, due=1, bytes="9"), "bytes: must be a whole number"),  # type: ignore[arg-type]
    (lambda: what_to_free([], -1), "target_bytes: must be at least 0, not -1"),
    (lambda: what_to_free([item("a", 1), 5], 1), "items[1]: must be a StoredItem, not 5"),  # type: ignore[list-item]
    (lambda: what_to_free(5, 1), "items: must be a Sequence, not 5"),  # type: ignore[arg-type]
    (lambda: Selection([], 1), "items: must be a tuple"),  # type: ignore[arg-type]
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_wrong_arguments(wrong: Callable[[], object], message: str) -> None:
    """Every public function and value refuses what cannot be right, by the argument's name."""
    with pytest.raises(InvalidValue) as refused:
        wrong()
    assert str(refused.value).startswith(message)
