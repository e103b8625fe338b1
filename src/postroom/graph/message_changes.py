"""microsoft.graph.message: delta, for what has come into a folder since a checkpoint.

Source: message: delta; Use delta query to track changes in Microsoft Graph data.
"""

from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import field

from postroom.errors import GraphError
from postroom.graph.client import GraphClient, Request
from postroom.graph.models import Message, Page

GONE = 410
MESSAGES_A_PAGE = 100


class ChangedMessage(Message, frozen=True, gc=False):
    """A message that a delta query tells of; of one that left the folder nothing but the id is there."""

    removed: Any = field(name="@removed", default=None)


class MessageChanges(msgspec.Struct, frozen=True):
    """Some of the messages of a folder, and the checkpoint from which the next are asked for.

    `is_all` says that there are no more at the moment.
    """

    messages: tuple[ChangedMessage, ...]
    checkpoint: str
    is_all: bool


def fetch_message_changes(
    client: GraphClient, folder_id: str, checkpoint: str | None
) -> MessageChanges | None:
    """Fetch what came into a folder after a checkpoint; without one, all that lies in it, some at a time.

    What is moved into the folder has come into it. None where the service has forgotten the checkpoint (410), and
    everything has to be read anew. Errors: as all of the client's.
    """
    request = _create_request(folder_id)
    try:
        if checkpoint is None:
            page = client.fetch(request, Page[ChangedMessage])
        else:
            page = client.fetch_next_page(request, checkpoint, ChangedMessage)
    except GraphError as error:
        if error.status == GONE and checkpoint is not None:
            return None
        raise
    following = page.next_link or page.delta_link or ""
    present = tuple(message for message in page.value if message.removed is None)
    return MessageChanges(present, following, page.next_link is None)


def _create_request(folder_id: str) -> Request:
    return Request(
        "GET",
        f"/mailFolders/{quote(folder_id, safe='')}/messages/delta",
        params={"changeType": "created", "$select": _SELECT},
        prefer=(f"odata.maxpagesize={MESSAGES_A_PAGE}",),
    )


_SELECT = ",".join(
    known.encode_name for known in msgspec.structs.fields(Message) if known.encode_name not in ("id", "body")
)
