"""Ids of Exchange in the formats they are written in: translateExchangeIds.

The id of Graph is that of Exchange Web Services in URL-safe Base64. An entry id is MAPI's binary one, written in
Base64 as ASP.NET writes it into URLs, with a digit at the end for the padding.

[?] What an entry id holds: zeros, the mailbox, then what tells one thing in it from another.
[?] Folders have no immutable ids; what cannot be translated has errorDetails instead of a targetId.
"""

import base64
import binascii
import uuid
from collections.abc import Callable
from typing import Any

from postroom.tenant.graph.json_input import (
    invalid_value,
    missing_property,
    read_choice,
    read_properties,
    read_texts,
)
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url
from postroom.tenant.graph.refusals import bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.identifiers import is_well_formed

_MOST = 1000
_FORMATS = ("entryId", "ewsId", "immutableEntryId", "restId", "restImmutableEntryId")
_IMMUTABLE = frozenset({"immutableEntryId", "restImmutableEntryId"})
_READERS = {
    "inputIds": read_texts,
    "sourceIdType": read_choice(*_FORMATS),
    "targetIdType": read_choice(*_FORMATS),
}
_REST_START = b"\x00\x03\x24\x00"
_ENTRY_START = bytes(4)


class _UntranslatableError(Exception):
    """An id has no counterpart; the code and the message say why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def translate_exchange_ids(request: GraphRequest) -> GraphResponse:
    """POST translateExchangeIds: up to 1,000 ids of one format into another."""
    if request.lacks("translateExchangeIds"):
        raise bad_request("Resource not found for the segment 'translateExchangeIds'.")
    read = read_properties(request.json_body(), _READERS, "translateExchangeIds", ignored=())
    for name in _READERS:
        if read.get(name) is None:
            raise missing_property(name)
    ids: list[str] = read["inputIds"]
    if len(ids) > _MOST:
        raise invalid_value("inputIds")
    results = [_translated(request, each, read["sourceIdType"], read["targetIdType"]) for each in ids]
    context = f"{metadata_url(request)}#Collection(microsoft.graph.convertIdResult)"
    return GraphResponse.of_json({"@odata.context": context, "value": results})


def _translated(request: GraphRequest, source_id: str, source: str, target: str) -> dict[str, Any]:
    try:
        rest = _READ[source](request.mailbox, source_id)
        if (source in _IMMUTABLE) != (target in _IMMUTABLE):
            column = "immutable_id" if target in _IMMUTABLE else "item_id"
            rest = str(_get_message(request, rest)[column])
        return {"sourceId": source_id, "targetId": _WRITE[target](request.mailbox, rest)}
    except _UntranslatableError as error:
        return {"sourceId": source_id, "errorDetails": {"code": error.code, "message": error.message}}


def _get_message(request: GraphRequest, rest_id: str) -> Row:
    message = request.cloud.mail.messages.find(request.mailbox["key"], rest_id)
    if message is None:
        raise _UntranslatableError("ErrorItemNotFound", "The specified object was not found in the store.")
    return message


def _malformed() -> _UntranslatableError:
    return _UntranslatableError("ErrorInvalidIdMalformed", "Id is malformed.")


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _malformed() from None


def _read_rest(_mailbox: Row, text: str) -> str:
    if not is_well_formed(text):
        raise _malformed()
    return text


def _read_ews(mailbox: Row, text: str) -> str:
    if "-" in text or "_" in text:
        raise _malformed()
    return _read_rest(mailbox, text.replace("+", "-").replace("/", "_"))


def _write_ews(_mailbox: Row, rest: str) -> str:
    return rest.replace("-", "+").replace("_", "/")


def _write_token(content: bytes) -> str:
    text = base64.urlsafe_b64encode(content).decode()
    return text.rstrip("=") + str(text.count("="))


def _read_token(text: str) -> bytes:
    if not text or text[-1] not in "012":
        raise _malformed()
    return _decoded(text[:-1] + "=" * int(text[-1]))


def _write_entry(mailbox: Row, rest: str) -> str:
    content, start = _decoded(rest), _REST_START + str(mailbox["guid"]).encode()
    if not content.startswith(start):
        raise _malformed()
    return _write_token(_ENTRY_START + uuid.UUID(mailbox["guid"]).bytes + content[len(start) :])


def _read_entry(mailbox: Row, text: str) -> str:
    content, start = _read_token(text), _ENTRY_START + uuid.UUID(mailbox["guid"]).bytes
    if not content.startswith(start):
        raise _malformed()
    rest = _REST_START + str(mailbox["guid"]).encode() + content[len(start) :]
    return base64.urlsafe_b64encode(rest).decode()


def _read_immutable_entry(_mailbox: Row, text: str) -> str:
    return base64.urlsafe_b64encode(_read_token(text)).decode()


_READ: dict[str, Callable[[Row, str], str]] = {
    "restId": _read_rest,
    "restImmutableEntryId": _read_rest,
    "ewsId": _read_ews,
    "entryId": _read_entry,
    "immutableEntryId": _read_immutable_entry,
}
_WRITE: dict[str, Callable[[Row, str], str]] = {
    "restId": lambda _mailbox, rest: rest,
    "restImmutableEntryId": lambda _mailbox, rest: rest,
    "ewsId": _write_ews,
    "entryId": _write_entry,
    "immutableEntryId": lambda _mailbox, rest: _write_token(_decoded(rest)),
}
ROUTES = (Route("POST", "translateExchangeIds", Need.TRANSLATE_IDS, translate_exchange_ids),)
