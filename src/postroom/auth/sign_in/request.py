"""What a person is asked for, and what each way of asking has in common."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from postroom.auth.refusals import SignInPlace

if TYPE_CHECKING:
    import msal


@dataclass(frozen=True)
class SignInRequest:
    """Who shall sign in, where, and for which permissions."""

    place: SignInPlace
    username: str
    scopes: tuple[str, ...]
    """Delegated permissions by their full names, without the reserved ones (`openid`, `offline_access` ...)."""
    claims: str | None = None
    """A claims challenge that the sign-in must meet, as JSON."""


class SignIn(Protocol):
    """A way to let a person sign in."""

    def sign_in(
        self,
        application: "msal.PublicClientApplication",
        request: SignInRequest,
        accept: Callable[[Mapping[str, Any]], None],
    ) -> Mapping[str, Any]:
        """Let the person sign in, and give MSAL's result with the tokens.

        `accept` is called with MSAL's result and raises where it is not the one wanted (a refusal, another
        user). Errors: what `accept` raises; SignInError and SettingError of the way itself; NetworkError.
        """
