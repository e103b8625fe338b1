"""A user's tokens say who signed in, to which app, and what the app may do."""

import base64
import json

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from support.entra import SCOPES, Signer, claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


@BOTH_CLOUDS
@pytest.mark.parametrize(("app", "proof"), [("Desktop bot", "0"), ("Portal bot", "1")])
def test_a_code_gets_all_tokens(tenant: RunningTenant, cloud: str, app: str, proof: str) -> None:
    """Public and confidential clients get an access token for this cloud's Graph, a refresh and an id token."""
    signer = Signer(tenant, cloud, app)
    body = signer.tokens()
    assert (body["token_type"], body["expires_in"], body["ext_expires_in"]) == ("Bearer", 3599, 3599)
    assert body.keys() == {
        *("token_type", "scope", "expires_in", "ext_expires_in", "access_token", "refresh_token", "id_token")
    }
    claims = claims_of(body["access_token"])
    user = claims_of(body["id_token"])
    assert claims["aud"] == SCOPES[cloud].removesuffix("/.default")
    assert (claims["idtyp"], claims["ver"], claims["appidacr"]) == ("user", "1.0", proof)
    assert claims["scp"] == "Mail.ReadWrite openid profile"
    assert claims["upn"] == claims["unique_name"] == signer.username
    assert (claims["name"], claims["app_displayname"]) == ("Accounts Payable", app)
    assert claims["oid"] == user["oid"]
    assert "roles" not in claims


@BOTH_CLOUDS
def test_the_id_token(tenant: RunningTenant, cloud: str) -> None:
    """The id token is signed with the published keys, and has issuer, audience, nonce and names as v2 has them."""
    signer = Signer(tenant, cloud)
    body = signer.tokens(nonce="n-0S6_WzA2Mj", scope="openid profile email")
    assert "refresh_token" not in body
    tenant_id = tenant.cloud(cloud)["tenant_id"]
    with tenant.client(cloud) as client:
        published = client.get(f"/{tenant_id}/v2.0/.well-known/openid-configuration").json()
        keys = KeySet.import_key_set(client.get(published["jwks_uri"]).json())
    claims = jwt.decode(body["id_token"], keys, algorithms=["RS256"]).claims
    assert claims["iss"] == published["issuer"]
    assert claims["aud"] == signer.registered["client_id"]
    assert (claims["nonce"], claims["ver"], claims["tid"]) == ("n-0S6_WzA2Mj", "2.0", tenant_id)
    assert claims["preferred_username"] == claims["email"] == signer.username
    assert claims["name"] == "Accounts Payable"


def test_without_openid_there_is_no_id_token(tenant: RunningTenant) -> None:
    """Who asks for a permission only gets an access token only."""
    body = Signer(tenant).tokens(scope="Mail.Read")
    assert "id_token" not in body
    assert "refresh_token" not in body
    assert body["scope"] == "Mail.Read"


def test_an_app_knows_a_user_by_a_name_of_its_own(tenant: RunningTenant) -> None:
    """The subject of an id token is the same each time for an app, and another for another app."""
    first, again, other = (
        claims_of(Signer(tenant, app=app).tokens()["id_token"])["sub"]
        for app in ("Desktop bot", "Desktop bot", "Portal bot")
    )
    assert first == again != other


@pytest.mark.parametrize(
    "prefix", ["", "https://graph.microsoft.com/", "00000003-0000-0000-c000-000000000000/"]
)
def test_the_scope_is_written_as_it_was_asked_for(tenant: RunningTenant, prefix: str) -> None:
    """A client finds its token again by the names it used."""
    body = Signer(tenant).tokens(scope=f"openid {prefix}Mail.Send offline_access {prefix}Mail.Read")
    assert body["scope"] == f"openid {prefix}Mail.Read {prefix}Mail.Send"
    again = Signer(tenant).refresh(body["refresh_token"]).json()
    assert again["scope"] == body["scope"]


def test_default_is_answered_by_name(tenant: RunningTenant) -> None:
    """Who asks for .default gets all that the app registered, and .default itself to find it by."""
    signer = Signer(tenant)
    refresh_token = signer.tokens(scope=f"{SCOPES[GLOBAL]} offline_access")["refresh_token"]
    scope = signer.refresh(refresh_token, scope=SCOPES[GLOBAL]).json()["scope"].split()
    assert SCOPES[GLOBAL] in scope
    assert "https://graph.microsoft.com/Mail.ReadWrite.Shared" in scope


def test_default_takes_what_there_is(tenant: RunningTenant) -> None:
    """Who has been given anything gets that for .default, and is not sent back for what else the app registered."""
    signer = Signer(tenant)
    refresh_token = signer.tokens(scope="Mail.Send offline_access")["refresh_token"]
    scope = signer.refresh(refresh_token, scope=SCOPES[GLOBAL]).json()["scope"]
    assert scope == f"{SCOPES[GLOBAL]} https://graph.microsoft.com/Mail.Send"


def test_the_access_token_carries_all_that_was_consented_to(tenant: RunningTenant) -> None:
    """Consents add up, an administrator's included."""
    signer = Signer(tenant)
    signer.tokens(scope="Mail.Read")
    tenant.consent("Desktop bot", "Mail.Send")
    token = signer.tokens(scope="User.Read")["access_token"]
    assert claims_of(token)["scp"] == "Mail.Read Mail.Send User.Read"


def test_client_info_comes_when_it_is_asked_for(tenant: RunningTenant) -> None:
    """A client that sends client_info=1 is told the ids of user and tenant."""
    signer = Signer(tenant)
    body = signer.redeem(signer.code(), client_info="1").json()
    text = body["client_info"]
    known = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    assert known == {"uid": claims_of(body["access_token"])["oid"], "utid": tenant.cloud()["tenant_id"]}


@BOTH_CLOUDS
def test_graph_takes_the_access_token(tenant: RunningTenant, cloud: str) -> None:
    """With a user's token /me is the user."""
    signer = Signer(tenant, cloud)
    token = signer.tokens(scope="User.Read")["access_token"]
    with tenant.client(cloud) as client:
        answer = client.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})
    assert answer.json()["userPrincipalName"] == signer.username


@pytest.mark.parametrize("change", ["revoked", "disabled"])
def test_graph_refuses_the_token_of_who_may_not_any_more(tenant: RunningTenant, change: str) -> None:
    """After a revocation, and once disabled, a user's access tokens are answered with a claims challenge."""
    signer = Signer(tenant)
    token = signer.tokens(scope="User.Read")["access_token"]
    if change == "revoked":
        tenant.revoke(user=signer.username)
    else:
        tenant.change_user(signer.username, enabled=False)
    with tenant.client() as client:
        answer = client.get("/v1.0/me", headers={"Authorization": f"Bearer {token}"})
        assert answer.status_code == 401
        assert 'error="insufficient_claims"' in answer.headers["www-authenticate"]
        if change == "revoked":
            new = signer.tokens(scope="User.Read")["access_token"]
            assert client.get("/v1.0/me", headers={"Authorization": f"Bearer {new}"}).status_code == 200


def test_a_code_from_before_a_revocation_is_worth_nothing(tenant: RunningTenant) -> None:
    """Revoking a user's tokens takes codes that are under way along."""
    signer = Signer(tenant)
    code = signer.code()
    tenant.revoke(user=signer.username)
    assert signer.redeem(code).json()["error_codes"] == [50173]


def test_a_shared_mailbox_cannot_sign_in(tenant: RunningTenant) -> None:
    """The account behind a shared mailbox is disabled, whatever its password."""
    password = next(u["password"] for u in tenant.cloud()["users"] if u["username"] == "board@contoso.com")
    answer = Signer(tenant).ask("password", username="board@contoso.com", password=password)
    assert answer.json()["error_codes"] == [50057]
