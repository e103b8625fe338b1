"""Which fields of which models are encrypted: what a rotation walks through, and how a field is named."""

import uuid
from typing import Any, NamedTuple

from django.apps import apps
from django.db import models


class EncryptedField(NamedTuple):
    """A binary field whose values come from `envelope.encrypt`."""

    model: str
    """As Django labels it: `connections.ClientSecret`."""
    field: str

    def get_model(self) -> type[models.Model]:
        """The model itself. Errors: LookupError where no app has it."""
        return apps.get_model(self.model)


_fields = [
    EncryptedField("vault.Attribute", "encrypted"),
    EncryptedField("vault.PersonalValue", "encrypted"),
    EncryptedField("connections.ClientSecret", "encrypted"),
    EncryptedField("connections.ConnectionToken", "encrypted"),
    EncryptedField("connections.SignInAttempt", "encrypted_flow"),
]


def register(model: str, field: str) -> None:
    """Let rotations find this field: an app does so for each of its own, in its `ready`."""
    entry = EncryptedField(model, field)
    if entry not in _fields:
        _fields.append(entry)


def list_fields() -> list[EncryptedField]:
    """All encrypted fields that there are."""
    return list(_fields)


def get_identity(model: str, key: uuid.UUID | str | int, field: str) -> str:
    """The name of one field of one record, as `envelope` takes it: `connections.ClientSecret/<uuid>/encrypted`."""
    return f"{model}/{key}/{field}"


def identify(record: Any, field: str) -> str:
    """The same, for a record that one holds."""
    return get_identity(record._meta.label, record.pk, field)
