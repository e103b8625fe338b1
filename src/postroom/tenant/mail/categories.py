"""The categories that a new mailbox has."""

import uuid

from postroom.tenant.mail.database import Row
from postroom.tenant.mail.entities import CATEGORY, Entities

_FIRST = {
    "Red category": "preset0",
    "Orange category": "preset1",
    "Yellow category": "preset3",
    "Green category": "preset4",
    "Blue category": "preset7",
    "Purple category": "preset8",
}


def create_first_categories(entities: Entities, mailbox: Row) -> None:
    """Give a new mailbox the categories that Outlook begins with."""
    for name, color in _FIRST.items():
        entities.put(mailbox["key"], CATEGORY, str(uuid.uuid4()), {"displayName": name, "color": color})
