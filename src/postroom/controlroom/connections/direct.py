"""Giving a user an access token: the one way, for the API and for the Control Room's own workers.

Who may have it is decided here, and what was given or refused goes into the audit trail.
"""

from dataclasses import dataclass
from datetime import datetime

from postroom.auth.managed import LEAST_VALIDITY_SECONDS, TokenType
from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import GrantType, find_cloud
from postroom.controlroom.connections.tokens import AccessToken, get_access_token
from postroom.controlroom.connections.use import get_usable
from postroom.errors import PostroomError, WrongUserError
from postroom.values import Secret

SHARED: TokenType = "shared"


@dataclass(frozen=True)
class GivenToken:
    """An access token as a user gets it (`auth.managed.ManagedToken`)."""

    access_token: Secret
    expires: datetime
    signed_in_as: str
    cloud: str | None
    delegated: bool


class DirectTokens:
    """The tokens of connections as a user gets them inside the Control Room (`auth.managed.ConnectionTokens`)."""

    def __init__(self, user: User, used_by: str = "") -> None:
        self._user = user
        self._used_by = used_by

    def get_token(
        self,
        connection: str,
        token: TokenType,
        *,
        least_validity_seconds: int = LEAST_VALIDITY_SECONDS,
        username: str = "",
        refused: str = "",
    ) -> GivenToken:
        """Get a token of the connection of this name (case does not matter), Shared or of the user's own sign-in.

        Errors: RecordNotFoundError where there is none or no role of the user is invited; ConnectionNotReadyError;
        WrongUserError where another than `username` has signed in; VaultError.
        """
        try:
            found = get_usable(self._user, connection)
            access = get_access_token(
                found,
                None if token == SHARED else self._user,
                least_validity_seconds,
                self._used_by or self._user.get_username(),
                refused=refused,
            )
            _check_username(found, access, username)
        except PostroomError as error:
            self._record(connection, token, Outcome.REFUSED, error=type(error).__name__)
            raise
        self._record(found.name, token, Outcome.DONE)
        return _describe(found, access)

    def _record(self, connection: str, token: TokenType, outcome: Outcome, **details: str) -> None:
        if self._used_by:
            details["device"] = self._used_by
        record(
            Event.TOKEN_GIVEN,
            actor=self._user,
            target=connection[:100],
            outcome=outcome,
            token=token,
            **details,
        )


def _check_username(connection: OAuthConnection, access: AccessToken, username: str) -> None:
    """Refuse a token of somebody else's; an app that acts as itself works for whom it is told to."""
    signed_in = access.signed_in_as
    if not username or not signed_in or username.strip().casefold() == signed_in.casefold():
        return
    raise WrongUserError(
        f"The connection “{connection.name}” is signed in as {signed_in}, and not as {username}. Correct Username, or "
        f"let {username} sign in. A mailbox that {signed_in} may open is named as the shared mailbox, with Username "
        f"{signed_in}."
    )


def _describe(connection: OAuthConnection, access: AccessToken) -> GivenToken:
    cloud = find_cloud(connection.provider)
    return GivenToken(
        access_token=access.token,
        expires=access.expires,
        signed_in_as=access.signed_in_as,
        cloud=None if cloud is None else cloud.name,
        delegated=connection.grant_type != GrantType.CLIENT_CREDENTIALS,
    )
