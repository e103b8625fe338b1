"""Which Control Room this machine belongs to, and its API key: from the environment, else from the keychain."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from postroom.errors import KeychainError, NotSignedInError, SettingError
from postroom.remote.address import check_address
from postroom.values import Secret

URL_VARIABLE = "POSTROOM_CONTROL_ROOM_URL"
KEY_VARIABLE = "POSTROOM_CONTROL_ROOM_KEY"
KEYCHAIN_SERVICE = "postroom:control-room"

_LAST_LOGIN = "last-login"
"""The entry that says which address was signed in to last; the others are named by their address."""

_NO_KEYCHAIN = (
    "This machine has no keychain to keep the API key in. Add the device by hand instead (Control Room → My devices), "
    f"and put what it shows into the environment variables {URL_VARIABLE} and {KEY_VARIABLE}."
)


@dataclass(frozen=True)
class KnownControlRoom:
    """A Control Room with the key for it."""

    url: str
    api_key: Secret
    from_environment: bool


def find_control_room(environment: Mapping[str, str] | None = None) -> KnownControlRoom | None:
    """The Control Room that this machine signed in to; None where there is none.

    Errors: SettingError where the environment gives a key without an address; KeychainError where there is a
    keychain that does not answer.
    """
    environment = os.environ if environment is None else environment
    url, key = environment.get(URL_VARIABLE, "").strip(), environment.get(KEY_VARIABLE, "").strip()
    if key and not url:
        raise SettingError(
            f"{KEY_VARIABLE} is set and {URL_VARIABLE} is not. Set it to the address of the Control Room that the key "
            "is for."
        )
    if key:
        return KnownControlRoom(check_address(url), Secret(key), from_environment=True)
    return _find_kept(check_address(url) if url else "")


def get_control_room() -> KnownControlRoom:
    """The same. Errors: NotSignedInError where there is none, and those of `find_control_room`."""
    known = find_control_room()
    if known is None:
        raise NotSignedInError(
            "This machine is not signed in to a Control Room. Sign in with `postroom login URL`, or set "
            f"{URL_VARIABLE} and {KEY_VARIABLE}."
        )
    return known


def require_keychain() -> None:
    """Make sure that a key can be kept, before one is asked for. Errors: KeychainError."""
    import keyring  # noqa: PLC0415 - costs more than the rest of Postroom, and is often not needed
    import keyring.backends.fail  # noqa: PLC0415
    import keyring.backends.null  # noqa: PLC0415

    with _keychain_errors():
        keychain = keyring.get_keyring()
        keyring.get_password(KEYCHAIN_SERVICE, _LAST_LOGIN)
    if isinstance(keychain, keyring.backends.fail.Keyring | keyring.backends.null.Keyring):
        raise KeychainError(_NO_KEYCHAIN)


def keep_control_room(url: str, api_key: Secret) -> None:
    """Keep the key in the keychain, and that this Control Room is the one to use. Errors: KeychainError."""
    import keyring  # noqa: PLC0415

    with _keychain_errors():
        keyring.set_password(KEYCHAIN_SERVICE, url, api_key.reveal())
        keyring.set_password(KEYCHAIN_SERVICE, _LAST_LOGIN, url)
        is_kept = keyring.get_password(KEYCHAIN_SERVICE, url) == api_key.reveal()
    if not is_kept:
        raise KeychainError(_NO_KEYCHAIN)


def forget_control_room(url: str) -> None:
    """Remove the key from the keychain; nothing happens where it is not there. Errors: KeychainError."""
    import keyring  # noqa: PLC0415

    with _keychain_errors():
        names = [url, _LAST_LOGIN] if keyring.get_password(KEYCHAIN_SERVICE, _LAST_LOGIN) == url else [url]
        for name in names:
            if keyring.get_password(KEYCHAIN_SERVICE, name) is not None:
                keyring.delete_password(KEYCHAIN_SERVICE, name)


def _find_kept(url: str) -> KnownControlRoom | None:
    import keyring  # noqa: PLC0415
    import keyring.errors  # noqa: PLC0415

    with _keychain_errors():
        try:
            url = url or keyring.get_password(KEYCHAIN_SERVICE, _LAST_LOGIN) or ""
            key = keyring.get_password(KEYCHAIN_SERVICE, url) if url else None
        except keyring.errors.NoKeyringError:
            return None
    return KnownControlRoom(url, Secret(key), from_environment=False) if key else None


@contextmanager
def _keychain_errors() -> Iterator[None]:
    import keyring.errors  # noqa: PLC0415

    try:
        yield
    except keyring.errors.NoKeyringError as error:
        raise KeychainError(_NO_KEYCHAIN) from error
    except KeychainError:
        raise
    except Exception as error:  # backends let errors of D-Bus and of Windows through as they are
        raise KeychainError(
            f"The keychain of this machine does not answer ({type(error).__name__}). Unlock it and try again, or set "
            f"{URL_VARIABLE} and {KEY_VARIABLE} instead."
        ) from error
