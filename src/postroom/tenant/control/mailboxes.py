"""The control endpoints that look into mailboxes and deliver into them, past permissions and faults."""

import base64
import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.control.requests import ControlInputError, get_tenant
from postroom.tenant.mail.arrival import receive
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.store import MailStore
from postroom.tenant.state import CloudState

# A folder that no listing shows is not shown here either, and so is what was deleted beyond Deleted Items.
_MESSAGES = """
SELECT messages.* FROM messages JOIN folders ON folders.key = messages.folder
WHERE messages.mailbox = ? AND folders.hidden = 0 ORDER BY messages.received DESC, messages.key DESC
"""
_ATTACHMENTS = "SELECT * FROM attachments WHERE message = ? ORDER BY key"


async def describe_mailbox(request: Request) -> Response:
    """Tell which folders a mailbox has, with the number of messages in each."""
    address = request.path_params["address"]
    cloud = _get_cloud(request, address)
    folders = await run_in_threadpool(cloud.mail.folder_counts, address)
    return JSONResponse({"address": address.lower(), "cloud": cloud.name, "folders": folders})


async def list_messages(request: Request) -> Response:
    """List the messages of a mailbox, newest first, with their folders and their attachments in Base64."""
    address = request.path_params["address"]
    cloud = _get_cloud(request, address)
    return JSONResponse(await run_in_threadpool(_describe_messages, cloud.mail, address))


async def deliver_message(request: Request) -> Response:
    """Let the MIME message of the body come in, received now; the id is null where a rule drops it."""
    address = request.path_params["address"]
    cloud = _get_cloud(request, address)
    mime = await request.body()
    if not mime.strip():
        raise ControlInputError("The body must be the MIME message to deliver; it is empty.")
    user = cloud.directory.find_user(address)
    assert user is not None  # its cloud was found by it
    message_id = await run_in_threadpool(receive, cloud.mail, cloud.directory, user, mime)
    return JSONResponse({"id": message_id}, 201)


def _get_cloud(request: Request, address: str) -> CloudState:
    cloud = get_tenant(request).find_cloud_of(address)
    if cloud is None:
        raise ControlInputError(f"No mailbox has the address {address}.", 404)
    return cloud


def _describe_messages(mail: MailStore, address: str) -> list[dict[str, Any]]:
    mailbox = mail.get_mailbox(address)
    with mail.batch():  # so that nothing changes in between
        return [_describe_message(mail, row) for row in mail.database.rows(_MESSAGES, (mailbox["key"],))]


def _describe_message(mail: MailStore, row: Row) -> dict[str, Any]:
    folder = mail.folders.get(row["mailbox"], row["folder_id"])
    attachments = mail.database.rows(_ATTACHMENTS, (row["key"],))
    return {
        "id": row["immutable_id"],
        "folder": mail.folders.path_of(folder),
        "subject": row["subject"],
        "sender": row["from_address"],
        "to": _addresses(row["to_people"]),
        "cc": _addresses(row["cc_people"]),
        "bcc": _addresses(row["bcc_people"]),
        "received": f"{row['received']}Z",
        "is_read": row["is_read"] == 1,
        "is_draft": row["is_draft"] == 1,
        "categories": json.loads(row["categories"]),
        "body_type": row["body_type"],
        "body": row["body"],
        "attachments": [_describe_attachment(mail, attachment) for attachment in attachments],
    }


def _addresses(people: str) -> list[str]:
    return [person["emailAddress"]["address"] for person in json.loads(people)]


def _describe_attachment(mail: MailStore, row: Row) -> dict[str, Any]:
    read = mail.read_attachment(row)
    content = base64.b64encode(read.content).decode()
    return {"name": read.name, "content_type": read.content_type, "content": content}


MAILBOX_ROUTES = (
    Route("/mailboxes/{address}", describe_mailbox, methods=["GET"]),
    Route("/mailboxes/{address}/messages", list_messages, methods=["GET"]),
    Route("/mailboxes/{address}/messages", deliver_message, methods=["POST"]),
)
