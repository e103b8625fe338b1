"""Credentials of the Control Room's vault, where this machine finds them by itself."""

import pytest

from postroom.errors import CredentialNotFoundError
from postroom.remote import list_credential_sources
from postroom.values import Credential, Resolver
from support.control_room import RunningControlRoom
from support.devices import add_device

AZURE = Credential("azure", "client_id")


@pytest.mark.xdist_group("devices of a Control Room")
def test_what_is_nowhere_nearer_is_asked_of_the_control_room(
    control_room: RunningControlRoom, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The vault comes after the environment and the keychain, and an error names all three."""
    _id, key = add_device(control_room)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    monkeypatch.setenv("POSTROOM_CONTROL_ROOM_URL", control_room.address)
    monkeypatch.setenv("POSTROOM_CONTROL_ROOM_KEY", key.reveal())
    with pytest.raises(CredentialNotFoundError, match=f"Credential Vault of {control_room.address}"):
        Resolver(list_credential_sources("tests")).get_text("Client ID", AZURE)
    monkeypatch.setenv("POSTROOM_CREDENTIAL_AZURE_CLIENT_ID", "from the environment")
    assert Resolver(list_credential_sources("tests")).get_text("Client ID", AZURE) == "from the environment"


def test_a_machine_without_a_control_room_has_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is asked, and the error says how a machine comes to one."""
    for name in ("POSTROOM_CONTROL_ROOM_URL", "POSTROOM_CONTROL_ROOM_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    with pytest.raises(CredentialNotFoundError, match="postroom login URL"):
        Resolver(list_credential_sources("tests")).get_text("Client ID", AZURE)
