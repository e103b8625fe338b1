"""The key that encrypts the tokens of sign-ins: from the environment, else from the keychain of this machine.

Source: NIST SP 800-38D (AES-GCM with random nonces of 96 bits).
"""

import base64
import hashlib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from postroom.auth.private_folder import PrivateFolder
from postroom.errors import KeychainError, SettingError
from postroom.values import Secret

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

KEY_VARIABLE = "POSTROOM_TOKEN_KEY"
HOW_TO_MAKE_A_KEY = 'python -c "import secrets; print(secrets.token_urlsafe(32))"'
KEYCHAIN_SERVICE = "postroom:sign-ins"
KEYCHAIN_USERNAME = "key"

KEY_BYTES = 32
FORMAT = b"\x01"
KEY_ID_BYTES = 8
HEADER_BYTES = len(FORMAT) + KEY_ID_BYTES
NONCE_BYTES = 12

_KEY_PATTERN = re.compile(r"[A-Za-z0-9_-]{43}=?")


class NotDecryptedError(Exception):
    """The text says why something is not decrypted; never leaves the room."""


@dataclass(frozen=True)
class TokenKey:
    """A key of AES-256-GCM that does not print itself: `text` is base64url of its 32 bytes."""

    text: Secret

    @property
    def id(self) -> bytes:
        """A name for the key that tells nothing of it: to tell another key from other content."""
        return hashlib.sha256(b"postroom token key" + self._reveal()).digest()[:KEY_ID_BYTES]

    def encrypt(self, plain: bytes, belongs_to: bytes) -> bytes:
        """Encrypt for one owner: format, id of the key, nonce, then the encrypted bytes with their tag."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415 - a start-up cost

        header, nonce = FORMAT + self.id, os.urandom(NONCE_BYTES)
        return header + nonce + AESGCM(self._reveal()).encrypt(nonce, plain, header + belongs_to)

    def has_encrypted(self, encrypted: bytes) -> bool:
        """Say whether these bytes name this key as theirs."""
        return encrypted[len(FORMAT) : HEADER_BYTES] == self.id

    def decrypt(self, encrypted: bytes, belongs_to: bytes) -> bytes:
        """Give back what was encrypted with this key for this owner.

        Errors: NotDecryptedError for anything else.
        """
        from cryptography.exceptions import InvalidTag  # noqa: PLC0415
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

        if not encrypted.startswith(FORMAT):
            raise NotDecryptedError("it is damaged, or another version of Postroom wrote it")
        if not self.has_encrypted(encrypted):
            raise NotDecryptedError("it was encrypted with another key")
        header, rest = encrypted[:HEADER_BYTES], encrypted[HEADER_BYTES:]
        try:
            return AESGCM(self._reveal()).decrypt(rest[:NONCE_BYTES], rest[NONCE_BYTES:], header + belongs_to)
        except (InvalidTag, ValueError):
            raise NotDecryptedError("it was changed, or is the file of another sign-in") from None

    def _reveal(self) -> bytes:
        return base64.urlsafe_b64decode(self.text.reveal()[:43] + "=")


class TokenKeys:
    """Where the key is found; a keychain without one is given one at the first use.

    The keychain is asked once, as it may be slow: `look_again` is for when that key turns out not to fit.
    """

    def __init__(self, folder: PrivateFolder) -> None:
        self._folder = folder
        self._from_keychain: TokenKey | None = None

    def find_key(self) -> TokenKey | None:
        """The key, or None where there is neither a key in the environment nor a keychain.

        Errors: SettingError for a key in the environment that is none; KeychainError where the keychain does
        not answer; TargetNotWritableError.
        """
        text = os.environ.get(KEY_VARIABLE, "").strip()
        if text:
            return _parse_setting(text)
        if self._from_keychain is None:
            self._from_keychain = self._find_or_make()
        return self._from_keychain

    def look_again(self) -> TokenKey | None:
        """The key as it is now: another process may have been given another one. Errors: as `find_key`."""
        self._from_keychain = None
        return self.find_key()

    def _find_or_make(self) -> TokenKey | None:
        import keyring.errors  # noqa: PLC0415 - costs more than the rest of Postroom, and is often not needed

        try:
            return _find_kept() or self._make()
        except keyring.errors.NoKeyringError:
            return None

    def _make(self) -> TokenKey | None:
        with self._folder.lock(KEYCHAIN_USERNAME):
            kept = _find_kept()  # look again: another process may have made one meanwhile
            if kept is not None:
                return kept
            keychain = _get_keychain()
            with _keychain_errors():
                keychain.set_password(KEYCHAIN_SERVICE, KEYCHAIN_USERNAME, secrets.token_urlsafe(KEY_BYTES))
            return _find_kept()  # what the keychain did not really keep must encrypt nothing


def _parse_setting(text: str) -> TokenKey:
    if not _KEY_PATTERN.fullmatch(text):
        raise SettingError(
            f"The environment variable {KEY_VARIABLE} holds no key: a key is 32 random bytes in base64url, which "
            f"are 43 characters. Make one with `{HOW_TO_MAKE_A_KEY}`, and set it for every run."
        )
    return TokenKey(Secret(text))


def _find_kept() -> TokenKey | None:
    keychain = _get_keychain()
    with _keychain_errors():
        text = keychain.get_password(KEYCHAIN_SERVICE, KEYCHAIN_USERNAME)
    if not text:
        return None
    if not _KEY_PATTERN.fullmatch(text):
        raise KeychainError(
            f"The entry “{KEYCHAIN_SERVICE}” of this machine's keychain holds no key, so sign-ins cannot be kept. "
            "Remove the entry, and a new key is made; then sign in again."
        )
    return TokenKey(Secret(text))


def _get_keychain() -> "KeyringBackend":
    """The keychain; NoKeyringError also where a backend keeps nothing, or keeps it in plain text."""
    import keyring.backends.fail  # noqa: PLC0415
    import keyring.backends.null  # noqa: PLC0415
    import keyring.errors  # noqa: PLC0415

    with _keychain_errors():
        keychain = keyring.get_keyring()
        writes_to = _get_first(keychain)
    keeps_nothing = isinstance(writes_to, keyring.backends.fail.Keyring | keyring.backends.null.Keyring)
    if keeps_nothing or _is_plain_text(writes_to):
        raise keyring.errors.NoKeyringError
    return keychain


def _get_first(keychain: "KeyringBackend") -> "KeyringBackend":
    """The backend that a password is written to, where several are chained."""
    from keyring.backends.chainer import ChainerBackend  # noqa: PLC0415

    if not isinstance(keychain, ChainerBackend):
        return keychain
    first: KeyringBackend = next(iter(keychain.backends), keychain)
    return first


def _is_plain_text(keychain: "KeyringBackend") -> bool:
    """By name, as keyrings.alt is not ours to import: its backends in files and cloud folders."""
    return any(
        kind.__module__.startswith("keyrings.alt") and kind.__name__ == "PlaintextKeyring"
        for kind in type(keychain).__mro__
    )


@contextmanager
def _keychain_errors() -> Iterator[None]:
    import keyring.errors  # noqa: PLC0415

    try:
        yield
    except keyring.errors.NoKeyringError:
        raise
    except Exception as error:  # backends let errors of D-Bus and of Windows through as they are
        raise KeychainError(
            f"The keychain of this machine does not answer ({type(error).__name__}), so the key to the kept sign-in "
            f"cannot be had. Unlock it, or keep a key in the environment variable {KEY_VARIABLE} instead."
        ) from error
