"""Sends ready-made answers: CONNECT proxy, TLS and HTTP/1.1 on one port, in a process of its own.

The proxy is the server: after CONNECT it speaks TLS on the same socket, so no byte is copied in between. One blocking
thread a connection is the quickest way to send large pieces in Python (OpenSSL encrypts outside the interpreter lock),
and a delay in one never holds up another.
"""

import multiprocessing
import os
import signal
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from io import BufferedReader, IOBase
from multiprocessing.connection import Connection
from pathlib import Path
from threading import Lock, Thread
from typing import cast

import trustme

from bench.readymade import GRAPH, LOGIN, Answer, ReadyMailbox, Workload

START_TIMEOUT_SECONDS = 60
TLS_RECORD_BYTES = 16 * 1024
_NOT_KNOWN = Answer((b'{"error":{"code":"NotImplemented"}}',), status="501 Not Implemented")


@dataclass(frozen=True)
class Preparation:
    """What the next run will find."""

    workload: Workload
    round_trip_seconds: float


@dataclass
class Tally:
    """What the server saw since it was last prepared."""

    requests: int = 0
    cpu_seconds: float = 0.0
    unknown: list[str] = field(default_factory=list)


class BenchServer:
    """The server's process, as the bench drives it."""

    def __init__(self, control: Connection) -> None:
        self._control = control
        self.port: int = control.recv()

    def prepare(self, preparation: Preparation) -> None:
        """Lay out the mailbox, set the round trip and begin to count anew."""
        self._control.send(preparation)
        self._control.recv()

    def read_tally(self) -> Tally:
        """Return what the server saw since `prepare`."""
        self._control.send(None)
        return cast("Tally", self._control.recv())


@contextmanager
def running_server(folder: Path, core: int | None) -> Iterator[BenchServer]:
    """Run the server, on one core if given, and leave the certificate of its CA at `folder/ca.pem`."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=serve, args=(theirs, folder, core), daemon=True)
    process.start()
    theirs.close()
    try:
        if not ours.poll(START_TIMEOUT_SECONDS):
            raise TimeoutError("The bench server did not start.")
        yield BenchServer(ours)
    finally:
        ours.close()
        process.join(START_TIMEOUT_SECONDS)
        process.close()


def serve(control: Connection, folder: Path, core: int | None) -> None:
    """Serve until the other end of `control` is closed."""
    # Ctrl-C reaches the whole terminal; the bench closes the pipe when it ends.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if core is not None:
        os.sched_setaffinity(0, {core})
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    server = _Server(make_certificate(folder))
    Thread(target=server.accept_forever, args=(listener,), daemon=True).start()
    control.send(listener.getsockname()[1])
    with suppress(EOFError):
        while True:
            preparation: Preparation | None = control.recv()
            if preparation is not None:
                server.prepare(preparation)
            control.send(server.read_tally())


def make_certificate(folder: Path) -> ssl.SSLContext:
    """Write the certificate of a new CA and return a TLS context with Microsoft's host names signed by it."""
    authority = trustme.CA(organization_name="Contoso bench")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(LOGIN, GRAPH).configure_cert(context)
    return context


class _Server:
    def __init__(self, tls: ssl.SSLContext) -> None:
        self._tls = tls
        self._lock = Lock()
        self._mailbox = ReadyMailbox(Workload(messages=0))
        self.prepare(Preparation(self._mailbox.workload, round_trip_seconds=0.0))

    def prepare(self, preparation: Preparation) -> None:
        if preparation.workload != self._mailbox.workload:
            self._mailbox = ReadyMailbox(preparation.workload)
        self._round_trip_seconds = preparation.round_trip_seconds
        self._tally = Tally()
        self._cpu_seconds_before = time.process_time()

    def read_tally(self) -> Tally:
        self._tally.cpu_seconds = time.process_time() - self._cpu_seconds_before
        return self._tally

    def accept_forever(self, listener: socket.socket) -> None:
        while True:
            plain, _ = listener.accept()
            Thread(target=self._serve_client, args=(plain,), daemon=True).start()

    def _serve_client(self, plain: socket.socket) -> None:
        # A client that goes away ends its own connection and nothing else.
        with suppress(OSError), plain:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            with plain.makefile("rb", buffering=0) as opening:
                _read_head(opening)
            # A real connection costs a round trip for TCP and another for TLS 1.3 (RFC 8446 §2).
            self._travel()
            plain.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            self._travel()
            with self._tls.wrap_socket(plain, server_side=True) as secure, secure.makefile("rb") as reader:
                self._answer_requests(secure, reader)

    def _answer_requests(self, secure: ssl.SSLSocket, reader: BufferedReader) -> None:
        while head := _read_head(reader):
            method, target, content_length = _parse_head(head)
            reader.read(content_length)
            answer = self._find_answer(method, target)
            self._travel()
            for piece in _join_small(answer):
                secure.sendall(piece)

    def _find_answer(self, method: str, target: str) -> Answer:
        answer = self._mailbox.find_answer(method, target)
        with self._lock:
            self._tally.requests += 1
            if answer is None:
                self._tally.unknown.append(f"{method} {target}")
        return answer or _NOT_KNOWN

    def _travel(self) -> None:
        if self._round_trip_seconds:
            time.sleep(self._round_trip_seconds)


def _join_small(answer: Answer) -> Iterator[bytes | memoryview]:
    """Give the head and the pieces, small ones together: each piece sent alone costs a TLS record and a system call."""
    small = answer.head
    for piece in answer.pieces:
        if len(piece) < TLS_RECORD_BYTES:
            small += piece
        else:
            yield small
            yield piece
            small = b""
    if small:
        yield small


def _read_head(reader: IOBase) -> list[bytes]:
    """Return the lines of a request's head; none when the client has closed."""
    lines = []
    while (line := reader.readline()).strip():
        lines.append(line)
    return lines


def _parse_head(lines: list[bytes]) -> tuple[str, str, int]:
    method, target, _ = lines[0].decode().split(" ", 2)
    lengths = (line[15:] for line in lines if line[:15].lower() == b"content-length:")
    return method, target, int(next(lengths, b"0"))
