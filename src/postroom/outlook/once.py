"""What makes a sending the same sending, in whichever attempt and process it is tried."""

import hashlib
import logging
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import uuid4

from postroom.actions import Label
from postroom.actions.once import find_once_key
from postroom.folders import get_state_folder

if TYPE_CHECKING:
    import filelock

logger = logging.getLogger("postroom.outlook")

NOTICE_AFTER_SECONDS = 5.0
"""A script that waits for longer than this until another has sent says why."""

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


@contextmanager
def take_turn(stamp: Stamp, once: str) -> Iterator[None]:
    """Let no other script of this user on this machine send under the same name meanwhile; without a name, do nothing.

    Stamps share a few locks, whose files stay, and the operating system frees the lock of a process that was killed.
    Where the user has no folder to write to, nobody waits for anybody.
    """
    if not once.strip():
        yield
        return
    import filelock  # noqa: PLC0415 - costs as much as HTTP, and few scripts name what they send

    lock = filelock.FileLock(get_state_folder() / "once" / f"{stamp.value[:2]}.lock", mode=0o600)
    with suppress(OSError):
        _acquire(lock)
    try:
        yield
    finally:
        lock.release()


def _acquire(lock: "filelock.BaseFileLock") -> None:
    Path(lock.lock_file).parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        lock.acquire(timeout=NOTICE_AFTER_SECONDS)
    except TimeoutError:
        logger.warning("Another script sends under the same name; this one goes on as soon as that is done.")
        lock.acquire()
