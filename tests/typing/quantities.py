"""What must not type-check with bytes, ports, minutes, days and licenses, and what must."""

PREAMBLE = """\
from collections.abc import Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import assert_type
from licensebill import cycles, licenses, minutes, ports, storage
from licensebill.cycles import Convention, Period, Proration
from licensebill.licenses import Holding, Licenses
from licensebill.minutes import FAQ, Minutes, RechargeQuote, UsageHistory
from licensebill.money import ExactMoney, Money
from licensebill.people import Authorization, Person
from licensebill.ports import Feature
from licensebill.storage import Reading, StorageFee
from licensebill.terms import STANDARD, Catalog
def pay(amount: Money) -> None: ...
m: Money
day: date
noon: datetime
month: Period
share: Proration
fee: StorageFee
history: UsageHistory
quote: RechargeQuote
catalog: Catalog
held: Licenses
ada: Person
"""

MISUSES = {
    # storage: bytes and users are both whole numbers, so that only their names keep them apart
    "storage.monthly_fee(10**9, 5)": "call-arg",
    "storage.monthly_fee(used=10**9)": "call-arg",
    "storage.monthly_fee(used=1.5e9, users=5)": "arg-type",
    "storage.monthly_fee(used='1 GB', users=5)": "arg-type",
    "storage.monthly_fee(used=10**9, users=['ann', 'bob'])": "arg-type",
    "storage.monthly_fee(used=10**9, users=5, terms=STANDARD)": "arg-type",
    "storage.before_upload(10**9, 10**6, 5)": "call-arg",
    "storage.before_upload(used=10**9, upload=10**6)": "call-arg",
    "storage.reductions(fee.amount)": "arg-type",
    "storage.reductions(fee).to_pay_one_step_less + 1": "operator",
    "Reading(10**9, noon, 'meter')": "call-arg",
    "Reading(bytes=10**9, at=day, source='meter')": "arg-type",
    "Reading(bytes=m, at=noon, source='meter')": "arg-type",
    "pay(fee.room)": "arg-type",
    "fee.amount + fee.used": "operator",
    "fee.used = 0": "misc",
    "fee.amount = m": "misc",
    # ports
    "ports.ports_needed_by(Feature.RECORDED)": "arg-type",
    "ports.ports_needed_by(['recorded'])": "list-item",
    "ports.utilization(3, 4)": "call-arg",
    "ports.utilization(in_use=0.5, owned=4)": "arg-type",
    "ports.admission(features=[Feature.RECORDED], assigned=True, owned=3, in_use=1)": "call-arg",
    "ports.utilization(in_use=3, owned=4).percent + 1": "operator",
    # minutes are neither a number nor an amount
    "minutes.cost_of(30)": "arg-type",
    "minutes.cost_of(m)": "arg-type",
    "minutes.minutes_of(30)": "arg-type",
    "minutes.minutes_of(m) + m": "operator",
    "Minutes(1.5)": "arg-type",
    "Minutes(m)": "arg-type",
    "pay(minutes.minutes_of(m))": "arg-type",
    "minutes.purchase(20)": "arg-type",
    "minutes.recharge_quote(history, day, m)": "call-arg",
    "minutes.recharge_quote(history, at=day, balance=20)": "arg-type",
    "minutes.recharge_quote(history, at='2026-12-17', balance=m)": "arg-type",
    "minutes.recharge_quote(history, at=day, balance=m, policy='FAQ')": "arg-type",
    "minutes.recharge_quote([(day, 'call', m)], at=day, balance=m)": "arg-type",
    "minutes.next_run(day)": "arg-type",
    "pay(quote.recharge_unrounded)": "arg-type",
    "quote.recharge + quote.recharge_unrounded": "operator",
    "quote.is_due()": "operator",
    "list(history)": "call-overload",
    "UsageHistory.of([(noon, 'call', 90)], currency='USD')": "list-item",
    # days, instants and periods; that an instant is taken for a day is beyond types: `datetime` is a `date`
    "cycles.local_day(day)": "arg-type",
    "cycles.local_day(noon, 'Europe/Paris')": "arg-type",
    "cycles.first_instant('2026-12-01')": "arg-type",
    "cycles.billing_cycle(day, 31)": "call-arg",
    "cycles.billing_cycle(day, anchor_day=day)": "arg-type",
    "Period('2026-12-01', '2027-01-01')": "arg-type",
    "Period(day, 31)": "arg-type",
    "cycles.proration(day, month)": "arg-type",
    "cycles.proration(month, day, 'actual days')": "arg-type",
    "cycles.prorated(m, month)": "call-arg",
    "share.of(1)": "arg-type",
    "pay(share.of(m))": "arg-type",
    "m * share": "operator",
    "month.end = day": "misc",
    # licenses
    "licenses.assign(held, 'ann', 'powerdialer')": "call-arg",
    "licenses.assign(catalog, 'ann', 'powerdialer', catalog=catalog)": "arg-type",
    "licenses.assign(held, ada, 'powerdialer', catalog=catalog)": "arg-type",
    "licenses.save_table(held, ['ann'], catalog=catalog)": "arg-type",
    "licenses.save_table(held, {'ann': [1]}, catalog=catalog)": "list-item",
    "licenses.set_total(held, 'powerdialer', 3)": "call-arg",
    "licenses.totals(held)": "call-arg",
    "Holding('powerdialer', 3)": "call-arg",
    "Holding(product='powerdialer', owned=2.5)": "arg-type",
    "Holding(product='powerdialer', owned=2, users=['ann'])": "arg-type",
    "held.holding('powerdialer').owned = 3": "misc",
    "Authorization('Ada Lovelace', True)": "arg-type",
    "Authorization(ada, 'I Accept')": "arg-type",
}

USES = [
    "assert_type(fee.amount, Money)",
    "assert_type(fee.gigabytes_started, int)",
    "assert_type(storage.reductions(fee).one_step_less, StorageFee | None)",
    "pay(storage.before_upload(used=10**9, upload=10**6, users=5).extra)",
    "ports.ports_needed_by({Feature.RECORDED})",
    "assert_type(ports.utilization(in_use=3, owned=4).share, Fraction | None)",
    "assert_type(minutes.minutes_of(m), Minutes)",
    "assert_type(minutes.cost_of(Minutes(30)), Money)",
    "assert_type(minutes.minutes_of(m) + 1, int)",
    "assert_type(minutes.recharge_quote(history, at=day, balance=m, policy=FAQ), RechargeQuote)",
    "pay(quote.recharge)",
    "assert_type(quote.recharge_unrounded, ExactMoney)",
    "assert_type(minutes.forecast(quote).until_empty, Fraction | None)",
    "assert_type(cycles.local_day(noon), date)",
    "assert_type(cycles.first_instant(day), datetime)",
    "assert_type(cycles.proration(month, day), Proration)",
    "assert_type(share.of(m), ExactMoney)",
    "pay(cycles.prorated(m, month, day).amount)",
    "assert_type(cycles.side_by_side(m, month, day)[Convention.ACTUAL_DAYS].unrounded, ExactMoney)",
    "assert_type(licenses.assign(held, 'ann', 'powerdialer', catalog=catalog), Licenses)",
    "licenses.save_table(held, {'ann': ['powerdialer'], 'bob': ()}, catalog=catalog)",
    "assert_type(licenses.totals(held, catalog=catalog)[0].pending, int | None)",
]
