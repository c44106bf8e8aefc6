"""Billing rules as a library: exact, explained, free of side effects.

The modules are the namespaces: `from licensebill import storage`, then `storage.monthly_fee(...)`.
"""

from licensebill.errors import ChargeFailure, InvalidValue, LicenseBillError, RuleViolation
from licensebill.money import Money

__version__ = "0.1.0"

__all__ = ["ChargeFailure", "InvalidValue", "LicenseBillError", "Money", "RuleViolation", "__version__"]
