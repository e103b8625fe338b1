"""The token endpoint gives tokens to whom Entra ID would, and refuses the rest in Microsoft's words."""

import base64
from urllib.parse import quote
from uuid import UUID, uuid4

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from support.entra import SCOPES, ask_token, assert_refused, claims_of
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

BOTH_CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])


@BOTH_CLOUDS
def test_a_secret_gets_a_graph_token_in_the_v1_format(tenant: RunningTenant, cloud: str) -> None:
    """A right secret gets a Bearer token for this cloud's Graph, with the app's permissions as roles."""
    answer = ask_token(tenant, cloud=cloud)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store, no-cache"
    body = answer.json()
    assert {name: body[name] for name in body if name != "access_token"} == {
        "token_type": "Bearer",
        "expires_in": 3599,
        "ext_expires_in": 3599,
    }
    claims = claims_of(body["access_token"])
    tenant_id = tenant.cloud(cloud)["tenant_id"]
    assert claims["aud"] == SCOPES[cloud].removesuffix("/.default")
    assert claims["iss"] == f"https://sts.windows.net/{tenant_id}/"
    assert claims["tid"] == tenant_id
    assert (claims["appid"], claims["app_displayname"]) == (
        tenant.app(cloud=cloud)["client_id"],
        "Invoice bot",
    )
    assert claims["roles"] == ["Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "User.Read.All"]
    assert (claims["idtyp"], claims["ver"], claims["appidacr"]) == ("app", "1.0", "1")
    assert claims["exp"] - claims["iat"] == 3599


@BOTH_CLOUDS
def test_the_published_keys_verify_the_token(tenant: RunningTenant, cloud: str) -> None:
    """The key that the token names is among those that the JWKS endpoint publishes."""
    token = ask_token(tenant, cloud=cloud).json()["access_token"]
    with tenant.client(cloud) as client:
        configuration = client.get(
            f"/{tenant.cloud(cloud)['tenant_id']}/v2.0/.well-known/openid-configuration"
        ).json()
        keys = KeySet.import_key_set(client.get(configuration["jwks_uri"]).json())
    assert jwt.decode(token, keys, algorithms=["RS256"]).claims["app_displayname"] == "Invoice bot"


def test_an_app_without_permission_gets_a_token_without_roles(tenant: RunningTenant) -> None:
    """Entra ID gives a token even to an app that may do nothing; Graph is who refuses it."""
    assert "roles" not in claims_of(ask_token(tenant, app="Unconsented bot").json()["access_token"])


def test_basic_authentication_is_accepted(tenant: RunningTenant) -> None:
    """Client id and secret may come by HTTP Basic, form-encoded as RFC 6749 wants."""
    app = tenant.app()
    pair = f"{quote(app['client_id'], safe='')}:{quote(app['client_secret'], safe='')}"
    headers = {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}
    assert ask_token(tenant, client_id=None, client_secret=None, headers=headers).status_code == 200


def test_the_domain_names_the_tenant_too(tenant: RunningTenant) -> None:
    """A tenant may be named by its id or its domain, in any case."""
    assert ask_token(tenant, realm="Contoso.COM").status_code == 200
    assert ask_token(tenant, realm=tenant.cloud()["tenant_id"].upper()).status_code == 200


def test_the_graph_app_id_is_an_audience_too(tenant: RunningTenant) -> None:
    """Graph may be named by its application id."""
    assert ask_token(tenant, scope="00000003-0000-0000-c000-000000000000/.default").status_code == 200


def test_a_wrong_secret(tenant: RunningTenant) -> None:
    """A wrong secret is refused, and is not in the answer."""
    answer = ask_token(tenant, client_secret="not-the-secret")
    text = f"for a secret added to app '{tenant.app()['client_id']}'."
    assert_refused(answer, 401, "invalid_client", 7000215, text)
    assert "not-the-secret" not in answer.text


def test_an_expired_secret(tenant: RunningTenant) -> None:
    """A right secret whose time is over is refused as expired; a wrong one of the same app as wrong."""
    assert_refused(ask_token(tenant, app="Old bot"), 401, "invalid_client", 7000222, "are expired.")
    answer = ask_token(tenant, app="Old bot", client_secret="wrong")
    assert_refused(answer, 401, "invalid_client", 7000215, "Invalid client secret provided.")


def test_a_secret_expires_by_the_tenants_clock(tenant: RunningTenant) -> None:
    """A secret that is good today has expired once the tenant's clock is three years on."""
    tenant.advance_clock(3 * 365 * 86400)
    assert_refused(ask_token(tenant), 401, "invalid_client", 7000222, "are expired.")


@pytest.mark.parametrize("secret", [None, ""])
def test_a_missing_secret(tenant: RunningTenant, secret: str | None) -> None:
    """A confidential client without secret or assertion is told what is missing."""
    answer = ask_token(tenant, client_secret=secret)
    assert_refused(answer, 401, "invalid_client", 7000218, "'client_assertion' or 'client_secret'.")


def test_a_secret_from_a_public_client(tenant: RunningTenant) -> None:
    """A public client may not present a secret."""
    answer = ask_token(tenant, app="Desktop bot", client_secret="anything")
    assert_refused(answer, 401, "invalid_client", 700025, "Client is public")


@pytest.mark.parametrize("realm", ["00000000-0000-4000-8000-000000000001", "fabrikam.com"])
def test_an_unknown_tenant(tenant: RunningTenant, realm: str) -> None:
    """A tenant that nobody has is not found."""
    assert_refused(
        ask_token(tenant, realm=realm), 400, "invalid_request", 90002, f"Tenant '{realm}' not found."
    )


@pytest.mark.parametrize("realm", ["contoso", "not%20a%20tenant", "-.com"])
def test_a_malformed_tenant(tenant: RunningTenant, realm: str) -> None:
    """What is neither an id nor a domain is refused as such."""
    answer = ask_token(tenant, realm=realm)
    assert_refused(answer, 400, "invalid_request", 900023, "neither a valid DNS name")


@BOTH_CLOUDS
def test_a_tenant_of_the_other_cloud(tenant: RunningTenant, cloud: str) -> None:
    """The tenant of the other cloud is refused, to confidential clients in words of their own."""
    other = GLOBAL if cloud == GCC_HIGH else GCC_HIGH
    realm = tenant.cloud(other)["tenant_id"]
    answer = ask_token(tenant, cloud=cloud, realm=realm)
    assert_refused(
        answer, 400, "invalid_request", 900382, "Confidential Client isn't supported in Cross Cloud request."
    )
    public = ask_token(tenant, cloud=cloud, realm=realm, client_secret=None)
    assert_refused(public, 400, "invalid_request", 90038, "belongs to the National Cloud")


def test_an_unknown_client(tenant: RunningTenant) -> None:
    """An app that the directory does not have is refused, also when the other cloud has it."""
    for client_id in (str(uuid4()), "nonsense", tenant.app(cloud=GCC_HIGH)["client_id"]):
        answer = ask_token(tenant, client_id=client_id)
        text = f"Application with identifier '{client_id}' was not found in the directory 'Contoso'."
        assert_refused(answer, 400, "unauthorized_client", 700016, text)


@pytest.mark.parametrize("parameter", ["grant_type", "client_id", "scope"])
def test_a_missing_parameter(tenant: RunningTenant, parameter: str) -> None:
    """A parameter that every request needs is asked for by name."""
    answer = ask_token(tenant, **{parameter: None})  # type: ignore[arg-type]
    assert_refused(answer, 400, "invalid_request", 900144, f"'{parameter}'.")


def test_a_body_that_is_no_form(tenant: RunningTenant) -> None:
    """A JSON body has no parameters for Entra ID."""
    with tenant.client() as client:
        answer = client.post(f"/{tenant.cloud()['tenant_id']}/oauth2/v2.0/token", json={"grant_type": "x"})
    assert_refused(answer, 400, "invalid_request", 900144, "'grant_type'.")


@pytest.mark.parametrize(
    "grant_type", ["implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer", "nonsense"]
)
def test_a_grant_that_is_not_there(tenant: RunningTenant, grant_type: str) -> None:
    """Only grants that the tenant emulates are taken; the others are refused, not half done."""
    answer = ask_token(tenant, grant_type=grant_type)
    assert_refused(answer, 400, "unsupported_grant_type", 70003, grant_type)


@pytest.mark.parametrize(
    "scope", ["User.Read", "https://graph.microsoft.com/Mail.Read", "/.default", ".default"]
)
def test_a_scope_that_is_not_default(tenant: RunningTenant, scope: str) -> None:
    """Client credentials take the /.default scope of a resource only."""
    assert_refused(
        ask_token(tenant, scope=scope), 400, "invalid_scope", 1002012, f"scope {scope} is not valid."
    )


def test_scopes_of_two_resources(tenant: RunningTenant) -> None:
    """A token is for one resource."""
    scope = f"{SCOPES[GLOBAL]} {SCOPES[GCC_HIGH]}"
    assert_refused(ask_token(tenant, scope=scope), 400, "invalid_scope", 700022, "more than one resource")


def test_a_resource_that_is_not_in_the_tenant(tenant: RunningTenant) -> None:
    """The other cloud's Graph is no resource of this tenant."""
    answer = ask_token(tenant, scope=SCOPES[GCC_HIGH])
    text = (
        "The resource principal named https://graph.microsoft.us was not found in the tenant named Contoso."
    )
    assert_refused(answer, 400, "invalid_resource", 500011, text)


@pytest.mark.parametrize("realm", ["common", "consumers"])
def test_client_credentials_without_a_tenant(tenant: RunningTenant, realm: str) -> None:
    """Client credentials need a tenant."""
    answer = ask_token(tenant, realm=realm)
    assert_refused(
        answer, 400, "invalid_request", 9001023, "isn't supported over the /common or /consumers endpoints"
    )


def test_a_single_tenant_app_over_organizations(tenant: RunningTenant) -> None:
    """An app of one tenant cannot be used without naming the tenant."""
    answer = ask_token(tenant, realm="organizations")
    assert_refused(answer, 400, "invalid_request", 50194, "is not configured as a multi-tenant application")


def test_only_post_is_taken(tenant: RunningTenant) -> None:
    """A GET is told that only POST is taken."""
    with tenant.client() as client:
        answer = client.get(f"/{tenant.cloud()['tenant_id']}/oauth2/v2.0/token")
    assert_refused(answer, 400, "invalid_request", 900561, "Received a GET request.")


def test_the_correlation_id_is_the_clients(tenant: RunningTenant) -> None:
    """A client-request-id comes back as the correlation id; one that is no GUID is not echoed."""
    sent = str(uuid4())
    answer = ask_token(tenant, client_secret="wrong", headers={"client-request-id": sent})
    assert answer.json()["correlation_id"] == sent
    answer = ask_token(tenant, client_secret="wrong", headers={"client-request-id": "<script>"})
    assert UUID(answer.json()["correlation_id"])


@pytest.mark.parametrize("path", ["common/oauth2/authorize", "common/oauth2/devicecode", "x/oauth2/token"])
def test_what_is_not_emulated_says_so(tenant: RunningTenant, path: str) -> None:
    """A path of Entra ID that the tenant does not emulate answers 501 and names itself."""
    with tenant.client() as client:
        answer = client.get(f"/{path}")
    assert answer.status_code == 501
    assert f"/{path}" in answer.json()["error_description"]
