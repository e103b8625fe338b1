"""Reads the JSON objects that clients write, property by property, or refuses them as Graph does."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from postroom.tenant.graph.message_input import invalid_property
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request
from postroom.tenant.mail.headers import clean

Reader = Callable[[str, Any], Any]


def invalid_value(name: str) -> GraphRefusalError:
    """Refuse a value that is not of the property's type."""
    return bad_request(
        f"Cannot convert the value of property '{name}' to the expected type.", "RequestBodyRead"
    )


def missing_property(name: str) -> GraphRefusalError:
    """Refuse a new thing that lacks something."""
    # [?] Code and text for a property that is missing are from memory.
    return bad_request(f"The property '{name}' is required when creating the entity.", "ErrorInvalidArgument")


def fixed_property(name: str) -> GraphRefusalError:
    """Refuse a change of what cannot change."""
    # [?] The text for a property that cannot be changed is from memory.
    return bad_request(f"Set action is invalid for property '{name}'.", "ErrorInvalidPropertySet")


def read_properties(
    content: Any, readers: Mapping[str, Reader], type_name: str, ignored: Iterable[str] = ("id",)
) -> dict[str, Any]:
    """Read an object; its names are known in whatever case they are written, and a null stays None."""
    if not isinstance(content, dict):
        raise invalid_value(type_name)
    known = {name.lower(): name for name in readers}
    left_out = {name.lower() for name in ignored}
    found: dict[str, Any] = {}
    for name, value in content.items():
        key = name.lower()
        if "@" in key or key in left_out:
            continue
        if key not in known:
            raise invalid_property(name, f"microsoft.graph.{type_name}")
        found[known[key]] = None if value is None else readers[known[key]](name, value)
    return found


def read_text(name: str, value: Any) -> str:
    """Read a text."""
    if not isinstance(value, str):
        raise invalid_value(name)
    return clean(value)


def read_texts(name: str, value: Any) -> list[str]:
    """Read a list of texts."""
    return [read_text(name, item) for item in read_list(name, value)]


def read_list(name: str, value: Any) -> list[Any]:
    """Read a list of anything."""
    if not isinstance(value, list):
        raise invalid_value(name)
    return value


def read_boolean(name: str, value: Any) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        raise invalid_value(name)
    return value


def read_integer(name: str, value: Any) -> int:
    """Read a whole number of 32 bits."""
    if not isinstance(value, int) or isinstance(value, bool) or not -(2**31) <= value < 2**31:
        raise invalid_value(name)
    return value


def read_choice(*choices: str) -> Reader:
    """Make a reader of one of these words, in whatever case it is written."""
    known = {choice.lower(): choice for choice in choices}

    def read(name: str, value: Any) -> str:
        if not isinstance(value, str) or value.lower() not in known:
            raise invalid_value(name)
        return known[value.lower()]

    return read


def read_object(readers: Mapping[str, Reader], type_name: str) -> Callable[[str, Any], dict[str, Any]]:
    """Make a reader of an object with these properties; nulls are left out."""

    def read(_name: str, value: Any) -> dict[str, Any]:
        found = read_properties(value, readers, type_name, ignored=())
        return {name: item for name, item in found.items() if item is not None}

    return read
