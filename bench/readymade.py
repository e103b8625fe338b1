"""The answers, built before the clock starts, so that the server has nothing to do but send them.

A message is 3,500 bytes of JSON, as Graph gives it without `$select`; every client gets the same bytes whatever fields
it asked for. Messages are one second apart, newest first, so a page that begins at a time is a slice of one block.
"""

import base64
import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit

MAILBOX = "ap@contoso.com"
TENANT_ID = "7c1f0d9e-0000-4000-8000-5ac4d5b1a0aa"
CLIENT_ID = "0b8e5f1a-0000-4000-8000-2f6b0d3a9c11"
LOGIN = "login.microsoftonline.com"
GRAPH = "graph.microsoft.com"

MESSAGE_BYTES = 3_500
NEWEST = datetime(2026, 6, 30, 12, 0, tzinfo=UTC)
FOLDER_ID = "AQMkAGNvbnRvc28tYXA" + "A" * 100 + "AgEMAAAA"
DEFAULT_PAGE = 10

_ID = re.compile(r"-(\d+)-")
_BEGINS_AT = re.compile(r"receivedDateTime le ([^ )]+)")


@dataclass(frozen=True)
class Workload:
    """What the mailbox holds."""

    messages: int
    attachments_per_message: int = 0
    attachment_bytes: int = 0

    @property
    def unread(self) -> int:
        return len(range(0, self.messages, 3))


@dataclass(frozen=True)
class Answer:
    """An HTTP answer as pieces of bytes that lie ready and are sent one after the other."""

    pieces: tuple[bytes | memoryview, ...]
    content_type: str = "application/json"
    status: str = "200 OK"

    @property
    def head(self) -> bytes:
        length = sum(len(piece) for piece in self.pieces)
        head = (
            f"HTTP/1.1 {self.status}\r\nContent-Type: {self.content_type}\r\nContent-Length: {length}\r\n\r\n"
        )
        return head.encode()


@dataclass(frozen=True)
class Page:
    """Which part of the folder a request asks for, read from its query."""

    path: str
    query: dict[str, str]

    @property
    def start(self) -> int:
        begins_at = _BEGINS_AT.search(self.query.get("$filter", ""))
        first = 0 if begins_at is None else _find_index(datetime.fromisoformat(begins_at[1]))
        return first + int(self.query.get("$skip", 0))

    @property
    def size(self) -> int:
        return int(self.query.get("$top", DEFAULT_PAGE))

    @property
    def next_link(self) -> str:
        skip = int(self.query.get("$skip", 0)) + self.size
        query = urlencode({**self.query, "$skip": skip}, safe="$", quote_via=quote)
        return f"https://{GRAPH}{quote(self.path, safe='/$')}?{query}"


class ReadyMailbox:
    """A mailbox whose every answer exists already."""

    def __init__(self, workload: Workload) -> None:
        self.workload = workload
        messages = [build_message(index, workload) for index in range(workload.messages)]
        # Equal lengths and a comma between them make the offset of a message a multiplication.
        self._messages = memoryview(b",".join(messages))
        contents = [attachment_content(index, workload) for index in range(workload.attachments_per_message)]
        self._contents = contents
        self._encoded = [base64.b64encode(content) for content in contents]

    def find_answer(self, method: str, target: str) -> Answer | None:
        """Return the answer to a request, None if it is not one of those that clients are known to make."""
        parts = urlsplit(target)
        path = unquote(parts.path)
        for wanted, pattern, build in _ROUTES:
            if method == wanted and (match := pattern.fullmatch(path)):
                return build(self, match, Page(path, dict(parse_qsl(parts.query))))
        return None

    def list_messages(self, _match: re.Match[str], page: Page) -> Answer:
        start = min(page.start, self.workload.messages)
        stop = min(start + page.size, self.workload.messages)
        width = MESSAGE_BYTES + 1
        block = self._messages[start * width : max(start * width, stop * width - 1)]
        link = f',"@odata.nextLink":{json.dumps(page.next_link)}' if stop < self.workload.messages else ""
        return Answer((b'{"@odata.context":"messages","value":[', block, f"]{link}}}".encode()))

    def get_message(self, match: re.Match[str], _page: Page) -> Answer:
        offset = _read_index(match["message"]) * (MESSAGE_BYTES + 1)
        return Answer((self._messages[offset : offset + MESSAGE_BYTES],))

    def list_attachments(self, match: re.Match[str], page: Page) -> Answer:
        """Give the attachments of a message, with their content unless `$select` leaves it out, as Graph does."""
        with_content = "contentBytes" in page.query.get("$select", "contentBytes")
        pieces: list[bytes] = [b'{"@odata.context":"attachments","value":[']
        for index in range(self.workload.attachments_per_message):
            pieces.append(b"," if index else b"")
            pieces += self._attachment_json(_read_index(match["message"]), index, with_content=with_content)
        return Answer((*pieces, b"]}"))

    def get_attachment(self, match: re.Match[str], _page: Page) -> Answer:
        message, index = _read_index(match["message"]), _read_index(match["attachment"])
        return Answer(tuple(self._attachment_json(message, index, with_content=True)))

    def get_attachment_value(self, match: re.Match[str], _page: Page) -> Answer:
        return Answer((self._contents[_read_index(match["attachment"])],), "application/pdf")

    def _attachment_json(self, message: int, index: int, *, with_content: bool) -> list[bytes]:
        head = json.dumps(describe_attachment(message, index, self.workload)).encode()
        if not with_content:
            return [head]
        return [head.removesuffix(b"}") + b',"contentBytes":"', self._encoded[index], b'"}']

    def get_folder(self, _match: re.Match[str], _page: Page) -> Answer:
        folder = {
            "id": FOLDER_ID,
            "displayName": "Inbox",
            "parentFolderId": FOLDER_ID[:-8] + "AgEIAAAA",
            "childFolderCount": 0,
            "unreadItemCount": self.workload.unread,
            "totalItemCount": self.workload.messages,
            "isHidden": False,
        }
        return _answer_json(folder)

    def issue_token(self, _match: re.Match[str], _page: Page) -> Answer:
        token = {
            "token_type": "Bearer",
            "expires_in": 3599,
            "ext_expires_in": 3599,
            "access_token": "e" * 1_800,
        }
        return _answer_json(token)

    def describe_login(self, match: re.Match[str], _page: Page) -> Answer:
        """Give the OpenID configuration of a tenant (OpenID Connect Discovery 1.0 §4)."""
        base = f"https://{LOGIN}/{match['tenant']}"
        configuration = {
            "issuer": f"{base}/v2.0",
            "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
            "token_endpoint": f"{base}/oauth2/v2.0/token",
            "device_authorization_endpoint": f"{base}/oauth2/v2.0/devicecode",
            "jwks_uri": f"{base}/discovery/v2.0/keys",
        }
        return _answer_json(configuration)

    def describe_instance(self, _match: re.Match[str], _page: Page) -> Answer:
        instance = {
            "tenant_discovery_endpoint": f"https://{LOGIN}/{TENANT_ID}/v2.0/.well-known/openid-configuration",
            "api-version": "1.1",
            "metadata": [
                {"preferred_network": LOGIN, "preferred_cache": "login.windows.net", "aliases": [LOGIN]}
            ],
        }
        return _answer_json(instance)


def build_message(index: int, workload: Workload) -> bytes:
    """Return the JSON of one message, made to measure with the text of its body."""
    received = NEWEST - timedelta(seconds=index)
    stamp = received.strftime("%Y-%m-%dT%H:%M:%SZ")
    message = {
        "@odata.etag": f'W/"CQAAABYAAAC{index:06d}"',
        "id": message_id(index),
        "createdDateTime": stamp,
        "lastModifiedDateTime": stamp,
        "changeKey": f"CQAAABYAAAC{index:06d}",
        "categories": [],
        "receivedDateTime": stamp,
        "sentDateTime": stamp,
        "hasAttachments": workload.attachments_per_message > 0,
        "internetMessageId": f"<{index:06d}.invoices@fabrikam.com>",
        "subject": message_subject(index),
        "bodyPreview": f"Dear Contoso, please find attached invoice {index:06d}. "
        + "Payable by transfer. " * 8,
        "importance": "normal",
        "parentFolderId": FOLDER_ID,
        "conversationId": "AAQkAGNvbnRvc28t" + f"{index:06d}" + "A" * 60,
        "conversationIndex": f"AQHb{index:06d}AAAAAA",
        "isDeliveryReceiptRequested": None,
        "isReadReceiptRequested": False,
        "isRead": index % 3 != 0,
        "isDraft": False,
        "webLink": f"https://outlook.office365.com/owa/?ItemID={message_id(index)}&exvsurl=1&viewmodel=ReadMessageItem",
        "inferenceClassification": "focused",
        "sender": _person("Fabrikam Invoices", "invoices@fabrikam.com"),
        "from": _person("Fabrikam Invoices", "invoices@fabrikam.com"),
        "toRecipients": [_person("Accounts Payable", MAILBOX)],
        "ccRecipients": [_person("Purchasing", "purchasing@contoso.com")],
        "bccRecipients": [],
        "replyTo": [],
        "flag": {"flagStatus": "notFlagged"},
        "body": {"contentType": "html", "content": "PADDING"},
    }
    text = json.dumps(message, separators=(",", ":"))
    paragraph = f'<p class="MsoNormal">Invoice {index:06d}: payable by transfer.</p>\r\n'
    padding = MESSAGE_BYTES - len(text) + len("PADDING")
    return text.replace("PADDING", _fill(json.dumps(paragraph)[1:-1], padding)).encode()


def describe_attachment(message: int, index: int, workload: Workload) -> dict[str, object]:
    """Return an attachment as Graph lists it, without its content."""
    return {
        "@odata.type": "#microsoft.graph.fileAttachment",
        "@odata.mediaContentType": "application/pdf",
        "id": f"{message_id(message)[:-1]}BEgAQA-{index:06d}-{'A' * 24}=",
        "lastModifiedDateTime": NEWEST.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "name": f"invoice-{message:06d}-{index:02d}.pdf",
        "contentType": "application/pdf",
        "size": workload.attachment_bytes,
        "isInline": False,
        "contentId": None,
        "contentLocation": None,
    }


def attachment_content(index: int, workload: Workload) -> bytes:
    """Return the bytes of the attachment that has this place in its message."""
    return Random(index).randbytes(workload.attachment_bytes)


def message_id(index: int) -> str:
    return f"AAkALgAAAAAAHYQDEapmEc2byACqAC-{index:06d}-EWg0A{'7k3Zq' * 20}AA="


def message_subject(index: int) -> str:
    return f"Invoice {index:06d} of Fabrikam, due in thirty days"


def _fill(text: str, length: int) -> str:
    """Repeat a text to a length; blanks make up the rest, so that no escape sequence is cut in two."""
    return (text * (length // len(text))).ljust(length)


def _person(name: str, address: str) -> dict[str, dict[str, str]]:
    return {"emailAddress": {"name": name, "address": address}}


def _find_index(received: datetime) -> int:
    return max(0, int((NEWEST - received).total_seconds()))


def _read_index(identifier: str) -> int:
    return int(_ID.findall(identifier)[-1])


def _answer_json(value: object) -> Answer:
    return Answer((json.dumps(value).encode(),))


_Builder = Callable[[ReadyMailbox, "re.Match[str]", Page], Answer]
_MESSAGE = r"/v1\.0/users/[^/]+/messages/(?P<message>[^/]+)"
_FOLDER = r"/v1\.0/users/[^/]+/mailfolders/[^/]+"


def _route(method: str, pattern: str, build: _Builder) -> tuple[str, re.Pattern[str], _Builder]:
    return method, re.compile(pattern, re.IGNORECASE), build


_ROUTES = (
    _route(
        "GET", rf"{_MESSAGE}/attachments/(?P<attachment>[^/]+)/\$value", ReadyMailbox.get_attachment_value
    ),
    _route("GET", rf"{_MESSAGE}/attachments", ReadyMailbox.list_attachments),
    _route("GET", rf"{_FOLDER}/messages", ReadyMailbox.list_messages),
    _route("GET", rf"{_MESSAGE}/attachments/(?P<attachment>[^/]+)", ReadyMailbox.get_attachment),
    _route("GET", _MESSAGE, ReadyMailbox.get_message),
    _route("GET", _FOLDER, ReadyMailbox.get_folder),
    _route("POST", r"/[^/]+/oauth2/v2\.0/token", ReadyMailbox.issue_token),
    _route("GET", r"/(?P<tenant>[^/]+)/v2\.0/\.well-known/openid-configuration", ReadyMailbox.describe_login),
    _route("GET", "/common/discovery/instance", ReadyMailbox.describe_instance),
)
