"""Sign-in with a device code: the person enters a code in the browser of any machine.

Source: RFC 8628; Microsoft identity platform and the OAuth 2.0 device authorization grant flow.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from postroom.auth.sign_in.request import SignInRequest
from postroom.auth.sign_in.terminal import tell_person
from postroom.errors import SignInTimeoutError

if TYPE_CHECKING:
    import msal

_ENDED = ("expired_token", "authorization_pending", "slow_down")
"""Entra ID's word for a code that is too old, and those that MSAL ends with when it has waited long enough."""


class DeviceSignIn:
    """Print an address and a code on stderr, and wait until the person has entered it."""

    def sign_in(
        self,
        application: "msal.PublicClientApplication",
        request: SignInRequest,
        accept: Callable[[Mapping[str, Any]], None],
    ) -> Mapping[str, Any]:
        """Let the person sign in, and give MSAL's result with the tokens.

        Errors: SignInTimeoutError when the code has expired; what `accept` raises; NetworkError.
        """
        flow = application.initiate_device_flow(list(request.scopes), claims_challenge=request.claims)
        if "user_code" not in flow:
            accept(flow)
        tell_person(f"Sign in as {request.username}. {flow['message']}")
        result = application.acquire_token_by_device_flow(flow, claims_challenge=request.claims)
        if result.get("error") in _ENDED:
            raise SignInTimeoutError(
                f"Nobody signed in as {request.username} before the code expired. Run it again: a new code is "
                "given each time.",
                code=result["error"],
            )
        accept(result)
        checked: Mapping[str, Any] = result
        return checked
