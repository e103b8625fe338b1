"""From a setting to its value."""

from collections.abc import Mapping, Sequence
from typing import Any

from postroom.errors import CredentialNotFoundError, SettingError, VariableNotFoundError
from postroom.values.credentials import CredentialSource, find_used_credentials, get_machine_credentials
from postroom.values.references import Credential, SecretSetting, Setting, Variable
from postroom.values.secret import Secret


class Resolver:
    """Give each setting its value, from these credentials and these variables."""

    def __init__(
        self,
        credentials: Sequence[CredentialSource] | None = None,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        chosen = find_used_credentials() if credentials is None else credentials
        self._credentials = get_machine_credentials() if chosen is None else chosen
        self._variables = variables or {}

    def get_text(self, label: str, setting: Setting) -> str:
        """The text of the setting that people know by this label, without spaces around it.

        Errors: CredentialNotFoundError, VariableNotFoundError; SettingError where it is empty.
        """
        return self.get_secret(label, setting).reveal().strip()

    def get_secret(self, label: str, setting: SecretSetting) -> Secret:
        """The same, as a value that does not print itself; kept exactly but for a last line break.

        Errors: as `get_text`.
        """
        value = self._resolve(label, setting)
        secret = Secret(value.reveal().rstrip("\r\n"))
        if not secret.reveal().strip():
            raise SettingError(f"{label} is empty. Enter it, or insert it from a credential or a variable.")
        return secret

    def _resolve(self, label: str, setting: SecretSetting) -> Secret:
        match setting:
            case Secret():
                return setting
            case str():
                return Secret(setting)
            case Credential():
                return self._get_credential(label, setting)
            case Variable():
                return self._get_variable(label, setting)
        raise SettingError(f"{label} must be text, a Credential or a Variable, not {type(setting).__name__}.")

    def _get_credential(self, label: str, credential: Credential) -> Secret:
        for source in self._credentials:
            if (found := source.find_credential(credential)) is not None:
                return found
        places = " and in ".join(source.describe_place(credential) for source in self._credentials)
        raise CredentialNotFoundError(
            f"{label} is to come from the credential “{credential}”, which is not here. It is looked for in "
            f"{places}. Set one of them: `postroom credential set {credential.name} {credential.attribute}` "
            "asks for the value and keeps it in the keychain."
        )

    def _get_variable(self, label: str, variable: Variable) -> Secret:
        if variable.name not in self._variables:
            known = ", ".join(sorted(self._variables)) or "none"
            raise VariableNotFoundError(
                f"{label} is to come from the variable “{variable}”, which is not there. "
                f"Variables that are: {known}."
            )
        value = self._variables[variable.name]
        if not isinstance(value, str | Secret):
            raise SettingError(
                f"{label} is to come from the variable “{variable}”, which holds {type(value).__name__} "
                "and not text. Put text into it."
            )
        return value if isinstance(value, Secret) else Secret(value)
