"""Explanations: why a single figure of a bill or of a recharge is what it is, or what a rule says."""

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from licensebill.bills import monthly_bill
from licensebill.commands.asking import as_asked, loaded, quote_of
from licensebill.commands.printing import Json, print_json
from licensebill.cycles import billing_cycle, first_instant
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation
from licensebill.rules import RULES, Rule, rule


def explain(
    figure: str,
    account: Annotated[Path | None, Parameter(help="The account file, TOML or JSON.")] = None,
    /,
    *,
    on: date | None = None,
    as_json: Json = False,
) -> None:
    """Explain one figure of an account's bill or recharge; or, without an account, print a rule.

    Args:
        figure: as the bill names it, such as "storage fee" or PowerDialer; or a rule's id, such as STO-2.
        account: the account file.
        on: the first day of the cycle that is billed.
        as_json: print data.
    """
    if account is None:
        found = as_asked("FIGURE", lambda: rule(figure.upper() if figure.upper() in RULES else figure))
        if as_json:
            print_json(_rule_data(found))
        else:
            print(_rule_text(found))
        return
    if on is None:
        raise InvalidValue("--on", "must be given: the first day of the cycle that is billed")
    trees = _trees(account, on)
    chosen = list(_chosen(figure, trees))
    if not chosen:
        known = ", ".join(dict.fromkeys(each.figure for tree in trees for each in tree.walk()))
        raise InvalidValue("FIGURE", f"must be a rule's id or one of {known}, not {shown(figure)}")
    if as_json:
        print_json({"explanations": [each.as_data() for each in chosen]})
    else:
        print("\n\n".join(each.as_text() for each in chosen))


def _trees(account: Path, on: date) -> tuple[Explanation, ...]:
    file = loaded(account)
    cycle = as_asked("--on", lambda: billing_cycle(on, anchor_day=file.account.anchor_day))
    made = as_asked("--on", lambda: monthly_bill(file.account, cycle.start, readings=file.readings))
    quote = quote_of(file, account, first_instant(cycle.start, file.account.tz), policy=None)
    return made.explanation(), quote.explanation()


def _chosen(figure: str, trees: Iterable[Explanation]) -> Iterable[Explanation]:
    """The figures of that name, or those that the rule governs, without what stands below one of them already."""
    for tree in trees:
        if tree.figure.lower() == figure.lower() or figure.upper() in tree.rules[:1]:
            yield tree
        else:
            yield from _chosen(figure, tree.parts)


def _rule_data(found: Rule) -> dict[str, str]:
    return {
        "id": found.id,
        "rule": found.summary,
        "standing": found.standing.value,
        "document": found.document,
        "heading": found.heading,
        "page": found.page,
    }


def _rule_text(found: Rule) -> str:
    said = f' ({found.document}, "{found.heading}")' if found.document else ""
    return f"{found.id}: {found.summary}\n{found.standing.value.capitalize()}{said}; see {found.page}."
