"""The UserInfo endpoint tells a client who signed in, as far as the scopes go."""

import httpx2
import pytest

from support.entra import Signer, claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


def ask(tenant: RunningTenant, token: str, cloud: str = GLOBAL, method: str = "GET") -> httpx2.Response:
    headers = {"Authorization": f"Bearer {token}", "Origin": "https://portal.contoso.com"}
    with tenant.client(cloud, headers=headers) as client:
        return client.request(method, "/oidc/userinfo")


@BOTH_CLOUDS
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_who_signed_in(tenant: RunningTenant, cloud: str, method: str) -> None:
    """The user has the same `sub` as in the id token, and name and address with their scopes; a page may ask too."""
    signer = Signer(tenant, cloud)
    tokens = signer.tokens(scope="openid profile email User.Read")
    answer = ask(tenant, tokens["access_token"], cloud, method)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Access-Control-Allow-Origin"] == "*"
    assert answer.json() == {
        "sub": claims_of(tokens["id_token"])["sub"],
        "name": "Accounts Payable",
        "given_name": "Accounts",
        "family_name": "Payable",
        "picture": answer.json()["picture"],
        "email": signer.username,
    }


def test_only_what_the_scopes_tell(tenant: RunningTenant) -> None:
    """With `openid` alone there is nothing but the `sub`."""
    tokens = Signer(tenant).tokens(scope="openid User.Read")
    assert ask(tenant, tokens["access_token"]).json().keys() == {"sub"}


def test_nobody_signed_in(tenant: RunningTenant) -> None:
    """A token without `openid`, or of an app on its own, is 403; none, and one that is no token, are 401."""
    tokens = Signer(tenant).tokens(scope="User.Read")
    for token in (tokens["access_token"], tenant.token()):
        refused = ask(tenant, token)
        assert (refused.status_code, refused.json()["error"]["code"]) == (403, "Authorization_RequestDenied")
    refused = ask(tenant, "nonsense")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAuthenticationToken")
    assert refused.headers["WWW-Authenticate"].startswith("Bearer")
