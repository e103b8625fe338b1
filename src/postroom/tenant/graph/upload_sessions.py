"""Upload sessions: a draft is given an address to which a file of 3 to 150 MB can be sent range by range.

[?] A file that would make the message too large is refused when its session is asked for.
"""

from typing import Any

from postroom.tenant.graph.attachments import check_draft
from postroom.tenant.graph.message_input import LARGEST_ATTACHMENT_BYTES
from postroom.tenant.graph.message_limits import check_message_size
from postroom.tenant.graph.messages import get_message_row
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url
from postroom.tenant.graph.refusals import bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.mime import MimeAttachment
from postroom.tenant.mail.upload_sessions import UploadSession

API = "/api/gv1.0"
"""Where the upload addresses of a cloud begin."""


def create_upload_session(request: GraphRequest) -> GraphResponse:
    """POST attachments/createUploadSession: 201 with the address that a large file is sent to."""
    if request.lacks("createUploadSession"):
        raise bad_request("Resource not found for the segment 'createUploadSession'.")
    message = get_message_row(request)
    attachment, size = _read_item(request.json_body())
    check_draft(message)
    store = request.cloud.mail
    check_message_size(request, store.attachments.total_bytes(message["key"]) + size)
    user = f"{request.user.id}@{request.cloud.directory.tenant_id}"
    session = store.uploads.begin(
        app_name=request.caller.app.name,
        client_id=request.caller.app.client_id,
        mailbox=request.user.username,
        message_key=message["key"],
        message_path=f"{API}/users('{user}')/messages('{request.parameters['message']}')",
        attachment=attachment,
        size=size,
    )
    url = f"{_upload_url(request)}{session.url_path}/AttachmentSessions('{session.id}')?authtoken={session.token}"
    content = {
        "@odata.context": f"{metadata_url(request)}#microsoft.graph.uploadSession",
        "uploadUrl": url,
        "expirationDateTime": write_expiration(session),
        "nextExpectedRanges": [session.next_range],
    }
    return GraphResponse.of_json(content, 201)


def _upload_url(request: GraphRequest) -> str:
    hosts = request.cloud.hosts
    return f"https://{hosts.upload}" if request.base_url == hosts.graph_url else request.base_url


def write_expiration(session: UploadSession) -> str:
    """Write until when a session lasts, to seven places as Microsoft does."""
    return f"{session.expires:%Y-%m-%dT%H:%M:%S.%f}0Z"


def _read_item(body: dict[str, Any]) -> tuple[MimeAttachment, int]:
    given = {name.lower(): value for name, value in body.items()}.get("attachmentitem")
    if not isinstance(given, dict):
        # [?] Codes and texts for an `AttachmentItem` that is missing or cannot be used are from memory.
        raise bad_request("The required parameter 'AttachmentItem' is missing.", "ErrorInvalidRequest")
    item = {name.lower(): value for name, value in given.items()}
    name, size = item.get("name"), item.get("size")
    if (
        not isinstance(name, str)
        or not name
        or not isinstance(size, int)
        or isinstance(size, bool)
        or size < 0
    ):
        raise bad_request("An AttachmentItem needs a name and a size, in bytes.", "ErrorInvalidArgument")
    if str(item.get("attachmenttype", "")).lower() != "file":
        raise bad_request("Only files can be attached by an upload session.", "ErrorInvalidArgument")
    if size < LARGEST_ATTACHMENT_BYTES:
        # [?] The text for a file that is too small for an upload session is from memory.
        raise bad_request(
            "The attachment is smaller than an upload session is for: attach it by a single request.",
            "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize",
        )
    texts = {key: item.get(key) for key in ("contenttype", "contentid")}
    if not all(isinstance(value, str | None) for value in texts.values()):
        raise bad_request(
            "Cannot convert the value of property 'AttachmentItem' to the expected type.", "RequestBodyRead"
        )
    content_type = texts["contenttype"] or "application/octet-stream"
    inline = item.get("isinline") is True
    return MimeAttachment(
        "file", name, content_type, b"", content_id=texts["contentid"], is_inline=inline
    ), size


ROUTES = (
    Route("POST", "messages/{message}/attachments/createUploadSession", Need.WRITE, create_upload_session),
)
