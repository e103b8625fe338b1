"""MSAL for Python signs apps in with secret and certificate, unmodified and through the proxy."""

from pathlib import Path
from typing import Any

import msal
import pytest

from support.entra import claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize(("cloud", "domain"), [(GLOBAL, "com"), (GCC_HIGH, "us")])


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
