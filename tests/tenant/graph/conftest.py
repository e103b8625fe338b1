"""One app at one mailbox, over real HTTPS."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx2
import pytest

from support.tenant import GLOBAL, RunningTenant

IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


class Caller:
    """An app that calls Graph for the mailbox of one address; ids are immutable unless `headers` say otherwise."""

    def __init__(self, client: httpx2.Client, token: str, address: str) -> None:
        self.client = client
        self.address = address
        self._headers = {"Authorization": f"Bearer {token}"} | IMMUTABLE

    def request(
        self, method: str, path: str, headers: dict[str, str] | None = None, **content: Any
    ) -> httpx2.Response:
        """Send a request; a path without a leading / is one of the mailbox."""
        url = path if path.startswith(("/", "http")) else f"/v1.0/users/{self.address}/{path}"
        return self.client.request(method, url, headers=self._headers | (headers or {}), **content)

    def get(self, path: str, **options: Any) -> Any:
        """Get a document."""
        answer = self.request("GET", path, params=options or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, body: Any = None, status: int = 201) -> Any:
        """Post a document and give the answer, having checked its status."""
        answer = self.request("POST", path, json=body)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def refused(self, method: str, path: str, **content: Any) -> tuple[int, str]:
        """Give status and code of a refusal."""
        answer = self.request(method, path, **content)
        error = answer.json()["error"]
        assert error["message"]
        assert error["innerError"].keys() == {"date", "request-id", "client-request-id"}
        return answer.status_code, error["code"]


@pytest.fixture(scope="session")
def clients(running_tenant: RunningTenant) -> Iterator[dict[str, httpx2.Client]]:
    """Open a client for each cloud once for this worker, as each handshake takes longer than most requests."""
    with ExitStack() as stack:
        yield {
            name: stack.enter_context(running_tenant.client(name))
            for name in running_tenant.manifest["clouds"]
        }


@pytest.fixture
def call(tenant: RunningTenant, clients: dict[str, httpx2.Client]) -> Callable[..., Caller]:
    """Call Graph as an app, at the mailbox of a user."""

    def call(user: str = "ap", app: str = "Invoice bot", cloud: str = GLOBAL) -> Caller:
        token = tenant.token(app, cloud)
        return Caller(clients[cloud], token, f"{user}@{tenant.cloud(cloud)['domain']}")

    return call


@pytest.fixture
def ap(call: Callable[..., Caller]) -> Caller:
    """Call as the Invoice bot at ap@contoso.com."""
    return call()


@pytest.fixture
def settings(tenant: RunningTenant, call: Callable[..., Caller]) -> Caller:
    """Call as an app that may change the mail and the settings of ap@contoso.com."""
    wanted = ["Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "User.Read.All"]
    tenant.change_app("Invoice bot", application_permissions=wanted)
    return call()
