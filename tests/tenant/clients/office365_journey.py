"""A bot on Office365-REST-Python-Client: JSON on standard input says where to, a report goes to standard output."""

import json
import sys
from pathlib import Path
from typing import Any

from office365.azure_env import AzureEnvironment
from office365.directory.users.user import User
from office365.graph_client import GraphClient
from office365.outlook.mail.messages.message import Message
from office365.runtime.exceptions import ClientRequestException

TOLD: dict[str, Any] = json.load(sys.stdin)


def main() -> None:
    """Do all of it, and report."""
    in_government = TOLD["graph"].endswith(".us")
    client = GraphClient(
        tenant=TOLD["tenant_id"],
        environment=AzureEnvironment.USGovernmentHigh if in_government else AzureEnvironment.Global,
    ).with_client_secret(TOLD["client_id"], TOLD["client_secret"])
    user = client.users[TOLD["mailbox"]]
    inbox = user.mail_folders["Inbox"]
    messages = list(inbox.messages.filter("isRead eq false").get_all(page_size=5).execute_query())
    report = {
        "subjects": [message.subject for message in messages],
        "body": messages[0].body.content,
        "batch": read_in_batch(client, user, [str(message.id) for message in messages[1:4]]),
        "delta": [message.subject for message in inbox.messages.delta.get_all(page_size=5).execute_query()],
        "moved": move(user, messages[0]),
        "marked": mark(user, str(messages[1].id)),
        "upload": send_large(user),
    }
    print(json.dumps(report))


def read_in_batch(client: GraphClient, user: User, ids: list[str]) -> list[str | None]:
    """Mark messages as read in one batch, and read them in another."""
    for one in ids:
        user.messages[one].set_property("isRead", value=True).update()
    client.execute_batch()
    read = [user.messages[one].get() for one in ids]
    client.execute_batch()
    assert all(message.is_read for message in read)
    return [message.subject for message in read]


def move(user: User, message: Message) -> str | None:
    """Move a message to a new folder, and give the subject of what lies there."""
    folder = user.mail_folders.add("Done").execute_query()
    message.move(folder).execute_query()
    (moved,) = folder.messages.get().execute_query()
    return moved.subject


def mark(user: User, message_id: str) -> bool | None:
    """Mark a message as read, and read it again."""
    user.messages[message_id].set_property("isRead", value=True).update().execute_query()
    return user.messages[message_id].get().execute_query().is_read


def send_large(user: User) -> str:
    """Send a message with an attachment that needs an upload session; gives what is refused."""
    file = Path(TOLD["folder"]) / "large.bin"
    file.write_bytes(bytes(range(256)) * (TOLD["attachment_bytes"] // 256))
    try:
        draft = user.messages.add("Large", "See the attachment.", [TOLD["mailbox"]])
        draft.upload_attachment(str(file)).execute_query()
        draft.send().execute_query()
    except ClientRequestException as error:
        return str(error)
    return "sent"


if __name__ == "__main__":
    main()
