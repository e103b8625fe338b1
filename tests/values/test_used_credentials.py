"""Whose credentials are used: those of who runs the bot, where somebody runs it for others."""

import pytest

from postroom.errors import CredentialNotFoundError
from postroom.outlook.control_room import create_resolver
from postroom.values import Credential, Resolver, Secret, find_used_credentials, use_credentials

USERNAME = Credential("azure", "username")


class Vault:
    """A place that has one credential."""

    def find_credential(self, credential: Credential) -> Secret | None:
        """The value, if it is that one."""
        return Secret("ap@contoso.com") if credential == USERNAME else None

    def describe_place(self, credential: Credential) -> str:
        """The place."""
        return "the vault of this test"


@pytest.mark.parametrize("create", [Resolver, lambda: create_resolver(None, None)])
def test_what_is_in_use_is_asked_alone(create: type[Resolver], monkeypatch: pytest.MonkeyPatch) -> None:
    """Inside, only the places that were named are asked, and not the environment of the process."""
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_USERNAME", "worker@contoso.com")
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_SECRET", "of the worker")
    with use_credentials([Vault()]):
        assert create().get_text("Username", USERNAME) == "ap@contoso.com"
        with pytest.raises(CredentialNotFoundError, match="the vault of this test"):
            create().get_text("Client secret", Credential("azure", "secret"))
    assert create().get_text("Username", USERNAME) == "worker@contoso.com"
    assert find_used_credentials() is None


def test_what_is_named_goes_before_what_is_in_use() -> None:
    """A connection that names its places asks those."""
    with use_credentials([]):
        assert Resolver([Vault()]).get_text("Username", USERNAME) == "ap@contoso.com"
