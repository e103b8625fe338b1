"""Watching a folder for whoever begins bots: what came since a checkpoint, and subscriptions to be told of it.

No actions: bots list messages, and what runs bots by itself calls these with a mailbox that it has connected.
"""

from datetime import datetime

from postroom.graph.message_changes import MessageChanges, fetch_message_changes
from postroom.graph.models import Message
from postroom.graph.subscriptions import (
    Subscription,
    create_subscription,
    delete_subscription,
    renew_subscription,
)
from postroom.outlook.filters import create_senders_filter, create_subject_filter
from postroom.outlook.mailbox import Mailbox
from postroom.values import Secret


def fetch_changes(mailbox: Mailbox, folder: str, checkpoint: str | None) -> MessageChanges | None:
    """Fetch what came into the folder of this path after a checkpoint (`graph.message_changes`).

    Errors: FolderNotFoundError, SettingError, and those of the client.
    """
    return fetch_message_changes(mailbox._graph, mailbox._folders.get_folder_id(folder), checkpoint)


def is_wanted(message: Message, *, unread: bool, subject: str, senders: str) -> bool:
    """Say whether a message passes these filters, which mean what they mean when messages are listed."""
    filters = (create_subject_filter(subject or None), create_senders_filter(senders or None))
    is_new_enough = not (unread and message.is_read)
    return is_new_enough and not message.is_draft and all(known.test(message) for known in filters if known)


def subscribe(
    mailbox: Mailbox, folder: str, receiver_url: str, client_state: Secret, expires: datetime
) -> Subscription:
    """Have an address told of what comes into the folder of this path. Errors: as `fetch_changes`."""
    folder_id = mailbox._folders.get_folder_id(folder)
    return create_subscription(mailbox._graph, folder_id, receiver_url, client_state, expires)


def renew(mailbox: Mailbox, subscription_id: str, expires: datetime) -> Subscription | None:
    """Let a subscription last longer; None where there is none any more."""
    return renew_subscription(mailbox._graph, subscription_id, expires)


def unsubscribe(mailbox: Mailbox, subscription_id: str) -> None:
    """End a subscription."""
    delete_subscription(mailbox._graph, subscription_id)
