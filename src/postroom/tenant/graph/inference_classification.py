"""What of the mail is focused: inferenceClassification and its overrides, one a sender.

[?] Mail of a sender without an override is focused: the local tenant learns nothing from what people do.
[?] The id of inferenceClassification; PATCH of it has nothing to change and is not emulated.
"""

from typing import Any
from uuid import uuid4

from postroom.tenant.graph.collections import Collection
from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.json_input import (
    fixed_property,
    invalid_value,
    missing_property,
    read_choice,
    read_properties,
    read_text,
)
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url, user_context
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.compose import is_address
from postroom.tenant.mail.entities import OVERRIDE

_OVERRIDES = Collection(
    OVERRIDE,
    "InferenceClassificationOverride",
    "inferenceClassification/overrides",
    ("classifyAs", "senderEmailAddress"),
    {
        "id": Field("entity_id", "exact"),
        "classifyas": Field("json_extract(content, '$.classifyAs')", "enum"),
        "senderemailaddress/address": Field("json_extract(content, '$.senderEmailAddress.address')"),
        "senderemailaddress/name": Field("json_extract(content, '$.senderEmailAddress.name')"),
    },
)


def _read_sender(name: str, value: Any) -> dict[str, str]:
    read = read_properties(value, {"name": read_text, "address": read_text}, "emailAddress", ignored=())
    address = (read.get("address") or "").strip()
    if not is_address(address):
        raise invalid_value(name)
    return {"name": read.get("name") or address, "address": address}


_READERS = {"classifyAs": read_choice("focused", "other"), "senderEmailAddress": _read_sender}


def get_inference_classification(request: GraphRequest) -> GraphResponse:
    """GET inferenceClassification."""
    context = f"{metadata_url(request)}#{user_context(request)}/inferenceClassification/$entity"
    return GraphResponse.of_json({"@odata.context": context, "id": "inferenceClassification"})


def list_overrides(request: GraphRequest) -> GraphResponse:
    """GET inferenceClassification/overrides."""
    return _OVERRIDES.list(request)


def count_overrides(request: GraphRequest) -> GraphResponse:
    """GET inferenceClassification/overrides/$count."""
    return _OVERRIDES.count(request)


def get_override(request: GraphRequest) -> GraphResponse:
    """GET inferenceClassification/overrides/{id}."""
    override_id = request.parameters["override"]
    return _OVERRIDES.one(request, override_id, _OVERRIDES.get_content(request, override_id))


def create_override(request: GraphRequest) -> GraphResponse:
    """POST inferenceClassification/overrides: what a sender's mail is; a second one for a sender changes the first."""
    read = read_properties(request.json_body(), _READERS, "inferenceClassificationOverride")
    for name in _READERS:
        if read.get(name) is None:
            raise missing_property(name)
    wanted = read["senderEmailAddress"]["address"].lower()
    with request.cloud.mail.batch():
        known = request.cloud.mail.entities.all(request.mailbox["key"], OVERRIDE)
        same = (
            key for key, value in known.items() if value["senderEmailAddress"]["address"].lower() == wanted
        )
        return _OVERRIDES.put(request, next(same, str(uuid4())), read, 201)


def update_override(request: GraphRequest) -> GraphResponse:
    """PATCH inferenceClassification/overrides/{id}: the class alone; the sender stays."""
    override_id = request.parameters["override"]
    content = _OVERRIDES.get_content(request, override_id)
    read = read_properties(request.json_body(), _READERS, "inferenceClassificationOverride")
    if read.get("senderEmailAddress", content["senderEmailAddress"]) != content["senderEmailAddress"]:
        raise fixed_property("senderEmailAddress")
    chosen = read.get("classifyAs") or content["classifyAs"]
    return _OVERRIDES.put(request, override_id, content | {"classifyAs": chosen}, 200)


def delete_override(request: GraphRequest) -> GraphResponse:
    """DELETE inferenceClassification/overrides/{id}."""
    return _OVERRIDES.delete(request, request.parameters["override"])


_PATH = "inferenceClassification/overrides"
ROUTES = (
    Route("GET", "inferenceClassification", Need.READ, get_inference_classification),
    Route("GET", _PATH, Need.READ, list_overrides),
    Route("POST", _PATH, Need.WRITE, create_override),
    Route("GET", f"{_PATH}/$count", Need.READ, count_overrides),
    Route("GET", f"{_PATH}/{{override}}", Need.READ, get_override),
    Route("PATCH", f"{_PATH}/{{override}}", Need.WRITE, update_override),
    Route("DELETE", f"{_PATH}/{{override}}", Need.WRITE, delete_override),
)
