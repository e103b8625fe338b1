"""The schemas of Graph's OpenAPI description, made strict.

OpenAPI lets every property pass that a schema does not name, and says of a derived type only that it exists. Here the
properties of a type and its ancestors are put together and closed, and `@odata.type` decides which type is meant.
"""

from collections.abc import Mapping
from typing import Any

Schema = dict[str, Any]
PREFIX = "#/components/schemas/"
ANNOTATIONS = {"@": True}
"""OData annotates an object or one of its properties: `@odata.etag`, `flag@odata.context`, `@removed`."""

OPEN_TYPES = frozenset({"microsoft.graph.openTypeExtension", "microsoft.graph.ODataErrors.InnerError"})
"""Types that hold whatever their writer likes; the first is marked OpenType in Graph's metadata."""

ABSTRACT_TYPES = frozenset({"microsoft.graph.attachment", "microsoft.graph.extension"})
"""Types that nothing is itself, so that `@odata.type` must tell what it is."""

_KEPT = ("enum", "maximum", "minimum", "pattern")


def close_schemas(described: Mapping[str, Schema]) -> dict[str, Schema]:
    """Write the named schemas of an OpenAPI description as JSON Schema definitions that let nothing unknown pass.

    Each type has a definition of its name, which its derived types pass too, and one with a `!` behind it for
    itself alone.
    """
    derived = _find_derived(described)
    closed = {f"{name}!": _close(name, described) for name in described}
    return closed | {name: _choose(name, derived.get(name, [])) for name in described}


def convert(schema: Schema) -> Schema:
    """Write one schema of OpenAPI 3.0 as JSON Schema."""
    if "$ref" in schema:
        return {"$ref": "#/$defs/" + schema["$ref"].removeprefix(PREFIX)}
    if "anyOf" in schema:
        # `{"type": "object", "nullable": true}` is how the description says "or null".
        nulls = [{"type": "null"} if part.get("nullable") else convert(part) for part in schema["anyOf"]]
        return {"anyOf": nulls}
    converted: Schema = {name: schema[name] for name in _KEPT if name in schema}
    if "type" in schema:
        converted["type"] = [schema["type"], "null"] if schema.get("nullable") else schema["type"]
    if "items" in schema:
        converted["items"] = convert(schema["items"])
    if "properties" in schema:
        converted |= _close_properties(schema["properties"], schema.get("required", []))
    return converted


def _close(name: str, described: Mapping[str, Schema]) -> Schema:
    properties: Schema = {}
    required: list[str] = []
    is_object = False
    for part in _list_parts(name, described):
        is_object |= "properties" in part
        properties |= part.get("properties", {})
        required += part.get("required", [])
    if not is_object:
        return convert(described[name])
    if described[name].get("title", "").startswith("Collection of"):
        required.append("value")
    if name in OPEN_TYPES:
        return {"type": "object", "required": required}
    return {"type": "object"} | _close_properties(properties, required)


def _close_properties(properties: Schema, required: list[str]) -> Schema:
    return {
        "properties": {name: convert(schema) for name, schema in properties.items()},
        "required": required,
        "patternProperties": ANNOTATIONS,
        "additionalProperties": False,
    }


def _list_parts(name: str, described: Mapping[str, Schema]) -> list[Schema]:
    """Give the schema's own part and those of its ancestors, the oldest first."""
    schema = described[name]
    parts = []
    for part in schema.get("allOf", [schema]):
        if part.get("$ref", "").startswith(PREFIX):
            parts += _list_parts(part["$ref"].removeprefix(PREFIX), described)
        else:
            parts.append(part)
    return parts


def _find_derived(described: Mapping[str, Schema]) -> dict[str, list[str]]:
    """Say of each type which others derive from it, however far."""
    derived: dict[str, list[str]] = {}
    for name in described:
        for ancestor in _list_ancestors(name, described):
            derived.setdefault(ancestor, []).append(name)
    return derived


def _list_ancestors(name: str, described: Mapping[str, Schema]) -> list[str]:
    parents = [
        part["$ref"].removeprefix(PREFIX) for part in described[name].get("allOf", ()) if "$ref" in part
    ]
    return parents + [older for parent in parents for older in _list_ancestors(parent, described)]


def _choose(name: str, derived: list[str]) -> Schema:
    """Let `@odata.type` choose among a type and those that derive from it."""
    choice: Schema = {"$ref": f"#/$defs/{name}!"}
    if name in ABSTRACT_TYPES:
        choice = {"required": ["@odata.type"], "properties": {"@odata.type": {"enum": _tags(derived)}}}
    for kind in derived:
        is_kind = {"properties": {"@odata.type": {"const": f"#{kind}"}}, "required": ["@odata.type"]}
        choice = {"if": is_kind, "then": {"$ref": f"#/$defs/{kind}!"}, "else": choice}
    return choice


def _tags(names: list[str]) -> list[str]:
    return [f"#{name}" for name in names]
