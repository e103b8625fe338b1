"""Snapshots: the tenant as it is kept under a name, to come back to as often as one likes.

A snapshot has mail with its settings and subscriptions, the directory with its changes, consents, revocations and the
clock. Contents of messages are not copied: they lie in files named by their hash, which stay as long as the snapshots
do. Faults, latency, limits and the request log belong to the running test and are neither kept nor brought back.
"""

import re
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path

import msgspec

from postroom.tenant.records import read_record, write_record
from postroom.tenant.tenancy import LocalTenant

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class SnapshotNameError(Exception):
    """A name that no snapshot can have; the message says which can."""


class SnapshotExistsError(Exception):
    """A snapshot of this name is there already."""


class NoSnapshotError(Exception):
    """No snapshot has this name."""


class Snapshot(msgspec.Struct, frozen=True):
    """A snapshot: its name, and the tenant's time when it was made."""

    name: str
    made: datetime


class Snapshots:
    """Make, list, restore and delete the snapshots of a tenant; a restart loses none."""

    def __init__(self, tenant: LocalTenant) -> None:
        self._tenant = tenant
        self._folder = tenant.snapshot_folder

    def make(self, name: str) -> Snapshot:
        """Keep the tenant as it is; SnapshotNameError, SnapshotExistsError."""
        if not _NAME.fullmatch(name):
            raise SnapshotNameError(
                "A snapshot's name is 1 to 100 letters, digits, dots, dashes and underscores, and begins with a letter "
                "or digit."
            )
        place = self._folder / name
        if place.exists():
            raise SnapshotExistsError(name)
        unfinished = self._folder / f".{name}"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700, parents=True)
        made = Snapshot(name, self._tenant.clock.now())
        with self._held():
            write_record(unfinished / "record.json", self._tenant.record())
            for cloud in self._tenant.clouds:
                cloud.mail.keep_copy(unfinished / f"{cloud.hosts.key}.sqlite")
        (unfinished / "snapshot.json").write_bytes(msgspec.json.encode(made))
        unfinished.rename(place)
        return made

    def list(self) -> list[Snapshot]:
        """List the snapshots, oldest first."""
        files = self._folder.glob("[!.]*/snapshot.json")
        found = [msgspec.json.decode(file.read_bytes(), type=Snapshot) for file in files]
        return sorted(found, key=lambda snapshot: (snapshot.made, snapshot.name))

    def restore(self, name: str) -> None:
        """Bring the tenant back to a snapshot, which stays; NoSnapshotError."""
        place = self._get(name)
        record = read_record(place / "record.json")
        if record is None:
            raise NoSnapshotError(name)
        with self._held():
            for cloud in self._tenant.clouds:
                cloud.sending_queue.clear()  # its keys would mean other messages
                cloud.mail.uploads.clear()
                cloud.mail.bring_back(place / f"{cloud.hosts.key}.sqlite")
            self._tenant.take_up(record)
        self._tenant.save()

    def delete(self, name: str) -> None:
        """Forget a snapshot; NoSnapshotError."""
        shutil.rmtree(self._get(name))

    def _get(self, name: str) -> Path:
        place = self._folder / name
        if not _NAME.fullmatch(name) or not place.exists():
            raise NoSnapshotError(name)
        return place

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Let no mailbox of either cloud change meanwhile."""
        with ExitStack() as stack:
            for cloud in self._tenant.clouds:
                stack.enter_context(cloud.mail.database.held())
            yield
