"""The master key: made at the first start, found at each later one, and refused where it is another's."""

import logging
import time
from contextlib import suppress

from django.db import transaction
from django.utils.translation import gettext as _

from postroom.controlroom.vault import handing, key_file
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import DataKey, Mode, VaultState
from postroom.controlroom.vault.sealing import Key
from postroom.errors import VaultDamagedError, VaultKeyError, VaultLockedError

logger = logging.getLogger("postroom.controlroom.vault")

LOOK_AGAIN_SECONDS = 2.0
"""How long a process goes by what it knows: then it sees that the vault was locked."""

_CHECK = b"postroom vault check"


def ensure_key() -> None:
    """Make the vault at the first start, and at each later one refuse a wrong master key. Call it at the start.

    In manual mode a locked vault is no error here: it is to be unlocked. Errors: VaultKeyError where the master
    key is missing or another's; nothing is overwritten then.
    """
    state = find_state() or _make_vault()
    if state.mode == Mode.EXPRESS:
        open_vault()
        return
    handing.register()
    if key_file.get_key_file().exists():
        logger.warning(
            "The Credential Vault is in manual mode, but a master key still lies in %s. Delete that file once you have "
            "made sure that the key is kept elsewhere.",
            key_file.get_key_file(),
        )


def open_vault() -> Key:
    """The master key, which opens everything else; the vault is made where there is none yet.

    Errors: VaultLockedError until an administrator unlocks it; VaultKeyError where the key is missing or another's.
    """
    state = look()
    if memory.master is None or memory.master.id != state.master_key_id:
        memory.master = _find_lying_key(state) if state.mode == Mode.EXPRESS else _find_handed_key(state)
    return memory.master


def is_locked() -> bool:
    """Say whether an administrator must unlock the vault. Errors: VaultKeyError."""
    try:
        open_vault()
    except VaultLockedError:
        return True
    return False


def look() -> VaultState:
    """Read how the vault stands; the keys are dropped where it was locked since."""
    state = find_state() or _make_vault()
    if memory.lock_count != state.lock_count:
        memory.forget()
        memory.lock_count = state.lock_count
    if state.mode == Mode.MANUAL:
        handing.register()
        if memory.master is not None and memory.master.id == state.master_key_id:
            handing.hand_to_waiting(state, memory.master)
    memory.looked_seconds = time.monotonic()
    return state


def looked_lately() -> bool:
    """Say whether what this process knows of the vault is new enough to go by."""
    return time.monotonic() - memory.looked_seconds < LOOK_AGAIN_SECONDS


def find_state() -> VaultState | None:
    """How the vault stands; None before the first start."""
    return VaultState.objects.filter(pk=1).first()


def matches(state: VaultState, key: Key) -> bool:
    """Say whether this is the master key of this vault."""
    try:
        return key.id == state.master_key_id and key.unseal(_CHECK, bytes(state.check_value)) == b""
    except VaultDamagedError:
        return False


def make_check_value(key: Key) -> bytes:
    """What only this master key opens."""
    return key.seal(_CHECK, b"")


def wrap(master: Key, data_key: DataKey, key: Key) -> bytes:
    """Encrypt a data key with the master key, for its own row."""
    return master.seal(_bind(data_key), key.reveal())


def unwrap(master: Key, data_key: DataKey) -> Key:
    """Open a data key. Errors: VaultDamagedError where its row was changed."""
    return Key(master.unseal(_bind(data_key), bytes(data_key.wrapped)))


def refused(place: str) -> VaultKeyError:
    """The error for a master key that is not this vault's."""
    return VaultKeyError(
        _(
            "The master key in %(place)s is not the one that this Credential Vault was made with, so nothing in it "
            "can be read. Nothing was changed. Restore the right key, or the database that belongs to this one."
        )
        % {"place": place}
    )


@transaction.atomic
def _make_vault() -> VaultState:
    found = key_file.list_keys()
    key = found[0] if found else Key.generate()
    state, created = VaultState.objects.get_or_create(
        pk=1, defaults={"master_key_id": key.id, "check_value": make_check_value(key)}
    )
    if not created:  # another process was faster
        return state
    if not found:
        # Before the commit, as a vault whose key was lost is worse than a key without a vault.
        key_file.write_key(key, key_file.get_key_file())
    data_key = DataKey()
    data_key.wrapped = wrap(key, data_key, Key.generate())
    data_key.save()
    return state


def _find_lying_key(state: VaultState) -> Key:
    keys = key_file.list_keys()
    for key in keys:
        if matches(state, key):
            settle_key_files(key)
            return key
    handed = handing.find_handed(state)
    if handed is not None and matches(state, handed):
        return handed
    place = key_file.KEY_VARIABLE if key_file.is_in_environment() else str(key_file.get_key_file())
    if keys:
        raise refused(place)
    raise VaultKeyError(
        f"The master key of this Credential Vault is missing: neither {key_file.KEY_VARIABLE} nor the file {place} "
        "has it. Nothing was changed. Bring the key here from your backup or from the host that made it."
    )


def settle_key_files(key: Key) -> None:
    """Finish a change of the master key that was broken off after it was done in the database."""
    new, present = key_file.get_next_key_file(), key_file.get_key_file()
    if key_file.is_in_environment() or not new.exists():
        return
    with suppress(FileNotFoundError):  # another process did it
        if key_file.read_key(new).id == key.id:
            new.replace(present)


def _find_handed_key(state: VaultState) -> Key:
    key = handing.find_handed(state)
    if key is None or not matches(state, key):
        raise VaultLockedError(
            _(
                "The Credential Vault is locked, so no secret can be read or saved. An administrator can unlock it: "
                "run `postroom vault unlock` on the server, or enter the master key on the Credential Vault's page."
            )
        )
    return key


def _bind(data_key: DataKey) -> bytes:
    return b"postroom data key" + data_key.pk.bytes
