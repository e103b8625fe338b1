"""Where the journals of runs are, and how the vault encrypts them.

On PostgreSQL they are in the Control Room's database, in a schema of their own. On SQLite they are in a file beside it:
SQLite has one writer a file, and the steps of runs would wait for pages, and pages for steps.

A journal is encrypted with a key that is made each day and is itself a value of the vault. So a rotation of the vault's
key encrypts these few anew and no journal, and what is written afterwards has another key.
"""

import base64
import sqlite3
import time
from contextlib import closing
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from postroom.controlroom.configuration import Configuration
from postroom.controlroom.runs.models import JournalKey
from postroom.controlroom.vault import envelope, registry
from postroom.controlroom.vault.models import DataKey
from postroom.controlroom.vault.sealing import Key
from postroom.errors import VaultDamagedError

FILE = "journal.sqlite3"
KEY_LIFE = timedelta(days=1)
LOOK_AGAIN_SECONDS = 60.0
_VERSION = b"\x01"
_ID_BYTES = 16
_HEAD_BYTES = len(_VERSION) + _ID_BYTES
_MODEL, _FIELD = "runs.JournalKey", "encrypted"


def prepare_journal(configuration: Configuration) -> str:
    """The address of the journals, as the engine takes it; the file is made where it is one."""
    if not configuration.database.startswith("sqlite"):
        return configuration.database.replace("postgres://", "postgresql://", 1)
    file = configuration.home / FILE
    file.touch(mode=0o600)
    with closing(sqlite3.connect(file)) as database:
        # Kept by the file: readers and a writer at once.
        database.execute("PRAGMA journal_mode=WAL")
    return f"sqlite:///{file}"


class VaultSealer:
    """Encrypts journals with keys of the vault; those that were opened are held in memory until `forget`."""

    def __init__(self) -> None:
        self._opened: dict[UUID, Key] = {}
        self._current: UUID | None = None
        self._looked_seconds = 0.0

    def seal(self, plain: bytes) -> str:
        """Encrypt. Errors: VaultLockedError, VaultKeyError."""
        key_id = self._get_current()
        head = _VERSION + key_id.bytes
        return base64.b64encode(head + self._get(key_id).seal(_bind(head), plain)).decode("ascii")

    def open(self, sealed: str) -> bytes:
        """Decrypt. Errors: VaultLockedError, VaultKeyError, VaultDamagedError."""
        content = base64.b64decode(sealed)
        head, rest = content[:_HEAD_BYTES], content[_HEAD_BYTES:]
        if len(head) < _HEAD_BYTES or not head.startswith(_VERSION):
            raise _damaged()
        return self._get(UUID(bytes=head[len(_VERSION) :])).unseal(_bind(head), rest)

    def forget(self) -> None:
        """Drop all keys, as the vault was locked."""
        self._opened, self._current = {}, None

    def _get_current(self) -> UUID:
        # Not at each record: these are many, and a key may be taken for a minute more.
        if self._current is None or time.monotonic() - self._looked_seconds > LOOK_AGAIN_SECONDS:
            self._current = (_find_current() or _make()).pk
            self._looked_seconds = time.monotonic()
        return self._current

    def _get(self, key_id: UUID) -> Key:
        known = self._opened.get(key_id)
        if known is None:
            row = JournalKey.objects.filter(pk=key_id).first()
            if row is None:
                raise _damaged()
            identity = registry.get_identity(_MODEL, key_id, _FIELD)
            known = self._opened[key_id] = Key(envelope.decrypt(identity, row.encrypted))
        return known


def delete_unused_keys(oldest_journal: datetime) -> None:
    """Remove the keys of which no journal is left."""
    JournalKey.objects.filter(made__lt=oldest_journal - KEY_LIFE).delete()


def _find_current() -> JournalKey | None:
    """The key for new records: neither old, nor from before the vault's key was changed."""
    rotated = DataKey.objects.filter(state=DataKey.State.ACTIVE).values_list("created", flat=True).first()
    since = max(timezone.now() - KEY_LIFE, rotated or timezone.now())
    found: JournalKey | None = JournalKey.objects.filter(made__gte=since).first()
    return found


def _make() -> JournalKey:
    key_id = uuid4()
    identity = registry.get_identity(_MODEL, key_id, _FIELD)
    encrypted = envelope.encrypt(identity, Key.generate().reveal())
    row: JournalKey = JournalKey.objects.create(pk=key_id, encrypted=encrypted)
    return row


def _bind(head: bytes) -> bytes:
    return b"postroom journal" + head


def _damaged() -> VaultDamagedError:
    return VaultDamagedError(
        "The journal of a run cannot be read: it was changed, or is older than its key is kept. Begin a new run."
    )
