"""Previews: what a run would do, as `run --dry-run` prints it.

The steps are those of `Charging.preview`; here they are put into words, and into data.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import attrs

from licensebill.changes import CarryOver, PlanBill
from licensebill.charging import Foreseen
from licensebill.commands.printing import ANSWERED, FAILED, REFUSED, money_data, print_table
from licensebill.commands.summary import CUSTOMERS_OWN, MAX_TOLD, Sums, Told, show_problems
from licensebill.events import Changed, Halted, Planned, Target
from licensebill.ledger import Intent
from licensebill.money import Money
from licensebill.planning import Act, Ask, Draft, Notice


@attrs.frozen(kw_only=True)
class Step:
    """One thing that a run would do.

    Args:
        account: whose.
        does: "plan", "carry over", "bill", "halt", "notice", or what the provider is asked.
        charge: its id; empty where there is none.
        amount: of the charge.
        sources: in order, masked.
        text: for people.
        needs_person: whether the operator has to look at it.
        is_certain: whether it does not depend on what the provider answers to a step before.
        code: of a notice; empty otherwise.
    """

    account: str
    does: str
    charge: str = ""
    amount: Money | None = None
    sources: tuple[str, ...] = ()
    text: str
    needs_person: bool = False
    is_certain: bool = True
    code: str = ""

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "account": self.account,
            "does": self.does,
            "charge": self.charge or None,
            **({"amount": None, "currency": None} if self.amount is None else money_data(self.amount)),
            "sources": list(self.sources),
            "certain": self.is_certain,
            "code": self.code or None,
            "text": self.text,
        }


@attrs.define(kw_only=True)
class Preview:
    """What a run would do, as far as it is certain before the provider is asked."""

    steps: list[Step] = attrs.field(factory=list)
    accounts: int = 0
    failures: Told = attrs.field(factory=Told)
    stopped_by: int = 0
    problems: dict[str, str] = attrs.field(factory=dict)

    @property
    def code(self) -> int:
        """The exit code."""
        if self.stopped_by:
            return 128 + self.stopped_by
        if self.failures.count:
            return FAILED
        return REFUSED if any(one.needs_person for one in self.steps) else ANSWERED

    def show(self) -> None:
        """As text."""
        for step in self.steps:
            print(f"{step.charge or step.account}: {step.text}{'' if step.is_certain else _DEPENDS}")
        self.failures.show()
        show_problems(self.problems)
        planned = Sums()
        for step in self.steps:
            if step.does == "plan" and step.amount is not None:
                planned.add(step.amount)
        print()
        print_table([("Accounts looked at", str(self.accounts), ""), planned.row("Charges that would be planned")])
        print("\nNothing was done.")

    def data(self) -> dict[str, Any]:
        """For programs."""
        return {
            "dry_run": True,
            "accounts": self.accounts,
            "steps": [one.data() for one in self.steps],
            "failures": self.failures.data("account"),
            "measurements": dict(list(self.problems.items())[:MAX_TOLD]),
            "exit_code": self.code,
        }


_DEPENDS = " (unless an answer of the provider changes that)"


def steps_of(account: str, found: Foreseen) -> Iterator[Step]:
    """What one part of a preview comes to, in words."""
    for step in _steps_of(account, found.step):
        yield attrs.evolve(step, is_certain=found.is_certain)


def _steps_of(account: str, found: Ask | Draft | Notice) -> Iterator[Step]:
    if isinstance(found, Notice):
        needs_person = found.code not in CUSTOMERS_OWN
        yield Step(account=account, does="notice", text=found.text, needs_person=needs_person, code=found.code)
    elif isinstance(found, Ask):
        yield _asked(account, found)
    else:
        yield from _written(account, found)


def _asked(account: str, ask: Ask) -> Step:
    charge = ask.charge
    targets = charge.targets[charge.position :]
    words = {
        Act.PREPARE: f"charge {charge.intent.amount:,} to {_in_turn(targets)}",
        Act.CAPTURE: f"charge {charge.intent.amount:,} to {_in_turn(targets)}, as was begun",
        Act.RETRIEVE: f"ask what became of attempt {charge.attempt}",
        Act.VOID: f"void attempt {charge.attempt}",
    }
    return _step(account, ask.act.value, charge.intent, targets, words[ask.act])


def _written(account: str, draft: Draft) -> Iterator[Step]:
    charges = {
        one.intent.id: one.intent for one in (*draft.standing.charges, *(draft.before or draft.standing).charges)
    }
    for event in draft.events:
        fact = event.fact
        if isinstance(fact, Planned):
            intent = charges[fact.intent]
            yield _step(account, "plan", intent, fact.targets, f"plan {intent.amount:,} to {_in_turn(fact.targets)}")
        elif isinstance(fact, Halted):
            halted = _step(account, "halt", charges[fact.intent], (), f"stop for a person: {fact.reason}")
            yield attrs.evolve(halted, needs_person=True)
        elif isinstance(fact, Changed) and isinstance(fact.change, CarryOver):
            text = "carry over to the next bill, being less than the provider charges"
            yield Step(account=account, does="carry over", charge=fact.change.intent, text=text)
        elif isinstance(fact, Changed) and isinstance(fact.change, PlanBill) and len(draft.events) == 1:
            yield Step(account=account, does="bill", text=f"bill {fact.change.cycle}, for which nothing is charged")


def _step(account: str, does: str, intent: Intent, targets: Sequence[Target], text: str) -> Step:
    sources = tuple(one.shown for one in targets)
    return Step(account=account, does=does, charge=intent.id, amount=intent.amount, sources=sources, text=text)


def _in_turn(targets: Sequence[Target]) -> str:
    return " and, where that is declined, to ".join(one.shown for one in targets) or "no source: it stays owed"
