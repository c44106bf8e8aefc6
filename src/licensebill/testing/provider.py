"""A stand-in for a payment provider: the part of Stripe's HTTP API that charging needs, on 127.0.0.1.

For tests and demonstrations. It is deterministic, takes its time from the clock that the caller passes in, fails when
it is told to, and keeps its own record of the money that really moved, to compare a ledger with. It needs no test
framework and no network. What it answers has the shape that Stripe publishes in its OpenAPI description; nothing here
is code or text of Stripe's, and only test tokens are known to it: a live key or a card number is refused.

    with StandIn(clock=clock) as provider:
        client = stripe.StripeClient("sk_test_any", base_addresses={"api": provider.url})
        ...
        provider.captures()

`StandIn` puts idempotency keys, faults and web-hooks around the payments of `payments`, which know nothing of HTTP, and
keeps the record; `_Handler` is the HTTP.

How a payment goes, as Stripe documents it:

* A PaymentIntent created with a payment method and not confirmed is `requires_confirmation`: no money has moved.
* A card's confirmation succeeds, or answers 402. Declined, the intent is `requires_payment_method` and has lost its
  payment method: it can be confirmed again only by a request that names one. So it is cancelled.
* A confirmed bank debit (ACH) is `processing` for some days; then it is `succeeded`, or `requires_payment_method`
  with the bank's return code as `last_payment_error.network_decline_code`. Cancelling it in between works "in rare
  cases"; here only where the debit never leaves (`pm_usBankAccount_processing`).
* A bank debit that comes back after it succeeded *stays* `succeeded`. Stripe opens a dispute, closed and lost from the
  start, as such debits cannot be contested: its `reason` is `insufficient_funds`, `incorrect_account_details` or
  `bank_cannot_process` for a late return, `debit_not_authorized` where the customer objected (which a consumer may
  for 60 days). The charge says `disputed`; the bank's return code (R01, ...) is not passed on. Whoever looks at the
  intent's status alone never learns of it.
* An idempotency key answers the same request with the first answer for 24 hours, whatever that was, a 500 included;
  with other parameters it is an error. What was refused before it was begun (validation, 401, 409, 429) is not kept.
* Search finds an intent up to a minute late.

What is simpler here: a token is the payment method's id and serves any customer; a day at the bank is a day of the
calendar; there are no fees, refunds, captures by hand or mandates. The `type` of a failed debit's error is not
documented; nothing should depend on it.
"""

import argparse
import datetime
import enum
import hashlib
import hmac
import http.server
import json
import random
import re
import secrets
import socket
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Self

import attrs

from licensebill._checks import each_of, function, instance, text, whole
from licensebill.errors import InvalidValue, shown
from licensebill.testing._programs import number
from licensebill.testing.payments import SOURCES, Account, Answer, Behavior, Capture, Json, Refused, Request, seconds_of

__all__ = ["KEY_WINDOW", "RANDOM_FAULTS", "SOURCES", "Behavior", "Capture", "Delivery", "Exchange", "Fault", "StandIn"]

Clock = Callable[[], datetime.datetime]
_Socket = socket.socket | tuple[bytes, socket.socket]

#: How long a key is remembered.
KEY_WINDOW = datetime.timedelta(hours=24)


class Fault(enum.Enum):
    """What can go wrong with one request."""

    RATE_LIMITED = "answered 429 with Retry-After; nothing done, nothing kept under the key"
    ERROR_BEFORE = "answered 500 before it was begun; nothing done, nothing kept under the key"
    ERROR_STICKY = "answered 500; nothing done, and the key goes on answering 500"
    ERROR_AFTER = "done, but answered 500, and the key goes on answering 500"
    DROP_BEFORE = "connection dropped; nothing done"
    DROP_AFTER = "done, then connection dropped"
    GARBLED = "done, but answered with a page that is no JSON"
    DELAY = "held for some seconds before it is begun; meanwhile its key is in use"
    LATE = "connection dropped; delivered and done hours later"
    CAPTURES_LESS = "one minor unit less is captured than was asked"


@attrs.frozen(kw_only=True)
class Delivery:
    """A web-hook as it is sent.

    Args:
        type: such as `payment_intent.succeeded`.
        payload: the body, byte for byte as it was signed.
        signature: the header `Stripe-Signature`.
    """

    type: str
    payload: bytes
    signature: str


@attrs.frozen(kw_only=True)
class Exchange:
    """A request and what became of it.

    Args:
        operation: `create`, `confirm`, `retrieve`, `cancel`, `search`, `disputes`; `unknown` for any other URL.
        status: of the answer; None if the connection was dropped.
        body: of the answer, if it was JSON.
    """

    operation: str
    method: str
    path: str
    params: Mapping[str, str]
    key: str | None
    fault: Fault | None
    status: int | None
    body: Json | None


_OPERATIONS = (
    ("POST", re.compile(r"/v1/payment_intents"), "create"),
    ("GET", re.compile(r"/v1/payment_intents/search"), "search"),
    ("POST", re.compile(r"/v1/payment_intents/(\w+)/confirm"), "confirm"),
    ("POST", re.compile(r"/v1/payment_intents/(\w+)/cancel"), "cancel"),
    ("GET", re.compile(r"/v1/payment_intents/(\w+)"), "retrieve"),
    ("GET", re.compile(r"/v1/disputes"), "disputes"),
)
_NAMES = tuple(name for _, _, name in _OPERATIONS)
#: Times, seconds and copies.
_MOST = 100_000
_LAST_PORT = 65_535
#: A request of more bytes than have so many digits is none.
_MOST_LENGTH_DIGITS = 9
#: What `fail_at_random` draws from: all that need neither waiting nor another amount.
RANDOM_FAULTS = (
    Fault.RATE_LIMITED,
    Fault.ERROR_BEFORE,
    Fault.ERROR_STICKY,
    Fault.ERROR_AFTER,
    Fault.DROP_BEFORE,
    Fault.DROP_AFTER,
    Fault.GARBLED,
    Fault.LATE,
)
_DROPPED = {Fault.DROP_BEFORE, Fault.DROP_AFTER, Fault.LATE}


@attrs.frozen(kw_only=True)
class _Planned:
    fault: Fault
    on: str | None = None
    seconds: float = 0.5
    later: datetime.timedelta = datetime.timedelta(hours=3)


class StandIn:
    """The stand-in: serves from `start` (or `with`) to `stop`.

    Args:
        clock: tells the provider's time; nothing here ever looks at the machine's.
        port: to listen on; 0 takes a free one.
        webhook_secret: signs web-hooks.
        name: in the id of everything it makes: one stand-in does not know the objects of another of another name.

    Attributes:
        sources: the behavior of each token; may be changed at any time, so that a card fails first and works later.
        exchanges: every request so far and what became of it, oldest first.

    Example:
        >>> import datetime
        >>> with StandIn(clock=lambda: datetime.datetime(2026, 3, 1, tzinfo=datetime.UTC)) as provider:
        ...     provider.captures()
        ()
    """

    def __init__(
        self,
        *,
        clock: Clock,
        port: int = 0,
        webhook_secret: str = "whsec_standin",  # noqa: S107 - of tests
        name: str = "standin",
    ) -> None:
        self._clock = function("clock", clock)
        self._secret = text("webhook_secret", webhook_secret)
        whole("port", port, 0, _LAST_PORT)
        text("name", name)
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._account = Account(clock(), name)
        self._keys: dict[str, tuple[datetime.datetime, Request, Answer]] = {}
        self._in_flight: set[str] = set()
        self._planned: list[_Planned] = []
        self._random: Callable[[], Fault | None] = lambda: None
        self.exchanges: list[Exchange] = []
        self._server = _Server(port, self)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        """Where it serves, such as `http://127.0.0.1:40123`."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    @property
    def sources(self) -> dict[str, Behavior]:
        """The behavior of each token."""
        return self._account.sources

    def start(self) -> Self:
        """Serve, in a thread of its own; once, as its port is given back when it is stopped.

        Raises:
            RuntimeError: it was started before.
        """
        self._thread.start()
        return self

    def stop(self) -> None:
        """Stop serving, and end the connections that clients keep open; also of one that never was started."""
        self._closing.set()
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.end_connections()
        self._server.server_close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    def captures(self) -> tuple[Capture, ...]:
        """The provider's own record: all money that moved by now, in the order in which it did."""
        with self._lock:
            self._catch_up()
            return tuple(sorted(self._account.captures.values(), key=lambda one: (one.at, one.payment_intent)))

    def fail_next(
        self,
        fault: Fault,
        *,
        on: str | None = None,
        times: int = 1,
        seconds: float = 0.5,
        later: datetime.timedelta = datetime.timedelta(hours=3),
    ) -> None:
        """Let the next requests go wrong.

        Args:
            fault: how.
            on: only `create`, `confirm`, `retrieve`, `cancel`, `search` or `disputes`; None for any.
            times: so many of them.
            seconds: real ones, for `Fault.DELAY`.
            later: for `Fault.LATE`, by the provider's clock.
        """
        instance("fault", fault, Fault)
        if on is not None and instance("on", on, str) not in _NAMES:
            raise InvalidValue("on", f"must be one of {', '.join(_NAMES)}, not {shown(on)}")
        whole("times", times, 0, _MOST)
        if type(seconds) not in {int, float} or not 0 <= seconds <= _MOST:
            raise InvalidValue("seconds", f"must be a number from 0 to {_MOST}, not {shown(seconds)}")
        instance("later", later, datetime.timedelta)
        self._planned += [_Planned(fault=fault, on=on, seconds=seconds, later=later)] * times

    def fail_at_random(self, seed: int, *, one_in: int = 5, faults: Iterable[Fault] = RANDOM_FAULTS) -> None:
        """Let requests go wrong by a seeded schedule, from the next on: the same seed, the same faults in turn."""
        whole("one_in", one_in, 1)
        choices = tuple(each_of("faults", faults, Fault))
        if not choices:
            raise InvalidValue("faults", "must hold at least one")
        draw = random.Random(whole("seed", seed))  # noqa: S311 - a schedule, no secret
        self._random = lambda: draw.choice(choices) if draw.randrange(one_in) == 0 else None

    def stop_failing(self) -> None:
        """No fault from now on, neither planned nor drawn; what is under way late still arrives."""
        self._planned, self._random = [], lambda: None

    def take_events(self, *, copies: int = 1, shuffled_by: int | None = None) -> tuple[Delivery, ...]:
        """The web-hooks since the last call, signed with the time of now.

        Args:
            copies: of each.
            shuffled_by: a seed, to have them in another order than they came about.
        """
        whole("copies", copies, 0, _MOST)
        if shuffled_by is not None:
            whole("shuffled_by", shuffled_by)
        with self._lock:
            self._catch_up()
            events, self._account.events = self._account.events, []
            stamp = seconds_of(self._account.now)
        deliveries = [self._signed(event, stamp) for event in events for _ in range(copies)]
        if shuffled_by is not None:
            random.Random(shuffled_by).shuffle(deliveries)  # noqa: S311 - a schedule, no secret
        return tuple(deliveries)

    def post_events(self, url: str, *, copies: int = 1, shuffled_by: int | None = None) -> tuple[int, ...]:
        """Post them to a URL.

        Returns:
            the status of each answer.
        """
        if not instance("url", url, str).startswith(("http://", "https://")):
            raise InvalidValue("url", f"must begin with http:// or https://, not {shown(url)}")
        return tuple(_posted(url, one) for one in self.take_events(copies=copies, shuffled_by=shuffled_by))

    def _signed(self, event: Json, stamp: int) -> Delivery:
        payload = json.dumps(event, indent=2).encode()
        signature = hmac.new(self._secret.encode(), f"{stamp}.".encode() + payload, hashlib.sha256).hexdigest()
        return Delivery(type=event["type"], payload=payload, signature=f"t={stamp},v1={signature}")

    def _catch_up(self) -> None:
        self._account.advance(self._clock())

    def answer(self, method: str, target: str, form: str, headers: Mapping[str, str]) -> tuple[int, bytes, Json] | None:
        """What a request is answered: status, body and headers; None where the connection is dropped."""
        url = urllib.parse.urlsplit(target)
        params = dict(urllib.parse.parse_qsl(form if method == "POST" else url.query, keep_blank_values=True))
        key = headers.get("idempotency-key") if method == "POST" else None
        operation, identifier = _operation(method, url.path)
        request = Request(
            operation=operation, method=method, path=url.path, params=params, identifier=identifier, key=key
        )
        planned = self._fault_of(request)
        fault = planned.fault if planned else None
        answer = self._answered(request, planned, headers.get("authorization", ""))
        status = None if fault in _DROPPED else answer.status
        garbled = fault is Fault.GARBLED
        self.exchanges.append(
            Exchange(
                operation=operation,
                method=method,
                path=url.path,
                params=params,
                key=key,
                fault=fault,
                status=status,
                body=None if garbled or status is None else answer.body,
            )
        )
        if status is None:
            return None
        body = b"<html>Service unavailable" if garbled else json.dumps(answer.body).encode()
        return status, body, {"Request-Id": f"req_standin{len(self.exchanges):06d}", **answer.headers}

    def _fault_of(self, request: Request) -> _Planned | None:
        with self._lock:
            for planned in self._planned:
                if planned.on in {None, request.operation}:
                    self._planned.remove(planned)
                    return planned
            drawn = self._random()
            return drawn and _Planned(fault=drawn)

    def _answered(self, request: Request, planned: _Planned | None, authorization: str) -> Answer:
        try:
            _check(request, authorization)
            if planned and planned.fault is Fault.DELAY:
                self._hold(request, planned.seconds)
            with self._lock:
                self._catch_up()
                return self._served(request, planned)
        except Refused as refused:
            return refused.answer

    def _hold(self, request: Request, seconds: float) -> None:
        with self._lock:
            self._known(request)
            if request.key:
                self._in_flight.add(request.key)
        self._closing.wait(seconds)
        self._in_flight.discard(request.key or "")

    def _served(self, request: Request, planned: _Planned | None) -> Answer:
        fault = planned.fault if planned else None
        if fault is Fault.RATE_LIMITED:
            limited = Refused(429, "Too many requests", code="rate_limit").answer
            return attrs.evolve(limited, headers={"Retry-After": "1"})
        if fault in {Fault.ERROR_BEFORE, Fault.DROP_BEFORE}:
            return _broken()
        if planned and fault is Fault.LATE:
            due = self._account.now + planned.later
            self._account.schedule(due, lambda: self._delivered(request))
            return _broken()
        return self._delivered(request, fault)

    def _delivered(self, request: Request, fault: Fault | None = None) -> Answer:
        known = self._known(request)
        if known:
            return attrs.evolve(known, headers={"Idempotent-Replayed": "true"})
        answer = _broken(kept=True) if fault is Fault.ERROR_STICKY else self._executed(request, fault)
        if fault is Fault.ERROR_AFTER:
            answer = _broken(kept=True)
        if request.key and answer.kept:
            self._keys[request.key] = (self._account.now, request, answer)
        return answer

    def _known(self, request: Request) -> Answer | None:
        key = request.key or ""
        if key in self._in_flight:
            in_use = "There is another request under way with this idempotency key."
            raise Refused(409, in_use, code="idempotency_key_in_use", type="idempotency_error")
        since, first, answer = self._keys.get(key, (None, None, None))
        if since is None or since + KEY_WINDOW <= self._account.now:
            return None
        if first != request:
            other = "This idempotency key was first used with other parameters or for another endpoint."
            raise Refused(400, other, type="idempotency_error")
        return answer

    def _executed(self, request: Request, fault: Fault | None) -> Answer:
        account = self._account
        account.request = request
        try:
            if fault is Fault.CAPTURES_LESS and request.identifier in account.intents:
                account.intents[request.identifier].short = 1
            endpoint = getattr(account, request.operation)
            return Answer(status=200, body=endpoint(request.params, request.identifier))
        except Refused as refused:
            return refused.answer
        finally:
            account.request = None


def _operation(method: str, path: str) -> tuple[str, str | None]:
    for verb, pattern, name in _OPERATIONS:
        found = pattern.fullmatch(path)
        if found and verb == method:
            return name, found[1] if pattern.groups else None
    return "unknown", path


def _check(request: Request, authorization: str) -> None:
    if request.operation == "unknown":
        raise Refused(404, f"Unrecognized request URL ({request.method}: {request.path}).")
    if not authorization.startswith("Bearer sk_test_"):
        raise Refused(401, "Only a secret test key (sk_test_...) is accepted here.")


def _broken(*, kept: bool = False) -> Answer:
    return Refused(500, "An error occurred at our end.", kept=kept, type="api_error").answer


def _posted(url: str, delivery: Delivery) -> int:
    headers = {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": delivery.signature}
    request = urllib.request.Request(url, delivery.payload, headers)  # noqa: S310 - the test's own address
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        with refused:
            return refused.code


class _Handler(http.server.BaseHTTPRequestHandler):
    server: "_Server"
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # an answer leaves in one piece
    disable_nagle_algorithm = True

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or len(length) > _MOST_LENGTH_DIGITS:
            self.close_connection = True
            self.send_error(400)
            return
        sent = self.rfile.read(int(length))
        if len(sent) < int(length):  # its client has died in the middle: no request, least of all a shorter one
            self.close_connection = True
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.stand_in.answer(self.command, self.path, sent.decode(errors="replace"), headers)
        if answer is None:
            self.close_connection = True
            return
        status, body, more = answer
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": len(body), **more}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the base class
        """Say nothing: `exchanges` holds it."""


class _Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, port: int, stand_in: StandIn) -> None:
        self.stand_in = stand_in
        self._open: set[_Socket] = set()
        super().__init__(("127.0.0.1", port), _Handler)

    def process_request(self, request: _Socket, client_address: object) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: _Socket) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: _Socket, client_address: object) -> None:
        """A client that gave up waiting is no error of the stand-in."""

    def end_connections(self) -> None:
        for connection in tuple(self._open):
            self.shutdown_request(connection)


def new_name() -> str:
    """A name that no other stand-in has, so that what one has made is never taken for another's.

    It ends in a letter. Its digits and those of a count, side by side, could be a card number, which is refused.
    """
    return f"standin{secrets.token_hex(4)}x"


def main(arguments: list[str] | None = None, *, until: threading.Event | None = None) -> None:
    """Serve by the machine's clock until interrupted; the URL is printed first."""
    parser = argparse.ArgumentParser(prog="python -m licensebill.testing.provider", description="A stand-in for Stripe")
    ports = number(0, _LAST_PORT)
    parser.add_argument("--port", type=ports, default=0, help="to listen on at 127.0.0.1; 0 takes a free one")
    port: int = parser.parse_args(arguments).port
    clock, name = lambda: datetime.datetime.now(datetime.UTC), new_name()  # noqa: TID251 - its own clock
    try:
        stand_in = StandIn(clock=clock, port=port, name=name)
    except OSError as failed:
        parser.error(f"cannot listen on port {port}: {failed.strerror}")
    with stand_in as provider:
        sys.stdout.write(f"{provider.url}\n")
        sys.stdout.flush()
        try:
            (until or threading.Event()).wait()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":  # pragma: no cover - its test runs it as a process of its own
    main()
