"""A local tenant in a process of its own, as a test sees it: `with start_tenant(folder) as tenant`."""

import json
import ssl
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Self

import httpx2

from postroom.errors import PortInUseError, get_outcome
from postroom.tenant.environment import app_environment, client_environment
from postroom.tenant.hosts import AZURE_GLOBAL, AZURE_US_GCC_HIGH, CLOUDS
from postroom.testing.controls import TenantControls
from postroom.testing.processes import (
    COMMAND,
    LOG_FILE,
    LocalTenantError,
    TenantProcess,
    end,
    find_free_ports,
    launch,
    wait_until_ready,
)

GLOBAL = AZURE_GLOBAL.name
GCC_HIGH = AZURE_US_GCC_HIGH.name
ATTEMPTS = 10
TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True)
class RunningTenant(TenantControls):
    """A running tenant: who is in it, how a client reaches it, and what a test may do to it.

    `manifest` is what `tenant.json` says, `control` a client for the control endpoints that have no method here.
    """

    data: Path
    port: int
    manifest: dict[str, Any] = field(repr=False)
    control: httpx2.Client = field(repr=False)
    process: TenantProcess = field(repr=False)

    @classmethod
    def reach(cls, data: Path, port: int, process: TenantProcess) -> Self:
        """Read the manifest of a tenant that is ready, and open a client for its control endpoints."""
        manifest = json.loads((data / "tenant.json").read_text(encoding="utf-8"))
        control = httpx2.Client(
            base_url=manifest["control"],
            verify=trust(manifest["ca"]),
            trust_env=False,
            timeout=TIMEOUT_SECONDS,
        )
        return cls(data, port, manifest, control, process)

    def cloud(self, name: str = GLOBAL) -> dict[str, Any]:
        """Get what the manifest says of a cloud: login, graph, tenant_id, domain, apps, users.

        LocalTenantError where there is none of that name.
        """
        return self._choose("cloud", name, self.manifest["clouds"])

    def app(self, name: str = "Invoice bot", cloud: str = GLOBAL) -> dict[str, Any]:
        """Get what the manifest says of an app: name, client_id, client_secret, permissions and so on.

        LocalTenantError where there is none of that name.
        """
        return self._choose("app", name, {app["name"]: app for app in self.cloud(cloud)["apps"]})

    def user(self, address: str) -> dict[str, Any]:
        """Get what the manifest says of a user or a shared mailbox: username, password, display_name and so on.

        LocalTenantError where there is none of that address.
        """
        clouds = self.manifest["clouds"].values()
        return self._choose(
            "user", address, {user["username"]: user for cloud in clouds for user in cloud["users"]}
        )

    @property
    def environment(self) -> dict[str, str]:
        """The variables that lead a client to this tenant by its proxy, as `postroom tenant env` prints them."""
        return client_environment(self.manifest)

    def credential(
        self, app: str = "Invoice bot", cloud: str = GLOBAL, name: str = "azure"
    ) -> dict[str, str]:
        """Get the variables that make an app a credential of Postroom, as `postroom tenant env --app` prints them.

        A script finds it as `Credential(name, "client_id")` and so on.
        """
        self.app(app, cloud)
        return app_environment(self.manifest, app, cloud, name)

    @property
    def ssl_context(self) -> ssl.SSLContext:
        """A TLS context that trusts this tenant and nothing else."""
        return self._trusting

    @cached_property
    def _trusting(self) -> ssl.SSLContext:
        return trust(self.manifest["ca"])

    def client(self, cloud: str = GLOBAL, **settings: Any) -> httpx2.Client:
        """Open an HTTP client that speaks to a cloud directly, without the proxy.

        `settings` are those of `httpx2.Client`.
        """
        settings = {"timeout": TIMEOUT_SECONDS, **settings}
        url = self.cloud(cloud)["graph"]
        return httpx2.Client(base_url=url, verify=self.ssl_context, trust_env=False, **settings)

    def token(self, app: str = "Invoice bot", cloud: str = GLOBAL) -> str:
        """Get an access token for an app that acts as itself, by its secret."""
        found, described = self.app(app, cloud), self.cloud(cloud)
        hosts = next(hosts for hosts in CLOUDS if hosts.name == cloud)
        form = {
            "grant_type": "client_credentials",
            "client_id": found["client_id"],
            "client_secret": found["client_secret"],
            "scope": f"{hosts.graph_url}/.default",
        }
        # The client for the control endpoints has a connection open, which spares a handshake.
        answer = self.control.post(
            f"{described['graph']}/{described['tenant_id']}/oauth2/v2.0/token", data=form
        )
        if answer.status_code != 200:
            raise LocalTenantError(f"The app {app!r} got no token: {answer.json()['error_description']}")
        return str(answer.json()["access_token"])

    @staticmethod
    def _choose(kind: str, name: str, known: dict[str, dict[str, Any]]) -> dict[str, Any]:
        if name not in known:
            raise LocalTenantError(f"The local tenant has no {kind} {name!r}. It has: {', '.join(known)}.")
        return known[name]


@contextmanager
def start_tenant(
    data: Path, mail: Path | None = None, port: int | None = None, command: Sequence[str] | None = None
) -> Iterator[RunningTenant]:
    """Start a tenant with this data folder, on free ports unless one is named, and end it afterwards.

    `mail` is a folder of mail to begin with, as `postroom tenant start --mail` takes it; `command` is another than
    `postroom tenant start` that takes its options. LocalTenantError where it does not start.
    """
    with ExitStack() as stack:
        for _ in range(1 if port else ATTEMPTS):
            chosen = port or find_free_ports()
            process = launch(data, mail, chosen, command or COMMAND)
            stack.callback(end, process)
            if wait_until_ready(process, data):
                break
            # Between a look at a port and its use another program may take it: the tenant itself finds out.
            if process.poll() != get_outcome(PortInUseError("")).exit_code:
                raise _explain(data)
        else:
            raise _explain(data)
        tenant = RunningTenant.reach(data, chosen, process)
        stack.callback(tenant.control.close)
        yield tenant


def trust(authority: str) -> ssl.SSLContext:
    """Make a TLS context that trusts this authority, a PEM file, and nothing else."""
    return ssl.create_default_context(cafile=authority)


def _explain(data: Path) -> LocalTenantError:
    said = (data / LOG_FILE).read_text(encoding="utf-8", errors="replace").strip() or "It said nothing."
    return LocalTenantError(f"The local tenant did not start. {said}")
