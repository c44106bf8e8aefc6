"""Schemas, held by an independent validator: what fits them, and what does not."""

import json
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from licensebill import schemas
from licensebill.codec import InvalidFile, read_account
from licensebill.documents import UNIONS, VALUES, InvalidDocument, from_json, to_json
from licensebill.errors import InvalidValue
from tests.changing import buy
from tests.results import results, values_within

ROOT = Path(__file__).parents[2]


def validator(name: str) -> Draft202012Validator:
    """Of a schema that is itself valid."""
    made = schemas.schema(name)
    Draft202012Validator.check_schema(made)
    return Draft202012Validator(made, format_checker=Draft202012Validator.FORMAT_CHECKER)


def places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every object or list within, with each of its keys or positions."""
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield value, key
        yield from places(inner)


# --- documents ----------------------------------------------------------------------------------------------------


def test_every_kind_of_document_has_a_schema() -> None:
    """But the generic ones, whose documents do not say what they are of."""
    tags = {tag for table in (VALUES, *UNIONS.values()) for tag in table}
    assert set(schemas.names()) == {"account-file", *tags} - {"dated", "step", "call", "peak"}


@pytest.mark.parametrize("name", schemas.names())
def test_a_schema_is_one(name: str) -> None:
    """And every definition in it is referred to."""
    made = json.dumps(validator(name).schema)
    assert all(f'"#/$defs/{defined}"' in made for defined in json.loads(made).get("$defs", ()))


def documents() -> dict[str, str]:
    """A document of each kind, of what the library computes for the example account."""
    values = {type(value): value for result in (*results(), buy()) for value in values_within(result)}
    tags = {kind: tag for table in (VALUES, *UNIONS.values()) for tag, kind in table.items()}
    return {tags[kind]: to_json(value) for kind, value in values.items() if tags.get(kind) in schemas.names()}


DOCUMENTS = documents()


@pytest.mark.parametrize("name", DOCUMENTS)
def test_what_is_written_fits(name: str) -> None:
    """One document of each kind."""
    validator(name).validate(json.loads(DOCUMENTS[name]))


def _without(table: Any, key: Any) -> None:
    del table[key]


def _with_more(table: Any, _: Any) -> None:
    table["more"] = 1


def _with_another(table: Any, key: Any) -> None:
    table[key] = [1.5]


SPOILT = {"without a key": _without, "with a key too many": _with_more, "with another kind of value": _with_another}


def spoilt(text: str, spoil: Any) -> Iterator[Any]:
    """A JSON text's value, spoilt in one place after the other."""
    for number, (kept, _) in enumerate(places(json.loads(text))):
        if isinstance(kept, dict) or spoil is _with_another:
            value = json.loads(text)
            spoil(*next(place for at, place in enumerate(places(value)) if at == number))
            yield value


@pytest.mark.parametrize("spoil", SPOILT.values(), ids=SPOILT)
@pytest.mark.parametrize("name", ["bill", "transaction", "event"])
def test_what_does_not_fit_is_not_read(name: str, spoil: Any) -> None:
    """Validator and reader mind the same, wherever it stands."""
    fits = validator(name)
    for document in spoilt(DOCUMENTS[name], spoil):
        assert not fits.is_valid(document)
        with pytest.raises(InvalidDocument):
            from_json(json.dumps(document), VALUES[name])


def test_amounts_and_days_have_their_form() -> None:
    """What no type of JSON says."""
    fits = validator("bill")
    bill = json.loads(DOCUMENTS["bill"])
    line = bill["lines"][0]
    for amount in ("12.34", "12.34 usd", "1,234.00 USD", "12.3456789 USD", "1e3 USD", "١٢ USD"):
        line["amount"] = amount
        assert not fits.is_valid(bill)
    line["amount"] = "-12.345678 USD"
    for on in ("2026-12-1", "2026-12-01T00:00:00", "20261201", "2026-13-01", "tomorrow"):
        bill["past_due_since"] = on
        assert not fits.is_valid(bill)
    bill["past_due_since"] = "2026-12-01"
    assert fits.is_valid(bill)


# --- account files ------------------------------------------------------------------------------------------------

EXAMPLE = ROOT / "examples" / "acme" / "account.toml"
#: The example as JSON, with a price of every scheme.
ACCOUNT = tomllib.loads(EXAMPLE.read_text(encoding="utf-8"))
ACCOUNT["contracts"][0]["prices"] += [
    {"product": "elf", "flat": "5.00"},
    {"product": "elf", "since": "2026-11-01", "graduated": [{"up_to": 10, "amount": "2.00"}, {"amount": "1.00"}]},
    {"product": "elf", "since": "2026-12-01", "volume": [{"amount": "1.00", "flat": "9.00"}]},
    {"product": "elf", "since": "2027-01-01", "package": "30.00", "size": 10, "free": 5},
]
WRITTEN = json.dumps(ACCOUNT, default=str)


def is_read(document: Any) -> bool:
    """Whether the library reads an account file."""
    try:
        read_account(json.dumps(document), name="account.json")
    except InvalidFile:
        return False
    return True


def test_the_example_fits_and_is_read() -> None:
    """With all that was added to it."""
    assert is_read(json.loads(WRITTEN))
    validator("account-file").validate(json.loads(WRITTEN))


def test_a_key_too_many_is_minded_by_both() -> None:
    """Wherever it stands."""
    fits = validator("account-file")
    for document in spoilt(WRITTEN, _with_more):
        assert not fits.is_valid(document)
        assert not is_read(document)


@pytest.mark.parametrize("spoil", [_without, _with_another])
def test_what_is_read_fits(spoil: Any) -> None:
    """What the validator minds, reading refuses; not the other way round: rules say more than a schema."""
    fits = validator("account-file")
    verdicts = {(fits.is_valid(document), is_read(document)) for document in spoilt(WRITTEN, spoil)}
    assert (False, True) not in verdicts
    assert (False, False) in verdicts


@pytest.mark.parametrize(
    ("price", "is_valid"),
    [
        ({"amount": "5.00"}, True),
        ({"amount": "5.00", "per": 10}, True),
        ({"flat": "5.00", "per": 10}, False),
        ({"flat": "5.00", "amount": "5.00"}, False),
        ({"package": "5.00"}, False),
        ({"package": "5.00", "size": 10, "amount": "1.00"}, False),
        ({"amount": "5.00", "size": 10}, False),
        ({}, False),
    ],
)
def test_a_price_is_stated_in_one_way(price: dict[str, Any], is_valid: bool) -> None:
    """With the keys of that way alone."""
    document = json.loads(WRITTEN)
    document["contracts"][0]["prices"][-1] = {"product": "elf", "since": "2027-01-01", **price}
    assert (validator("account-file").is_valid(document), is_read(document)) == (is_valid, is_valid)


# --- asking for one -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["nothing", "dated", "", 1, None, ["bill"]])
def test_what_has_no_schema(name: Any) -> None:
    """The refusal names what has one."""
    with pytest.raises(InvalidValue, match="name: must"):
        schemas.schema(name)


@pytest.mark.parametrize("name", ["account-file", "bill", "transaction"])
def test_the_schemas_in_the_documentation_are_the_present_ones(name: str) -> None:
    """Renew one by `licensebill schema NAME > docs/schemas/NAME.json`."""
    kept = ROOT / "docs" / "schemas" / f"{name}.json"
    assert json.loads(kept.read_text(encoding="utf-8")) == schemas.schema(name)
