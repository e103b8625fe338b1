"""microsoft.graph.message: list, get, update, move, create, answer, send.

Source: Outlook mail API of Microsoft Graph v1.0.
"""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any
from urllib.parse import quote

import httpx2
import msgspec

from postroom.errors import InvalidRequestError
from postroom.graph.client import GraphClient, Request
from postroom.graph.models import Message, Page
from postroom.graph.retries import do_once

LARGEST_PAGE = 1000
LARGEST_PAGE_WITH_BODY = 100
"""Bodies are large: a full page of them may take Graph so long that it answers 504."""

_ALL_TIME = datetime(1900, 1, 1, tzinfo=UTC)


class AnswerKind(Enum):
    """The kinds of answer to a message, by the operation that creates their draft."""

    REPLY = "createReply"
    REPLY_ALL = "createReplyAll"
    FORWARD = "createForward"


@dataclass(frozen=True)
class MessageQuery:
    """Which messages to list: received from `since` on and before `before`, and what `also` says (OData).

    `body_format` is "html", "text" or None for no body. `at_most` says that no more will be read.
    """

    since: datetime | None = None
    before: datetime | None = None
    is_read: bool | None = None
    also: tuple[str, ...] = ()
    newest_first: bool = True
    body_format: str | None = None
    at_most: int | None = None


def list_messages(client: GraphClient, folder_id: str, query: MessageQuery) -> Iterator[Message]:
    """List the messages of a folder in the order in which they were received, holding one page at a time.

    Messages may be moved, deleted or marked while the list is read: each page is asked for from the moment
    where the last one ended, never by its position, so none is passed over. Where Graph finds the filter too
    complex, `also` is left out: the caller must look at the messages itself.
    """
    pages = _Pages(client, folder_id, query)
    seen: set[str] = set()
    boundary: datetime | None = None
    page = pages.fetch_from(None)
    while True:
        fresh = [message for message in page.value if message.id not in seen]
        yield from fresh
        next_link = page.next_link
        if next_link is None:
            return
        last = page.value[-1].received if page.value else boundary
        if last != boundary:
            seen.clear()
        seen.update(message.id for message in page.value if message.received == last)
        boundary = last
        by_time = fresh and boundary is not None
        page = pages.fetch_from(boundary) if by_time else pages.fetch_next(next_link)


class _Pages:
    """Ask for the page of a query that begins at a moment."""

    def __init__(self, client: GraphClient, folder_id: str, query: MessageQuery) -> None:
        self._client = client
        self._path = f"/mailFolders/{quote(folder_id)}/messages"
        self._query = query
        self._also = query.also

    def fetch_from(self, boundary: datetime | None) -> Page[Message]:
        try:
            return self._fetch(boundary)
        except InvalidRequestError as error:
            if error.code != "InefficientFilter" or not self._also:
                raise
            self._also = ()
            return self._fetch(boundary)

    def fetch_next(self, next_link: str) -> Page[Message]:
        return self._client.fetch_next_page(self._create_request({}), next_link, Message)

    def _fetch(self, boundary: datetime | None) -> Page[Message]:
        query = self._query
        direction = "desc" if query.newest_first else "asc"
        params = {
            "$select": _SELECT_WITH_BODY if query.body_format else _SELECT,
            "$top": str(self._choose_page_size()),
            "$filter": self._write_filter(boundary),
            "$orderby": f"receivedDateTime {direction}",
        }
        return self._client.fetch(self._create_request(params), Page[Message])

    def _create_request(self, params: dict[str, str]) -> Request:
        return Request("GET", self._path, params=params, prefer=_prefer_body(self._query.body_format))

    def _choose_page_size(self) -> int:
        largest = LARGEST_PAGE_WITH_BODY if self._query.body_format else LARGEST_PAGE
        return min(self._query.at_most or largest, largest)

    def _write_filter(self, boundary: datetime | None) -> str:
        """What is ordered by comes first in the filter, else Graph refuses it as inefficient."""
        query = self._query
        earliest, latest = query.since or _ALL_TIME, None
        if boundary and query.newest_first:
            latest = boundary
        elif boundary:
            earliest = max(boundary, earliest)
        clauses = [f"receivedDateTime ge {_write_time(earliest)}"]
        clauses += [f"receivedDateTime le {_write_time(latest)}"] if latest else []
        clauses += [f"receivedDateTime lt {_write_time(query.before)}"] if query.before else []
        clauses += [] if query.is_read is None else [f"isRead eq {str(query.is_read).lower()}"]
        return " and ".join([*clauses, *self._also])


def get_message(client: GraphClient, message_id: str, body_format: str | None) -> Message:
    """Get one message by its id."""
    params = {"$select": _SELECT_WITH_BODY if body_format else _SELECT}
    request = Request("GET", _path(message_id), params=params, prefer=_prefer_body(body_format))
    return client.fetch(request, Message)


def stream_message_mime(client: GraphClient, message_id: str) -> AbstractContextManager[httpx2.Response]:
    """Get the message's MIME content (`$value`), byte for byte, as a stream."""
    return client.stream(Request("GET", _path(message_id, "/$value")))


def update_message(client: GraphClient, message_id: str, changes: Mapping[str, Any]) -> None:
    """Change properties of a message."""
    client.send(create_update_request(message_id, changes))


def create_update_request(message_id: str, changes: Mapping[str, Any]) -> Request:
    """The request that changes properties of a message, to be sent alone or in a batch."""
    return Request("PATCH", _path(message_id), body=changes, needs="Mail.ReadWrite")


def move_message(client: GraphClient, message_id: str, folder_id: str, *, unclear: bool = False) -> None:
    """Move a message to a folder, once; its immutable id stays.

    `folder_id` is a real id, no well-known name. `unclear` says that an earlier attempt may have moved it.
    """

    def move() -> bool:
        client.send(create_move_request(message_id, folder_id))
        return True

    def look() -> bool | None:
        return _look(client, message_id).parent_folder_id == folder_id or None

    do_once(move, look, unclear=unclear)


def create_move_request(message_id: str, folder_id: str) -> Request:
    """The request that moves a message, to be sent alone or in a batch."""
    body = {"destinationId": folder_id}
    return Request("POST", _path(message_id, "/move"), body=body, needs="Mail.ReadWrite")


def create_draft(client: GraphClient, draft: Mapping[str, Any]) -> Message:
    """Create a message that is not sent yet, in Drafts."""
    return client.fetch(Request("POST", "/messages", body=draft, needs="Mail.ReadWrite"), Message)


def create_answer(
    client: GraphClient, kind: AnswerKind, message_id: str, message: Mapping[str, Any]
) -> Message:
    """Create the draft of an answer: recipients, subject and quoted text are Graph's, the rest is `message`.

    Where the service takes no parameters (by its schema Azure US GCC High does not), `message` is left out: it then
    either ignores them or refuses them.
    """
    path = _path(message_id, f"/{kind.value}")
    request = Request("POST", path, body={"message": message}, needs="Mail.ReadWrite")
    try:
        return client.fetch(request, Message)
    except InvalidRequestError:
        return client.fetch(msgspec.structs.replace(request, body=None), Message)


def delete_draft(client: GraphClient, message_id: str) -> None:
    """Delete a draft."""
    client.send(Request("DELETE", _path(message_id), needs="Mail.ReadWrite"))


def send_draft(client: GraphClient, message_id: str) -> None:
    """Send a draft. Errors: OutcomeUnknownError where Graph does not say whether it did: look before it is repeated."""
    client.send(Request("POST", _path(message_id, "/send"), needs="Mail.Send"))


class _Whereabouts(msgspec.Struct, rename="camel"):
    parent_folder_id: str = ""


def _look(client: GraphClient, message_id: str) -> _Whereabouts:
    params = {"$select": "parentFolderId"}
    return client.fetch(Request("GET", _path(message_id), params=params), _Whereabouts)


def _path(message_id: str, action: str = "") -> str:
    return f"/messages/{quote(message_id, safe='')}{action}"


def _prefer_body(body_format: str | None) -> tuple[str, ...]:
    return (f'outlook.body-content-type="{body_format}"',) if body_format else ()


def _write_time(moment: datetime) -> str:
    utc = moment.astimezone(UTC)
    return utc.strftime("%Y-%m-%dT%H:%M:%S.%fZ" if utc.microsecond else "%Y-%m-%dT%H:%M:%SZ")


def _list_wire_names() -> list[str]:
    return [field.encode_name for field in msgspec.structs.fields(Message)]


_SELECT_WITH_BODY = ",".join(_list_wire_names())
_SELECT = ",".join(name for name in _list_wire_names() if name != "body")
