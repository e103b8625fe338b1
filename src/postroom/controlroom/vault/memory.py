"""The keys that this process holds, in memory alone."""

import uuid
from dataclasses import dataclass, field

from postroom.controlroom.vault.sealing import Key


@dataclass
class KeyMemory:
    """The master key and the data keys it has opened; never written anywhere.

    Threads share it without a lock: each step is one assignment, and whoever comes too late only looks again. A
    lock held during a query would wait for a writer who waits for the lock.
    """

    master: Key | None = None
    data_keys: dict[uuid.UUID, Key] = field(default_factory=dict, repr=False)
    lock_count: int | None = None
    looked_seconds: float = float("-inf")
    """When the state of the vault was last read, on the monotonic clock."""

    def forget(self) -> None:
        """Drop all keys, as nobody unlocked the vault yet."""
        self.master = None
        self.data_keys = {}
        self.lock_count = None
        self.looked_seconds = float("-inf")


memory = KeyMemory()
