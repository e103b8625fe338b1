"""The address that an upload session gives out: it takes a file range by range, and needs no token but its own.

[?] What the upload address refuses, and how, is documented nowhere; statuses and codes are chosen here: 404 for a
session that has ended or expired, 416 for a range out of order, 413 for one beyond 4 MB, 400 for what does not agree.
[?] GET tells how far the session is, as it does for other upload sessions of Microsoft Graph.
"""

import re
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute

from postroom.tenant.graph.attachments import check_draft, settle
from postroom.tenant.graph.paths import split_path
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, item_not_found
from postroom.tenant.graph.routes import identify, path_of, refuse, write_answer
from postroom.tenant.graph.throttling import throttled
from postroom.tenant.graph.upload_sessions import API, write_expiration
from postroom.tenant.graph.wire import GraphResponse
from postroom.tenant.mail.upload_sessions import UploadSession
from postroom.tenant.state import CloudState

LARGEST_RANGE_BYTES = 4 * 1024 * 1024
_RANGE = re.compile(r"bytes (\d{1,12})-(\d{1,12})/(\d{1,12})", re.ASCII)
_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]


def upload_routes() -> list[BaseRoute]:
    """Return the routes of the host that uploads go to."""
    return [HttpRoute(API + "/{path:path}", _serve, methods=_METHODS)]


async def _serve(request: Request) -> Response:
    cloud: CloudState = request.app.state.cloud
    identity = identify(request.headers)
    try:
        return write_answer(await _answer(request, cloud), cloud, identity)
    except GraphRefusalError as refused:
        return refuse(refused, cloud, identity)
    except ClientDisconnect:
        return Response(status_code=400)  # Nobody reads it.


async def _answer(request: Request, cloud: CloudState) -> GraphResponse:
    session = _find_session(request, cloud)
    request.state.app_name, request.state.mailbox = session.app_name, session.mailbox
    if request.method == "GET":
        return GraphResponse.of_json(_describe(request, cloud, session))
    if request.method == "DELETE":
        cloud.mail.uploads.end(session)
        return GraphResponse(204)
    if request.method != "PUT":
        raise GraphRefusalError(405, "ErrorInvalidRequest", "The upload address takes PUT, GET and DELETE.")
    first, last = _read_range(request, session)
    count = last - first + 1
    with cloud.limits.within(session.client_id, session.mailbox, count) as admission:
        if admission.excess is not None:
            raise throttled(admission.excess)
        return await _receive(request, cloud, session, count)


def _find_session(request: Request, cloud: CloudState) -> UploadSession:
    token = request.query_params.get("authtoken", "")
    # Clients that cannot do without the header put the address's own token into it.
    if request.headers.get("authorization", f"Bearer {token}") != f"Bearer {token}":
        url = f"{request.url.scheme}://{request.headers.get('host', '')}{request.url.path}"
        raise GraphRefusalError(
            401,
            "InvalidAudienceForResource",
            "The audience claim value is invalid for current resource. Audience claim is "
            f"'{cloud.hosts.graph_url}', request url is '{url}' and resource type is 'None'.",
        )
    segments = split_path(path_of(request).removeprefix(API))
    session_id = segments[-1] if [part.lower() for part in segments[-2:-1]] == ["attachmentsessions"] else ""
    session = cloud.mail.uploads.find(session_id, token)
    if session is None:
        raise item_not_found()
    return session


def _read_range(request: Request, session: UploadSession) -> tuple[int, int]:
    match = _RANGE.fullmatch(request.headers.get("content-range", ""))
    if match is None:
        raise bad_request(
            "A PUT needs a Content-Range header: bytes {start}-{end}/{total}.", "ErrorInvalidRequest"
        )
    first, last, total = (int(number) for number in match.groups())
    if total != session.size:
        raise bad_request(f"The session is for {session.size} bytes, not for {total}.", "ErrorInvalidRequest")
    if session.is_busy or first != session.received or last < first or last >= total:
        raise GraphRefusalError(
            416, "ErrorInvalidRange", f"The range expected next begins with byte {session.received}."
        )
    length = request.headers.get("content-length")
    if length is not None and length != str(last - first + 1):
        raise bad_request("Content-Length and Content-Range do not agree.", "ErrorInvalidRequest")
    if last - first + 1 > LARGEST_RANGE_BYTES:
        # [?] The documents ask for no more than 4 MB in a range, and do not say what becomes of more.
        raise GraphRefusalError(413, "ErrorMessageSizeExceeded", "A range is at most 4 MB.")
    return first, last


async def _receive(request: Request, cloud: CloudState, session: UploadSession, count: int) -> GraphResponse:
    session.is_busy = True
    try:
        if not await session.receive(request.stream(), count):
            raise bad_request("The body has not as many bytes as Content-Range says.", "ErrorInvalidRequest")
    finally:
        session.is_busy = False
    if not session.is_whole:
        return GraphResponse.of_json(_describe(request, cloud, session))
    return await run_in_threadpool(_attach, request, cloud, session)


def _attach(request: Request, cloud: CloudState, session: UploadSession) -> GraphResponse:
    """Attach the whole file: 201 with the address of the attachment."""
    store, name = cloud.mail, session.digest.hexdigest()
    with store.batch():
        try:
            message = store.messages.get_by_key(session.message_key)
        except KeyError:
            raise item_not_found() from None
        check_draft(message)
        store.blobs.adopt(session.file, name)
        mailbox = store.get_mailbox(session.mailbox)
        row = store.attachments.add_stored(mailbox, message["key"], session.attachment, name, session.size)
        settle(cloud, message)
    store.uploads.end(session)
    location = f"{_base_url(request, cloud)}{session.url_path}/Attachments('{row['attachment_id']}')"
    return GraphResponse(201, headers={"Location": location})


def _describe(request: Request, cloud: CloudState, session: UploadSession) -> dict[str, Any]:
    user, _, message = session.url_path.removeprefix(API + "/").partition("/")
    context = f"{user}/{message}".replace("@", "%40").replace("=", "%3D")
    return {
        "@odata.context": f"{_base_url(request, cloud)}{API}/$metadata#{context}/AttachmentSessions/$entity",
        "ExpirationDateTime": write_expiration(session),
        "nextExpectedRanges": [session.next_range],
    }


def _base_url(request: Request, cloud: CloudState) -> str:
    reached = request.headers.get("host", "").partition(":")[0].lower()
    return f"https://{cloud.hosts.upload}" if reached == cloud.hosts.upload else cloud.local_url
