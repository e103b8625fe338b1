"""The control endpoints for limits: which hold, and what was counted."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from postroom.tenant.control.requests import get_tenant, read_settings
from postroom.tenant.limits import LimitSettings


async def describe_limits(request: Request) -> Response:
    """Tell which limits hold, and what was counted of each app in each mailbox."""
    return JSONResponse(get_tenant(request).limits.describe())


async def change_limits(request: Request) -> Response:
    """Let other limits hold: a mode, or numbers over the documented ones."""
    limits = get_tenant(request).limits
    limits.change(await read_settings(request, LimitSettings))
    return JSONResponse(limits.describe())


LIMIT_ROUTES = (
    Route("/limits", describe_limits, methods=["GET"]),
    Route("/limits", change_limits, methods=["POST"]),
)
