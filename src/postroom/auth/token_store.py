"""Where the tokens of a person's sign-in are kept between runs: encrypted, or not at all."""

import hashlib
import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from postroom.auth.private_folder import PrivateFolder
from postroom.auth.refusals import SignInPlace
from postroom.auth.token_keys import (
    HOW_TO_MAKE_A_KEY,
    KEY_VARIABLE,
    NotDecryptedError,
    TokenKey,
    TokenKeys,
)
from postroom.folders import get_state_folder

if TYPE_CHECKING:
    import msal

logger = logging.getLogger("postroom.auth")

WAYS = (
    "Where a machine has no keychain, there are three ways: let a Control Room manage the connection; keep a key in "
    f"the environment variable {KEY_VARIABLE} (made once with `{HOW_TO_MAKE_A_KEY}`); or sign in at each run."
)
"""What a person can do where there is no keychain."""


class TokenStore:
    """The tokens of one person's sign-in with one app.

    They lie in a file that is encrypted with a key of the keychain or the environment. Where there is neither,
    they stay in memory and are gone when the process ends: they are never kept in plain text.
    """

    def __init__(self, folder: Path, place: SignInPlace, username: str) -> None:
        self._username = username
        self._identity = _describe_identity(place, username)
        self._name = f"{hashlib.sha256(self._identity).hexdigest()[:32]}.tokens"
        self._folder = PrivateFolder(folder)
        self._keys = TokenKeys(self._folder)
        self._lock = Lock()
        self._memory: msal.SerializableTokenCache | None = None
        self._reported = b""

    @property
    def kept(self) -> bool:
        """Whether the tokens outlive the process. Errors: SettingError, KeychainError, as `open`."""
        return self._keys.find_key() is not None

    @contextmanager
    def open(self) -> "Iterator[msal.SerializableTokenCache]":
        """The tokens, for one thread of one process at a time; what was changed inside is kept at the end.

        It is kept also when an error ends the block: a refresh token that was renewed before is the only one
        that is sure to be good. Who opens waits until the others have closed, for as long as they sign in; a
        thread must not open twice.
        Errors: SettingError for a malformed key; KeychainError where the keychain does not answer;
        TargetNotWritableError, DiskFullError.
        """
        with self._lock:
            key = self._keys.find_key()
            if key is None:
                _warn_that_nothing_is_kept()
                yield self._get_memory()
            else:
                with self._folder.lock(self._name), self._open_file(key) as tokens:
                    yield tokens

    def forget(self) -> None:
        """Remove the tokens from memory and disk; it takes no key. Errors: TargetNotWritableError."""
        with self._lock:
            self._memory = None
            if self._folder.find(self._name) is not None:
                with self._folder.lock(self._name):
                    self._folder.remove(self._name)

    @contextmanager
    def _open_file(self, key: TokenKey) -> "Iterator[msal.SerializableTokenCache]":
        encrypted = self._folder.find(self._name)
        if encrypted and not key.has_encrypted(encrypted):
            key = self._keys.look_again() or key
        kept = self._decrypt(key, encrypted)
        tokens = _create_cache(kept)
        try:
            yield tokens
        finally:
            is_lost = encrypted is not None and kept is None
            # What cannot be read with this key, another may still read: only new tokens are worth more.
            if tokens.has_state_changed and (not is_lost or _has_tokens(tokens)):
                plain = tokens.serialize().encode()
                self._folder.replace(self._name, key.encrypt(plain, self._identity))

    def _decrypt(self, key: TokenKey, encrypted: bytes | None) -> str | None:
        if encrypted is None:
            return None
        try:
            return key.decrypt(encrypted, self._identity).decode()
        except NotDecryptedError as error:
            self._report(encrypted, error)
            return None

    def _report(self, encrypted: bytes, error: NotDecryptedError) -> None:
        """Say it once for each file, and not each time that a token is needed."""
        if encrypted != self._reported:
            self._reported = encrypted
            logger.warning(
                "The sign-in of %s that was kept earlier cannot be read: %s. A new sign-in is needed, and takes its "
                "place.",
                self._username,
                error,
            )

    def _get_memory(self) -> "msal.SerializableTokenCache":
        if self._memory is None:
            self._memory = _create_cache(None)
        return self._memory


_stores: dict[tuple[Path, bytes], TokenStore] = {}
_stores_lock = Lock()


def get_token_store(place: SignInPlace, username: str) -> TokenStore:
    """The one store of this process for a person's sign-in with an app; case does not matter."""
    folder = get_state_folder() / "sign-ins"
    with _stores_lock:
        return _stores.setdefault(
            (folder, _describe_identity(place, username)), TokenStore(folder, place, username)
        )


def _describe_identity(place: SignInPlace, username: str) -> bytes:
    """Whose tokens these are, written so that no two sign-ins share it: it goes into each encryption."""
    parts = (place.cloud.name, place.tenant_id, place.client_id, username)
    return json.dumps([part.strip().casefold() for part in parts]).encode()


def _create_cache(kept: str | None) -> "msal.SerializableTokenCache":
    import msal  # noqa: PLC0415 - costs more than HTTP and JSON together

    tokens = msal.SerializableTokenCache()
    tokens.deserialize(kept)
    return tokens


def _has_tokens(tokens: "msal.SerializableTokenCache") -> bool:
    kinds = (tokens.CredentialType.REFRESH_TOKEN, tokens.CredentialType.ACCESS_TOKEN)
    return any(True for kind in kinds for _ in tokens.search(kind))


@cache
def _warn_that_nothing_is_kept() -> None:
    """Once in a process."""
    logger.warning(
        "This machine has no keychain, so the sign-in is not kept: it ends with this program. %s", WAYS
    )
