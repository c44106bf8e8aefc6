"""Runs localstripe's application, as a process of its own, at a free port of 127.0.0.1; its address is printed first.

Its own command listens to everybody and keeps its state in a file. It knows no `off_session` at the confirmation, which
is left out here; and it ignores idempotency keys.
"""

import socket
import sys

from aiohttp import web
from localstripe import resources


def _confirmed(id: str, off_session: str | None = None, **data: str) -> object:  # noqa: A002 - its name there
    del off_session
    return resources.PaymentIntent._api_confirm(id, **data)


def _main() -> None:
    resources.Store.dump_to_disk = lambda _: None
    resources.extra_apis[:] = [
        (method, path, _confirmed if path == "/v1/payment_intents/{id}/confirm" else endpoint)
        for method, path, endpoint in resources.extra_apis
    ]
    from localstripe.server import app  # noqa: PLC0415 - reads the endpoints when it is imported

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        sys.stdout.write(f"http://127.0.0.1:{listening.getsockname()[1]}\n")
        sys.stdout.flush()
        web.run_app(app, sock=listening, print=None, handle_signals=True)


if __name__ == "__main__":
    _main()
