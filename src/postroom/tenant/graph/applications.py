"""App registrations: list and get, as an app that may read them learns when its own credentials expire.

[?] An id of an app registration is another than that of its service principal, as at Microsoft, and made from it.
Not emulated: creating and changing them, and other filters than by appId, displayName or id.
"""

import re
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from cryptography import x509
from cryptography.hazmat.primitives import hashes

from postroom.tenant.directory import App, ClientSecret
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import check_options, metadata_url, read_select, selected_context
from postroom.tenant.graph.refusals import bad_request, not_emulated, resource_not_found
from postroom.tenant.graph.wire import GraphRequest, GraphResponse

_FILTER = re.compile(r"\s*(appId|displayName|id)\s+eq\s+'((?:[^']|'')*)'\s*", re.IGNORECASE)
_BY_CLIENT_ID = re.compile(r"appId='([^']*)'", re.IGNORECASE)


def list_applications(request: GraphRequest) -> GraphResponse:
    """GET /applications: all of the directory, or those that a filter names."""
    check_options(request)
    described = [_describe(app) for app in request.cloud.directory.apps]
    if request.query.get("$filter"):
        wanted = _FILTER.fullmatch(request.query["$filter"])
        if wanted is None:
            raise not_emulated(f"$filter={request.query['$filter']}")
        name = {"appid": "appId", "displayname": "displayName", "id": "id"}[wanted[1].lower()]
        value = wanted[2].replace("''", "'").lower()
        described = [one for one in described if one[name].lower() == value]
    selected = read_select(request)
    context = f"{metadata_url(request)}#applications{selected_context(selected)}"
    rows = [_choose(one, selected) for one in described]
    return GraphResponse.of_json({"@odata.context": context, "value": rows})


def get_application(request: GraphRequest) -> GraphResponse:
    """GET /applications/{id} and /applications(appId='{client id}')."""
    named = request.parameters["application"]
    found = next((app for app in request.cloud.directory.apps if _is_named(app, named)), None)
    if found is None:
        raise resource_not_found(named)
    selected = read_select(request)
    context = f"{metadata_url(request)}#applications{selected_context(selected)}/$entity"
    return GraphResponse.of_json({"@odata.context": context} | _choose(_describe(found), selected))


def _is_named(app: App, named: str) -> bool:
    by_client_id = _BY_CLIENT_ID.fullmatch(named)
    if by_client_id is not None:
        return app.client_id.lower() == by_client_id[1].lower()
    return _id_of(app) == named.lower()


def _choose(described: dict[str, Any], selected: list[str] | None) -> dict[str, Any]:
    if selected is None:
        return described
    names = {name.lower(): name for name in described}
    for name in selected:
        if name.lower() not in names:
            raise bad_request(
                f"Could not find a property named '{name}' on type 'microsoft.graph.application'."
            )
    return {names[name.lower()]: described[names[name.lower()]] for name in selected}


def _describe(app: App) -> dict[str, Any]:
    redirects = {"redirectUris": list(app.redirect_uris)}
    nobody: dict[str, Any] = {"redirectUris": []}
    return {
        "id": _id_of(app),
        "appId": app.client_id,
        "displayName": app.name,
        "signInAudience": "AzureADMyOrg",
        "isFallbackPublicClient": app.public,
        "keyCredentials": [_describe_certificate(pem) for pem in app.certificates],
        "passwordCredentials": [_describe_secret(secret) for secret in app.secrets],
        "publicClient": redirects if app.public else nobody,
        "web": nobody if app.public else redirects,
    }


def _id_of(app: App) -> str:
    return str(uuid5(UUID(app.object_id), "application"))


def _describe_secret(secret: ClientSecret) -> dict[str, Any]:
    return {
        "customKeyIdentifier": None,
        "displayName": secret.name,
        "endDateTime": _write_time(secret.expires),
        "hint": secret.hint,
        "keyId": secret.key_id,
        "secretText": None,
        "startDateTime": _write_time(secret.starts),
    }


def _describe_certificate(pem: str) -> dict[str, Any]:
    certificate = x509.load_pem_x509_certificate(pem.encode())
    thumbprint = certificate.fingerprint(hashes.SHA1())  # noqa: S303 - what names a certificate at Entra ID
    return {
        "customKeyIdentifier": thumbprint.hex().upper(),
        "displayName": certificate.subject.rfc4514_string(),
        "endDateTime": _write_time(certificate.not_valid_after_utc),
        "key": None,
        "keyId": str(uuid5(UUID(int=0), thumbprint.hex())),
        "startDateTime": _write_time(certificate.not_valid_before_utc),
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
    }


def _write_time(time: datetime) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


ROUTES = (
    Route("GET", "/applications", Need.READ_APPLICATION, list_applications),
    Route("GET", "/applications/{application}", Need.READ_APPLICATION, get_application),
)
