"""Connections: the store, the payment provider, the meters and the clock that the options of a command name.

Whatever is wrong with an option is said before anything is done. Neither a store's address nor an API key is ever
repeated: the one may hold a password, the other is one.
"""

import contextlib
import datetime
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import attrs
from cyclopts import Parameter

from licensebill.adapters.arguments import utc
from licensebill.adapters.files import Files
from licensebill.adapters.sqlite import Sqlite
from licensebill.charging import Job
from licensebill.codec import load_customers
from licensebill.commands.asking import as_asked, moment_of
from licensebill.errors import InvalidValue, shown
from licensebill.outcomes import Outcome
from licensebill.protocols import Capabilities, Clock, LookUp, NotSent, Request, SnapshotStore, Store, TwoPhaseGateway
from licensebill.testing.provider import StandIn, new_name

StoreUrl = Annotated[
    str,
    Parameter(
        name="--store",
        env_var="LICENSEBILL_STORE",
        help="Where the accounts are kept: sqlite:PATH or postgresql://...; best given by the environment.",
    ),
]
GatewayName = Literal["stripe", "stand-in"]

#: Where the secret key of Stripe is read from; it is no option, as everybody on the machine can read those.
KEY_VARIABLE = "STRIPE_API_KEY"
#: How long Stripe may take to answer one request, in seconds, before it counts as unknown what became of it.
TIMEOUT = 30


# --- the store ----------------------------------------------------------------------------------------------------


class Kept(Store, SnapshotStore, Protocol):
    """What the commands need of a store."""

    def accounts(self, *, after: str = "", limit: int = 500) -> Sequence[str]:
        """All accounts, a page at a time."""

    def close(self) -> None:
        """Let go of it."""


@contextlib.contextmanager
def opened_store(url: str, *, new: bool = False) -> Iterator[Kept]:
    """The store of an address, closed at the end.

    Args:
        url: `sqlite:PATH` or `postgresql://...`.
        new: whether its file, or its tables, are made if they are not there.

    Raises:
        InvalidValue: an address of neither form, no such file, or no driver.
        StoreUnavailable: the tables could not be made.
    """
    scheme, colon, path = url.partition(":")
    if scheme == "sqlite" and colon:
        store: Kept = _sqlite(path, new=new)
    elif scheme in {"postgresql", "postgres"}:
        store = _postgres(url, new=new)
    else:
        raise InvalidValue("--store", "must be sqlite:PATH or postgresql://...; it is not repeated here")
    with contextlib.closing(store):
        yield store


def _sqlite(path: str, *, new: bool) -> Sqlite:
    if not path or path == ":memory:":
        raise InvalidValue("--store", "must name a file after sqlite:")
    if path.startswith("//"):
        raise InvalidValue("--store", "must be sqlite:PATH; after // it would be a file in the topmost folder")
    file = Path(path)
    if file.is_dir():
        raise InvalidValue("--store", f"must name a file after sqlite:, and {shown(path)} is a folder")
    if new and not file.parent.is_dir():
        raise InvalidValue("--store", f"there is no folder {shown(str(file.parent))} to make the file in")
    if not new and not file.is_file():
        raise InvalidValue("--store", f"there is no file {shown(path)}; `licensebill open` makes it")
    if new:
        with contextlib.suppress(OSError):  # it is there; what else is wrong with the path is for the store to say
            file.touch(mode=0o600, exist_ok=False)  # for nobody else: it holds names and the provider's tokens
    try:
        store = Sqlite(path, make=new)
        store.accounts(limit=1)  # opens it, so that what is wrong with it is said before anything is done
    except InvalidValue as refused:
        raise InvalidValue("--store", refused.problem) from None
    return store


def _postgres(url: str, *, new: bool) -> Kept:
    try:
        from licensebill.adapters.postgres import Postgres  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise InvalidValue("--store", str(missing)) from None
    try:
        store = Postgres(url)
    except InvalidValue as refused:
        raise InvalidValue("--store", refused.problem) from None
    if new:
        store.create_tables()
    return store


# --- the provider -------------------------------------------------------------------------------------------------


@contextlib.contextmanager
def provided(name: GatewayName, *, url: str | None, customers: Path | None, clock: Clock) -> Iterator[TwoPhaseGateway]:
    """The payment provider of a name.

    Args:
        name: `stripe`, with the key of the environment, or `stand-in`.
        url: of a stand-in that runs already; without it one is started, which forgets everything at the end.
        customers: a CSV file with the columns account, customer; Stripe needs one.
        clock: of a stand-in that is started.

    Raises:
        InvalidValue: no key, a key that Stripe refuses, no customers, an address that is not this machine's, or no
            driver.
    """
    listed = _customers(customers)
    gateway = _gateway()
    if name == "stripe":
        if url is not None:
            raise InvalidValue("--gateway-url", "is for the stand-in; Stripe is where it always is")
        client = _client(_key())
        if customers is None:
            raise InvalidValue("--customers", "must be given: Stripe charges a saved source only for its customer")
        check_key(client)
        yield gateway(client=client, customer=_Listed(listed))
    elif url is not None:
        yield gateway(client=_client("sk_test_standin", _loopback(url)), customer=listed.get)
    else:
        with StandIn(clock=clock, name=new_name()) as started:
            yield gateway(client=_client("sk_test_standin", started.url), customer=listed.get)


def _gateway() -> Callable[..., TwoPhaseGateway]:
    try:
        from licensebill.adapters.stripe import StripeGateway  # noqa: PLC0415 - an extra
    except ModuleNotFoundError as missing:
        raise InvalidValue("--gateway", str(missing)) from None
    return StripeGateway


def _client(key: str, stand_in: str | None = None) -> Any:  # noqa: ANN401 - Stripe's client
    import stripe  # noqa: PLC0415 - an extra

    if stand_in is None:
        http = stripe.RequestsClient(timeout=TIMEOUT)
        return stripe.StripeClient(key, http_client=http, max_network_retries=0)
    # what is on this machine is never reached by a proxy, whatever the environment says
    direct: Any = {"http": None, "all": None}
    http = stripe.RequestsClient(timeout=TIMEOUT, proxy=direct)
    return stripe.StripeClient(key, base_addresses={"api": stand_in}, http_client=http, max_network_retries=0)


def _key() -> str:
    key = os.environ.get(KEY_VARIABLE, "").strip()
    if not key:
        raise InvalidValue(KEY_VARIABLE, "must be set in the environment to Stripe's secret key")
    if not key.isascii() or not key.isprintable() or " " in key:
        raise InvalidValue(KEY_VARIABLE, "is no key: it holds blanks, line breaks or other characters than a key has")
    return key


def check_key(client: Any) -> None:  # noqa: ANN401 - Stripe's client
    """Ask for a payment that cannot be there, to learn whether the key counts before a charge is sent with it.

    With a wrong one every open charge would be rejected, and would wait for a person.

    Raises:
        InvalidValue: Stripe refuses the key.
    """
    import stripe  # noqa: PLC0415 - an extra

    try:
        client.v1.payment_intents.retrieve("pi_0")
    except (stripe.AuthenticationError, stripe.PermissionError):
        raise InvalidValue(KEY_VARIABLE, "Stripe refuses this key for payments; nothing was charged") from None
    except stripe.StripeError:
        return  # it is not there: the key was taken. Whatever else fails, the run will meet it


#: Nothing else than a server's name and a port: what is read in two ways could lead elsewhere.
_STAND_IN_URL = re.compile(r"http://(127\.0\.0\.1|localhost|\[::1\])(?::0*([0-9]{1,5}))?/?", re.ASCII | re.IGNORECASE)
_PORTS = range(1, 2**16)


def _loopback(url: str) -> str:
    """The address of a stand-in on this machine, put together again from its parts."""
    found = _STAND_IN_URL.fullmatch(url)
    port = 80 if found is None or found[2] is None else int(found[2])
    if found is None or port not in _PORTS:
        raise InvalidValue("--gateway-url", "must be that of a stand-in on this machine, such as http://127.0.0.1:4010")
    return f"http://{found[1].lower()}:{port}"


def _customers(path: Path | None) -> Mapping[str, str]:
    return {} if path is None else as_asked("--customers", lambda: load_customers(path), of="path")


@attrs.frozen
class _Listed:
    """The customers of a file. Without one nothing is asked of Stripe, which would reject each charge for good."""

    customers: Mapping[str, str]

    def __call__(self, account: str) -> str:
        if account not in self.customers:
            raise NotSent(f"{account} is not in the file of --customers")
        return self.customers[account]


class Nobody:
    """Stands for a provider in commands that ask none."""

    @property
    def capabilities(self) -> Capabilities:
        """Those of a provider that does nothing, safely."""
        return Capabilities(two_phase=True, void=True, look_up=LookUp.STRONG)

    def prepare(self, request: Request) -> str:  # noqa: ARG002 - refused, whatever it is
        """Refuse."""
        raise NotSent("this command asks no provider")

    def capture(self, ref: str, request: Request) -> Outcome:  # noqa: ARG002 - refused, whatever it is
        """Refuse."""
        raise NotSent("this command asks no provider")

    def retrieve(self, ref: str) -> Outcome:  # noqa: ARG002 - refused, whatever it is
        """Refuse."""
        raise NotSent("this command asks no provider")

    def void(self, ref: str) -> Outcome:  # noqa: ARG002 - refused, whatever it is
        """Refuse."""
        raise NotSent("this command asks no provider")


# --- meters and the clock -----------------------------------------------------------------------------------------

#: What a job cannot do without measurements.
_NEEDS = {
    Job.BILLS: "a bill needs readings of storage (STO-4)",
    Job.RECHARGES: "a recharge needs the dialer's usage (MIN-5)",
}


def meters_of(folder: Path | None, job: Job, store: Store, clock: Clock) -> Files | None:
    """The meters in a folder; None for a job that needs none.

    Raises:
        InvalidValue: there is no folder, and the job needs one.
    """
    if job not in _NEEDS:
        return None
    if folder is None or not folder.is_dir():
        given = "must be given" if folder is None else f"there is no folder {shown(str(folder))}"
        raise InvalidValue("--meters", f"{given}: {_NEEDS[job]}")
    return Files(folder=folder, store=store, clock=clock)


def clock_of(at: str | None) -> Clock:
    """A clock that stands at an instant; the machine's clock without one.

    Raises:
        InvalidValue: no point in time with its zone.
    """
    if at is None:
        return lambda: datetime.datetime.now(UTC)
    stated = utc("--at", moment_of(at))
    return lambda: stated
