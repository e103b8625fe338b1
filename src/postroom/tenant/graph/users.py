"""Users of the directory: GET /me and /users/{id}."""

from typing import Any

from postroom.tenant.directory import User
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url, read_select, selected_context
from postroom.tenant.graph.refusals import bad_request
from postroom.tenant.graph.wire import GraphRequest, GraphResponse

_DEFAULT = (
    "businessPhones", "displayName", "givenName", "jobTitle", "mail", "mobilePhone", "officeLocation",
    "preferredLanguage", "surname", "userPrincipalName", "id",
)  # fmt: skip


def get_user(request: GraphRequest) -> GraphResponse:
    """GET /users/{id}: who somebody is."""
    selected = read_select(request)
    known = _properties(request.user)
    names = {name.lower(): name for name in known}
    for name in selected or ():
        if name.lower() not in names:
            raise bad_request(f"Could not find a property named '{name}' on type 'microsoft.graph.user'.")
    chosen = [names[name.lower()] for name in selected] if selected else list(_DEFAULT)
    context = f"{metadata_url(request)}#users{selected_context(selected)}/$entity"
    return GraphResponse.of_json({"@odata.context": context} | {name: known[name] for name in chosen})


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
    }


ROUTES = (Route("GET", "", Need.READ_USER, get_user),)
