"""The Credential Vault as a place of credentials, for the Control Room's own workers."""

from postroom.controlroom.accounts.models import User
from postroom.controlroom.vault.credentials import use_value
from postroom.errors import RecordNotFoundError
from postroom.values import Credential, Secret


class VaultCredentials:
    """The credentials that bots of one person may use; each use is in the audit trail."""

    def __init__(self, user: User) -> None:
        self._user = user

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value, or None where this person has none of that name.

        Errors: VaultLockedError, VaultKeyError, VaultDamagedError.
        """
        try:
            return use_value(self._user, credential.name, credential.attribute).value
        except RecordNotFoundError:
            return None

    def describe_place(self, credential: Credential) -> str:  # noqa: ARG002 - the same for all
        """The vault."""
        return "the Control Room's Credential Vault"
