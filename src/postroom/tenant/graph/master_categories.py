"""The categories of a mailbox: outlook/masterCategories.

[?] The listing gives all categories at once where no $top is given; a name that is taken, in whatever case, is
refused with 409.
"""

from uuid import uuid4

from postroom.tenant.graph.collections import Collection
from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.json_input import (
    fixed_property,
    missing_property,
    read_choice,
    read_properties,
    read_text,
)
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.refusals import GraphRefusalError
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.entities import CATEGORY

_CATEGORIES = Collection(
    CATEGORY,
    "OutlookCategory",
    "outlook/masterCategories",
    ("displayName", "color"),
    {
        "id": Field("entity_id", "exact"),
        "displayname": Field("json_extract(content, '$.displayName')"),
        "color": Field("json_extract(content, '$.color')", "enum"),
    },
)
_READERS = {
    "displayName": read_text,
    "color": read_choice("none", *(f"preset{number}" for number in range(25))),
}


def list_categories(request: GraphRequest) -> GraphResponse:
    """GET outlook/masterCategories."""
    return _CATEGORIES.list(request)


def count_categories(request: GraphRequest) -> GraphResponse:
    """GET outlook/masterCategories/$count."""
    return _CATEGORIES.count(request)


def get_category(request: GraphRequest) -> GraphResponse:
    """GET outlook/masterCategories/{id}."""
    category_id = request.parameters["category"]
    return _CATEGORIES.one(request, category_id, _CATEGORIES.get_content(request, category_id))


def create_category(request: GraphRequest) -> GraphResponse:
    """POST outlook/masterCategories: a category with a name of its own."""
    read = read_properties(request.json_body(), _READERS, "outlookCategory")
    name = (read.get("displayName") or "").strip()
    if not name:
        raise missing_property("displayName")
    entities = request.cloud.mail.entities
    with request.cloud.mail.batch():
        taken = entities.all(request.mailbox["key"], CATEGORY).values()
        if any(category["displayName"].casefold() == name.casefold() for category in taken):
            # [?] Code and text for a category whose name is taken are made up.
            raise GraphRefusalError(
                409, "ErrorCategoryExists", "A category with the specified name already exists."
            )
        content = {"displayName": name, "color": read.get("color") or "none"}
        return _CATEGORIES.put(request, str(uuid4()), content, 201)


def update_category(request: GraphRequest) -> GraphResponse:
    """PATCH outlook/masterCategories/{id}: another colour; the name is for ever."""
    category_id = request.parameters["category"]
    content = _CATEGORIES.get_content(request, category_id)
    read = read_properties(request.json_body(), _READERS, "outlookCategory")
    if read.get("displayName", content["displayName"]) != content["displayName"]:
        raise fixed_property("displayName")
    color = read.get("color") or content["color"]
    return _CATEGORIES.put(request, category_id, content | {"color": color}, 200)


def delete_category(request: GraphRequest) -> GraphResponse:
    """DELETE outlook/masterCategories/{id}; messages keep the name."""
    return _CATEGORIES.delete(request, request.parameters["category"])


_PATH = "outlook/masterCategories"
ROUTES = (
    Route("GET", _PATH, Need.READ_SETTINGS, list_categories),
    Route("POST", _PATH, Need.WRITE_SETTINGS, create_category),
    Route("GET", f"{_PATH}/$count", Need.READ_SETTINGS, count_categories),
    Route("GET", f"{_PATH}/{{category}}", Need.READ_SETTINGS, get_category),
    Route("PATCH", f"{_PATH}/{{category}}", Need.WRITE_SETTINGS, update_category),
    Route("DELETE", f"{_PATH}/{{category}}", Need.WRITE_SETTINGS, delete_category),
)
