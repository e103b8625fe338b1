"""Sending: sendMail, send of a draft.

Known to differ: One of Microsoft's examples of sendMail, that of a flagged message, leaves the `message` around it out;
here it is refused, as the schema has it.
"""

from datetime import timedelta

from postroom.tenant.directory import User
from postroom.tenant.graph.drafts import add_draft, add_mime_draft
from postroom.tenant.graph.mail_folders import get_folder_row
from postroom.tenant.graph.message_input import read_message
from postroom.tenant.graph.message_limits import check_message_size, check_recipients
from postroom.tenant.graph.messages import get_message_row
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need, may_send_as, may_send_on_behalf
from postroom.tenant.graph.refusals import bad_request, invalid_recipients, send_as_denied
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.compose import is_address
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.delivery import recipients_of, send

_ACCEPTED = 202


def send_mail(request: GraphRequest) -> GraphResponse:
    """POST sendMail: send a message that was never a draft, from JSON or from MIME in Base64."""
    drafts = get_folder_row(request, "drafts")
    with request.cloud.mail.batch():  # a refusal takes the draft back
        if request.is_mime:
            send_message(request, add_mime_draft(request, drafts))
            return GraphResponse(_ACCEPTED)
        body = {name.lower(): value for name, value in request.json_body().items()}
        if "message" not in body:
            # [?] Code and text for `sendMail` without a message are from memory.
            raise bad_request("The required parameter 'Message' is missing.", "ErrorInvalidRequest")
        saved = body.get("savetosentitems", True)
        content = read_message(body["message"], is_new=True)
        # Some clients, Microsoft's documents among them, write the flag as text.
        send_message(request, add_draft(request, drafts, content), is_saved=str(saved).lower() != "false")
    return GraphResponse(_ACCEPTED)


def send_draft(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/send: the draft itself goes to Sent Items and keeps its immutable id."""
    message = get_message_row(request)
    if not message["is_draft"]:
        # [?] Code and text for sending what is no draft are from memory.
        raise bad_request("The message has been sent already.", "ErrorInvalidOperation")
    send_message(request, message)
    return GraphResponse(_ACCEPTED)


def send_message(request: GraphRequest, message: Row, *, is_saved: bool = True) -> None:
    """Send a draft to everyone it names, or raise Graph's refusal."""
    message = _settle_sender(request, message)
    recipients = recipients_of(message)
    if not recipients:
        # [?] The texts of ErrorInvalidRecipients are from memory.
        raise invalid_recipients("A message can't be sent because it contains no recipients.")
    for address in recipients:
        if not is_address(address):
            raise invalid_recipients(
                f"Recipient '{address}' is not resolved. All recipients must be resolved before "
                "a message can be submitted."
            )
    check_recipients(request, len(recipients))
    check_message_size(request, request.cloud.mail.attachments.total_bytes(message["key"]))
    _send_in_time(request, message, is_saved=is_saved)


def _send_in_time(request: GraphRequest, message: Row, *, is_saved: bool) -> None:
    """Send a draft now or, where the mailbox sends too fast, as soon as it may."""
    cloud = request.cloud
    wait_seconds = cloud.limits.count_sent(request.user.username)
    if wait_seconds:
        due = cloud.now() + timedelta(seconds=wait_seconds)
        cloud.sending_queue.hold(request.mailbox, message, due, is_saved=is_saved)
    else:
        send(cloud.mail, cloud.directory, request.mailbox, message, is_saved=is_saved)


def _settle_sender(request: GraphRequest, message: Row) -> Row:
    """Write down from whom a draft is and who sends it, or refuse a caller who may not send it so.

    With Send As the mailbox is both; with Send on Behalf the mailbox is who it is from, and the user who sends it.
    """
    sender = request.caller.user or request.user  # an app on its own sends as the mailbox it is at
    principal = _find_named(request, message["from_address"])
    if principal.id != sender.id:
        shared = request.caller.application or "Mail.Send.Shared" in request.caller.permissions
        if shared and may_send_as(sender, principal):
            sender = principal
        elif not (shared and may_send_on_behalf(sender, principal)):
            raise send_as_denied()
    named = _find_named(request, message["sender_address"])
    if named.id not in {request.user.id, principal.id, sender.id}:
        raise send_as_denied()
    columns = _columns("from", principal) | _columns("sender", sender)
    if all(message[name] == value for name, value in columns.items()):
        return message
    return request.cloud.mail.messages.update(message, columns)


def _find_named(request: GraphRequest, address: str | None) -> User:
    named = request.cloud.directory.find_user(address or request.user.username)
    if named is None:
        raise send_as_denied()
    return named


def _columns(prefix: str, user: User) -> dict[str, str]:
    return {f"{prefix}_name": user.display_name, f"{prefix}_address": user.username}


ROUTES = (
    Route("POST", "sendMail", Need.SEND, send_mail),
    Route("POST", "messages/{message}/send", Need.SEND, send_draft),
)
