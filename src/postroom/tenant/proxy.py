"""The CONNECT proxy takes Microsoft's real host names to the tenant, and nothing anywhere else (RFC 9110 §9.3.6)."""

import asyncio
from asyncio import StreamReader, StreamWriter
from collections.abc import Mapping
from contextlib import suppress

HEAD_LIMIT_BYTES = 16 * 1024
HEAD_TIMEOUT_SECONDS = 10.0
CHUNK_BYTES = 64 * 1024
HTTPS_PORT = "443"


class ConnectProxy:
    """Connect clients that ask for a known host name to the listener of its cloud on this machine."""

    def __init__(self, ports: Mapping[str, int]) -> None:
        self._ports = ports
        self._tasks: set[asyncio.Task[None]] = set()

    def accept(self, reader: StreamReader, writer: StreamWriter) -> None:
        """Serve one connection (the callback of `asyncio.start_server`)."""
        task = asyncio.get_running_loop().create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        """End all connections."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            with suppress(OSError, asyncio.IncompleteReadError, TimeoutError):
                await self._answer(reader, writer)
        finally:
            writer.transport.abort()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            async with asyncio.timeout(HEAD_TIMEOUT_SECONDS):
                head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError:
            await _refuse(
                writer, "431 Request Header Fields Too Large", "The head of the request is too long."
            )
            return
        method, _, rest = head.split(b"\r\n", 1)[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        if method != "CONNECT":
            await _refuse(writer, "405 Method Not Allowed", "This proxy takes only CONNECT requests.")
            return
        port = self._find_port(target)
        if port is None:
            await _refuse(writer, "403 Forbidden", self._sentence(target))
            return
        await _tunnel(reader, writer, port)

    def _find_port(self, target: str) -> int | None:
        host, _, port = target.rpartition(":")
        return self._ports.get(host.lower()) if port == HTTPS_PORT else None

    def _sentence(self, target: str) -> str:
        known = ", ".join(sorted(self._ports))
        return f"The local tenant does not connect to {target}: it stands in for {known} on port 443 only."


async def _tunnel(reader: StreamReader, writer: StreamWriter, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))
    finally:
        inner_writer.transport.abort()


async def _copy(source: StreamReader, target: StreamWriter) -> None:
    """Copy until the source ends, then tell the target so, while the other direction goes on."""
    while chunk := await source.read(CHUNK_BYTES):
        target.write(chunk)
        await target.drain()
    if target.can_write_eof():
        target.write_eof()


async def _refuse(writer: StreamWriter, status: str, sentence: str) -> None:
    body = f"{sentence}\n".encode("latin-1", "replace")
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    writer.write(head.encode("latin-1") + body)
    await writer.drain()
    writer.close()
    await writer.wait_closed()
