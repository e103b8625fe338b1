"""Change keys while everything goes on: a new data key with all values encrypted anew, or a new master key.

A value is replaced only where it still is what was read, so that no newer value is lost; a rotation that was killed
leaves values of both keys, both readable, and the next one finishes it. A data key stays for a day after nothing
takes it any more, as some process may hold a value that it read before.
"""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

from django.db import transaction
from django.utils import timezone

from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.vault import envelope, handing, key_file
from postroom.controlroom.vault.data_keys import get_active_key
from postroom.controlroom.vault.master_keys import (
    look,
    make_check_value,
    open_vault,
    settle_key_files,
    unwrap,
    wrap,
)
from postroom.controlroom.vault.memory import memory
from postroom.controlroom.vault.models import DataKey, Mode, VaultState
from postroom.controlroom.vault.opening import VAULT, Actor, refuse_home
from postroom.controlroom.vault.registry import EncryptedField, get_identity, list_fields
from postroom.controlroom.vault.sealing import Key
from postroom.errors import SettingError, VaultDamagedError

BATCH_ROWS = 200
KEPT_AFTER_RETIREMENT = timedelta(days=1)


@dataclass
class Survey:
    """What was found in the encrypted fields."""

    values: int = 0
    renewed: int = 0
    damaged: list[str] = field(default_factory=list)
    """The identities of values that cannot be read; they are left as they are."""
    keys: set[uuid.UUID] = field(default_factory=set)
    """The data keys that values are encrypted with."""


class _StoredValue(NamedTuple):
    """What was read from one field of one record."""

    field: EncryptedField
    key: Any
    stored: bytes

    @property
    def identity(self) -> str:
        return get_identity(self.field.model, self.key, self.field.field)

    def replace(self, stored: bytes) -> int:
        """Write another value, only where it still is what was read: who wrote meanwhile wrote what is newer."""
        row = self.field.get_model()._base_manager.filter(pk=self.key, **{self.field.field: self.stored})
        return int(row.update(**{self.field.field: stored}))


def rotate(actor: Actor) -> Survey:
    """Encrypt with a new data key from now on, and all that there is anew. Requests go on meanwhile.

    Errors: VaultLockedError, VaultKeyError.
    """
    _make_active_key(actor)
    survey = _renew_all()
    renewed = survey.renewed
    while survey.renewed:  # what was written meanwhile by somebody who had read the key before
        survey = _renew_all()
        renewed += survey.renewed
    survey.renewed = renewed
    _remove_old_keys(survey)
    record(Event.VAULT_KEY_ROTATED, actor=actor, target=VAULT, values=renewed, damaged=len(survey.damaged))
    return survey


def check_values() -> Survey:
    """Read every value, and tell which cannot be read. Errors: VaultLockedError, VaultKeyError."""
    open_vault()
    survey = Survey()
    for value in _walk():
        _read(survey, value)
    return survey


def change_master_key(actor: Actor, file: Path | None) -> None:
    """Wrap the data keys with a new master key, in place of the present one.

    In express mode the new key takes the place of the old one beside the server. In manual mode, and where the
    environment gives the key, it is written to a new file, which is needed then.
    Errors: SettingError, TargetNotWritableError, VaultLockedError, VaultKeyError.
    """
    lies_in_file = look().mode == Mode.EXPRESS and not key_file.is_in_environment()
    if file is not None:
        refuse_home(file)
    elif not lies_in_file:
        raise SettingError(
            "The new master key needs a place that is not beside the server. Name a new file: "
            "`postroom vault rewrap --key-file FILE`."
        )
    new = Key.generate()
    with transaction.atomic():
        _replace_master_key(new, key_file.get_next_key_file() if lies_in_file else None, file)
        record(Event.VAULT_MASTER_KEY_CHANGED, actor=actor, target=VAULT)
    memory.master = new
    settle_key_files(new)


def _replace_master_key(new: Key, *files: Path | None) -> None:
    state = VaultState.objects.select_for_update().get(pk=1)
    old = open_vault()
    settle_key_files(old)
    # What lies there still belongs to a change that was broken off before it was done: it opens nothing.
    key_file.get_next_key_file().unlink(missing_ok=True)
    for file in files:
        if file is not None:
            key_file.write_key(new, file)
    for data_key in DataKey.objects.select_for_update():
        data_key.wrapped = wrap(new, data_key, unwrap(old, data_key))
        data_key.save(update_fields=["wrapped"])
    state.master_key_id, state.check_value = new.id, make_check_value(new)
    state.save(update_fields=["master_key_id", "check_value"])
    handing.hand_to_all(state, new)


@transaction.atomic
def _make_active_key(actor: Actor) -> None:
    look()
    # Locked, so that neither another rotation nor a change of the master key comes between.
    VaultState.objects.select_for_update().get(pk=1)
    master = open_vault()
    DataKey.objects.filter(state=DataKey.State.ACTIVE).update(
        state=DataKey.State.RETIRING, retired=timezone.now()
    )
    data_key = DataKey()
    data_key.wrapped = wrap(master, data_key, Key.generate())
    data_key.save()
    record(Event.VAULT_KEY_ROTATED, actor=actor, target=VAULT, key=str(data_key.pk))


def _renew_all() -> Survey:
    survey = Survey()
    # Read anew each time: where another rotation began meanwhile, both go on to its key and come to an end.
    active, _key = get_active_key()
    for value in _walk():
        plain = _read(survey, value)
        if plain is not None and envelope.get_key_id(value.stored) != active:
            survey.renewed += value.replace(envelope.encrypt(value.identity, plain))
    return survey


def _read(survey: Survey, value: _StoredValue) -> bytes | None:
    survey.values += 1
    try:
        survey.keys.add(envelope.get_key_id(value.stored))
        return envelope.decrypt(value.identity, value.stored)
    except VaultDamagedError:
        survey.damaged.append(value.identity)
        return None


def _walk() -> Iterator[_StoredValue]:
    # In batches by key, so that neither a long query nor a long transaction is in anybody's way.
    for entry in list_fields():
        rows = entry.get_model()._base_manager.exclude(**{entry.field: None}).order_by("pk")
        batch = list(rows.values_list("pk", entry.field)[:BATCH_ROWS])
        while batch:
            yield from (_StoredValue(entry, key, bytes(stored)) for key, stored in batch)
            batch = list(rows.filter(pk__gt=batch[-1][0]).values_list("pk", entry.field)[:BATCH_ROWS])


def _remove_old_keys(survey: Survey) -> None:
    old = DataKey.objects.filter(
        state=DataKey.State.RETIRING, retired__lt=timezone.now() - KEPT_AFTER_RETIREMENT
    )
    old.exclude(pk__in=survey.keys).delete()
