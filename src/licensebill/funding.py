"""Funding: the sources that pay, in their order.

Four parts. `Source` is a card or a bank account, held as a provider's token; nothing here ever shows the token, or
repeats what could be a card number (FUN-1). `Funding` is the sources in order of rank, the first of them primary;
every transition gives a new one (FUN-2, FUN-3). `attempts` is the order in which a charge tries them (FUN-4, MIN-12).
`warnings` says what to see to (FUN-10). Two sources that take turns need nothing more than `make_primary` once a month
(FUN-6).

No charge is made here: carrying out the attempts belongs to `charging`. What an answer of the provider means is the
business of `outcomes`; who may change the sources, and how an account ends, of `administration`. Both sets of names
are passed on from here.
"""

import datetime
import enum
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, timedelta
from typing import ClassVar

import attrs

from licensebill._checks import MAX_TEXT, cardless_text, checked, day, distinct, instance, instant, tuple_of, whole
from licensebill.administration import CANCELLATION_TRANSITIONS as CANCELLATION_TRANSITIONS
from licensebill.administration import AlreadyCancelled as AlreadyCancelled
from licensebill.administration import BuyoutNeeded as BuyoutNeeded
from licensebill.administration import Cancellation as Cancellation
from licensebill.administration import CancellationEvent as CancellationEvent
from licensebill.administration import CancellationState as CancellationState
from licensebill.administration import NotAnAdministrator as NotAnAdministrator
from licensebill.administration import NotPermitted as NotPermitted
from licensebill.administration import cancellation as cancellation
from licensebill.administration import change_administrator as change_administrator
from licensebill.administration import check_permitted as check_permitted
from licensebill.administration import may as may
from licensebill.cycles import LAST_ANCHOR_DAY, InvalidPeriod, boundary
from licensebill.errors import InvalidValue, RuleViolation
from licensebill.explain import Explanation, Input, many
from licensebill.outcomes import CONSEQUENCES as CONSEQUENCES
from licensebill.outcomes import DELIVERIES as DELIVERIES
from licensebill.outcomes import Again as Again
from licensebill.outcomes import Case as Case
from licensebill.outcomes import Consequence as Consequence
from licensebill.outcomes import Declined as Declined
from licensebill.outcomes import DeclineKind as DeclineKind
from licensebill.outcomes import Delivery as Delivery
from licensebill.outcomes import NotCaptured as NotCaptured
from licensebill.outcomes import Outcome as Outcome
from licensebill.outcomes import Pending as Pending
from licensebill.outcomes import Returned as Returned
from licensebill.outcomes import Succeeded as Succeeded
from licensebill.outcomes import Unknown as Unknown
from licensebill.outcomes import Voided as Voided
from licensebill.outcomes import what_follows as what_follows
from licensebill.people import Person
from licensebill.terms import STANDARD
from licensebill.terms import BalanceAtEnd as BalanceAtEnd
from licensebill.terms import FundingTerms as FundingTerms
from licensebill.terms import Purpose as Purpose
from licensebill.terms import RechargeLimits as RechargeLimits

# --- one source ---------------------------------------------------------------------------------------------------

_LONGEST_TOKEN = 255  # what providers advise to reserve for an identifier
_LAST_DIGITS = 4
#: Sources that an error names.
_MOST_NAMED = 20
_FIRST_YEAR, _LAST_YEAR = 2000, date.max.year
_MONTHS = 12


class SourceKind(enum.Enum):
    """What pays (FUN-1)."""

    CARD = "credit card"
    BANK_ACCOUNT = "bank account (ACH)"


@attrs.frozen
class Expiry:
    """The month printed on a card; the card is valid through its last day.

    Args:
        year: four digits, from 2000.
        month: 1 to 12.

    Source: FUN-5.

    Example:
        >>> print(Expiry(2013, 11), Expiry(2024, 2).last_day)
        2013-11 2024-02-29
    """

    year: int = attrs.field(validator=checked(whole, _FIRST_YEAR, _LAST_YEAR))
    month: int = attrs.field(validator=checked(whole, 1, _MONTHS))

    @property
    def last_day(self) -> date:
        """The last day on which the card is valid."""
        return boundary(date(self.year, self.month, 1), 0, anchor_day=LAST_ANCHOR_DAY)

    def __str__(self) -> str:
        return f"{self.year}-{self.month:02d}"


def _token(place: str, value: object) -> None:
    if not isinstance(value, str):
        raise InvalidValue(place, "must be a text")
    cardless_text(place, value, _LONGEST_TOKEN)
    if not any(map(str.isalpha, value)):
        raise InvalidValue(place, "must be the provider's token, which has letters; a number could be an account's own")


def _last_four(place: str, value: object) -> None:
    if not isinstance(value, str) or len(value) != _LAST_DIGITS or not (value.isascii() and value.isdigit()):
        raise InvalidValue(place, f"must be a text of exactly {_LAST_DIGITS} digits")


@attrs.frozen(kw_only=True)
class Source:
    """A credit card or a bank account, as the payment provider's token for it.

    The number itself is never held: any field that could hold one is refused, and what was refused is not repeated.
    The token is as good as the number for whoever may use it, so it stays out of `repr` as well.

    Args:
        id: the caller's own, unique within the account; it stays when the source is replaced.
        kind: card or bank account.
        token: the provider's, at most 255 characters; a text without letters is refused.
        label: the card's brand or the bank's name.
        last_four: the last four digits, as a text.
        expiry: of a card; None for a bank account.
        holder: the agent who is authorized to use it.
        is_blocked: whether a decline ended its use until it is replaced.

    Raises:
        InvalidValue: a field that could hold a card number, a card without expiry, a bank account with one.

    Source: FUN-1.

    Example:
        >>> visa = Source(id="s1", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=Person("Ada", "Lovelace"))
        >>> print(visa)
        Visa ending in 1111
        >>> Source(id="s2", kind=SourceKind.BANK_ACCOUNT, token="4111 1111 1111 1111", label="First Bank",
        ...     last_four="6789", holder=Person("Ada", "Lovelace"))
        Traceback (most recent call last):
        licensebill.errors.InvalidValue: token: holds what could be a card number; it is not repeated here and must \
not be stored
    """

    id: str = attrs.field(validator=checked(cardless_text))
    kind: SourceKind = attrs.field(validator=checked(instance, SourceKind))
    token: str = attrs.field(validator=checked(_token), repr=lambda _: "(not shown)")
    label: str = attrs.field(validator=checked(cardless_text))
    last_four: str = attrs.field(validator=checked(_last_four))
    expiry: Expiry | None = attrs.field(default=None, validator=attrs.validators.optional(checked(instance, Expiry)))
    holder: Person = attrs.field(validator=checked(instance, Person))
    is_blocked: bool = attrs.field(default=False, validator=checked(instance, bool))

    def __attrs_post_init__(self) -> None:
        if (self.kind is SourceKind.CARD) is (self.expiry is None):
            raise InvalidValue("expiry", "must be given for a card, and only for a card")
        # the label could hold the rest of the number that the last four belong to
        cardless_text("label", f"{self.label} {self.last_four}", MAX_TEXT + 1 + _LAST_DIGITS)

    @property
    def last_day(self) -> date | None:
        """The last day on which it is valid, if nothing blocks it; None for a bank account, which does not expire."""
        return self.expiry.last_day if self.expiry is not None else None

    @property
    def masked(self) -> str:
        """The source as people see it: "Visa ending in 1111"."""
        return f"{self.label} ending in {self.last_four}"

    def __str__(self) -> str:
        return self.masked


class Hindrance(enum.Enum):
    """Why a source is not used; the first two make it invalid (FUN-2), the last passes by itself (MIN-12)."""

    BLOCKED = "blocked until it is replaced"
    EXPIRED = "expired"
    DECLINES = "declined too often lately"


def hindrance(source: Source, on: date) -> Hindrance | None:
    """What makes a source invalid on a day, or None if it is valid.

    Args:
        source: the source.
        on: the account's own calendar day.

    Source: FUN-2, FUN-5.
    """
    instance("source", source, Source)
    day("on", on)
    if source.is_blocked:
        return Hindrance.BLOCKED
    last = source.last_day
    if last is not None and on > last:
        return Hindrance.EXPIRED
    return None


def _reason(source: Source, found: Hindrance) -> str:
    return f"expired, its last day was {source.last_day}" if found is Hindrance.EXPIRED else found.value


def is_valid(source: Source, on: date) -> bool:
    """Whether a source is neither blocked nor expired on a day.

    A card is valid through the last day of its expiry month; the day is the account's own, which may be another one
    than the provider's.

    Args:
        source: the source.
        on: the account's own calendar day.

    Source: FUN-2, FUN-5.

    Example:
        >>> visa = Source(id="s1", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=Person("Ada", "Lovelace"))
        >>> is_valid(visa, date(2013, 11, 30)), is_valid(visa, date(2013, 12, 1))
        (True, False)
    """
    return hindrance(source, on) is None


# --- the sources of an account ------------------------------------------------------------------------------------


class UnknownSource(InvalidValue):
    """An id that belongs to no source of the account; those there are, are named."""

    code: ClassVar[str] = "unknown_source"


@attrs.frozen
class LastFundingSource(RuleViolation):
    """The only source cannot be removed."""

    code: ClassVar[str] = "last_funding_source"
    rule: ClassVar[str] = "FUN-2"

    source: str

    def __str__(self) -> str:
        return f"cannot remove {self.source}: it is the only funding source; add another one first (FUN-2)"


@attrs.frozen
class LastValidSource(RuleViolation):
    """The last valid source cannot be removed, although invalid ones would be left."""

    code: ClassVar[str] = "last_valid_source"
    rule: ClassVar[str] = "FUN-2"

    source: str
    on: date

    def __str__(self) -> str:
        return (
            f"cannot remove {self.source}: on {self.on} no other funding source is valid; add a valid one, or replace "
            "an invalid one, first (FUN-2)"
        )


@attrs.frozen
class SourceInUse(RuleViolation):
    """A source that an open charge may still use cannot be removed."""

    code: ClassVar[str] = "source_in_use"
    rule: ClassVar[str] = "FUN-2"

    source: str

    def __str__(self) -> str:
        return f"cannot remove {self.source}: an open charge uses it; wait until the charge is settled (FUN-2)"


@attrs.frozen
class SourceNotValid(RuleViolation):
    """An invalid source can be neither added nor made primary, and replaces none."""

    code: ClassVar[str] = "source_not_valid"
    rule: ClassVar[str] = "FUN-2"

    source: str
    reason: str
    on: date

    def __str__(self) -> str:
        return (
            f"cannot use {self.source} on {self.on}: it is {self.reason}; a source that is added, replaces another "
            "or becomes primary must be valid (FUN-2)"
        )


def _sources(place: str, value: object) -> tuple[Source, ...]:
    sources = tuple_of(place, value, Source)
    if not sources:
        raise InvalidValue(place, "must hold at least one funding source")
    distinct(place, [source.id for source in sources], "the source")
    if len({source.token for source in sources}) < len(sources):
        raise InvalidValue(place, "must not hold one token under two ids: that would be one source, tried twice")
    return sources


@attrs.frozen
class Funding:
    """The sources of an account in order of rank: the first is the primary, the others serve in their order.

    That exactly one is primary follows from the order; there is no mark that could be set twice or never. Validity is
    no condition of being here: time can end it.

    Args:
        sources: at least one; ids and tokens are unique.

    Raises:
        InvalidValue: no sources, an id or a token twice.

    Source: FUN-2, FUN-3.
    """

    sources: tuple[Source, ...] = attrs.field(validator=checked(_sources))

    @property
    def primary(self) -> Source:
        """The source that is charged by default."""
        return self.sources[0]

    @property
    def others(self) -> tuple[Source, ...]:
        """The secondary sources in their order; empty if the primary is the only one."""
        return self.sources[1:]

    def source(self, source_id: str) -> Source:
        """The source of an id.

        Raises:
            UnknownSource: there is none; the error names those there are.
        """
        instance("source", source_id, str)
        for source in self.sources:
            if source.id == source_id:
                return source
        known = ", ".join(source.id for source in self.sources[:_MOST_NAMED])
        more = len(self.sources) - _MOST_NAMED
        raise UnknownSource("source", f"must be one of {known}{f' and {more} more' if more > 0 else ''}")

    def valid(self, on: date) -> tuple[Source, ...]:
        """The sources valid on a day of the account, in order of rank.

        Source: FUN-2, FUN-5.
        """
        return tuple(source for source in self.sources if is_valid(source, on))


def _valid(source: Source, on: date) -> Source:
    found = hindrance(source, on)
    if found is not None:
        raise SourceNotValid(source.masked, _reason(source, found), on)
    return source


def setup(source: Source, *, on: date) -> Funding:
    """The first source of an account; it is the primary.

    Args:
        source: valid on the day.
        on: the account's own calendar day.

    Raises:
        SourceNotValid: the source is expired or blocked.

    Source: FUN-1, FUN-2.
    """
    return Funding((_valid(source, on),))


def add(funding: Funding, source: Source, *, on: date) -> Funding:
    """The funding with one source more, after the others.

    Args:
        funding: the sources so far.
        source: valid on the day, with an id and a token of its own.
        on: the account's own calendar day.

    Raises:
        SourceNotValid: the source is expired or blocked.
        InvalidValue: its id or its token is there already.

    Source: FUN-1, FUN-2.
    """
    instance("funding", funding, Funding)
    return Funding((*funding.sources, _valid(source, on)))


def remove(funding: Funding, source_id: str, *, on: date, in_use: Collection[str]) -> Funding:
    """The funding without one of its sources.

    An invalid source may go while any other is there, even if none of those is valid; a valid one may go only while
    another valid one is there. If the primary goes, the first valid source takes its place; the rest keep their order.

    Args:
        funding: the sources so far.
        source_id: the one to remove.
        on: the account's own calendar day.
        in_use: ids of the sources that open charges may still use; ids of no source of the account do no harm.

    Raises:
        UnknownSource: there is no such source.
        SourceInUse: an open charge uses it.
        LastFundingSource: it is the only one.
        LastValidSource: it is valid, and no other is.

    Source: FUN-2, FUN-3.

    Example:
        >>> holder = Person("Ada", "Lovelace")
        >>> visa = Source(id="visa", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=holder)
        >>> bank = Source(id="bank", kind=SourceKind.BANK_ACCOUNT, token="tok_bank", label="First Bank",
        ...     last_four="6789", holder=holder)
        >>> both = Funding((visa, bank))
        >>> print(remove(both, "visa", on=date(2013, 11, 30), in_use=()).primary)
        First Bank ending in 6789
        >>> remove(both, "bank", on=date(2013, 12, 1), in_use=())
        Traceback (most recent call last):
        licensebill.funding.LastValidSource: cannot remove First Bank ending in 6789: on 2013-12-01 no other funding \
source is valid; add a valid one, or replace an invalid one, first (FUN-2)
    """
    source = instance("funding", funding, Funding).source(source_id)
    if source.id in _ids("in_use", in_use):
        raise SourceInUse(source.masked)
    rest = tuple(other for other in funding.sources if other.id != source.id)
    if not rest:
        raise LastFundingSource(source.masked)
    valid = [other for other in rest if is_valid(other, on)]
    if is_valid(source, on) and not valid:
        raise LastValidSource(source.masked, on)
    if source is not funding.primary or not valid:
        return Funding(rest)
    return Funding((valid[0], *(other for other in rest if other is not valid[0])))


def _ids(place: str, value: object) -> Collection[str]:
    # a text is a collection of texts, too, and "card-1" is in "card-10"
    if isinstance(value, str) or not isinstance(value, Collection):
        raise InvalidValue(place, "must be a collection of source ids")
    for source_id in value:
        instance(place, source_id, str)
    return value


def replace(funding: Funding, source: Source, *, on: date) -> Funding:
    """The funding with the source of the same id exchanged in place: a renewed card, a new account.

    It keeps its id and its rank, and a block does not outlive what was declined. Presenting the blocked token with
    the same expiry again replaces nothing and is refused.

    Args:
        funding: the sources so far.
        source: what takes the place of the source of its id; of the same kind, valid on the day.
        on: the account's own calendar day.

    Raises:
        UnknownSource: no source has its id.
        InvalidValue: it is of another kind, or another source has its token.
        SourceNotValid: it is expired, or the blocked source itself.

    Source: FUN-3.
    """
    position = _position(funding, instance("source", source, Source).id)
    former = funding.sources[position]
    if source.kind is not former.kind:
        raise InvalidValue("source", f"must be a {former.kind.value} like the one it replaces; add it instead")
    is_same = (source.token, source.expiry) == (former.token, former.expiry)
    _valid(attrs.evolve(source, is_blocked=source.is_blocked or (is_same and former.is_blocked)), on)
    return Funding((*funding.sources[:position], source, *funding.sources[position + 1 :]))


def _position(funding: Funding, source_id: str) -> int:
    return instance("funding", funding, Funding).sources.index(funding.source(source_id))


def make_primary(funding: Funding, source_id: str, *, on: date) -> Funding:
    """The funding with a source and the primary in each other's place, at once; the others keep theirs.

    Done once a month, this makes two sources take turns. For the primary itself nothing changes.

    Args:
        funding: the sources so far.
        source_id: the new primary; valid on the day.
        on: the account's own calendar day.

    Raises:
        UnknownSource: there is no such source.
        SourceNotValid: it is expired or blocked, even if it is the primary already.

    Source: FUN-3, FUN-6.

    Example:
        >>> holder = Person("Ada", "Lovelace")
        >>> visa = Source(id="visa", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=holder)
        >>> mastercard = Source(id="mc", kind=SourceKind.CARD, token="tok_mc", label="MasterCard", last_four="4444",
        ...     expiry=Expiry(2021, 12), holder=holder)
        >>> for source in make_primary(Funding((visa, mastercard)), "mc", on=date(2013, 10, 31)).sources:
        ...     print(source)
        MasterCard ending in 4444
        Visa ending in 1111
    """
    position = _position(funding, source_id)
    ranked = list(funding.sources)
    ranked[position], ranked[0] = ranked[0], _valid(ranked[position], on)
    return Funding(tuple(ranked))


def block(funding: Funding, source_id: str, *, token: str | None = None) -> Funding:
    """The funding with a source that is not used again until it is replaced.

    A decline is a fact, no change that the customer asked for: it may block even the last valid source, which is then
    warned of.

    Args:
        funding: the sources so far.
        source_id: the source that was declined or returned for good.
        token: the token that was charged; if the source has been replaced since, it stays as it is. None blocks it
            whatever its token.

    Raises:
        UnknownSource: there is no such source.

    Source: FUN-2, FUN-9.
    """
    position = _position(funding, source_id)
    source = funding.sources[position]
    if token is not None:
        instance("token", token, str)
    if token is not None and token != source.token:
        return funding
    blocked = attrs.evolve(source, is_blocked=True)
    return Funding((*funding.sources[:position], blocked, *funding.sources[position + 1 :]))


# --- the order of attempts ----------------------------------------------------------------------------------------

#: What a source other than the primary may be named for.
MAY_NAME_A_SOURCE = frozenset({Purpose.MINUTES, Purpose.RECHARGE, Purpose.SERVICE})

_CHARGED = {
    Purpose.BILL: "the monthly bill",
    Purpose.LICENSES: "licenses",
    Purpose.SERVICE: "a service",
    Purpose.MINUTES: "dialer minutes",
    Purpose.RECHARGE: "an automatic recharge",
}


@attrs.frozen
class PrimaryOnly(RuleViolation):
    """A source was named for what the primary always pays."""

    code: ClassVar[str] = "primary_only"
    rule: ClassVar[str] = "FUN-4"

    charged: str

    def __str__(self) -> str:
        return (
            f"cannot name a source for {self.charged}: the primary is charged, and the others serve only if a problem "
            "occurs with it; make the other source primary first (FUN-4)"
        )


@attrs.frozen
class Decline:
    """A try that a source declined, whether soft, hard or for want of the customer's action.

    Args:
        source_id: the source.
        at: when, with a time zone.

    Source: MIN-12.
    """

    source_id: str = attrs.field(validator=checked(cardless_text))
    at: datetime.datetime = attrs.field(validator=checked(instant))


@attrs.frozen(kw_only=True)
class LeftOut:
    """A source that a charge does not try.

    Args:
        source: the source.
        hindrance: why.
        declines: its declines in the longer window in UTC, latest first; empty for another hindrance.
        until: the first instant at which the decline limits allow it again; None for another hindrance.
    """

    source: Source
    hindrance: Hindrance
    declines: tuple[datetime.datetime, ...] = ()
    until: datetime.datetime | None = None


@attrs.frozen(kw_only=True)
class Attempts:
    """The sources that a charge tries, one after the other, and those it leaves out.

    Args:
        funding: the sources of the account.
        purpose: what the charge is for.
        named: the id of the source named for it, if any.
        on: the account's own calendar day.
        limits: the decline limits applied.
        order: the sources to try; may be empty.
        left_out: the others, in the order in which they would have been tried.
    """

    funding: Funding
    purpose: Purpose
    named: str | None
    on: date
    limits: RechargeLimits
    order: tuple[Source, ...]
    left_out: tuple[LeftOut, ...]

    @property
    def next_possible(self) -> datetime.datetime | None:
        """The first instant at which a source left out now may be tried again; None if none will by time alone."""
        return min((left.until for left in self.left_out if left.until is not None), default=None)

    def explanation(self) -> Explanation:
        """Why each source comes where it comes, or is left out.

        Source: FUN-4, FUN-5, MIN-12, BIL-5.
        """
        return Explanation(
            figure=f"order of attempts for {_CHARGED[self.purpose]}",
            value=", then ".join(source.masked for source in self.order) or "no source",
            rules=("FUN-4",),
            because="A source named for it comes first, then the primary, then the others in order; "
            "what is not valid, or was declined too often lately, is left out.",
            inputs=(Input("day", str(self.on)),),
            parts=(*self._tried(), *map(self._not_tried, self.left_out)),
        )

    def _tried(self) -> Iterator[Explanation]:
        for number, source in enumerate(self.order, 1):
            yield Explanation(
                figure=source.masked, value=f"attempt {number}", rules=("FUN-4",), because=self._rank(source)
            )

    def _rank(self, source: Source) -> str:
        if source.id == self.named:
            return f"It is named for {_CHARGED[self.purpose]}."
        if source.id == self.funding.primary.id:
            return "It is the primary."
        return "It serves if a problem occurs with those before it."

    def _not_tried(self, left: LeftOut) -> Explanation:
        limits, because = self.limits, f"It is {_reason(left.source, left.hindrance)}."
        if left.until is not None:
            because = (
                f"It was {left.hindrance.value}: allowed are {many(limits.declines, 'decline')} in "
                f"{many(limits.decline_days, 'day')} and {limits.declines_per_day} in 24 hours. "
                f"It may be tried again from {left.until.isoformat()}."
            )
        return Explanation(
            figure=left.source.masked,
            value="left out",
            rules=("FUN-4", _LEFT_OUT_BY[left.hindrance]),
            because=because,
            inputs=tuple(Input("declined", at.isoformat()) for at in left.declines),
        )


_LEFT_OUT_BY = {Hindrance.BLOCKED: "FUN-2", Hindrance.EXPIRED: "FUN-5", Hindrance.DECLINES: "MIN-12"}


def attempts(
    funding: Funding,
    *,
    purpose: Purpose,
    on: date,
    named: str | None = None,
    declines: Iterable[Decline] = (),
    at: datetime.datetime | None = None,
    limits: RechargeLimits = STANDARD.limits,
) -> Attempts:
    """The sources that a charge tries: the one named for it, the primary, the others in order.

    Left out is what is not valid, and what was declined as often as the limits allow: a window is half-open, so that
    a source declined once may be tried again exactly 24 hours later. A decline after `at` counts: clocks differ.
    The order may be empty; that is no error but a charge that waits.

    Args:
        funding: the sources of the account.
        purpose: what the charge is for; a source may be named for minutes, a recharge and a service only.
        on: the account's own calendar day.
        named: the id of a source named for this charge; it may be the primary.
        declines: of any sources, in any order; those of what a replaced source was before are not its own any more
            and are to be left out by the caller.
        at: the instant of the first attempt; may be missing if there are no declines to compare it with.
        limits: at most so many declines of a source in so many days, and in 24 hours.

    Raises:
        PrimaryOnly: a source is named for the monthly bill or for licenses.
        UnknownSource: there is no such source.
        InvalidValue: declines without `at`, or an argument of another type.

    Source: FUN-4, FUN-5, MIN-12.

    Example:
        >>> holder = Person("Ada", "Lovelace")
        >>> visa = Source(id="visa", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=holder)
        >>> bank = Source(id="bank", kind=SourceKind.BANK_ACCOUNT, token="tok_bank", label="First Bank",
        ...     last_four="6789", holder=holder)
        >>> print(attempts(Funding((visa, bank)), purpose=Purpose.MINUTES, named="bank", on=date(2013, 11, 30))
        ...     .explanation().as_text())
        order of attempts for dialer minutes: First Bank ending in 6789, then Visa ending in 1111 [FUN-4]
          A source named for it comes first, then the primary, then the others in order; what is not valid, or was \
declined too often lately, is left out.
          day: 2013-11-30
          First Bank ending in 6789: attempt 1 [FUN-4]
            It is named for dialer minutes.
          Visa ending in 1111: attempt 2 [FUN-4]
            It is the primary.
    """
    if named is not None:
        instance("named", named, str)
    ranked = _ranked(funding, instance("purpose", purpose, Purpose), named)
    instance("limits", limits, RechargeLimits)
    declined = _declined(declines, at)
    left = {source.id: _left_out(source, on, declined.get(source.id, ()), at, limits) for source in ranked}
    return Attempts(
        funding=funding,
        purpose=purpose,
        named=named,
        on=on,
        limits=limits,
        order=tuple(source for source in ranked if left[source.id] is None),
        left_out=tuple(one for one in left.values() if one is not None),
    )


def _ranked(funding: Funding, purpose: Purpose, named: str | None) -> tuple[Source, ...]:
    instance("funding", funding, Funding)
    if named is None:
        return funding.sources
    if purpose not in MAY_NAME_A_SOURCE:
        raise PrimaryOnly(_CHARGED[purpose])
    first = funding.source(named)
    return (first, *(source for source in funding.sources if source is not first))


def _declined(declines: Iterable[Decline], at: datetime.datetime | None) -> Mapping[str, Sequence[datetime.datetime]]:
    """The instants of the declines in UTC by source, latest first."""
    found: dict[str, list[datetime.datetime]] = {}
    for position, decline in enumerate(instance("declines", declines, Iterable)):  # type: ignore[type-abstract]
        instance(f"declines[{position}]", decline, Decline)
        # in UTC, as a day added in a zone of its own would follow its clocks and not be 24 hours
        found.setdefault(decline.source_id, []).append(decline.at.astimezone(UTC))
    if at is not None:
        instant("at", at)
    elif found:
        raise InvalidValue("at", "must be given where there are declines to compare it with")
    return {source_id: sorted(instants, reverse=True) for source_id, instants in found.items()}


def _left_out(
    source: Source,
    on: date,
    latest_first: Sequence[datetime.datetime],
    at: datetime.datetime | None,
    limits: RechargeLimits,
) -> LeftOut | None:
    invalid = hindrance(source, on)
    if invalid is not None:
        return LeftOut(source=source, hindrance=invalid)
    until = _allowed_from(latest_first, limits)
    if at is None or until is None or until <= at:
        return None
    counted = tuple(earlier for earlier in latest_first if (at - earlier).days < limits.decline_days)
    return LeftOut(source=source, hindrance=Hindrance.DECLINES, declines=counted, until=until)


def _allowed_from(latest_first: Sequence[datetime.datetime], limits: RechargeLimits) -> datetime.datetime | None:
    """The instant from which both limits allow a try; None if there never were enough declines to reach one."""
    reached = [
        _later(latest_first[limit - 1], days)
        for limit, days in ((limits.declines, limits.decline_days), (limits.declines_per_day, 1))
        if len(latest_first) >= limit
    ]
    return max(reached, default=None)


def _later(at: datetime.datetime, days: int) -> datetime.datetime:
    try:
        return at + timedelta(days=days)
    except OverflowError:
        raise InvalidPeriod("declines", f"{many(days, 'day')} after {at} lies outside the calendar") from None


# --- warnings -----------------------------------------------------------------------------------------------------


class WarningCode(enum.Enum):
    """What is wrong with the sources, or soon will be (FUN-10)."""

    NONE_VALID = "none_valid"
    BLOCKED = "blocked"
    EXPIRED = "expired"
    EXPIRES_SOON = "expires_soon"
    NO_SECOND_SOURCE = "no_second_source"


@attrs.frozen(kw_only=True)
class SourceWarning:
    """Something that the billing administrator should see to.

    Args:
        code: for programs.
        text: for people.
        source: the source concerned; None if it is all of them.
        days_left: days after this one on which a source that expires soon is still valid; None for another warning.
    """

    code: WarningCode
    text: str
    source: Source | None = None
    days_left: int | None = None

    def __str__(self) -> str:
        return self.text


def warnings(funding: Funding, *, on: date, terms: FundingTerms = STANDARD.funding) -> tuple[SourceWarning, ...]:
    """What to see to: no valid source; each that is blocked, expired or expires soon; no second source.

    A card is warned of once its last day is `expiry_warning_days` away or less; on the last day itself none are left.

    Args:
        funding: the sources of the account.
        on: the account's own calendar day.
        terms: how many days ahead expiry is warned of.

    Returns:
        the warnings, the gravest first, sources in order of rank; empty if all is well.

    Source: FUN-2, FUN-10.

    Example:
        >>> visa = Source(id="s1", kind=SourceKind.CARD, token="tok_visa", label="Visa", last_four="1111",
        ...     expiry=Expiry(2013, 11), holder=Person("Ada", "Lovelace"))
        >>> for warning in warnings(Funding((visa,)), on=date(2013, 10, 31)):
        ...     print(warning.code.value, "-", warning)
        expires_soon - Visa ending in 1111 expires in 30 days, after 2013-11-30; replace it in time.
        no_second_source - There is no second funding source; add one to be charged if the first is declined.
    """
    instance("funding", funding, Funding)
    instance("terms", terms, FundingTerms)
    return (
        *(() if funding.valid(on) else (_NONE_VALID,)),
        *(warning for source in funding.sources for warning in _warnings_of(source, on, terms)),
        *(() if funding.others else (_NO_SECOND_SOURCE,)),
    )


_NONE_VALID = SourceWarning(
    code=WarningCode.NONE_VALID,
    text="No funding source is valid; nothing can be charged until one is added or replaced.",
)
_NO_SECOND_SOURCE = SourceWarning(
    code=WarningCode.NO_SECOND_SOURCE,
    text="There is no second funding source; add one to be charged if the first is declined.",
)


def _warnings_of(source: Source, on: date, terms: FundingTerms) -> Iterator[SourceWarning]:
    found = hindrance(source, on)
    if found is not None:
        text = f"{source} is {_reason(source, found)}; replace it."
        yield SourceWarning(code=_WARNED_AS[found], text=text, source=source)
    elif source.last_day is not None and (left := (source.last_day - on).days) <= terms.expiry_warning_days:
        when = f"in {many(left, 'day')}, after {source.last_day}" if left else "today"
        text = f"{source} expires {when}; replace it in time."
        yield SourceWarning(code=WarningCode.EXPIRES_SOON, text=text, source=source, days_left=left)


_WARNED_AS = {Hindrance.BLOCKED: WarningCode.BLOCKED, Hindrance.EXPIRED: WarningCode.EXPIRED}
