"""python-o365 as its documentation shows it, with the client credentials flow.

`--without-delay` sets the pause it makes between requests (200 ms as shipped) to nothing.
"""

import os
import sys
from pathlib import Path
from typing import Any

from O365 import Account  # type: ignore[import-untyped]

from bench.clients.stopwatch import Outcome, Stopwatch, perform


def connect_to_inbox() -> Any:
    """Sign in and return the inbox."""
    options = {"requests_delay": 0} if "--without-delay" in sys.argv else {}
    account = Account(
        (os.environ["BENCH_CLIENT_ID"], os.environ["BENCH_CLIENT_SECRET"]),
        auth_flow_type="credentials",
        tenant_id=os.environ["BENCH_TENANT_ID"],
        **options,
    )
    if not account.authenticate(requested_scopes=["https://graph.microsoft.com/.default"]):
        sys.exit("python-o365 was given no token.")
    return account.mailbox(resource=os.environ["BENCH_MAILBOX"]).inbox_folder()


def read_first_message(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Read the newest message, from the start of the process."""
    subjects = [message.subject for message in connect_to_inbox().get_messages(limit=1)]
    stopwatch.stop()
    return len(subjects), len(subjects[0])


def list_messages(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Go through every message once connected: how many there are, and how many are unread."""
    inbox = connect_to_inbox()
    list(inbox.get_messages(limit=1))
    count = unread = 0
    stopwatch.start()
    for message in inbox.get_messages(limit=None):
        count += 1
        unread += not message.is_read
    stopwatch.stop()
    return count, unread


def save_attachments(stopwatch: Stopwatch, folder: Path) -> Outcome:
    """Save every attachment of every message once connected: how many messages, how many attachments."""
    inbox = connect_to_inbox()
    list(inbox.get_messages(limit=1))
    messages = saved = 0
    stopwatch.start()
    for message in inbox.get_messages(limit=None):
        messages += 1
        message.attachments.download_attachments()
        for attachment in message.attachments:
            saved += attachment.save(location=folder)
    stopwatch.stop()
    return messages, saved


if __name__ == "__main__":
    perform(
        {"first-message": read_first_message, "list": list_messages, "attachments": save_attachments},
    )
