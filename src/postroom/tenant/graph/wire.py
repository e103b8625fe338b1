"""A Graph request and its answer, apart from HTTP: what comes alone and what comes inside $batch look the same."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from postroom.tenant.directory import User
from postroom.tenant.entra.access import Caller
from postroom.tenant.graph.differences import lacks
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.mail.database import Row
from postroom.tenant.state import CloudState

JSON_TYPE = (
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8"
)
_PREFERENCE = re.compile(r"([\w.\-]+)\s*(?:=\s*(?:\"([^\"]*)\"|([^\s,;]+)))?")


def read_query(text: str) -> dict[str, str]:
    """Return the options of a query by their names in lower case, or raise Graph's 400 for one that comes twice."""
    query: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        key = name.lower()
        if key in query and key.startswith("$"):
            raise bad_request(
                f"Query option '{name}' was specified more than once, but it must be specified at most once."
            )
        query[key] = value
    return query


@dataclass(slots=True)
class GraphRequest:
    """One request: `query` and `headers` have lower-case names; `path` is what follows /v1.0, as it came."""

    method: str
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]
    body: bytes
    cloud: CloudState
    caller: Caller
    base_url: str
    parameters: dict[str, str] = field(default_factory=dict)
    owner: User | None = None
    _mailbox: Row | None = None

    @property
    def user(self) -> User:
        """The user or shared mailbox whose path this is."""
        if self.owner is None:
            raise bad_request("The request names no mailbox.")
        return self.owner

    @property
    def mailbox(self) -> Row:
        """The mailbox whose path this is."""
        if self._mailbox is None:
            self.cloud.mail.ensure_mailbox(self.user.username)
            self._mailbox = self.cloud.mail.get_mailbox(self.user.username)
        return self._mailbox

    @property
    def is_gcc_high(self) -> bool:
        """Tell whether this is Azure US GCC High."""
        return self.cloud.name == "Azure US GCC High"

    def lacks(self, name: str) -> bool:
        """Tell whether the cloud lacks what this name of its schema stands for, such as `createUploadSession`."""
        return lacks(self.cloud, name)

    @property
    def immutable_ids(self) -> bool:
        """Tell whether the caller wants ids that survive a move."""
        return (self.preference("idtype") or "").lower() == "immutableid"

    @property
    def is_mime(self) -> bool:
        """Tell whether the body is MIME in Base64 rather than JSON."""
        return self.headers.get("content-type", "").lower().startswith("text/plain")

    def preference(self, name: str) -> str | None:
        """Return the value of one preference of the Prefer header, or None."""
        for match in _PREFERENCE.finditer(self.headers.get("prefer", "")):
            if match.group(1).lower() == name:
                return match.group(2) or match.group(3) or ""
        return None

    def json_body(self) -> dict[str, Any]:
        """Return the JSON object that came; an empty body is an empty object."""
        if not self.body.strip():
            return {}
        self._check_content_type()
        try:
            content = json.loads(self.body)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            # [?] The text for a body that is no JSON object is from memory.
            raise bad_request(
                "Unable to read JSON request payload. Please ensure Content-Type header is set and "
                "payload is of valid JSON format."
            )
        return content

    def _check_content_type(self) -> None:
        content_type = self.headers.get("content-type", "").partition(";")[0].strip().lower()
        if not content_type:
            raise bad_request(
                "Write requests (excluding DELETE) must contain the Content-Type header declaration."
            )
        if content_type != "application/json" and not content_type.endswith("+json"):
            # [?] Status, code and text for a body that is said to be no JSON are from memory.
            raise GraphRefusalError(
                415, "UnsupportedMediaType", f"The media type '{content_type}' is not supported."
            )


@dataclass(slots=True)
class GraphResponse:
    """One answer: a status with JSON bytes, with the bytes of a file, or with nothing."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    content_type: str | None = None
    file: Path | None = None

    @classmethod
    def of_json(
        cls, content: Any, status: int = 200, headers: dict[str, str] | None = None
    ) -> "GraphResponse":
        """Answer with a JSON document."""
        return cls(status, msgspec.json.encode(content), headers or {}, JSON_TYPE)


def applied_preferences(request: GraphRequest, *, paged: bool = False) -> dict[str, str]:
    """Give the Preference-Applied header for the preferences that an answer follows."""
    applied = []
    kind = request.preference("outlook.body-content-type")
    if kind and kind.lower() in ("text", "html"):
        applied.append(f'outlook.body-content-type="{kind}"')
    if request.preference("outlook.allow-unsafe-html") is not None:
        applied.append("outlook.allow-unsafe-html")
    zone = request.preference("outlook.timezone")
    if zone:  # it changes the times of events; those of messages are always in UTC
        applied.append(f'outlook.timezone="{zone}"')
    if request.immutable_ids:
        applied.append("IdType=ImmutableId")
    size = request.preference("odata.maxpagesize")
    if paged and size and "$top" not in request.query:
        applied.append(f"odata.maxpagesize={size}")
    return {"Preference-Applied": ", ".join(applied)} if applied else {}
