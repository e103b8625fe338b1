"""The newest seal, kept in a file outside of the database, so that entries missing at the end show.

It only moves forward, and only while the entry it names is still there: after somebody cut the end off, it keeps
naming what is missing, whatever is appended.
"""

import hmac
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from filelock import FileLock

from postroom.controlroom.audit import chain
from postroom.controlroom.audit.models import AuditEntry

logger = logging.getLogger("postroom.controlroom.audit")


@dataclass(frozen=True)
class Anchor:
    """Number and hash of the newest entry that this host wrote."""

    sequence: int
    hash: str


class AnchorDamagedError(Exception):
    """The anchor file was changed by something else than the Control Room."""


def get_file() -> Path:
    """Where the anchor is kept."""
    return Path(settings.CONFIGURATION.home, "audit-anchor.json")


def move(sequence: int, entry_hash: str) -> None:
    """Let the anchor name this entry, which was just committed, if it is newer and the chain is whole so far."""
    with FileLock(get_file().with_suffix(".lock")):
        try:
            kept = find()
        except AnchorDamagedError:
            logger.error("The anchor of the audit trail was changed: run “postroom audit verify”.")  # noqa: TRY400
            return
        if kept is not None and kept.sequence >= sequence:
            return
        if (
            kept is not None
            and not AuditEntry.objects.filter(sequence=kept.sequence, hash=kept.hash).exists()
        ):
            logger.error("Entries of the audit trail are missing: run “postroom audit verify”.")
            return
        _write(Anchor(sequence, entry_hash))


def find() -> Anchor | None:
    """Read the anchor; None before the first entry.

    Errors: AnchorDamagedError where it is not as the Control Room wrote it.
    """
    try:
        kept = json.loads(get_file().read_bytes())
        anchor = Anchor(kept["sequence"], kept["hash"])
        key = chain.find_key(kept["key_id"])
        if key is None or not hmac.compare_digest(_sign(key, anchor), kept["signature"]):
            raise AnchorDamagedError
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise AnchorDamagedError from error
    return anchor


def _write(anchor: Anchor) -> None:
    key = chain.get_keys()[0]
    content = {
        "sequence": anchor.sequence,
        "hash": anchor.hash,
        "key_id": chain.identify(key),
        "signature": _sign(key, anchor),
    }
    new = get_file().with_suffix(".new")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as stream:
        json.dump(content, stream)
    new.replace(get_file())


def _sign(key: bytes, anchor: Anchor) -> str:
    return chain.sign(key, f"anchor {anchor.sequence} {anchor.hash}".encode())
