"""Encrypt a value for one field of one record, so that it can be read there and nowhere else.

What is stored is a version, the id of the data key, a nonce and the ciphertext with its tag. Version, key id and the
record's identity are associated data: put into another row or field, it is refused.
"""

import uuid

from postroom.controlroom.vault import data_keys
from postroom.controlroom.vault.sealing import damaged

VERSION = b"\x01"
_ID_BYTES = 16
_HEAD_BYTES = len(VERSION) + _ID_BYTES


def encrypt(identity: str, plain: bytes) -> bytes:
    """Encrypt a value for the field that `identity` names, as `registry.get_identity` writes it.

    Errors: VaultLockedError until an administrator unlocks the vault; VaultKeyError.
    """
    key_id, key = data_keys.get_active_key()
    head = VERSION + key_id.bytes
    return head + key.seal(_bind(head, identity), plain)


def decrypt(identity: str, encrypted: bytes | memoryview) -> bytes:
    """Give the value that was encrypted for the field that `identity` names.

    Errors: VaultLockedError, VaultKeyError; VaultDamagedError where it was changed or comes from another field.
    """
    stored = bytes(encrypted)
    key = data_keys.get_key(get_key_id(stored))
    return key.unseal(_bind(stored[:_HEAD_BYTES], identity), stored[_HEAD_BYTES:])


def get_key_id(encrypted: bytes | memoryview) -> uuid.UUID:
    """Which data key a stored value is encrypted with. Errors: VaultDamagedError where it is none of ours."""
    head = bytes(encrypted[:_HEAD_BYTES])
    if len(head) < _HEAD_BYTES or not head.startswith(VERSION):
        raise damaged()
    return uuid.UUID(bytes=head[len(VERSION) :])


def get_prefix(key_id: uuid.UUID) -> bytes:
    """How everything begins that is encrypted with this data key."""
    return VERSION + key_id.bytes


def _bind(head: bytes, identity: str) -> bytes:
    # The head has a fixed length, so that no two pairs of head and identity give the same bytes.
    return b"postroom value" + head + identity.encode()
