"""$batch: up to 20 requests in one, each with an answer of its own; four of them are under way at a time."""

import asyncio
import base64
import json
from typing import Any, Protocol

from postroom.tenant.graph.paths import split_path
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, not_emulated
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, read_query

MOST_REQUESTS = 20
REQUESTS_AT_ONCE = 4
METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_NO_SEGMENTS = frozenset({"https:", "http:", "v1.0", "beta"})
_JSON = {"Content-Type": "application/json"}
_Part = dict[str, Any]


class Answerer(Protocol):
    """Who answers the parts."""

    async def answer(self, part: GraphRequest) -> GraphResponse:
        """Answer one part; a refusal is an answer too."""


def is_batch(request: GraphRequest) -> bool:
    """Tell whether this is a batch rather than a request of its own."""
    return request.method == "POST" and [part.lower() for part in split_path(request.path)] == ["$batch"]


async def answer_batch(request: GraphRequest, answerer: Answerer) -> GraphResponse:
    """POST $batch: answer every request, in the order that dependsOn sets."""
    parts = _read_parts(request)
    answers: dict[str, _Part] = {}
    waiting = dict(parts)
    places = asyncio.Semaphore(REQUESTS_AT_ONCE)

    async def answer(name: str, part: _Part) -> None:
        if any(answers[need]["status"] >= 400 for need in part["dependsOn"]):
            answers[name] = _failed_dependency(part)
            return
        async with places:
            answers[name] = await _answer_one(request, part, answerer)

    while waiting:
        ready = [name for name, part in waiting.items() if all(need in answers for need in part["dependsOn"])]
        await asyncio.gather(*(answer(name, waiting.pop(name)) for name in ready))
    # Graph promises no order; the last comes first here, so that no client comes to rely on one.
    return GraphResponse.of_json({"responses": [answers[name] for name in reversed(parts)]})


def _read_parts(request: GraphRequest) -> dict[str, _Part]:
    """Return the parts by their ids, whose case does not matter."""
    requests = request.json_body().get("requests")
    if not isinstance(requests, list) or not requests:
        raise bad_request("Invalid batch payload format.")
    if len(requests) > MOST_REQUESTS:
        # [?] The code for a batch of too many requests, MaximumValueExceeded, is from memory.
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}.",
            "MaximumValueExceeded",
        )
    parts: dict[str, _Part] = {}
    for part in requests:
        name = _check_part(part).lower()
        if name in parts:
            # [?] The texts that refuse one id twice and a batch in a batch are from memory.
            raise bad_request(f"Duplicate request id '{name}' in the batch payload.")
        needs = [need.lower() for need in part.get("dependsOn") or []]
        parts[name] = part | {"headers": part.get("headers") or {}, "dependsOn": needs}
    _check_dependencies(parts)
    return parts


def _check_part(part: Any) -> str:
    # [?] An id that is a number is refused: the documents say that it is a string.
    sound = (
        isinstance(part, dict)
        and isinstance(part.get("id"), str)
        and str(part.get("method")).upper() in METHODS
        and isinstance(part.get("url"), str)
        and isinstance(part.get("headers") or {}, dict)
        and isinstance(part.get("dependsOn") or [], list)
        and all(isinstance(need, str) for need in part.get("dependsOn") or [])
    )
    if not sound:
        raise bad_request("Invalid batch payload format.")
    if part.get("atomicityGroup") is not None:
        raise not_emulated("atomicityGroup, which Microsoft Graph does not document")
    return str(part["id"])


def _check_dependencies(parts: dict[str, _Part]) -> None:
    """Refuse a batch that is neither fully parallel nor fully sequential, as people met it.

    Each part but the first waits for one before it, or no part waits for any.
    """
    before: set[str] = set()
    for name, part in parts.items():
        if not before.issuperset(part["dependsOn"]):
            # [?] The end of the text for a dependency that is missing, or comes later in the list, is from memory.
            raise bad_request(f"Invalid dependency for request Id {part['id']}.")
        before.add(name)
    waiting = [bool(part["dependsOn"]) for part in parts.values()]
    if any(waiting) and not all(waiting[1:]):
        raise bad_request("Batch should be either fully sequential or fully parallel.")


def _failed_dependency(part: _Part) -> _Part:
    # [?] Code and text of what depends on a failed request (424 FailedDependency) are from memory.
    error = {
        "code": "FailedDependency",
        "message": "The request failed because a request it depends on failed.",
    }
    return {"id": part["id"], "status": 424, "headers": _JSON, "body": {"error": error}}


async def _answer_one(outer: GraphRequest, part: _Part, answerer: Answerer) -> _Part:
    try:
        inner = _inner_request(outer, part)
    except GraphRefusalError as refused:
        error = {"code": refused.code, "message": refused.message}
        return {"id": part["id"], "status": refused.status, "headers": _JSON, "body": {"error": error}}
    return _part_answer(part["id"], await answerer.answer(inner))


def _inner_request(outer: GraphRequest, part: _Part) -> GraphRequest:
    path, _, query = part["url"].partition("?")
    path = "/" + path.lstrip("/")
    first = path.split("/")[1].lower()
    if first in _NO_SEGMENTS:
        # [?] A part whose address is not relative to the version is refused for itself, not the batch with it.
        raise bad_request(f"Resource not found for the segment '{first}'.")
    headers = {str(name).lower(): str(value) for name, value in part["headers"].items()}
    body = part.get("body")
    if body is not None and "content-type" not in headers:
        raise bad_request(
            "Write request id : {} does not contain Content-Type header or body.".format(part["id"])
        )
    content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    inner = GraphRequest(
        method=part["method"].upper(),
        path=path,
        query=read_query(query),
        headers=headers,
        body=content.encode("utf-8", "replace"),
        cloud=outer.cloud,
        caller=outer.caller,
        base_url=outer.base_url,
    )
    if is_batch(inner):
        raise bad_request("A batch cannot hold a batch.")
    return inner


def _part_answer(name: str, response: GraphResponse) -> _Part:
    content = response.file.read_bytes() if response.file else response.body
    headers = dict(response.headers)
    if response.content_type:
        headers["Content-Type"] = response.content_type
    answer: _Part = {"id": name, "status": response.status, "headers": headers}
    if not content:
        return answer
    if (response.content_type or "").startswith("application/json"):
        try:
            return answer | {"body": json.loads(content)}
        except ValueError:
            pass  # A fault may have cut it short: it goes as it is.
    return answer | {"body": base64.b64encode(content).decode()}
