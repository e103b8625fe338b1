"""Control Room managed: the Control Room keeps the sign-in, and gives access tokens and nothing more.

Where the tokens come from (the API of a Control Room, or the Control Room itself) is somebody else's matter:
`ConnectionTokens`.
"""

import time
from datetime import UTC, datetime
from threading import Lock
from typing import Literal, Protocol, get_args

from postroom.values import Secret

TokenType = Literal["shared", "user-specific"]
TOKEN_TYPES: tuple[TokenType, ...] = get_args(TokenType)

LEAST_VALIDITY_SECONDS = 300
"""A token in hand is given out for as long as it is good for this long."""


class ManagedToken(Protocol):
    """An access token of an OAuth connection, and for whom and what it is good."""

    @property
    def access_token(self) -> Secret:
        """The token itself."""

    @property
    def expires(self) -> datetime:
        """When it ends, in UTC."""

    @property
    def signed_in_as(self) -> str:
        """The person whose rights it has; empty where the app acts as itself."""

    @property
    def cloud(self) -> str | None:
        """The name of the Azure cloud that it is good for; None for a provider that is not Microsoft Entra."""

    @property
    def delegated(self) -> bool:
        """Whether the app acts for a person, with that person's rights and no more."""


class ConnectionTokens(Protocol):
    """Where the access tokens of OAuth connections come from."""

    def get_token(
        self,
        connection: str,
        token: TokenType,
        *,
        least_validity_seconds: int,
        username: str = "",
        refused: str = "",
    ) -> ManagedToken:
        """Get a token of this connection that is good for so long.

        `username` must have signed in for it, where it is given. `refused` is the fingerprint of a token that was
        not accepted: then another one is wanted. Errors: ControlRoomError, SignInError, NetworkError.
        """


class ManagedTokens:
    """Access tokens of one OAuth connection, asked for anew shortly before each ends.

    Threads that need one at once wait for one request.
    """

    def __init__(
        self, tokens: ConnectionTokens, connection: str, token: TokenType, username: str = ""
    ) -> None:
        self._tokens = tokens
        self._connection = connection
        self._type: TokenType = token
        self._username = username
        self._lock = Lock()
        self._kept: ManagedToken | None = None
        self._good_until = 0.0

    def get_token(self) -> Secret:
        """An access token that is good for at least five minutes. Errors: as `ConnectionTokens.get_token`."""
        return self.get_managed_token().access_token

    def get_managed_token(self) -> ManagedToken:
        """The same, with what is known of it."""
        with self._lock:
            if self._kept is None or time.monotonic() >= self._good_until:
                self._kept = self._ask()
            return self._kept

    def renew_token(self, refused: Secret, claims: str | None = None) -> Secret:  # noqa: ARG002
        """A token in place of one that Graph refused; threads that were refused with the same share one request.

        A claims challenge needs a person, who signs in at the Control Room. Errors: as `get_token`.
        """
        with self._lock:
            if self._kept is None or self._kept.access_token == refused:
                self._kept = self._ask(refused.fingerprint())
            return self._kept.access_token

    def _ask(self, refused: str = "") -> ManagedToken:
        asked = time.monotonic()
        given = self._tokens.get_token(
            self._connection,
            self._type,
            least_validity_seconds=LEAST_VALIDITY_SECONDS,
            username=self._username,
            refused=refused,
        )
        left_seconds = (given.expires - datetime.now(UTC)).total_seconds()
        # Of a short-lived token half is used up, so that not each request asks for another.
        self._good_until = asked + max(left_seconds - LEAST_VALIDITY_SECONDS, left_seconds / 2)
        return given
