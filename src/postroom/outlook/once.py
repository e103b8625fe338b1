"""What makes a sending the same sending, in whichever attempt and process it is tried."""

import hashlib
from dataclasses import dataclass
from typing import Annotated
from uuid import uuid4

from postroom.actions import Label
from postroom.actions.once import find_once_key

Once = Annotated[
    str,
    Label(
        "Once",
        "A name for what this is about: under it, this is sent once from the mailbox, however often the bot is run.",
        "invoice 4711",
    ),
]


@dataclass(frozen=True)
class Stamp:
    """What a message that is sent is found again by; `is_given` says that an earlier process may have left it."""

    value: str
    is_given: bool


def create_stamp(mailbox: str, action: str, once: str, item: str = "") -> Stamp:
    """The stamp of one message: of what the caller names, else of the step of the run, else a fresh one.

    It is of this mailbox, action and item, so that it means nothing elsewhere and tells nobody what the name was.
    """
    key = once.strip() or find_once_key()
    if key is None:
        return Stamp(uuid4().hex, is_given=False)
    whole = "\n".join((mailbox.casefold(), action, key, item))
    return Stamp(hashlib.sha256(whole.encode()).hexdigest(), is_given=True)
