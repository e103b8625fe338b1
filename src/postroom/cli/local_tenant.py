"""A local tenant beside another command: started as a program of its own, and ended with it."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from postroom.errors import ControlRoomError, PortInUseError, get_outcome

FIRST_PORT = 8443
# Below what the system itself hands out, so that no other program comes to sit between; the tenant takes three.
OTHER_PORTS = range(11000, 32000, 3)
OTHER_ATTEMPTS = 10
READY_FILE, LOG_FILE = "ready", "tenant.log"
START_TIMEOUT_SECONDS = 60.0
END_TIMEOUT_SECONDS = 10.0


@contextmanager
def start_local_tenant(data: Path) -> Iterator[dict[str, Any]]:
    """Serve the tenant in this folder meanwhile; give its manifest (`tenant.json`).

    Errors: ControlRoomError where it does not start, with the reason that it gave.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ports = iter((FIRST_PORT, *random.sample(OTHER_PORTS, OTHER_ATTEMPTS)))
    process = _launch(data, next(ports))
    try:
        # Between a look at a port and its use another program may take it: the tenant itself finds out.
        while not _wait_until_ready(process, data):
            port = next(ports, None)
            if port is None:
                raise _explain(data)
            process = _launch(data, port)
        yield json.loads((data / "tenant.json").read_text())
    finally:
        _end(process)


def _launch(data: Path, port: int) -> "subprocess.Popen[bytes]":
    ready = data / READY_FILE
    ready.unlink(missing_ok=True)
    arguments = ["--port", str(port), "--data", str(data), "--ready-file", str(ready)]
    with (data / LOG_FILE).open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - this very program, with arguments made here
            [sys.executable, "-m", "postroom", "tenant", "start", *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Not in our group: Ctrl+C is for this process, which ends the tenant when it has ended itself.
            start_new_session=True,
        )


def lead_to(manifest: dict[str, Any]) -> None:
    """Lead all clients in this process to the tenant."""
    # Its package is an optional part, which the caller has looked for.
    from postroom.tenant.environment import client_environment  # noqa: PLC0415

    for name in ("ALL_PROXY", "all_proxy", "SSL_CERT_DIR"):
        os.environ.pop(name, None)
    os.environ.update(client_environment(manifest))


def _wait_until_ready(process: "subprocess.Popen[bytes]", data: Path) -> bool:
    """Wait until the tenant can be reached; False where it ended because a port was taken."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while not (data / READY_FILE).exists():
        if process.poll() == get_outcome(PortInUseError("")).exit_code:
            return False
        if process.poll() is not None or time.monotonic() > deadline:
            raise _explain(data)
        time.sleep(0.05)
    return True


def _explain(data: Path) -> ControlRoomError:
    said = (data / LOG_FILE).read_text(errors="replace").strip() or "It said nothing."
    return ControlRoomError(f"The local tenant did not start. {said}")


def _end(process: "subprocess.Popen[bytes]") -> None:
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(END_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
