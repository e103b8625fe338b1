"""Measure how many access tokens two server processes of one Control Room give: `python -m bench.tokens`.

It starts a local tenant and two `postroom serve` on one database, makes a connection and a device, and lets threads
ask for tokens over HTTP as bots do: each request proves the key, looks whether the role is invited, decrypts the
token, and is written into the audit trail. Before the clock starts each server has answered once. In the middle of the
run the token ends, so that one refresh is part of it.
"""

import argparse
import json
import os
import secrets
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from socket import socket
from statistics import median, quantiles

import httpx2

from bench.machine import PROJECT, Bystanders, Cores, describe_machine

DOCUMENT = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- Made by `make throughput`: begin -->", "<!-- Made by `make throughput`: end -->"
REQUESTS = 2000
ASKERS = 16
START_SECONDS = 120.0
SEED = Path(__file__).with_name("tokens_seed.py")


@dataclass(frozen=True)
class Throughput:
    """What was measured."""

    database: str
    seconds: float
    latencies: tuple[float, ...]
    refreshes: int

    @property
    def row(self) -> str:
        """Return the line of the table."""
        rate = len(self.latencies) / self.seconds
        p99 = quantiles(self.latencies, n=100)[98]
        cells = (
            self.database,
            f"{len(self.latencies):,}",
            f"{rate:.0f}/s",
            f"{median(self.latencies) * 1000:.0f} ms",
            f"{p99 * 1000:.0f} ms",
            f"{max(self.latencies) * 1000:.0f} ms",
            str(self.refreshes),
        )
        return f"| {' | '.join(cells)} |"


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the table, and keep it if it was a whole run."""
    parser = argparse.ArgumentParser(prog="python -m bench.tokens", description=__doc__)
    parser.add_argument("--requests", type=int, default=REQUESTS, help="how many tokens are asked for")
    parser.add_argument("--database", default="", help="an empty PostgreSQL database to measure as well")
    options = parser.parse_args(arguments)
    bystanders = Bystanders()
    measured = [measure(database, options.requests) for database in ["", *filter(None, [options.database])]]
    table = describe(measured, bystanders)
    print(table)
    if options.requests == REQUESTS:
        keep(table)


def measure(database: str, requests: int) -> Throughput:
    """Return what two servers on this database give; SQLite where it is empty."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="postroom-bench-")))
        manifest = stack.enter_context(run_tenant(folder / "tenant"))
        environment = make_environment(folder, database, manifest)
        ports = find_free_ports(2)
        servers = [stack.enter_context(run_server(port, environment, folder)) for port in ports]
        seeded = json.loads(run_seed(environment, "make"))
        headers = {"Authorization": f"Bearer {seeded['key']}"}
        paths = [f"{server}/api/connections/{seeded['connection']}/token" for server in servers]
        control = httpx2.Client(base_url=manifest["control"], verify=False, trust_env=False)
        stack.callback(control.close)
        with httpx2.Client(trust_env=False, headers=headers, timeout=60) as client:
            for path in paths:
                ask(client, path)
            control.delete("/requests")
            seconds, latencies = ask_all(client, paths, requests, environment)
        refreshes = count_refreshes(control)
    return Throughput("PostgreSQL" if database else "SQLite", seconds, latencies, refreshes)


def ask_all(
    client: httpx2.Client, paths: list[str], requests: int, environment: dict[str, str]
) -> tuple[float, tuple[float, ...]]:
    """Return how long all requests took, and each of them; the token ends while they are under way."""
    # Launched before and let go by its input: its start is not what is measured.
    expiry = subprocess.Popen(
        [sys.executable, str(SEED), "expire"],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert expiry.stdin is not None
    assert expiry.stdout is not None
    expiry.stdout.readline()
    asked = count()

    def ask_one(number: int) -> float:
        if next(asked) == requests // 2:
            expiry.stdin.write("go\n")
            expiry.stdin.flush()
        return ask(client, paths[number % len(paths)])

    with ThreadPoolExecutor(ASKERS) as askers:
        began = time.perf_counter()
        latencies = tuple(askers.map(ask_one, range(requests)))
        seconds = time.perf_counter() - began
    expiry.communicate(timeout=START_SECONDS)
    return seconds, latencies


def ask(client: httpx2.Client, path: str) -> float:
    """Ask for a token, and return how long that took; an error ends the bench."""
    began = time.perf_counter()
    answer = client.post(path, json={"token": "shared", "least_validity_seconds": 300})
    seconds = time.perf_counter() - began
    if answer.status_code != 200:
        raise RuntimeError(f"The Control Room refused: HTTP {answer.status_code} {answer.text}")
    return seconds


def count_refreshes(control: httpx2.Client) -> int:
    """Return how often the tenant was asked for a token."""
    requests = control.get("/requests").json()
    return sum(1 for request in requests if request["path"].endswith("/oauth2/v2.0/token"))


@contextmanager
def run_tenant(folder: Path) -> Iterator[dict[str, str]]:
    """Run a local tenant, and give its manifest."""
    (port,) = find_free_ports(1)
    ready = folder.with_name("tenant-ready")
    arguments = ("tenant", "start", "--port", str(port), "--data", str(folder), "--ready-file", str(ready))
    with running(arguments, own_environment(), folder.with_name("tenant.log"), ready):
        yield json.loads((folder / "tenant.json").read_text())


@contextmanager
def run_server(port: int, environment: dict[str, str], folder: Path) -> Iterator[str]:
    """Run a server process of the Control Room, and give its address."""
    ready = folder / f"ready-{port}"
    arguments = ("serve", "--no-worker", "--port", str(port), "--ready-file", str(ready))
    with running(arguments, environment, folder / f"server-{port}.log", ready):
        yield f"http://localhost:{port}"


@contextmanager
def running(arguments: Sequence[str], environment: dict[str, str], log: Path, ready: Path) -> Iterator[None]:
    """Run `postroom` with these arguments until the end of the block."""
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "postroom", *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not ready.exists():
            if process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError(f"`postroom {arguments[0]}` did not start: {log.read_text()[-2000:]}")
            time.sleep(0.05)
        yield
    finally:
        process.terminate()
        process.wait(30)


def run_seed(environment: dict[str, str], task: str) -> str:
    """Run a task of the seed, and return what it printed."""
    return subprocess.run(
        [sys.executable, str(SEED), task], env=environment, check=True, capture_output=True, text=True
    ).stdout


def make_environment(folder: Path, database: str, manifest: dict[str, str]) -> dict[str, str]:
    """Return the environment of the Control Room: its home, its database, and the way to the tenant."""
    return own_environment() | {
        "POSTROOM_HOME": str(folder / "home"),
        "POSTROOM_ADMIN_PASSWORD": secrets.token_urlsafe(16),
        "HTTPS_PROXY": manifest["proxy"],
        "SSL_CERT_FILE": manifest["ca"],
        "BENCH_MANIFEST": str(folder / "tenant" / "tenant.json"),
        **({"POSTROOM_DATABASE": database} if database else {}),
    }


def own_environment() -> dict[str, str]:
    """Return what every process gets."""
    return {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}


def find_free_ports(number: int) -> list[int]:
    """Return ports that nobody listens on; the tenant needs the two that follow its own, which mostly are free too."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket()) for _ in range(number)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


def describe(measured: Sequence[Throughput], bystanders: Bystanders) -> str:
    """Return the table, with the machine it was made on."""
    date = datetime.now(UTC).date().isoformat()
    machine = f"{describe_machine(Cores(None, None))}. {bystanders.describe()}".rstrip()
    head = "| database | requests | throughput | median | p99 | longest | refreshes |\n|---|---|---|---|---|---|---|"
    return f"Measured on {date}. {machine}\n\n" + "\n".join([head, *(one.row for one in measured)])


def keep(table: str) -> None:
    """Write the table between its marks."""
    text = DOCUMENT.read_text()
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{table}\n\n{END}{after}")
    print(f"The table in {DOCUMENT.relative_to(PROJECT)} is new.", file=sys.stderr)


if __name__ == "__main__":
    main()
