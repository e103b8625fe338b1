"""Where credentials are looked for when there is no Control Room: the environment, then the OS keychain."""

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from postroom.errors import KeychainError
from postroom.values.references import Credential
from postroom.values.secret import Secret


class CredentialSource(Protocol):
    """A place that holds credentials."""

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value of the credential's attribute, or None where this place does not have it."""

    def describe_place(self, credential: Credential) -> str:
        """Where this place would hold it, to complete “… is looked for in”."""


class EnvironmentCredentials:
    """Credentials in environment variables: `azure`/`client_id` is `POSTROOM_CREDENTIAL_AZURE_CLIENT_ID`."""

    def __init__(self, environment: Mapping[str, str] | None = None) -> None:
        self._environment = os.environ if environment is None else environment

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value of the environment variable; an empty one counts as absent."""
        text = self._environment.get(get_environment_name(credential), "")
        return Secret(text) if text else None

    def describe_place(self, credential: Credential) -> str:
        """The name of the environment variable."""
        return f"the environment variable {get_environment_name(credential)}"


class KeychainCredentials:
    """Credentials in the keychain of the operating system, through keyring; case does not matter."""

    def find_credential(self, credential: Credential) -> Secret | None:
        """The password stored for the attribute; None also where this machine has no keychain.

        Errors: KeychainError where there is a keychain that does not answer (locked, for example).
        """
        import keyring  # noqa: PLC0415 - costs more than the rest of Postroom, and is often not needed
        import keyring.errors  # noqa: PLC0415

        try:
            text = keyring.get_password(*get_keychain_entry(credential))
        except keyring.errors.NoKeyringError:
            return None
        except keyring.errors.KeyringError as error:
            raise _keychain_error(error) from error
        return Secret(text) if text else None

    def store_credential(self, credential: Credential, value: Secret) -> None:
        """Keep the value in the keychain, in place of an earlier one.

        Errors: KeychainError, also where this machine has no keychain.
        """
        import keyring  # noqa: PLC0415
        import keyring.errors  # noqa: PLC0415

        try:
            keyring.set_password(*get_keychain_entry(credential), value.reveal())
        except keyring.errors.KeyringError as error:
            raise _keychain_error(error) from error

    def describe_place(self, credential: Credential) -> str:
        """The keychain's entry."""
        return f"the keychain entry “{get_keychain_entry(credential)[0]}”"


_used: ContextVar[Sequence[CredentialSource] | None] = ContextVar("credentials", default=None)


@contextmanager
def use_credentials(sources: Sequence[CredentialSource]) -> Iterator[None]:
    """Look for every credential inside in these places alone: for whoever runs bots for somebody else."""
    token = _used.set(tuple(sources))
    try:
        yield
    finally:
        _used.reset(token)


def find_used_credentials() -> Sequence[CredentialSource] | None:
    """The places that `use_credentials` names for what runs here; None where it names none."""
    return _used.get()


def get_machine_credentials() -> Sequence[CredentialSource]:
    """The places of this machine, in the order in which they are asked."""
    return (EnvironmentCredentials(), KeychainCredentials())


def get_environment_name(credential: Credential) -> str:
    """The environment variable that holds this credential."""
    place = f"{credential.name}_{credential.attribute}".upper()
    return "POSTROOM_CREDENTIAL_" + re.sub(r"[^A-Z0-9]", "_", place)


def get_keychain_entry(credential: Credential) -> tuple[str, str]:
    """The service and user name under which the keychain holds this credential."""
    return f"postroom:{credential.name.casefold()}", credential.attribute.casefold()


def _keychain_error(error: Exception) -> KeychainError:
    return KeychainError(
        f"The keychain of this machine does not answer ({type(error).__name__}). Unlock it, or keep the "
        "credential in an environment variable POSTROOM_CREDENTIAL_<NAME>_<ATTRIBUTE> instead."
    )
