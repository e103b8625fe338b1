"""The API keys of devices: how one is made, and whose a given one is."""

import hashlib
import hmac
import secrets
from datetime import timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from postroom.controlroom.accounts.models import Device, User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.requests import get_origin
from postroom.values import Secret

LAST_USED_SECONDS = 60
"""How exactly `last_used` is kept: each write costs more than the request."""

_PREFIX_BYTES = 5


@transaction.atomic
def add_device(user: User, name: str) -> tuple[Device, Secret]:
    """Make a device of the user, and its key, which nobody can show a second time."""
    prefix = f"prk_{secrets.token_hex(_PREFIX_BYTES)}"
    key = Secret(f"{prefix}_{secrets.token_urlsafe(32)}")
    device = Device.objects.create(user=user, name=name[:100], key_prefix=prefix, key_hash=key.fingerprint())
    record(Event.DEVICE_ADDED, actor=user, target=device.name)
    return device, key


def find_device(key: str) -> Device | None:
    """The device that has this key, also a revoked one; None where no device has it."""
    prefix = "_".join(key.split("_", 2)[:2])
    device = Device.objects.select_related("user").filter(key_prefix=prefix).first()
    given = hashlib.sha256(key.encode()).hexdigest()
    # Compared also where there is none, and in constant time: how long it takes tells nothing of a key.
    is_right = hmac.compare_digest(given, device.key_hash if device else "0" * len(given))
    return device if is_right else None


def note_use(device: Device) -> bool:
    """Keep when and from where the device was used, once a minute; say whether this was the one."""
    now = timezone.now()
    just_before = now - timedelta(seconds=LAST_USED_SECONDS)
    if device.last_used is not None and device.last_used >= just_before:
        return False  # without a write, which would make requests wait for each other
    late = Q(last_used__isnull=True) | Q(last_used__lt=just_before)
    return bool(
        Device.objects.filter(late, pk=device.pk).update(
            last_used=now, last_address=get_origin().address or None
        )
    )


@transaction.atomic
def revoke_device(actor: User, device: Device) -> bool:
    """End the device's key; say whether it was good until now."""
    was_good = bool(Device.objects.filter(pk=device.pk, revoked=None).update(revoked=timezone.now()))
    if was_good:
        record(Event.DEVICE_REVOKED, actor=actor, target=device.name, user=device.user.username)
    return was_good
