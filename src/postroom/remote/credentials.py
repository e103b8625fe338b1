"""Credentials of the Control Room's vault, as a place where settings come from."""

from postroom.remote.client import ControlRoomClient
from postroom.values import Credential, Secret


class ControlRoomCredentials:
    """The Credential Vault of a Control Room as a `CredentialSource`."""

    def __init__(self, client: ControlRoomClient) -> None:
        self._client = client

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value of the credential's attribute, or None where the vault has none for this user.

        Errors: NotSignedInError, NotAllowedError, VaultLockedError, ControlRoomError, NetworkError.
        """
        return self._client.find_credential(credential)

    def describe_place(self, credential: Credential) -> str:  # noqa: ARG002 - the same for all
        """The Control Room by its address."""
        return f"the Credential Vault of {self._client.url}"
