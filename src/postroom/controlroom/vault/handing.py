"""Hand the master key to the other processes of a Control Room, so that an administrator unlocks them all at once.

Each process makes a key pair when it starts and keeps the private half in its memory. A process that has the master
key encrypts it for the public halves in the database (X25519, HKDF, AES-256-GCM). A copy of the database opens
nothing, as the private halves died with their processes; and a public key that somebody wrote into the database gets
nothing, as it lacks the proof that only who knows the Control Room's secret key can make.
"""

import os
import uuid
from datetime import date, timedelta
from functools import cache, lru_cache
from typing import NamedTuple

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.utils import timezone
from django.utils.crypto import constant_time_compare, salted_hmac

from postroom.controlroom.vault.models import VaultProcess, VaultState
from postroom.controlroom.vault.sealing import KEY_BYTES, Key
from postroom.errors import VaultDamagedError

PUBLIC_KEY_BYTES = 32
KEPT = timedelta(days=7)
"""How long the row of a process stays that does not come again."""


class _Self(NamedTuple):
    """This process."""

    id: uuid.UUID
    private_key: X25519PrivateKey


def register() -> None:
    """Let the master key be handed to this process, now or later."""
    # Once a day, so that nobody takes the row for that of a process long gone.
    _register(os.getpid(), timezone.now().date())


def find_handed(state: VaultState) -> Key | None:
    """The master key that was handed to this process since the vault was last locked, or None."""
    own = _get_self(os.getpid())
    row = VaultProcess.objects.filter(pk=own.id).first()
    if row is None:
        _register.cache_clear()
        register()
        return None
    return None if row.handed is None else _open(own, bytes(row.handed), _bind(own.id, state))


def hand_to_waiting(state: VaultState, key: Key) -> None:
    """Hand the master key to each process that has none."""
    for row in VaultProcess.objects.filter(handed=None):
        _hand(row, state, key)


def hand_to_all(state: VaultState, key: Key) -> None:
    """Hand the master key to all processes, also in place of an earlier one."""
    for row in VaultProcess.objects.all():
        _hand(row, state, key)


def take_back() -> None:
    """Remove what was handed to processes and not yet taken."""
    VaultProcess.objects.exclude(handed=None).update(handed=None)


@cache
def _get_self(_process: int) -> _Self:
    # By the process's number, as a forked process must have a key pair of its own.
    return _Self(uuid.uuid4(), X25519PrivateKey.generate())


@lru_cache(maxsize=1)
def _register(process: int, _day: date) -> None:
    own = _get_self(process)
    public_key = own.private_key.public_key().public_bytes_raw()
    VaultProcess.objects.filter(since__lt=timezone.now() - KEPT).delete()
    VaultProcess.objects.update_or_create(
        pk=own.id,
        defaults={
            "public_key": public_key,
            "proof": _prove(own.id, public_key),
            "since": timezone.now(),
        },
    )


def _prove(process: uuid.UUID, public_key: bytes) -> str:
    return salted_hmac("postroom.vault.process", process.bytes + public_key, algorithm="sha256").hexdigest()


def _hand(row: VaultProcess, state: VaultState, key: Key) -> None:
    public_key = bytes(row.public_key)
    if not constant_time_compare(row.proof, _prove(row.pk, public_key)):
        return
    ephemeral = X25519PrivateKey.generate()
    shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    own_public = ephemeral.public_key().public_bytes_raw()
    sealed = _derive(shared, own_public + public_key).seal(_bind(row.pk, state), key.reveal())
    VaultProcess.objects.filter(pk=row.pk).update(handed=own_public + sealed)


def _open(own: _Self, handed: bytes, purpose: bytes) -> Key | None:
    sender = handed[:PUBLIC_KEY_BYTES]
    try:
        shared = own.private_key.exchange(X25519PublicKey.from_public_bytes(sender))
        public_key = own.private_key.public_key().public_bytes_raw()
        return Key(_derive(shared, sender + public_key).unseal(purpose, handed[PUBLIC_KEY_BYTES:]))
    except (VaultDamagedError, ValueError):
        return None  # made for another time, or by somebody who is none of us: as good as nothing


def _derive(shared: bytes, public_keys: bytes) -> Key:
    info = b"postroom vault handing" + public_keys
    return Key(HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=info).derive(shared))


def _bind(process: uuid.UUID, state: VaultState) -> bytes:
    return b"postroom handed" + process.bytes + f"{state.lock_count}/{state.master_key_id}".encode()
