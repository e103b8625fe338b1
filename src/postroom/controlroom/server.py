"""The server of `postroom serve`: it listens, answers with threads, and ends without dropping what it answers.

It speaks HTTP alone. HTTPS is for a reverse proxy in front of it, whose headers are believed only where the
configuration names it.
"""

import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from threading import Event, Thread
from types import FrameType
from typing import Any

from postroom.errors import NetworkError, PortInUseError

DRAIN_SECONDS = 10
FLUSH_ROUNDS = 50
LARGEST_REQUEST_BYTES = 10 * 1024 * 1024
LOOPBACK = {"127.0.0.1": "::1", "::1": "127.0.0.1"}


class _Stop(SystemExit):
    """The process was told to end; of a kind that waitress lets through wherever it is."""


@contextmanager
def listen(host: str, port: int) -> Iterator[list[socket.socket]]:
    """Take the port, before anything else is begun; for this machine alone, on both of its addresses.

    Errors: PortInUseError; NetworkError where the host is none of this machine's.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(_bind(address, port)) for address in _resolve(host, port)]
        if host in LOOPBACK:
            # Browsers take localhost for either; a machine without the other one has nobody to miss it.
            try:
                sockets.append(stack.enter_context(_bind(LOOPBACK[host], port)))
            except PortInUseError:
                raise
            except NetworkError:
                pass
        yield sockets


def serve(
    application: Callable[..., Any],
    sockets: list[socket.socket],
    *,
    threads: int,
    trusted_proxy: str | None,
    beside: Callable[[Event], None],
    announce: Callable[[], None],
) -> None:
    """Answer requests until SIGINT or SIGTERM, and finish those that are under way.

    `beside` runs in a thread of its own meanwhile, and ends soon after its event is set.
    """
    # An optional part, which the command line has looked for.
    from waitress import create_server  # noqa: PLC0415

    open_channels: dict[int, Any] = {}
    server = create_server(
        application,
        map=open_channels,
        sockets=sockets,
        threads=threads,
        ident=None,
        max_request_body_size=LARGEST_REQUEST_BYTES,
        clear_untrusted_proxy_headers=True,
        **_describe_proxy(trusted_proxy),
    )
    with _running(beside), _stopping_on_signals():
        try:
            announce()
            server.asyncore.loop(map=open_channels, use_poll=True)
        except _Stop:
            _end(server, open_channels)


def _describe_proxy(address: str | None) -> dict[str, Any]:
    if address is None:
        return {}
    # Not the host: a proxy passes that on as it came, and what people may send has no need to be believed.
    return {"trusted_proxy": address, "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"}}


def _end(server: Any, open_channels: dict[int, Any]) -> None:
    server.task_dispatcher.shutdown(cancel_pending=False, timeout=DRAIN_SECONDS)
    # What the threads have answered since must still go out.
    for _ in range(FLUSH_ROUNDS):
        if not any(getattr(channel, "total_outbufs_len", 0) for channel in list(open_channels.values())):
            break
        server.asyncore.loop(timeout=0.1, map=open_channels, count=1)
    server.asyncore.close_all(open_channels)


@contextmanager
def _running(work: Callable[[Event], None]) -> Iterator[None]:
    stop = Event()
    thread = Thread(target=work, args=(stop,), name="beside the server", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(DRAIN_SECONDS)


@contextmanager
def _stopping_on_signals() -> Iterator[None]:
    def stop(_number: int, _frame: FrameType | None) -> None:
        # Once is enough; whoever presses Ctrl+C again must not break off what is being finished.
        for number in before:
            signal.signal(number, signal.SIG_IGN)
        raise _Stop

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except socket.gaierror as error:
        raise NetworkError(
            f"“{host}” is not a name or address of this machine ({error.strerror}). Use --host 127.0.0.1 for this "
            "machine alone, or 0.0.0.0 for all its networks."
        ) from error
    return list(dict.fromkeys(str(address[4][0]) for address in found))


def _bind(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        own = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise NetworkError(f"The Control Room cannot listen at {address}: {error.strerror}.") from error
    try:
        if sys.platform != "win32":
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        own.bind((address, port))
        own.listen(1024)
    except OSError as error:
        own.close()
        raise _explain(error, address, port) from error
    return own


def _explain(error: OSError, address: str, port: int) -> NetworkError:
    if error.errno == errno.EADDRINUSE:
        return PortInUseError(
            f"Port {port} is in use by another program. End that program, or choose another port with --port."
        )
    if error.errno == errno.EACCES:
        return NetworkError(
            f"This user may not listen on port {port}. Choose one above 1023 with --port, and let a reverse proxy "
            "take the ports of the web."
        )
    return NetworkError(
        f"The Control Room cannot listen at {address}, port {port}: {error.strerror}. Choose another --host or --port."
    )
