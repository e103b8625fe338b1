"""A local tenant beside another command: started as a program of its own, and ended with it."""

import json
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from postroom.errors import ControlRoomError

FIRST_PORT = 8443
PORTS = 3
# Below what the system itself hands out, so that no other program comes to sit between.
OTHER_PORTS = range(11000, 32000, PORTS)
START_TIMEOUT_SECONDS = 60.0
END_TIMEOUT_SECONDS = 10.0


@contextmanager
def start_local_tenant(data: Path) -> Iterator[dict[str, Any]]:
    """Serve the tenant in this folder meanwhile; give its manifest (`tenant.json`).

    Errors: ControlRoomError where it does not start, with the reason that it gave.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ready, log = data / "ready", data / "tenant.log"
    ready.unlink(missing_ok=True)
    arguments = ["--port", str(_find_ports()), "--data", str(data), "--ready-file", str(ready)]
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 - this very program, with arguments made here
            [sys.executable, "-m", "postroom", "tenant", "start", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Not in our group: Ctrl+C is for this process, which ends the tenant when it has ended itself.
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, ready, log)
        yield json.loads((data / "tenant.json").read_text())
    finally:
        _end(process)


def lead_to(manifest: dict[str, Any]) -> None:
    """Lead all clients in this process to the tenant."""
    # Its package is an optional part, which the caller has looked for.
    from postroom.tenant.environment import client_environment  # noqa: PLC0415

    for name in ("ALL_PROXY", "all_proxy", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    os.environ.update(client_environment(manifest))


def _wait_until_ready(process: "subprocess.Popen[bytes]", ready: Path, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not ready.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            said = log.read_text(errors="replace").strip() or "It said nothing."
            raise ControlRoomError(f"The local tenant did not start. {said}")
        time.sleep(0.05)


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _find_ports() -> int:
    """The first of three free ports: the usual ones where nobody has them."""
    port = FIRST_PORT
    while not all(_is_free(port + number) for number in range(PORTS)):
        port = random.choice(OTHER_PORTS)  # noqa: S311 - nothing secret
    return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        if sys.platform != "win32":
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
