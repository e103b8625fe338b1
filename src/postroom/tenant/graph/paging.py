"""Where the next page of messages begins, written so that no client reads it.

Outlook passes over as many messages as a client has seen, whatever happened to them since, so that who moves messages
away while paging misses others. That is kept. But passing over a hundred thousand messages takes time, so the token
also remembers the last one shown, and as long as nothing changed in the store the next page begins right after it.
[?] A broken `$skiptoken`, or one of another list, is 400 with a text of our own.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import dataclass
from urllib.parse import unquote

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.changes import Mark
from postroom.tenant.mail.database import Condition, Page, Row

NEWEST_FIRST = "received DESC, key DESC"
OLDEST_FIRST = "received ASC, key ASC"
_SIDES = {NEWEST_FIRST: "<", OLDEST_FIRST: ">"}
_DIGEST_BYTES = 9
# What makes the list that a token belongs to.
_OF_THE_LIST = ("$filter", "$orderby", "$search")


@dataclass(frozen=True, slots=True)
class Token:
    """What a $skiptoken says: how many messages were shown, which was the last, and when that was."""

    skip: int
    received: str
    key: int
    mark: Mark


def write_token(request: GraphRequest, skip: int, last: Row) -> str:
    """Write the $skiptoken of the page that follows this message."""
    mark = request.cloud.mail.changes.mark()
    content = json.dumps([skip, last["received"], last["key"], mark.epoch, mark.number]).encode()
    return base64.urlsafe_b64encode(_digest(request, content) + content).decode().rstrip("=")


def find_token(request: GraphRequest) -> Token | None:
    """Read the $skiptoken of a request, or raise Graph's 400; None where there is none."""
    text = request.query.get("$skiptoken")
    if text is None:
        return None
    try:
        decoded = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise _broken() from None
    content = decoded[_DIGEST_BYTES:]
    if decoded[:_DIGEST_BYTES] != _digest(request, content):
        raise _broken()
    skip, received, key, epoch, number = json.loads(content)
    return Token(skip, received, key, Mark(epoch, number))


def _digest(request: GraphRequest, content: bytes) -> bytes:
    path = unquote(request.path).strip("/").lower()
    options = [request.query.get(name, "") for name in _OF_THE_LIST]
    whole = json.dumps([path, *options]).encode() + content
    return hashlib.sha256(whole).digest()[:_DIGEST_BYTES]


def _broken() -> GraphRefusalError:
    return bad_request("The query parameter '$skiptoken' is not valid.")


def begin_after(request: GraphRequest, token: Token | None, page: Page) -> tuple[Condition, Page]:
    """Return what leads to a page fastest: a condition to begin after the last message, or the page as it is."""
    side = _SIDES.get(page.order)
    if side is None or token is None or token.skip != page.skip:
        return Condition(), page
    if token.mark != request.cloud.mail.changes.mark():
        return Condition(), page
    return (
        Condition(f"(received, key) {side} (?, ?)", (token.received, token.key)),
        Page(page.order, 0, page.top),
    )
