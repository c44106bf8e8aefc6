"""Idempotency keys, faults, web-hooks and the process of the stand-in, with Stripe's own client."""

import datetime
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
import stripe

from licensebill.errors import InvalidValue
from licensebill.testing.provider import RANDOM_FAULTS, Fault, StandIn, main
from tests.provider.conftest import Time, client_of
from tests.provider.openapi import Checker
from tests.provider.test_payments import OFF_SESSION, confirmed, created

_DAY = datetime.timedelta(days=1)


def keyed(client: stripe.StripeClient, key: str = "k", amount: int = 1999) -> stripe.PaymentIntent:
    """An intent created with a key."""
    return client.v1.payment_intents.create(
        {"amount": amount, "currency": "usd", "payment_method": "pm_card_visa"}, {"idempotency_key": key}
    )


def waited_for(condition: Callable[[], bool]) -> None:
    """Look now and then, for at most ten seconds."""
    pause = threading.Event()
    assert any(condition() or pause.wait(0.01) for _ in range(1000))


class TestLife:
    """A stand-in serves once, and can be stopped at any time."""

    def test_one_that_never_served_stops(self, time: Time) -> None:
        """At once, and its port is free again."""
        stand_in = StandIn(clock=time)
        port = urllib.parse.urlsplit(stand_in.url).port
        stand_in.stop()
        with socket.socket() as one:
            one.bind(("127.0.0.1", port))

    def test_it_stops_twice(self, time: Time) -> None:
        """As when a test stops what its fixture stops again."""
        with StandIn(clock=time) as stand_in:
            stand_in.stop()

    def test_it_starts_once(self, time: Time) -> None:
        """Its port is gone when it has stopped."""
        with StandIn(clock=time) as stand_in, pytest.raises(RuntimeError):
            stand_in.start()
        with pytest.raises(RuntimeError):
            stand_in.start()


class TestKeys:
    """A key answers the same request with the first answer, for a day."""

    def test_the_first_answer_again(self, client: stripe.StripeClient, time: Time) -> None:
        """The same object, said to be replayed; nothing new is made until the day is over."""
        first = keyed(client)
        time.pass_(days=1, seconds=-1)
        again = keyed(client)
        assert again.id == first.id
        assert again.last_response
        assert again.last_response.headers["Idempotent-Replayed"] == "true"
        time.pass_(seconds=1)
        assert keyed(client).id != first.id

    def test_a_decline_again(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """The card works by now, but the key knows what it was answered."""
        intent = created(client, "pm_card_visa_chargeDeclined")
        for _ in range(2):
            with pytest.raises(stripe.CardError):
                client.v1.payment_intents.confirm(intent.id, OFF_SESSION, {"idempotency_key": "c"})
            provider.sources["pm_card_visa_chargeDeclined"] = provider.sources["pm_card_visa"]
        assert provider.captures() == ()

    def test_other_parameters(self, client: stripe.StripeClient) -> None:
        """An error, not another charge."""
        keyed(client)
        with pytest.raises(stripe.IdempotencyError):
            keyed(client, amount=2000)

    def test_another_endpoint(self, client: stripe.StripeClient) -> None:
        """A key belongs to one request."""
        intent = keyed(client)
        with pytest.raises(stripe.IdempotencyError):
            client.v1.payment_intents.confirm(intent.id, None, {"idempotency_key": "k"})

    def test_what_was_not_begun_is_not_kept(self, client: stripe.StripeClient) -> None:
        """After a request that was malformed the key is free."""
        with pytest.raises(stripe.InvalidRequestError):
            keyed(client, amount=1)
        assert keyed(client).amount == 1999

    def test_in_use(self, provider: StandIn, monkeypatch: pytest.MonkeyPatch) -> None:
        """While a request is under way, another with its key is refused, held up itself or not."""
        gate = threading.Event()
        monkeypatch.setattr(provider, "_closing", gate)
        provider.fail_next(Fault.DELAY, on="create", seconds=60)
        slow = threading.Thread(target=keyed, args=(client_of(provider.url),))
        slow.start()
        waited_for(lambda: bool(provider._in_flight))
        for _ in range(2):
            with pytest.raises(stripe.APIError) as refused:
                keyed(client_of(provider.url))
            assert refused.value.http_status == 409
            assert refused.value.error
            assert refused.value.error.code == "idempotency_key_in_use"
            provider.fail_next(Fault.DELAY, on="create")
        gate.set()
        slow.join()
        assert provider.exchanges[-1].status == 200


@attrs.frozen
class Case:
    """What a fault in a confirmation leads to."""

    fault: Fault
    error: type[stripe.StripeError]
    status: int | None
    captured: int
    on_retry: object


CASES = [
    Case(Fault.RATE_LIMITED, stripe.RateLimitError, 429, 0, "succeeded"),
    Case(Fault.ERROR_BEFORE, stripe.APIError, 500, 0, "succeeded"),
    Case(Fault.ERROR_STICKY, stripe.APIError, 500, 0, 500),
    Case(Fault.ERROR_AFTER, stripe.APIError, 500, 1, 500),
    Case(Fault.DROP_BEFORE, stripe.APIConnectionError, None, 0, "succeeded"),
    Case(Fault.DROP_AFTER, stripe.APIConnectionError, None, 1, "succeeded"),
    Case(Fault.GARBLED, stripe.APIError, 200, 1, "succeeded"),
    Case(Fault.LATE, stripe.APIConnectionError, None, 0, "succeeded"),
]


class TestFaults:
    """Each does what it says: to the answer, to the money, and to the key."""

    @pytest.mark.parametrize("case", CASES, ids=lambda case: case.fault.name)
    def test_once(self, case: Case, client: stripe.StripeClient, provider: StandIn) -> None:
        """The client sees an error; the money has moved or not; sent again with its key it is answered so."""
        intent = created(client)
        provider.fail_next(case.fault, on="confirm")
        with pytest.raises(case.error) as failed:
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION, {"idempotency_key": "c"})
        assert failed.value.http_status == case.status
        assert len(provider.captures()) == case.captured
        assert provider.exchanges[-1].fault is case.fault
        try:
            again: object = client.v1.payment_intents.confirm(intent.id, OFF_SESSION, {"idempotency_key": "c"}).status
        except stripe.APIError as sticky:
            again = sticky.http_status
        assert again == case.on_retry
        assert len(provider.captures()) == (case.on_retry == "succeeded" or case.captured)

    def test_a_sticky_error_is_forgotten_with_its_key(
        self, client: stripe.StripeClient, provider: StandIn, time: Time
    ) -> None:
        """A day later the same request is done."""
        provider.fail_next(Fault.ERROR_STICKY)
        for passing in (0, 23):
            time.pass_(hours=passing)
            with pytest.raises(stripe.APIError):
                keyed(client)
        time.pass_(hours=1)
        assert keyed(client).status == "requires_confirmation"

    def test_when_to_come_back(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """429 comes with Retry-After."""
        provider.fail_next(Fault.RATE_LIMITED)
        with pytest.raises(stripe.RateLimitError) as limited:
            keyed(client)
        assert (limited.value.headers or {})["Retry-After"] == "1"

    def test_delivered_hours_late(self, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """It takes effect when it arrives, at that time, whoever asks and however much later."""
        started = time.now
        intent = created(client)
        provider.fail_next(Fault.LATE, on="confirm", later=datetime.timedelta(hours=5))
        with pytest.raises(stripe.APIConnectionError):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        time.pass_(hours=5, seconds=-1)
        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
        time.pass_(days=3)
        assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"
        assert [one.at for one in provider.captures()] == [started + datetime.timedelta(hours=5)]

    def test_late_after_it_was_cancelled(self, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """Then it finds nothing to charge."""
        intent = created(client)
        provider.fail_next(Fault.LATE, on="confirm")
        with pytest.raises(stripe.APIConnectionError):
            client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        client.v1.payment_intents.cancel(intent.id)
        time.pass_(days=3)
        assert provider.captures() == ()

    def test_the_same_late_request_twice(self, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """Its key makes one of them."""
        for _ in range(2):
            provider.fail_next(Fault.LATE, on="create")
            with pytest.raises(stripe.APIConnectionError):
                keyed(client)
        time.pass_(days=2)
        provider.captures()
        assert len(provider._account.intents) == 1

    def test_delay_beyond_the_client_s_patience(self, provider: StandIn) -> None:
        """The client has given up, but it is done all the same."""
        intent = created(client_of(provider.url))
        provider.fail_next(Fault.DELAY, on="confirm", seconds=0.6)
        with pytest.raises(stripe.APIConnectionError):
            client_of(provider.url, timeout=0.2).v1.payment_intents.confirm(intent.id, OFF_SESSION)
        waited_for(lambda: provider.exchanges[-1].operation == "confirm")
        assert len(provider.captures()) == 1

    @pytest.mark.parametrize("token", ["pm_card_visa", "pm_usBankAccount_success"])
    def test_less_is_captured(self, token: str, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """A cent is missing from what was asked."""
        intent = created(client, token)
        provider.fail_next(Fault.CAPTURES_LESS, on="confirm")
        client.v1.payment_intents.confirm(intent.id, OFF_SESSION)
        time.pass_(days=4)
        assert client.v1.payment_intents.retrieve(intent.id).amount_received == 1998
        assert [one.amount for one in provider.captures()] == [1998]

    def test_a_delayed_answer(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """Who waits long enough gets it, a look without a key as well."""
        intent = created(client)
        provider.fail_next(Fault.DELAY, seconds=0.01, times=2)
        assert client.v1.payment_intents.retrieve(intent.id).status == "requires_confirmation"
        assert client.v1.payment_intents.confirm(intent.id, OFF_SESSION).status == "succeeded"

    def test_less_cannot_be_captured_of_nothing(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """Planned for a request that captures nothing, it changes nothing."""
        provider.fail_next(Fault.CAPTURES_LESS)
        assert created(client).amount == 1999

    def test_only_what_it_is_for_and_so_many_times(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """Other requests pass."""
        provider.fail_next(Fault.ERROR_BEFORE, on="retrieve", times=2)
        intent = created(client)
        for _ in range(2):
            with pytest.raises(stripe.APIError):
                client.v1.payment_intents.retrieve(intent.id)
        assert client.v1.payment_intents.retrieve(intent.id).id == intent.id

    def test_a_clock_that_goes_back(self, client: stripe.StripeClient, provider: StandIn, time: Time) -> None:
        """What has happened stays so."""
        intent = confirmed(client, "pm_usBankAccount_success")
        time.pass_(days=4)
        provider.captures()
        time.pass_(days=-2)
        assert client.v1.payment_intents.retrieve(intent.id).status == "succeeded"


def outcomes(seed: int, time: Time) -> list[Fault | None]:
    """The faults that a row of requests meets."""
    with StandIn(clock=time) as provider:
        provider.fail_at_random(seed, one_in=3)
        client = client_of(provider.url)
        for _ in range(40):
            try:
                created(client)
            except stripe.StripeError:
                continue
        return [one.fault for one in provider.exchanges]


class TestSchedule:
    """Faults by a seed."""

    def test_the_same_seed_the_same_faults(self, time: Time) -> None:
        """Another seed, others; and all but those that are not drawn come up."""
        first = outcomes(7, time)
        assert first == outcomes(7, time) != outcomes(8, time)
        assert None in first
        assert set(first) - {None} <= set(RANDOM_FAULTS)

    def test_no_more_of_them(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """Neither those drawn nor those planned."""
        provider.fail_at_random(7, one_in=1)
        provider.fail_next(Fault.ERROR_BEFORE)
        provider.stop_failing()
        assert confirmed(client).status == "succeeded"


class TestWebhooks:
    """Signed as Stripe signs them; in order, or not; once, or not."""

    def test_signed(self, client: stripe.StripeClient, provider: StandIn, described: Checker) -> None:
        """Stripe's own check passes them, and they are as Stripe describes them."""
        confirmed(client)
        deliveries = provider.take_events()
        for one in deliveries:
            event = stripe.Webhook.construct_event(one.payload, one.signature, "whsec_standin", 10**9)
            assert event.type == one.type
            body = json.loads(one.payload)
            told = body["data"]["object"]
            assert described.named("event", body) + described.named(told["object"], told) == []
        assert [one.type for one in deliveries] == [
            "payment_intent.created",
            "charge.succeeded",
            "payment_intent.succeeded",
        ]
        assert provider.take_events() == ()

    def test_another_secret(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """A forged one does not pass."""
        created(client)
        (one,) = provider.take_events()
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(one.payload, one.signature, "whsec_other", 10**9)

    def test_the_whole_life_of_a_returned_debit(
        self, client: stripe.StripeClient, provider: StandIn, time: Time, described: Checker
    ) -> None:
        """Each step is told, at its time, with the key of the request that caused it, if one did."""
        intent = keyed(client)
        client.v1.payment_intents.cancel(intent.id)
        confirmed(client, "pm_usBankAccount_dispute")
        time.pass_(days=60)
        bodies = [json.loads(one.payload) for one in provider.take_events()]
        assert [body["type"] for body in bodies] == [
            "payment_intent.created",
            "payment_intent.canceled",
            "payment_intent.created",
            "payment_intent.processing",
            "charge.succeeded",
            "payment_intent.succeeded",
            "charge.dispute.created",
            "charge.dispute.funds_withdrawn",
            "charge.dispute.closed",
        ]
        assert bodies[0]["request"]["idempotency_key"] == "k"
        assert bodies[-1]["request"]["idempotency_key"] is None
        assert bodies[-1]["created"] - bodies[-4]["created"] == 40 * _DAY.total_seconds()
        assert [described.named("dispute", body["data"]["object"]) for body in bodies[-3:]] == [[], [], []]

    def test_twice_and_in_another_order(self, client: stripe.StripeClient, provider: StandIn) -> None:
        """The same ones, so many times, in an order that the seed decides."""
        for _ in range(3):
            confirmed(client)
        events = provider._account.events[:9]
        taken = []
        for seed in (1, 1, 2):
            provider._account.events = list(events)
            taken.append(provider.take_events(copies=2, shuffled_by=seed))
        assert taken[0] == taken[1] != taken[2]
        assert sorted(one.payload for one in taken[0]) == sorted(one.payload for one in taken[2])
        assert len(taken[0]) == 18

    def test_posted(self, client: stripe.StripeClient, provider: StandIn, receiver: "Receiver") -> None:
        """To a URL, which may refuse them."""
        created(client)
        confirmed(client)
        receiver.answers = [200, 500]
        assert provider.post_events(receiver.url)[:2] == (200, 500)
        assert receiver.seen[0][1]["type"] == "payment_intent.created"
        assert receiver.seen[0][0].startswith("t=")

    @pytest.mark.parametrize("url", ["x", "file:///etc/passwd", 5, None])
    def test_none_is_lost_on_what_is_no_url(self, url: Any, client: stripe.StripeClient, provider: StandIn) -> None:
        """They are there for the next call."""
        created(client)
        with pytest.raises(InvalidValue, match=r"^url: "):
            provider.post_events(url)
        assert provider.take_events()


@pytest.mark.parametrize("length", ["-1", "abc", "9" * 5_000])
def test_a_length_that_is_none_is_a_bad_request(length: str, provider: StandIn) -> None:
    """And is answered at once."""
    port = urllib.parse.urlsplit(provider.url).port
    assert port is not None
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(f"POST /v1/payment_intents HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode())
        assert connection.recv(100).startswith(b"HTTP/1.1 400 ")


def test_a_number_of_any_length_is_answered(client: stripe.StripeClient) -> None:
    """As one that is too great."""
    with pytest.raises(stripe.InvalidRequestError, match="Invalid integer"):
        client.v1.payment_intents.create({"amount": int("9" * 4_000), "currency": "usd"})


@pytest.mark.parametrize("port", ["-1", "65536", "x"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With the option's name."""
    with pytest.raises(SystemExit, match="2"):
        main(["--port", port])
    assert "argument --port: must be " in capsys.readouterr().err


def test_a_port_in_use_is_refused(provider: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    """And not with a traceback."""
    with pytest.raises(SystemExit, match="2"):
        main(["--port", str(urllib.parse.urlsplit(provider.url).port)])
    assert "cannot listen on port " in capsys.readouterr().err


class Receiver(http.server.HTTPServer):
    """A web-hook's other end."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, Any]] = []
        self.answers: list[int] = []
        super().__init__(("127.0.0.1", 0), _Receiving)

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.server_address[1]}/hooks"


class _Receiving(http.server.BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.seen.append((self.headers["Stripe-Signature"], body))
        self.send_response(self.server.answers.pop(0) if self.server.answers else 200)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Listens while the test runs."""
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


#: Runs the stand-in as `python -m` does. Whoever starts the tests may ignore interrupts, and so would their processes.
INTERRUPTIBLE = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("licensebill.testing.provider", run_name="__main__", alter_sys=True)
"""


class TestProcess:
    """The stand-in as a program."""

    def test_runs_until_interrupted(self) -> None:
        """It prints where it serves, serves there, and ends quietly."""
        command = [sys.executable, "-c", INTERRUPTIBLE, "--port", "0"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(["src", os.environ.get("PYTHONPATH", "")])}
        with subprocess.Popen(  # noqa: S603
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            overdue = threading.Timer(60, process.kill)
            overdue.start()
            try:
                assert process.stdout
                assert process.stderr
                url = process.stdout.readline().strip()
                assert confirmed(client_of(url)).status == "succeeded"
                process.send_signal(signal.SIGINT)
                assert (process.wait(10), process.stderr.read()) == (0, "")
            finally:
                overdue.cancel()
                process.kill()

    @pytest.mark.parametrize("ending", [None, KeyboardInterrupt])
    def test_runs_until_told(
        self, ending: type[BaseException] | None, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Within a program of another kind."""
        until = threading.Event()
        wait: Callable[[], bool] = until.wait

        def ended() -> bool:
            if ending:
                raise ending
            until.set()
            return wait()

        monkeypatch.setattr(until, "wait", ended)
        main(["--port", "0"], until=until)
        assert capsys.readouterr().out.startswith("http://127.0.0.1:")

    def test_connections_end_with_it(self, time: Time) -> None:
        """What a client keeps open does not outlive it."""
        with StandIn(clock=time) as provider:
            client = client_of(provider.url)
            created(client)
        with pytest.raises(stripe.APIConnectionError):
            created(client)


def test_half_a_request_is_none(provider: StandIn) -> None:
    """Of a client that dies while it is sending, not even what has arrived is carried out."""
    port = urllib.parse.urlsplit(provider.url).port
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        connection.sendall(
            b"POST /v1/payment_intents HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer sk_test_1\r\n"
            b"Content-Length: 100\r\n\r\namount=2000&currency=usd"
        )
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(1) == b""
    assert provider.exchanges == []
