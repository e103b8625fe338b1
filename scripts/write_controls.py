"""The page of the control endpoints, made from their routes, their handlers and the fields of their bodies."""

import ast
import inspect
import textwrap
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any, get_type_hints

import msgspec
from scripts.pages import describe_type, summarize, write_table
from starlette.routing import Route

from postroom.tenant.control.routes import PREFIX, ROUTES

BODY_READER = "read_settings"


def write_controls() -> Iterator[str]:
    """Write the page of control endpoints."""
    yield from ("# Control endpoints of the local tenant", "")
    yield (
        f"They are served beside Azure Global, under `{PREFIX}`, at the address that `tenant.json` names as `control`. "
        "[Steer the local tenant](../how-to/local-tenant.md) shows their use; in tests, "
        "[`postroom.testing`](testing.md) calls them. Bodies are JSON, unless another is said. What cannot be used is "
        "answered with 400 (an unknown address or name in the path with 404) and a sentence, and changes nothing."
    )
    yield ""
    endpoints = [
        (method, route) for route in ROUTES for method in sorted(route.methods or ()) if method != "HEAD"
    ]
    yield from write_table(("method", "path", "what it does"), map(_describe_endpoint, endpoints))
    for method, route in endpoints:
        yield from _write_body(method, route)


def find_body(handler: Callable[..., Any]) -> type[msgspec.Struct] | None:
    """Find what a handler reads the body of its request as; None where it reads none."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(handler)))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == BODY_READER:
            kind: type[msgspec.Struct] = inspect.unwrap(handler).__globals__[ast.unparse(node.args[1])]
            return kind
    return None


def read_field_docs(kind: type) -> dict[str, str]:
    """Read the sentences that stand after the fields of a class."""
    (body,) = ast.parse(textwrap.dedent(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(str(said.value.value)).replace("\n", " ")
        for field, said in pairwise(body.body)
        if isinstance(field, ast.AnnAssign)
        and isinstance(field.target, ast.Name)
        and isinstance(said, ast.Expr)
        and isinstance(said.value, ast.Constant)
    }


def _describe_endpoint(endpoint: tuple[str, Route]) -> tuple[str, ...]:
    method, route = endpoint
    return (method, f"`{route.path}`", summarize(route.endpoint))


def _write_body(method: str, route: Route) -> Iterator[str]:
    kind = find_body(route.endpoint)
    if kind is not None:
        yield from ("", f"## {method} {route.path}", "", summarize(kind), "")
        yield from write_table(("field", "what is given", "default", "what it says"), _describe_fields(kind))


def _describe_fields(kind: type[msgspec.Struct]) -> Iterator[tuple[str, ...]]:
    types, docs = get_type_hints(kind), read_field_docs(kind)
    for field in msgspec.structs.fields(kind):
        given, default = describe_type(types[field.name]), _describe_default(field)
        yield f"`{field.encode_name}`", given, default, docs.get(field.name, "")


def _describe_default(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "*required*"
    if isinstance(field.default, bool):
        return "yes" if field.default else "no"
    if field.default in (msgspec.NODEFAULT, msgspec.UNSET, None, "", ()):
        return "unchanged" if field.default is msgspec.UNSET else "none"
    return f"`{field.default}`"
