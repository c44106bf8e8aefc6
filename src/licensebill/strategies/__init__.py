"""Hypothesis strategies for the values of this library, for our tests and for yours.

Valid by construction: nothing is generated and thrown away. Awkward values (leap days, ends of months, exact
thresholds, zero) are in the pool, and everything shrinks towards small, round ones.

Those that take a value are for one that was drawn before: `allowances().flatmap(stored_bytes)`. Needs the `testing`
extra.

What is put in (`values`):

* money: `currencies`, `amounts`, `payable_amounts`, `exact_amounts`, `weights`, `plain_decimals`
* cycles: `days`, `anchor_days`, `periods`, `cycles`, `time_zones`, `instants`
* pricing: `price_amounts`, `tiers`, `per_unit_prices`, `flat_prices`, `graduated_prices`, `volume_prices`,
  `package_prices`, `prices`, `quantities`
* people: `persons`, `authorizations`, `users`
* terms: `dated`, `catalogs`, `floors`, `contracts`
* licenses: `licenses`
* services: `services`
* ports: `port_terms`, `feature_sets`, `calls`, `toll_free_lines`
* storage: `storage_terms`, `allowances`, `stored_bytes`, `storage_fees`, `readings`, `stored_items`
* funding: `funding_days`, `sources`, `fundings`, `declines`, `outcomes`
* minutes: `increments`, `rates`, `usage_histories`, `recharge_policies`, `recharge_quotes`, `usage_patterns`
* accounts: `tariffs`, `accounts`

What is computed from it (`results`):

* prices and parts of cycles: `prorated_amounts`, `priced_quantities`
* licenses and ports: `schedules`, `permissions`, `license_purchases`, `admissions`, `peaks`, `utilizations`
* storage: `advices`, `reductions`, `item_selections`, `upload_quotes`, `growths`, `next_steps`
* minutes: `remainders`, `minute_purchases`, `draws`, `forecasts`, `recharge_decisions`, `saw_tooths`
* sources: `attempts`, `consequences`
* bills: `bills`, `summaries`, `intents`, `credit_notes`, `commitments`, `transactions`

What may happen to an account (`changes`):

* single kinds: `later_days`, `total_changes`, `source_changes`, `credits_of`
* any: `changes`, `payments`
* events: `facts`, `events`
"""

from licensebill.strategies.changes import changes as changes
from licensebill.strategies.changes import credits_of as credits_of
from licensebill.strategies.changes import events as events
from licensebill.strategies.changes import facts as facts
from licensebill.strategies.changes import later_days as later_days
from licensebill.strategies.changes import payments as payments
from licensebill.strategies.changes import source_changes as source_changes
from licensebill.strategies.changes import total_changes as total_changes
from licensebill.strategies.results import admissions as admissions
from licensebill.strategies.results import advices as advices
from licensebill.strategies.results import attempts as attempts
from licensebill.strategies.results import bills as bills
from licensebill.strategies.results import commitments as commitments
from licensebill.strategies.results import consequences as consequences
from licensebill.strategies.results import credit_notes as credit_notes
from licensebill.strategies.results import draws as draws
from licensebill.strategies.results import forecasts as forecasts
from licensebill.strategies.results import growths as growths
from licensebill.strategies.results import intents as intents
from licensebill.strategies.results import item_selections as item_selections
from licensebill.strategies.results import license_purchases as license_purchases
from licensebill.strategies.results import minute_purchases as minute_purchases
from licensebill.strategies.results import next_steps as next_steps
from licensebill.strategies.results import peaks as peaks
from licensebill.strategies.results import permissions as permissions
from licensebill.strategies.results import priced_quantities as priced_quantities
from licensebill.strategies.results import prorated_amounts as prorated_amounts
from licensebill.strategies.results import recharge_decisions as recharge_decisions
from licensebill.strategies.results import reductions as reductions
from licensebill.strategies.results import remainders as remainders
from licensebill.strategies.results import saw_tooths as saw_tooths
from licensebill.strategies.results import schedules as schedules
from licensebill.strategies.results import summaries as summaries
from licensebill.strategies.results import transactions as transactions
from licensebill.strategies.results import upload_quotes as upload_quotes
from licensebill.strategies.results import utilizations as utilizations
from licensebill.strategies.values import ADMINISTRATOR_ID as ADMINISTRATOR_ID
from licensebill.strategies.values import SYSTEM_ADMINISTRATOR_ID as SYSTEM_ADMINISTRATOR_ID
from licensebill.strategies.values import USER_IDS as USER_IDS
from licensebill.strategies.values import accounts as accounts
from licensebill.strategies.values import allowances as allowances
from licensebill.strategies.values import amounts as amounts
from licensebill.strategies.values import anchor_days as anchor_days
from licensebill.strategies.values import authorizations as authorizations
from licensebill.strategies.values import calls as calls
from licensebill.strategies.values import catalogs as catalogs
from licensebill.strategies.values import contracts as contracts
from licensebill.strategies.values import currencies as currencies
from licensebill.strategies.values import cycles as cycles
from licensebill.strategies.values import dated as dated
from licensebill.strategies.values import days as days
from licensebill.strategies.values import declines as declines
from licensebill.strategies.values import exact_amounts as exact_amounts
from licensebill.strategies.values import feature_sets as feature_sets
from licensebill.strategies.values import flat_prices as flat_prices
from licensebill.strategies.values import floors as floors
from licensebill.strategies.values import funding_days as funding_days
from licensebill.strategies.values import fundings as fundings
from licensebill.strategies.values import graduated_prices as graduated_prices
from licensebill.strategies.values import increments as increments
from licensebill.strategies.values import instants as instants
from licensebill.strategies.values import licenses as licenses
from licensebill.strategies.values import outcomes as outcomes
from licensebill.strategies.values import package_prices as package_prices
from licensebill.strategies.values import payable_amounts as payable_amounts
from licensebill.strategies.values import per_unit_prices as per_unit_prices
from licensebill.strategies.values import periods as periods
from licensebill.strategies.values import persons as persons
from licensebill.strategies.values import plain_decimals as plain_decimals
from licensebill.strategies.values import port_terms as port_terms
from licensebill.strategies.values import price_amounts as price_amounts
from licensebill.strategies.values import prices as prices
from licensebill.strategies.values import quantities as quantities
from licensebill.strategies.values import rates as rates
from licensebill.strategies.values import readings as readings
from licensebill.strategies.values import recharge_policies as recharge_policies
from licensebill.strategies.values import recharge_quotes as recharge_quotes
from licensebill.strategies.values import services as services
from licensebill.strategies.values import sources as sources
from licensebill.strategies.values import storage_fees as storage_fees
from licensebill.strategies.values import storage_terms as storage_terms
from licensebill.strategies.values import stored_bytes as stored_bytes
from licensebill.strategies.values import stored_items as stored_items
from licensebill.strategies.values import tariffs as tariffs
from licensebill.strategies.values import tiers as tiers
from licensebill.strategies.values import time_zones as time_zones
from licensebill.strategies.values import toll_free_lines as toll_free_lines
from licensebill.strategies.values import usage_histories as usage_histories
from licensebill.strategies.values import usage_patterns as usage_patterns
from licensebill.strategies.values import users as users
from licensebill.strategies.values import volume_prices as volume_prices
from licensebill.strategies.values import weights as weights

__all__ = [
    "ADMINISTRATOR_ID",
    "SYSTEM_ADMINISTRATOR_ID",
    "USER_IDS",
    "accounts",
    "admissions",
    "advices",
    "allowances",
    "amounts",
    "anchor_days",
    "attempts",
    "authorizations",
    "bills",
    "calls",
    "catalogs",
    "changes",
    "commitments",
    "consequences",
    "contracts",
    "credit_notes",
    "credits_of",
    "currencies",
    "cycles",
    "dated",
    "days",
    "declines",
    "draws",
    "events",
    "exact_amounts",
    "facts",
    "feature_sets",
    "flat_prices",
    "floors",
    "forecasts",
    "funding_days",
    "fundings",
    "graduated_prices",
    "growths",
    "increments",
    "instants",
    "intents",
    "item_selections",
    "later_days",
    "license_purchases",
    "licenses",
    "minute_purchases",
    "next_steps",
    "outcomes",
    "package_prices",
    "payable_amounts",
    "payments",
    "peaks",
    "per_unit_prices",
    "periods",
    "permissions",
    "persons",
    "plain_decimals",
    "port_terms",
    "price_amounts",
    "priced_quantities",
    "prices",
    "prorated_amounts",
    "quantities",
    "rates",
    "readings",
    "recharge_decisions",
    "recharge_policies",
    "recharge_quotes",
    "reductions",
    "remainders",
    "saw_tooths",
    "schedules",
    "services",
    "source_changes",
    "sources",
    "storage_fees",
    "storage_terms",
    "stored_bytes",
    "stored_items",
    "summaries",
    "tariffs",
    "tiers",
    "time_zones",
    "toll_free_lines",
    "total_changes",
    "transactions",
    "upload_quotes",
    "usage_histories",
    "usage_patterns",
    "users",
    "utilizations",
    "volume_prices",
    "weights",
]
