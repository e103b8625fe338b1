"""Extended properties of mail folders: written with a folder, brought along by $expand, looked for by $filter.

Not emulated: MAPI's own properties of folders (below 0x8000).
"""

import json
from collections.abc import Mapping
from typing import Any

from postroom.tenant.graph.expansions import Expansion
from postroom.tenant.graph.extended_properties import (
    Values,
    find_computed,
    read_properties,
    read_wanted_properties,
)
from postroom.tenant.graph.filters import Field
from postroom.tenant.graph.json_input import Reader
from postroom.tenant.graph.refusals import not_emulated
from postroom.tenant.mail.database import Row

NAMES = {name.lower(): name for name in ("singleValueExtendedProperties", "multiValueExtendedProperties")}
"""Graph's names of the two collections, by themselves in small letters."""
FIELDS = {
    "singlevalueextendedproperties": Field(
        "EXISTS (SELECT 1 FROM json_each(folders.properties) AS each WHERE each.key = ? AND ({}))",
        "properties",
    )
}


def _reader(*, multiple: bool) -> Reader:
    def read(_name: str, value: Any) -> Values:
        found = read_properties(value, multiple=multiple)
        _check_named(found)
        return found

    return read


def _check_named(names: Mapping[str, Any] | list[str]) -> None:
    for name in names:
        if find_computed(name) is not None:
            raise not_emulated(f"The extended property '{name}' of a mail folder")


READERS = {name: _reader(multiple=name.startswith("multi")) for name in NAMES.values()}


def take_properties(found: dict[str, Any], before: str = "{}") -> dict[str, Any]:
    """Take the extended properties out of what a client wrote of a folder; return the column that then holds them."""
    written: dict[str, Any] = {}
    for name in NAMES.values():
        written |= found.pop(name, None) or {}
    return {"properties": json.dumps(json.loads(before) | written, ensure_ascii=False)} if written else {}


def write_properties(folder: Row, expansion: Expansion) -> dict[str, Any]:
    """Return the extended properties that $expand names, where a folder has any of them."""
    multiple = expansion.name.startswith("multi")
    wanted = read_wanted_properties(expansion.options.get("$filter"), multiple=multiple)
    _check_named(wanted)
    known = json.loads(folder["properties"])
    written = [{"id": name, "value": known[name]} for name in dict.fromkeys(wanted) if name in known]
    return {NAMES[expansion.name]: written} if written else {}
