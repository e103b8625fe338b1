"""What is to be told to receivers, until they have taken it or four hours have gone by.

[?] The waits between attempts are ours: Microsoft's documents only say that they grow, and when it gives up.
"""

import itertools
import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from postroom.tenant.clock import Clock
from postroom.tenant.mail.database import Database, Row

GIVE_UP_SECONDS = 4 * 3600
LONGEST_WAIT_SECONDS = 600
MOST_TOGETHER = 100


@dataclass(frozen=True)
class Parcel:
    """Hold what one request brings to one receiver."""

    address: str
    keys: tuple[int, ...]
    notifications: tuple[dict[str, Any], ...]


class Outbox:
    """Keep notifications that nobody has taken yet; times are those of the tenant's clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def add(self, entries: Iterable[tuple[str, dict[str, Any]]]) -> None:
        """Note what is to be told to whom: pairs of an address and a notification."""
        now = self._now()
        with self._database.transaction():
            for address, notification in entries:
                columns = {"address": address, "content": json.dumps(notification), "noted": now, "due": now}
                self._database.insert("notifications", columns)

    def is_waiting(self) -> bool:
        """Tell whether anything is left to be told."""
        return self._database.find_row("SELECT 1 FROM notifications") is not None

    def list_due(self) -> list[Parcel]:
        """Put together what is to be told now, oldest first, after having dropped what is too old."""
        now = self._now()
        self._database.execute("DELETE FROM notifications WHERE noted < ?", (now - GIVE_UP_SECONDS,))
        sql = "SELECT key, address, content FROM notifications WHERE due <= ? ORDER BY address, key"
        by_address = itertools.groupby(self._database.rows(sql, (now,)), key=lambda row: str(row["address"]))
        return [_pack(address, some) for address, rows in by_address for some in _split(list(rows))]

    def take_out(self, parcel: Parcel) -> None:
        """Forget what has arrived."""
        with self._database.transaction():
            for key in parcel.keys:
                self._database.execute("DELETE FROM notifications WHERE key = ?", (key,))

    def put_off(self, parcel: Parcel) -> None:
        """Try again later what has not arrived, after a longer wait each time."""
        now = self._now()
        with self._database.transaction():
            for key in parcel.keys:
                self._database.execute(
                    "UPDATE notifications SET attempts = attempts + 1, due = ? + MIN(?, 1 << MIN(attempts, 20)) "
                    "WHERE key = ?",
                    (now, LONGEST_WAIT_SECONDS, key),
                )

    def _now(self) -> float:
        return self._clock.now().timestamp()


def _split(rows: list[Row]) -> list[list[Row]]:
    return [rows[start : start + MOST_TOGETHER] for start in range(0, len(rows), MOST_TOGETHER)]


def _pack(address: str, rows: list[Row]) -> Parcel:
    keys = tuple(row["key"] for row in rows)
    return Parcel(address, keys, tuple(json.loads(row["content"]) for row in rows))
