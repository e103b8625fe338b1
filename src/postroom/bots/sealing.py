"""How a journal is encrypted.

Source: NIST SP 800-38D (AES-GCM with random nonces of 96 bits).
"""

import base64
from typing import Any, Protocol

import msgspec
from dbos import Serializer

from postroom.auth.private_folder import PrivateFolder
from postroom.auth.token_keys import HOW_TO_MAKE_A_KEY, KEY_VARIABLE, NotDecryptedError, TokenKey, TokenKeys
from postroom.bots.encoding import decode, encode
from postroom.errors import BotFailedError, JournalError, PostroomError, SettingError

JOURNAL = b"journal of runs"
"""What the key is told that the journal is, so that nothing else it encrypts can be put in its place."""


class Sealer(Protocol):
    """What encrypts the journal."""

    def seal(self, plain: bytes) -> str:
        """Encrypt."""

    def open(self, sealed: str) -> bytes:
        """Decrypt. Errors: JournalError, VaultError, SettingError."""


class KeySealer:
    """Encrypts with a key of this machine: AES-256-GCM."""

    def __init__(self, key: TokenKey) -> None:
        self._key = key

    def seal(self, plain: bytes) -> str:
        """Encrypt."""
        return base64.b64encode(self._key.encrypt(plain, JOURNAL)).decode("ascii")

    def open(self, sealed: str) -> bytes:
        """Decrypt. Errors: JournalError."""
        try:
            return self._key.decrypt(base64.b64decode(sealed), JOURNAL)
        except (NotDecryptedError, ValueError) as error:
            raise JournalError(
                f"The journal of the run cannot be read: {error}. Give the key that it was begun with "
                f"({KEY_VARIABLE}, or this machine's keychain), or begin a new run."
            ) from None


def get_desk_sealer(folder: PrivateFolder) -> KeySealer:
    """What encrypts journals on this machine, with the key that sign-ins are kept with too.

    Errors: SettingError where there is neither a keychain nor a key in the environment; KeychainError.
    """
    key = TokenKeys(folder).find_key()
    if key is None:
        raise SettingError(
            "The run keeps a journal, so that it goes on where it was after whatever stopped it. The journal is "
            "encrypted, and this machine has no keychain to keep the key in. Keep one in the environment variable "
            f"{KEY_VARIABLE} (made once with `{HOW_TO_MAKE_A_KEY}`), or run the bot with --no-journal."
        )
    return KeySealer(key)


class SealedJson(Serializer):
    """What DBOS stores of our values: JSON, encrypted."""

    def __init__(self, sealer: Sealer) -> None:
        self._sealer = sealer

    def serialize(self, data: Any) -> str:
        """Write and encrypt."""
        return self._sealer.seal(msgspec.json.encode(_plain(data)))

    def deserialize(self, serialized_data: str) -> Any:
        """Decrypt and read. Errors: JournalError."""
        return _unplain(msgspec.json.decode(self._sealer.open(serialized_data)))

    def name(self) -> str:
        """How DBOS calls it."""
        return "postroom"


def _plain(data: Any) -> Any:
    """DBOS writes its own arguments and the errors of steps besides what we have encoded."""
    if isinstance(data, PostroomError):
        return {"error": encode(data)}
    if isinstance(data, BaseException):
        return {"error": encode(BotFailedError(f"{type(data).__name__}: {data}"))}
    return {"value": data}


def _unplain(content: dict[str, Any]) -> Any:
    if "error" in content:
        return decode(content["error"])
    return content["value"]
