"""Networks that stand between a machine and the tenant and do not let it through: proxies and servers on loopback."""

import selectors
import socket
import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from socketserver import BaseRequestHandler, ThreadingTCPServer
from threading import Thread

import trustme

PATIENCE_SECONDS = 20.0
CHUNK_BYTES = 65536
Answer = Callable[[socket.socket, str], None]
"""What a proxy does with a client that asks for this host."""


class _Proxy(ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True
    answer: Answer


class _Client(BaseRequestHandler):
    def handle(self) -> None:
        """Read the head of the CONNECT request, and answer it."""
        head = b""
        self.request.settimeout(PATIENCE_SECONDS)
        with suppress(OSError):
            while b"\r\n\r\n" not in head and (chunk := self.request.recv(CHUNK_BYTES)):
                head += chunk
            host = head.split(b" ", 2)[1].rpartition(b":")[0].decode() if b" " in head else ""
            assert isinstance(self.server, _Proxy)
            self.server.answer(self.request, host)


@contextmanager
def open_proxy(answer: Answer) -> Iterator[str]:
    """Open a proxy that answers so, and give its address."""
    with _Proxy(("127.0.0.1", 0), _Client) as proxy:
        proxy.answer = answer
        Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{proxy.server_address[1]}"
        finally:
            proxy.shutdown()


def refuse(status: str) -> Answer:
    """Refuse every host with this status line."""

    def answer(client: socket.socket, host: str) -> None:
        client.sendall(f"HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode())

    return answer


def hang_up(client: socket.socket, host: str) -> None:
    """Say nothing, and go."""


def lead_to(ports: Mapping[str, int], otherwise: Answer | None = None) -> Answer:
    """Take clients to the ports of these hosts; others are answered otherwise."""

    def answer(client: socket.socket, host: str) -> None:
        if host not in ports:
            (otherwise or refuse("403 Forbidden"))(client, host)
            return
        with socket.create_connection(("127.0.0.1", ports[host])) as server:
            client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
            _copy_both_ways(client, server)

    return answer


def speak_plain(client: socket.socket, host: str) -> None:
    """Agree, and then speak plain HTTP where TLS was to begin."""
    client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
    client.recv(CHUNK_BYTES)
    client.sendall(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")


def serve_tls(certificate: trustme.LeafCert, body: bytes, content_type: str = "text/html") -> Answer:
    """Stand in for every host with this certificate, and answer every request with the same."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    fields = f"Content-Type: {content_type}\r\nContent-Length: {len(body)}\r\nConnection: close"
    head = f"HTTP/1.1 200 OK\r\n{fields}\r\n\r\n"

    def answer(client: socket.socket, host: str) -> None:
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with suppress(OSError), context.wrap_socket(client, server_side=True) as shown:
            shown.recv(CHUNK_BYTES)
            shown.sendall(head.encode() + body)

    return answer


def write_authority(folder: Path, *authorities: trustme.CA | Path) -> Path:
    """Write a file that trusts these authorities."""
    file = folder / "trusted.pem"
    pems = [
        authority.read_bytes() if isinstance(authority, Path) else authority.cert_pem.bytes()
        for authority in authorities
    ]
    file.write_bytes(b"\n".join(pems))
    return file


@contextmanager
def occupy_port() -> Iterator[int]:
    """Listen on a port of this machine, as another program does."""
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        yield listener.getsockname()[1]


def find_closed_port() -> int:
    """Find a port of this machine at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _copy_both_ways(client: socket.socket, server: socket.socket) -> None:
    with selectors.DefaultSelector() as watched, suppress(OSError):
        watched.register(client, selectors.EVENT_READ, server)
        watched.register(server, selectors.EVENT_READ, client)
        while True:
            for key, _ in watched.select(PATIENCE_SECONDS):
                assert isinstance(key.fileobj, socket.socket)
                chunk = key.fileobj.recv(CHUNK_BYTES)
                if not chunk:
                    return
                key.data.sendall(chunk)
