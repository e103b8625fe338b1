"""The rules of the Inbox: mailFolders/inbox/messageRules.

[?] Other folders have no rules, and asking for them is refused with 400. A rule without a sequence comes last; what
is given of conditions, exceptions and actions takes the place of the whole. Folders may be well-known names, and are
shown as ids. The code and text of what is refused are those of Exchange Web Services.
"""

import base64
import secrets
from typing import Any

from postroom.tenant.graph.collections import Collection, Content
from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.json_input import (
    Reader,
    missing_property,
    read_boolean,
    read_choice,
    read_integer,
    read_object,
    read_properties,
    read_text,
    read_texts,
)
from postroom.tenant.graph.mail_folders import get_folder_row
from postroom.tenant.graph.message_input import read_people
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.compose import is_address
from postroom.tenant.mail.entities import RULE
from postroom.tenant.mail.rules import FOLDERS, FORWARDS, is_in_error

_IMPORTANCE = read_choice("low", "normal", "high")
_TEXTS = (
    "bodyContains", "bodyOrSubjectContains", "categories", "headerContains", "recipientContains", "senderContains",
    "subjectContains",
)  # fmt: skip
_TRUTHS = (
    "hasAttachments", "isApprovalRequest", "isAutomaticForward", "isAutomaticReply", "isEncrypted", "isMeetingRequest",
    "isMeetingResponse", "isNonDeliveryReport", "isPermissionControlled", "isReadReceipt", "isSigned", "isVoicemail",
    "notSentToMe", "sentCcMe", "sentOnlyToMe", "sentToMe", "sentToOrCcMe",
)  # fmt: skip
_PREDICATES: dict[str, Reader] = {
    **dict.fromkeys(_TEXTS, read_texts),
    **dict.fromkeys(_TRUTHS, read_boolean),
    "fromAddresses": read_people,
    "sentToAddresses": read_people,
    "importance": _IMPORTANCE,
    "messageActionFlag": read_choice(
        "any", "call", "doNotForward", "followUp", "fyi", "forward", "noResponseNecessary", "read", "reply",
        "replyToAll", "review",
    ),
    "sensitivity": read_choice("normal", "personal", "private", "confidential"),
    "withinSizeRange": read_object({"minimumSize": read_integer, "maximumSize": read_integer}, "sizeRange"),
}  # fmt: skip
_ACTIONS: dict[str, Reader] = {
    **dict.fromkeys(FOLDERS, read_text),
    **dict.fromkeys(FORWARDS, read_people),
    **dict.fromkeys(("delete", "permanentDelete", "markAsRead", "stopProcessingRules"), read_boolean),
    "assignCategories": read_texts,
    "markImportance": _IMPORTANCE,
}
_READERS: dict[str, Reader] = {
    "displayName": read_text,
    "sequence": read_integer,
    "isEnabled": read_boolean,
    "conditions": read_object(_PREDICATES, "messageRulePredicates"),
    "exceptions": read_object(_PREDICATES, "messageRulePredicates"),
    "actions": read_object(_ACTIONS, "messageRuleActions"),
}
_READ_ONLY = ("id", "hasError", "isReadOnly")


class _Rules(Collection):
    """The rules, each of which also says whether it is in error."""

    def shown(self, request: GraphRequest, entity_id: str, content: Content) -> Content:
        broken = is_in_error(content, request.cloud.mail.folders, request.mailbox)
        state = {"hasError": broken, "isReadOnly": False}
        return self.selected(request, {"id": entity_id} | content | state)


_RULES = _Rules(
    RULE,
    "MessageRule",
    "mailFolders('inbox')/messageRules",
    (*_READERS, "hasError", "isReadOnly"),
    {
        "id": Field("entity_id", "exact"),
        "displayname": Field("json_extract(content, '$.displayName')"),
        "isenabled": Field("json_extract(content, '$.isEnabled')", "boolean"),
        "sequence": Field("json_extract(content, '$.sequence')", "number"),
    },
    "json_extract(content, '$.sequence'), key",
)


def _invalid_rule(reason: str) -> GraphRefusalError:
    return bad_request(
        f"A validation error occurred while executing the rule operation. {reason}",
        "ErrorInboxRulesValidationError",
    )


def _check_inbox(request: GraphRequest) -> None:
    if get_folder_row(request, request.parameters["folder"])["well_known"] != "inbox":
        # [?] Code and text for rules of another folder than the Inbox are made up.
        raise bad_request("Message rules are supported only for the Inbox folder.", "ErrorInvalidRequest")


def _settle(request: GraphRequest, content: Content) -> Content:
    """Check a rule as it is to be kept; folders are named by their ids from here on."""
    if not str(content["displayName"] or "").strip():
        raise missing_property("displayName")
    if content["sequence"] < 1:
        raise _invalid_rule("The sequence must be a positive number.")
    actions = {name: value for name, value in content["actions"].items() if value not in (False, [], "")}
    if not actions:
        raise _invalid_rule("A rule must have at least one action.")
    for name in FORWARDS:
        _check_addresses(actions.get(name, []))
    folders = {name: _folder_id(request, actions[name]) for name in FOLDERS if name in actions}
    return content | {"actions": actions | folders}


def _check_addresses(people: list[dict[str, Any]]) -> None:
    for person in people:
        if not is_address(person["emailAddress"]["address"]):
            raise _invalid_rule("A recipient is not valid.")


def _folder_id(request: GraphRequest, name: str) -> str:
    folder = request.cloud.mail.folders.find(request.mailbox["key"], name)
    if folder is None:
        raise _invalid_rule("The folder of an action was not found.")
    return str(folder["folder_id"])


def list_rules(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/inbox/messageRules, in their sequence."""
    _check_inbox(request)
    return _RULES.list(request)


def count_rules(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/inbox/messageRules/$count."""
    _check_inbox(request)
    return _RULES.count(request)


def get_rule(request: GraphRequest) -> GraphResponse:
    """GET mailFolders/inbox/messageRules/{id}."""
    _check_inbox(request)
    rule_id = request.parameters["rule"]
    return _RULES.one(request, rule_id, _RULES.get_content(request, rule_id))


def create_rule(request: GraphRequest) -> GraphResponse:
    """POST mailFolders/inbox/messageRules."""
    _check_inbox(request)
    read = _read_rule(request)
    for name in ("displayName", "actions"):
        if name not in read:
            raise missing_property(name)
    with request.cloud.mail.batch():
        known = request.cloud.mail.entities.all(request.mailbox["key"], RULE).values()
        last = max((rule["sequence"] for rule in known), default=0)
        content = _settle(request, {"sequence": last + 1, "isEnabled": True} | read)
        return _RULES.put(request, _new_id(), content, 201)


def update_rule(request: GraphRequest) -> GraphResponse:
    """PATCH mailFolders/inbox/messageRules/{id}."""
    _check_inbox(request)
    rule_id = request.parameters["rule"]
    content = _settle(request, _RULES.get_content(request, rule_id) | _read_rule(request))
    return _RULES.put(request, rule_id, content, 200)


def delete_rule(request: GraphRequest) -> GraphResponse:
    """DELETE mailFolders/inbox/messageRules/{id}."""
    _check_inbox(request)
    return _RULES.delete(request, request.parameters["rule"])


def _read_rule(request: GraphRequest) -> Content:
    read = read_properties(request.json_body(), _READERS, "messageRule", ignored=_READ_ONLY)
    emptied: Content = {"conditions": {}, "exceptions": {}}  # a null takes them away
    return {
        name: emptied[name] if value is None else value
        for name, value in read.items()
        if value is not None or name in emptied
    }


def _new_id() -> str:
    return base64.urlsafe_b64encode(b"\x01\x00\x00\x00" + secrets.token_bytes(4)).decode()


_PATH = "mailFolders/{folder}/messageRules"
ROUTES = (
    Route("GET", _PATH, Need.READ_SETTINGS, list_rules),
    Route("POST", _PATH, Need.WRITE_SETTINGS, create_rule),
    Route("GET", f"{_PATH}/$count", Need.READ_SETTINGS, count_rules),
    Route("GET", f"{_PATH}/{{rule}}", Need.READ_SETTINGS, get_rule),
    Route("PATCH", f"{_PATH}/{{rule}}", Need.WRITE_SETTINGS, update_rule),
    Route("DELETE", f"{_PATH}/{{rule}}", Need.WRITE_SETTINGS, delete_rule),
)
