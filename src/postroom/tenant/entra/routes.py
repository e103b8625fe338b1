"""The paths of Entra ID that the tenant serves; any other is answered with 501."""

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from postroom.tenant.entra.admin_consent import consent_for_all
from postroom.tenant.entra.authorize import authorize
from postroom.tenant.entra.device_codes import issue_device_code
from postroom.tenant.entra.device_pages import authorize_device
from postroom.tenant.entra.discovery import (
    discover_instance,
    get_openid_configuration,
    list_keys,
    tell_user_realm,
)
from postroom.tenant.entra.login import continue_sign_in
from postroom.tenant.entra.logout import sign_out
from postroom.tenant.entra.token import issue_token

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def entra_routes() -> list[BaseRoute]:
    """List the routes of Entra ID, the last of which takes everything that is not emulated."""
    return [
        Route("/{tenant}/oauth2/v2.0/authorize", authorize, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/v2.0/token", issue_token, methods=METHODS),
        Route("/{tenant}/oauth2/v2.0/logout", sign_out, methods=["GET", "POST"]),
        Route("/{tenant}/oauth2/v2.0/devicecode", issue_device_code, methods=METHODS),
        Route("/common/oauth2/deviceauth", authorize_device, methods=["GET", "POST"]),
        Route("/{tenant}/login", continue_sign_in, methods=["POST"]),
        Route("/{tenant}/adminconsent", consent_for_all, methods=["GET"]),
        Route("/{tenant}/v2.0/adminconsent", consent_for_all, methods=["GET"]),
        Route("/{tenant}/v2.0/.well-known/openid-configuration", get_openid_configuration),
        Route("/common/discovery/instance", discover_instance),
        Route("/common/userrealm/{username}", tell_user_realm),
        Route("/{tenant}/discovery/v2.0/keys", list_keys),
        Route("/{tenant}/discovery/keys", list_keys),
        Route("/{path:path}", refuse_not_emulated, methods=METHODS),
    ]


async def refuse_not_emulated(request: Request) -> Response:
    """Say that this path exists at Microsoft, perhaps, but not here."""
    text = f"The local tenant does not emulate {request.method} {request.url.path}."
    return JSONResponse({"error": "not_implemented", "error_description": text}, 501)
