"""The register: a rule by its id, and where it stands."""

import pytest

from licensebill.errors import InvalidValue
from licensebill.rules import RULES, Standing, rule


def test_a_rule_by_its_id() -> None:
    """With its standing, its document and its page."""
    found = rule("STO-2")
    assert (found.standing, found.document, found.page) == (Standing.STATED, "guide", "docs/rules/storage.md")
    assert found is RULES["STO-2"]


@pytest.mark.parametrize("wrong", ["STO-99", "", "sto-2", ["STO-2"], None])
def test_what_is_no_rule_is_refused(wrong: object) -> None:
    """The error says what an id looks like."""
    with pytest.raises(InvalidValue, match="must be a rule's id such as 'STO-2'"):
        rule(wrong)  # type: ignore[arg-type]
