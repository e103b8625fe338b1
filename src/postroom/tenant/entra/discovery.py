"""The documents that tell a client where to go: OpenID configuration, instance discovery and signing keys."""

from typing import Any
from urllib.parse import SplitResult, urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from postroom.tenant.entra.realms import Realm, get_realm
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.state import CloudState

CONSUMERS_TENANT_ID = "9188040d-6c67-4c5b-b112-36a304b66dad"
# Every cloud answers with the same list, its own entry or not.
INSTANCES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "login.microsoftonline.com",
        "login.windows.net",
        ("login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"),
    ),
    (
        "login.partner.microsoftonline.cn",
        "login.partner.microsoftonline.cn",
        ("login.partner.microsoftonline.cn", "login.chinacloudapi.cn"),
    ),
    ("login.microsoftonline.de", "login.microsoftonline.de", ("login.microsoftonline.de",)),
    (
        "login.microsoftonline.us",
        "login.microsoftonline.us",
        ("login.microsoftonline.us", "login.usgovcloudapi.net"),
    ),
    ("login-us.microsoftonline.com", "login-us.microsoftonline.com", ("login-us.microsoftonline.com",)),
)


async def get_openid_configuration(request: Request) -> Response:
    """Describe the endpoints of a tenant (OpenID Connect Discovery 1.0 §4).

    A tenant of the other cloud is described with the other cloud's endpoints, as Entra ID does.
    """
    cloud: CloudState = request.app.state.cloud
    tenant = request.path_params["tenant"]
    realm = get_realm(tenant, cloud, error="invalid_tenant")
    described = cloud.other if realm is Realm.OTHER_CLOUD and cloud.other else cloud
    base = described.login_url(request.headers.get("host", ""))
    if realm is Realm.SHARED:
        return JSONResponse(_configuration(described, base, tenant.lower(), _shared_issuer(tenant.lower())))
    tenant_id = described.directory.tenant_id
    scopes: dict[str, str | None] = {"tenant_region_scope": described.hosts.region_scope}
    if described.hosts.region_sub_scope is not None:
        scopes["tenant_region_sub_scope"] = described.hosts.region_sub_scope
    return JSONResponse(_configuration(described, base, tenant_id, tenant_id) | scopes)


async def tell_user_realm(request: Request) -> Response:
    """Say whether a user signs in here (`Managed`); a client that is given a password asks this first.

    A user of a domain that is not the tenant's is `Unknown`. Source: what MSAL reads of it.
    """
    cloud: CloudState = request.app.state.cloud
    domain = request.path_params["username"].rpartition("@")[2].lower()
    told = {"ver": "1.0", "account_type": "Unknown"}
    if domain == cloud.directory.domain:
        told |= {"account_type": "Managed", "domain_name": domain}
    told["cloud_instance_name"] = cloud.hosts.login.removeprefix("login.")
    return JSONResponse(told | {"cloud_audience_urn": "urn:federation:MicrosoftOnline"})


async def discover_instance(request: Request) -> Response:
    """Confirm that a login host is one of Microsoft's, or this tenant's own address, and list its aliases."""
    cloud: CloudState = request.app.state.cloud
    parts = _split(request.query_params.get("authorization_endpoint", ""))
    local = {urlsplit(known.local_url).netloc for known in (cloud, cloud.other) if known is not None}
    known_hosts = {alias for _, _, aliases in INSTANCES for alias in aliases} | local
    if parts.scheme != "https" or parts.netloc.lower() not in known_hosts:
        raise refusal(50049)
    tenant = parts.path.strip("/").partition("/")[0]
    version = "/v2.0" if "/v2.0/" in parts.path else ""
    return JSONResponse(
        {
            "tenant_discovery_endpoint": f"https://{parts.netloc}/{tenant}{version}/.well-known/openid-configuration",
            "api-version": request.query_params.get("api-version", "1.1"),
            "metadata": [
                {"preferred_network": network, "preferred_cache": cache, "aliases": list(aliases)}
                for network, cache, aliases in INSTANCES
            ],
        }
    )


async def list_keys(request: Request) -> Response:
    """List the public keys that tokens of this cloud are signed with (RFC 7517 §5)."""
    cloud: CloudState = request.app.state.cloud
    tenant = request.path_params["tenant"]
    get_realm(tenant, cloud)
    base = cloud.login_url(request.headers.get("host", ""))
    return JSONResponse(cloud.signing_key.jwks(f"{base}/{cloud.directory.tenant_id}/v2.0"))


def _split(address: str) -> SplitResult:
    try:
        return urlsplit(address)
    except ValueError:
        raise refusal(50049) from None


def _shared_issuer(realm: str) -> str:
    return CONSUMERS_TENANT_ID if realm == "consumers" else "{tenantid}"


def _configuration(cloud: CloudState, base: str, tenant: str, issuer_tenant: str) -> dict[str, Any]:
    oauth = f"{base}/{tenant}/oauth2/v2.0"
    return {
        "token_endpoint": f"{oauth}/token",
        "token_endpoint_auth_methods_supported": [
            "client_secret_post",
            "private_key_jwt",
            "client_secret_basic",
        ],
        "jwks_uri": f"{base}/{tenant}/discovery/v2.0/keys",
        "response_modes_supported": ["query", "fragment", "form_post"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
        "issuer": f"{base}/{issuer_tenant}/v2.0",
        "request_uri_parameter_supported": False,
        "userinfo_endpoint": f"https://{cloud.hosts.graph}/oidc/userinfo",
        "authorization_endpoint": f"{oauth}/authorize",
        "device_authorization_endpoint": f"{oauth}/devicecode",
        "http_logout_supported": True,
        "frontchannel_logout_supported": True,
        "end_session_endpoint": f"{oauth}/logout",
        "claims_supported": [
            *("sub", "iss", "cloud_instance_name", "cloud_instance_host_name", "cloud_graph_host_name"),
            *("msgraph_host", "aud", "exp", "iat", "auth_time", "acr", "nonce", "preferred_username"),
            *("name", "tid", "ver", "at_hash", "c_hash", "email"),
        ],
        "kerberos_endpoint": f"{base}/{tenant}/kerberos",
        "tenant_region_scope": None,
        "cloud_instance_name": cloud.hosts.login.removeprefix("login."),
        "cloud_graph_host_name": "graph.windows.net",
        "msgraph_host": cloud.hosts.graph,
        "rbac_url": "https://pas.windows.net",
    }
