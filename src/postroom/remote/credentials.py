"""Credentials of the Control Room's vault, as a place where settings come from."""

from collections.abc import Sequence

from postroom.network import create_http_client
from postroom.remote.client import ControlRoomClient
from postroom.remote.known import find_control_room
from postroom.values import Credential, CredentialSource, Secret, get_machine_credentials


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


class DeviceCredentials:
    """The Credential Vault of the Control Room that this machine is signed in to, if it is to one.

    It is asked only for what is nowhere nearer, so that a machine without a Control Room pays nothing for it.
    """

    def __init__(self, user_agent: str) -> None:
        self._user_agent = user_agent

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value of the credential's attribute; None also where this machine is signed in to none.

        Errors: as `ControlRoomCredentials`; SettingError and KeychainError of the sign-in itself.
        """
        known = find_control_room()
        if known is None:
            return None
        with create_http_client(self._user_agent) as http:
            client = ControlRoomClient(known.url, known.api_key, http)
            return ControlRoomCredentials(client).find_credential(credential)

    def describe_place(self, credential: Credential) -> str:  # noqa: ARG002 - the same for all
        """The Control Room by its address, or how to come to one."""
        known = find_control_room()
        return f"the Credential Vault of {known.url if known else 'a Control Room (`postroom login URL`)'}"


def list_credential_sources(user_agent: str) -> Sequence[CredentialSource]:
    """The places where this machine finds credentials, in the order in which they are asked.

    `user_agent` is what the Control Room reads of who asks.
    """
    return (*get_machine_credentials(), DeviceCredentials(user_agent))
