"""$batch: up to 20 requests in one, each with an answer of its own."""

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse

MOST_REQUESTS = 20
_JSON = {"Content-Type": "application/json"}
Answer = Callable[[GraphRequest, dict[str, str]], GraphResponse]


def answer_batch(request: GraphRequest, identity: dict[str, str], answer: Answer) -> GraphResponse:
    """POST $batch: answer every request, in the order that dependsOn sets."""
    parts = _read_parts(request)
    answers: dict[str, dict[str, Any]] = {}
    waiting = dict(parts)
    while waiting:
        ready = [name for name, part in waiting.items() if all(need in answers for need in part["dependsOn"])]
        if not ready:
            raise bad_request("Invalid batch payload format: dependsOn goes round in a circle.")  # [?] text
        for name in ready:
            answers[name] = _answer_one(request, waiting.pop(name), answers, identity, answer)
    # Graph promises no order; the last comes first here, so that no client comes to rely on one.
    return GraphResponse.of_json({"responses": [answers[name] for name in reversed(parts)]})


def _read_parts(request: GraphRequest) -> dict[str, dict[str, Any]]:
    requests = request.json_body().get("requests")
    if not isinstance(requests, list) or not requests:
        raise bad_request("Invalid batch payload format.")
    if len(requests) > MOST_REQUESTS:
        # [?] The code is from memory.
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}.",
            "MaximumValueExceeded",
        )
    parts: dict[str, dict[str, Any]] = {}
    for part in requests:
        name = _check_part(part)
        if name in parts:
            raise bad_request(f"Duplicate request id '{name}' in the batch payload.")  # [?] text
        parts[name] = {"headers": {}, "dependsOn": [], **part}
    for part in parts.values():
        if any(need not in parts for need in part["dependsOn"]):
            raise bad_request("Invalid batch payload format: dependsOn names a request that is not there.")
    return parts


def _check_part(part: Any) -> str:
    sound = (
        isinstance(part, dict)
        and isinstance(part.get("id"), str)
        and isinstance(part.get("method"), str)
        and isinstance(part.get("url"), str)
        and isinstance(part.get("headers", {}), dict)
        and isinstance(part.get("dependsOn", []), list)
        and all(isinstance(need, str) for need in part.get("dependsOn", []))
        and not part["url"].lower().startswith(("http:", "https:"))
    )
    if not sound:
        raise bad_request("Invalid batch payload format.")
    return str(part["id"])


def _answer_one(
    outer: GraphRequest, part: dict[str, Any], answers: dict[str, dict[str, Any]], identity: dict[str, str],
    answer: Answer,
) -> dict[str, Any]:  # fmt: skip
    if any(answers[need]["status"] >= 400 for need in part["dependsOn"]):
        # [?] The code and text are from memory.
        error = {
            "code": "FailedDependency",
            "message": "The request failed because a request it depends on failed.",
        }
        return {"id": part["id"], "status": 424, "headers": _JSON, "body": {"error": error}}
    try:
        inner = _inner_request(outer, part)
        response = answer(inner, identity)
    except GraphRefusalError as refused:
        error = {"code": refused.code, "message": refused.message}
        return {"id": part["id"], "status": refused.status, "headers": _JSON, "body": {"error": error}}
    return _part_answer(part["id"], response)


def _inner_request(outer: GraphRequest, part: dict[str, Any]) -> GraphRequest:
    path, _, query = part["url"].partition("?")
    path = "/" + path.lstrip("/").removeprefix("v1.0/")
    if path.lower().rstrip("/") == "/$batch":
        raise bad_request("A batch cannot hold a batch.")  # [?] text
    headers = {str(name).lower(): str(value) for name, value in part["headers"].items()}
    body = part.get("body")
    if body is not None and "content-type" not in headers:
        raise bad_request(
            "Write request id : {} does not contain Content-Type header or body.".format(part["id"])
        )
    content = body if isinstance(body, str) else json.dumps(body) if body is not None else ""
    return GraphRequest(
        method=part["method"].upper(),
        path=path,
        query={name.lower(): value for name, value in parse_qsl(query, keep_blank_values=True)},
        headers=headers,
        body=content.encode("utf-8", "replace"),
        cloud=outer.cloud,
        caller=outer.caller,
        base_url=outer.base_url,
    )


def _part_answer(name: str, response: GraphResponse) -> dict[str, Any]:
    content = response.file.read_bytes() if response.file else response.body
    headers = dict(response.headers)
    if response.content_type:
        headers["Content-Type"] = response.content_type
    answer: dict[str, Any] = {"id": name, "status": response.status, "headers": headers}
    if content and (response.content_type or "").startswith("application/json"):
        answer["body"] = json.loads(content)
    elif content:
        answer["body"] = base64.b64encode(content).decode()
    return answer
