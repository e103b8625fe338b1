"""Graph on HTTP: reads a request, finds who calls and what is meant, and writes the answer."""

import json
from collections.abc import Mapping
from uuid import uuid4

from starlette.concurrency import run_in_threadpool
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute
from starlette.routing import Route as HttpRoute

from postroom.tenant.entra.access import AccessRefusedError, Caller, authenticate
from postroom.tenant.graph.batch import answer_batch, is_batch
from postroom.tenant.graph.batch_parts import PartAnswerer
from postroom.tenant.graph.bodies import read_body
from postroom.tenant.graph.cors import allow_origin, answer_preflight
from postroom.tenant.graph.dispatch import dispatch, refusal_response
from postroom.tenant.graph.refusals import GraphRefusalError, method_not_allowed, not_emulated
from postroom.tenant.graph.wire import GraphRequest, GraphResponse, read_query
from postroom.tenant.state import CloudState

VERSION = "/v1.0"
_METHODS = ["GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS"]


class _RestConvertor(PathConvertor):
    """All that follows, line breaks too: what a client takes for an id may be anything."""

    regex = r"[\s\S]*"


register_url_convertor("rest", _RestConvertor())


def graph_routes() -> list[BaseRoute]:
    """Return the routes that serve Microsoft Graph: everything under /v1.0, and a plain 501 under /beta."""
    return [
        HttpRoute("/v1.0/{path:rest}", _serve, methods=_METHODS),
        HttpRoute("/v1.0", _serve, methods=_METHODS),
        HttpRoute("/beta/{path:rest}", _serve, methods=_METHODS),
    ]


async def _serve(request: Request) -> Response:
    if request.method == "OPTIONS":
        return answer_preflight(request)
    return allow_origin(request, await _serve_caller(request))


async def _serve_caller(request: Request) -> Response:
    cloud: CloudState = request.app.state.cloud
    identity = identify(request.headers)
    try:
        answer = await _answer(request, cloud, identity)
    except AccessRefusedError as refused:
        return refuse_access(refused, cloud, identity)
    except GraphRefusalError as refused:
        return refuse(refused, cloud, identity)
    return write_answer(answer, cloud, identity)


async def _answer(request: Request, cloud: CloudState, identity: dict[str, str]) -> GraphResponse:
    caller = authenticate_once(request, cloud)
    if request.method == "HEAD":
        # [?] HEAD is refused everywhere, as no operation of Graph is documented for it.
        raise method_not_allowed("GET, POST, PATCH, PUT, DELETE")
    body = await read_body(request)
    if not path_of(request).startswith(VERSION):
        raise not_emulated(f"{request.method} {path_of(request)}")
    graph_request = _read(request, body, caller, cloud)
    if is_batch(graph_request):
        return await answer_batch(graph_request, PartAnswerer(request, cloud, identity))
    try:
        return await run_in_threadpool(dispatch, graph_request)
    finally:
        request.state.mailbox = graph_request.owner.username if graph_request.owner else None


def _read(request: Request, body: bytes, caller: Caller, cloud: CloudState) -> GraphRequest:
    return GraphRequest(
        method=request.method,
        path=path_of(request).removeprefix(VERSION),
        query=read_query(request.scope["query_string"].decode("latin-1")),
        headers={name: ", ".join(request.headers.getlist(name)) for name in request.headers},
        body=body,
        cloud=cloud,
        caller=caller,
        base_url=cloud.graph_url(request.headers.get("host", "")),
    )


def authenticate_once(request: Request, cloud: CloudState) -> Caller:
    """Give the caller, whose token is checked when the request comes and not again; or raise AccessRefusedError."""
    caller: Caller | None = getattr(request.state, "caller", None)
    if caller is None:
        caller = request.state.caller = authenticate(request.headers.get("authorization"), cloud)
    return caller


def path_of(request: Request) -> str:
    """Give the path as it came, with what is encoded in it still encoded."""
    raw: bytes = request.scope.get("raw_path") or request.url.path.encode()
    return raw.decode("ascii", "replace")


def identify(headers: Mapping[str, str]) -> dict[str, str]:
    """Give the ids that every answer carries; the client's own is echoed."""
    request_id = str(uuid4())
    return {"request-id": request_id, "client-request-id": headers.get("client-request-id", request_id)}


def refuse(refused: GraphRefusalError, cloud: CloudState, identity: dict[str, str]) -> Response:
    """Write a refusal as an answer on HTTP."""
    return write_answer(refusal_response(refused, cloud, identity), cloud, identity)


def refuse_access(refused: AccessRefusedError, cloud: CloudState, identity: dict[str, str]) -> Response:
    """Write the refusal of an access token as an answer on HTTP."""
    headers = {"WWW-Authenticate": refused.www_authenticate}
    return refuse(GraphRefusalError(401, refused.code, refused.message, headers), cloud, identity)


def write_answer(answer: GraphResponse, cloud: CloudState, identity: dict[str, str]) -> Response:
    """Write an answer on HTTP."""
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
