"""Save every message and every attachment of a mailbox, with Postroom alone: `save_all.py ADDRESS FOLDER REPORT`.

The report is JSON: for each message the saved .eml, the saved attachments and the errors; and the peak memory.
"""

import json
import resource
import sys
from pathlib import Path
from typing import Any

from postroom import Credential, outlook
from postroom.errors import PostroomError


def main(address: str, folder: str, report: str) -> None:
    """Connect, save all, and write the report."""
    authentication = outlook.ClientCredentials(
        client_id=Credential("azure", "client_id"),
        tenant_id=Credential("azure", "tenant_id"),
        client_secret=Credential("azure", "client_secret"),
        username=address,
    )
    with outlook.connect(authentication=authentication) as mailbox:
        saved = [save_one(mailbox, message, Path(folder)) for message in mailbox.messages("Inbox")]
    peak_kib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Path(report).write_text(json.dumps({"messages": saved, "peak_mib": peak_kib / 1024}))


def save_one(mailbox: outlook.Mailbox, message: outlook.Message, folder: Path) -> dict[str, Any]:
    """Save a message and its attachments to folders that all messages share."""
    saved: dict[str, Any] = {"emails": [], "attachments": [], "errors": []}
    try:
        saved["emails"] = [str(path) for path in mailbox.save_email(message, to=folder / "messages")]
        paths = mailbox.save_attachments(message, to=folder / "attachments", nested=True)
        saved["attachments"] = [str(path) for path in paths]
    except PostroomError as error:
        saved["errors"].append(f"{type(error).__name__}: {error}")
    return saved


if __name__ == "__main__":
    main(*sys.argv[1:])
