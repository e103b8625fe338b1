"""Clients that know nothing of the tenant reach it through its proxy, unmodified."""

import msal
import pytest

from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

DOMAINS = {GLOBAL: "com", GCC_HIGH: "us"}


@pytest.fixture
def client_environment(tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Set what `postroom tenant env` prints."""
    for name, value in tenant.environment.items():
        monkeypatch.setenv(name, value)


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
@pytest.mark.usefixtures("client_environment")
def test_msal_gets_a_token_with_a_secret(tenant: RunningTenant, cloud: str) -> None:
    """MSAL for Python signs an app in with its secret, under Microsoft's own host names, in its own cloud only."""
    answer = sign_in(tenant, cloud, tenant.app(cloud=cloud)["client_secret"])
    assert answer["token_type"] == "Bearer"
    assert answer["expires_in"] == 3599
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


def sign_in(tenant: RunningTenant, cloud: str, credential: object) -> dict[str, object]:
    """Sign the Invoice bot in."""
    domain = DOMAINS[cloud]
    app = msal.ConfidentialClientApplication(
        tenant.app(cloud=cloud)["client_id"],
        authority=f"https://login.microsoftonline.{domain}/{tenant.cloud(cloud)['tenant_id']}",
        client_credential=credential,
    )
    answer: dict[str, object] = app.acquire_token_for_client([f"https://graph.microsoft.{domain}/.default"])
    return answer
