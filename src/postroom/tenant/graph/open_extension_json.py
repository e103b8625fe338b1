"""Open extensions as Graph's JSON, read and written.

[?] A name is 1 to 200 characters without spaces and slashes, and told apart without regard to case.
"""

import json
import re
from typing import Any

from postroom.tenant.graph.refusals import bad_request
from postroom.tenant.mail.additions import EXTENSION_PREFIX, bare_name
from postroom.tenant.mail.database import Row

TYPE = "#microsoft.graph.openTypeExtension"
_NAME = re.compile(r"[^\s/\\'\"]{1,200}")
# What a client may send back as it came, and what is no property of the app's.
_OWN = frozenset({"id", "extensionname"})


def write_extension(row: Row) -> dict[str, Any]:
    """Return an open extension as Graph's JSON object."""
    content: dict[str, Any] = json.loads(row["content"])
    own = {"@odata.type": TYPE, "id": EXTENSION_PREFIX + row["name"], "extensionName": row["name"]}
    return own | content


def read_content(body: dict[str, Any]) -> dict[str, Any]:
    """Return the properties that an app gives an open extension, or raise Graph's 400."""
    kind = body.get("@odata.type", TYPE)
    if not isinstance(kind, str) or kind.lstrip("#").lower() != TYPE.lstrip("#").lower():
        # [?] The text for an extension of another type is made up.
        raise bad_request(
            "An extension of a message must be of the type 'microsoft.graph.openTypeExtension'.",
            "RequestBodyRead",
        )
    return {name: value for name, value in body.items() if "@" not in name and name.lower() not in _OWN}


def read_name(body: dict[str, Any]) -> str:
    """Return the name of a new open extension, or raise a 400."""
    name = body.get("extensionName")
    if not isinstance(name, str) or not _NAME.fullmatch(bare_name(name)):
        # [?] An extension without a usable name is 400; Graph has been seen to answer 500.
        raise bad_request(
            "The property 'extensionName' is required and must be a name.", "ErrorInvalidArgument"
        )
    return bare_name(name)


def read_extensions(content: Any) -> dict[str, dict[str, Any]]:
    """Read the open extensions that come with a new message, by their names."""
    if not isinstance(content, list) or not all(isinstance(item, dict) for item in content):
        raise bad_request(
            "Cannot convert the value of property 'extensions' to the expected type.", "RequestBodyRead"
        )
    return {read_name(item): read_content(item) for item in content}
