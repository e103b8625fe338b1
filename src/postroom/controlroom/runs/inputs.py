"""What a run, a schedule or a trigger gives its bot, encrypted by the vault in the record's own field."""

from collections.abc import Mapping
from typing import Any

import msgspec

from postroom.bots.encoding import decode, encode
from postroom.controlroom.vault import envelope, registry

FIELD = "encrypted_inputs"


def set_inputs(record: Any, inputs: Mapping[str, Any]) -> None:
    """Put the inputs into a `Run`, `Schedule` or `Trigger`, which the caller saves.

    Errors: SettingError where one cannot be kept, a secret above all; VaultLockedError, VaultKeyError.
    """
    plain = msgspec.json.encode(encode(dict(inputs)))
    setattr(record, FIELD, envelope.encrypt(registry.identify(record, FIELD), plain))


def get_inputs(record: Any) -> dict[str, Any]:
    """The inputs of a `Run`, `Schedule` or `Trigger`; empty where it has none.

    Errors: VaultLockedError, VaultKeyError, VaultDamagedError.
    """
    encrypted = getattr(record, FIELD)
    if encrypted is None:
        return {}
    plain = envelope.decrypt(registry.identify(record, FIELD), encrypted)
    inputs: dict[str, Any] = decode(msgspec.json.decode(plain))
    return inputs
