"""Requests and responses from Microsoft's documentation, asked of a local tenant.

They are read from `../shared/graph`, which is not part of this checkout.
"""

import base64
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import httpx2

from support.mail import make_mail
from support.openapi import split
from support.prepared_mailbox import PreparedMailbox
from support.shapes import compare_shapes, list_echoes

EXAMPLES = Path(__file__).parents[3] / "shared" / "graph" / "examples.jsonl"
MISSING = "Microsoft's documented examples are not beside this checkout (../shared/graph)."

GRAPH = "graph.microsoft.com"
MAIL_PATHS = frozenset(
    {
        *("messages", "mailfolders", "sendmail", "inferenceclassification", "mailboxsettings", "outlook"),
        *("getmailtips", "translateexchangeids"),
    }
)
_PLACEHOLDER = re.compile(r"-value$|^\{.*\}$")
_PROPERTY_ID = re.compile(r"\w+ \{[0-9a-fA-F-]+\} (?:Name|Id) \w+")
_EXTENSION_ID = re.compile(r"f/id eq '([^']+)'")
_RANGE = re.compile(r"bytes (\d+)-(\d+)/(\d+)")
_SEGMENT = re.compile(r"([A-Za-z]+)\('([^']*)'\)")
_WELL_KNOWN = re.compile(r"(?!A[AQ]Mk)[A-Za-z]+")
_CHUNK_BYTES = 320 * 1024 * 6


@dataclass(frozen=True)
class Example:
    """A documented request with what is documented of its response."""

    id: str
    method: str
    url: str
    headers: dict[str, str]
    body: Any
    statuses: frozenset[int]
    documented: Any
    documented_headers: dict[str, str]
    is_truncated: bool
    known_errors: frozenset[str]
    is_echoing: bool

    @classmethod
    def read(cls, row: dict[str, Any]) -> "Example":
        """Read a line of the file; what the prose says of the status wins over what the example says."""
        request, response = row["request"] or {}, row["response"] or {}
        documented = _read_json(response.get("body"))
        if _is_batch(request):
            documented = _shorten_batch(request["body"], documented)
        return cls(
            id=row["id"],
            method=request.get("method") or "GET",
            url=request.get("url") or "",
            headers=request.get("headers") or {},
            body=request.get("body"),
            statuses=_read_statuses(row),
            documented=documented,
            documented_headers={name.lower(): v for name, v in (response.get("headers") or {}).items()},
            is_truncated=bool(row["truncated"]) or _is_batch(request),
            known_errors=frozenset(path for path, _ in row.get("openapi_errors", ())),
            is_echoing=row.get("openapi_check") == "ok",
        )

    @property
    def path(self) -> str:
        """The path below /v1.0, which that of the beta stands for too."""
        path = urlsplit(self.url).path if self.url.startswith("http") else self.url.partition("?")[0]
        return re.sub(r"^/?(?:v1\.0|beta)/", "/", path if path.startswith("/") else f"/{path}").rstrip("/")

    @property
    def query(self) -> str:
        """The query, decoded."""
        return unquote(self.url.partition("?")[2])

    @property
    def is_upload(self) -> bool:
        """Whether it goes to where an upload session leads."""
        return "outlook.office.com" in self.url and "AttachmentSessions" in self.url

    @property
    def is_of_mail(self) -> bool:
        """Whether it is about mail, and so about what a local tenant emulates."""
        if self.is_upload or not self.url:
            return self.is_upload or 429 in self.statuses
        return urlsplit(self.url).hostname in (None, GRAPH) and is_mail_path(self.path)


def is_mail_path(path: str) -> bool:
    """Tell whether a path below /v1.0 leads to mail, its settings, or what stands around them."""
    first, *rest = split(path)
    if first in ("subscriptions", "$batch"):
        return True
    return first == "me" and bool(rest) and rest[0] in MAIL_PATHS


@dataclass(frozen=True)
class Outcome:
    """What came of an example: `problems` says what is not as documented."""

    example: Example
    status: int
    problems: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """`as documented`, `differs`, or `outside` where it is not about mail."""
        if not self.example.is_of_mail:
            return "outside"
        return "differs" if self.problems else "as documented"


def read_examples() -> list[Example]:
    """Read all examples, in the order of the file."""
    rows = [json.loads(line) for line in EXAMPLES.read_text(encoding="utf-8").splitlines()]
    # A response that stands alone can be brought about only where it is an error.
    return [Example.read(row) for row in rows if row["request"] or row["response"]["status"] >= 400]


def replay(example: Example, mailbox: PreparedMailbox) -> Outcome:
    """Ask a prepared mailbox what the example asks, and compare; what goes to another host is not asked."""
    if not example.is_of_mail and urlsplit(example.url).hostname not in (None, GRAPH):
        return Outcome(example, 0, ())
    try:
        answer, sent = _Replay(example, mailbox).ask()
    except AssertionError as error:  # something that the example takes for granted could not be made
        return Outcome(example, 0, (f"could not be prepared: {error}",))
    return Outcome(example, answer.status_code, tuple(_compare(example, answer, sent)))


class _Replay:
    """One example, asked with what is in the mailbox in place of what its writer had."""

    def __init__(self, example: Example, mailbox: PreparedMailbox) -> None:
        self._example = example
        self._mailbox = mailbox

    def ask(self) -> tuple[httpx2.Response, Any]:
        """Send the request; gives what was sent too, for what is written must come back."""
        example, headers = self._example, dict(self._example.headers)
        headers.pop("Content-Length", None)
        if example.is_upload:
            return self._upload(headers), None
        if not example.url:
            self._mailbox.tenant.add_fault(path="/v1.0/*", status=min(example.statuses), retry_after=10)
            return self._mailbox.send("GET", "/me/messages"), None
        if "token=" in example.query and example.path.lower().endswith("/delta"):
            return self._mailbox.send("GET", self._find_round(headers), headers=headers), None
        path = self._map_path()
        if not isinstance(example.body, (dict, list)):
            content = self._map_mime(example.body) if isinstance(example.body, str) else None
            return self._mailbox.send(example.method, path, headers=headers, content=content), None
        body = self._map_body(example.body, "") if example.method != "GET" else None
        return self._mailbox.send(example.method, path, headers=headers, json=body), body

    def _map_path(self) -> str:
        path = self._example.path
        if self._example.is_of_mail:
            path = _map_segments(path, self._map_id)
            self._prepare_collection(path)
        query = self._example.url.partition("?")[2]
        return f"{path}?{query}" if query else path

    def _map_id(self, collection: str, name: str, before: list[str]) -> str:
        mailbox = self._mailbox
        maker = mailbox.find_maker(collection)
        if maker is not None:
            return maker()
        if collection == "users":
            return mailbox.address
        if collection in ("mailfolders", "childfolders"):
            return self._map_folder(name)
        if collection == "messages":
            return self._find_message()
        if collection == "attachments":
            return mailbox.find_attachment(before[-2], self._find_kind())
        if collection == "extensions":
            mailbox.extend(before[-2], name.removeprefix("Microsoft.OutlookServices.OpenTypeExtension."))
        return name

    def _map_folder(self, name: str) -> str:
        if _WELL_KNOWN.fullmatch(name):
            return name
        kind = self._example.body.get("@odata.type", "") if isinstance(self._example.body, dict) else ""
        return self._mailbox.search_folder if "mailSearchFolder" in kind else self._mailbox.folder

    def _find_message(self) -> str:
        tail = split(self._example.path)[-1]
        writes = self._example.method == "PATCH" or tail in ("send", "createuploadsession")
        adds = self._example.method == "POST" and tail == "attachments"
        has_link = "referenceAttachment" in self._find_kind()
        return self._mailbox.draft if writes or adds or has_link else self._mailbox.message

    def _find_kind(self) -> str:
        documented = self._example.documented
        if isinstance(documented, dict):
            return str(documented.get("@odata.type", "fileAttachment")).rpartition(".")[2]
        is_mime = isinstance(documented, str) and documented.startswith(("From:", "Received:"))
        return "itemAttachment" if is_mime else "fileAttachment"

    def _prepare_collection(self, path: str) -> None:
        """Put into the mailbox what the example's list, or its query, is to find."""
        query = self._example.query
        maker = self._mailbox.find_maker(path.rpartition("/")[2].lower())
        if maker is not None and self._example.method == "GET":
            maker()
        _, _, setting = path.partition("/mailboxSettings")
        if path.startswith("/me/mailboxSettings") and self._example.method == "GET":
            self._prepare_settings(setting.strip("/"))
        message = self._mailbox.message
        for property_id in _PROPERTY_ID.findall(query):
            self._mailbox.note(message, property_id)
        for name in _EXTENSION_ID.findall(query):
            self._mailbox.extend(message, name)
        if self._example.path.lower().endswith(("/messages", "/delta")):
            assert self._mailbox.messages

    def _prepare_settings(self, setting: str) -> None:
        """Give the mailbox the settings that the example shows, as far as they can be written."""
        shown = {name: v for name, v in self._example.documented.items() if not name.startswith("@")}
        wanted = {setting: shown} if setting else {name: v for name, v in shown.items() if name in _WRITABLE}
        self._mailbox.call("PATCH", "/me/mailboxSettings", wanted)

    def _find_round(self, headers: dict[str, str]) -> str:
        """Follow the rounds of a delta to the link that the example follows."""
        mailbox, path = self._mailbox, _map_segments(self._example.path, self._map_id)
        page = mailbox.call("GET", path, headers=headers)
        if "@odata.nextLink" in self._example.documented:
            return str(page["@odata.nextLink"])
        last = path
        while "@odata.nextLink" in page:
            last = page["@odata.nextLink"]
            page = mailbox.call("GET", last, headers=headers)
        if "$deltatoken" not in self._example.query:
            return last
        first, second, *_ = mailbox.call("GET", path.removesuffix("/delta"))["value"]
        mailbox.call("DELETE", f"/me/messages/{first['id']}")
        mailbox.call("PATCH", f"/me/messages/{second['id']}", {"isRead": True})
        return str(page["@odata.deltaLink"])

    def _upload(self, headers: dict[str, str]) -> httpx2.Response:
        found = _RANGE.match(headers.get("Content-Range", ""))
        first, last, size = map(int, found.groups()) if found else (0, 0, 3_483_322)
        item = {"AttachmentItem": {"attachmentType": "file", "name": "flower", "size": size}}
        session = f"/me/messages/{self._mailbox.draft}/attachments/createUploadSession"
        url = str(self._mailbox.call("POST", session, item)["uploadUrl"])
        for start in range(0, first, _CHUNK_BYTES):
            _send_range(self._mailbox, url, start, min(start + _CHUNK_BYTES, first) - 1, size)
        if self._example.method == "DELETE":
            return self._mailbox.send("DELETE", url, is_anonymous=True)
        return _send_range(self._mailbox, url, first, last, size)

    def _map_mime(self, body: str) -> str:
        """Give sound MIME where it is taken; where it is refused for its Base64, give what is no Base64."""
        if max(self._example.statuses) >= 400:
            return f"{body}..."
        return base64.b64encode(make_mail(sender=self._mailbox.address)).decode()

    def _map_body(self, value: Any, name: str) -> Any:
        if isinstance(value, dict):
            if name == "from":
                return {"emailAddress": {"address": self._find_sender()}}
            return {key: self._map_body(inner, key) for key, inner in value.items()}
        if isinstance(value, list):
            return [self._map_body(inner, name) for inner in value]
        return self._map_value(value, name) if isinstance(value, str) else value

    def _map_value(self, value: str, name: str) -> str:
        lowered = name.lower()
        if lowered.endswith("url") and lowered.startswith(("notification", "lifecycle")):
            return self._mailbox.webhook
        if lowered == "contenttype" and value in ("", "contentType-value"):
            return "html"
        if lowered == "destinationid":
            return self._mailbox.other_folder
        if lowered in ("sourcefolderids", "parentfolderid"):
            return self._mailbox.folder
        if lowered == "expirationdatetime":
            return self._mailbox.tell_time(hours=2)
        if lowered.endswith("datetime") and _PLACEHOLDER.search(value):
            return "2024-01-01T00:00:00Z"
        if lowered == "emailaddresses":
            return self._mailbox.replying_address
        if lowered == "address" and "@contoso" in value.lower():
            return "adele@contoso.com"
        if lowered == "resource":
            return re.sub(r"users/[0-9a-f-]{36}", "users/ap@contoso.com", value)
        return value

    def _find_sender(self) -> str:
        """Give somebody in whose name the user may send, or may not, as the example has it."""
        if max(self._example.statuses) >= 400:
            return "megan@contoso.com"
        self._mailbox.tenant.change_user("invoices@contoso.com", send_as=[self._mailbox.address])
        return "invoices@contoso.com"


def _send_range(mailbox: PreparedMailbox, url: str, first: int, last: int, size: int) -> httpx2.Response:
    headers = {"Content-Range": f"bytes {first}-{last}/{size}", "Content-Type": "application/octet-stream"}
    # The address itself lets in; Microsoft asks for no token besides.
    return mailbox.send("PUT", url, headers=headers, content=b"x" * (last - first + 1), is_anonymous=True)


def _map_segments(path: str, map_id: Callable[[str, str, list[str]], str]) -> str:
    """Put other ids into a path; what is given to `map_id` is the collection, the id, and the segments before."""
    mapped: list[str] = []
    for part in unquote(path).strip("/").split("/"):
        key = _SEGMENT.fullmatch(part)
        before = mapped[-1].lower() if mapped else ""
        if key:
            mapped += [key[1], map_id(key[1].lower(), key[2], [*mapped, key[1]])]
        elif before in _COLLECTIONS and part.lower() not in _ACTIONS and not part.startswith("$"):
            mapped.append(map_id(before, part, mapped))
        else:
            mapped.append(part)
    return "/" + "/".join(mapped)


_COLLECTIONS = frozenset(
    {
        *("users", "messages", "mailfolders", "childfolders", "attachments", "extensions", "messagerules"),
        *("mastercategories", "overrides", "subscriptions"),
    }
)
_WRITABLE = frozenset(
    {"automaticRepliesSetting", "dateFormat", "language", "timeFormat", "timeZone", "workingHours"}
)
_ACTIONS = frozenset({"delta", "delta()", "createuploadsession"})


def _is_batch(request: dict[str, Any]) -> bool:
    return str(request.get("url", "")).lower().endswith("/$batch")


def _shorten_batch(asked: dict[str, Any], documented: dict[str, Any]) -> dict[str, Any]:
    """Keep of the answers in a batch, where they are not about mail, only that they are there."""
    outside = {part["id"] for part in asked["requests"] if not is_mail_path(part["url"].partition("?")[0])}
    return {
        "responses": [
            {"id": part["id"], "status": part["status"]} if part["id"] in outside else part
            for part in documented["responses"]
        ]
    }


def _read_statuses(row: dict[str, Any]) -> frozenset[int]:
    """Give the statuses that are documented: the prose names all of an operation, the example tells which kind."""
    shown = (row["response"] or {}).get("status")
    told = frozenset(row["prose_status"] or ())
    if shown is None:
        return told or frozenset({200, 201, 202, 204})
    same_kind = {status for status in told if status // 100 == shown // 100}
    return frozenset(same_kind) if row["status_conflict"] and same_kind else frozenset({shown})


def _read_json(body: Any) -> Any:
    """Give JSON that the page shows as text; text that is none stays."""
    if not isinstance(body, str):
        return body
    try:
        return json.loads(body)
    except ValueError:
        return body


def _compare(example: Example, answer: httpx2.Response, sent: Any) -> Iterator[str]:
    expected = " or ".join(map(str, sorted(example.statuses)))
    if answer.status_code not in example.statuses:
        yield f"is {answer.status_code}, documented is {expected}: {_read_error(answer)}"
        return
    applied = example.documented_headers.get("preference-applied")
    if applied and answer.headers.get("preference-applied") != applied:
        yield f"applies {answer.headers.get('preference-applied')!r}, documented is {applied!r}"
    if isinstance(example.documented, dict):
        content = answer.json()
        is_closed = not example.is_truncated and "error" not in example.documented
        yield from compare_shapes(
            example.documented, content, is_closed=is_closed, passed_over=example.known_errors
        )
        if example.is_echoing:
            yield from list_echoes(example.body, sent, example.documented, content)
        yield from _compare_errors(example.documented, content)
    elif isinstance(example.documented, str) and not answer.content:
        yield "has no content"


def _compare_errors(documented: dict[str, Any], content: dict[str, Any]) -> Iterator[str]:
    for name in ("code", "message"):
        expected = documented.get("error", {}).get(name)
        found = content.get("error", {}).get(name)
        if expected != found:
            yield f"says {name} {found!r}, documented is {expected!r}"


def _read_error(answer: httpx2.Response) -> str:
    try:
        error = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        return "no error"
    return f"{error['code']}: {error['message']}"
