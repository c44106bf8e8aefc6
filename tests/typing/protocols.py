"""Who is a store, a provider, a meter or a clock, by the signatures alone."""

PREAMBLE = """\
import datetime
import time
from collections.abc import Sequence
from typing import assert_type
from licensebill.accounts import Account
from licensebill.adapters.memory import Memory
from licensebill.adapters.sqlite import Sqlite
from licensebill.charges import Standing
from licensebill.charging import Charging, Job, Report
from licensebill.cycles import Period
from licensebill.events import Decision, Event, Stream
from licensebill.keyed import keyed
from licensebill.money import Money
from licensebill.outcomes import Outcome, Pending
from licensebill.protocols import Capabilities, Clock, KeyedGateway, Request, SnapshotStore, StorageMeter, Store
from licensebill.protocols import TwoPhaseGateway, Usage, UsageMeter
from licensebill.readings import Reading
from licensebill.testing.faults import FaultyGateway, FaultyStore, Schedule
from licensebill.usage import UsageHistory
Instant = datetime.datetime

class Loads:
    def load(self, account: str, *, after: int = 0) -> Stream:
        return Stream((), 0)
class Appends:
    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: Instant | None) -> int:
        return 0
class Pages:
    def open_accounts(self, *, due_before: Instant, after: str = "", limit: int = 500) -> list[str]:
        return []
class Right(Loads, Appends, Pages): ...

class AppendsWithoutVersion:
    def append(self, account: str, events: Sequence[Event], *, wake: Instant | None) -> int:
        return 0
class AppendsWithoutWake:
    def append(self, account: str, expected_version: int, events: Sequence[Event]) -> int:
        return 0
class AppendsWithoutAnswer:
    def append(self, account: str, expected_version: int, events: Sequence[Event], *, wake: Instant | None) -> None: ...
class AppendsLists:
    def append(self, account: str, expected_version: int, events: list[Event], *, wake: Instant | None) -> int:
        return 0
class LoadsAll:
    def load(self, account: str) -> Stream:
        return Stream((), 0)
class LoadsEvents:
    def load(self, account: str, *, after: int = 0) -> tuple[Event, ...]:
        return ()
class LoadsLater:
    async def load(self, account: str, *, after: int = 0) -> Stream:
        return Stream((), 0)
class OnePage:
    def open_accounts(self, *, due_before: Instant) -> list[str]:
        return []
class PagesOfNumbers:
    def open_accounts(self, *, due_before: Instant, after: str = "", limit: int = 500) -> list[int]:
        return []
class WithoutVersion(Loads, AppendsWithoutVersion, Pages): ...
class WithoutWake(Loads, AppendsWithoutWake, Pages): ...
class WithoutAnswer(Loads, AppendsWithoutAnswer, Pages): ...
class OnlyLists(Loads, AppendsLists, Pages): ...
class FromTheStart(LoadsAll, Appends, Pages): ...
class WithoutStream(LoadsEvents, Appends, Pages): ...
class Awaited(LoadsLater, Appends, Pages): ...
class Unpaged(Loads, Appends, OnePage): ...
class Numbered(Loads, Appends, PagesOfNumbers): ...
class ReadOnly(Loads, Pages): ...

class Caches:
    def load_snapshot(self, account: str) -> Standing | None:
        return None
    def save_snapshot(self, standing: Standing) -> None: ...

class Promises:
    def __init__(self, capabilities: Capabilities) -> None:
        self.capabilities = capabilities
class Provider(Promises):
    def prepare(self, request: Request) -> str:
        return request.reference
    def capture(self, ref: str, request: Request) -> Pending:
        return Pending()
    def retrieve(self, ref: str) -> Outcome:
        return Pending()
    def void(self, ref: str) -> Outcome:
        return Pending()
class YesOrNo(Promises):
    def prepare(self, request: Request) -> str:
        return request.reference
    def capture(self, ref: str, request: Request) -> bool:
        return True
    def retrieve(self, ref: str) -> Outcome:
        return Pending()
    def void(self, ref: str) -> Outcome:
        return Pending()
class ByKey(Promises):
    def charge(self, request: Request, key: str) -> Outcome:
        return Pending()
    def find(self, reference: str) -> Outcome | None:
        return None
class ByAmount(Promises):
    def charge(self, amount: Money, key: str) -> Outcome:
        return Pending()
    def find(self, reference: str) -> Outcome | None:
        return None

def keep(store: Store) -> None: ...
def cache(store: SnapshotStore) -> None: ...
def charge(gateway: TwoPhaseGateway) -> None: ...
def charge_by_key(gateway: KeyedGateway) -> None: ...
def tell(clock: Clock) -> None: ...
def measure(usage: UsageMeter, storage: StorageMeter) -> None: ...

class Dialer:
    def usage(self, account: str, window: Period) -> Usage:
        return Usage(history=history, drawn=money, watermark=noon)
class Disk:
    def readings(self, account: str, *, until: Instant) -> Sequence[Reading]:
        return ()
class Zero:
    def readings(self, account: str, *, until: Instant) -> int:
        return 0
history: UsageHistory
money: Money
noon: Instant
promised: Capabilities
acme: Account
charging: Charging
schedule: Schedule
"""
MISUSES = {
    # stores
    "keep(WithoutVersion())": "arg-type",
    "keep(WithoutWake())": "arg-type",
    "keep(WithoutAnswer())": "arg-type",
    "keep(OnlyLists())": "arg-type",
    "keep(FromTheStart())": "arg-type",
    "keep(WithoutStream())": "arg-type",
    "keep(Awaited())": "arg-type",
    "keep(Unpaged())": "arg-type",
    "keep(Numbered())": "arg-type",
    "keep(ReadOnly())": "arg-type",
    "keep(Right)": "arg-type",
    "keep({})": "arg-type",
    "cache(Right())": "arg-type",
    "keep(Caches())": "arg-type",
    # providers
    "charge(YesOrNo(promised))": "arg-type",
    "charge(ByKey(promised))": "arg-type",
    "charge_by_key(Provider(promised))": "arg-type",
    "charge_by_key(ByAmount(promised))": "arg-type",
    "keyed(Provider(promised), lambda: noon)": "arg-type",
    "keyed(ByKey(promised))": "call-arg",
    "Provider(promised).prepare('acme/bill/1/1')": "arg-type",
    "Capabilities(two_phase=True, void=True)": "call-arg",
    "Capabilities(two_phase=True, void=True, look_up='strong')": "arg-type",
    # meters and clocks
    "measure(Disk(), Dialer())": "arg-type",
    "measure(Dialer(), Zero())": "arg-type",
    "tell(noon)": "arg-type",
    "tell(time.time)": "arg-type",
    "tell(datetime.date.today)": "arg-type",
    # charging
    "Charging(store=Right(), gateway=Provider(promised))": "call-arg",
    "Charging(store=ReadOnly(), gateway=Provider(promised), clock=lambda: noon)": "arg-type",
    "Charging(store=Right(), gateway=ByKey(promised), clock=lambda: noon)": "arg-type",
    "Charging(store=Right(), gateway=Provider(promised), clock=noon)": "arg-type",
    "Charging(store=Right(), gateway=Provider(promised), clock=lambda: noon, usage=Disk())": "arg-type",
    "charging.run('bills')": "arg-type",
    "charging.change(acme, money)": "arg-type",
    "charging.resolve('acme/bill/1/1', 'captured', by='dana', note='')": "arg-type",
    "charging.resolve('acme/bill/1/1', Decision.CAPTURED)": "call-arg",
}

USES = [
    "keep(Right())",
    "keep(Memory())",
    "keep(Sqlite('licensebill.db'))",
    "keep(FaultyStore(Right(), schedule))",
    "cache(Memory())",
    "cache(Sqlite('licensebill.db'))",
    "cache(Caches())",
    "charge(Provider(promised))",
    "charge(FaultyGateway(Provider(promised), schedule))",
    "charge(keyed(ByKey(promised), lambda: noon))",
    "charge_by_key(ByKey(promised))",
    "measure(Dialer(), Disk())",
    "tell(lambda: datetime.datetime.now(datetime.UTC))",
    "assert_type(Charging(store=Right(), gateway=Provider(promised), clock=lambda: noon, usage=Dialer()), Charging)",
    "assert_type([report.standing for report in charging.run(Job.BILLS)], list[Standing | None])",
    "assert_type(charging.open(acme), Standing)",
]
