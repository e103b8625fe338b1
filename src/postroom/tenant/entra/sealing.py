"""Sealed texts: what the tenant hands out to get back unread and unchanged, such as codes and refresh tokens.

All a text says is in it, encrypted, so no table has to be kept of what was handed out, and it survives a restart.
"""

import json
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from postroom.tenant.entra.keys import SigningKey

KEY_BYTES = 32


class SealError(Exception):
    """A text is none that was sealed here for this purpose."""


class Sealer:
    """Seal texts of one cloud, each for one purpose, and open them again."""

    def __init__(self, signing_key: SigningKey) -> None:
        self._secret = signing_key.private_pem
        self._fernet = lru_cache(self._make_fernet)

    def seal(self, kind: str, content: dict[str, Any]) -> str:
        """Seal what JSON can say; each kind has a key of its own, so that none can be taken for another."""
        return self._fernet(kind).encrypt(json.dumps(content).encode()).decode()

    def open(self, kind: str, text: str) -> dict[str, Any]:
        """Give what was sealed as this kind; SealError when the text is anything else."""
        try:
            content: dict[str, Any] = json.loads(self._fernet(kind).decrypt(text.encode("utf-8", "replace")))
        except InvalidToken:
            raise SealError(f"The text is no sealed {kind}.") from None
        return content

    def _make_fernet(self, kind: str) -> Fernet:
        # Derived from the signing key (RFC 5869), which the data folder keeps: one secret less to keep.
        derive = HKDF(SHA256(), KEY_BYTES, salt=None, info=f"postroom tenant {kind}".encode())
        return Fernet(urlsafe_b64encode(derive.derive(self._secret)))
