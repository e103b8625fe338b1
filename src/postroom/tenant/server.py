"""The listeners: a TLS listener a cloud and the CONNECT proxy, in one process and one event loop."""

import asyncio
import errno
import signal
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import uvicorn
from anyio import to_thread
from starlette.types import ASGIApp

from postroom.tenant.application import cloud_app
from postroom.tenant.hosts import CLOUDS
from postroom.tenant.manifest import write_manifest
from postroom.tenant.protocol import TenantProtocol
from postroom.tenant.proxy import HEAD_LIMIT_BYTES, ConnectProxy
from postroom.tenant.state import CloudState
from postroom.tenant.tenancy import LocalTenant

# SQLite has one writer and Python one interpreter lock: more threads than this only wait for each other.
WORKER_THREADS = 8
DRAIN_SECONDS = 0.2
LISTENERS = 3
Announce = Callable[[dict[str, Any]], None]


class ListenError(Exception):
    """A port that the tenant needs cannot be listened on."""

    def __init__(self, port: int, reason: str, *, in_use: bool) -> None:
        super().__init__(f"Port {port} cannot be listened on: {reason}.")
        self.port = port
        self.in_use = in_use


def serve(
    *, port: int, data: Path, mail: Path | None, ready_file: Path | None, announce: Announce | None = None
) -> None:
    """Serve the tenant in this data folder until SIGINT or SIGTERM.

    Azure Global is served on `port`, Azure US GCC High on the next one, the proxy on the one after. The ready file
    is written, and `announce` called with the manifest, once all three are served. ListenError when a port is taken.
    """
    with ExitStack() as stack:
        sockets = [stack.enter_context(_listening(port + number)) for number in range(LISTENERS)]
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        tenant = LocalTenant.open(data, port, mail)
        stack.callback(tenant.close)
        asyncio.run(_serve(tenant, sockets, ready_file, announce))


async def _serve(
    tenant: LocalTenant,
    sockets: list[list[socket.socket]],
    ready_file: Path | None,
    announce: Announce | None,
) -> None:
    to_thread.current_default_thread_limiter().total_tokens = WORKER_THREADS
    stop = asyncio.Event()
    _stop_on_signals(stop)
    servers = [_CloudServer(tenant, cloud) for cloud in tenant.clouds]
    tasks = [asyncio.create_task(server.serve(own)) for server, own in zip(servers, sockets, strict=False)]
    proxy = ConnectProxy({host: tenant.port + n for n, hosts in enumerate(CLOUDS) for host in hosts.names})
    fronts = [
        await asyncio.start_server(proxy.accept, sock=own, limit=HEAD_LIMIT_BYTES) for own in sockets[-1]
    ]
    while not all(server.started for server in servers):
        await asyncio.sleep(0.001)
    manifest = write_manifest(tenant)
    if announce is not None:
        announce(manifest)
    if ready_file is not None:
        ready_file.write_text("ready\n")
    await stop.wait()
    for front in fronts:
        front.close()
    await proxy.close()
    for server in servers:
        server.should_exit = True
    await asyncio.gather(*tasks)


class _CloudServer(uvicorn.Server):
    """Serve one cloud; signals are for the tenant as a whole, and nobody is waited for at the end."""

    def __init__(self, tenant: LocalTenant, cloud: CloudState) -> None:
        app: ASGIApp = cloud_app(tenant, cloud)
        config = uvicorn.Config(
            app,
            loop="asyncio",
            http=TenantProtocol,
            ws="none",
            lifespan="off",
            access_log=False,
            log_level="error",
            server_header=False,
            date_header=False,  # the tenant's clock tells the date
            timeout_keep_alive=75,
        )
        config.load()
        config.ssl = tenant.authority.server_context(cloud.hosts, tenant.private)
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the tenant."""
        yield

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn's own
        """Stop listening, give requests under way a moment, and close what is open."""
        for server in self.servers:
            server.close()
        connections = self.server_state.connections
        for connection in list(connections):
            connection.shutdown()
        deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while self.server_state.tasks and asyncio.get_running_loop().time() < deadline:
            await asyncio.sleep(0.01)
        for connection in list(connections):
            # A client that keeps its connection open is not asked to agree: TLS would wait for it for 30 seconds.
            connection.transport.abort()


def _stop_on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()

    def handle(_number: int, _frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(stop.set)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, handle)


@contextmanager
def _listening(port: int) -> Iterator[list[socket.socket]]:
    """Listen on this port of the loopback addresses, IPv4 always and IPv6 where the machine has it."""
    sockets = [_bind(socket.AF_INET, "127.0.0.1", port)]
    try:
        sockets.append(_bind(socket.AF_INET6, "::1", port))
    except ListenError as error:
        if error.in_use:
            sockets[0].close()
            raise
    try:
        yield sockets
    finally:
        for own in sockets:
            own.close()


def _bind(family: socket.AddressFamily, address: str, port: int) -> socket.socket:
    try:
        own = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    except OSError as error:
        raise ListenError(port, str(error), in_use=False) from error
    try:
        if sys.platform != "win32":
            own.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            own.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        own.bind((address, port))
        own.listen(1024)
    except OSError as error:
        own.close()
        in_use = error.errno == errno.EADDRINUSE
        raise ListenError(port, error.strerror or str(error), in_use=in_use) from error
    own.setblocking(False)  # noqa: FBT003 - the signature is Python's
    return own
