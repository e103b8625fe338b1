"""Users of the directory: GET /me, /users/{id} and /users.

[?] A token for /users pages is the number of users that came before; without $orderby the oldest users come first.
"""

from typing import Any

from postroom.tenant.directory import User
from postroom.tenant.graph import odata
from postroom.tenant.graph.mailbox_settings import all_settings
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need, check_permission, check_reach
from postroom.tenant.graph.query import (
    check_options,
    metadata_url,
    page_response,
    read_flag,
    read_select,
    selected_context,
)
from postroom.tenant.graph.refusals import bad_request, insufficient_privileges, not_emulated
from postroom.tenant.graph.user_filters import Person, compile_user_filter, unsupported_query
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.database import Page

_DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip


_DEFAULT_TOP = 100
_HIGHEST_TOP = 999
_LISTERS = {"User.Read.All", "User.ReadWrite.All", "User.ReadBasic.All", "Directory.Read.All"}
_ORDERS = {
    name.lower(): name for name in ("displayName", "userPrincipalName", "mail", "givenName", "surname")
}


def get_user(request: GraphRequest) -> GraphResponse:
    """GET /users/{id}: who somebody is, and with $select the settings of the mailbox."""
    selected = read_select(request)
    _check_expand(request)
    known = _properties(request.user)
    if any(name.lower() == "mailboxsettings" for name in selected or ()):
        known |= _read_settings(request)
    context = f"{metadata_url(request)}#users{selected_context(selected)}/$entity"
    return GraphResponse.of_json({"@odata.context": context} | _selected(known, selected))


def _read_settings(request: GraphRequest) -> dict[str, Any]:
    """Return the settings of a user's mailbox, which need the permission that they need alone."""
    check_permission(request.caller, Need.READ_SETTINGS, request.user)
    check_reach(request.caller, Need.READ_SETTINGS, request.user)
    return {"mailboxSettings": all_settings(request)}


def _check_expand(request: GraphRequest) -> None:
    """Refuse $expand: of a photo as Graph does, and of anything else as not emulated."""
    wanted = request.query.get("$expand", "").strip()
    if wanted.lower() == "photo":
        raise bad_request(
            "Expand is not allowed for property 'Photo' according to the entity schema.", "ExpandNotSupported"
        )
    if wanted:
        raise not_emulated(f"$expand={wanted} of users")


def list_users(request: GraphRequest) -> GraphResponse:
    """GET /users: the users of the tenant, page by page."""
    selected = read_select(request)
    people = _find_people(request)
    page = Page("", _read_token(request), _read_top(request))
    rows = people[page.skip : page.skip + page.top]
    # Without the header Entra ID passes over $count.
    counted = _is_eventual(request) and read_flag(request, "$count")
    return page_response(
        request,
        f"users{selected_context(selected)}",
        [_selected(person, selected) for person in rows],
        page=page,
        total=len(people) if counted else None,
        more=page.skip + len(rows) < len(people),
        following={"$skiptoken": str(page.skip + page.top)},
    )


def count_users(request: GraphRequest) -> GraphResponse:
    """GET /users/$count: an advanced query."""
    if not _is_eventual(request):
        # [?] The texts for users counted without `ConsistencyLevel: eventual`, and paged wrongly, are from memory.
        raise bad_request("$count is not currently supported.", "Request_BadRequest")
    return GraphResponse(200, str(len(_find_people(request))).encode(), {}, "text/plain")


def _find_people(request: GraphRequest) -> list[Person]:
    """Return the users that a query means, in its order."""
    if not request.caller.permissions & _LISTERS:
        raise insufficient_privileges()
    check_options(request)
    _check_expand(request)
    if request.query.get("$search"):
        raise not_emulated("$search of users")
    is_count = request.path.lower().endswith("$count")
    advanced = _is_eventual(request) and (is_count or read_flag(request, "$count"))
    people: list[Person] = [_properties(user) for user in request.cloud.directory.users]
    text, order = request.query.get("$filter"), request.query.get("$orderby")
    if text and order and not advanced:
        raise unsupported_query()
    if text:
        people = list(filter(compile_user_filter(odata.parse_filter(text), is_advanced=advanced), people))
    return _ordered(people, order) if order else people


def _ordered(people: list[Person], order: str) -> list[Person]:
    for names, downwards in reversed(odata.parse_order(order)):
        name = _ORDERS.get("/".join(names).lower())
        if name is None:
            raise unsupported_query()
        people = sorted(people, key=lambda person: str(person[name] or "").casefold(), reverse=downwards)
    return people


def _is_eventual(request: GraphRequest) -> bool:
    return request.headers.get("consistencylevel", "").lower() == "eventual"


def _read_top(request: GraphRequest) -> int:
    text = request.query.get("$top", str(_DEFAULT_TOP))
    if not (text.isascii() and text.isdigit()) or not 1 <= int(text[:9]) <= _HIGHEST_TOP:
        raise bad_request(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return int(text)


def _read_token(request: GraphRequest) -> int:
    if "$skip" in request.query:
        raise bad_request("'$skip' is not supported by the service.", "Request_BadRequest")
    text = request.query.get("$skiptoken", "0")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise bad_request("Skip token is not valid.", "Directory_ExpiredPageToken")
    return int(text)


def _selected(known: Person, selected: list[str] | None) -> dict[str, Any]:
    names = {name.lower(): name for name in known}
    for name in selected or ():
        if name.lower() not in names:
            raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.user'.")
    chosen = [names[name.lower()] for name in selected] if selected else list(_DEFAULT)
    return {name: known[name] for name in chosen}


def _properties(user: User) -> dict[str, Any]:
    given_name, _, surname = user.display_name.partition(" ")
    return {
        "businessPhones": [],
        "displayName": user.display_name,
        "givenName": given_name,
        "jobTitle": None,
        "mail": user.username,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": surname or None,
        "userPrincipalName": user.username,
        "id": user.id,
        "accountEnabled": not user.shared,
        "mailNickname": user.username.partition("@")[0],
        "userType": "Member",
        "proxyAddresses": [f"SMTP:{user.username}"],
    }


ROUTES = (
    Route("GET", "", Need.READ_USER, get_user),
    Route("GET", "/users", Need.READ_USER, list_users),
    Route("GET", "/users/$count", Need.READ_USER, count_users),
)
