"""From a setting to its value."""

import keyring
import keyring.errors
import pytest
from keyring.backend import KeyringBackend

from postroom.errors import CredentialNotFoundError, KeychainError, SettingError, VariableNotFoundError
from postroom.values import (
    Credential,
    EnvironmentCredentials,
    KeychainCredentials,
    Resolver,
    Secret,
    Variable,
)


class MemoryKeychain(KeyringBackend):
    """A keychain of the operating system's kind, in memory: this machine has none."""

    priority = 1  # type: ignore[assignment]

    def __init__(self) -> None:
        super().__init__()
        self.entries: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.entries.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.entries[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.entries[service, username]


class LockedKeychain(MemoryKeychain):
    """A keychain that is there and does not open."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked("locked")


@pytest.fixture
def keychain() -> object:
    """Put a keychain in the place of this machine's."""
    before = keyring.get_keyring()
    keyring.set_keyring(MemoryKeychain())
    yield keyring.get_keyring()
    keyring.set_keyring(before)


def test_an_insecure_string_is_taken_as_it_is() -> None:
    """Text is text, without the spaces that pasting brings."""
    assert Resolver(()).get_text("Client ID", " abc \n") == "abc"


def test_a_secret_keeps_its_spaces() -> None:
    """Only the line break at the end of a file is taken off a secret."""
    assert Resolver(()).get_secret("Client secret", " a b \n").reveal() == " a b "


def test_a_credential_comes_from_the_environment() -> None:
    """Name and attribute make the name of the environment variable."""
    source = EnvironmentCredentials({"POSTROOM_CREDENTIAL_AZURE_EU_CLIENT_ID": "abc"})
    assert Resolver([source]).get_text("Client ID", Credential("azure-eu", "Client ID")) == "abc"


def test_a_credential_comes_from_the_keychain(keychain: object) -> None:
    """What was kept in the keychain is found there; case does not matter."""
    KeychainCredentials().store_credential(Credential("Azure", "Client_Secret"), Secret("tomato"))
    found = Resolver([KeychainCredentials()]).get_secret(
        "Client secret", Credential("azure", "client_secret")
    )
    assert found == Secret("tomato")


def test_the_environment_goes_before_the_keychain(keychain: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """A value in the environment wins, so that a run can be given another one."""
    KeychainCredentials().store_credential(Credential("azure", "username"), Secret("kept"))
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_USERNAME", "given")
    assert Resolver().get_text("Username", Credential("azure", "username")) == "given"


def test_a_missing_credential_says_where_it_was_looked_for(keychain: object) -> None:
    """The message names both places and the command that fills one."""
    with pytest.raises(CredentialNotFoundError) as caught:
        Resolver().get_text("Client ID", Credential("azure", "client_id"))
    for part in (
        "POSTROOM_CREDENTIAL_AZURE_CLIENT_ID",
        "keychain",
        "postroom credential set azure client_id",
    ):
        assert part in str(caught.value)


def test_a_locked_keychain_says_so() -> None:
    """A keychain that does not answer is no missing credential."""
    before = keyring.get_keyring()
    keyring.set_keyring(LockedKeychain())
    try:
        with pytest.raises(KeychainError, match="Unlock it"):
            Resolver([KeychainCredentials()]).get_text("Client ID", Credential("a", "b"))
    finally:
        keyring.set_keyring(before)


def test_no_keychain_is_no_error() -> None:
    """On a server without keychain the credential is simply not there, but cannot be kept there either."""
    before = keyring.get_keyring()
    keyring.set_keyring(keyring.backends.fail.Keyring())
    try:
        assert KeychainCredentials().find_credential(Credential("a", "b")) is None
        with pytest.raises(KeychainError, match="environment variable"):
            KeychainCredentials().store_credential(Credential("a", "b"), Secret("x"))
    finally:
        keyring.set_keyring(before)


def test_a_variable_comes_from_the_bot() -> None:
    """A variable's value may be text or a secret."""
    resolver = Resolver((), {"user": "ap@contoso.com", "key": Secret("tomato")})
    assert resolver.get_text("Username", Variable("user")) == "ap@contoso.com"
    assert resolver.get_secret("Client secret", Variable("key")) == Secret("tomato")


def test_a_missing_variable_names_those_that_are() -> None:
    """The message lists the variables there are."""
    with pytest.raises(VariableNotFoundError, match="mailbox, user"):
        Resolver((), {"user": "a", "mailbox": "b"}).get_text("Username", Variable("usr"))


@pytest.mark.parametrize("setting", ["", "  ", Secret(""), Variable("empty")])
def test_an_empty_setting_is_named(setting: str | Secret | Variable) -> None:
    """An empty value is refused at once, by the label of its field."""
    with pytest.raises(SettingError, match="Client secret is empty"):
        Resolver((), {"empty": ""}).get_secret("Client secret", setting)


@pytest.mark.parametrize("setting", [7, None, Variable("number")])
def test_what_is_no_text_is_refused(setting: object) -> None:
    """A value of another type is a mistake of the bot, and says so."""
    with pytest.raises(SettingError, match="Tenant ID"):
        Resolver((), {"number": 7}).get_text("Tenant ID", setting)  # type: ignore[arg-type]
