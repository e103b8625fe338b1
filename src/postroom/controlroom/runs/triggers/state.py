"""Where a trigger has come to: encrypted, because the checkpoint opens what came and the client state proves who tells.

Written under a number that grows, so that of two writers the later one is refused instead of going back.
"""

import dataclasses
from dataclasses import dataclass
from datetime import datetime

import msgspec

from postroom.controlroom.runs.models import Trigger
from postroom.controlroom.vault import envelope, registry

FIELD = "encrypted_state"


@dataclass(frozen=True)
class TriggerState:
    """How far a trigger is.

    Until it has been through the folder once (`is_caught_up`), mail counts that was received from `since` on; after
    that, whatever comes into the folder. `complete` is when it last had seen all that there was.
    """

    since: datetime
    checkpoint: str | None = None
    is_caught_up: bool = False
    complete: datetime | None = None
    client_state: str = dataclasses.field(default="", repr=False)
    """What comes with notifications that are meant for this trigger."""


def get_state(trigger: Trigger) -> TriggerState | None:
    """Where the trigger has come to; None before it began. Errors: VaultError."""
    if trigger.encrypted_state is None:
        return None
    plain = envelope.decrypt(registry.identify(trigger, FIELD), trigger.encrypted_state)
    return msgspec.json.decode(plain, type=TriggerState)


def seal_state(trigger: Trigger, state: TriggerState) -> bytes:
    """The state as the trigger's row keeps it. Errors: VaultError."""
    return envelope.encrypt(registry.identify(trigger, FIELD), msgspec.json.encode(state))


def put_state(trigger: Trigger, state: TriggerState) -> bool:
    """Write how far the trigger is, at once; say whether nobody else has written since it was read."""
    written = Trigger.objects.filter(pk=trigger.pk, generation=trigger.generation).update(
        encrypted_state=seal_state(trigger, state), generation=trigger.generation + 1
    )
    trigger.generation += 1
    return bool(written)
