"""Graph on HTTP: reads a request, finds who calls and what is meant, and writes the answer."""

import json
from collections.abc import Mapping
from urllib.parse import parse_qsl
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute

from postroom.tenant.entra.access import AccessRefusedError, authenticate
from postroom.tenant.graph.dispatch import dispatch, refusal_response
from postroom.tenant.graph.refusals import GraphRefusalError, not_emulated
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.state import CloudState

_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]
_VERSION = "/v1.0"


def graph_routes() -> list[BaseRoute]:
    """Return the routes that serve Microsoft Graph: everything under /v1.0, and a plain 501 under /beta."""
    return [
        HttpRoute("/v1.0/{path:path}", _serve, methods=_METHODS),
        HttpRoute("/v1.0", _serve, methods=_METHODS),
        HttpRoute("/beta/{path:path}", _serve, methods=_METHODS),
    ]


async def _serve(request: Request) -> Response:
    body = await request.body()
    identity = _identity(request.headers)
    try:
        answer = await run_in_threadpool(_answer, request, body, identity)
    except AccessRefusedError as refused:
        error = GraphRefusalError(
            401, refused.code, refused.message, {"WWW-Authenticate": refused.www_authenticate}
        )
        answer = refusal_response(error, request.app.state.cloud, identity)
    except GraphRefusalError as refused:
        answer = refusal_response(refused, request.app.state.cloud, identity)
    return _write(answer, request.app.state.cloud, identity)


def _identity(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the ids that every answer carries; the client's own is echoed."""
    request_id = str(uuid4())
    return {"request-id": request_id, "client-request-id": headers.get("client-request-id", request_id)}


def _answer(request: Request, body: bytes, identity: dict[str, str]) -> GraphResponse:
    cloud: CloudState = request.app.state.cloud
    request.state.caller = authenticate(request.headers.get("authorization"), cloud)
    path = request.scope.get("raw_path", request.url.path.encode()).decode("ascii", "replace")
    if not path.startswith(_VERSION):
        raise not_emulated(f"{request.method} {path}")
    host = request.headers.get("host", "")
    query = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    graph_request = GraphRequest(
        method=request.method,
        path=path.removeprefix(_VERSION),
        query={name.lower(): value for name, value in query},
        headers={name: ", ".join(request.headers.getlist(name)) for name in request.headers},
        body=body,
        cloud=cloud,
        caller=request.state.caller,
        base_url=cloud.graph_url(host),
    )
    try:
        return dispatch(graph_request, identity)
    finally:
        request.state.mailbox = graph_request.owner.username if graph_request.owner else None


def _write(answer: GraphResponse, cloud: CloudState, identity: dict[str, str]) -> Response:
    headers = answer.headers | identity | _diagnostic(cloud)
    if answer.content_type:
        headers["Content-Type"] = answer.content_type
    if answer.file is not None:
        return FileResponse(answer.file, answer.status, headers)
    if answer.body:
        headers["OData-Version"] = "4.0"
    return Response(answer.body, answer.status, headers)


def _diagnostic(cloud: CloudState) -> dict[str, str]:
    server = {
        "DataCenter": "Local Tenant", "Slice": "E", "Ring": "0", "ScaleUnit": "000", "RoleInstance": cloud.hosts.key,
    }  # fmt: skip
    return {"x-ms-ags-diagnostic": json.dumps({"ServerInfo": server}, separators=(",", ":"))}
