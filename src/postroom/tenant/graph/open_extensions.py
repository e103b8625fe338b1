"""Open extensions of messages: an app's own data, by a name that it chooses.

Outlook does not list them: without their names they cannot be found.
[?] Listing or counting extensions is ErrorInvalidRequest, which people met although the schema has both.
[?] An extension whose name is taken is 409 nameAlreadyExists.
"""

from typing import Any

from postroom.tenant.graph.messages import get_message_row
from postroom.tenant.graph.open_extension_json import read_content, read_name, write_extension
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url, user_context
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, item_not_found
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.additions import bare_name
from postroom.tenant.mail.database import Row


def _get_row(request: GraphRequest, message: Row) -> Row:
    name = bare_name(request.parameters["extension"])
    row = request.cloud.mail.additions.find_extension(message["key"], name)
    if row is None:
        raise item_not_found()
    return row


def _one(request: GraphRequest, row: Row, status: int = 200) -> GraphResponse:
    message = request.parameters["message"].replace("=", "%3D")
    context = f"{metadata_url(request)}#{user_context(request)}/messages('{message}')/extensions/$entity"
    return GraphResponse.of_json({"@odata.context": context} | write_extension(row), status)


def refuse_list(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}/extensions, and their $count: refused, as Outlook does."""
    get_message_row(request)
    raise bad_request("The extensions of an item cannot be listed.", "ErrorInvalidRequest")


def create_extension(request: GraphRequest) -> GraphResponse:
    """POST messages/{id}/extensions: 201 with the extension."""
    message = get_message_row(request)
    body = request.json_body()
    name, content = read_name(body), read_content(body)
    store = request.cloud.mail
    with store.batch():
        if store.additions.find_extension(message["key"], name) is not None:
            raise GraphRefusalError(409, "nameAlreadyExists", "The specified item name already exists.")
        row = store.additions.add_extension(message["key"], name, content)
        store.messages.update(message, {})
    return _one(request, row, 201)


def get_extension(request: GraphRequest) -> GraphResponse:
    """GET messages/{id}/extensions/{name or id}."""
    return _one(request, _get_row(request, get_message_row(request)))


def update_extension(request: GraphRequest) -> GraphResponse:
    """PATCH messages/{id}/extensions/{name or id}: what is named is changed or added, the rest stays."""
    message = get_message_row(request)
    row = _get_row(request, message)
    known: dict[str, Any] = write_extension(row)
    content = read_content(known | request.json_body())
    store = request.cloud.mail
    with store.batch():
        row = store.additions.update_extension(row, content)
        store.messages.update(message, {})
    return _one(request, row)


def delete_extension(request: GraphRequest) -> GraphResponse:
    """DELETE messages/{id}/extensions/{name or id}."""
    message = get_message_row(request)
    row = _get_row(request, message)
    with request.cloud.mail.batch():
        request.cloud.mail.additions.delete_extension(row)
        request.cloud.mail.messages.update(message, {})
    return GraphResponse(204)


_PLACE = "messages/{message}/extensions"
ROUTES = (
    Route("GET", _PLACE, Need.READ, refuse_list),
    Route("GET", _PLACE + "/$count", Need.READ, refuse_list),
    Route("POST", _PLACE, Need.WRITE, create_extension),
    Route("GET", _PLACE + "/{extension}", Need.READ, get_extension),
    Route("PATCH", _PLACE + "/{extension}", Need.WRITE, update_extension),
    Route("DELETE", _PLACE + "/{extension}", Need.WRITE, delete_extension),
)
