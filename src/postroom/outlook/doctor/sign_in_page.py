"""What Entra ID says of an app before anybody signs in: asked silently, as no person is there.

[?] Entra ID is known to answer `prompt=none` by sending the browser back with an error (login_required), and a
redirect URL that it does not know with a page that names the AADSTS number. How those pages are laid out is
nobody's promise: only the number is read.
Source: OpenID Connect Core 1.0 §3.1.2.1 (prompt); RFC 6749 §4.1.2.1.
"""

import re
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlsplit

import httpx2

from postroom.errors import SignInError, SignInUnavailableError
from postroom.network import network_errors
from postroom.outlook.doctor.case import Case

NOBODY_SIGNED_IN = frozenset({"login_required", "interaction_required", "consent_required"})
_OAUTH_ERRORS = {700016: "unauthorized_client", 7000112: "unauthorized_client", 90002: "invalid_tenant"}
"""A page shows no OAuth error to classify by, so that its number must do; any other is an invalid request."""


def find_refusal(case: Case, redirect_url: str) -> SignInError | None:
    """What Entra ID has against sending a person here; None where a person would be asked to sign in.

    Errors: SignInUnavailableError, NetworkError.
    """
    place = case.place
    asked = {
        "client_id": place.client_id,
        "response_type": "code",
        "response_mode": "query",
        "scope": "openid",
        "prompt": "none",
        "state": "examination",
        "redirect_uri": redirect_url,
    }
    with network_errors(place.cloud.login_host):
        address = f"{place.cloud.authority(place.tenant_id)}/oauth2/v2.0/authorize"
        response = case.http.get(address, params=asked)
    if response.status_code == httpx2.codes.TOO_MANY_REQUESTS or response.is_server_error:
        raise SignInUnavailableError(
            f"The sign-in of {place.cloud.name} cannot answer at the moment (HTTP {response.status_code}). Nothing is "
            "wrong with your settings: try again in a few minutes."
        )
    refusal = _read_redirect(response) if response.is_redirect else _read_page(response)
    if refusal is None or refusal.get("error") in NOBODY_SIGNED_IN:
        return None
    return case.wire.create_error(response.status_code, refusal)


def _read_redirect(response: httpx2.Response) -> Mapping[str, str] | None:
    answer = dict(parse_qsl(urlsplit(response.headers["location"]).query))
    return answer if "error" in answer else None


def _read_page(response: httpx2.Response) -> Mapping[str, str] | None:
    match = re.search(r"AADSTS(\d{1,9})[^<\r\n]*", response.text)
    if match is None:
        return None
    return {
        "error": _OAUTH_ERRORS.get(int(match[1]), "invalid_request"),
        "error_description": match[0],
    }
