"""The application of one cloud: which host name leads to Entra ID, which to Graph, and what stands in between."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import BaseRoute, Host, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from postroom.tenant.clock import TellDate
from postroom.tenant.control.routes import PREFIX, control_app
from postroom.tenant.entra.refusals import EntraRefusedError, answer_refusal
from postroom.tenant.entra.routes import METHODS, entra_routes, refuse_not_emulated
from postroom.tenant.fault_injection import AddLatency, InjectFaults
from postroom.tenant.graph.admission import LimitRequests
from postroom.tenant.graph.routes import graph_routes
from postroom.tenant.graph.upload_address import upload_routes
from postroom.tenant.graph.user_info import user_info_routes
from postroom.tenant.hosts import CLOUDS
from postroom.tenant.request_log import LogRequests
from postroom.tenant.sending_queue import ReleaseHeldMail
from postroom.tenant.state import CloudState
from postroom.tenant.tenancy import LocalTenant


def cloud_app(tenant: LocalTenant, cloud: CloudState) -> ASGIApp:
    """Make the application that one listener serves; the control endpoints are on the first cloud's only."""
    routed = Starlette(routes=_routes(cloud), exception_handlers={EntraRefusedError: answer_refusal})
    routed.state.cloud = cloud
    app: ASGIApp = InjectFaults(routed, tenant.faults, cloud)
    app = LimitRequests(AddLatency(app, tenant.latency), cloud)
    app = TellDate(LogRequests(app, tenant.log, cloud.name), tenant.clock)
    if cloud is tenant.clouds[0]:
        app = _WithControl(app, control_app(tenant))
    return ReleaseHeldMail(app, [own.sending_queue for own in tenant.clouds])


def _routes(cloud: CloudState) -> list[BaseRoute]:
    """Under a real host name only what lives there; under this machine's names, everything."""
    foreign = [host for hosts in CLOUDS if hosts is not cloud.hosts for host in hosts.names]
    not_emulated = Route("/{path:path}", refuse_not_emulated, methods=METHODS)
    misdirected = [Route("/{path:path}", refuse_misdirected, methods=METHODS)]
    return [
        Host(cloud.hosts.login, Router(entra_routes())),
        Host(cloud.hosts.graph, Router([*graph_routes(), *user_info_routes(), not_emulated])),
        Host(cloud.hosts.upload, Router([*upload_routes(), not_emulated])),
        *(Host(host, Router(misdirected)) for host in foreign),
        *graph_routes(),
        *user_info_routes(),
        *upload_routes(),
        *entra_routes(),
    ]


async def refuse_misdirected(request: Request) -> Response:
    """Refuse a request that is for the other cloud (RFC 9110 §15.5.20)."""
    cloud: CloudState = request.app.state.cloud
    host = request.headers.get("host", "")
    return PlainTextResponse(f"{host} is not in {cloud.name}, which is served here.\n", 421)


class _WithControl:
    def __init__(self, app: ASGIApp, control: ASGIApp) -> None:
        self._app = app
        self._control = control

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_control = scope["type"] == "http" and f"{scope['path']}/".startswith(f"{PREFIX}/")
        if is_control and not _is_real_host(scope):
            await self._control(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _is_real_host(scope: Scope) -> bool:
    host = dict(scope["headers"]).get(b"host", b"").decode("latin-1").partition(":")[0].lower()
    return any(host in hosts.names for hosts in CLOUDS)
