"""The way of one request: its route, its mailbox, its permission, its answer."""

from itertools import chain

from postroom.tenant.graph import (
    applications,
    attachments,
    drafts,
    exchange_ids,
    inference_classification,
    mail_folder_changes,
    mail_folder_moves,
    mail_folders,
    mail_tips,
    mailbox_settings,
    master_categories,
    message_changes,
    message_rules,
    messages,
    open_extensions,
    outlook_user,
    replies,
    send,
    subscriptions,
    upload_sessions,
    users,
)
from postroom.tenant.graph.paths import Route, find_route, shorten, split_path
from postroom.tenant.graph.permissions import Need, check_permission, check_reach, check_sight
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    invalid_user,
    method_not_allowed,
    no_delegated_user,
    not_emulated,
    resource_not_found,
)
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.state import CloudState

_AREAS = (
    users,
    applications,
    mail_folders,
    mail_folder_moves,
    mail_folder_changes,
    message_changes,
    messages,
    drafts,
    attachments,
    upload_sessions,
    send,
    replies,
    inference_classification,
    master_categories,
    outlook_user,
    mailbox_settings,
    message_rules,
    exchange_ids,
    mail_tips,
    subscriptions,
    open_extensions,
)
_ALL: tuple[Route, ...] = tuple(chain.from_iterable(area.ROUTES for area in _AREAS))
ROUTES = tuple(route for route in _ALL if not route.path.startswith("/"))
ROOT_ROUTES = tuple(route for route in _ALL if route.path.startswith("/"))
_METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def dispatch(request: GraphRequest) -> GraphResponse:
    """Answer one request, or raise GraphRefusalError."""
    segments = split_path(request.path)
    at_root = find_route(ROOT_ROUTES, request.method, ["", *segments])
    if at_root is not None:
        return _answer_at_root(request, *at_root)
    rest = _name_owner(request, segments)
    rest, within = shorten(rest)
    found = find_route(ROUTES, request.method, rest)
    if found is None:
        raise _refuse_route(request, rest)
    route, parameters = found
    request.parameters |= parameters | within
    _find_owner(request, route.need)
    return route.handle(request)


def _refuse_route(request: GraphRequest, segments: list[str]) -> GraphRefusalError:
    """Refuse what leads nowhere: a method that a path of mail does not have, or what is not emulated."""
    allowed = [method for method in _METHODS if find_route(ROUTES, method, segments)] if segments else []
    if not allowed or (request.method == "PUT" and segments[-1].lower() == "$value"):
        return not_emulated(f"{request.method} /v1.0{request.path}")
    return method_not_allowed(", ".join(allowed))


def _answer_at_root(request: GraphRequest, route: Route, parameters: dict[str, str]) -> GraphResponse:
    """Answer where no mailbox is named, such as /subscriptions; a user who signed in is the owner."""
    request.parameters |= parameters
    request.owner = request.caller.user
    check_permission(request.caller, route.need, request.owner)
    return route.handle(request)


def _name_owner(request: GraphRequest, segments: list[str]) -> list[str]:
    """Return what follows /me or /users/{id}, having noted whose it is."""
    first = segments[0].lower() if segments else ""
    if first == "me":
        return segments[1:]
    if first == "users" and len(segments) > 1 and not segments[1].startswith("$"):
        request.parameters["user"] = segments[1]
        return segments[2:]
    raise not_emulated(f"{request.method} /v1.0{request.path}")


def _find_owner(request: GraphRequest, need: Need) -> None:
    caller = request.caller
    named = request.parameters.get("user")
    if named is None:
        if caller.user is None:
            raise no_delegated_user()
        request.owner = caller.user
    else:
        request.owner = request.cloud.directory.find_user(named)
    check_permission(caller, need, request.owner)
    if request.owner is None:
        raise resource_not_found(str(named)) if need.value.of_directory else invalid_user(str(named))
    check_reach(caller, need, request.owner)
    if need is Need.READ_BASIC:
        check_sight(caller, request.owner, request.query)


def refusal_response(
    refused: GraphRefusalError, cloud: CloudState, identity: dict[str, str]
) -> GraphResponse:
    """Write a refusal as Graph's error body."""
    inner = refused.inner | {"date": cloud.clock.now().strftime("%Y-%m-%dT%H:%M:%S")} | identity
    error = {"code": refused.code, "message": refused.message, "innerError": inner}
    response = GraphResponse.of_json({"error": error}, refused.status, refused.headers)
    response.content_type = "application/json"
    return response
