"""What is worth knowing before one writes to somebody: getMailTips.

[?] No mailbox here is full, moderated or restricted, or has a tip of its own or others to suggest; a mailbox counts
as one member. Of an address outside the organization only what can be said of any address is said. An address of the
organization that is nobody's has an error. The texts are from memory.
"""

from typing import Any

from postroom.tenant.directory import User
from postroom.tenant.graph.json_input import missing_property, read_properties, read_text, read_texts
from postroom.tenant.graph.message_input import invalid_property
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.automatic_replies import is_internal
from postroom.tenant.mail.compose import is_address
from postroom.tenant.mail.settings import REPLIES, are_replies_on, get_settings

_MAX_MESSAGE_BYTES = 37_748_736


def _automatic_replies(request: GraphRequest, user: User) -> dict[str, Any]:
    store = request.cloud.mail
    store.ensure_mailbox(user.username)
    settings = get_settings(store, store.get_mailbox(user.username))
    replies = settings[REPLIES]
    if not are_replies_on(replies, store.clock.now()):
        return {"message": ""}
    shown = {"message": replies["internalReplyMessage"], "messageLanguage": settings["language"]}
    if replies["status"] == "scheduled":
        shown["scheduledStartTime"] = replies["scheduledStartDateTime"]
        shown["scheduledEndTime"] = replies["scheduledEndDateTime"]
    return shown


_SAME_FOR_ALL: dict[str, dict[str, Any]] = {
    "mailboxfullstatus": {"mailboxFull": False},
    "custommailtip": {"customMailTip": ""},
    "externalmembercount": {"externalMemberCount": 0},
    "totalmembercount": {"totalMemberCount": 1},
    "maxmessagesize": {"maxMessageSize": _MAX_MESSAGE_BYTES},
    "deliveryrestriction": {"deliveryRestricted": False},
    "moderationstatus": {"isModerated": False},
    "recipientscope": {"recipientScope": "internal"},
    "recipientsuggestions": {"recipientSuggestions": []},
}
_REPLIES_TIP = "automaticreplies"


def get_mail_tips(request: GraphRequest) -> GraphResponse:
    """POST getMailTips: for each address, the tips that are asked for."""
    readers = {"EmailAddresses": read_texts, "MailTipsOptions": read_text}
    read = read_properties(request.json_body(), readers, "getMailTips", ignored=())
    for name in readers:
        if not read.get(name):
            raise missing_property(name)
    wanted = [name.strip().lower() for name in read["MailTipsOptions"].split(",")]
    for name in wanted:
        if name not in {*_SAME_FOR_ALL, _REPLIES_TIP}:
            raise invalid_property(name, "microsoft.graph.mailTipsType")
    rows = [_tips_of(request, address, wanted) for address in read["EmailAddresses"]]
    context = f"{metadata_url(request)}#Collection(microsoft.graph.mailTips)"
    return GraphResponse.of_json({"@odata.context": context, "value": rows})


def _tips_of(request: GraphRequest, address: str, wanted: list[str]) -> dict[str, Any]:
    shown: dict[str, Any] = {"emailAddress": {"name": "", "address": address}}
    user = request.cloud.directory.find_user(address)
    if user is not None:
        for name in wanted:
            shown |= _SAME_FOR_ALL.get(name) or {"automaticReplies": _automatic_replies(request, user)}
        return shown
    if not is_address(address) or is_internal(request.cloud.directory, address):
        error = {"code": "ErrorInvalidRecipients", "message": "The recipient was not found."}
        return shown | {"error": error}
    return shown | ({"recipientScope": "external"} if "recipientscope" in wanted else {})


ROUTES = (Route("POST", "getMailTips", Need.READ_TIPS, get_mail_tips),)
