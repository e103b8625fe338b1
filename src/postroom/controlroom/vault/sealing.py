"""Authenticated encryption with a key that one holds: the only place that calls the cipher."""

import hashlib
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.utils.translation import gettext as _

from postroom.errors import VaultDamagedError

KEY_BYTES = 32
NONCE_BYTES = 12
TAG_BYTES = 16


class Key:
    """A key of AES-256-GCM; it neither prints itself nor is pickled."""

    __slots__ = ("_bytes", "_cipher")

    def __init__(self, raw: bytes) -> None:
        if len(raw) != KEY_BYTES:
            raise ValueError(f"a key has {KEY_BYTES} bytes")
        self._bytes = raw
        self._cipher = AESGCM(raw)

    @classmethod
    def generate(cls) -> "Key":
        """Make a new key."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def id(self) -> str:
        """A name for the key that tells nothing of it: 32 hexadecimal digits."""
        return hashlib.sha256(b"postroom key id" + self._bytes).hexdigest()[:32]

    def reveal(self) -> bytes:
        """The key itself, to wrap it or to write it to its file."""
        return self._bytes

    def seal(self, purpose: bytes, plain: bytes) -> bytes:
        """Encrypt for this purpose alone: a random nonce, then the ciphertext with its tag (NIST SP 800-38D)."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plain, purpose)

    def unseal(self, purpose: bytes, sealed: bytes) -> bytes:
        """Decrypt what was sealed for this purpose.

        Errors: VaultDamagedError where a bit differs, or the purpose, or the key.
        """
        if len(sealed) < NONCE_BYTES + TAG_BYTES:
            raise damaged()
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], purpose)
        except InvalidTag:
            raise damaged() from None

    def __repr__(self) -> str:
        return "Key('***')"

    def __reduce__(self) -> str:
        raise TypeError("A key is not pickled.")


def damaged() -> VaultDamagedError:
    """The one error for whatever was changed, cut, or moved to another record: telling more helps who did it."""
    return VaultDamagedError(
        _(
            "What is stored here was changed, or belongs to another record, so it is not used. Enter the value again, "
            "or restore the database from a backup; the audit log tells who changed this record last."
        )
    )
