"""Answers to a message: reply, reply to all, forward, each at once or as a draft."""

import html
import json
from datetime import UTC, datetime
from typing import Any

from postroom.tenant.graph.drafts import add_draft, add_mime_draft
from postroom.tenant.graph.mail_folders import get_folder_row
from postroom.tenant.graph.message_input import MessageInput, read_message, read_people
from postroom.tenant.graph.messages import get_message_row, one_message
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.refusals import bad_request, time_zone_not_supported
from postroom.tenant.graph.send import send_message
from postroom.tenant.graph.time_zones import find_zone_name, get_zone
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.bodies import body_as
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.records import body_columns, recipient, thread_columns

REPLY, REPLY_ALL, FORWARD = "reply", "replyAll", "forward"


def _make(request: GraphRequest, kind: str, *, heeds_body: bool) -> Row:
    """Make the draft of an answer."""
    original = get_message_row(request)
    drafts = get_folder_row(request, "drafts")
    columns = _subject(original, kind) | _thread(request, original)
    if request.is_mime:
        thread = {name: value for name, value in columns.items() if name != "subject"}
        return add_mime_draft(request, drafts, **thread)
    body = {name.lower(): value for name, value in request.json_body().items()} if heeds_body else {}
    content = _read_content(body, kind)
    columns |= _recipients(request, original, kind) | _body(request, original, body.get("comment"))
    columns |= {"has_attachments": original["has_attachments"]} if kind == FORWARD else {}
    with request.cloud.mail.batch():
        draft = add_draft(request, drafts, content, **columns)
        if kind == FORWARD:
            request.cloud.mail.messages.copy_attachments(request.mailbox, original["key"], draft["key"])
            visible = request.cloud.mail.attachments.has_visible(draft["key"])
            draft = request.cloud.mail.messages.update(draft, {"has_attachments": int(visible)})
        return draft


def _read_content(body: dict[str, Any], kind: str) -> MessageInput:
    message = body.get("message") or {}
    content = read_message(message, is_new=True)
    if body.get("comment") and "body" in content.columns:
        # [?] A comment together with a body is documented as a 400; its code and text are from memory.
        raise bad_request("Comment and message body cannot both be given.", "ErrorInvalidRequest")
    if not isinstance(body.get("comment", ""), str | None):
        raise bad_request(
            "Cannot convert the value of property 'comment' to the expected type.", "RequestBodyRead"
        )
    given = body.get("torecipients")
    if kind == FORWARD and given:
        if "to_people" in content.columns:
            raise bad_request(
                "ToRecipients and message.toRecipients cannot both be given.", "ErrorInvalidRequest"
            )
        content.columns["to_people"] = json.dumps(read_people("toRecipients", given), ensure_ascii=False)
    return content


def _subject(original: Row, kind: str) -> dict[str, Any]:
    mark, subject = ("FW:" if kind == FORWARD else "RE:"), original["subject"]
    return {"subject": subject if subject.upper().startswith(mark) else f"{mark} {subject}"}


def _thread(request: GraphRequest, original: Row) -> dict[str, Any]:
    message_id = request.cloud.mail.new_message_id(request.mailbox)
    thread = [*json.loads(original["thread"]), original["internet_message_id"]]
    columns = thread_columns(request.mailbox["guid"], message_id, thread)
    return columns | {"conversation_id": original["conversation_id"]}


def _recipients(request: GraphRequest, original: Row, kind: str) -> dict[str, Any]:
    if kind == FORWARD:
        return {}
    sender = (
        [recipient(original["from_name"] or "", original["from_address"])] if original["from_address"] else []
    )
    to = json.loads(original["reply_to_people"]) or sender
    cc: list[dict[str, Any]] = []
    if kind == REPLY_ALL:
        own = request.user.username.lower()
        to = _once([*to, *json.loads(original["to_people"])], {own})
        cc = _once(json.loads(original["cc_people"]), {own} | {_address(person) for person in to})
    return {"to_people": json.dumps(to, ensure_ascii=False), "cc_people": json.dumps(cc, ensure_ascii=False)}


def _address(person: dict[str, Any]) -> str:
    return str(person["emailAddress"]["address"]).lower()


def _once(people: list[dict[str, Any]], without: set[str]) -> list[dict[str, Any]]:
    kept = {_address(person): person for person in reversed(people) if _address(person) not in without}
    return list(reversed(kept.values()))


def _body(request: GraphRequest, original: Row, comment: str | None) -> dict[str, Any]:
    """Write the comment above what it answers."""
    # [?] Replies and forwards are HTML whatever the original was, and `comment` is text, so its marks are escaped.
    quoted = body_as("html", original["body_type"], original["body"])
    sender = html.escape(f"{original['from_name'] or ''} <{original['from_address'] or ''}>")
    said = html.escape(comment or "", quote=False).replace("\n", "<br>\n")
    head = (
        f"<b>From:</b> {sender}<br><b>Sent:</b> {_sent_time(request, original)}<br>"
        f"<b>Subject:</b> {html.escape(original['subject'])}"
    )
    return body_columns(
        "html", f"<html><body><div>{said}</div><hr><div>{head}</div><br>{quoted}</body></html>"
    )


def _sent_time(request: GraphRequest, original: Row) -> str:
    """Write when the original was sent, in the time zone that the client prefers."""
    wanted = request.preference("outlook.timezone") or "UTC"
    zone = find_zone_name(wanted)
    if zone is None:
        raise time_zone_not_supported(wanted)
    moment = datetime.fromisoformat(original["sent"]).replace(tzinfo=UTC).astimezone(get_zone(zone))
    return f"{moment:%A, %d %B %Y %H:%M:%S} ({html.escape(zone)})"


def _sent(request: GraphRequest, kind: str) -> GraphResponse:
    with request.cloud.mail.batch():  # a refusal takes the draft back
        send_message(request, _make(request, kind, heeds_body=True))
    return GraphResponse(202)


def _drafted(request: GraphRequest, kind: str) -> GraphResponse:
    # [?] In Azure US GCC High the body of createReply, createReplyAll and createForward is ignored.
    with request.cloud.mail.batch():
        draft = _make(request, kind, heeds_body=not request.lacks("reply.parameters"))
        return one_message(request, draft, 201)


def reply(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/reply: answer the sender at once."""
    return _sent(request, REPLY)


def reply_all(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/replyAll: answer everybody at once."""
    return _sent(request, REPLY_ALL)


def forward(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/forward: pass the message on at once, attachments and all."""
    return _sent(request, FORWARD)


def create_reply(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/createReply: 201 with the draft."""
    return _drafted(request, REPLY)


def create_reply_all(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/createReplyAll: 201 with the draft."""
    return _drafted(request, REPLY_ALL)


def create_forward(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/createForward: 201 with the draft."""
    return _drafted(request, FORWARD)


ROUTES = (
    Route("POST", "messages/{message}/reply", Need.SEND, reply),
    Route("POST", "messages/{message}/replyAll", Need.SEND, reply_all),
    Route("POST", "messages/{message}/forward", Need.SEND, forward),
    Route("POST", "messages/{message}/createReply", Need.WRITE, create_reply),
    Route("POST", "messages/{message}/createReplyAll", Need.WRITE, create_reply_all),
    Route("POST", "messages/{message}/createForward", Need.WRITE, create_forward),
)
