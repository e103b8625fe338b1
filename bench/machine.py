"""The machine the bench runs on: its cores, its description, and the environment of python-o365."""

import os
import platform
import resource
import subprocess
import sys
import time
import venv
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from bench.readymade import CLIENT_ID, MAILBOX, TENANT_ID
from bench.scenarios import Home

PROJECT = Path(__file__).resolve().parent.parent
WORKSHOP = PROJECT / ".bench"
O365_REQUIREMENTS = Path(__file__).with_name("o365-requirements.txt")
CLIENT_SECRET = "bench-secret-of-no-worth"


@dataclass(frozen=True)
class Cores:
    """Which core runs the clients and which the server; None where the machine has no second one, or no say in it."""

    client: int | None
    server: int | None


def share_cores() -> Cores:
    """Keep this process, and so the clients it starts, on one core and leave another to the server."""
    if not hasattr(os, "sched_setaffinity"):
        return Cores(None, None)
    available = sorted(os.sched_getaffinity(0))
    if len(available) < 2:
        return Cores(None, None)
    client, server = available[-1], available[0]
    os.sched_setaffinity(0, {client})
    return Cores(client, server)


def make_pythons() -> Mapping[Home, Path]:
    """Return the Python of each home, making the environment of python-o365 if it is not there or is out of date."""
    home = WORKSHOP / "o365-venv"
    python = home / "bin" / "python"
    stamp = home / "requirements.txt"
    wanted = O365_REQUIREMENTS.read_text()
    if not stamp.exists() or stamp.read_text() != wanted:
        print(
            f"Making an environment for python-o365 in {home.relative_to(PROJECT)} ...",
            file=sys.stderr,
            flush=True,
        )
        venv.create(home, clear=True, with_pip=True)
        install = [str(python), "-m", "pip", "install", "-qq", "--requirement", str(O365_REQUIREMENTS)]
        subprocess.run(install, check=True)
        stamp.write_text(wanted)
    return {Home.POSTROOM: Path(sys.executable), Home.O365: python}


def client_environment(port: int, ca_file: Path) -> dict[str, str]:
    """Return all that a client is told: the proxy, the CA, and the credential under the name each client wants."""
    proxy = f"http://127.0.0.1:{port}"
    inherited = {name: os.environ[name] for name in ("PATH", "HOME", "LANG", "TZ") if name in os.environ}
    return inherited | {
        "PYTHONPATH": str(PROJECT),
        "HTTPS_PROXY": proxy,
        "SSL_CERT_FILE": str(ca_file),
        "REQUESTS_CA_BUNDLE": str(ca_file),
        "BENCH_MAILBOX": MAILBOX,
        "BENCH_TENANT_ID": TENANT_ID,
        "BENCH_CLIENT_ID": CLIENT_ID,
        "BENCH_CLIENT_SECRET": CLIENT_SECRET,
        "POSTROOM_CREDENTIAL_AZURE_TENANT_ID": TENANT_ID,
        "POSTROOM_CREDENTIAL_AZURE_CLIENT_ID": CLIENT_ID,
        "POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET": CLIENT_SECRET,
    }


def describe_machine(cores: Cores) -> str:
    """Return one sentence on processor, memory and system; no host name, no path."""
    pinned = (
        "a core each for client and server"
        if cores.client is not None
        else "no core of their own for client and server"
    )
    return f"{_processor()}, {os.cpu_count()} cores, {_memory_gb():.0f} GB, {platform.system()}; {pinned}"


class Bystanders:
    """What took the machine's time beside the bench: the more, the longer the times and the less sure the ratios."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._busy_seconds_before = _read_busy_seconds()
        self._own_seconds_before = _used_cpu_seconds()

    def describe(self) -> str:
        """Return one sentence, once the processes of the bench have ended; nothing where the system does not tell."""
        busy_seconds = _read_busy_seconds() - self._busy_seconds_before
        if not busy_seconds:
            return ""
        others_seconds = busy_seconds - (_used_cpu_seconds() - self._own_seconds_before)
        share = max(0.0, others_seconds) / (time.monotonic() - self._began)
        return f"Meanwhile other programs took {share:.0%} of one core."


def list_versions(pythons: Mapping[Home, Path]) -> dict[str, str]:
    """Return the versions of Python and of the packages that do the work, each as its own environment has it."""
    versions = {"Python": platform.python_version()}
    for home, packages in (
        (Home.POSTROOM, ("postroom", "httpx2", "msgspec", "msal")),
        (Home.O365, ("o365", "requests", "msal")),
    ):
        for package in packages:
            name = package if package not in versions else f"{package} of python-o365"
            versions[name] = _read_version(pythons[home], package)
    return versions


def _read_version(python: Path, package: str) -> str:
    statement = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(
        [python, "-c", statement], check=True, capture_output=True, text=True
    ).stdout.strip()


def _processor() -> str:
    with suppress(OSError), Path("/proc/cpuinfo").open() as lines:
        for line in lines:
            if line.startswith("model name"):
                return line.partition(":")[2].strip().replace("(R)", "").replace("(TM)", "")
    return platform.processor() or "unknown processor"


def _memory_gb() -> float:
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9


def _read_busy_seconds() -> float:
    """Return the processor time that all programs have used since the machine began, on all cores (proc_stat(5))."""
    with suppress(OSError), Path("/proc/stat").open() as lines:
        user, nice, system, _idle, _iowait, irq, softirq, steal, *_guests = map(int, next(lines).split()[1:])
        return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")
    return 0.0


def _used_cpu_seconds() -> float:
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)
