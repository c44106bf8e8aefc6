"""The sources of an account over years of changes, against a model of plain lists and months."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import attrs
from dateutil.relativedelta import relativedelta
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, initialize, invariant, rule

from licensebill import funding
from licensebill.errors import LicenseBillError
from licensebill.funding import Expiry, Funding, Source, SourceKind, WarningCode, attempts, warnings
from licensebill.people import Person
from licensebill.terms import Purpose

ADA = Person("Ada", "Lovelace")


@attrs.define
class Modelled:
    """A source as the model sees it: until when it is valid, and whether it is blocked."""

    id: str
    token: str
    months: int | None  # of its expiry since the year 0; None for a bank account
    blocked: bool = False

    def valid(self, on: date) -> bool:
        """Neither blocked nor past its month."""
        return not self.blocked and (self.months is None or self.months >= on.year * 12 + on.month - 1)


class SourcesOverTime(RuleBasedStateMachine):
    """Whatever is asked for in whatever order, the sources are those of the model, and so is every refusal."""

    ids = Bundle("ids")

    def __init__(self) -> None:
        super().__init__()
        self.on = date(2026, 1, 31)
        self.model: list[Modelled] = []
        self.funding: Funding
        self.made = 0

    # --- what the model says ------------------------------------------------------------------------------------

    def found(self, source_id: str) -> Modelled | None:
        """The model's source of an id, which may have been removed since."""
        return next((source for source in self.model if source.id == source_id), None)

    def new(self, source_id: str, months_ahead: int | None) -> tuple[Source, Modelled]:
        """A source with a token never seen before, and its model."""
        self.made += 1
        token = f"tok_{self.made}"
        month = None if months_ahead is None else self.on.replace(day=1) + relativedelta(months=months_ahead)
        source = Source(
            id=source_id,
            kind=SourceKind.BANK_ACCOUNT if month is None else SourceKind.CARD,
            token=token,
            label="Bank" if month is None else "Card",
            last_four=f"{self.made:04d}",
            expiry=None if month is None else Expiry(month.year, month.month),
            holder=ADA,
        )
        return source, Modelled(source_id, token, None if month is None else month.year * 12 + month.month - 1)

    def expect(self, refusal: str | None, change: Callable[[], Funding], then: Callable[[], Any]) -> None:
        """The change is refused with that code and changes nothing, or accepted, and the model follows."""
        try:
            self.funding = change()
        except LicenseBillError as refused:
            code: str | None = refused.code
        else:
            code = None
            then()
        assert code == refusal

    # --- what is asked for --------------------------------------------------------------------------------------

    @initialize(months_ahead=st.sampled_from([None, 0, 12]), target=ids)
    def set_up(self, months_ahead: int | None) -> str:
        """The first source."""
        source, modelled = self.new("source-0", months_ahead)
        self.funding = funding.setup(source, on=self.on)
        self.model = [modelled]
        return source.id

    @rule(months_ahead=st.sampled_from([None, -1, 0, 1, 36]), target=ids)
    def add(self, months_ahead: int | None) -> str:
        """A new source, valid or expired."""
        source, modelled = self.new(f"source-{self.made}", months_ahead)
        self.expect(
            None if modelled.valid(self.on) else "source_not_valid",
            lambda: funding.add(self.funding, source, on=self.on),
            lambda: self.model.append(modelled),
        )
        return source.id

    @rule(source_id=ids, in_use=st.lists(ids, max_size=2))
    def remove(self, source_id: str, in_use: list[str]) -> None:
        """A source, while open charges use some."""
        source = self.found(source_id)
        rest = [other for other in self.model if other is not source]
        first_valid = next((other for other in rest if other.valid(self.on)), None)
        if source is None:
            refusal: str | None = "unknown_source"
        elif source_id in in_use:
            refusal = "source_in_use"
        elif not rest:
            refusal = "last_funding_source"
        elif source.valid(self.on) and first_valid is None:
            refusal = "last_valid_source"
        else:
            refusal = None
        if source is self.model[0] and first_valid is not None:
            rest.remove(first_valid)
            rest.insert(0, first_valid)
        self.expect(
            refusal,
            lambda: funding.remove(self.funding, source_id, on=self.on, in_use=in_use),
            lambda: setattr(self, "model", rest),
        )

    @rule(source_id=ids, months_ahead=st.sampled_from([-1, 0, 24]))
    def replace(self, source_id: str, months_ahead: int) -> None:
        """A source by one of its kind."""
        former = self.found(source_id)
        is_bank = former is not None and former.months is None
        source, modelled = self.new(source_id, None if is_bank else months_ahead)
        if former is None:
            refusal: str | None = "unknown_source"
        else:
            refusal = None if modelled.valid(self.on) else "source_not_valid"
        self.expect(
            refusal,
            lambda: funding.replace(self.funding, source, on=self.on),
            lambda: self.model.__setitem__(self.model.index(former), modelled) if former else None,
        )

    @rule(source_id=ids)
    def make_primary(self, source_id: str) -> None:
        """A source, the present primary among them."""
        source = self.found(source_id)
        if source is None:
            refusal: str | None = "unknown_source"
        else:
            refusal = None if source.valid(self.on) else "source_not_valid"

        def swap() -> None:
            other = [one.id for one in self.model].index(source_id)
            self.model[0], self.model[other] = self.model[other], self.model[0]

        self.expect(refusal, lambda: funding.make_primary(self.funding, source_id, on=self.on), swap)

    @rule(source_id=ids, is_late=st.booleans())
    def hard_decline(self, source_id: str, is_late: bool) -> None:
        """Of the token a source has, or of one it had before."""
        source = self.found(source_id)
        token = source.token if source is not None and not is_late else "tok_former"
        self.expect(
            None if source is not None else "unknown_source",
            lambda: funding.block(self.funding, source_id, token=token),
            lambda: None if source is None or is_late else setattr(source, "blocked", True),
        )

    @rule(source_id=consumes(ids))
    def forget(self, source_id: str) -> None:
        """An id, so that others are asked for more often."""

    @rule(days=st.sampled_from([1, 27, 28, 31, 365]))
    def pass_time(self, days: int) -> None:
        """Days, months, a year."""
        self.on += timedelta(days)

    # --- what holds at any time ---------------------------------------------------------------------------------

    @invariant()
    def the_sources_are_those_of_the_model(self) -> None:
        """The same, in the same order, each with its token and its block; the first is primary, and there is one."""
        found = [(source.id, source.token, source.is_blocked) for source in self.funding.sources]
        assert found == [(source.id, source.token, source.blocked) for source in self.model]
        assert self.funding.primary.id == self.model[0].id

    @invariant()
    def what_is_valid_is_tried_in_order(self) -> None:
        """A bill tries what the model calls valid; if that is nothing, the first warning says so."""
        expected = [source.id for source in self.model if source.valid(self.on)]
        found = attempts(self.funding, purpose=Purpose.BILL, on=self.on)
        assert [source.id for source in found.order] == expected
        codes = [warning.code for warning in warnings(self.funding, on=self.on)]
        assert (WarningCode.NONE_VALID in codes) is (not expected)


TestSourcesOverTime = SourcesOverTime.TestCase
