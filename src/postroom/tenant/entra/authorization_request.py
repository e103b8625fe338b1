"""The authorization request: what an application asks for when it sends a person (RFC 6749 §4.1.1, RFC 7636 §4.3)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from postroom.tenant.directory import App
from postroom.tenant.entra.authorization_response import RESPONSE_MODES, ReturnAddress
from postroom.tenant.entra.realms import SHARED_REALMS, check_tenant
from postroom.tenant.entra.redirects import get_redirect
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.scopes import AskedScopes, read_scopes
from postroom.tenant.entra.standing import check_app
from postroom.tenant.state import CloudState

PROMPTS = ("", "login", "none", "consent", "select_account", "create")
CHALLENGE = re.compile(r"[A-Za-z0-9._~-]{43,128}")
CHALLENGE_METHODS = ("plain", "S256")
Parameters = Mapping[str, str]


@dataclass(frozen=True)
class AuthorizationRequest:
    """What was asked for, checked."""

    scopes: AskedScopes
    prompt: str
    login_hint: str
    nonce: str | None = field(repr=False)
    code_challenge: str | None = field(repr=False)
    code_challenge_method: str | None
    wants_client_info: bool


def read_client(tenant: str, parameters: Parameters, cloud: CloudState) -> App:
    """Give the app that asks; its refusals are for the person, as nobody knows yet whom else to tell."""
    check_tenant(tenant, cloud, is_confidential=False)
    client_id = parameters.get("client_id", "")
    if not client_id:
        raise refusal(900144, parameter="client_id")
    app = cloud.directory.find_app(client_id)
    if app is None:
        raise refusal(700016, app_id=client_id, tenant=cloud.directory.tenant_name)
    check_app(app)
    if tenant.lower() in SHARED_REALMS:
        raise refusal(50194, app_id=app.client_id, app_name=app.name)
    return app


def read_return_address(app: App, parameters: Parameters) -> ReturnAddress:
    """Give where the app is answered; as for the client, a refusal is for the person to read."""
    asked = parameters.get("redirect_uri") or (app.redirect_uris[0] if len(app.redirect_uris) == 1 else None)
    redirect_uri = get_redirect(app, asked)
    mode = parameters.get("response_mode") or "query"
    return ReturnAddress(
        redirect_uri, mode if mode in RESPONSE_MODES else "query", parameters.get("state", "")
    )


def read_request(app: App, parameters: Parameters, cloud: CloudState) -> AuthorizationRequest:
    """Check all that is left; its refusals are for the app."""
    _check_response(parameters)
    scopes = read_scopes(parameters.get("scope", ""), cloud, app)
    challenge, method = _read_challenge(parameters)
    prompt = parameters.get("prompt", "")
    if prompt not in PROMPTS:
        raise refusal(90023)
    return AuthorizationRequest(
        scopes=scopes,
        prompt=prompt,
        login_hint=parameters.get("login_hint", ""),
        nonce=parameters.get("nonce") or None,
        code_challenge=challenge,
        code_challenge_method=method,
        wants_client_info=parameters.get("client_info") == "1",
    )


def _check_response(parameters: Parameters) -> None:
    response_type = parameters.get("response_type", "")
    if not response_type:
        raise refusal(900144, parameter="response_type")
    if response_type != "code":
        raise refusal(700054 if "token" in response_type else 70005, response_type=response_type)
    mode = parameters.get("response_mode") or "query"
    if mode not in RESPONSE_MODES:
        raise refusal(70007, response_mode=mode)


def _read_challenge(parameters: Parameters) -> tuple[str | None, str | None]:
    challenge, method = parameters.get("code_challenge", ""), parameters.get("code_challenge_method", "")
    if method and method not in CHALLENGE_METHODS:
        raise refusal(50149)
    if not challenge:
        if method:
            raise refusal(50147)
        return None, None
    if not CHALLENGE.fullmatch(challenge):
        raise refusal(501491)
    return challenge, method or "plain"
