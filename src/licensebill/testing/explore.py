"""Every course of events in a small world: charging is explored, as far as a number of adversities reaches.

    python -m licensebill.testing.explore --adversities 2 --json

What is run is charging itself: `turns.turn`, with every effect it asks for performed on a stream and a provider that
are values (`worlds`). At each effect anything may go wrong, or get in between: a crash before it or after it, its reply
lost, the request delivered hours late, an error that the key repeats, the provider unreachable for more than a day, the
worker suspended for as long, another worker, a change by a person. Time passes only when all workers are done, to the
next instant at which something is due, and no course is followed twice from the same point.

At the end of each course nothing may be charged twice, nothing may be lost, and the ledger must say what the provider's
own record says. A course that breaks this is printed as a test to run.
"""

import argparse
import datetime
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from itertools import pairwise

import attrs

from licensebill._checks import instance, whole
from licensebill.charges import Standing, State, after, record
from licensebill.errors import InvalidValue, LicenseBillError, shown
from licensebill.events import Book, CallOff, Event, Opened, Stream
from licensebill.keyed import Keyed
from licensebill.money import Money
from licensebill.outcomes import Outcome
from licensebill.planning import Act, Ask, change_draft, draft_of, wake
from licensebill.protocols import Capabilities, NotSent, OutcomeUnknown, Request, Usage, VersionConflict
from licensebill.testing._programs import add_processes, divided, number
from licensebill.testing.worlds import SCENARIOS, Provider, Scenario
from licensebill.turns import Append, Effect, Job, Load, ReadStorage, ReadUsage, Reply, Turn, turn

_OUTAGE = timedelta(hours=25)
#: So many steps no course has that comes to an end.
_LONGEST = 2000
_LIMIT = timedelta(hours=24)
#: How much longer than its days a course is followed while something is under way.
_PATIENCE = timedelta(days=14)
#: So many courses that went wrong are printed as tests.
_SHOWN = 3
_AT_REST = frozenset({State.SUCCEEDED, State.FAILED, State.NEEDS_REVIEW})

# --- the world ----------------------------------------------------------------------------------------------------


@attrs.frozen(cache_hash=True)
class Worker:
    """A worker in the middle of a turn, as what it has been answered so far; or between turns.

    Args:
        known: the stream it read, as its number in `Explorer.streams`; None between runs.
        now: the instant the turn began.
        skip: charges it leaves alone in this run.
        answers: what it was given since it read.
    """

    known: int | None = None
    now: datetime.datetime | None = None
    skip: frozenset[str] = frozenset()
    answers: tuple[object, ...] = ()


@attrs.frozen
class Late:
    """A request that is still under way to the provider."""

    act: Act
    ref: str
    request: Request | None
    until: datetime.datetime | None


@attrs.frozen(kw_only=True, cache_hash=True)
class World:
    """Everything at one moment.

    Args:
        stream: its number in `Explorer.streams`.
        provider: as it is.
        now: the present instant.
        workers: those there are.
        active: the position of the one whose turn it is.
        late: requests under way.
        down_until: the provider cannot be reached before this instant.
        left: how many adversities may still come.
        meanwhile: positions of the changes that have not come in between yet.
    """

    stream: int
    provider: Provider
    now: datetime.datetime
    workers: tuple[Worker, ...]
    active: int = 0
    late: tuple[Late, ...] = ()
    down_until: datetime.datetime | None = None
    left: int
    meanwhile: tuple[int, ...] = ()

    def with_(self, **changed: object) -> "World":
        """The world with some of it changed: `attrs.evolve`, without looking its fields up each time."""
        return World(**{name: changed[name] if name in changed else getattr(self, name) for name in _FIELDS})  # type: ignore[arg-type]


_FIELDS = tuple(field.name for field in attrs.fields(World))


@attrs.frozen
class _Conflict:
    """The answer that the stream has grown."""


@attrs.frozen(kw_only=True)
class Course:
    """What went wrong at the end of a course, and how it came there.

    Args:
        scenario: its name.
        keyed: whether the provider charges by key.
        workers: how many there were.
        choices: what happened that is not the ordinary course of things: the number of the step, and the choice.
        lost: what was due and is not charged, or charged and not in the ledger.
        doubled: what was charged more than once.
    """

    scenario: str
    keyed: bool
    workers: int
    choices: tuple[tuple[int, str], ...]
    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()

    def as_test(self) -> str:
        """The course as a test to run."""
        lines = "".join(f"        {step}: {choice!r},\n" for step, choice in self.choices)
        return (
            "from licensebill.testing.explore import replay\n\n\n"
            "def test_a_course_that_went_wrong() -> None:\n"
            f"    choices = {{\n{lines}    }}\n"
            f"    end = replay({self.scenario!r}, keyed={self.keyed}, workers={self.workers}, choices=choices)\n"
            "    assert (end.lost, end.doubled) == ((), ())\n"
        )


@attrs.define
class Found:
    """What an exploration came to.

    Args:
        walked: points that were visited, none twice.
        steps: steps between them that were taken.
        courses: different courses from the beginning to an end.
        wrong: those found to go wrong, a few of them.
        is_whole: every course was followed.
    """

    walked: int = 0
    steps: int = 0
    courses: int = 0
    wrong: list[Course] = attrs.Factory(list)
    is_whole: bool = True


# --- exploring ----------------------------------------------------------------------------------------------------

_NO_ANSWER = OutcomeUnknown("no answer")
_NOT_SENT = NotSent("too busy")

#: Workers, and adversities: of more no course is ever followed to its end.
_MOST = 1_000
#: A choice in words, and the world after it.
_Next = tuple[str, World]


def _check_seconds(seconds: float | None) -> None:
    if seconds is not None and (type(seconds) not in {int, float} or not seconds >= 0):
        raise InvalidValue("seconds", f"must be a number from zero, not {shown(seconds)}")


class Explorer:
    """Explores one scenario with one kind of provider and a number of workers."""

    def __init__(self, scenario: Scenario, *, keyed: bool, workers: int = 1) -> None:
        self.scenario: Scenario = instance("scenario", scenario, Scenario)
        self.keyed: bool = instance("keyed", keyed, bool)
        self.end: datetime.datetime = scenario.start + timedelta(days=scenario.days)
        self.capabilities: Capabilities = Provider(keyed).capabilities
        self.workers: int = whole("workers", workers, 1, _MOST)
        self._parents: list[tuple[int, Event]] = []
        self._standings: list[Standing] = []
        self._numbers: dict[tuple[int, Event], int] = {}
        # the same question has the same answer, on whatever course it is asked
        self._resumed: dict[tuple[object, ...], Effect | Turn | LicenseBillError] = {}
        self._changed: dict[tuple[int, int, datetime.datetime], int | None] = {}
        self._wakes: dict[int, datetime.datetime | None] = {}
        self._usage: dict[datetime.datetime, Usage] = {}

    # the stream, as a tree: each event after another has a number, and what it adds up to is folded once

    def _grown(self, stream: int, events: Iterable[Event]) -> int:
        for event in events:
            key = (stream, event)
            if key not in self._numbers:
                before = self._standings[stream] if stream >= 0 else None
                self._standings.append(after(before, event))
                self._parents.append(key)
                self._numbers[key] = len(self._standings) - 1
            stream = self._numbers[key]
        return stream

    def _between(self, earlier: int, later: int) -> tuple[Event, ...]:
        events: list[Event] = []
        while later != earlier:
            later, event = self._parents[later]
            events.append(event)
        return tuple(reversed(events))

    def begin(self, adversities: int) -> World:
        """The world at the start."""
        whole("adversities", adversities, 0, _MOST)
        opened, standing = record(None, Opened(self.scenario.account), at=self.scenario.start, id="opened")
        events = [opened]
        if self.scenario.asked is not None:
            draft = change_draft(standing, self.scenario.asked, at=self.scenario.start, capabilities=self.capabilities)
            events.extend(draft.events)
        return World(
            stream=self._grown(-1, events),
            provider=Provider(self.keyed),
            now=self.scenario.start,
            workers=(Worker(),) * self.workers,
            left=adversities,
            meanwhile=tuple(range(len(self.scenario.meanwhile))),
        )

    # a worker's turn

    def _resume(self, worker: Worker) -> Effect | Turn | LicenseBillError:
        """What a worker in a turn asks for next, or what its turn came to; the same for the same answers."""
        key = (worker.known, worker.now, worker.skip, worker.answers)
        if key not in self._resumed:
            self._resumed[key] = self._replayed(worker)
        return self._resumed[key]

    def _replayed(self, worker: Worker) -> Effect | Turn | LicenseBillError:
        assert worker.known is not None and worker.now is not None  # noqa: S101, PT018 - in a turn
        standing = self._standings[worker.known]
        steps = turn(
            standing,
            now=worker.now,
            job=self.scenario.job,
            capabilities=self.capabilities,
            skip=worker.skip,
        )
        try:
            next(steps)
            effect = steps.send(Stream((), standing.version))
            for answer in worker.answers:
                if isinstance(answer, _Conflict):
                    effect = steps.throw(VersionConflict("acme", 0))
                else:
                    effect = steps.send(answer)
        except StopIteration as done:
            return done.value  # type: ignore[no-any-return]
        except LicenseBillError as failed:
            return failed
        return effect

    # what can happen next

    def nexts(self, world: World) -> Iterator[_Next]:
        """Every choice at a point, with the world after it; none where the course ends."""
        yield from self._delivered(world)
        worker = world.workers[world.active]
        if worker.known is None:
            yield self._begun(world)
            return
        step = self._resume(worker)
        if isinstance(step, LicenseBillError):
            raise step
        if isinstance(step, Turn):
            yield from self._turned(world, worker, step)
            return
        yield from self._performed(world, worker, step)

    def _begun(self, world: World) -> _Next:
        worker = Worker(known=world.stream, now=world.now, skip=world.workers[world.active].skip)
        return "read", _with_worker(world, worker)

    def _turned(self, world: World, worker: Worker, done: Turn) -> Iterator[_Next]:
        if not done.is_last:
            again = Worker(known=world.stream, now=world.now, skip=worker.skip | ({done.skip} - {""}))
            yield "turn", _with_worker(world, again)
            return
        idle = _with_worker(world, Worker())
        others = [position for position, one in enumerate(idle.workers) if one.known is not None]
        if others:
            yield "the other goes on", idle.with_(active=others[0])
            return
        standing = self._standings[world.stream]
        due = self._due(world.stream, world.now)
        if due is not None and not self._is_over(world, standing, due):
            yield f"time passes to {due:%d.%m. %H.%M}", idle.with_(active=0, now=due)

    def _is_over(self, world: World, standing: Standing, due: datetime.datetime) -> bool:
        """Whether the course is followed far enough: beyond its days nothing is left under way, or never will be."""
        if due <= self.end:
            return False
        is_settled = all(charge.state in _AT_REST for charge in standing.charges)
        captured = sum(micros for _, micros in world.provider.captured(world.now))
        is_equal = standing.balance_of(Book.CLEARING).micros == captured
        return (is_settled and is_equal) or due > self.end + _PATIENCE

    def _due(self, stream: int, now: datetime.datetime) -> datetime.datetime | None:
        """When the next run is: as soon as something is due, or four hours later if it has been all along."""
        if stream not in self._wakes:
            self._wakes[stream] = wake(self._standings[stream])
        instant = self._wakes[stream]
        return instant if instant is None or instant > now else now + timedelta(hours=4)

    def _performed(self, world: World, worker: Worker, effect: Effect) -> Iterator[_Next]:
        name = _name(effect)
        if isinstance(effect, Load):
            events = self._between(worker.known or 0, world.stream)
            # what the turn itself has read again is among its answers
            read = sum(len(one.events) for one in worker.answers if isinstance(one, Stream))
            yield name, _answered(world, worker, Stream(events[read:], self._standings[world.stream].version))
            return
        if isinstance(effect, ReadStorage):
            yield name, _answered(world, worker, self.scenario.readings)
            return
        if isinstance(effect, ReadUsage):
            if world.now not in self._usage:
                self._usage[world.now] = self.scenario.usage(world.now)
            yield name, _answered(world, worker, self._usage[world.now])
            return
        after_it, answer = self._effect(world, effect)
        yield name, _answered(after_it, worker, answer)
        if world.left:
            worse = world.with_(left=world.left - 1)
            yield from self._adversities(worse, worker, effect, name)

    def _effect(self, world: World, effect: Append | Ask) -> tuple[World, object]:
        if isinstance(effect, Append):
            draft = effect.draft
            version = 0 if draft.before is None else draft.before.version
            if self._standings[world.stream].version != version:
                return world, _Conflict()
            return world.with_(stream=self._grown(world.stream, draft.events)), draft.standing.version
        if world.down_until is not None and world.now < world.down_until:
            return world, Reply(_NO_ANSWER, world.now)
        return self._asked(world, effect.act, effect.charge.ref or "", effect.request)

    def _asked(self, world: World, act: Act, ref: str, request: Request | None) -> tuple[World, object]:
        """The provider's answer, and the world with what it did."""
        asked = Phone(world.provider, world.now)
        two_phase = Keyed(asked, lambda: world.now) if self.keyed else asked
        try:
            if act is Act.PREPARE:
                answer: str | Outcome | OutcomeUnknown = two_phase.prepare(request)  # type: ignore[arg-type]
            elif act is Act.CAPTURE:
                answer = two_phase.capture(ref, request)  # type: ignore[arg-type]
            else:
                answer = two_phase.retrieve(ref) if act is Act.RETRIEVE else two_phase.void(ref)
        except OutcomeUnknown:
            answer = _NO_ANSWER
        return world.with_(provider=asked.provider), Reply(answer, world.now)

    def _adversities(self, world: World, worker: Worker, effect: Append | Ask, name: str) -> Iterator[_Next]:
        after_it, _ = self._effect(world, effect)
        yield f"{name}: crash before", _with_worker(world, Worker())
        if after_it != world:
            yield f"{name}: crash after", _with_worker(after_it, Worker())
        if isinstance(effect, Ask):
            yield from self._provider_adversities(world, worker, effect, name, after_it)
        for position in world.meanwhile:
            changed = self._meanwhile(world, position)
            if changed is not None:
                yield f"{name}: first {type(self.scenario.meanwhile[position]).__name__}", changed
        if len(world.workers) > 1:
            yield f"{name}: another worker first", world.with_(active=1 - world.active)

    def _provider_adversities(
        self, world: World, worker: Worker, ask: Ask, name: str, after_it: World
    ) -> Iterator[_Next]:
        unknown = _answered(world, worker, Reply(_NO_ANSWER, world.now))
        if after_it.provider != world.provider:
            yield f"{name}: reply lost", _answered(after_it, worker, Reply(_NO_ANSWER, after_it.now))
        yield f"{name}: never arrives", unknown
        yield f"{name}: not sent", _answered(world, worker, Reply(_NOT_SENT, world.now))
        if ask.act is not Act.RETRIEVE:
            until = world.now + Provider.IN_FLIGHT if self.keyed else None
            late = Late(ask.act, ask.charge.ref or "", ask.request, until)
            yield f"{name}: arrives late", unknown.with_(late=(*world.late, late))
        if self.keyed and ask.act is Act.CAPTURE:
            key = (ask.charge.ref or "").rsplit("@", 1)[0]
            stuck = world.with_(provider=world.provider.stuck(ask.request, key, world.now))
            yield f"{name}: an error its key repeats", _answered(stuck, worker, Reply(_NO_ANSWER, stuck.now))
        if world.down_until is None:
            yield f"{name}: provider down", unknown.with_(down_until=world.now + _OUTAGE)
        pause = Provider.IN_FLIGHT if self.keyed else _OUTAGE
        yield f"{name}: worker suspended", world.with_(now=world.now + pause)

    def _meanwhile(self, world: World, position: int) -> World | None:
        """The world with a change that a person made; None where it is refused."""
        key = (world.stream, position, world.now)
        if key not in self._changed:
            self._changed[key] = self._stream_with(*key)
        stream = self._changed[key]
        left = tuple(one for one in world.meanwhile if one != position)
        return None if stream is None else world.with_(stream=stream, meanwhile=left)

    def _stream_with(self, stream: int, position: int, now: datetime.datetime) -> int | None:
        standing, asked = self._standings[stream], self.scenario.meanwhile[position]
        try:
            if isinstance(asked, CallOff):
                draft = draft_of(standing, asked, at=now)
            else:
                change = attrs.evolve(asked, on=standing.local_day(now))
                draft = change_draft(standing, change, at=now, capabilities=self.capabilities)
        except LicenseBillError:
            return None
        return self._grown(stream, draft.events)

    def _delivered(self, world: World) -> Iterator[_Next]:
        """Requests that were under way arrive now; one that may not be so late any more never does."""
        for position, late in enumerate(world.late):
            rest = world.with_(late=(*world.late[:position], *world.late[position + 1 :]))
            if late.until is not None and world.now > late.until:
                continue
            if late.act is Act.PREPARE and self.keyed:
                continue
            arrived, _ = self._asked(rest, late.act, late.ref, late.request)
            if arrived.provider != rest.provider:
                yield f"{late.act.value} arrives", arrived

    # the end

    def judged(self, world: World, choices: Iterable[tuple[int, str]] = ()) -> Course:
        """What is lost and what is doubled at the end of a course."""
        standing = self._standings[world.stream]
        captured = world.provider.captured(world.now)
        by_charge: dict[str, int] = {}
        for reference, _ in captured:
            by_charge[reference.rsplit("/", 1)[0]] = by_charge.get(reference.rsplit("/", 1)[0], 0) + 1
        doubled = [f"{charge} is charged {times} times" for charge, times in by_charge.items() if times > 1]
        same = [charge for charge in by_charge if charge.rsplit("/", 1)[0] == self._due_charge().rsplit("/", 1)[0]]
        if len(same) > 1:
            doubled.append(f"charged for the same need: {', '.join(same)}")
        asked = {(made.reference.rsplit("/", 1)[0], made.micros) for made in world.provider.made if not made.is_stuck}
        if len(asked) > len({charge for charge, _ in asked}):
            doubled.append("different amounts were asked for one charge")
        for (_, purpose), instants in world.provider.refusals().items():
            if any(later - earlier < _LIMIT for earlier, later in pairwise(sorted(instants))):
                doubled.append(f"a source that refused {purpose} was tried again within a day")
        return Course(
            scenario=self.scenario.name,
            keyed=self.keyed,
            workers=self.workers,
            choices=tuple(choices),
            lost=tuple(self._lost(world, standing, by_charge, sum(micros for _, micros in captured))),
            doubled=tuple(doubled),
        )

    def _lost(self, world: World, standing: Standing, by_charge: dict[str, int], captured: int) -> Iterator[str]:
        cleared = standing.balance_of(Book.CLEARING).micros
        if cleared != captured:
            yield f"the ledger has {Money(cleared, 'USD')}, the provider {Money(captured, 'USD')}"
        for charge in standing.charges:
            if charge.state not in _AT_REST:
                yield f"{charge.intent.id} is still {charge.state.value}"
            if charge.state is State.NEEDS_REVIEW:
                yield f"{charge.intent.id} needs review: {charge.reason}"
        due = self._due_charge()
        pays = self.scenario.pays
        if pays and not by_charge.get(due) and not self._may_be_unpaid(world):
            yield f"{due} is not charged"

    def _due_charge(self) -> str:
        purpose = {Job.BILLS: "bill/12", Job.RECHARGES: "recharge/1", Job.SETTLE: "minutes/1"}[self.scenario.job]
        return f"acme/{purpose}"

    def _may_be_unpaid(self, world: World) -> bool:
        """A person may have switched recharges off, made one needless, or called a charge off."""
        return self.scenario.job is not Job.BILLS and len(world.meanwhile) < len(self.scenario.meanwhile)

    # walking

    def explore(self, adversities: int, *, seconds: float | None = None, most_wrong: int = 3) -> Found:
        """Follow every course with up to so many adversities, depth first, and none twice from the same point."""
        whole("most_wrong", most_wrong, 1)
        _check_seconds(seconds)
        found = Found()
        deadline = None if seconds is None else time.monotonic() + seconds
        counted: dict[World, int] = {}
        path = [_Point(self.begin(adversities), "")]
        while path:
            point = path[-1]
            try:
                if point.nexts is None:
                    point.nexts = list(self.nexts(point.world))
                    if not any(_is_by_itself(choice) for choice, _ in point.nexts):
                        point.courses = 1
                        self._judge(point.world, path, found)
                if len(path) > _LONGEST:
                    point.nexts = []
                    self._wrong(path, found, lost=("charging does not come to rest",))
            except LicenseBillError as failed:
                point.nexts = []
                self._wrong(path, found, lost=(f"charging stops: {failed}",))
            if len(found.wrong) >= most_wrong or (deadline is not None and time.monotonic() > deadline):
                found.is_whole = False
                break
            if not point.nexts:
                counted[point.world] = point.courses
                path.pop()
                if path:
                    path[-1].courses += point.courses
                continue
            choice, following = point.nexts.pop()
            found.steps += 1
            if following in counted:
                point.courses += counted[following]
            else:
                path.append(_Point(following, choice))
        # where it was cut off, those that were followed to their end
        found.courses = counted.get(self.begin(adversities)) or sum(point.courses for point in path)
        found.walked = len(counted)
        return found

    def _judge(self, world: World, path: "list[_Point]", found: Found) -> None:
        end = self.judged(world)
        if end.lost or end.doubled:
            self._wrong(path, found, lost=end.lost, doubled=end.doubled)

    def _wrong(
        self,
        path: "list[_Point]",
        found: Found,
        *,
        lost: tuple[str, ...] = (),
        doubled: tuple[str, ...] = (),
    ) -> None:
        choices = _chosen(path)
        found.wrong.append(
            Course(
                scenario=self.scenario.name,
                keyed=self.keyed,
                workers=self.workers,
                choices=choices,
                lost=lost,
                doubled=doubled,
            )
        )

    def sample(self, adversities: int, courses: int, seed: int) -> Found:
        """Follow some courses with so many adversities at most, drawn at random; the same seed draws the same ones."""
        whole("courses", courses)
        whole("seed", seed)
        found, chance, taken = Found(is_whole=False), random.Random(seed), set[tuple[tuple[int, str], ...]]()
        for _ in range(courses):
            path = [_Point(self.begin(adversities), "")]
            try:
                while point := self._drawn(path[-1].world, chance):
                    path.append(point)
                    found.steps += 1
                self._judge(path[-1].world, path, found)
            except LicenseBillError as failed:
                self._wrong(path, found, lost=(f"charging stops: {failed}",))
            taken.add(_chosen(path))
        found.courses = len(taken)
        return found

    def _drawn(self, world: World, chance: random.Random) -> "_Point | None":
        """One of the choices at a point: mostly the ordinary one; None at an end."""
        nexts = list(self.nexts(world))
        ordinary = [one for one in nexts if _is_by_itself(one[0])]
        others = [one for one in nexts if not _is_by_itself(one[0])]
        if not nexts or (not ordinary and chance.random() < _HALF):
            return None
        is_other = bool(others) and (not ordinary or chance.random() < _ADVERSE)
        choice, following = chance.choice(others if is_other else ordinary)
        return _Point(following, choice)

    def replayed(self, choices: Mapping[int, str]) -> Course:
        """Follow a course: at the steps named the choices named, else and to its end as things go by themselves."""
        instance("choices", choices, Mapping)  # type: ignore[type-abstract]
        world, step = self.begin(len(choices)), 0
        while nexts := list(self.nexts(world)):
            step += 1
            wanted = choices.get(step)
            found = [after_it for choice, after_it in nexts if (choice == wanted if wanted else _is_by_itself(choice))]
            if wanted and not found:
                known = [choice for choice, _ in nexts]
                raise InvalidValue("choices", f"step {step}: no choice {shown(wanted)} among {known}")
            if not found:
                break
            world = found[0]
        return self.judged(world, choices.items())


@attrs.define
class _Point:
    """A point on the way: the choice that led to it, what is still to be followed, and the courses found beyond it."""

    world: World
    choice: str
    nexts: list[_Next] | None = None
    courses: int = 0


_ARRIVES = " arrives"
#: How often a drawn course leaves the ordinary course of things.
_ADVERSE, _HALF = 0.12, 0.5


def _chosen(path: Sequence[_Point]) -> tuple[tuple[int, str], ...]:
    """The choices of a path that are not the ordinary course of things, each with the number of its step."""
    taken = enumerate((point.choice for point in path[1:]), start=1)
    return tuple((step, choice) for step, choice in taken if not _is_by_itself(choice))


def _is_by_itself(choice: str) -> bool:
    """Whether a choice is the ordinary course of things: no adversity, and no late request that arrives."""
    return ":" not in choice and not choice.endswith(_ARRIVES)


def _name(effect: Effect) -> str:
    return effect.act.value if isinstance(effect, Ask) else type(effect).__name__.lower()


def _with_worker(world: World, worker: Worker) -> World:
    workers = tuple(worker if position == world.active else one for position, one in enumerate(world.workers))
    return world.with_(workers=workers)


def _answered(world: World, worker: Worker, answer: object) -> World:
    return _with_worker(world, attrs.evolve(worker, answers=(*worker.answers, answer)))


@attrs.define
class Phone:
    """A provider that is a value, as a gateway for one call: both kinds."""

    provider: Provider
    now: datetime.datetime

    @property
    def capabilities(self) -> Capabilities:
        """The provider's."""
        return self.provider.capabilities

    def prepare(self, request: Request) -> str:
        """Another object."""
        self.provider, ref = self.provider.prepare(request)
        return ref

    def capture(self, ref: str, request: Request) -> Outcome:  # noqa: ARG002 - the object knows it
        """Charge by an object."""
        self.provider, answer = self.provider.capture(ref, self.now)
        return answer

    def retrieve(self, ref: str) -> Outcome:
        """What has become of it."""
        return self.provider.retrieve(ref, self.now)

    def void(self, ref: str) -> Outcome:
        """Make it uncapturable."""
        self.provider, answer = self.provider.void(ref, self.now)
        return answer

    def charge(self, request: Request, key: str) -> Outcome:
        """Charge by key."""
        self.provider, answer = self.provider.charge(request, key, self.now)
        if answer is None:
            raise OutcomeUnknown("the error of this key again")
        return answer

    def find(self, reference: str) -> Outcome | None:
        """Look it up."""
        return self.provider.find(reference, self.now)


def replay(scenario: str, *, keyed: bool, workers: int = 1, choices: Mapping[int, str]) -> Course:
    """Follow one course again: what is lost and doubled at its end."""
    if instance("scenario", scenario, str) not in SCENARIOS:
        raise InvalidValue("scenario", f"must be one of {', '.join(SCENARIOS)}, not {shown(scenario)}")
    return Explorer(SCENARIOS[scenario], keyed=keyed, workers=workers).replayed(choices)


@attrs.frozen(kw_only=True)
class Task:
    """One exploration: a scenario, a kind of provider and a number of workers.

    Args:
        scenario: its name.
        keyed: whether the provider charges by key.
        workers: how many there are.
        adversities: the most in one course.
        sample: how many courses are drawn; 0 to follow all.
        seed: of what is drawn.
        seconds: the longest it takes; None for as long as there is something to follow.
    """

    scenario: str
    keyed: bool
    workers: int
    adversities: int
    sample: int = 0
    seed: int = 0
    seconds: float | None = None

    def run(self) -> Found:
        """Explore."""
        explorer = Explorer(SCENARIOS[self.scenario], keyed=self.keyed, workers=self.workers)
        if self.sample:
            return explorer.sample(self.adversities, self.sample, self.seed)
        return explorer.explore(self.adversities, seconds=self.seconds)


def tasks(arguments: argparse.Namespace) -> list[Task]:
    """The explorations asked for: every scenario with both kinds of provider, and with one worker and two."""
    return [
        Task(
            scenario=name,
            keyed=keyed,
            workers=workers,
            adversities=arguments.adversities,
            sample=arguments.sample,
            seed=arguments.seed,
            seconds=arguments.seconds,
        )
        for name in arguments.scenario or SCENARIOS
        for keyed in ((False,) if arguments.two_phase else (False, True))
        for workers in (1, 2)
    ]


def _run(task: Task) -> tuple[Task, Found]:
    return task, task.run()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m licensebill.testing.explore", description="Explore charging.")
    parser.add_argument("--adversities", type=number(0, _MOST), default=2, help="the most in one course")
    parser.add_argument("--scenario", action="append", choices=tuple(SCENARIOS), help="one or more; all without it")
    parser.add_argument("--two-phase", action="store_true", help="only the provider with two phases")
    parser.add_argument("--sample", type=number(0), default=0, help="so many courses of each, drawn at random")
    parser.add_argument("--seed", type=number(0), default=0, help="of the courses that are drawn")
    parser.add_argument("--seconds", type=number(0), default=None, help="at most so long for each exploration")
    add_processes(parser, usual=1)
    parser.add_argument("--json", action="store_true", help="print data")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Explore from the command line; exits with 1 where a course goes wrong."""
    given = _parser().parse_args(arguments)
    rows: list[dict[str, object]] = []
    wrong: list[Course] = []
    for task, found in divided(_run, tasks(given), given.processes):
        rows.append(_row(task, found))
        wrong.extend(found.wrong)
        if not given.json:
            print(", ".join(f"{key} {value}" for key, value in rows[-1].items()), flush=True)
    total = {key: sum(int(str(row[key])) for row in rows) for key in _SUMMED}
    data = {"adversities": given.adversities, **total, "whole": all(row["whole"] for row in rows)}
    if given.json:
        data["runs"] = sorted(rows, key=str)
    print(json.dumps(data, indent=2) if given.json else ", ".join(f"{key} {value}" for key, value in data.items()))
    for course in wrong[:_SHOWN]:
        print(f"\n# {'; '.join((*course.lost, *course.doubled))}\n{course.as_test()}", file=sys.stderr)
    return 1 if wrong else 0


_SUMMED = ("schedules", "states", "steps", "lost", "doubled")


def _row(task: Task, found: Found) -> dict[str, object]:
    return {
        "scenario": task.scenario,
        "provider": "keyed" if task.keyed else "two-phase",
        "workers": task.workers,
        "schedules": found.courses,
        "states": found.walked,
        "steps": found.steps,
        "lost": sum(len(one.lost) for one in found.wrong),
        "doubled": sum(len(one.doubled) for one in found.wrong),
        "whole": found.is_whole,
    }


if __name__ == "__main__":
    sys.exit(main())
