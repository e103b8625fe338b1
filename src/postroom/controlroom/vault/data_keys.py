"""The data keys, which values are encrypted with: opened once, then held in this process's memory."""

import uuid

from postroom.controlroom.vault.master_keys import look, looked_lately, open_vault, unwrap
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import DataKey
from postroom.controlroom.vault.sealing import Key, damaged
from postroom.errors import VaultDamagedError


def get_active_key() -> tuple[uuid.UUID, Key]:
    """The data key for new values, as the database says it now: another process may have rotated.

    Errors: VaultLockedError, VaultKeyError.
    """
    look()
    key_id = DataKey.objects.filter(state=DataKey.State.ACTIVE).values_list("pk", flat=True).first()
    if key_id is None:
        raise VaultDamagedError(
            "The Credential Vault has no data key to encrypt with. Somebody removed it from the database: "
            "restore that from a backup."
        )
    return key_id, _open_key(key_id)


def get_key(key_id: uuid.UUID) -> Key:
    """The data key of this id, retiring or not.

    Errors: VaultLockedError, VaultKeyError; VaultDamagedError where there is none.
    """
    known = memory.data_keys.get(key_id) if looked_lately() else None
    if known is not None:
        return known
    look()
    return _open_key(key_id)


def _open_key(key_id: uuid.UUID) -> Key:
    known = memory.data_keys.get(key_id)
    if known is not None:
        return known
    master = open_vault()
    row = DataKey.objects.filter(pk=key_id).first()
    if row is None:
        raise damaged()
    memory.data_keys[key_id] = unwrap(master, row)
    return memory.data_keys[key_id]
