"""Postroom as its README shows it."""

import os
from pathlib import Path

from bench.clients.stopwatch import Outcome, Stopwatch, perform
from postroom import Credential, outlook


def connect() -> outlook.Mailbox:
    """Sign in to the mailbox with the credential `azure` of the environment."""
    return outlook.connect(
        cloud="Azure Global",
        authentication=outlook.ClientCredentials(
            client_id=Credential("azure", "client_id"),
            tenant_id=Credential("azure", "tenant_id"),
            client_secret=Credential("azure", "client_secret"),
            username=os.environ["BENCH_MAILBOX"],
        ),
    )


def read_first_message(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Read the newest message, from the start of the process."""
    with connect() as mailbox:
        subjects = [message.subject for message in mailbox.messages("Inbox", limit=1)]
        stopwatch.stop()
    return len(subjects), len(subjects[0])


def list_messages(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Go through every message once connected: how many there are, and how many are unread."""
    count = unread = 0
    with connect() as mailbox:
        list(mailbox.messages("Inbox", limit=1))
        stopwatch.start()
        for message in mailbox.messages("Inbox"):
            count += 1
            unread += not message.is_read
        stopwatch.stop()
    return count, unread


def save_attachments(stopwatch: Stopwatch, folder: Path) -> Outcome:
    """Save every attachment of every message once connected: how many messages, how many attachments."""
    with connect() as mailbox:
        list(mailbox.messages("Inbox", limit=1))
        stopwatch.start()
        messages = list(mailbox.messages("Inbox"))
        paths = mailbox.save_attachments(messages, to=folder)
        stopwatch.stop()
    return len(messages), len(paths)


if __name__ == "__main__":
    perform(
        {"first-message": read_first_message, "list": list_messages, "attachments": save_attachments},
    )
