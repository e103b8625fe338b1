"""What clients are told of the tenant, the mail they find there, and how each is run: as its users run it."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.canary import canary
from support.mail import make_mail
from support.node_programs import install
from support.tenant import GCC_HIGH, RunningTenant, bare_environment

HERE = Path(__file__).resolve().parent
TIMEOUT_SECONDS = 90
ATTACHMENT_BYTES = 10 * 1024 * 1024
MESSAGES = 12
Told = dict[str, Any]
Tell = Callable[[str], Told]
RunClient = Callable[[list[str], Told], dict[str, Any]]


@pytest.fixture
def tell(tenant: RunningTenant, tmp_path: Path) -> Tell:
    """Put mail into the first user's inbox of a cloud, and give what a client must know to find it."""

    def tell_of(cloud: str) -> Told:
        described, app = tenant.cloud(cloud), tenant.app(cloud=cloud)
        mailbox, domain = described["users"][0]["username"], "us" if cloud == GCC_HIGH else "com"
        for number in range(MESSAGES):
            tenant.deliver(mailbox, make_mail(f"Invoice {number}", to=mailbox, body="Please pay."))
        return {
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "certificate": app["certificate"],
            "tenant_id": described["tenant_id"],
            "mailbox": mailbox,
            "login": f"https://login.microsoftonline.{domain}",
            "graph": f"https://graph.microsoft.{domain}",
            "attachment_bytes": ATTACHMENT_BYTES,
            "folder": str(tmp_path),
        }

    return tell_of


@pytest.fixture
def run_client(tenant: RunningTenant) -> RunClient:
    """Run a client in a process of its own, led to the tenant by what `postroom tenant env` prints."""

    def run(command: list[str], told: Told) -> dict[str, Any]:
        ended = subprocess.run(
            command,
            input=json.dumps(told) + "\n",
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_SECONDS,
            check=False,
            env=bare_environment() | tenant.environment | {"PYTHONIOENCODING": "utf-8"},
            cwd=told["folder"],
        )
        assert ended.returncode == 0, canary.remove_from(ended.stdout + ended.stderr)
        report: dict[str, Any] = json.loads(ended.stdout)
        return report

    return run


@pytest.fixture
def run_python(run_client: RunClient) -> RunClient:
    """Run a script that lies here with this Python."""
    return lambda command, told: run_client([sys.executable, str(HERE / command[0]), *command[1:]], told)


@pytest.fixture(scope="session")
def node_clients() -> Path:
    """Give the scripts beside Microsoft's libraries for Node."""
    return install(HERE / "node", "node_clients")
