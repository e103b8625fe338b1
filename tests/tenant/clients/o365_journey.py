"""A bot on python-o365: JSON on standard input says where to, a report goes to standard output.

python-o365 knows the hosts of Azure Global alone. To another cloud its users lead it by deriving from its protocol and
its connection, which is what stands below; nothing else of it is changed.
"""

import json
import sys
from pathlib import Path
from typing import Any

from O365 import Account, MSGraphProtocol
from O365.connection import Connection
from O365.utils.token import MemoryTokenBackend

TOLD: dict[str, Any] = json.load(sys.stdin)


class CloudProtocol(MSGraphProtocol):  # type: ignore[misc]  # it has no types
    """Graph at the host that is told."""

    _protocol_url = f"{TOLD['graph']}/"
    _oauth_scope_prefix = f"{TOLD['graph']}/"


class CloudConnection(Connection):  # type: ignore[misc]  # as above
    """Entra ID at the host that is told."""

    def __init__(self, *arguments: Any, **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._msal_authority = f"{TOLD['login']}/{TOLD['tenant_id']}"


class CloudAccount(Account):  # type: ignore[misc]  # as above
    """An account there."""

    connection_constructor = CloudConnection


def main() -> None:
    """Do all of it, and report."""
    account_type, protocol_type = (Account, MSGraphProtocol)
    if not TOLD["graph"].endswith(".com"):
        account_type, protocol_type = CloudAccount, CloudProtocol
    account = account_type(
        (TOLD["client_id"], TOLD["client_secret"]),
        auth_flow_type="credentials",
        tenant_id=TOLD["tenant_id"],
        protocol=protocol_type(default_resource=TOLD["mailbox"]),
        main_resource=TOLD["mailbox"],
        token_backend=MemoryTokenBackend(),
        requests_delay=0,
    )
    assert account.authenticate()
    mailbox = account.mailbox()
    inbox = mailbox.inbox_folder()
    query = inbox.new_query().equals(attribute="isRead", word=False)
    messages = list(inbox.get_messages(limit=None, batch=5, query=query))
    read = inbox.get_message(messages[0].object_id)
    report = {
        "subjects": [message.subject for message in messages],
        "sender": read.sender.address,
        "body": read.body,
        "moved": move(mailbox, messages[0]),
        "upload": send_large(mailbox),
        "marked": messages[1].mark_as_read(),
    }
    print(json.dumps(report))


def move(mailbox: Any, message: Any) -> str:
    """Move a message to a new folder, and give the subject of what lies there."""
    folder = mailbox.create_child_folder("Done")
    assert message.move(folder)
    (moved,) = folder.get_messages()
    return str(moved.subject)


def send_large(mailbox: Any) -> str:
    """Send a message with an attachment that needs an upload session; gives what is refused."""
    file = Path(TOLD["folder"]) / "large.bin"
    file.write_bytes(bytes(range(256)) * (TOLD["attachment_bytes"] // 256))
    message = mailbox.new_message()
    message.to.add(TOLD["mailbox"])
    message.subject = "Large"
    assert message.save_draft()  # python-o365 opens upload sessions for messages only that are drafts already
    message.attachments.add(str(file))
    try:
        assert message.save_draft()
        return "sent" if message.send() else "not sent"
    except Exception as error:  # noqa: BLE001 - python-o365 raises the errors of requests and its own
        return str(error)


if __name__ == "__main__":
    main()
