"""Authorization Code with PKCE, the two halves that are MSAL's: the link to sign in with, and its answer.

MSAL makes code verifier (S256), state and nonce afresh for each link and checks all three.
Source: Microsoft identity platform and OAuth 2.0 authorization code flow; RFC 6749 §4.1; RFC 7636.
"""

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from postroom.auth.sign_in.request import SignInRequest
from postroom.errors import SignInAnswerError

if TYPE_CHECKING:
    import msal


def start_flow(
    application: "msal.PublicClientApplication",
    request: SignInRequest,
    redirect_uri: str,
    response_mode: Literal["form_post", "query"],
    state: str | None = None,
) -> dict[str, Any]:
    """Make a new attempt to sign in: MSAL's flow, with the link in `auth_uri` and the state in `state`.

    Where no state is given, MSAL makes one.
    """
    with warnings.catch_warnings():
        # MSAL warns of "query". Where nothing listens at the redirect URL, only a query can be copied from
        # the browser; the person would not know what to do with the warning.
        warnings.filterwarnings("ignore", message="response_mode")
        flow: dict[str, Any] = application.initiate_auth_code_flow(
            list(request.scopes),
            redirect_uri=redirect_uri,
            login_hint=request.username,
            claims_challenge=request.claims,
            response_mode=response_mode,
            state=state,
        )
    return flow


def redeem_answer(
    application: "msal.PublicClientApplication", flow: dict[str, Any], answer: Mapping[str, str]
) -> Mapping[str, Any]:
    """Redeem the code in this answer of the browser; gives MSAL's result, which may be a refusal.

    Errors: SignInAnswerError where state or nonce are not those of the flow; NetworkError.
    """
    result: Mapping[str, Any] | None
    try:
        result = application.acquire_token_by_auth_code_flow(flow, dict(answer))
    except (ValueError, RuntimeError):
        result = None
    if result is None:  # raised out here, because MSAL's exceptions quote state and nonce
        raise SignInAnswerError(
            "What came back is not the answer to this sign-in (state or nonce differ), so it was not used. "
            "Start the sign-in again, and use only the newest link."
        )
    return result
