"""Which Control Room this machine belongs to."""

from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends import fail, null

from postroom.errors import KeychainError, NotSignedInError, SettingError
from postroom.remote.known import (
    KEY_VARIABLE,
    URL_VARIABLE,
    find_control_room,
    forget_control_room,
    get_control_room,
    keep_control_room,
    require_keychain,
)
from postroom.values import Secret
from support.file_keychain import FILE_VARIABLE, FileKeychain
from support.odd_keychains import BrokenKeychain, ForgetfulKeychain, LockedKeychain

URL = "https://postroom.contoso.com"


@pytest.fixture(autouse=True)
def own_keychain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give this process a keychain of its own, and no Control Room."""
    monkeypatch.setenv(FILE_VARIABLE, str(tmp_path / "keychain.json"))
    monkeypatch.delenv(URL_VARIABLE, raising=False)
    monkeypatch.delenv(KEY_VARIABLE, raising=False)
    before = keyring.get_keyring()
    keyring.set_keyring(FileKeychain())
    yield
    keyring.set_keyring(before)


def test_a_machine_that_signed_in_nowhere() -> None:
    """There is none, and the sentence says how to sign in."""
    assert find_control_room() is None
    with pytest.raises(NotSignedInError, match="postroom login URL"):
        get_control_room()


def test_what_was_kept_is_found() -> None:
    """Address and key come from the keychain; the last login counts."""
    keep_control_room("https://postroom.fabrikam.com", Secret("key-of-fabrikam"))
    keep_control_room(URL, Secret("key-of-contoso"))
    known = get_control_room()
    assert (known.url, known.api_key.reveal(), known.from_environment) == (URL, "key-of-contoso", False)


def test_the_environment_chooses_among_those_that_are_kept() -> None:
    """With an address and no key, the keychain has the key for it."""
    keep_control_room("https://postroom.fabrikam.com", Secret("key-of-fabrikam"))
    keep_control_room(URL, Secret("key-of-contoso"))
    known = find_control_room({URL_VARIABLE: "https://postroom.fabrikam.com/"})
    assert known is not None
    assert known.api_key.reveal() == "key-of-fabrikam"
    assert find_control_room({URL_VARIABLE: "https://elsewhere.contoso.com"}) is None


def test_the_environment_goes_before_the_keychain() -> None:
    """Both variables are enough, on machines without a keychain."""
    keep_control_room(URL, Secret("key-of-contoso"))
    known = find_control_room({URL_VARIABLE: "https://a.contoso.com", KEY_VARIABLE: "key-of-environment"})
    assert known is not None
    assert (known.url, known.from_environment) == ("https://a.contoso.com", True)
    assert "key-of-environment" not in repr(known)


def test_a_key_without_an_address() -> None:
    """A key alone is for nobody."""
    with pytest.raises(SettingError, match=URL_VARIABLE):
        find_control_room({KEY_VARIABLE: "key"})


def test_a_forgotten_one_is_gone() -> None:
    """Forgetting one leaves others, and forgetting twice does nothing."""
    keep_control_room("https://postroom.fabrikam.com", Secret("key-of-fabrikam"))
    keep_control_room(URL, Secret("key-of-contoso"))
    forget_control_room(URL)
    forget_control_room(URL)
    assert find_control_room() is None
    assert find_control_room({URL_VARIABLE: "https://postroom.fabrikam.com"}) is not None


def test_a_machine_without_a_keychain() -> None:
    """It is said before a key is asked for, with the way that is left."""
    for backend in (fail.Keyring(), null.Keyring()):
        keyring.set_keyring(backend)
        assert find_control_room() is None
        with pytest.raises(KeychainError, match=KEY_VARIABLE):
            require_keychain()


@pytest.mark.parametrize("keychain", [LockedKeychain, BrokenKeychain])
def test_a_keychain_that_does_not_answer(keychain: type[KeyringBackend]) -> None:
    """It is told, and not taken for an empty one."""
    keyring.set_keyring(keychain())
    with pytest.raises(KeychainError, match="Unlock it"):
        find_control_room()


def test_a_keychain_that_keeps_nothing() -> None:
    """What is not there afterwards was not kept."""
    keyring.set_keyring(ForgetfulKeychain())
    with pytest.raises(KeychainError, match="no keychain"):
        keep_control_room(URL, Secret("key-of-contoso"))
