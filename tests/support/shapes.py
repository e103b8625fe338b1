"""What of a documented response is in another: the same names, and values of the same kind."""

import re
from collections.abc import Iterator, Set
from typing import Any

_FRACTION = re.compile(r"(T\d\d:\d\d:\d\d(?:\.\d*[1-9])?)\.?0*Z$")
NOT_MINIMAL = frozenset({"@odata.id", "@odata.editLink", "@odata.context"})
"""Annotations of older examples, which `odata.metadata=minimal` leaves out, and the address of the metadata."""


def compare_shapes(
    documented: Any,
    found: Any,
    where: str = "",
    *,
    is_closed: bool = False,
    passed_over: Set[str] = frozenset(),
) -> Iterator[str]:
    """Say where a response lacks a documented property or has a value of another kind there.

    A closed one may have no other properties than the documented ones; `passed_over` names places, as `value/0/id`,
    where the documentation itself is known to be wrong.
    """
    if where in passed_over or documented is None or found is None:
        return
    if isinstance(documented, dict) and isinstance(found, dict):
        yield from _compare_objects(documented, found, where, is_closed=is_closed, passed_over=passed_over)
    elif isinstance(documented, list) and isinstance(found, list):
        yield from _compare_lists(documented, found, where, is_closed=is_closed, passed_over=passed_over)
    elif _kind(documented) != _kind(found):
        yield f"{where} is {_kind(found)}, documented is {_kind(documented)}"


def list_echoes(documented_request: Any, sent: Any, documented: Any, found: Any) -> Iterator[str]:
    """Say which values were documented to come back as they were sent, and did not."""
    if not (isinstance(documented_request, dict) and isinstance(sent, dict)):
        return
    for name, value in documented_request.items():
        if not isinstance(value, (str, bool, int)) or documented.get(name) != value:
            continue
        if _shorten_time(found.get(name)) != _shorten_time(sent[name]):
            yield f"{name} comes back as {found.get(name)!r}, sent was {sent[name]!r}"


def _compare_objects(
    documented: dict[str, Any], found: dict[str, Any], where: str, *, is_closed: bool, passed_over: Set[str]
) -> Iterator[str]:
    for name, value in documented.items():
        place = f"{where}/{name}".lstrip("/")
        if name in NOT_MINIMAL:
            continue
        if name not in found:
            yield f"{place} is missing"
        elif name == "@odata.type":
            if str(value).removeprefix("#") != str(found[name]).removeprefix("#"):
                yield f"{place} is {found[name]}, documented is {value}"
        else:
            yield from compare_shapes(value, found[name], place, is_closed=is_closed, passed_over=passed_over)
    for name in found if is_closed else ():
        if name not in documented and "@" not in name:
            yield f"{where}/{name} is not documented"


def _compare_lists(
    documented: list[Any], found: list[Any], where: str, *, is_closed: bool, passed_over: Set[str]
) -> Iterator[str]:
    """Find for each documented element one that is like it."""
    for number, element in enumerate(documented):
        place = f"{where}/{number}"
        tries = [
            [*compare_shapes(element, other, place, is_closed=is_closed, passed_over=passed_over)]
            for other in found
        ]
        yield from min(tries, key=len, default=[f"{place} is missing"])


def _shorten_time(value: Any) -> Any:
    """Leave out of a time the zeros that say no more."""
    return _FRACTION.sub(r"\1Z", value) if isinstance(value, str) else value


def _kind(value: Any) -> str:
    if isinstance(value, bool):
        return "a boolean"
    if isinstance(value, (int, float)):
        return "a number"
    return {str: "a string", dict: "an object", list: "a list"}[type(value)]
