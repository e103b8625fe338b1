"""Who signed in, as OpenID Connect lets a client ask for it: the UserInfo endpoint, which lives on Graph's host.

[?] A token without the scope `openid`, or of an app on its own, is refused as one without a permission is.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from postroom.tenant.directory import User
from postroom.tenant.entra.access import AccessRefusedError, Caller
from postroom.tenant.entra.access_tokens import subject_of
from postroom.tenant.graph.cors import allow_origin, answer_preflight
from postroom.tenant.graph.refusals import GraphRefusalError, insufficient_privileges
from postroom.tenant.graph.routes import authenticate_once, identify, refuse, refuse_access, write_answer
from postroom.tenant.graph.wire import GraphResponse
from postroom.tenant.state import CloudState


def user_info_routes() -> list[BaseRoute]:
    """Return the route of the UserInfo endpoint."""
    return [Route("/oidc/userinfo", tell_user_info, methods=["GET", "POST", "OPTIONS"])]


async def tell_user_info(request: Request) -> Response:
    """Who signed in, as far as the scopes `profile` and `email` let it be told (OpenID Connect Core §5.3)."""
    if request.method == "OPTIONS":
        return answer_preflight(request)
    cloud: CloudState = request.app.state.cloud
    identity = identify(request.headers)
    try:
        claims = _tell(authenticate_once(request, cloud), cloud)
    except AccessRefusedError as refused:
        return allow_origin(request, refuse_access(refused, cloud, identity))
    except GraphRefusalError as refused:
        return allow_origin(request, refuse(refused, cloud, identity))
    return allow_origin(request, write_answer(GraphResponse.of_json(claims), cloud, identity))


def _tell(caller: Caller, cloud: CloudState) -> dict[str, Any]:
    user: User | None = caller.user
    if user is None or "openid" not in caller.permissions:
        raise insufficient_privileges()
    told = {"sub": subject_of(caller.app.client_id, user)}
    if "profile" in caller.permissions:
        given_name, _, family_name = user.display_name.partition(" ")
        told |= {"name": user.display_name, "family_name": family_name, "given_name": given_name}
        told["picture"] = f"{cloud.hosts.graph_url}/v1.0/me/photo/$value"
    if "email" in caller.permissions:
        told["email"] = user.username
    return told
