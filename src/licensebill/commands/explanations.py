"""Explanations: why a single figure of a bill or of a recharge is what it is, or what a rule says."""

import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

from licensebill.bills import monthly_bill
from licensebill.commands.asking import AccountPath, Day, as_asked, loaded, recharge_at
from licensebill.commands.printing import Json, print_json
from licensebill.cycles import NotACycleStart, Period, billing_cycle, first_instant
from licensebill.errors import InvalidValue, shown
from licensebill.explain import Explanation
from licensebill.rules import RULES, Rule, rule


def explain(
    figure: str,
    account: AccountPath | None = None,
    /,
    *,
    on: Day | None = None,
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
        if on is not None:
            raise InvalidValue("--on", "is for a figure of an account file, and none is named")
        found = _rule(figure)
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
        raise InvalidValue("FIGURE", _nothing(figure, trees))
    if as_json:
        print_json({"explanations": [each.as_data() for each in chosen]})
    else:
        print("\n\n".join(each.as_text() for each in chosen))


def _rule(figure: str) -> Rule:
    asked = figure.upper()
    if _RULE_ID.fullmatch(asked) and asked not in RULES:
        raise InvalidValue("FIGURE", _no_rule(asked))
    try:
        return rule(asked if asked in RULES else figure)
    except InvalidValue as refused:
        named = "a figure of a bill is named with its account file and --on"
        raise InvalidValue("FIGURE", f"{refused.problem}; {named}") from None


def _trees(account: Path, on: date) -> tuple[Explanation, ...]:
    file = loaded(account)
    cycle = as_asked("--on", lambda: _billed(on, file.account.anchor_day))
    made = as_asked("--on", lambda: monthly_bill(file.account, cycle.start, readings=file.readings))
    quoted = recharge_at("--on", file, account, first_instant(cycle.start, file.account.tz))
    return made.explanation(), quoted.explanation()


def _billed(on: date, anchor_day: int) -> Period:
    try:
        return billing_cycle(on, anchor_day=anchor_day)
    except NotACycleStart as refused:
        recharge = f"the recharge of any day: `licensebill recharge FILE --at {on} --explain`"
        raise InvalidValue(refused.place, f"{refused.problem}; {recharge}") from None


#: What is written as a rule's id is.
_RULE_ID = re.compile(r"[A-Z]{3}-[0-9]{1,4}")


def _no_rule(asked: str) -> str:
    return f"{asked} is no rule's id; docs/rules/index.md lists them"


def _nothing(figure: str, trees: Iterable[Explanation]) -> str:
    """Why nothing was found."""
    asked = figure.upper()
    if asked in RULES:
        return (
            f"{asked} is a rule, but no figure of this bill or recharge comes from it; `licensebill explain {asked}` "
            "prints the rule"
        )
    if _RULE_ID.fullmatch(asked):
        return _no_rule(asked)
    known = ", ".join(dict.fromkeys(each.figure for tree in trees for each in tree.walk()))
    return f"must be a rule's id or one of {known}, not {shown(figure)}"


def _chosen(figure: str, trees: Iterable[Explanation]) -> Iterable[Explanation]:
    """The figures of that name, or those that come from the rule, without what stands below one of them already."""
    for tree in trees:
        if tree.figure.lower() == figure.lower() or figure.upper() in tree.rules:
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
