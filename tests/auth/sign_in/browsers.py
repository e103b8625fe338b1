"""Browsers for tests of the receiver: they send what real ones send, and more."""

import http.client
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from support.canary import canary

STATE = "the-right-state"
CODE = "0.AXcAcanary-authorization-code"
USERNAME = "ap@contoso.com"
TIMEOUT_SECONDS = 20

Query = dict[str, str]


def _has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


NEEDS_IPV6 = pytest.mark.skipif(
    not _has_ipv6(), reason="This machine has no IPv6, so nothing can listen on ::1."
)

canary.add([CODE])


@dataclass(frozen=True)
class Answer:
    """What a browser was answered."""

    status: int
    headers: http.client.HTTPMessage
    text: str


def post(url: str, fields: Mapping[str, str] | None = None, address: str | None = None) -> Answer:
    """Post an answer as a form, as `form_post` does; `address` where the host's own is not meant."""
    body = urlencode({"state": STATE, "code": CODE} if fields is None else fields)
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    return ask("POST", url, body, headers, address)


def get(url: str, fields: Mapping[str, str] | None = None, address: str | None = None) -> Answer:
    """Bring an answer in the query, as `query` does."""
    return ask(
        "GET",
        f"{url}?{urlencode({'state': STATE, 'code': CODE} if fields is None else fields)}",
        address=address,
    )


def ask(
    method: str,
    url: str,
    body: str | None = None,
    headers: Mapping[str, str] | None = None,
    address: str | None = None,
) -> Answer:
    """Send any request; the Host header is the URL's unless another is given."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(
        address or parts.hostname or "", parts.port, timeout=TIMEOUT_SECONDS
    )
    target = parts._replace(scheme="", netloc="", path=parts.path or "/").geturl()
    try:
        connection.request(method, target, body, {"Host": parts.netloc, **(headers or {})})
        response = connection.getresponse()
        return Answer(response.status, response.msg, response.read().decode())
    finally:
        connection.close()


def say(url: str, words: bytes) -> bytes:
    """Send bytes that need not be HTTP, and give all that comes back."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), timeout=TIMEOUT_SECONDS) as connection:
        connection.sendall(words)
        connection.shutdown(socket.SHUT_WR)
        heard = b""
        while chunk := connection.recv(65536):
            heard += chunk
        return heard


@contextmanager
def beside(bring: Callable[[], Answer]) -> Iterator[list[Answer]]:
    """Bring an answer while the block runs; the list holds what it was answered, once the block has ended."""
    answered: list[Answer] = []
    thread = Thread(target=lambda: answered.append(bring()))
    thread.start()
    try:
        yield answered
    finally:
        thread.join(TIMEOUT_SECONDS)


def read_link(link: Path) -> str:
    """Give the link that the browser was opened with, once it was."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not link.exists():
        assert time.monotonic() < deadline, "No browser was opened."
        time.sleep(0.01)
    return link.read_text()


def read_query(link: str) -> Query:
    """Give the parameters of an authorization request."""
    return {name: values[0] for name, values in parse_qs(urlsplit(link).query).items()}
