"""The register of the rules: every id that a docstring, an explanation or an error cites.

A rule is *stated* by one of the product's two help pages, *settles* what they leave open or say in two ways, or goes
*beyond* them. The pages are the billing guide ("guide") and the customer questions ("questions"); the wording here is
ours. The full text of each rule, with its function, an example and a decision table, stands on the page of its area
under docs/rules.
"""

import enum
from collections.abc import Mapping
from types import MappingProxyType

import attrs

from licensebill.errors import InvalidValue, shown


class Standing(enum.Enum):
    """Where a rule comes from."""

    STATED = "stated in the source"
    SETTLED = "settles what the source leaves open"
    BEYOND = "goes beyond the source"


@attrs.frozen(kw_only=True)
class Rule:
    """One rule of the register.

    Args:
        id: area and number, such as "STO-2".
        standing: whether the source states it.
        document: "guide", "questions", or "" where neither says anything.
        heading: the section of the document.
        summary: the rule in a line.
    """

    id: str
    standing: Standing
    document: str
    heading: str
    summary: str

    @property
    def page(self) -> str:
        """The page of docs/rules that the rule stands on."""
        return f"docs/rules/{_PAGES[self.id.partition('-')[0]]}.md"


_PAGES = {
    "MON": "money",
    "PRC": "pricing",
    "CYC": "cycles",
    "LIC": "licenses",
    "SVC": "services",
    "PRT": "ports",
    "STO": "storage",
    "MIN": "minutes",
    "FUN": "funding",
    "BIL": "bills",
}

_S, _R, _B = Standing.STATED, Standing.SETTLED, Standing.BEYOND
_G, _F = "guide", "questions"

# id, standing, document, heading, summary
_TABLE = (
    ("MON-1", _R, "", "", "A payable amount is rounded once, half up, to the minor unit; a total sums its lines."),
    ("MON-2", _R, "", "", "Two currencies never mix; each rounds to its own minor unit."),
    ("MON-3", _R, "", "", "Only exact amounts are taken; results do not depend on the caller's environment."),
    ("MON-4", _B, "", "", "Splitting an amount loses nothing: largest remainder first, ties by position."),
    ("PRC-1", _B, "", "", "Prices are per unit, flat, graduated, volume or package; a tier includes its upper bound."),
    ("PRC-2", _R, _G, "View Storage", "Contracts use any scheme; the storage fee is a package price on the total."),
    ("PRC-3", _R, "", "", "Nothing costs nothing; a usage priced in parts costs what it costs as a whole."),
    ("PRC-4", _B, "", "", "A minimum spend adds what the cycle's charges lack of it to the next bill."),
    ("CYC-1", _S, _G, "Sales Transactions Panel", "The license schedule is billed on the first day of the month."),
    ("CYC-2", _R, "", "", "Days are the account's own; periods are half-open."),
    ("CYC-3", _B, "", "", "Another anchor day falls on the last day of a shorter month and returns afterwards."),
    ("CYC-4", _R, "", "", "What is left of a cycle is counted by a named convention."),
    ("LIC-1", _S, _G, "The Products Panel", "The products, each data in a catalog."),
    ("LIC-2", _S, _G, "Your Billing Terms", "While a contract's floor runs, the number billed never goes below it."),
    ("LIC-3", _S, _G, "Assign Licenses to Users", "A license is assigned only while one is available."),
    ("LIC-4", _S, _G, "Assign Licenses to Users", "A table of assignments is saved as a whole or not at all."),
    ("LIC-5", _S, _G, "Purchase Product Licenses", "A total changes with a named person's acceptance only."),
    ("LIC-6", _B, "", "", "A total cannot go below the number assigned."),
    (
        "LIC-7",
        _S,
        _G,
        "Your Billing Terms",
        "The contract's price holds, else the list price; none at all is an error.",
    ),
    (
        "LIC-8",
        _R,
        _G,
        "Purchase Product Licenses",
        "An increase is charged at once; a decrease waits for the next cycle.",
    ),
    (
        "LIC-9",
        _S,
        _F,
        "Permission to use the dialer",
        "An action needs a license that grants it and a role that permits it.",
    ),
    (
        "LIC-10",
        _S,
        _G,
        "Sales Transactions Panel",
        "Billed is the greater of owned and floor, and a group's shortfall.",
    ),
    ("LIC-11", _B, "", "", "Floors step on stated days; contracts may renew; after the end there is no floor."),
    ("LIC-12", _B, "", "", "A preview is the purchase's own change, not applied."),
    ("LIC-13", _R, _G, "Your Billing Terms", "Whether licenses may be removed is the contract's policy."),
    ("SVC-1", _S, _G, "Purchase Services", "One implementation type, charged once, on the first bill."),
    ("SVC-2", _S, _G, "Purchase Services", "Further services need a representative's approval."),
    ("PRT-1", _S, _G, "The Products Panel", "Voice messages, inbound, recorded and monitored calls each take a port."),
    ("PRT-2", _S, _F, "Insufficient ports", "Ports are insufficient when none is assigned, or all are in use."),
    (
        "PRT-3",
        _S,
        _G,
        "The Products Panel",
        "Recording and monitoring need one license for the system, and a port a call.",
    ),
    ("PRT-4", _S, _G, "The Products Panel", "Use against capacity is visible."),
    ("PRT-5", _B, "", "", "The exact peak of simultaneous use; Erlang B for what will be needed."),
    ("PRT-6", _S, _G, "The Products Panel", "A toll-free line needs a license and a confirmed hook-up."),
    ("PRT-7", _R, _F, "Insufficient ports", "Assigning a pooled product admits a user and uses up none."),
    ("STO-1", _S, _G, "View Storage", "The allowance grows with the users beyond those included."),
    ("STO-2", _S, _G, "View Storage", "Above the allowance each gigabyte started of the total costs the fee."),
    ("STO-3", _R, _G, "View Storage", "Units are decimal; the count is on the total at every allowance."),
    ("STO-4", _R, _G, "View Storage", "The reading at the cycle's first instant counts; a missing one is never zero."),
    ("STO-5", _S, _F, "Storage usage fee", "What to free to pay nothing, or one step less."),
    ("STO-6", _B, "", "", "When growth brings the next fee step."),
    (
        "MIN-1",
        _S,
        _G,
        "Dialer Minutes Panel",
        "The balance is money; minutes are the balance over the cost per minute.",
    ),
    ("MIN-2", _S, _G, "Your Billing Terms", "Calls and messages both draw on the balance, at the contract's rates."),
    ("MIN-3", _S, _G, "Dialer Minutes Panel", "A manual purchase has a minimum."),
    ("MIN-4", _S, _G, "Automatic Recharges", "Recharge and reserve are so many days of average usage."),
    ("MIN-5", _R, _F, "Automatic recharge", "Guide, questions and example differ; each is a named policy."),
    ("MIN-6", _S, _G, "Automatic Recharges", "With steady usage the balance stays within known bounds."),
    ("MIN-7", _S, _G, "Automatic Recharges", "Recharges run about every four hours; one at a time."),
    ("MIN-8", _S, _G, "Automatic Recharges", "Minutes can run out; no new call begins then."),
    ("MIN-9", _R, _G, "Automatic Recharges", "The average divides by the window's full length."),
    ("MIN-10", _B, "", "", "Calls are billed by increments, rounded once to a micro."),
    ("MIN-11", _B, "", "", "Days until the reserve and until empty."),
    ("MIN-12", _B, "", "", "Caps and limits stop automatic recharges, with a notice."),
    ("MIN-13", _S, _G, "Automatic Recharges", "Automatic recharge is off until somebody switches it on."),
    ("FUN-1", _S, _G, "Billing Accounts and Funding Sources", "A source is a card or a bank account, held as a token."),
    ("FUN-2", _S, _G, "Billing Accounts and Funding Sources", "There is always at least one valid source."),
    ("FUN-3", _S, _G, "Funding Sources", "Exactly one source is primary; making another primary swaps them."),
    ("FUN-4", _S, _G, "Funding Sources", "Monthly fees go to the primary; others serve when it fails."),
    ("FUN-5", _B, "", "", "A card is valid through the last day of its month."),
    ("FUN-6", _S, _G, "Funding Sources", "Two sources alternate by swapping the primary each month."),
    (
        "FUN-7",
        _S,
        _G,
        "Edit Billing Administrator",
        "The installer administers billing until another administrator does.",
    ),
    ("FUN-8", _S, _G, "Cancel Account", "An account can be cancelled, subject to what it has committed to."),
    ("FUN-9", _B, "", "", "What follows each outcome of a charge."),
    ("FUN-10", _B, "", "", "Warnings about sources."),
    ("FUN-11", _R, _G, "The Main Billing Summary", "Who may buy, change and cancel; roles are data."),
    ("BIL-1", _R, _G, "The Main Billing Summary", "The lines of a bill; a credit and a small amount carry over."),
    ("BIL-2", _S, _G, "Sales Transactions Panel", "Transactions, their filters and their lines."),
    ("BIL-3", _S, _G, "The Main Billing Summary", "The summary has four parts."),
    ("BIL-4", _B, "", "", "The same facts give the same bill with the same identifier."),
    ("BIL-5", _B, "", "", "Every figure can be explained and recomputed."),
    ("BIL-6", _B, "", "", "Amounts are net; tax and credit notes; past due."),
)

#: Every rule by its id, in the order of the areas.
RULES: Mapping[str, Rule] = MappingProxyType(
    {
        rule_id: Rule(id=rule_id, standing=standing, document=document, heading=heading, summary=summary)
        for rule_id, standing, document, heading, summary in _TABLE
    }
)


def rule(rule_id: str) -> Rule:
    """The rule of an id.

    Raises:
        InvalidValue: no rule has this id.

    Example:
        >>> rule("STO-2").summary
        'Above the allowance each gigabyte started of the total costs the fee.'
    """
    try:
        return RULES[rule_id]
    except (KeyError, TypeError):
        raise InvalidValue("rule", f"must be a rule's id such as 'STO-2', not {shown(rule_id)}") from None
