"""What survives a restart: the directory with its secrets, signing keys, consents, the clock's offset, revocations.

It is one JSON file in the data folder, readable by its owner only, and replaced as a whole so that a crash cannot
leave half of it.
"""

import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from postroom.tenant.consents import Consent
from postroom.tenant.directory import App, Policies, User


@dataclass
class CloudRecord:
    """Keep one cloud's directory, key, consents and revocations."""

    tenant_id: str
    tenant_name: str
    signing_key: str = field(repr=False)
    apps: tuple[App, ...]
    users: tuple[User, ...]
    revoked_before: Mapping[str, int]
    changed_apps: tuple[App, ...] = ()
    changed_users: tuple[User, ...] = ()
    policies: Policies = field(default_factory=Policies)
    consents: tuple[Consent, ...] = ()
    follows_schema: bool = True


@dataclass
class TenantRecord:
    """Keep everything but the mail."""

    clock_offset_seconds: float
    clouds: dict[str, CloudRecord]


class RecordError(Exception):
    """The record of a tenant cannot be read."""


def read_record(file: Path) -> TenantRecord | None:
    """Read what was kept, or give None when nothing was; RecordError when it cannot be read."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return msgspec.json.decode(content, type=TenantRecord)
    except msgspec.DecodeError as error:
        raise RecordError(f"{file} is not what the local tenant wrote: {error}.") from None


def write_record(file: Path, record: TenantRecord) -> None:
    """Keep this record in place of the former one, which stays if it says the same."""
    content = msgspec.json.encode(record)
    # To replace a file takes milliseconds, and most resets find nothing changed.
    if not file.exists() or file.read_bytes() != content:
        write_private(file, content)


def write_private(file: Path, content: bytes) -> None:
    """Write a file that only its owner can read, replacing the former one in a single step."""
    # mkstemp creates the file with mode 0600, so the content is never readable by others, not even for a moment.
    handle, temporary = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    with os.fdopen(handle, "wb") as stream:
        stream.write(content)
    Path(temporary).replace(file)
