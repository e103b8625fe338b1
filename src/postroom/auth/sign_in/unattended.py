"""No sign-in: the run is unattended, so nobody is asked."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, NoReturn

from postroom.auth.sign_in.request import SignInRequest
from postroom.errors import SignInNeededError

if TYPE_CHECKING:
    import msal


class NoSignIn:
    """Refuse to ask anybody."""

    def sign_in(
        self,
        application: "msal.PublicClientApplication",  # noqa: ARG002 - the same call for each way
        request: SignInRequest,
        accept: Callable[[Mapping[str, Any]], None],  # noqa: ARG002
    ) -> NoReturn:
        """Raise SignInNeededError, which says what to do."""
        raise SignInNeededError(
            f"Nobody has signed in as {request.username} with this app on this machine yet, or the sign-in has ended. "
            "An unattended run opens no browser. Sign in once attended (`postroom connect …`), or let a Control "
            "Room manage the connection."
        )
