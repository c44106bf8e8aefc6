"""What is read, drawn and looked up has a type that is known."""

PREAMBLE = """\
from datetime import date, datetime
from typing import Any, assert_type
from hypothesis import given
from hypothesis.strategies import SearchStrategy, just
from licensebill import codec, strategies
from licensebill.accounts import Account, Change
from licensebill.changes import SetTotal
from licensebill.documents import DocumentFault, InvalidDocument, from_json, to_json
from licensebill.funding import Source
from licensebill.licenses import Licenses
from licensebill.minutes import RechargeQuote, UsageHistory
from licensebill.money import ExactMoney, Money
from licensebill.outcomes import Outcome, Succeeded
from licensebill.pricing import Price
from licensebill.storage import StorageFee
from licensebill.terms import Catalog, Contract, Dated, Rate, Tariff
def pay(amount: Money) -> None: ...
text: str
catalog: Catalog
invalid: InvalidDocument
"""

MISUSES = {
    # documents
    "from_json(text)": "call-overload",
    "from_json(text.encode(), Account)": "call-overload",
    "from_json({}, Account)": "call-overload",
    "pay(from_json(text, Account))": "arg-type",
    "from_json(text, Succeeded).captured.payable()": "union-attr",
    "from_json(text, Dated[Money]).steps[0].value.fee": "attr-defined",
    "to_json(text, Account)": "call-arg",
    "to_json(text).encode(1)": "arg-type",
    "from_json(to_json, Account)": "call-overload",
    "invalid.faults[0].field": "attr-defined",
    # strategies are no values
    "pay(strategies.amounts())": "arg-type",
    "strategies.amounts(840)": "arg-type",
    "strategies.amounts('USD', 0, 100)": "call-arg",
    "strategies.contracts('USD')": "arg-type",
    "strategies.contracts(strategies.catalogs())": "arg-type",
    "strategies.contracts()": "call-arg",
    "strategies.dated(Rate)": "arg-type",
    "strategies.sources()": "call-arg",
    "strategies.sources(on='2026-12-01')": "arg-type",
    "strategies.readings(datetime.max)": "arg-type",
    "given(strategies.amounts)": "call-overload",
}

USES = [
    "assert_type(from_json(text, Account), Account)",
    "assert_type(from_json(text, SetTotal), SetTotal)",
    "assert_type(from_json(text, Succeeded), Succeeded)",
    "assert_type(from_json(text, Dated[Money]), Dated[Money])",
    # a union, and a class that is abstract, name several types: which of them was read is for the caller to find out
    "assert_type(from_json(text, Outcome), Any)",
    "assert_type(from_json(text, Change), Any)",
    "assert_type(codec.from_json(text, Tariff), Tariff)",
    "assert_type(to_json(catalog), str)",
    "assert_type(invalid.faults, tuple[DocumentFault, ...])",
    "assert_type(strategies.amounts(), SearchStrategy[Money])",
    "assert_type(strategies.exact_amounts('EUR'), SearchStrategy[ExactMoney])",
    "assert_type(strategies.days(), SearchStrategy[date])",
    "assert_type(strategies.instants(), SearchStrategy[datetime])",
    "assert_type(strategies.prices(), SearchStrategy[Price])",
    "assert_type(strategies.dated(strategies.rates()), SearchStrategy[Dated[Rate]])",
    "assert_type(strategies.catalogs(), SearchStrategy[Catalog])",
    "assert_type(strategies.contracts(catalog), SearchStrategy[Contract])",
    "assert_type(strategies.licenses(catalog), SearchStrategy[Licenses])",
    "assert_type(strategies.storage_fees(), SearchStrategy[StorageFee])",
    "assert_type(strategies.sources(on=date.max, is_valid=True), SearchStrategy[Source])",
    "assert_type(strategies.outcomes(), SearchStrategy[Outcome])",
    "assert_type(strategies.usage_histories(), SearchStrategy[UsageHistory])",
    "assert_type(strategies.recharge_quotes(), SearchStrategy[RechargeQuote])",
    "assert_type(strategies.tariffs(), SearchStrategy[Tariff])",
    "assert_type(strategies.accounts(), SearchStrategy[Account])",
]
