"""What every gateway to a payment provider must do, as tests for those who write one.

`TwoPhaseSuite` holds a gateway to the promises of `protocols.TwoPhaseGateway`, `KeyedSuite` to those of
`protocols.KeyedGateway`. Subclass one in a test module, say how the gateway is opened, which sources of the provider
behave in which way, and what the provider itself has recorded as captured; pytest finds the checks:

    class TestMyGateway(TwoPhaseSuite):
        def setup_method(self):
            self.sandbox = new_sandbox()

        def open_gateway(self):
            return MyGateway(self.sandbox.url)

        def target(self, wanted):
            return {Wanted.PAYS: GOOD_CARD, Wanted.DECLINES: EMPTY_CARD}.get(wanted)

        def captured(self, reference):
            return [one.amount for one in self.sandbox.payments() if one.reference == reference]

Where the provider's time can be turned and its connection be disturbed, `pass_time` and `arrange` say how; checks that
need what there is not are passed over. No check uses a reference of another one. The checks are plain asserts and need
no test framework: `failed_checks` runs them by itself. A few let threads race, and could by luck pass a gateway that
fails in a race; none fails one that keeps its promises.
"""

import datetime
import enum
import itertools
import unittest
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from typing import Any, ClassVar

import attrs

from licensebill._checks import MAX_TEXT
from licensebill.charging import check_safe
from licensebill.events import Prepared, Target, outcome
from licensebill.money import Money
from licensebill.outcomes import (
    Declined,
    DeclineKind,
    NotCaptured,
    Outcome,
    Pending,
    Returned,
    Succeeded,
    Unknown,
    Voided,
)
from licensebill.protocols import KeyedGateway, NotSent, Request, RequestRejected, TwoPhaseGateway
from licensebill.terms import Purpose
from licensebill.testing.suites import Suite, refused, together
from licensebill.testing.suites import failed_checks as failed_checks

_DAY = datetime.date(2026, 12, 1)
_NOON = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
_SECOND = timedelta(seconds=1)
_NUMBERS = itertools.count(1)


class Wanted(enum.Enum):
    """How a source behaves that a suite asks for."""

    PAYS = "pays at once"
    DECLINES = "is declined, and may be tried again later"
    DECLINES_AT_FIRST = "is declined, and would pay if the provider tried the same charge again"
    DECLINES_FOR_GOOD = "is declined as stolen, closed or the like"
    NEEDS_ACTION = "is declined until the customer has acted"
    PAYS_LATER = "is pending for some time and pays then"
    FAILS_LATER = "is pending for some time and is declined then"
    TAKES_BACK = "is pending for some time, pays, and takes it back later"
    UNKNOWN = "is not known to the provider"


class Trouble(enum.Enum):
    """What happens to the next request to the provider."""

    NOT_SENT = "refused before it is begun, such as with 429, or never connected"
    REQUEST_LOST = "lost on the way: nothing is done, and no answer comes"
    REPLY_LOST = "done, but its answer is lost"
    LATE = "no answer comes; it arrives and is done later"


def _unheard(call: Callable[[], object]) -> None:
    """No answer came, and the gateway says so: by `Unknown`, or an error that claims nothing."""
    try:
        answer = call()
    except (NotSent, RequestRejected) as claimed:
        raise AssertionError(f"no answer came, and yet it claims that nothing was done: {claimed!r}") from claimed
    except Exception:  # noqa: BLE001 - whatever it is, it is no answer
        return
    assert answer == Unknown(), f"no answer came, and yet it is {answer!r}"


def _tried(call: Callable[[], object]) -> object:
    """What it gives, or raises."""
    try:
        return call()
    except Exception as raised:  # noqa: BLE001 - looked at by the check
        return raised


class _GatewaySuite(Suite, ABC):
    """What both kinds of gateway promise, and how they are opened and disturbed."""

    #: Begins the accounts' names; for a sandbox that outlives the run, one that no run before has used.
    ACCOUNT: ClassVar[str] = "acme"
    #: What is charged; leave out the currencies that the provider does not take.
    AMOUNTS: ClassVar[tuple[str, ...]] = (
        *("20.00 USD", "0.57 USD", "1.15 USD", "4.35 USD", "1010.10 USD"),  # as floats some are a cent less
        *("500 JPY", "1.230 KWD"),
    )
    #: After so long a pending charge has succeeded or failed, and after so long again one that is taken back was.
    PENDING: ClassVar[timedelta] = timedelta(days=4)
    TAKEN_BACK: ClassVar[timedelta] = timedelta(days=60)
    #: After so long a request under `Trouble.LATE` has arrived.
    LATE: ClassVar[timedelta] = timedelta(hours=3)
    #: What stays unknown goes to a person: a look-up need not be strong then.
    PERSON_DECIDES: ClassVar[bool] = False
    #: How often the checks that let threads race do so.
    ROUNDS: ClassVar[int] = 5

    @abstractmethod
    def open_gateway(self) -> Any:  # noqa: ANN401 - of either kind
        """A gateway to one and the same account at the provider, as another worker has it.

        Called several times in a check; what has a method `close` is closed after it.
        """

    @abstractmethod
    def target(self, wanted: Wanted) -> Target | None:
        """A source that behaves so; None if the provider has none. There must be one that pays at once."""

    @abstractmethod
    def captured(self, reference: str) -> Sequence[Money]:
        """What the provider's own record says was captured for a reference, also if it was taken back later."""

    def pass_time(self, duration: timedelta) -> bool:  # noqa: ARG002 - for those who override it
        """Let time go by, at the provider and for the gateway.

        Returns:
            False where the provider's time cannot be turned; checks that need it are passed over.
        """
        return False

    def arrange(self, trouble: Trouble) -> bool:  # noqa: ARG002 - for those who override it
        """Let the next request to the provider meet with trouble.

        Returns:
            False where that cannot be done; checks that need it are passed over.
        """
        return False

    # how both kinds are used

    @abstractmethod
    def _begin(self, gateway: Any, request: Request) -> str:  # noqa: ANN401 - see above
        """What an attempt is known by from now on."""

    @abstractmethod
    def _charge(self, gateway: Any, ref: str, request: Request) -> Outcome:  # noqa: ANN401 - see above
        """Ask for the money."""

    @abstractmethod
    def _look(self, gateway: Any, ref: str) -> Outcome:  # noqa: ANN401 - see above
        """What has become of it."""

    # --- what it says of itself ---

    def test_its_capabilities_suffice(self) -> None:
        """What it promises is enough to charge once; the executor refuses to begin otherwise."""
        check_safe(self._open().capabilities, person_decides=self.PERSON_DECIDES)

    def test_the_smallest_charge_is_charged(self) -> None:
        """What it names as the least is payable, is named once a currency, and is not too small for the provider."""
        gateway, currencies = self._open(), {one.split()[1] for one in self.AMOUNTS}
        smallest = gateway.capabilities.smallest_charges
        assert len({one.currency for one in smallest}) == len(smallest), "a currency is named twice"
        for amount in (one for one in smallest if one.currency in currencies):
            self._pays(gateway, self._request(amount=amount))

    # --- charging ---

    def test_what_is_asked_is_captured(self) -> None:
        """The amount and the currency, to the minor unit, whether that has no, two or three decimals."""
        gateway = self._open()
        for amount in self.AMOUNTS:
            self._pays(gateway, self._request(amount=Money.parse(*amount.split())))

    def test_asked_again_it_captures_nothing_more(self) -> None:
        """However often the same is asked, one attempt captures once, and is answered the same."""
        gateway, request = self._open(), self._request()
        ref = self._pays(gateway, request)
        for _ in range(3):
            assert isinstance(self._charge(gateway, ref, request), Succeeded)
        self._is_captured_once(request)

    def test_asked_by_several_at_once_it_captures_once(self) -> None:
        """Two workers ask for the same attempt at the same moment; neither hears that it came to nothing."""
        for _ in range(self.ROUNDS):
            gateways, request = [self._open(), self._open()], self._request()
            ref = self._begin(gateways[0], request)
            for answer in together(*(self._asking(one, ref, request) for one in gateways)):
                wrong = RequestRejected | Declined | Voided | NotCaptured | Returned
                assert not isinstance(answer, wrong), f"the money moved, and one was answered {answer!r}"
            assert isinstance(self._look(gateways[0], ref), Succeeded)
            self._is_captured_once(request)

    def test_looking_changes_nothing(self) -> None:
        """Before the money is asked for it is not captured, and afterwards it is, however often one looks."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        for _ in range(3):
            assert self._look(gateway, ref) == NotCaptured()
        assert list(self.captured(request.reference)) == []
        self._charge(gateway, ref, request)
        for _ in range(3):
            assert isinstance(self._look(gateway, ref), Succeeded)
        self._is_captured_once(request)

    def test_what_one_worker_began_another_finishes(self) -> None:
        """Nothing is kept in the gateway itself: a worker may end between any two calls."""
        request = self._request()
        ref = self._begin(self._open(), request)
        assert isinstance(self._charge(self._open(), ref, request), Succeeded)
        assert isinstance(self._look(self._open(), ref), Succeeded)
        assert isinstance(self._charge(self._open(), ref, request), Succeeded)
        self._is_captured_once(request)

    def test_attempts_are_apart(self) -> None:
        """Of two attempts, one of whose references begins with the other's, each is charged and found by itself."""
        gateway, first = self._open(), self._request()
        eleventh = attrs.evolve(first, reference=f"{first.reference}1")
        refs = [self._begin(gateway, one) for one in (first, eleventh)]
        assert refs[0] != refs[1]
        self._charge(gateway, refs[1], eleventh)
        assert self._look(gateway, refs[0]) == NotCaptured()
        assert list(self.captured(first.reference)) == []
        self._charge(gateway, refs[0], first)
        self._is_captured_once(first)
        self._is_captured_once(eleventh)

    def test_names_of_any_script_are_taken(self) -> None:
        """Accounts, and with them references, hold characters of any script and differ by case alone."""
        gateway, number = self._open(), next(_NUMBERS)
        endings = ("a", "A", "é", "アクメ", "🙂", "'\"%&=;_\\")
        requests = [self._request(account=f"{self.ACCOUNT}-{number}-{ending}", ordinal=1) for ending in endings]
        for request in requests:
            self._pays(gateway, request)
        for request in requests:
            self._is_captured_once(request)

    def test_the_longest_reference_is_taken(self) -> None:
        """It has as many characters as a reference may have."""
        request = self._request()
        account = request.account + "a" * (MAX_TEXT - len(request.reference))
        reference = request.reference.replace(request.account, account, 1)
        self._pays(self._open(), attrs.evolve(request, account=account, reference=reference))

    # --- declines ---

    def test_declines_are_told_apart(self) -> None:
        """A decline is an answer, with a code and what it means for the source; no money has moved."""
        kinds = {
            Wanted.DECLINES: DeclineKind.SOFT,
            Wanted.DECLINES_FOR_GOOD: DeclineKind.HARD,
            Wanted.NEEDS_ACTION: DeclineKind.ACTION_REQUIRED,
        }
        gateway = self._open()
        for wanted in self._there(kinds):
            request = self._request(wanted)
            ref = self._begin(gateway, request)
            answer = self._charge(gateway, ref, request)
            assert isinstance(answer, Declined), f"it is {answer!r}"
            assert answer.kind is kinds[wanted], f"it is {answer!r}"
            self._is_still_declined(gateway, ref, answer)
            assert list(self.captured(request.reference)) == []

    def test_a_decline_stays_one(self) -> None:
        """Asked again for the same attempt it is declined again."""
        gateway, request = self._open(), self._request(Wanted.DECLINES)
        ref = self._begin(gateway, request)
        for _ in range(3):
            assert isinstance(self._charge(gateway, ref, request), Declined)
        assert list(self.captured(request.reference)) == []

    def test_a_request_that_is_wrong_is_no_decline(self) -> None:
        """Another source would meet the same: it is `RequestRejected`, and nothing is charged."""
        gateway, request = self._open(), self._request(Wanted.UNKNOWN)
        with refused(RequestRejected):
            self._charge(gateway, self._begin(gateway, request), request)
        assert list(self.captured(request.reference)) == []

    # --- what takes days ---

    def test_a_pending_charge_succeeds(self) -> None:
        """Until then it is pending, asked again it is not made again, and only then it counts as captured."""
        gateway, request = self._open(), self._request(Wanted.PAYS_LATER)
        ref = self._begin(gateway, request)
        assert self._charge(gateway, ref, request) == Pending()
        assert self._look(gateway, ref) == Pending() == self._charge(gateway, ref, request)
        assert list(self.captured(request.reference)) == []
        self._pass(self.PENDING)
        self._is_paid(self._look(gateway, ref), request)
        self._is_captured_once(request)

    def test_a_pending_charge_fails(self) -> None:
        """Then it is declined, and no money has moved."""
        gateway, request = self._open(), self._request(Wanted.FAILS_LATER)
        ref = self._begin(gateway, request)
        assert self._charge(gateway, ref, request) == Pending()
        self._pass(self.PENDING)
        answer = self._look(gateway, ref)
        assert isinstance(answer, Declined), f"it is {answer!r}"
        assert list(self.captured(request.reference)) == []

    def test_a_payment_is_taken_back(self) -> None:
        """Whoever looks later learns of it, with the bank's code; asked again it charges nothing."""
        gateway, request = self._open(), self._request(Wanted.TAKES_BACK)
        ref = self._taken_back(gateway, request)
        answer = self._look(gateway, ref)
        assert isinstance(answer, Returned), f"it is {answer!r}"
        assert self._look(gateway, ref) == answer
        self._is_captured_once(request)

    # --- when the connection fails ---

    def test_what_was_not_sent_has_no_effect(self) -> None:
        """It is `NotSent`, whatever was asked; and the same request is taken later."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        self._arrange(Trouble.NOT_SENT)
        with refused(NotSent):
            self._charge(gateway, ref, request)
        self._arrange(Trouble.NOT_SENT)
        with refused(NotSent):
            self._look(gateway, ref)
        assert self._look(gateway, ref) == NotCaptured()
        self._is_paid(self._charge(gateway, ref, request), request)
        self._is_captured_once(request)

    def test_a_lost_reply_is_found(self) -> None:
        """It is not known whether the money moved; one look tells, and asking again moves no more."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        self._arrange(Trouble.REPLY_LOST)
        _unheard(self._asking(gateway, ref, request))
        self._is_paid(self._look(gateway, ref), request)
        answer = _tried(self._asking(gateway, ref, request))  # an error that its key repeats is no answer
        assert isinstance(answer, Succeeded | Exception), f"it is {answer!r}"
        self._is_captured_once(request)

    def test_a_lost_request_is_sent_again(self) -> None:
        """It is not known whether the money moved; one look tells that it has not, and the same request is taken."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        self._arrange(Trouble.REQUEST_LOST)
        _unheard(self._asking(gateway, ref, request))
        assert self._look(gateway, ref) == NotCaptured()
        self._is_paid(self._charge(gateway, ref, request), request)
        self._is_captured_once(request)

    def test_a_late_request_is_found(self) -> None:
        """Nobody asks again, and it arrives: then the money has moved, and a look says so."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        self._arrange(Trouble.LATE)
        _unheard(self._asking(gateway, ref, request))
        self._pass(self.LATE)
        self._is_paid(self._look(gateway, ref), request)
        self._is_captured_once(request)

    def test_a_late_request_beside_another_captures_once(self) -> None:
        """The same was asked again meanwhile: one of the two finds it done."""
        gateway, request = self._open(), self._request()
        ref = self._begin(gateway, request)
        self._arrange(Trouble.LATE)
        _unheard(self._asking(gateway, ref, request))
        self._is_paid(self._charge(gateway, ref, request), request)
        self._pass(self.LATE)
        self._is_captured_once(request)

    # --- what is told ---

    def test_nothing_repeats_a_token(self) -> None:
        """No answer and no error shows the token of the source: they are written down, and read by people."""
        gateway = self._open()
        for request in self._requests(Wanted):
            for told in self._said(gateway, request):
                assert request.target.token not in f"{told}{told!r}", f"a {type(told).__name__} repeats the token"

    # --- in common ---

    def _open(self) -> Any:  # noqa: ANN401 - see above
        return self._keep(self.open_gateway())

    def _request(
        self,
        wanted: Wanted = Wanted.PAYS,
        *,
        amount: Money | None = None,
        account: str | None = None,
        ordinal: int | None = None,
    ) -> Request:
        """A first attempt that no check has used before."""
        target = self.target(wanted)
        if target is None:
            raise unittest.SkipTest(f"there is no source that {wanted.value}")
        account = account or self.ACCOUNT
        return Request(
            reference=f"{account}/bill/{ordinal or next(_NUMBERS)}/1",
            account=account,
            purpose=Purpose.BILL,
            on=_DAY,
            amount=amount or Money.parse(*self.AMOUNTS[0].split()),
            target=target,
        )

    def _there(self, several: Iterable[Wanted]) -> list[Wanted]:
        """Those kinds of source that there are."""
        there = [wanted for wanted in several if self.target(wanted) is not None]
        if not there:
            raise unittest.SkipTest("there is no such source")
        return there

    def _requests(self, several: Iterable[Wanted]) -> Iterator[Request]:
        """One for each of several kinds of source, as far as there are any."""
        return map(self._request, self._there(several))

    def _pass(self, duration: timedelta) -> None:
        if not self.pass_time(duration):
            raise unittest.SkipTest("the provider's time cannot be turned")

    def _arrange(self, trouble: Trouble) -> None:
        if not self.arrange(trouble):
            raise unittest.SkipTest(f"it cannot be arranged that a request is {trouble.value}")

    def _asking(self, gateway: Any, ref: str, request: Request) -> Callable[[], Outcome]:  # noqa: ANN401 - see above
        return lambda: self._charge(gateway, ref, request)

    def _said(self, gateway: Any, request: Request) -> Iterator[object]:  # noqa: ANN401 - see above
        """What is answered, or raised, on the way of a charge."""
        ref = _tried(lambda: self._begin(gateway, request))
        yield ref
        if isinstance(ref, str):
            yield _tried(self._asking(gateway, ref, request))
            yield _tried(lambda: self._look(gateway, ref))

    def _taken_back(self, gateway: Any, request: Request) -> str:  # noqa: ANN401 - see above
        """A debit that was paid, and was taken back since."""
        ref = self._begin(gateway, request)
        assert self._charge(gateway, ref, request) == Pending()
        self._pass(self.PENDING)
        self._is_paid(self._look(gateway, ref), request)
        self._pass(self.TAKEN_BACK)
        return ref

    def _pays(self, gateway: Any, request: Request) -> str:  # noqa: ANN401 - see above
        ref = self._begin(gateway, request)
        self._is_paid(self._charge(gateway, ref, request), request)
        self._is_captured_once(request)
        return ref

    @staticmethod
    def _is_paid(answer: Outcome, request: Request) -> None:
        """It succeeded; an amount need not be named, but must be right if it is."""
        assert answer in {Succeeded(), Succeeded(request.amount)}, f"{request.amount} was asked, and it is {answer!r}"

    def _is_captured_once(self, request: Request) -> None:
        """The provider's record says so, whatever the gateway says."""
        captured = list(self.captured(request.reference))
        assert captured == [request.amount], f"{request.amount} was asked, and {captured} was captured"

    def _is_still_declined(self, gateway: Any, ref: str, answer: Declined) -> None:  # noqa: ANN401 - see above
        found = self._look(gateway, ref)
        assert isinstance(found, Declined), f"it was {answer!r}, and is {found!r}"
        assert (found.kind, found.code) == (answer.kind, answer.code), f"it was {answer!r}, and is {found!r}"


# --- two phases ---------------------------------------------------------------------------------------------------


class TwoPhaseSuite(_GatewaySuite):
    """Every promise of `protocols.TwoPhaseGateway`."""

    #: An id that the provider never gave.
    FOREIGN: ClassVar[str] = "none_of_yours"

    def _begin(self, gateway: TwoPhaseGateway, request: Request) -> str:
        return gateway.prepare(request)

    def _charge(self, gateway: TwoPhaseGateway, ref: str, request: Request) -> Outcome:
        return outcome("capture", gateway.capture(ref, request))

    def _look(self, gateway: TwoPhaseGateway, ref: str) -> Outcome:
        return outcome("retrieve", gateway.retrieve(ref))

    def _void(self, gateway: TwoPhaseGateway, ref: str) -> Outcome:
        return outcome("void", gateway.void(ref))

    def _charges_nothing(self, gateway: TwoPhaseGateway, ref: str, request: Request) -> None:
        """Declined and voided: asked once more it answers the one or the other."""
        answer = self._charge(gateway, ref, request)
        assert isinstance(answer, Declined | Voided), f"it is {answer!r}"

    def test_it_is_a_two_phase_gateway(self) -> None:
        """It has the protocol's methods, and says that it has two phases."""
        gateway = self._open()
        assert isinstance(gateway, TwoPhaseGateway)
        assert gateway.capabilities.two_phase

    # --- preparing ---

    def test_preparing_moves_no_money(self) -> None:
        """Of no kind of source: only a capture does, however long it takes to come."""
        gateway = self._open()
        for request in self._requests(wanted for wanted in Wanted if wanted is not Wanted.UNKNOWN):
            ref = gateway.prepare(request)
            assert self._look(gateway, ref) == NotCaptured()
            self.pass_time(self.PENDING)
            assert self._look(gateway, ref) == NotCaptured()
            assert list(self.captured(request.reference)) == []

    def test_an_id_can_be_written_down(self) -> None:
        """The object's id is a text that a stream can hold."""
        ref = self._open().prepare(self._request())
        assert Prepared(intent=f"{self.ACCOUNT}/bill/1", attempt=1, ref=ref).ref == ref

    def test_prepared_twice_one_is_captured(self) -> None:
        """A worker that crashed before it wrote the id down leaves an object behind, which captures nothing."""
        gateway, request = self._open(), self._request()
        left, ref = gateway.prepare(request), gateway.prepare(request)
        self._is_paid(self._charge(gateway, ref, request), request)
        self._is_captured_once(request)
        assert self._look(gateway, left) in {NotCaptured(), self._look(gateway, ref)}
        self._void(gateway, left)
        self._is_paid(self._look(gateway, ref), request)
        self._is_captured_once(request)

    def test_prepared_again_after_no_answer_one_is_captured(self) -> None:
        """The answer to the first request to prepare was lost."""
        gateway, request = self._open(), self._request()
        self._arrange(Trouble.REPLY_LOST)
        _unheard(lambda: gateway.prepare(request))
        again = _tried(lambda: gateway.prepare(request))
        if isinstance(again, str):  # an error that its key repeats is no answer, and moves no money
            self._is_paid(self._charge(gateway, again, request), request)
        assert len(self.captured(request.reference)) == isinstance(again, str)

    def test_preparing_that_was_not_sent_is_said_so(self) -> None:
        """It is `NotSent`, and the same request is taken later."""
        gateway, request = self._open(), self._request()
        self._arrange(Trouble.NOT_SENT)
        with refused(NotSent):
            gateway.prepare(request)
        self._pays(gateway, request)

    def test_an_object_of_nobody_has_no_outcome(self) -> None:
        """An id that the provider never gave is an error, and no answer on which anything could be decided."""
        gateway, request = self._open(), self._request()
        calls = (
            lambda: self._look(gateway, self.FOREIGN),
            lambda: self._void(gateway, self.FOREIGN),
            self._asking(gateway, self.FOREIGN, request),
        )
        for answer in map(_tried, calls):
            is_none = answer == Unknown() or (isinstance(answer, Exception) and not isinstance(answer, NotSent))
            assert is_none, f"of an object that is not there it says {answer!r}"
        assert list(self.captured(request.reference)) == []

    # --- voiding ---

    def test_what_is_voided_is_never_captured(self) -> None:
        """Asked to capture it afterwards it answers that it is voided, and so does every look."""
        gateway, request = self._open(), self._request()
        ref = gateway.prepare(request)
        assert self._void(gateway, ref) == Voided() == self._look(gateway, ref)
        assert self._charge(gateway, ref, request) == Voided() == self._look(gateway, ref)
        assert list(self.captured(request.reference)) == []

    def test_what_is_voided_can_be_voided_again(self) -> None:
        """By whoever did not hear of it, with the same answer."""
        ref = self._open().prepare(self._request())
        assert [self._void(self._open(), ref) for _ in range(3)] == [Voided()] * 3

    def test_what_is_captured_is_not_voided(self) -> None:
        """The answer is what became of it, and the money stays where it is: a void is no refund."""
        gateway, request = self._open(), self._request()
        ref = self._pays(gateway, request)
        for _ in range(2):
            self._is_paid(self._void(gateway, ref), request)
        self._is_paid(self._look(gateway, ref), request)
        self._is_captured_once(request)

    def test_what_is_declined_is_voided_for_good(self) -> None:
        """A late copy of the request, after the void, charges nothing, even if the source would pay by then."""
        gateway = self._open()
        for request in self._requests((Wanted.DECLINES, Wanted.DECLINES_AT_FIRST, Wanted.DECLINES_FOR_GOOD)):
            ref = gateway.prepare(request)
            assert isinstance(self._charge(gateway, ref, request), Declined)
            assert self._void(gateway, ref) == Voided() == self._look(gateway, ref)
            self._charges_nothing(gateway, ref, request)
            assert list(self.captured(request.reference)) == []

    def test_what_is_pending_is_voided_or_succeeds(self) -> None:
        """One of the two, and the answer says which: what is still under way is pending."""
        gateway, request = self._open(), self._request(Wanted.PAYS_LATER)
        ref = gateway.prepare(request)
        assert self._charge(gateway, ref, request) == Pending()
        answer = self._void(gateway, ref)
        assert answer in {Voided(), Pending()}, f"it is {answer!r}"
        self._pass(self.PENDING)
        assert list(self.captured(request.reference)) == ([] if answer == Voided() else [request.amount])
        assert isinstance(self._look(gateway, ref), Voided if answer == Voided() else Succeeded)

    def test_what_failed_later_is_voided(self) -> None:
        """A debit that was declined after days is over for good."""
        gateway, request = self._open(), self._request(Wanted.FAILS_LATER)
        ref = gateway.prepare(request)
        self._charge(gateway, ref, request)
        self._pass(self.PENDING)
        assert self._void(gateway, ref) == Voided() == self._look(gateway, ref)
        self._charges_nothing(gateway, ref, request)
        assert list(self.captured(request.reference)) == []

    def test_what_was_taken_back_stays_so(self) -> None:
        """It is neither voided nor captured again: another attempt would be."""
        gateway, request = self._open(), self._request(Wanted.TAKES_BACK)
        ref = self._taken_back(gateway, request)
        answers = [self._void(gateway, ref), self._charge(gateway, ref, request), self._look(gateway, ref)]
        assert all(isinstance(answer, Returned) for answer in answers), f"they are {answers}"
        self._is_captured_once(request)

    def test_a_request_that_arrives_after_the_void_captures_nothing(self) -> None:
        """It was under way for hours; the attempt was given up meanwhile, and another one is made by now."""
        gateway, request = self._open(), self._request()
        ref = gateway.prepare(request)
        self._arrange(Trouble.LATE)
        _unheard(self._asking(gateway, ref, request))
        assert self._void(gateway, ref) == Voided()
        self._pass(self.LATE)
        assert self._look(gateway, ref) == Voided()
        assert list(self.captured(request.reference)) == []

    def test_a_void_without_an_answer_is_not_taken_for_one(self) -> None:
        """It is not known whether it is voided; one look tells."""
        for trouble, found in ((Trouble.REPLY_LOST, Voided()), (Trouble.REQUEST_LOST, NotCaptured())):
            gateway, request = self._open(), self._request()
            ref = gateway.prepare(request)
            self._arrange(trouble)
            _unheard(lambda: self._void(gateway, ref))  # noqa: B023 - called at once
            assert self._look(gateway, ref) == found
            assert self._void(gateway, ref) == Voided() == self._charge(gateway, ref, request)
            assert list(self.captured(request.reference)) == []

    def test_a_void_that_was_not_sent_is_said_so(self) -> None:
        """It is `NotSent`, and nothing is voided."""
        gateway, request = self._open(), self._request()
        ref = gateway.prepare(request)
        self._arrange(Trouble.NOT_SENT)
        with refused(NotSent):
            self._void(gateway, ref)
        self._is_paid(self._charge(gateway, ref, request), request)

    def test_captured_and_voided_at_once_it_is_one_of_the_two(self) -> None:
        """One worker captures what another voids: whoever comes second hears what became of it."""
        for _ in range(self.ROUNDS):
            gateways, request = [self._open(), self._open()], self._request()
            ref = gateways[0].prepare(request)
            answers = together(self._asking(gateways[0], ref, request), lambda: self._void(gateways[1], ref))  # noqa: B023
            captured, found = list(self.captured(request.reference)), self._look(gateways[0], ref)
            assert isinstance(found, Succeeded) is bool(captured), f"captured: {captured}; it is {found!r}"
            wrong = Voided() if captured else Succeeded(request.amount)
            assert wrong not in answers, f"captured: {captured}; it was answered {answers}"


# --- by key -------------------------------------------------------------------------------------------------------


class KeyedSuite(_GatewaySuite):
    """Every promise of `protocols.KeyedGateway`; the key is the reference, as `keyed.keyed` has it."""

    def _begin(self, gateway: KeyedGateway, request: Request) -> str:  # noqa: ARG002 - nothing is asked of it
        return request.reference

    def _charge(self, gateway: KeyedGateway, ref: str, request: Request) -> Outcome:
        return outcome("charge", gateway.charge(request, ref))

    def _look(self, gateway: KeyedGateway, ref: str) -> Outcome:
        found = gateway.find(ref)
        return NotCaptured() if found is None else outcome("find", found)

    def test_it_is_a_keyed_gateway(self) -> None:
        """It has the protocol's methods, says that it charges at once, and for how long it knows a key."""
        gateway = self._open()
        assert isinstance(gateway, KeyedGateway)
        assert not gateway.capabilities.two_phase
        assert gateway.capabilities.key_window

    def test_nothing_is_found_before_it_is_charged(self) -> None:
        """None, rather than an outcome; also after a request that was lost."""
        gateway, request = self._open(), self._request()
        assert gateway.find(request.reference) is None
        self._arrange(Trouble.REQUEST_LOST)
        _unheard(self._asking(gateway, request.reference, request))
        assert gateway.find(request.reference) is None

    def test_a_key_used_for_something_else_is_rejected(self) -> None:
        """Another amount or another source under the same key is neither charged nor given the first answer."""
        gateway, request = self._open(), self._request()
        self._pays(gateway, request)
        others = [attrs.evolve(request, amount=request.amount * 2)]
        another = self.target(Wanted.DECLINES)
        if another is not None:
            others.append(attrs.evolve(request, target=another))
        for other in others:
            with refused(RequestRejected):
                gateway.charge(other, request.reference)
        self._is_captured_once(request)

    def test_a_key_repeats_a_decline(self) -> None:
        """Within the window it is the same decline, even if the source would pay by now."""
        gateway = self._open()
        for request in self._requests((Wanted.DECLINES, Wanted.DECLINES_AT_FIRST)):
            first = gateway.charge(request, request.reference)
            assert isinstance(first, Declined)
            assert [gateway.charge(request, request.reference) for _ in range(3)] == [first] * 3
            assert list(self.captured(request.reference)) == []

    def test_a_key_is_known_to_the_end_of_its_window(self) -> None:
        """A second before it has passed, it still repeats its answer, a decline too."""
        gateway = self._open()
        requests = list(self._requests((Wanted.PAYS, Wanted.DECLINES_AT_FIRST)))
        answers = [gateway.charge(one, one.reference) for one in requests]
        self._pass(self._window(gateway) - _SECOND)
        assert [gateway.charge(one, one.reference) for one in requests] == answers
        self._is_captured_once(requests[0])

    def test_a_charge_is_found_when_its_key_is_forgotten(self) -> None:
        """A look-up finds whatever was captured, by its reference and however long ago."""
        gateway, request = self._open(), self._request()
        self._pays(gateway, request)
        self._pass(self._window(gateway) + gateway.capabilities.in_flight + _SECOND)
        self._is_paid(self._look(gateway, request.reference), request)

    @staticmethod
    def _window(gateway: KeyedGateway) -> timedelta:
        return gateway.capabilities.key_window or timedelta()
