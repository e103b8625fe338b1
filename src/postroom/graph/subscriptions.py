"""microsoft.graph.subscription: create, renew, delete, for notifications of new mail.

Source: Create subscription; Reduce missing subscriptions and change notifications (lifecycle notifications).
"""

from datetime import UTC, datetime
from urllib.parse import quote

import msgspec

from postroom.errors import NotFoundError
from postroom.graph.client import GraphClient, Request
from postroom.values import Secret


class Subscription(msgspec.Struct, frozen=True):
    """A subscription: what finds it, and until when it lasts unless it is renewed."""

    id: str
    expires: datetime = msgspec.field(name="expirationDateTime")


def create_subscription(
    client: GraphClient, folder_id: str, receiver_url: str, client_state: Secret, expires: datetime
) -> Subscription:
    """Have notifications of what comes into a folder sent to an address, which Graph tries at once.

    The client state comes with each, and proves it. An app that acts for a user is told of the user's own mailbox only.
    """
    body = {
        "changeType": "created",
        "notificationUrl": receiver_url,
        "lifecycleNotificationUrl": receiver_url,
        "resource": f"{client.mailbox_path.lstrip('/')}/mailFolders/{quote(folder_id, safe='')}/messages",
        "expirationDateTime": _write_time(expires),
        "clientState": client_state.reveal(),
    }
    return client.fetch(Request("POST", "/subscriptions", body=body, apart=True), Subscription)


def renew_subscription(client: GraphClient, subscription_id: str, expires: datetime) -> Subscription | None:
    """Let a subscription last longer, and let the app prove its rights again; None where there is none any more."""
    body = {"expirationDateTime": _write_time(expires)}
    try:
        return client.fetch(Request("PATCH", _path(subscription_id), body=body, apart=True), Subscription)
    except NotFoundError:
        return None


def delete_subscription(client: GraphClient, subscription_id: str) -> None:
    """End a subscription; one that is not there any more is no error."""
    try:
        client.send(Request("DELETE", _path(subscription_id), apart=True))
    except NotFoundError:
        return


def _path(subscription_id: str) -> str:
    return f"/subscriptions/{quote(subscription_id, safe='')}"


def _write_time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
