"""Extended properties: Outlook's MAPI properties under their ids, read, written and looked for.

[?] The ids of extended properties are compared without regard to case, but for names outside of internet headers.
[?] Ids of extended properties come back the way Exchange writes them: `String 0x37`, the namespace in small letters.
[?] A message without the property comes back without the list that was expanded.
[?] Extended properties stay in the mailbox: recipients do not get them.
[?] MAPI's flags, delivery time and submit time (0x0E07, 0x0E06, 0x0039) can be written for a new message only.
Not emulated: MAPI's own properties (below 0x8000) beyond those of `_COMPUTED`, and to write any but these three.
"""

import json
import re
import uuid
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from postroom.tenant.graph import odata
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, not_emulated
from postroom.tenant.graph.wire import GraphRequest
from postroom.tenant.mail.database import Row
from postroom.tenant.mail.headers import clean

Values = dict[str, str | list[str]]

_ID = re.compile(
    r"(?P<type>[a-z]+) +(?:\{?(?P<guid>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\}? +"
    r"(?:Name +(?P<name>\S.*)|Id +(?P<number>0x[0-9a-f]{1,8}|\d{1,10}))|(?P<tag>0x[0-9a-f]{1,4}))",
    re.IGNORECASE | re.DOTALL,
)
_SINGLE_TYPES = (
    "ApplicationTime", "Binary", "Boolean", "CLSID", "Currency", "Double", "Float", "Integer", "Long", "Short",
    "String", "SystemTime",
)  # fmt: skip
# MAPI has no list of truths.
_TYPES = {
    name.lower(): name
    for single in _SINGLE_TYPES
    for name in (single, f"{single}Array")
    if name != "BooleanArray"
}
_INTERNET_HEADERS = "00020386-0000-0000-c000-000000000046"
_FIRST_CUSTOM_TAG = 0x8000

# [?] The size of a message is what its body, headers and attachments have; Exchange counts in ways of its own.
SIZE = (
    "(length(CAST(body AS BLOB)) + length(CAST(headers AS BLOB))"
    " + (SELECT coalesce(sum(size), 0) FROM attachments WHERE attachments.message = messages.key))"
)
_HEADERS = (
    "(SELECT group_concat(json_extract(value, '$.name') || ': ' || json_extract(value, '$.value'),"
    " char(13) || char(10)) FROM json_each(headers))"
)
# Properties that MAPI has for every message, by the expression that gives them.
_COMPUTED = {
    "String 0x1a": "message_class",
    "String 0x37": "subject",
    "String 0x7d": _HEADERS,
    "String 0xc1f": "sender_address",
    "String 0x1035": "internet_message_id",
    "Integer 0xe08": SIZE,
    "Long 0xe08": SIZE,
    "Integer 0xe07": "(is_read + 8 * is_draft + 16 * has_attachments)",
    "SystemTime 0x39": "(sent || 'Z')",
    "SystemTime 0xe06": "(received || 'Z')",
}
_READ, _UNSENT = 0x1, 0x8
# What an app that brings older mail in sets of a new message, which is a draft of today without it.
_ORIGINS: dict[str, Callable[[str], dict[str, Any]]] = {
    "Integer 0xe07": lambda value: {
        "is_read": int(bool(int(value) & _READ)),
        "is_draft": int(bool(int(value) & _UNSENT)),
    },
    "SystemTime 0x39": lambda value: {"sent": value.removesuffix("Z")},
    "SystemTime 0xe06": lambda value: {"received": value.removesuffix("Z")},
}


def read_property_id(text: Any) -> str:
    """Return the id of an extended property as Exchange writes it, or raise Graph's 400."""
    match = _ID.fullmatch(text.strip()) if isinstance(text, str) else None
    kind = _TYPES.get(match["type"].lower()) if match else None
    if match is None or kind is None:
        raise _invalid_combination()
    if match["tag"]:
        return f"{kind} {int(match['tag'], 16):#x}"
    namespace = match["guid"].lower()
    if match["number"]:
        return f"{kind} {{{namespace}}} Id {int(match['number'], 0):#x}"
    name = match["name"].lower() if namespace == _INTERNET_HEADERS else match["name"]
    return f"{kind} {{{namespace}}} Name {clean(name)}"


def is_list(property_id: str) -> bool:
    """Tell whether a property holds a list of values."""
    return property_id.partition(" ")[0].endswith("Array")


def find_computed(property_id: str) -> str | None:
    """Return the SQL of a property that every message has, or None for one that apps give it."""
    tag = property_id.partition(" ")[2]
    if tag.startswith("{") or int(tag, 16) >= _FIRST_CUSTOM_TAG:
        return None
    if property_id not in _COMPUTED:
        raise not_emulated(f"The extended property '{property_id}'")
    return _COMPUTED[property_id]


def _invalid_combination() -> GraphRefusalError:
    return bad_request(
        "The extended property attribute combination is invalid.", "ErrorInvalidExtendedProperty"
    )


def _invalid_value() -> GraphRefusalError:
    return bad_request(
        "The extended property value is inconsistent with its type.", "ErrorInvalidExtendedPropertyValue"
    )


def read_properties(content: Any, *, multiple: bool) -> Values:
    """Read what a client writes as single- or multi-value extended properties."""
    if not isinstance(content, list):
        raise _invalid_value()
    found: Values = {}
    for item in content:
        if not isinstance(item, dict):
            raise _invalid_value()
        name = read_property_id(item.get("id"))
        if is_list(name) != multiple:
            raise _invalid_combination()
        if name not in _ORIGINS and find_computed(name) is not None:
            raise not_emulated(f"To write the extended property '{name}'")
        value = item.get("value")
        if multiple:
            if not isinstance(value, list):
                raise _invalid_value()
            found[name] = [_checked(name, one) for one in value]
        else:
            found[name] = _checked(name, value)
    return found


def take_origin(properties: Values) -> dict[str, Any]:
    """Take out of the properties of a message what MAPI keeps in it itself, and return it as columns."""
    columns: dict[str, Any] = {}
    for name, read in _ORIGINS.items():
        value = properties.pop(name, None)
        if isinstance(value, str):
            columns |= read(value)
    return columns


def _checked(property_id: str, value: Any) -> str:
    kind = property_id.partition(" ")[0].removesuffix("Array")
    if not isinstance(value, str):
        raise _invalid_value()
    try:
        return _CHECKS.get(kind, clean)(value)
    except (ValueError, OverflowError):
        raise _invalid_value() from None


def _boolean(text: str) -> str:
    if text.lower() not in ("true", "false"):
        raise ValueError
    return text.lower()


def _time(text: str) -> str:
    moment = datetime.fromisoformat(text)
    moment = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


_CHECKS: dict[str, Callable[[str], str]] = {
    "Boolean": _boolean,
    "CLSID": lambda text: str(uuid.UUID(text)),
    "Currency": lambda text: str(float(text)),
    "Double": lambda text: str(float(text)),
    "Float": lambda text: str(float(text)),
    "Integer": lambda text: str(int(text)),
    "Long": lambda text: str(int(text)),
    "Short": lambda text: str(int(text)),
    "SystemTime": _time,
}


def read_wanted_properties(filter_text: str | None, *, multiple: bool) -> list[str]:
    """Read the ids that the $filter of an $expand names: `id eq '...' or id eq '...'`."""
    if not filter_text:
        # [?] Expanding extended properties without a filter is 400 ErrorInvalidUrlQueryFilter.
        raise bad_request(
            "Extended properties must be named by $filter=id eq '...'.", "ErrorInvalidUrlQueryFilter"
        )
    wanted = [read_property_id(name) for name in read_wanted_ids(odata.parse_filter(filter_text))]
    if any(is_list(name) != multiple for name in wanted):
        raise _invalid_combination()
    return wanted


def read_wanted_ids(node: odata.Node) -> list[str]:
    """Return the ids that a filter of the form `id eq '...' or id eq '...'` names, or raise Graph's 400."""
    match node:
        case odata.Junction("or", left, right):
            return read_wanted_ids(left) + read_wanted_ids(right)
        case odata.Comparison("eq", odata.Path((name,)), odata.Literal("string", str() as value)) if (
            name.lower() == "id"
        ):
            return [value]
    # [?] A filter of extended properties by anything but their id is refused as one of messages is.
    raise bad_request("The query filter contains one or more invalid nodes.", "ErrorInvalidUrlQueryFilter")


def write_properties(request: GraphRequest, message: Row, wanted: list[str]) -> list[dict[str, Any]]:
    """Return the wanted extended properties that a message has."""
    additions = request.cloud.mail.additions
    written: list[dict[str, Any]] = []
    for name in dict.fromkeys(wanted):
        sql = find_computed(name)
        value = (
            additions.compute(message["key"], sql) if sql else additions.find_property(message["key"], name)
        )
        if value is not None:
            written.append({"id": name, "value": json.loads(value) if is_list(name) else value})
    return written
