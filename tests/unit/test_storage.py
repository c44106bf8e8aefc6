"""Storage by example: the guide's months, every threshold with its neighbors, the refusals, the words for customers."""

import datetime
import pickle
from collections.abc import Callable
from datetime import UTC, date, timedelta, timezone
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import attrs
import pytest

from licensebill import storage
from licensebill.errors import InvalidValue
from licensebill.money import InvalidMoney, Money
from licensebill.storage import (
    Advice,
    Allowance,
    ByteUnits,
    Growth,
    ItemKind,
    NextStep,
    Reading,
    ReadingRule,
    Reductions,
    StorageBasis,
    StorageFee,
    StorageTerms,
    StoredItem,
    UploadQuote,
    advice,
    allowance,
    allowed_bytes,
    before_upload,
    data_list,
    gigabytes_started,
    growth,
    monthly_fee,
    next_step,
    reductions,
    side_by_side,
    step_end,
    stored_item,
    what_to_free,
)
from licensebill.terms import STANDARD
from tests.working import mistakes

MB, GB = 10**6, 10**9
MIB, GIB = 2**20, 2**30

EXCESS = StorageTerms(basis=StorageBasis.ON_EXCESS)
BINARY = StorageTerms(units=ByteUnits.BINARY)
FREE = StorageTerms(fee=Money.zero("USD"))
PEAK = StorageTerms(reading=ReadingRule.PEAK_BEFORE)

DECEMBER = datetime.datetime(2026, 12, 1, tzinfo=UTC)
NOVEMBER = datetime.datetime(2026, 11, 1, tzinfo=UTC)
HOUR, DAY, MICROSECOND = timedelta(hours=1), timedelta(days=1), timedelta(microseconds=1)


def fee(used: int, users: int = 8, terms: StorageTerms = STANDARD.storage) -> str:
    """The amount of a month's fee as text."""
    return monthly_fee(used=used, users=users, terms=terms).amount.text


def reading(used: int, at: datetime.datetime = DECEMBER) -> Reading:
    """A reading of the nightly export."""
    return Reading(bytes=used, at=at, source="nightly export")


def item(name: str, freeable: int, kind: ItemKind = ItemKind.RECORDING) -> StoredItem:
    """An item all of which may be freed."""
    return stored_item(name, kind, freeable, in_use=False)


# --- the allowance


@pytest.mark.parametrize(
    ("users", "megabytes"),
    [(0, 250), (1, 250), (4, 250), (5, 250), (6, 300), (7, 350), (8, 400), (20, 1_000), (21, 1_050), (105, 5_250)],
)
def test_allowance(users: int, megabytes: int) -> None:
    """STO-1: 250 MB for up to five users and 50 MB for each further one; the guide's eight users have 400 MB."""
    assert allowance(users).bytes == megabytes * MB
    assert allowance(users, BINARY).bytes == megabytes * MIB


def test_allowance_takes_every_number_from_its_terms() -> None:
    """Included users, base and the part of each further user are the terms'."""
    terms = StorageTerms(included_users=2, base_megabytes=7, user_megabytes=3)
    assert [allowance(users, terms).bytes for users in (0, 2, 3, 10)] == [7 * MB, 7 * MB, 10 * MB, 31 * MB]


@pytest.mark.parametrize(("users", "more"), [(6, "for one more"), (7, "for each of 2 more"), (8, "for each of 3 more")])
def test_an_allowance_counts_further_users_in_words(users: int, more: str) -> None:
    """One is no "each"."""
    assert more in allowance(users).explanation().because


def test_allowance_in_words() -> None:
    """The explanation says for whom there is how much."""
    assert allowance(8).explanation().as_text() == (
        "storage allowance: 400000000 bytes [STO-1, STO-3]\n"
        "  250 MB for up to 5 users and 50 MB for each of 3 more: 400 MB.\n"
        "  = (250 + 50 * max(8 - 5, 0)) * 1000000\n"
        "  users: 8\n"
        "  for up to 5 users: 250 megabytes\n"
        "  for each further user: 50 megabytes\n"
        "  megabyte: 1000000 bytes"
    )
    assert allowance(5).explanation().because == "250 MB for up to 5 users: 250 MB."
    assert allowance(1, StorageTerms(included_users=1, units=ByteUnits.BINARY)).explanation().because == (
        "250 MiB for up to 1 user: 250 MiB."
    )


def test_allowance_fits_a_column() -> None:
    """Bytes stay within a signed 64-bit column; a byte more is refused."""
    most = (2**63 - 1) // (50 * MB)
    assert allowance(most).bytes <= 2**63 - 1
    with pytest.raises(InvalidValue, match=r"^allowance: must be at most 9223372036854775807"):
        allowance(most + 1)


# --- the fee


@pytest.mark.parametrize(
    ("used", "amount"),
    [
        (0, "0.00"),
        (350 * MB, "0.00"),
        (400 * MB - 1, "0.00"),
        (400 * MB, "0.00"),
        (400 * MB + 1, "30.00"),
        (500 * MB, "30.00"),
        (GB - 1, "30.00"),
        (GB, "30.00"),
        (GB + 1, "60.00"),
        (1_200 * MB, "60.00"),
        (2 * GB - 1, "60.00"),
        (2 * GB, "60.00"),
        (2 * GB + 1, "90.00"),
        (10 * GB, "300.00"),
    ],
)
def test_fee_of_eight_users(used: int, amount: str) -> None:
    """STO-2: the guide's months, and each threshold with its neighbors."""
    assert fee(used) == amount


@pytest.mark.parametrize(
    ("users", "used", "total", "excess"),
    [
        (20, GB, "0.00", "0.00"),
        (20, GB + 1, "60.00", "30.00"),
        (21, 1_050 * MB - 1, "0.00", "0.00"),
        (21, 1_050 * MB, "0.00", "0.00"),
        (21, 1_050 * MB + 1, "60.00", "30.00"),
        (21, 2 * GB, "60.00", "30.00"),
        (21, 2 * GB + 1, "90.00", "30.00"),
        (21, 2_050 * MB, "90.00", "30.00"),
        (21, 2_050 * MB + 1, "90.00", "60.00"),
        (41, 2_050 * MB + 1, "90.00", "30.00"),
    ],
)
def test_fee_with_a_large_allowance(users: int, used: int, total: str, excess: str) -> None:
    """Above an allowance of a gigabyte and more, the first byte costs the gigabytes of the total, or of the excess."""
    assert fee(used, users) == total
    assert fee(used, users, EXCESS) == excess


@pytest.mark.parametrize(
    ("used", "amount"),
    [(400 * MB, "0.00"), (400 * MB + 1, "30.00"), (1_400 * MB, "30.00"), (1_400 * MB + 1, "60.00")],
)
def test_fee_on_excess(used: int, amount: str) -> None:
    """The policy counts the gigabytes started of the excess, at every allowance."""
    assert fee(used, terms=EXCESS) == amount


@pytest.mark.parametrize(
    ("used", "amount"),
    [
        (400 * MIB, "0.00"),
        (400 * MIB + 1, "30.00"),
        (GB + 1, "30.00"),
        (GIB - 1, "30.00"),
        (GIB, "30.00"),
        (GIB + 1, "60.00"),
        (2 * GIB, "60.00"),
        (2 * GIB + 1, "90.00"),
    ],
)
def test_fee_in_binary_units(used: int, amount: str) -> None:
    """The policy takes powers of two, for the allowance and for the gigabytes."""
    assert fee(used, terms=BINARY) == amount


def test_fee_keeps_what_it_comes_from() -> None:
    """The result holds the bytes, the allowance and its terms, the gigabytes and the room that is left."""
    result = monthly_fee(used=500 * MB, users=8, reading=reading(500 * MB))
    assert result == StorageFee(used=500 * MB, allowance=Allowance(8), reading=reading(500 * MB))
    assert (result.terms, result.gigabytes_started, result.room) == (STANDARD.storage, 1, 500 * MB)
    assert result.amount == Money.parse("30.00", "USD")


@pytest.mark.parametrize(
    ("used", "room"), [(0, 400 * MB), (400 * MB, 0), (400 * MB + 1, 600 * MB - 1), (GB, 0), (GB + 1, GB - 1)]
)
def test_room(used: int, room: int) -> None:
    """The room reaches to the end of the step: the allowance, then full gigabytes."""
    assert monthly_fee(used=used, users=8).room == room


def test_room_on_excess() -> None:
    """Under the policy the steps end full gigabytes above the allowance."""
    assert monthly_fee(used=500 * MB, users=8, terms=EXCESS).room == 900 * MB


def test_fee_is_rounded_once() -> None:
    """A fee below the minor unit is rounded as a whole, half up, not for each gigabyte."""
    terms = StorageTerms(fee=Money.parse("0.005", "USD"))
    assert [fee(gigabytes * GB, 5, terms) for gigabytes in (1, 2, 3)] == ["0.01", "0.01", "0.02"]


def test_fee_in_another_currency() -> None:
    """Yen have no decimals; the working rounds to none."""
    result = monthly_fee(used=2 * GB, users=1, terms=StorageTerms(fee=Money.parse("3000", "JPY")))
    assert str(result.amount) == "6000 JPY"
    assert result.explanation().working == "round(2 * 3000, 0)"


def test_fee_in_words() -> None:
    """The explanation gives the sentence, the numbers and where each comes from."""
    assert monthly_fee(used=500 * MB, users=8, reading=reading(500 * MB)).explanation().as_text() == (
        "storage fee: 30.00 USD [STO-2, STO-3, PRC-2, MON-1, STO-4]\n"
        "  500 MB is above the 400 MB free for 8 users: "
        "1 gigabyte started of the total used, at 30.00 USD each.\n"
        "  = round(1 * 30.00, 2)\n"
        "  used: 500000000 bytes (reading of 2026-12-01 00:00:00+00:00 (nightly export))\n"
        "  for each gigabyte started: 30.00 USD\n"
        "  counted on: the total used\n"
        "  gigabytes started: 1 [STO-2, STO-3]\n"
        "    Counted on the total used, once more than 400,000,000 bytes are used.\n"
        "    = ceil(500000000 / 1000000000)\n"
        "    gigabyte: 1000000000 bytes\n"
        "  storage allowance: 400000000 bytes [STO-1, STO-3]\n"
        "    250 MB for up to 5 users and 50 MB for each of 3 more: 400 MB.\n"
        "    = (250 + 50 * max(8 - 5, 0)) * 1000000\n"
        "    users: 8\n"
        "    for up to 5 users: 250 megabytes\n"
        "    for each further user: 50 megabytes\n"
        "    megabyte: 1000000 bytes"
    )


@pytest.mark.parametrize(
    ("used", "users", "terms", "reason"),
    [
        (400 * MB, 8, STANDARD.storage, "400 MB is not above the 400 MB free for 8 users: no fee."),
        (0, 1, STANDARD.storage, "0 bytes is not above the 250 MB free for 1 user: no fee."),
        (1, 1, STANDARD.storage, "1 byte is not above the 250 MB free for 1 user: no fee."),
        (
            GB + 1,
            8,
            EXCESS,
            "1,000,000,001 bytes is above the 400 MB free for 8 users: "
            "1 gigabyte started of what exceeds the allowance, at 30.00 USD each.",
        ),
        (
            1_234_500 * MB,
            8,
            STANDARD.storage,
            "1,234.5 GB is above the 400 MB free for 8 users: "
            "1235 gigabytes started of the total used, at 30.00 USD each.",
        ),
        (
            5 * GIB // 4,
            8,
            BINARY,
            "1.25 GiB is above the 400 MiB free for 8 users: 2 gigabytes started of the total used, at 30.00 USD each.",
        ),
    ],
)
def test_reason_of_a_fee(used: int, users: int, terms: StorageTerms, reason: str) -> None:
    """Sizes are written in the largest unit that shows them exactly with three decimals, else in bytes."""
    assert monthly_fee(used=used, users=users, terms=terms).reason == reason


def test_rules_of_a_fee_without_reading() -> None:
    """The rule about readings is named only where a reading was taken."""
    explained = monthly_fee(used=0, users=1).explanation()
    assert explained.rules == ("STO-2", "STO-3", "PRC-2", "MON-1")
    assert explained.inputs[0].origin == ""


@pytest.mark.parametrize("terms", [STANDARD.storage, EXCESS, BINARY, FREE])
@pytest.mark.parametrize("used", [0, 400 * MB, 400 * MB + 1, GB, GB + 1, 3 * GIB])
def test_every_working_gives_its_value(used: int, terms: StorageTerms) -> None:
    """Whatever is explained can be recomputed from its own text."""
    result = monthly_fee(used=used, users=8, terms=terms)
    assert mistakes(result.explanation()) == []
    assert mistakes(reductions(result).explanation()) == []
    assert mistakes(advice(result, [item("a", 7), item("b", 9)]).explanation()) == []
    assert mistakes(before_upload(used=used, upload=MB, users=8, terms=terms).explanation()) == []


def test_side_by_side() -> None:
    """Every combination of the policies, in their order, whatever the terms' own policies are."""
    fees = side_by_side(used=GB + 1, users=20, terms=attrs.evolve(EXCESS, fee=Money.parse("10.00", "USD")))
    assert {(basis.name, units.name): fee.amount.text for (basis, units), fee in fees.items()} == {
        ("ON_TOTAL", "DECIMAL"): "20.00",
        ("ON_TOTAL", "BINARY"): "0.00",
        ("ON_EXCESS", "DECIMAL"): "10.00",
        ("ON_EXCESS", "BINARY"): "0.00",
    }
    assert list(fees) == [(basis, units) for basis in StorageBasis for units in ByteUnits]
    assert all((fee.terms.basis, fee.terms.units) == policies for policies, fee in fees.items())


# --- the bare arithmetic over columns


class Column(list[Any]):
    """As little of a column as the arithmetic may rely on: + - * // and > by the row."""

    def _by_row(self, other: object, operation: Callable[[Any, Any], Any]) -> "Column":
        others = other if isinstance(other, Column) else [other] * len(self)
        return Column(operation(one, another) for one, another in zip(self, others, strict=True))

    def __add__(self, other: object) -> "Column":
        return self._by_row(other, lambda one, another: one + another)

    def __radd__(self, other: object) -> "Column":
        return self._by_row(other, lambda one, another: another + one)

    def __sub__(self, other: object) -> "Column":
        return self._by_row(other, lambda one, another: one - another)

    def __mul__(self, other: object) -> "Column":
        return self._by_row(other, lambda one, another: one * another)

    __rmul__ = __mul__

    def __floordiv__(self, other: object) -> "Column":
        return self._by_row(other, lambda one, another: one // another)

    def __gt__(self, other: object) -> "Column":  # type: ignore[override]
        return self._by_row(other, lambda one, another: one > another)


def _greater(one: Any, another: Any) -> Any:
    return one._by_row(another, max)


def _by_row(condition: Any, then: Any, otherwise: Any) -> Any:
    chosen = zip(condition, then, strict=True)
    return Column(value if holds else otherwise for holds, value in chosen)


@pytest.mark.parametrize("terms", [STANDARD.storage, EXCESS, BINARY])
def test_the_arithmetic_serves_columns(terms: StorageTerms) -> None:
    """Allowances, gigabytes and ends of steps of whole columns are those of their rows."""
    users: Any = Column([0, 5, 6, 8, 20, 21, 21])
    used: Any = Column([0, 250 * MB, 300 * MB + 1, GB, GB + 1, 1_050 * MB, 2 * GIB + 1])
    allowed: Any = allowed_bytes(users, terms, maximum=_greater)
    assert allowed == [allowance(count, terms).bytes for count in users]
    started: Any = gigabytes_started(used, allowed, terms, choose=_by_row)
    fees = [monthly_fee(used=size, users=count, terms=terms) for size, count in zip(used, users, strict=True)]
    assert started == [fee.gigabytes_started for fee in fees]
    ends: Any = step_end(started, allowed, terms, maximum=_greater)
    assert ends == [fee.used + fee.room for fee in fees]


# --- what to do about the fee: how much


@pytest.mark.parametrize(
    ("used", "users", "terms", "to_free", "amount_then"),
    [
        (500 * MB, 8, STANDARD.storage, (100 * MB, 100 * MB), "0.00"),
        (400 * MB + 1, 8, STANDARD.storage, (1, 1), "0.00"),
        (GB, 8, STANDARD.storage, (600 * MB, 600 * MB), "0.00"),
        (GB + 1, 8, STANDARD.storage, (600 * MB + 1, 1), "30.00"),
        (1_200 * MB, 8, STANDARD.storage, (800 * MB, 200 * MB), "30.00"),
        (2 * GB, 8, STANDARD.storage, (1_600 * MB, GB), "30.00"),
        (2 * GB + 1, 8, STANDARD.storage, (1_600 * MB + 1, 1), "60.00"),
        # one step below two gigabytes is no fee: one gigabyte is below the allowance
        (2 * GB, 21, STANDARD.storage, (950 * MB, 950 * MB), "0.00"),
        (2 * GB, 20, STANDARD.storage, (GB, GB), "0.00"),
        (2 * GB + 1, 21, STANDARD.storage, (950 * MB + 1, 1), "60.00"),
        (1_500 * MB, 8, EXCESS, (1_100 * MB, 100 * MB), "30.00"),
        (1_400 * MB, 8, EXCESS, (GB, GB), "0.00"),
        (2 * GIB, 8, BINARY, (1_648 * MIB, GIB), "30.00"),
    ],
)
def test_reductions(used: int, users: int, terms: StorageTerms, to_free: tuple[int, int], amount_then: str) -> None:
    """The bytes down to the allowance, then those down to the step below, and what that costs."""
    answer = reductions(monthly_fee(used=used, users=users, terms=terms))
    assert (answer.to_pay_nothing, answer.to_pay_one_step_less) == to_free
    assert answer.one_step_less is not None
    assert answer.one_step_less.amount.text == amount_then


@pytest.mark.parametrize(("used", "terms"), [(0, EXCESS), (400 * MB, STANDARD.storage), (5 * GB, FREE)])
def test_reductions_without_a_fee(used: int, terms: StorageTerms) -> None:
    """Where nothing is due nothing has to be freed, and nothing is one step less."""
    answer = reductions(monthly_fee(used=used, users=8, terms=terms))
    assert (answer.to_pay_nothing, answer.to_pay_one_step_less, answer.one_step_less) == (0, None, None)
    assert answer.reason == "No fee is due."
    assert [part.figure for part in answer.explanation().parts] == ["storage fee"]


def test_reductions_in_words() -> None:
    """One sentence where one step less is nothing, two where there is a fee in between."""
    one, two = (reductions(monthly_fee(used=used, users=8)) for used in (500 * MB, 1_200 * MB))
    assert one.reason == "Free 100 MB to pay nothing."
    assert two.reason == "Free 800 MB to pay nothing. Free 200 MB to pay 30.00 USD instead of 60.00 USD."
    explained = two.explanation()
    assert (explained.working, explained.value) == ("1200000000 - 400000000", "800000000")
    assert explained.parts[0].working == "1200000000 - max(400000000, 1 * 1000000000)"
    assert explained.parts[0].because == "Up to 1,000,000,000 bytes cost 30.00 USD."


def test_reductions_on_excess_in_words() -> None:
    """Under the policy the step below is counted from the allowance."""
    explained = reductions(monthly_fee(used=1_500 * MB, users=8, terms=EXCESS)).explanation()
    assert explained.parts[0].working == "1500000000 - max(400000000, 400000000 + 1 * 1000000000)"


# --- what to do about the fee: in words


TIPS = (
    "Delete and purge database information that nobody uses any more",
    "Keep the Files tab clean, above all of call recordings and large files",
    "Upload only those names of a data list that will be called soon",
)


def test_advice_without_items() -> None:
    """Why the fee is due, how much to free, and the three tips."""
    assert advice(monthly_fee(used=500 * MB, users=8)).text.splitlines() == [
        "500 MB is above the 400 MB free for 8 users: 1 gigabyte started of the total used, at 30.00 USD each.",
        "Free 100 MB to pay nothing.",
        *(f"{tip}." for tip in TIPS),
    ]


def test_advice_with_items() -> None:
    """The items for either goal, and beside each tip what it can bring."""
    items = [
        item("May", 150 * MB),
        item("contract", 60 * MB, ItemKind.FILE),
        data_list("leads", names=500_000, due=10_000, bytes=500 * MB),
        item("old log", 5 * MB, ItemKind.UNUSED_DATABASE_INFORMATION),
    ]
    answer = advice(monthly_fee(used=1_200 * MB, users=8), items)
    leads = "data list 'leads' (490 MB of 500 MB)"
    assert answer.text.splitlines() == [
        "1.2 GB is above the 400 MB free for 8 users: 2 gigabytes started of the total used, at 30.00 USD each.",
        "Free 800 MB to pay nothing. Free 200 MB to pay 30.00 USD instead of 60.00 USD.",
        f"All that may be freed, 705 MB, is 95 MB short of 800 MB: {leads}; call recording 'May' (150 MB); "
        "file 'contract' (60 MB); unused database information 'old log' (5 MB).",
        f"1 item suffices to free 200 MB (490 MB in all): {leads}.",
        f"{TIPS[0]} (5 MB may be freed).",
        f"{TIPS[1]} (210 MB may be freed).",
        f"{TIPS[2]} (490 MB may be freed).",
    ]
    assert not answer.to_pay_nothing.reached
    assert answer.to_pay_one_step_less == what_to_free(items, 200 * MB)
    assert answer.reductions == reductions(answer.fee)


def test_one_goal_is_told_once() -> None:
    """Where one step less is nothing, the items are named once."""
    answer = advice(monthly_fee(used=500 * MB, users=8), [item("May", 150 * MB)])
    assert answer.text.count("'May'") == 1
    assert answer.to_pay_one_step_less == answer.to_pay_nothing


def test_advice_without_a_fee() -> None:
    """Nothing to do: only how much room there is."""
    answer = advice(monthly_fee(used=350 * MB, users=8), [item("May", 150 * MB)])
    assert answer.text.splitlines() == [
        "350 MB is not above the 400 MB free for 8 users: no fee.",
        "There is room for 50 MB before the next fee step.",
    ]
    assert answer.to_pay_one_step_less is None
    assert answer.to_pay_nothing.items == ()
    assert answer.explanation().value == "nothing to do"


def test_advice_explained() -> None:
    """The words on top, the figures below; selections only where items are listed."""
    due = monthly_fee(used=500 * MB, users=8)
    listed, bare = advice(due, [item("May", 150 * MB)]).explanation(), advice(due).explanation()
    assert (listed.value, listed.because) == ("lower it", advice(due, [item("May", 150 * MB)]).text)
    assert [part.figure for part in listed.parts] == ["to free for no fee", "freed", "freed"]
    assert [part.figure for part in bare.parts] == ["to free for no fee"]


# --- before an upload


def test_where_storage_costs_nothing_an_upload_raises_nothing() -> None:
    """However much it is; the words say so."""
    free = StorageTerms(fee=Money.zero("USD"))
    assert before_upload(used=350 * MB, upload=60 * MB, users=8, terms=free).reason == (
        "60 MB more does not fit into the 50 MB of room, and costs nothing more all the same."
    )


@pytest.mark.parametrize(
    ("used", "upload", "amounts", "room"),
    [
        (350 * MB, 0, ("0.00", "0.00", "0.00"), 50 * MB),
        (350 * MB, 50 * MB - 1, ("0.00", "0.00", "0.00"), 50 * MB),
        (350 * MB, 50 * MB, ("0.00", "0.00", "0.00"), 50 * MB),
        (350 * MB, 50 * MB + 1, ("0.00", "30.00", "30.00"), 50 * MB),
        (400 * MB, 1, ("0.00", "30.00", "30.00"), 0),
        (500 * MB, 500 * MB, ("30.00", "30.00", "0.00"), 500 * MB),
        (500 * MB, 500 * MB + 1, ("30.00", "60.00", "30.00"), 500 * MB),
        (0, 5 * GB + 1, ("0.00", "180.00", "180.00"), 400 * MB),
    ],
)
def test_before_upload(used: int, upload: int, amounts: tuple[str, str, str], room: int) -> None:
    """The fee before and after, the difference, and how much still fits."""
    quote = before_upload(used=used, upload=upload, users=8)
    assert (quote.before.amount.text, quote.after.amount.text, quote.extra.text) == amounts
    assert quote.room == room
    assert quote.after.used == used + upload


def test_upload_with_other_terms() -> None:
    """The policies apply to both fees."""
    assert before_upload(used=GB, upload=300 * MB, users=8, terms=EXCESS).extra.text == "0.00"
    assert before_upload(used=GB, upload=300 * MB, users=8).extra.text == "30.00"


def test_upload_drops_the_reading_of_the_fee_before() -> None:
    """The fee after an upload is no measured one."""
    quote = UploadQuote(monthly_fee(used=5, users=8, reading=reading(5)), 1)
    assert quote.before.reading is not None
    assert quote.after.reading is None


def test_upload_in_words() -> None:
    """Whether it fits, and what it does to the fee."""
    fits, not_fits = (before_upload(used=350 * MB, upload=upload, users=8) for upload in (50 * MB, 60 * MB))
    assert fits.reason == "50 MB more fits into the 50 MB of room: the fee stays at 0.00 USD a month."
    assert not_fits.reason == (
        "60 MB more does not fit into the 50 MB of room: the fee rises from 0.00 USD to 30.00 USD a month."
    )
    explained = not_fits.explanation()
    assert (explained.value, explained.unit, explained.working) == ("30.00", "USD", "30.00 - 0.00")
    assert [part.value for part in explained.parts] == ["30.00", "0.00"]


# --- when the fee rises next


def grown(*days_and_bytes: tuple[int, int]) -> Growth:
    """The growth between readings so many days before December."""
    return growth([reading(used, DECEMBER - days * DAY) for days, used in days_and_bytes], at=DECEMBER)


@pytest.mark.parametrize(
    ("used", "per_day", "days", "amount"),
    [
        (400 * MB - 1, 1, 2, "30.00"),
        (400 * MB, 1, 1, "30.00"),
        (400 * MB + 1, 60 * MB, 10, "60.00"),
        (GB, 7, Fraction(1, 7), "60.00"),
        (2 * GB - 10, 2, Fraction(11, 2), "90.00"),
    ],
)
def test_next_step(used: int, per_day: int, days: Fraction, amount: str) -> None:
    """The first byte above the allowance or the next gigabyte, at the pace so far."""
    step = next_step(grown((1, used - per_day), (0, used)), users=8)
    assert step.days == days
    assert step.amount.text == amount
    assert mistakes(step.explanation()) == []


def test_next_step_with_a_large_allowance() -> None:
    """Above an allowance of more than a gigabyte the next step costs two at once."""
    step = next_step(grown((1, 0), (0, 1_000 * MB)), users=21)
    assert step.days == Fraction(50 * MB + 1, 1_000 * MB)
    assert (step.fee.amount.text, step.amount.text) == ("0.00", "60.00")


def test_next_step_is_rounded_up_to_a_microsecond() -> None:
    """The instant is the first at which the byte is there."""
    step = next_step(grown((1, 400 * MB - 7), (0, 400 * MB)), users=8)
    assert step.days == Fraction(1, 7)
    assert step.when is not None
    assert step.when - DECEMBER == timedelta(microseconds=12_342_857_143)  # a seventh of a day: ...142.86


def test_day_of_the_next_step() -> None:
    """The day is that of the zone asked for."""
    step = next_step(grown((1, 400 * MB - 1), (0, 400 * MB)), users=8)
    assert step.when == DECEMBER + DAY
    assert step.day() == date(2026, 12, 2)
    assert step.day(ZoneInfo("America/Denver")) == date(2026, 12, 1)


def test_next_step_is_counted_from_the_last_reading() -> None:
    """A step that the last reading foretold for a day gone by is given as that day."""
    step = next_step(grown((20, 400 * MB - 10), (10, 400 * MB)), users=8)
    assert step.when == DECEMBER - 9 * DAY


@pytest.mark.parametrize("last", [100, 99, 0])
def test_never(last: int) -> None:
    """Where storage does not grow the step never comes."""
    step = next_step(grown((30, 100), (0, last)), users=8)
    assert (step.days, step.when, step.day()) == (None, None, None)
    explained = step.explanation()
    assert explained.value == "never"
    assert explained.because == (
        f"The bytes used changed by {last - 100} in 30 days: they do not grow, and no step comes."
    )
    assert [part.figure for part in explained.parts] == ["growth of storage", "storage fee"]
    assert mistakes(explained) == []


def test_beyond_the_calendar() -> None:
    """A step after the year 9999 has a number of days and no date."""
    step = next_step(grown((30, 0), (0, 1)), users=8)
    assert step.days == 30 * 400 * MB
    assert (step.when, step.day()) == (None, None)
    assert step.explanation().value == "beyond the calendar"
    assert "is exceeded beyond the calendar" in step.reason


def test_the_calendar_ends_where_every_zone_has_a_day() -> None:
    """Up to two days before the calendar's end there is a date, in every zone; later there is none."""
    end = datetime.datetime.max.replace(tzinfo=UTC)
    for late, found in ((2 * DAY, True), (2 * DAY - MICROSECOND, False)):
        last = end - late - DAY
        step = next_step(Growth(first=reading(0, last - DAY), last=reading(400 * MB, last)), users=8)
        step = next_step(attrs.evolve(step.growth, first=reading(400 * MB - 1, last - DAY)), users=8)
        assert (step.when is not None) is found
        assert (step.day(timezone(timedelta(hours=23))) is not None) is found


def test_next_step_in_words() -> None:
    """The pace, the room, the instant and the fees before and after."""
    step = next_step(grown((30, 200 * MB), (0, 350 * MB)), users=8)
    assert step.reason == (
        "At 150 MB in 30 days, the 50 MB of room is exceeded at 2026-12-11 00:00:00.017280+00:00: "
        "the fee is then 30.00 USD instead of 0.00 USD a month."
    )
    explained = step.explanation()
    assert explained.value == "2026-12-11T00:00:00.017280+00:00"
    assert [part.figure for part in explained.parts] == [
        "days until the next fee step",
        "growth of storage",
        "storage fee",
    ]
    assert explained.parts[0].working == "(400000000 + 1 - 350000000) / (5000000)"
    assert explained.parts[0].because == "Up to 400,000,000 bytes the fee stays as it is; one more is the step."


# --- refusals


WRONG: list[tuple[Callable[[], object], str]] = [
    (lambda: allowance(-1), "users: must be at least 0, not -1"),
    (lambda: allowance(True), "users: must be a whole number, not True"),
    (lambda: allowance(8, "standard"), "terms: must be a StorageTerms, not 'standard'"),  # type: ignore[arg-type]
    (lambda: monthly_fee(used=-1, users=8), "used: must be at least 0, not -1"),
    (lambda: monthly_fee(used=1.5, users=8), "used: must be a whole number, not a float"),  # type: ignore[arg-type]
    (lambda: monthly_fee(used=2**63, users=8), "used: must be at most 9223372036854775807"),
    (lambda: monthly_fee(used=1, users="8"), "users: must be a whole number, not '8'"),  # type: ignore[arg-type]
    (lambda: monthly_fee(used=1, users=8, reading=reading(2)), "reading: must be the one that the bytes used were"),
    (
        lambda: monthly_fee(used=1, users=8, reading=7),  # type: ignore[arg-type]
        "reading: must be a Reading, not 7",
    ),
    (lambda: side_by_side(used=1, users=8, terms=None), "terms: must be a StorageTerms"),  # type: ignore[arg-type]
    (lambda: StorageFee(used=1, allowance=400), "allowance: must be an Allowance"),  # type: ignore[arg-type]
    (lambda: reductions(30), "fee: must be a StorageFee, not 30"),  # type: ignore[arg-type]
    (lambda: advice(30), "fee: must be a StorageFee, not 30"),  # type: ignore[arg-type]
    (lambda: advice(monthly_fee(used=1, users=1), "ab"), "items[0]: must be a StoredItem"),  # type: ignore[arg-type]
    (lambda: before_upload(used=1, upload=-1, users=8), "upload: must be at least 0, not -1"),
    (lambda: before_upload(used=2**62, upload=2**62, users=8), "upload: must be at most 4611686018427387903"),
    (lambda: UploadQuote(30, 1), "before: must be a StorageFee, not 30"),  # type: ignore[arg-type]
    (lambda: next_step(5, users=8), "growth: must be a Growth, not 5"),  # type: ignore[arg-type]
    (
        lambda: next_step(Growth(first=reading(1, NOVEMBER), last=reading(2)), users=-1),
        "users: must be at least 0, not -1",
    ),
]


@pytest.mark.parametrize(("wrong", "message"), WRONG)
def test_wrong_arguments(wrong: Callable[[], object], message: str) -> None:
    """Every public function and value refuses what cannot be right, by the argument's name."""
    with pytest.raises(InvalidValue) as refused:
        wrong()
    assert str(refused.value).startswith(message)


def test_a_fee_out_of_range() -> None:
    """No fee is built that no amount of money can hold."""
    terms = StorageTerms(fee=Money.parse("9000000000", "USD"))
    assert fee(1_000 * GB, 8, terms) == "9000000000000.00"
    with pytest.raises(InvalidMoney):
        monthly_fee(used=2_000 * GB, users=8, terms=terms)


@pytest.mark.parametrize(
    "value",
    [
        allowance(8),
        reading(5),
        monthly_fee(used=5, users=8, reading=reading(5)),
        Reductions(monthly_fee(used=5, users=8)),
        what_to_free([item("a", 5)], 3),
        Advice(monthly_fee(used=5, users=8), (item("a", 5),)),
        before_upload(used=1, upload=2, users=3),
        NextStep(Growth(first=reading(1, NOVEMBER), last=reading(2)), 8),
    ],
)
def test_values_are_values(value: object) -> None:
    """Every result compares by what it holds, can be a key, and survives pickling."""
    again = pickle.loads(pickle.dumps(value))  # noqa: S301 - ours
    assert again == value
    assert hash(again) == hash(value)


def test_policies_are_reexported() -> None:
    """Callers find the policies where the rule is."""
    assert storage.StorageTerms is StorageTerms
    assert (storage.ByteUnits, storage.ReadingRule, storage.StorageBasis) == (ByteUnits, ReadingRule, StorageBasis)
