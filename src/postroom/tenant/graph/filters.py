"""Turns a $filter tree into a condition of the store, for types whose properties are given as a table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from postroom.tenant.graph import odata
from postroom.tenant.graph.extended_properties import find_computed, is_list, read_property_id
from postroom.tenant.graph.refusals import (
    GraphRefusalError,
    bad_request,
    inefficient_filter,
    not_emulated,
    unknown_property,
)
from postroom.tenant.mail.additions import bare_name
from postroom.tenant.mail.database import Condition

_SQL_OPERATORS = {"eq": "=", "ne": "<>", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_TURNED = {"eq": "eq", "ne": "ne", "lt": "gt", "le": "ge", "gt": "lt", "ge": "le"}
_TEXT_FUNCTIONS = {
    "contains": "contains_text",
    "startswith": "starts_with_text",
    "endswith": "ends_with_text",
}
_LITERALS = {
    "string": "string",
    "moment": "moment",
    "boolean": "boolean",
    "number": "number",
    "enum": "string",
    "exact": "string",
    "guid": "guid",
}
_FRACTION = re.compile(r"\.(\d+)")
_COLLECTIONS = frozenset({"strings", "people", "properties", "extensions"})
# What the value of an extended property, which is text, is taken for: cast(ep/value, Edm.Int32).
_CASTS = {
    "edm.boolean": ("({} = 'true')", "boolean"),
    "edm.datetimeoffset": ("substr({}, 1, 19)", "moment"),
    "edm.double": ("CAST({} AS REAL)", "number"),
    "edm.guid": ("{}", "guid"),
    "edm.int16": ("CAST({} AS INTEGER)", "number"),
    "edm.int32": ("CAST({} AS INTEGER)", "number"),
    "edm.int64": ("CAST({} AS INTEGER)", "number"),
    "edm.single": ("CAST({} AS REAL)", "number"),
    "edm.string": ("{}", "exact"),
}


@dataclass(frozen=True, slots=True)
class Field:
    """A property that can be filtered on: its SQL, and its kind.

    Kinds: string (compared without regard to case), exact, enum, moment, number, boolean, id; strings, a collection
    whose SQL is a JSON array; properties, whose SQL takes a name and has a place for what is asked of the value;
    extensions, which lie in a table of their own; people, which nothing can be asked of.
    """

    sql: str
    kind: str = "string"


Fields = Mapping[str, Field]


class FilterCompiler:
    """Compile filters over one type; `type_name` is what Graph calls it in refusals."""

    def __init__(self, type_name: str, fields: Fields) -> None:
        self._type_name = type_name
        self._fields = fields
        self._variable = ""

    def compile(self, node: odata.Node) -> Condition:
        """Return the condition that a filter's tree stands for, or raise Graph's 400."""
        match node:
            case odata.Junction(operator, left, right):
                first, second = self.compile(left), self.compile(right)
                return Condition(
                    f"({first.sql}) {operator.upper()} ({second.sql})", first.values + second.values
                )
            case odata.Not(inner):
                condition = self.compile(inner)
                return Condition(f"NOT coalesce(({condition.sql}), 0)", condition.values)
            case odata.Comparison(operator, left, right):
                return self._comparison(operator, left, right)
            case odata.Call(name, arguments):
                return self._call(name, arguments)
            case odata.Lambda():
                return self._lambda(node)
            case odata.Path():
                field = self._field(node)
                if field.kind == "boolean":
                    return Condition(f"{field.sql} = 1")
            case odata.Literal("boolean", value):
                return Condition("1" if value else "0")
        raise _invalid_node()

    def _field(self, path: odata.Path) -> Field:
        names = path.names
        if self._variable and names[0] == self._variable:
            names = names[1:]
        field = self._fields.get("/".join(names).lower())
        first = self._fields.get("".join(names[:1]).lower())
        if field is None and first is not None and first.kind in _COLLECTIONS:
            raise bad_request("Invalid filter clause")
        if field is None:
            raise unknown_property("/".join(path.names), self._type_name)
        return field

    def _comparison(self, operator: str, left: odata.Node, right: odata.Node) -> Condition:
        if isinstance(left, odata.Literal) and not isinstance(right, odata.Literal):
            return self._comparison(_TURNED[operator], right, left)
        if not isinstance(right, odata.Literal):
            raise _invalid_node()
        if isinstance(left, odata.Call) and left.name in _TEXT_FUNCTIONS and right.kind == "boolean":
            wanted = bool(right.value) == (operator == "eq")
            return self.compile(left if wanted else odata.Not(left))
        field = self._value(left)
        if field.kind in _COLLECTIONS:
            raise _incompatible()
        if right.kind == "null":
            return Condition(f"{field.sql} IS {'NOT ' if operator == 'ne' else ''}NULL")
        return _compare(field, operator, right)

    def _value(self, node: odata.Node) -> Field:
        match node:
            case odata.Path():
                return self._field(node)
            case odata.Call("tolower" | "toupper" | "trim", (inner,)):
                return self._value(inner)  # case does not count in comparisons anyway
            case odata.Call("cast", (inner, odata.Path((type_name,)))) if type_name.lower() in _CASTS:
                sql, kind = _CASTS[type_name.lower()]
                return Field(sql.format(self._value(inner).sql), kind)
        raise _invalid_node()

    def _call(self, name: str, arguments: tuple[odata.Node, ...]) -> Condition:
        match arguments:
            case (subject, odata.Literal("string", str() as text)) if name in _TEXT_FUNCTIONS:
                field = self._value(subject)
                if field.kind in ("string", "exact"):
                    return Condition(f"{_TEXT_FUNCTIONS[name]}({field.sql}, ?)", (text,))
        raise _invalid_node()

    def _lambda(self, node: odata.Lambda) -> Condition:
        field = self._field(node.collection)
        # Outlook has no filter for recipients, whatever the schema promises: `$search` finds them.
        if field.kind not in _COLLECTIONS - {"people"} or self._variable:
            raise _invalid_node()
        if field.kind == "properties":
            return self._with_property(node, field.sql)
        if field.kind == "extensions":
            return _with_extension(node)
        if node.inner is None:
            return Condition(f"json_array_length({field.sql}) > 0")
        inner = FilterCompiler(self._type_name, {"": Field("each.value")})
        inner._variable = node.variable
        condition = inner.compile(node.inner)
        is_all = node.kind == "all"
        tested = f"NOT coalesce(({condition.sql}), 0)" if is_all else condition.sql
        inside = f"SELECT 1 FROM json_each({field.sql}) AS each WHERE {tested}"  # noqa: S608 - compiled, values bound
        return Condition(f"{'NOT ' if is_all else ''}EXISTS ({inside})", condition.values)

    def _with_property(self, node: odata.Lambda, template: str) -> Condition:
        """Compile any(ep: ep/id eq '...' and ep/value ...), the one form that Outlook takes."""
        named, rest = _split_id(node)
        name = read_property_id(named)
        if is_list(name):
            raise _invalid_node()
        computed = find_computed(name)
        if computed and self._type_name != "Message":
            raise not_emulated(f"The extended property '{name}' of a mail folder")
        inner = FilterCompiler(self._type_name, {"value": Field(computed or "value", "exact")})
        inner._variable = node.variable
        condition = inner.compile(rest) if rest is not None else Condition()
        if computed:
            return condition
        return Condition(template.format(condition.sql), (name, *condition.values))


def _split_id(node: odata.Lambda) -> tuple[str, odata.Node | None]:
    """Return the id that an any() names, and what else it asks for."""
    parts = _conjuncts(node.inner) if node.kind == "any" and node.inner is not None else []
    named: list[str] = []
    rest: odata.Node | None = None
    for part in parts:
        match part:
            case odata.Comparison("eq", odata.Path((_, last)), odata.Literal("string", str() as text)) if (
                last.lower() == "id"
            ):
                named.append(text)
            case _:
                rest = part if rest is None else odata.Junction("and", rest, part)
    if len(named) != 1:
        raise _invalid_node()
    return named[0], rest


def _conjuncts(node: odata.Node) -> list[odata.Node]:
    match node:
        case odata.Junction("and", left, right):
            return _conjuncts(left) + _conjuncts(right)
    return [node]


def _with_extension(node: odata.Lambda) -> Condition:
    named, rest = _split_id(node)
    if rest is not None:
        raise _invalid_node()
    return Condition("key IN (SELECT message FROM open_extensions WHERE name = ?)", (bare_name(named),))


def _compare(field: Field, operator: str, literal: odata.Literal) -> Condition:
    if field.kind == "id":
        if operator not in ("eq", "ne") or literal.kind != "string":
            raise _incompatible()
        condition = Condition("(item_id = ? OR immutable_id = ?)", (literal.value, literal.value))
        return condition if operator == "eq" else Condition(f"NOT {condition.sql}", condition.values)
    if _LITERALS.get(field.kind) != literal.kind:
        raise _incompatible()
    sql_operator = _SQL_OPERATORS[operator]
    if field.kind == "moment":
        return Condition(f"{field.sql} {sql_operator} ?", (_moment(str(literal.value)),))
    if field.kind == "boolean":
        return Condition(f"{field.sql} {sql_operator} ?", (int(bool(literal.value)),))
    if field.kind == "number":
        return Condition(f"{field.sql} {sql_operator} ?", (literal.value,))
    collation = "" if field.kind == "exact" else " COLLATE NOCASE"
    return Condition(f"{field.sql} {sql_operator} ?{collation}", (literal.value,))


def _moment(text: str) -> str:
    """Write a moment of a filter the way the store keeps times, with a fraction if it has one."""
    fraction = _FRACTION.search(text)
    try:
        moment = datetime.fromisoformat(_FRACTION.sub("", text))
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise bad_request(f"Invalid filter clause: '{text}' is not a valid DateTimeOffset.") from None
    written = moment.strftime("%Y-%m-%dT%H:%M:%S").zfill(19)
    digits = fraction.group(1).rstrip("0") if fraction else ""
    return f"{written}.{digits}" if digits else written


def _incompatible() -> GraphRefusalError:
    return bad_request("Invalid filter clause: A binary operator with incompatible types was detected.")


def _invalid_node() -> GraphRefusalError:
    # [?] What `$filter` has and Exchange's own filter language lacks is refused with Exchange's code and text.
    return bad_request("The query filter contains one or more invalid nodes.", "ErrorInvalidUrlQueryFilter")


def order_sql(order: list[tuple[tuple[str, ...], bool]], fields: Fields, type_name: str) -> str:
    """Return the ORDER BY of an $orderby, or raise Graph's 400."""
    pieces: list[str] = []
    for names, downwards in order:
        field = fields.get("/".join(names).lower())
        if field is None or field.kind in _COLLECTIONS | {"id"}:
            raise unknown_property("/".join(names), type_name)
        collation = " COLLATE NOCASE" if field.kind == "string" else ""
        pieces.append(f"{field.sql}{collation} {'DESC' if downwards else 'ASC'}")
    return ", ".join(pieces)


def properties_of(node: odata.Node | None) -> list[str]:
    """Return the properties of a filter in the order they first appear, in lower case."""
    match node:
        case odata.Path(names):
            return ["/".join(names).lower()]
        case odata.Junction(_, left, right) | odata.Comparison(_, left, right):
            return list(dict.fromkeys(properties_of(left) + properties_of(right)))
        case odata.Not(inner):
            return properties_of(inner)
        case odata.Call(_, arguments):
            return list(dict.fromkeys(name for argument in arguments for name in properties_of(argument)))
        case odata.Lambda(_, collection, _, _):
            return properties_of(collection)
    return []


def check_efficient(node: odata.Node | None, order: list[tuple[tuple[str, ...], bool]]) -> None:
    """Refuse an order whose properties do not come first, and in the same order, in the filter."""
    if node is None or not order:
        return
    ordered = ["/".join(names).lower() for names, _ in order]
    filtered = properties_of(node)
    # [?] What is equal is in order already: where a filter asks for nothing else, and all of it leads $orderby, more
    # may follow. One page shows it, another's rule would refuse it.
    compared = min(len(ordered), len(filtered)) if _asks_only_equality(node) else len(ordered)
    if filtered[:compared] != ordered[:compared]:
        raise inefficient_filter()


def _asks_only_equality(node: odata.Node) -> bool:
    return all(isinstance(part, odata.Comparison) and part.operator == "eq" for part in _conjuncts(node))
