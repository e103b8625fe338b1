"""The client of the Control Room's API."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal
from urllib.parse import quote

import httpx2
import msgspec

from postroom.errors import RecordNotFoundError
from postroom.remote.wire import ControlRoomWire
from postroom.values import Credential, Secret

TokenType = Literal["shared", "user-specific"]

LEAST_VALIDITY_SECONDS = 300


class Whoami(msgspec.Struct, frozen=True):
    """Who the Control Room takes this device for."""

    username: str
    name: str
    email: str
    roles: list[str]
    permissions: list[str]
    device: str | None


@dataclass(frozen=True)
class RemoteToken:
    """An access token of an OAuth connection, and for whom and what it is good."""

    access_token: Secret
    expires: datetime
    """In UTC."""
    signed_in_as: str
    """The person whose rights it has; empty where the app acts as itself."""
    cloud: str | None
    """The name of the Azure cloud that it is good for; None for a provider that is not Microsoft Entra."""
    delegated: bool


class TokenChoice(msgspec.Struct, frozen=True):
    """A token type that can be asked for, and how it stands."""

    type: str
    status: str
    signed_in_as: str


class RemoteConnection(msgspec.Struct, frozen=True):
    """An OAuth connection that the user of this device may use."""

    name: str
    description: str
    provider: str
    status: str
    tokens: list[TokenChoice]


class _TokenAnswer(msgspec.Struct):
    access_token: str
    expires_at: datetime
    signed_in_as: str
    cloud: str | None
    delegated: bool


class _ValueAnswer(msgspec.Struct):
    value: str


class ControlRoomClient:
    """Ask a Control Room, as the user of the device that has this API key.

    Errors of every method: NotSignedInError where the key is not (or no longer) good; NotAllowedError;
    ControlRoomError where the address is not one of a Control Room; NetworkError.
    """

    def __init__(self, url: str, api_key: Secret, http: httpx2.Client) -> None:
        self._wire = ControlRoomWire(url, http, api_key)

    @property
    def url(self) -> str:
        """Where the Control Room is."""
        return self._wire.address

    def get_me(self) -> Whoami:
        """Whom the Control Room takes this device for, and what they may do."""
        return self._wire.ask("GET", "/me", Whoami)

    def get_token(
        self,
        connection: str,
        token: TokenType,
        *,
        least_validity_seconds: int = LEAST_VALIDITY_SECONDS,
        username: str = "",
        refused: str = "",
    ) -> RemoteToken:
        """A token of this connection that is good for so long.

        `username` must have signed in for it, where it is given. `refused` is the fingerprint of a token that was
        not accepted: then another one is wanted. Errors: RecordNotFoundError, ConnectionNotReadyError,
        WrongUserError.
        """
        wanted = {
            "token": token,
            "least_validity_seconds": least_validity_seconds,
            "username": username,
            "refused": refused,
        }
        path = f"/connections/{quote(connection, safe='')}/token"
        given = self._wire.ask("POST", path, _TokenAnswer, body=wanted)
        return RemoteToken(
            access_token=Secret(given.access_token),
            expires=given.expires_at.astimezone(UTC),
            signed_in_as=given.signed_in_as,
            cloud=given.cloud,
            delegated=given.delegated,
        )

    def list_connections(self) -> list[RemoteConnection]:
        """The OAuth connections that the user of this device may use, by name."""
        return self._wire.ask("GET", "/connections", list[RemoteConnection])

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value of an attribute of the Credential Vault; None where it has none of that name for this user.

        Errors: VaultLockedError.
        """
        path = f"/credentials/{quote(credential.name, safe='')}/{quote(credential.attribute, safe='')}"
        try:
            return Secret(self._wire.ask("GET", path, _ValueAnswer).value)
        except RecordNotFoundError:
            return None

    def end_key(self) -> None:
        """Revoke the API key that this client uses."""
        self._wire.tell("POST", "/logout")
