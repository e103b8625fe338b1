"""What the hash of an audit entry covers, and the key that it is made with.

Each entry's hash is an HMAC-SHA-256 over all of its fields and the hash of the entry before. The key comes from the
secret key of the Control Room, so that it works while the Credential Vault is locked, on every host that serves the
Control Room, and not for somebody who has only the database.
"""

import hashlib
import hmac
import json
from datetime import UTC
from typing import Any

from django.conf import settings

from postroom.controlroom.audit.models import AuditEntry

FIELDS = (
    "sequence",
    "actor_id",
    "actor",
    "address",
    "request_id",
    "event",
    "target",
    "outcome",
    "details",
    "key_id",
    "previous_hash",
)


def serialise(entry: AuditEntry) -> bytes:
    """Write all that the hash covers, so that different entries never give the same bytes.

    JSON with sorted names, no white space and only ASCII; the time is in UTC with microseconds.
    """
    fields: dict[str, Any] = {name: getattr(entry, name) for name in FIELDS}
    fields["time"] = entry.time.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(fields, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def seal(entry: AuditEntry) -> None:
    """Give a new entry its key id and its hash; everything else must be in place."""
    key = get_keys()[0]
    entry.key_id = identify(key)
    entry.hash = sign(key, serialise(entry))


def is_whole(entry: AuditEntry) -> bool:
    """Say whether the entry is as it was sealed."""
    key = find_key(entry.key_id)
    return key is not None and hmac.compare_digest(sign(key, serialise(entry)), entry.hash)


def sign(key: bytes, content: bytes) -> str:
    """Make the hash of this content, in hex (RFC 2104)."""
    return hmac.new(key, content, hashlib.sha256).hexdigest()


def find_key(key_id: str) -> bytes | None:
    """Find the key of this id among the present one and those before."""
    return next((key for key in get_keys() if identify(key) == key_id), None)


def identify(key: bytes) -> str:
    """Name a key without telling anything of it."""
    return sign(key, b"id")[:16]


def get_keys() -> list[bytes]:
    """Make the keys of the audit trail: from the secret key, and from those that it replaced."""
    secrets = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    return [hmac.digest(secret.encode(), b"postroom audit trail", "sha256") for secret in secrets]
