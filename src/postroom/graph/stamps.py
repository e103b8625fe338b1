"""Stamps: properties of ours on a message that we send, by which it is found again as a draft and as sent.

Extended properties, because Graph keeps them with the draft that it sends, lets messages be found by them, and does
not show them to anybody. Source: singleValueLegacyExtendedProperty of Microsoft Graph v1.0.
"""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from postroom.graph.client import GraphClient, Request
from postroom.graph.paging import iterate_items

_NAMESPACE = "{6f0d3c58-41c7-4a8e-9b0e-5d2f7a913c64}"
STAMP = f"String {_NAMESPACE} Name PostroomOnce"
"""Which sending the message belongs to."""
WHOLE = f"String {_NAMESPACE} Name PostroomWhole"
"""Is there once everything but the attachments stands in the draft."""

_SELECT = "id,isDraft,parentFolderId,subject"
_EXPAND = f"singleValueExtendedProperties($filter=id eq '{STAMP}' or id eq '{WHOLE}')"


class _Property(msgspec.Struct, frozen=True):
    id: str
    value: str = ""


class StampedMessage(msgspec.Struct, frozen=True, rename="camel"):
    """A message, with what it tells of its sending."""

    id: str
    is_draft: bool = False
    parent_folder_id: str = ""
    subject: str | None = None
    single_value_extended_properties: tuple[_Property, ...] = ()

    @property
    def is_stamped(self) -> bool:
        """Whether it has a stamp, be it this or another."""
        return self._has(STAMP)

    @property
    def is_whole(self) -> bool:
        """Whether everything but the attachments stands in it."""
        return self._has(WHOLE)

    def _has(self, name: str) -> bool:
        return any(found.id.casefold() == name.casefold() for found in self.single_value_extended_properties)


class _Thread(msgspec.Struct, frozen=True, rename="camel"):
    conversation_id: str = ""


def write_stamp(stamp: str, *, whole: bool) -> dict[str, Any]:
    """The stamp among the properties of a message that is created or changed."""
    properties = [{"id": STAMP, "value": stamp}]
    properties += [{"id": WHOLE, "value": "true"}] if whole else []
    return {"singleValueExtendedProperties": properties}


def get_stamped(client: GraphClient, message_id: str) -> StampedMessage:
    """Get a message by its id, with what it tells of its sending."""
    params = {"$select": _SELECT, "$expand": _EXPAND}
    path = f"/messages/{quote(message_id, safe='')}"
    return client.fetch(Request("GET", path, params=params), StampedMessage)


def list_stamped(client: GraphClient, stamp: str) -> Iterator[StampedMessage]:
    """List the messages of the mailbox that have this stamp, drafts and sent ones."""
    found = f"singleValueExtendedProperties/any(p: p/id eq '{STAMP}' and p/value eq '{stamp}')"
    params = {"$filter": found, "$select": _SELECT, "$expand": _EXPAND}
    return iterate_items(client, Request("GET", "/messages", params=params), StampedMessage)


def list_fresh_drafts(client: GraphClient, message_id: str, since: datetime) -> Iterator[StampedMessage]:
    """List the drafts without a stamp that were made in the conversation of a message since this moment."""
    path = f"/messages/{quote(message_id, safe='')}"
    thread = client.fetch(Request("GET", path, params={"$select": "conversationId"}), _Thread)
    quoted = thread.conversation_id.replace("'", "''")
    clauses = f"createdDateTime ge {since:%Y-%m-%dT%H:%M:%SZ} and conversationId eq '{quoted}'"
    params = {"$filter": clauses, "$select": _SELECT, "$expand": _EXPAND}
    request = Request("GET", "/mailFolders/drafts/messages", params=params)
    return (draft for draft in iterate_items(client, request, StampedMessage) if not draft.is_stamped)
