"""The subscriptions of one cloud: kept, found, and told what changes.

[?] A move is told as a deletion and a creation, whichever ids a subscription is for.
[?] Nothing is told of an expiry itself; lifecycle notifications are sent when the control endpoint says so.
"""

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from postroom.tenant.clock import Clock
from postroom.tenant.mail.changes import Change
from postroom.tenant.mail.database import Condition, Row
from postroom.tenant.mail.identifiers import change_key
from postroom.tenant.mail.store import MailStore
from postroom.tenant.notifications.courier import Courier
from postroom.tenant.notifications.outbox import Outbox

# Of what is gone there is no version any more.
_NO_CHANGE_KEY = "CQAAAA=="


@dataclass(frozen=True)
class Subscription:
    """Describe one subscription, by what Graph calls its parts; times are ISO texts in UTC."""

    id: str
    owner_id: str
    """Whose mailbox it is of."""
    application_id: str
    creator_id: str
    resource: str
    change_types: tuple[str, ...]
    notification_url: str
    expires: str
    lifecycle_url: str | None = None
    client_state: str | None = None
    tls_version: str = "v1_2"
    encryption_certificate: str | None = None
    encryption_certificate_id: str | None = None
    notification_url_app_id: str | None = None
    immutable_ids: bool = False


class Subscriptions:
    """Keep the subscriptions of one cloud, and put into the outbox what their receivers are to be told."""

    def __init__(self, store: MailStore, clock: Clock, tenant_id: str) -> None:
        self._database = store.database
        self._store = store
        self._clock = clock
        self._tenant_id = tenant_id
        self._outbox = Outbox(store.database, clock)
        self._courier = Courier(self._outbox)
        self._starting = threading.Lock()
        self._listens = False

    def take_up(self) -> None:
        """Go on with what an earlier run, or an earlier state of the store, left."""
        if self._database.find_row("SELECT 1 FROM subscriptions") or self._outbox.is_waiting():
            self._start()

    def stop(self) -> None:
        """Deliver nothing any more."""
        self._courier.stop()

    def add(
        self, subscription: Subscription, mailbox: int, folder: int | None, condition: Condition | None
    ) -> None:
        """Keep a new subscription to the messages of a mailbox or folder, or to those that a condition holds for."""
        with self._database.transaction():
            key = self._database.insert(
                "subscriptions",
                {
                    "subscription_id": subscription.id,
                    "mailbox": mailbox,
                    "folder": folder,
                    "condition": msgspec.json.encode(condition).decode() if condition else None,
                    "expires": subscription.expires,
                    "content": msgspec.json.encode(subscription).decode(),
                },
            )
            if condition:
                scope = _scope(mailbox, folder) & condition
                self._database.execute(
                    f"INSERT INTO watched_messages SELECT {key}, key FROM messages WHERE {scope.sql}",  # noqa: S608 - compiled, values bound
                    scope.values,
                )
        self._start()

    def list(self) -> list[Subscription]:
        """List the subscriptions that have not expired, oldest first."""
        rows = self._database.rows(
            "SELECT content FROM subscriptions WHERE expires > ? ORDER BY key", (self._now(),)
        )
        return [_read(row) for row in rows]

    def find(self, subscription_id: str) -> Subscription | None:
        """Return the subscription with this id, unless it has expired, or None."""
        sql = "SELECT content FROM subscriptions WHERE subscription_id = ? AND expires > ?"
        row = self._database.find_row(sql, (subscription_id.lower(), self._now()))
        return _read(row) if row else None

    def put(self, subscription: Subscription) -> None:
        """Keep a subscription in the place of what it was before."""
        self._database.execute(
            "UPDATE subscriptions SET expires = ?, content = ? WHERE subscription_id = ?",
            (subscription.expires, msgspec.json.encode(subscription).decode(), subscription.id),
        )

    def remove(self, subscription: Subscription) -> None:
        """Forget a subscription; what is on its way to its receiver still arrives."""
        with self._database.transaction():
            self._database.execute(
                "DELETE FROM watched_messages WHERE subscription IN "
                "(SELECT key FROM subscriptions WHERE subscription_id = ?)",
                (subscription.id,),
            )
            self._database.execute("DELETE FROM subscriptions WHERE subscription_id = ?", (subscription.id,))

    def send_lifecycle_event(self, subscription: Subscription, event: str) -> None:
        """Tell the receiver of lifecycle notifications what becomes of its subscription."""
        if subscription.lifecycle_url is not None:
            notification = self._common(subscription) | {"lifecycleEvent": event}
            self._outbox.add([(subscription.lifecycle_url, notification)])
            self._courier.wake()

    def _start(self) -> None:
        with self._starting:
            if not self._listens:
                self._listens = True
                self._store.changes.listen(self._hear)
        self._courier.start()
        self._courier.wake()

    def _hear(self, changes: Sequence[Change]) -> None:
        """Put into the outbox what these changes mean to each subscription."""
        told = [change for change in changes if change.subject == "message"]
        if not told:
            return
        with self._database.transaction():
            sql = "SELECT * FROM subscriptions WHERE expires > ?"
            rows = self._database.rows(sql, (self._now(),))
            self._outbox.add(entry for row in rows for entry in self._notify(row, told))
        self._courier.wake()

    def _notify(self, row: Row, changes: Iterable[Change]) -> Iterable[tuple[str, dict[str, Any]]]:
        subscription = _read(row)
        for change in changes:
            if change.mailbox != row["mailbox"] or row["folder"] not in (None, change.folder):
                continue
            kind = self._kind_for(row, change)
            if kind in subscription.change_types:
                yield subscription.notification_url, self._describe(subscription, change, kind)

    def _kind_for(self, row: Row, change: Change) -> str | None:
        """Tell what a change is to a subscription: with a condition, whether something comes under it or leaves it."""
        if row["condition"] is None:
            return change.kind
        place = (row["key"], change.key)
        was = self._database.find_row(
            "SELECT 1 FROM watched_messages WHERE subscription = ? AND message = ?", place
        )
        scope = Condition("key = ?", (change.key,)) & _scope(row["mailbox"], row["folder"])
        scope &= msgspec.json.decode(row["condition"], type=Condition)
        found = self._database.find_row(f"SELECT 1 FROM messages WHERE {scope.sql}", scope.values)  # noqa: S608 - as above
        if found and not was:
            self._database.execute("INSERT INTO watched_messages VALUES (?, ?)", place)
            return "created"
        if was and not found:
            self._database.execute(
                "DELETE FROM watched_messages WHERE subscription = ? AND message = ?", place
            )
            return "deleted"
        return "updated" if found else None

    def _describe(self, subscription: Subscription, change: Change, kind: str) -> dict[str, Any]:
        item_id = change.immutable_id if subscription.immutable_ids else change.item_id
        place = f"Users/{subscription.owner_id}/Messages/{item_id}"
        return self._common(subscription) | {
            "changeType": kind,
            "resource": place,
            "resourceData": {
                "@odata.type": "#Microsoft.Graph.Message",
                "@odata.id": place,
                "@odata.etag": f'W/"{self._change_key(change)}"',
                "id": item_id,
            },
        }

    def _common(self, subscription: Subscription) -> dict[str, Any]:
        return {
            "subscriptionId": subscription.id,
            "subscriptionExpirationDateTime": subscription.expires,
            "clientState": subscription.client_state,
            "tenantId": self._tenant_id,
        }

    def _change_key(self, change: Change) -> str:
        row = self._database.find_row("SELECT key, change FROM messages WHERE key = ?", (change.key,))
        return change_key(row) if row else _NO_CHANGE_KEY

    def _now(self) -> str:
        return write_time(self._clock.now())


def write_time(time: datetime) -> str:
    """Write a time as subscriptions carry it; such texts compare as the times do."""
    return time.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _scope(mailbox: int, folder: int | None) -> Condition:
    whole = Condition("mailbox = ?", (mailbox,))
    return whole if folder is None else whole & Condition("folder = ?", (folder,))


def _read(row: Row) -> Subscription:
    return msgspec.json.decode(row["content"], type=Subscription)
