"""What an expression sees of a value: its data, and a few methods that only read."""

import dataclasses
import re
from collections.abc import Callable, Mapping
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from functools import cache, cached_property, partial
from pathlib import PurePath
from typing import Any

import msgspec

from postroom.bots.files.functions import measured, replace_text, split_text

_FORMAT = re.compile(r"(?:%[AaBbdHIjMmpSUWwYyz%]|[^%]){0,100}", re.DOTALL)


def _write_date(moment: Any, form: str) -> str:
    # Only plain directives: the C library's widths (%999999d) would make texts of any size.
    if not isinstance(form, str) or not _FORMAT.fullmatch(form):
        raise ValueError("a date is written with %Y, %m, %d, %H, %M, %S and the like")
    return str(moment.strftime(form))


_TEXT_METHODS = (
    "lower", "upper", "title", "capitalize", "strip", "lstrip", "rstrip", "startswith", "endswith", "removeprefix",
    "removesuffix", "isdigit", "isalpha", "count", "find",
)  # fmt: skip
_MOMENT_METHODS: dict[str, Callable[..., Any]] = {"strftime": _write_date}
METHODS: dict[type, dict[str, Callable[..., Any]]] = {
    str: {
        **{name: getattr(str, name) for name in _TEXT_METHODS},
        "replace": replace_text,
        "split": split_text,
    },
    list: {"count": list.count, "index": list.index},
    tuple: {"count": tuple.count, "index": tuple.index},
    datetime: {
        "isoformat": datetime.isoformat,
        "date": datetime.date,
        "weekday": datetime.weekday,
        **_MOMENT_METHODS,
    },
    date: {"isoformat": date.isoformat, "weekday": date.weekday, **_MOMENT_METHODS},
    time: {"isoformat": time.isoformat, **_MOMENT_METHODS},
}
"""The methods of plain values; of everything else none is called."""

_MAPPING_METHODS: dict[str, Callable[..., Any]] = {
    "get": lambda values, key, default=None: values.get(key, default),
    "keys": lambda values: list(values.keys()),
    "values": lambda values: list(values.values()),
    "items": lambda values: list(values.items()),
}
_CLOCK = ("hour", "minute", "second")
PROPERTIES: dict[type, tuple[str, ...]] = {
    datetime: ("year", "month", "day", *_CLOCK),
    date: ("year", "month", "day"),
    time: _CLOCK,
    timedelta: ("days", "seconds"),
    PurePath: ("name", "stem", "suffix"),
}


def find_attribute(value: Any, name: str) -> Any:
    """What an expression gets for `value.name`; a method is given as a `partial`.

    Errors: AttributeError, which says what there is.
    """
    if isinstance(value, Mapping):
        if name in value:
            return value[name]
        if name in _MAPPING_METHODS:
            return _bind(_MAPPING_METHODS[name], value)
    elif name in list_attributes(_get_type(value)):
        return getattr(value, name)
    for kind, methods in METHODS.items():
        if type(value) is kind and name in methods:
            return _bind(methods[name], value)
    raise AttributeError(_explain(value, name))


def _bind(method: Callable[..., Any], value: Any) -> "partial[Any]":
    return partial(measured(method), value)


@cache
def list_attributes(kind: type) -> frozenset[str]:
    """The names of the data that a value of this type has: its public fields and properties."""
    for known, names in PROPERTIES.items():
        if issubclass(kind, known):
            return frozenset(names)
    if not (issubclass(kind, msgspec.Struct) or dataclasses.is_dataclass(kind)):
        return frozenset()
    own = (
        kind.__struct_fields__
        if issubclass(kind, msgspec.Struct)
        else [f.name for f in dataclasses.fields(kind)]
    )
    found = {*own, *_list_properties(kind)}
    return frozenset(name for name in found if not name.startswith(("_", "wire_")))


def _list_properties(kind: type) -> set[str]:
    return {
        name
        for parent in kind.__mro__
        for name, member in vars(parent).items()
        if isinstance(member, property | cached_property)
    }


def _get_type(value: Any) -> Any:
    return type(value)


def _explain(value: Any, name: str) -> str:
    known = sorted(value) if isinstance(value, Mapping) else sorted(list_attributes(_get_type(value)))
    texts = [one for one in known if isinstance(one, str)]
    near = get_close_matches(name, texts, n=1)
    if near:
        return f"There is no “{name}” in {_describe(value)}. Did you mean “{near[0]}”?"
    has = f" It has: {', '.join(texts[:30])}." if texts else ""
    return f"There is no “{name}” in {_describe(value)}.{has}"


def _describe(value: Any) -> str:
    names = {
        str: "a text",
        bool: "true or false",
        int: "a number",
        float: "a number",
        type(None): "nothing (null)",
    }
    return names.get(type(value), f"a {type(value).__name__}")
