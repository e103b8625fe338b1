"""The $filter of users, which Entra ID answers by rules of its own: what goes beyond equality and beginnings is an
advanced query (`ConsistencyLevel: eventual` with `$count=true`)."""

from collections.abc import Callable, Mapping
from typing import Any

from postroom.tenant.graph import odata
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request

Person = Mapping[str, Any]
Test = Callable[[Person], bool]
_FIELDS = {
    name.lower(): name
    for name in (
        "id", "userPrincipalName", "mail", "displayName", "givenName", "surname", "mailNickname", "accountEnabled",
        "userType",
    )
}  # fmt: skip


def unsupported_query() -> GraphRefusalError:
    """Refuse a query that needs to be an advanced one, or that Entra ID does not know."""
    # [?] The text of Request_UnsupportedQuery is from memory.
    return bad_request("Request is not supported or is invalid.", "Request_UnsupportedQuery")


def compile_user_filter(node: odata.Node, *, is_advanced: bool) -> Test:
    """Return the test that a filter stands for, or raise Graph's 400."""
    match node:
        case odata.Junction("and", left, right):
            tests = [compile_user_filter(each, is_advanced=is_advanced) for each in (left, right)]
            return lambda person: all(test(person) for test in tests)
        case odata.Junction(_, left, right):
            tests = [compile_user_filter(each, is_advanced=is_advanced) for each in (left, right)]
            return lambda person: any(test(person) for test in tests)
        case odata.Not(inner) if is_advanced:
            tested = compile_user_filter(inner, is_advanced=is_advanced)
            return lambda person: not tested(person)
        case odata.Comparison("eq", odata.Path(names), odata.Literal(_, value)):
            return _equals(_property(names), value)
        case odata.Comparison("ne", odata.Path(names), odata.Literal(_, value)) if is_advanced:
            same = _equals(_property(names), value)
            return lambda person: not same(person)
        case odata.Call("startswith", (odata.Path(names), odata.Literal("string", str() as text))):
            started = _property(names)
            return lambda person: _folded(person[started]).startswith(text.casefold())
        case odata.Call("endswith", (odata.Path(names), odata.Literal("string", str() as text))) if (
            is_advanced
        ):
            ended = _property(names)
            return lambda person: _folded(person[ended]).endswith(text.casefold())
    raise unsupported_query()


def _equals(name: str, value: Any) -> Test:
    return lambda person: _comparable(person[name]) == _comparable(value)


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def _folded(value: Any) -> str:
    return str(value or "").casefold()


def _property(names: tuple[str, ...]) -> str:
    found = _FIELDS.get("/".join(names).lower())
    if found is None:
        raise unsupported_query()
    return found
