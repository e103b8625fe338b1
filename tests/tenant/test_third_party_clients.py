"""Clients that know nothing of the tenant reach it through its proxy, unmodified."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import msal
import pytest

from support.entra import claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant, bare_environment

BOTH_CLOUDS = pytest.mark.parametrize(("cloud", "domain"), [(GLOBAL, "com"), (GCC_HIGH, "us")])
MIME = "From: Adele Vance <adele@contoso.com>\r\nTo: ap@contoso.com\r\nSubject: Invoice {}\r\n\r\nPlease pay.\r\n"
# python-o365 leaves its connections open, so it runs in a process of its own, as a user's script does.
O365_SCRIPT = """
import json, sys
from O365 import Account, MSGraphProtocol
from O365.utils.token import MemoryTokenBackend
client_id, client_secret, tenant_id, mailbox = json.load(sys.stdin)
protocol = MSGraphProtocol(default_resource=mailbox)
account = Account(
    (client_id, client_secret), auth_flow_type="credentials", tenant_id=tenant_id, protocol=protocol,
    token_backend=MemoryTokenBackend(), main_resource=mailbox,
)
assert account.authenticate()
inbox = account.mailbox().inbox_folder()
query = inbox.new_query().equals("isRead", False)
messages = list(inbox.get_messages(limit=None, batch=5, query=query))
print(json.dumps([[message.subject, message.sender.address, message.body] for message in messages]))
"""


@pytest.fixture
def client_environment(tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what `postroom tenant env` prints."""
    for name, value in tenant.environment.items():
        monkeypatch.setenv(name, value)


@BOTH_CLOUDS
@pytest.mark.usefixtures("client_environment")
def test_msal_gets_a_token_with_a_secret(tenant: RunningTenant, cloud: str, domain: str) -> None:
    """MSAL for Python signs an app in with its secret, under Microsoft's own host names, in its own cloud only."""
    answer = sign_in(tenant, cloud, domain, tenant.app(cloud=cloud)["client_secret"])
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3599
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


@BOTH_CLOUDS
@pytest.mark.usefixtures("client_environment")
def test_msal_gets_a_token_with_a_certificate(tenant: RunningTenant, cloud: str, domain: str) -> None:
    """MSAL for Python signs an app in with its certificate."""
    pem = Path(tenant.app(cloud=cloud)["certificate"]).read_text()
    answer = sign_in(tenant, cloud, domain, {"private_key": pem, "public_certificate": pem})
    assert "access_token" in answer, answer
    assert claims_of(answer["access_token"])["appidacr"] == "2"


@BOTH_CLOUDS
@pytest.mark.usefixtures("client_environment")
def test_msal_tells_a_wrong_secret(tenant: RunningTenant, cloud: str, domain: str) -> None:
    """What Entra ID refuses reaches the user of MSAL as it would from Microsoft."""
    answer = sign_in(tenant, cloud, domain, "wrong")
    assert (answer["error"], answer["error_codes"]) == ("invalid_client", [7000215])


@pytest.mark.usefixtures("client_environment")
def test_msal_is_told_of_an_unknown_tenant(tenant: RunningTenant) -> None:
    """MSAL refuses to go on when discovery does not know the tenant."""
    with pytest.raises(ValueError, match="double check your tenant name or GUID"):
        sign_in(tenant, GLOBAL, "com", "any", tenant_id="00000000-0000-0000-0000-000000000001")


def test_python_o365_lists_mail(tenant: RunningTenant) -> None:
    """python-o365 signs in and lists unread mail over several pages; it knows Azure Global only."""
    for number in range(12):
        tenant.deliver("ap@contoso.com", MIME.format(number).encode())
    app, described = tenant.app(), tenant.cloud()
    told = json.dumps([app["client_id"], app["client_secret"], described["tenant_id"], "ap@contoso.com"])
    done = subprocess.run(
        [sys.executable, "-c", O365_SCRIPT],
        input=told,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=bare_environment() | tenant.environment | {"PYTHONIOENCODING": "utf-8"},
        cwd=tenant.data,
    )
    assert done.returncode == 0, done.stderr
    listed = json.loads(done.stdout)
    assert {subject for subject, _, _ in listed} == {f"Invoice {number}" for number in range(12)}
    assert {sender for _, sender, _ in listed} == {"adele@contoso.com"}
    assert all("Please pay." in body for _, _, body in listed)
    assert {entry["cloud"] for entry in tenant.requests()} == {GLOBAL}
    listing = [entry for entry in tenant.requests() if entry["path"].startswith("/v1.0/")]
    assert {(entry["app"], entry["mailbox"], entry["status"]) for entry in listing} == {
        ("Invoice bot", "ap@contoso.com", 200)
    }
    assert len(listing) == 3


def sign_in(
    tenant: RunningTenant, cloud: str, domain: str, credential: object, tenant_id: str | None = None
) -> dict[str, Any]:
    """Sign the Invoice bot in."""
    app = msal.ConfidentialClientApplication(
        tenant.app(cloud=cloud)["client_id"],
        authority=f"https://login.microsoftonline.{domain}/{tenant_id or tenant.cloud(cloud)['tenant_id']}",
        client_credential=credential,
    )
    answer: dict[str, Any] = app.acquire_token_for_client([f"https://graph.microsoft.{domain}/.default"])
    return answer
