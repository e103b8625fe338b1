"""A real local tenant in a process of its own, for any test: `with start_tenant(folder) as tenant`."""

import errno
import ipaddress
import json
import os
import random
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

import httpx2

from support.canary import canary

START_TIMEOUT_SECONDS = 30.0
ATTEMPTS = 10
GLOBAL = "Azure Global"
GCC_HIGH = "Azure US GCC High"
COMMAND = (sys.executable, "-m", "postroom", "tenant", "start")
# What a machine may preset, and what would lead the tenant or its clients astray.
NETWORK_VARIABLES = (
    *(
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "no_proxy",
    ),
    *("SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "NODE_EXTRA_CA_CERTS"),
)


@dataclass(frozen=True)
class RunningTenant:
    """Reach a running tenant: its manifest, and its control endpoints by one method each."""

    data: Path
    port: int
    manifest: dict[str, Any] = field(repr=False)
    control: httpx2.Client
    process: "subprocess.Popen[str]"

    @classmethod
    def reach(cls, data: Path, port: int, process: "subprocess.Popen[str]") -> Self:
        """Read the manifest and open a client for the control endpoints."""
        manifest = json.loads((data / "tenant.json").read_text())
        canary.add_tenant(manifest)
        control = httpx2.Client(
            base_url=manifest["control"], verify=trust(manifest["ca"]), trust_env=False, timeout=30
        )
        return cls(data, port, manifest, control, process)

    def cloud(self, name: str = GLOBAL) -> dict[str, Any]:
        """Give what the manifest says of a cloud."""
        found: dict[str, Any] = self.manifest["clouds"][name]
        return found

    def app(self, name: str = "Invoice bot", cloud: str = GLOBAL) -> dict[str, Any]:
        """Give what the manifest says of an app."""
        found: dict[str, Any] = next(app for app in self.cloud(cloud)["apps"] if app["name"] == name)
        return found

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client to this tenant by its proxy, as `postroom tenant env` prints them."""
        from postroom.tenant.environment import client_environment

        return client_environment(self.manifest)

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """A TLS context that trusts this tenant and nothing else."""
        return trust(self.manifest["ca"])

    def client(self, cloud: str = GLOBAL, **settings: Any) -> httpx2.Client:
        """Open a client that speaks to a cloud directly, under this machine's name."""
        url = self.cloud(cloud)["graph"]
        return httpx2.Client(base_url=url, verify=self.ssl_context, trust_env=False, timeout=30, **settings)

    def token(self, app: str = "Invoice bot", cloud: str = GLOBAL) -> str:
        """Get an access token for an app, by its secret."""
        found, described = self.app(app, cloud), self.cloud(cloud)
        domain = "us" if cloud == GCC_HIGH else "com"
        form = {
            "grant_type": "client_credentials",
            "client_id": found["client_id"],
            "client_secret": found["client_secret"],
            "scope": f"https://graph.microsoft.{domain}/.default",
        }
        with self.client(cloud) as client:
            answer = client.post(f"/{described['tenant_id']}/oauth2/v2.0/token", data=form)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    def reset(self) -> None:
        """Bring back the state after seeding and ingesting."""
        self._control("POST", "/reset")

    def requests(self) -> list[dict[str, Any]]:
        """List the requests since the last reset or clearing, oldest first."""
        answer: list[dict[str, Any]] = self._control("GET", "/requests")
        return answer

    def clear_requests(self) -> None:
        """Forget the requests so far."""
        self._control("DELETE", "/requests")

    def add_fault(self, **settings: Any) -> None:
        """Add a fault, such as `path="/v1.0/*", status=429, retry_after=0.1, count=1`."""
        self._control("POST", "/faults", json=settings)

    def clear_faults(self) -> None:
        """Forget all faults."""
        self._control("DELETE", "/faults")

    def advance_clock(self, seconds: float) -> None:
        """Move the tenant's clock, and nothing else's."""
        self._control("POST", "/clock", json={"advance_seconds": seconds})

    def set_latency(self, milliseconds: float) -> None:
        """Let every request wait from now on."""
        self._control("POST", "/latency", json={"milliseconds": milliseconds})

    def revoke(self, app: str | None = None, *, user: str | None = None) -> None:
        """Refuse the access tokens that an app has been given so far, or all tokens of a user."""
        self._control("POST", "/revoke", json={"app": app} if user is None else {"user": user})

    def change_user(self, address: str, **fields: Any) -> None:
        """Change a user until the next reset, such as `enabled=False` or `members=["adele@contoso.com"]`."""
        self._control("PATCH", f"/users/{address}", json=fields)

    def change_app(self, name: str, cloud: str | None = None, **fields: Any) -> None:
        """Change an app until the next reset, in both clouds or in one, such as `redirect_uris=[]`."""
        self._control("PATCH", f"/apps/{name}", params={"cloud": cloud} if cloud else None, json=fields)

    def change_policies(self, **fields: Any) -> None:
        """Change what holds for all users until the next reset: `user_consent=False`."""
        self._control("PATCH", "/policies", json=fields)

    def consents(self) -> list[dict[str, Any]]:
        """List who consented to what."""
        listed: list[dict[str, Any]] = self._control("GET", "/consents")
        return listed

    def consent(self, app: str, *scopes: str, user: str | None = None) -> None:
        """Let an app do something for a user, or as an administrator for all users."""
        self._control("POST", "/consents", json={"app": app, "user": user, "scopes": scopes})

    def withdraw_consent(self, app: str, user: str | None = None) -> None:
        """Take away a user's consent to an app, or everybody's."""
        self._control("DELETE", "/consents", json={"app": app, "user": user})

    def folders(self, address: str) -> dict[str, dict[str, int]]:
        """Give total and unread of each folder of a mailbox, by path."""
        listed = self._control("GET", f"/mailboxes/{address}")["folders"]
        return {folder["path"]: {"total": folder["total"], "unread": folder["unread"]} for folder in listed}

    def deliver(self, address: str, mime: bytes) -> str:
        """Deliver a MIME message into the Inbox of a mailbox, and give its id."""
        return str(self._control("POST", f"/mailboxes/{address}/messages", content=mime)["id"])

    def _control(self, method: str, path: str, **content: Any) -> Any:
        answer = self.control.request(method, path, **content)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None


@contextmanager
def start_tenant(data: Path, mail: Path | None = None, port: int | None = None) -> Iterator[RunningTenant]:
    """Start a tenant with this data folder on free ports, and end it afterwards."""
    with ExitStack() as stack:
        for _ in range(ATTEMPTS):
            chosen = port or find_free_ports()
            process = launch(data, mail, chosen)
            stack.callback(end, process)
            if wait_until_ready(process, data):
                break
        else:
            raise RuntimeError("The tenant did not start.")
        tenant = RunningTenant.reach(data, chosen, process)
        stack.callback(tenant.control.close)
        yield tenant


def launch(data: Path, mail: Path | None, port: int) -> "subprocess.Popen[str]":
    """Launch the tenant, as the command line does, without waiting for it."""
    data.mkdir(parents=True, exist_ok=True)
    ready_file = data / "ready"
    ready_file.unlink(missing_ok=True)
    arguments = ["--port", str(port), "--data", str(data), "--ready-file", str(ready_file)]
    if mail is not None:
        arguments += ["--mail", str(mail)]
    log = (data / "tenant.log").open("a")
    with log:
        return subprocess.Popen(
            [*COMMAND, *arguments], stdout=log, stderr=log, text=True, env=bare_environment()
        )


def end(process: "subprocess.Popen[str]") -> int:
    """End a tenant as Ctrl+C does, and give its exit code."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        return process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        return process.wait(10)


def bare_environment() -> dict[str, str]:
    """Give this process's environment without anything that steers network clients."""
    return {name: value for name, value in os.environ.items() if name not in NETWORK_VARIABLES}


def find_free_ports(count: int = 3) -> int:
    """Find a port that is free together with those that follow it."""
    while True:
        # Below what the system itself hands out, so that no other client comes to sit between.
        port = random.randrange(11000, 32000, count)
        if all(_is_free(port + number) for number in range(count)):
            return port


def trust(authority: str) -> ssl.SSLContext:
    """Make a TLS context that trusts this authority and nothing else."""
    return ssl.create_default_context(cafile=authority)


def _is_free(port: int) -> bool:
    for address in ("127.0.0.1", "::1"):
        family = socket.AF_INET6 if ipaddress.ip_address(address).version == 6 else socket.AF_INET
        with socket.socket(family) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((address, port))
            except OSError as error:
                if error.errno != errno.EADDRNOTAVAIL:
                    return False
    return True


def wait_until_ready(process: "subprocess.Popen[str]", data: Path) -> bool:
    """Wait until the tenant can be reached; False when it ended instead."""
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if (data / "ready").exists():
            return True
        if process.poll() is not None:
            return False
        time.sleep(0.02)
    return False
