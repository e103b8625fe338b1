"""A receiver of notifications, as a bot would run one: a real server on the loopback."""

import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

PATIENCE_SECONDS = 15.0


@dataclass
class Receiver:
    """Answer as it is told to, and remember what came."""

    url: str = ""
    statuses: list[int] = field(default_factory=list)
    """What the next deliveries are answered with; 202 once these are used up."""
    validation: Callable[[str], tuple[int, str, str]] = lambda token: (200, "text/plain", token)
    """Status, content type and body with which a validation token is answered."""
    tokens: list[str] = field(default_factory=list)
    deliveries: list[list[dict[str, Any]]] = field(default_factory=list)
    attempts: int = 0
    arrived: threading.Condition = field(default_factory=threading.Condition)

    def wait_for(self, count: int) -> list[dict[str, Any]]:
        """Give all notifications that were taken, once there are so many."""
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.taken()) >= count, PATIENCE_SECONDS)
            return self.taken()

    def wait_for_attempts(self, count: int) -> int:
        """Give the number of deliveries that were tried, once there are so many."""
        with self.arrived:
            self.arrived.wait_for(lambda: self.attempts >= count, PATIENCE_SECONDS)
            return self.attempts

    def taken(self) -> list[dict[str, Any]]:
        """Give all notifications that were taken so far."""
        return [notification for delivery in self.deliveries for notification in delivery]

    def answer(self, query: str, body: bytes) -> tuple[int, str, str]:
        """Answer one request."""
        tokens = parse_qs(query).get("validationToken")
        if tokens:
            self.tokens += tokens
            return self.validation(tokens[0])
        with self.arrived:
            self.attempts += 1
            status = self.statuses.pop(0) if self.statuses else 202
            if status < 300:
                self.deliveries.append(json.loads(body)["value"])
            self.arrived.notify_all()
        return status, "text/plain", ""


@contextmanager
def run_receiver(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    """Run a receiver until the end of the block, over TLS when given a context."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, kind, text = receiver.answer(urlsplit(self.path).query, body)
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name is the library's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    scheme = "http" if context is None else "https"
    receiver.url = f"{scheme}://localhost:{server.server_port}/notify?bot=1"
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
