"""Documents: every value that is stored, as JSON, exactly, and back.

`to_json` writes one value as one text, `from_json` reads it again; equal values give equal texts. What can be stored
stands in two tables: `VALUES`, and `UNIONS`, whose members carry a tag wherever they occur. A tag comes from a class's
name, but outlives it: a class that is renamed keeps its tag.

Amounts are texts ("12.34 USD"), whole numbers are whole, days and instants follow ISO 8601, members of an enumeration
go by their names in lower case; nothing is ever a float. Reading runs the values' own validation. A text is not
trusted: its size and depth are bounded before it is parsed, a key too many, too few or twice is refused, and everything
wrong is told at once, each fault with its path and none with what could be a card number.

A document states its format; `MIGRATIONS` brings older ones to the present one when they are read. Where documents are
kept is up to the stores. Account files, which people write, belong to `codec`. Needs the `json` extra.
"""

import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, TypeVar, get_args, overload

import attrs

from licensebill._extras import extra

with extra("json"):
    from cattrs.errors import AttributeValidationNote, BaseValidationError, IterableValidationNote

from licensebill import (
    accounts,
    bills,
    changes,
    charges,
    cycles,
    events,
    funding,
    ledger,
    licenses,
    minutes,
    ports,
    pricing,
    services,
    simulation,
    storage,
    terms,
)
from licensebill._checks import holds_card_number
from licensebill._conversion import (
    MAX_DIGITS,
    MAX_FAULTS,
    MISSING,
    TAG,
    Kind,
    arms_of,
    converter_of,
    is_union,
    name_of,
    origin_of,
    unlike,
    whole,
)
from licensebill.errors import InvalidValue, LicenseBillError, one, shown
from licensebill.people import Authorization, Person, Role, User

_T = TypeVar("_T")

#: The format that is written.
FORMAT = 1
#: A longer text is neither written nor read.
MAX_CHARACTERS = 2**24
#: More objects and lists within each other are not read; no value has as many.
MAX_DEPTH = 32

#: What brings a document of an older format to the next one, by the older format. Each takes and gives the whole
#: document as parsed; its `format` is set by the reader.
MIGRATIONS: Mapping[int, Callable[[dict[str, Any]], dict[str, Any]]] = MappingProxyType({})

# --- what can be stored -------------------------------------------------------------------------------------------

_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def _tagged(*kinds: type) -> Mapping[str, type]:
    """Classes by their tags, each its name in snake case: "add_user"."""
    return MappingProxyType({_WORD.sub("_", kind.__name__).lower(): kind for kind in kinds})


#: Of what one place can hold several kinds: the members of each, by tag. A member has the same tag in every union.
UNIONS: Mapping[Any, Mapping[str, type]] = MappingProxyType(
    {
        accounts.Change: _tagged(
            *(changes.AddUser, changes.RemoveUser, changes.SaveTable, changes.SetTotal, changes.SignContract),
            *(changes.ReplaceCatalog, changes.ChooseImplementation, changes.OrderService, changes.RequestLine),
            *(changes.ConfirmLine, changes.CancelLine, changes.ReleaseLine, changes.AddSource, changes.RemoveSource),
            *(changes.ReplaceSource, changes.MakePrimary, changes.ChangeAdministrator, changes.SwitchRecharge),
            *(changes.PurchaseMinutes, changes.OpenRecharge, changes.DrawMinutes, changes.PlanBill),
            *(changes.RecordOutcome, changes.RetryCharge, changes.RecordReturn, changes.CarryOver),
            *(changes.GiveCredit, changes.Cancel),
        ),
        funding.Outcome: _tagged(*get_args(funding.Outcome)),
        events.Fact: _tagged(*get_args(events.Fact)),
        pricing.Price: _tagged(*get_args(pricing.Price)),
        licenses.Reason: _tagged(*get_args(licenses.Reason)),
        ledger.Settled | ledger.Returned: _tagged(ledger.Settled, ledger.Returned),
    }
)

#: All else that can be a document of its own, by tag: what is kept, what that consists of, and what is computed.
VALUES: Mapping[str, type] = MappingProxyType(
    {
        **_tagged(
            *(accounts.Account, accounts.CycleStart, accounts.Spending, accounts.OpenIntent),
            *(accounts.Committed, accounts.CommittedCycle),
            *(bills.Bill, bills.Tax, bills.TrueUp, bills.Summary, bills.Products, bills.ProductRow),
            *(bills.Preferences, bills.DialerMinutes),
            *(changes.LicensePurchase, changes.ContractStart, changes.CreditCarried, changes.CapturedOtherwise),
            *(charges.Standing, charges.Charge, charges.DeclineOf, charges.Recharged),
            *(cycles.Period, cycles.Proration, cycles.ProratedAmount),
            *(events.Event, events.Posting, events.Target, events.Stream),
            *(funding.Funding, funding.Source, funding.Expiry, funding.Decline, funding.LeftOut, funding.Attempts),
            *(funding.SourceWarning, funding.Consequence, funding.Cancellation),
            *(ledger.Intent, ledger.Line, ledger.Transaction, ledger.Selection, ledger.TaxShare, ledger.CreditNote),
            *(licenses.Licenses, licenses.Holding, licenses.Availability, licenses.TotalChange, licenses.Shortage),
            *(licenses.Unmet, licenses.Schedule, licenses.PriceInForce, licenses.FloorInForce, licenses.Permission),
            *(minutes.Remaining, minutes.Purchase, minutes.AverageUsage, minutes.RechargeQuote, minutes.Forecast),
            *(minutes.AutomaticRecharge, minutes.RechargeDecision, minutes.Draw, minutes.DayUsage),
            minutes.UsageHistory,
            *(Person, Authorization, Role, User),
            *(ports.Admission, ports.Utilization, ports.Call, ports.Peak, ports.TollFreeLine),
            pricing.Tier,
            *(services.Services, services.Implementation, services.ServiceOrder),
            *(simulation.UsagePattern, simulation.Run, simulation.SawTooth, simulation.Bounds),
            *(storage.Reading, storage.Growth, storage.Allowance, storage.StorageFee, storage.Reductions),
            *(storage.Advice, storage.UploadQuote, storage.NextStep, storage.StoredItem),
            *(terms.Tariff, terms.StorageTerms, terms.MinuteTerms, terms.RechargePolicy, terms.RechargeLimits),
            *(terms.PortTerms, terms.FundingTerms, terms.Applied, terms.Dated, terms.Step, terms.Rate),
            *(terms.Increments, terms.Catalog, terms.Product, terms.Grant),
            *(terms.Contract, terms.ContractPrice, terms.ContractRate, terms.Floor),
        ),
        # whose own names others have
        "priced_quantity": pricing.Charge,
        "schedule_line": licenses.Line,
        "item_selection": storage.Selection,
    }
)

_MEMBERS = frozenset(member for members in UNIONS.values() for member in members.values())
_TAGS: Mapping[type, str] = {kind: tag for table in (VALUES, *UNIONS.values()) for tag, kind in table.items()}
_CONVERTER = converter_of(UNIONS)

# --- errors -------------------------------------------------------------------------------------------------------


@attrs.frozen
class DocumentFault:
    """One thing wrong with a document.

    Args:
        place: the path ("contracts[0].prices[1].product"); "document" for all of it.
        code: stable, for programs; that of the error which the value itself would raise.
        problem: what is wrong and what would be accepted.
    """

    place: str
    code: str
    problem: str

    def __str__(self) -> str:
        return f"{self.place}: {self.problem}"


@attrs.frozen
class InvalidDocument(InvalidValue):
    """A text that is no document of the type asked for.

    Args:
        place: the path of the first fault.
        problem: the first fault.
        faults: all of them, at most the first hundred.
        more: how many beyond those; in one object or list no more than a hundred are looked for.
    """

    code: ClassVar[str] = "invalid_document"

    faults: tuple[DocumentFault, ...] = ()
    more: int = 0

    def __str__(self) -> str:
        told = [str(fault) for fault in self.faults] or [f"{self.place}: {self.problem}"]
        return "\n".join([*told, f"and {self.more} more"] if self.more else told)


@attrs.frozen
class NewerFormat(InvalidValue):
    """A document that a later version of the library has written; nothing can be said about what it holds.

    Args:
        place: "format".
        problem: what this version reads.
        found: the document's format.
        known: the newest that this version reads.
    """

    code: ClassVar[str] = "newer_format"

    found: int
    known: int


def _invalid(faults: Iterator[DocumentFault]) -> InvalidDocument:
    told = tuple(itertools.islice(faults, MAX_FAULTS))
    return InvalidDocument(told[0].place, told[0].problem, told, sum(1 for _ in faults))


def _refuse(place: str, problem: str) -> NoReturn:
    raise _invalid(iter([DocumentFault(place, InvalidDocument.code, problem)]))


# --- from text to text --------------------------------------------------------------------------------------------

_ENCODER = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def to_json(value: object) -> str:
    """A value as a document.

    Args:
        value: of a type that `VALUES` or `UNIONS` names.

    Returns:
        one line of ASCII; equal values give equal texts. The results that only explain the value's lines are left out.

    Raises:
        InvalidValue: no such value, or one that no document can hold, such as a time zone without a name.

    Example:
        >>> from licensebill import Money
        >>> from licensebill.outcomes import Succeeded
        >>> print(to_json(Succeeded(Money.parse("12.34", "USD"))))
        {"format":1,"type":"succeeded","captured":"12.34 USD"}
    """
    kind = type(value)
    if kind not in _TAGS:
        raise InvalidValue("value", f"must be of a type that documents.VALUES or UNIONS names, not {one(kind)}")
    try:
        text = _ENCODER.encode({"format": FORMAT, TAG: _TAGS[kind], **_CONVERTER.unstructure(value)})
    except InvalidValue as refused:
        raise InvalidValue("value", f"holds something that {refused.problem}") from None
    except RecursionError:
        raise _too_deep() from None
    # only of a generic class, such as Dated, can there be one within another without end
    if getattr(kind, "__parameters__", ()) and _depth(text) > MAX_DEPTH:
        raise _too_deep()
    if len(text) > MAX_CHARACTERS:
        raise InvalidValue("value", f"is too long for a document: {len(text)} characters, at most {MAX_CHARACTERS}")
    return text


def _too_deep() -> InvalidValue:
    return InvalidValue("value", f"is nested too deeply for a document: at most {MAX_DEPTH} deep")


@overload
def from_json(text: str, kind: type[_T]) -> _T: ...
@overload
def from_json(text: str, kind: object) -> Any: ...  # noqa: ANN401 - one of a union
def from_json(text: str, kind: Kind) -> Any:
    """The value that a document holds.

    Args:
        text: as `to_json` wrote it, with this version of the library or an earlier one.
        kind: the type of the value, or a union one of whose members it is: `Account`, `Dated[Money]`, `Change`.

    Raises:
        NewerFormat: a later version has written it.
        InvalidDocument: it holds no such value; the error tells every fault with its path.
        InvalidValue: values of that type are not stored.

    Example:
        >>> from licensebill.outcomes import Outcome
        >>> from_json('{"format": 1, "type": "succeeded", "captured": "12.34 USD"}', Outcome)
        Succeeded(captured=Money.parse('12.34', 'USD'))
        >>> from_json('{"format": 1, "type": "succeeded", "captured": 12.34}', Outcome)
        Traceback (most recent call last):
        licensebill.documents.InvalidDocument: captured: must be an amount such as '12.34 USD', not a float
    """
    kinds = _documents(kind)
    document = _in_present_format(_parsed(text))
    tag = document.get(TAG, MISSING)
    if not isinstance(tag, str) or tag not in kinds:
        _refuse(TAG, unlike(f"one of {', '.join(kinds)}", tag).problem)
    del document["format"]
    if kinds[tag] not in _MEMBERS:
        del document[TAG]
    read = _CONVERTER.get_structure_hook(kinds[tag])
    try:
        return read(document, kinds[tag])
    except BaseValidationError as refused:
        raise _invalid(_faults(refused)) from None


def _documents(kind: Kind) -> Mapping[str, Kind]:
    """What a type admits as a document, by tag."""
    if not _is_stored(kind):
        given = kind.__name__ if isinstance(kind, type) else shown(kind)
        raise InvalidValue("kind", f"must be a type that documents.VALUES or UNIONS names, not {given}")
    if origin_of(kind) in _TAGS:
        if getattr(kind, "__parameters__", ()):
            raise InvalidValue("kind", f"must say what it holds: Dated[Money], not only {origin_of(kind).__name__}")
        return {_TAGS[origin_of(kind)]: kind}
    return {tag: each for arm in arms_of(kind) for tag, each in (UNIONS.get(arm) or _documents(arm)).items()}


def _is_stored(kind: Kind) -> bool:
    try:
        return origin_of(kind) in _TAGS or is_union(UNIONS, kind)
    except TypeError:  # it has no hash, and is no type
        return False


# --- from text to a document of the present format ----------------------------------------------------------------

_DOCUMENT = "document"


def _parsed(text: object) -> dict[str, Any]:
    if not isinstance(text, str):
        _refuse(_DOCUMENT, unlike("a text", text).problem)
    if len(text) > MAX_CHARACTERS:
        _refuse(_DOCUMENT, f"must have at most {MAX_CHARACTERS} characters, not {len(text)}")
    if _depth(text) > MAX_DEPTH:
        _refuse(_DOCUMENT, f"must not be nested deeper than {MAX_DEPTH}")
    try:
        document = _decoded(text)
    except json.JSONDecodeError as wrong:
        _refuse(_DOCUMENT, f"is no JSON: {wrong.msg}, line {wrong.lineno} column {wrong.colno}")
    except _NumberTooLong:
        _refuse(_DOCUMENT, f"holds a number of more than {MAX_DIGITS} digits")
    if not isinstance(document, dict):
        _refuse(_DOCUMENT, unlike("an object", document).problem)
    return document


def _decoded(text: str) -> object:
    try:
        return _STRICT.decode(text)
    except _KeyRepeated:
        raise _invalid(_repetitions(_LENIENT.decode(text))) from None


# for `bytes.translate`: one step down for what opens, one up (-1 as a signed byte) for what closes; all else goes
_STEPS = bytes.maketrans(b"{[}]", b"\x01\x01\xff\xff")
_NO_STEPS = bytes(sorted(set(range(256)) - set(b"{[}]")))


def _depth(text: str) -> int:
    """How deep the objects and lists of a JSON text stand within each other; of any other text, some number."""
    outside_texts = "".join(text.replace(r"\\", "").replace(r"\"", "").split('"')[::2])
    steps = outside_texts.encode(errors="replace").translate(_STEPS, _NO_STEPS)
    return max(itertools.accumulate(memoryview(steps).cast("b"), initial=0))


class _KeyRepeated(Exception):
    """An object has a key twice; where is found out in a second pass."""


class _NumberTooLong(Exception):
    """Python would take minutes to read it."""


class _Repetitive(dict[str, Any]):
    """An object that had a key twice."""

    twice: tuple[str, ...]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) < len(pairs):
        raise _KeyRepeated
    return table


def _any_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = _Repetitive(pairs)
    table.twice = tuple(key for key, count in Counter(key for key, _ in pairs).items() if count > 1)
    return table


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise _NumberTooLong
    return int(digits)


_STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_int=_integer)
_LENIENT = json.JSONDecoder(object_pairs_hook=_any_object, parse_int=len)


def _repetitions(value: object, path: str = "") -> Iterator[DocumentFault]:
    if isinstance(value, list):
        for position, item in enumerate(value):
            yield from _repetitions(item, f"{path}[{position}]")
    elif isinstance(value, _Repetitive):
        for key in value.twice:
            yield DocumentFault(_joined(path, name_of(key)), InvalidDocument.code, "is there twice")
        for key, item in value.items():
            yield from _repetitions(item, _joined(path, name_of(key)))


def _in_present_format(document: dict[str, Any]) -> dict[str, Any]:
    try:
        found = whole(document.get("format", MISSING))
    except InvalidValue as refused:
        _refuse("format", refused.problem)
    if found > FORMAT:
        raise NewerFormat("format", f"must be at most {FORMAT}, not {shown(found)}", found, FORMAT)
    for older in range(found, FORMAT):
        if older not in MIGRATIONS:
            _refuse("format", f"must be a format that this version reads, not {shown(found)}")
        try:
            document = {**MIGRATIONS[older](document), "format": older + 1}
        except (LookupError, TypeError, ValueError, AttributeError):
            _refuse(_DOCUMENT, f"is no valid document of format {older}")
    return document


# --- what is wrong, and where -------------------------------------------------------------------------------------


def _faults(error: Exception, path: str = "") -> Iterator[DocumentFault]:
    if isinstance(error, BaseValidationError):
        for inner in error.exceptions:
            yield from _faults(inner, _joined(path, _place(inner)))
    elif isinstance(error, InvalidValue):
        yield _told(path, error.place, error.code, error.problem)
    elif isinstance(error, LicenseBillError):
        yield _told(path, "", error.code, str(error))
    else:
        yield _told(path, "", InvalidDocument.code, f"is refused with {one(type(error))}")


def _told(path: str, place: str, code: str, problem: str) -> DocumentFault:
    """A fault as it may be shown: a constructor's own words can hold a product's id, and that a card number."""
    if holds_card_number(place):
        place = ""
    if holds_card_number(problem):
        problem = "is refused; it holds what could be a card number, which is not repeated here"
    return DocumentFault(_joined(path, place) or _DOCUMENT, code, problem)


def _place(error: Exception) -> str:
    """Where in the value around it the value stands that was refused, by cattrs' note."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return note.name
        if isinstance(note, IterableValidationNote):
            return f"[{note.index}]" if isinstance(note.index, int) else name_of(note.index)
    return ""


def _joined(path: str, place: str) -> str:
    return f"{path}.{place}" if path and place and not place.startswith("[") else path + place
