"""HTTP at the redirect URL: who may come in, and what is read from the request.

Every connection has a thread of its own, because browsers open some that stay silent. Nothing of a request is
logged or quoted anywhere: the authorization code is in it.
"""

import socket
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock
from typing import Any, Protocol
from urllib.parse import parse_qsl

from postroom.auth.sign_in import pages
from postroom.auth.sign_in.pages import Page

SILENCE_TIMEOUT_SECONDS = 10.0
"""How long a connection may keep silent."""

LARGEST_BODY_BYTES = 64 * 1024
MOST_FIELDS = 50
FORM = "application/x-www-form-urlencoded"


class Host(Protocol):
    """Who is asked what to do with a caller."""

    def is_at(self, host: str, path: str) -> bool:
        """Say whether a request with this Host header, for this path, is one for the redirect URL."""

    def offer(self, answer: Mapping[str, str]) -> Page:
        """Take the answer that a caller brought; gives the page for it."""


class Door(ThreadingHTTPServer):
    """One listening socket, at which callers are let in by `handle_request`."""

    daemon_threads = True
    timeout = 0

    def __init__(self, listener: socket.socket, host: Host) -> None:
        super().__init__(listener.getsockname()[:2], _Caller, bind_and_activate=False)
        self.socket.close()
        self.socket = listener
        self.host = host
        self._lock = Lock()
        self._connections: set[socket.socket] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        """Let a caller in, in a thread of its own."""
        with self._lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        """Say good-bye."""
        with self._lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Keep quiet about connections that broke off: the standard library would print what was said."""

    def server_close(self) -> None:
        """Stop listening, and send the silent callers away."""
        super().server_close()
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RD)


class _Caller(BaseHTTPRequestHandler):
    """One request, and the one page that answers it."""

    server: Door
    timeout = SILENCE_TIMEOUT_SECONDS
    protocol_version = "HTTP/1.1"
    server_version = "Postroom"
    sys_version = ""

    def do_GET(self) -> None:
        """The answer comes in the query: an error, or from a server that cannot post a form."""
        _, _, query = self.path.partition("?")
        self._receive(query)

    def do_POST(self) -> None:
        """The answer comes as a form."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit()):
            self.send_error(HTTPStatus.LENGTH_REQUIRED)
        elif int(length) > LARGEST_BODY_BYTES:
            self.send_error(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        else:
            body = self.rfile.read(int(length))
            is_whole = len(body) == int(length) and self.headers.get_content_type() == FORM
            self._receive(body.decode(errors="replace") if is_whole else "")

    def _receive(self, text: str) -> None:
        path, _, _ = self.path.partition("?")
        if self.server.host.is_at(self.headers.get("Host", ""), path):
            self._send(self.server.host.offer(_read_fields(text)))
        else:
            self.send_error(HTTPStatus.NOT_FOUND)

    def send_error(self, code: int, *_: Any, **__: Any) -> None:
        """Refuse a request without a word of what was in it."""
        status = HTTPStatus(code)
        if status == HTTPStatus.NOT_IMPLEMENTED:  # the standard library's answer to other methods
            status = HTTPStatus.METHOD_NOT_ALLOWED
        sentence = f"Only the answer to a sign-in is taken here ({status.value} {status.phrase})."
        self._send(pages.render_note(status, "Nothing to see here", sentence))

    def _send(self, page: Page) -> None:
        content = page.html.encode()
        self.close_connection = True
        self.send_response(page.status)
        for name, value in pages.SECURITY_HEADERS.items():
            self.send_header(name, value)
        if page.status == HTTPStatus.METHOD_NOT_ALLOWED:
            self.send_header("Allow", "GET, POST")
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the standard library's name for it
        """Keep no log: the code would be in it."""


def _read_fields(text: str) -> dict[str, str]:
    """The fields of an answer; none at all where one comes twice (RFC 6749 §3.1) or there are too many."""
    try:
        fields = parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except ValueError:
        return {}
    read = dict(fields)
    return read if len(read) == len(fields) else {}
