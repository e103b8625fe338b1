"""The control endpoints under `/_tenant`: how a test resets the tenant, looks into it and makes it fail."""

import msgspec
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Mount, Route

from postroom.tenant.control.credentials import CREDENTIAL_ROUTES
from postroom.tenant.control.directory import DIRECTORY_ROUTES
from postroom.tenant.control.history import HISTORY_ROUTES
from postroom.tenant.control.limits import LIMIT_ROUTES
from postroom.tenant.control.mailboxes import MAILBOX_ROUTES
from postroom.tenant.control.requests import ControlInputError, get_tenant, read_settings
from postroom.tenant.control.subscriptions import SUBSCRIPTION_ROUTES
from postroom.tenant.faults import FaultSettings
from postroom.tenant.tenancy import LocalTenant

PREFIX = "/_tenant"
MILLISECONDS_LIMIT = 60_000


class ClockSettings(msgspec.Struct, forbid_unknown_fields=True):
    """Say how far the tenant's clock moves."""

    advance_seconds: float
    """How far; a negative number moves it back."""


class LatencySettings(msgspec.Struct, forbid_unknown_fields=True):
    """Say how long every request waits."""

    milliseconds: float
    """How long, from 0 to 60000."""


def control_app(tenant: LocalTenant) -> Starlette:
    """Make the application that serves the control endpoints."""
    app = Starlette(
        routes=[Mount(PREFIX, routes=ROUTES)], exception_handlers={ControlInputError: _answer_error}
    )
    app.state.tenant = tenant
    return app


async def reset(request: Request) -> Response:
    """Bring back the state after seeding and ingesting."""
    await run_in_threadpool(get_tenant(request).reset)
    return Response(status_code=204)


async def list_requests(request: Request) -> Response:
    """List the requests to both clouds, oldest first."""
    return JSONResponse(get_tenant(request).log.list())


async def clear_requests(request: Request) -> Response:
    """Forget the requests so far."""
    get_tenant(request).log.clear()
    return Response(status_code=204)


async def list_faults(request: Request) -> Response:
    """List the faults that were added."""
    return JSONResponse(get_tenant(request).faults.list())


async def add_fault(request: Request) -> Response:
    """Add a fault."""
    settings = await read_settings(request, FaultSettings)
    return JSONResponse(get_tenant(request).faults.add(settings).describe(), 201)


async def clear_faults(request: Request) -> Response:
    """Forget all faults."""
    get_tenant(request).faults.clear()
    return Response(status_code=204)


async def move_clock(request: Request) -> Response:
    """Move the tenant's clock, and nothing else's."""
    settings = await read_settings(request, ClockSettings)
    tenant = get_tenant(request)
    before = tenant.clock.offset_seconds
    try:
        tenant.clock.advance(settings.advance_seconds)
        now = tenant.clock.now()
    except (OverflowError, ValueError):
        tenant.clock.offset_seconds = before
        raise ControlInputError("advance_seconds takes the clock further than a date can go.") from None
    tenant.save()
    return JSONResponse({"now": now.isoformat()})


async def set_latency(request: Request) -> Response:
    """Let every request to both clouds wait from now on."""
    settings = await read_settings(request, LatencySettings)
    if not 0 <= settings.milliseconds <= MILLISECONDS_LIMIT:
        raise ControlInputError(f"milliseconds must be between 0 and {MILLISECONDS_LIMIT}.")
    get_tenant(request).latency.milliseconds = settings.milliseconds
    return JSONResponse({"milliseconds": settings.milliseconds})


async def _answer_error(_request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlInputError)
    return JSONResponse({"error": str(error)}, error.status)


ROUTES = (
    Route("/reset", reset, methods=["POST"]),
    Route("/requests", list_requests, methods=["GET"]),
    Route("/requests", clear_requests, methods=["DELETE"]),
    Route("/faults", list_faults, methods=["GET"]),
    Route("/faults", add_fault, methods=["POST"]),
    Route("/faults", clear_faults, methods=["DELETE"]),
    Route("/clock", move_clock, methods=["POST"]),
    Route("/latency", set_latency, methods=["POST"]),
    *SUBSCRIPTION_ROUTES,
    *LIMIT_ROUTES,
    *DIRECTORY_ROUTES,
    *CREDENTIAL_ROUTES,
    *HISTORY_ROUTES,
    *MAILBOX_ROUTES,
)
