"""The process of a local tenant that a test started: its ports, its command, its beginning and its end."""

import errno
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

START_TIMEOUT_SECONDS = 60.0
END_TIMEOUT_SECONDS = 10.0
COMMAND = (sys.executable, "-m", "postroom", "tenant", "start")
READY_FILE, LOG_FILE = "ready", "tenant.log"
PORTS = 3
# Below what the system itself hands out, so that no other client comes to sit between.
PORT_RANGE = range(11000, 32000, PORTS)
# What a machine may preset, and what would lead the tenant or its clients astray.
NETWORK_VARIABLES = (
    *("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"),
    *("http_proxy", "https_proxy", "all_proxy", "no_proxy"),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
)

TenantProcess = subprocess.Popen[str]


class LocalTenantError(Exception):
    """The local tenant did not start, or did not do what a test asked of it; the message says why."""


def launch(
    data: Path, mail: Path | None, port: int, command: Sequence[str] = COMMAND
) -> "subprocess.Popen[str]":
    """Launch a tenant with this data folder and its first port, without waiting for it.

    `command` is what starts it, with the options of `postroom tenant start` after it.
    """
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    ready_file = data / READY_FILE
    ready_file.unlink(missing_ok=True)
    arguments = ["--port", str(port), "--data", str(data), "--ready-file", str(ready_file)]
    if mail is not None:
        arguments += ["--mail", str(mail)]
    with (data / LOG_FILE).open("a") as log:
        return subprocess.Popen(  # noqa: S603 - the caller's own command
            [*command, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            text=True,
            env=bare_environment(),
        )


def wait_until_ready(process: TenantProcess, data: Path) -> bool:
    """Wait until the tenant can be reached; False when it ended instead, or takes too long."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if (data / READY_FILE).exists():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    return False


def end(process: TenantProcess) -> int:
    """End a tenant as Ctrl+C does, and give its exit code."""
    if process.poll() is None:
        # Windows has no such signal for another process.
        process.terminate() if sys.platform == "win32" else process.send_signal(signal.SIGINT)
    try:
        return process.wait(END_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(END_TIMEOUT_SECONDS)


def bare_environment() -> dict[str, str]:
    """Give this process's environment without anything that steers network clients."""
    return {name: value for name, value in os.environ.items() if name not in NETWORK_VARIABLES}


def find_free_ports(count: int = PORTS) -> int:
    """Find a port that is free together with those that follow it."""
    while True:
        port = random.choice(PORT_RANGE)  # noqa: S311 - no secret
        if all(_is_free(port + number) for number in range(count)):
            return port


def _is_free(port: int) -> bool:
    probes = ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1"))
    return all(_can_bind(family, address, port) for family, address in probes)


def _can_bind(family: socket.AddressFamily, address: str, port: int) -> bool:
    """Tell whether nobody listens there; an address that this machine lacks is in nobody's way."""
    try:
        with socket.socket(family) as probe:
            if sys.platform != "win32":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as error:
        return error.errno in (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
    return True
