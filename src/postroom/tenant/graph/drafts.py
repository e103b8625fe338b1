"""Drafts: made from JSON or MIME, and changed; PATCH of any message is here too."""

from typing import Any

from postroom.tenant.graph.flags import completed
from postroom.tenant.graph.mail_folders import get_destination, get_folder_row
from postroom.tenant.graph.message_input import DRAFT_ONLY, MessageInput, decode_base64, read_message
from postroom.tenant.graph.messages import check_unchanged, get_message_row, one_message
from postroom.tenant.graph.open_extension_json import write_extension
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.refusals import bad_request, invalid_mime
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.records import thread_columns

_MIME_COLUMNS = frozenset(
    {
        "subject", "body", "to_people", "cc_people", "bcc_people", "reply_to_people", "from_address",
        "sender_address", "internet_message_id", "importance",
    }
)  # fmt: skip


def read_mime(request: GraphRequest) -> bytes:
    """Return the MIME that came as Base64, or raise Graph's 400."""
    raw = decode_base64(request.body)
    if not raw:
        raise invalid_mime()
    return raw


def add_draft(request: GraphRequest, folder: Row, content: MessageInput, **columns: Any) -> Row:
    """Put a new draft into a folder; what the client wrote wins over `columns`, which win over the usual."""
    store = request.cloud.mail
    user = request.user
    message_id = content.columns.get("internet_message_id") or store.new_message_id(request.mailbox)
    usual = {
        "is_draft": 1,
        "is_read": 1,
        "from_name": user.display_name,
        "from_address": user.username,
        "sender_name": user.display_name,
        "sender_address": user.username,
        "has_attachments": int(any(not attachment.is_inline for attachment in content.attachments)),
    }
    thread = thread_columns(request.mailbox["guid"], message_id, [])
    _settle_flag(request, content)
    with store.batch():
        message = store.messages.add(request.mailbox, folder, usual | thread | columns | content.columns)
        for attachment in content.attachments:
            store.attachments.add(request.mailbox, message["key"], attachment)
        _add_what_apps_add(request, message, content)
        return message


def _add_what_apps_add(request: GraphRequest, message: Row, content: MessageInput) -> None:
    additions = request.cloud.mail.additions
    additions.set_properties(message["key"], content.properties)
    for name, extension in content.extensions.items():
        additions.add_extension(message["key"], name, extension)


def add_mime_draft(request: GraphRequest, folder: Row, **columns: Any) -> Row:
    """Put a draft into a folder from the MIME that came, kept byte for byte until it is changed."""
    now = request.cloud.mail.now_text()
    user = request.user
    raw = read_mime(request)
    times = {"created": now, "received": now, "sent": now}
    message = request.cloud.mail.add_mime(
        request.mailbox, folder, raw, **times, **columns, is_draft=1, is_read=1
    )
    if message["from_address"] is None:
        own = {"from_name": user.display_name, "from_address": user.username}
        sender = {"sender_name": user.display_name, "sender_address": user.username}
        message = request.cloud.mail.messages.update(message, own | sender)
    return message


def _create(request: GraphRequest, folder: Row) -> GraphResponse:
    store = request.cloud.mail
    with store.batch():
        if request.is_mime:
            return one_message(request, add_mime_draft(request, folder), 201)
        content = read_message(request.json_body(), is_new=True)
        draft = add_draft(request, folder, content)
        extensions = [write_extension(row) for row in store.additions.list_extensions(draft["key"])]
        return one_message(request, draft, 201, {"extensions": extensions} if extensions else None)


def create_message(request: GraphRequest) -> GraphResponse:
    """POST messages: a draft in Drafts, from JSON or from MIME in Base64."""
    return _create(request, get_folder_row(request, "drafts"))


def create_folder_message(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/{id}/messages: a draft in this folder."""
    return _create(request, get_destination(request, request.parameters["folder"]))


def _settle_flag(request: GraphRequest, content: MessageInput) -> None:
    if "flag" in content.columns:
        content.columns["flag"] = completed(content.columns["flag"], request.cloud.clock.now())


def update_message(request: GraphRequest) -> GraphResponse:
    """PATCH messages/{id}: what a message says can only be changed while it is a draft."""
    message = get_message_row(request)
    check_unchanged(request, message)
    body = request.json_body()
    content = read_message(body, is_new=False)
    fixed = [name for name in body if name.lower() in DRAFT_ONLY]
    if fixed and not message["is_draft"]:
        # [?] Who changes subject, body or people of a message that is no draft gets 400 ErrorInvalidPropertySet.
        raise bad_request(f"Set action is invalid for property '{fixed[0]}'.", "ErrorInvalidPropertySet")
    if message["is_draft"] and content.columns.keys() & _MIME_COLUMNS:
        content.columns["mime_hash"] = None
    _settle_flag(request, content)
    with request.cloud.mail.batch():
        _add_what_apps_add(request, message, content)
        return one_message(request, request.cloud.mail.messages.update(message, content.columns))


ROUTES = (
    Route("POST", "messages", Need.WRITE, create_message),
    Route("POST", "mailFolders/{folder}/messages", Need.WRITE, create_folder_message),
    Route("PATCH", "messages/{message}", Need.WRITE, update_message),
)
