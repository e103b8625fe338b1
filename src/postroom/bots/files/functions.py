"""The operators, filters and tests of expressions; what could grow is measured before it is done."""

import math
import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time
from decimal import Decimal
from functools import wraps
from itertools import islice
from pathlib import PurePath
from typing import Any
from uuid import UUID

import msgspec
from jinja2 import Environment
from jinja2 import filters as jinja_filters
from jinja2 import tests as jinja_tests
from jinja2.runtime import Context, Undefined

LARGEST_CHARACTERS = 30_000_000
MOST_ITEMS = 100_000
MOST_ITEMS_TOUCHED = 500_000
LARGEST_NUMBER = 10**30
DEEPEST = 20


class TooLargeError(Exception):
    """What an expression would make is larger than expressions are for."""

    def __init__(self) -> None:
        super().__init__("makes something larger than expressions are for. Use a Python bot.")


_left: ContextVar[list[int] | None] = ContextVar("left", default=None)


@contextmanager
def within_limits() -> Iterator[None]:
    """Let all that is measured inside count together: one expression does so much, and no more."""
    token = _left.set([LARGEST_CHARACTERS, MOST_ITEMS_TOUCHED])
    try:
        yield
    finally:
        _left.reset(token)


def measure(*values: Any) -> None:
    """Refuse what is larger than expressions are for, before it is copied. Errors: TooLargeError."""
    left = _left.get() or [LARGEST_CHARACTERS, MOST_ITEMS_TOUCHED]
    for value in values:
        _spend(value, left, 0)


def _spend(value: Any, left: list[int], depth: int) -> None:
    left[1] -= 1
    if isinstance(value, str | bytes):
        left[0] -= len(value)
    elif isinstance(value, list | tuple | Mapping) and len(value) > left[1]:
        raise TooLargeError
    if left[0] < 0 or left[1] < 0 or depth > DEEPEST:
        raise TooLargeError
    if isinstance(value, Undefined) and depth:
        str(value)  # raises what it has to say
    if isinstance(value, Mapping):
        value = [*value.keys(), *value.values()]
    if isinstance(value, list | tuple):
        for item in value:
            _spend(item, left, depth + 1)


def measured(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a function measure what it is given and what it gives; what it gives bit by bit becomes a list."""

    @wraps(function)
    def call(*given: Any, **named: Any) -> Any:
        # Jinja gives some filters itself first, as a context or as an environment.
        measure(*(one for one in given if not isinstance(one, Context | Environment)), *named.values())
        result = function(*given, **named)
        if hasattr(type(result), "__next__"):
            result = make_list(result)
        measure(result)
        return result

    return call


def over_items(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let a filter of Jinja that goes over items get a list of them, which is so long and no longer."""

    @wraps(function)
    def call(context: Any, value: Any, *given: Any, **named: Any) -> Any:
        return function(context, make_list(value), *given, **named)

    return call


def write_text(value: Any) -> str:
    """A value within text: true and false as YAML has them, nothing for null.

    Errors: TypeError for what has no text, such as a list or a message; TooLargeError.
    """
    if isinstance(value, Undefined):
        return str(value)  # raises what it has to say
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal | date | datetime | time | UUID | PurePath) or _has_own_text(
        value
    ):
        return str(value)
    raise TypeError(
        f"is a {type(value).__name__}, which has no text of its own: name what is meant of it, or join a list"
    )


def _has_own_text(value: Any) -> bool:
    return isinstance(value, msgspec.Struct) and type(value).__str__ is not object.__str__


def join_texts(parts: Iterable[Any], between: str = "", attribute: str | None = None) -> str:
    """Join values to one text."""
    if attribute is not None:
        raise TypeError("join takes what stands between the parts, and nothing else")
    texts = [write_text(part) for part in make_list(parts)]
    measure(texts)
    if len(texts) * len(write_text(between)) > LARGEST_CHARACTERS:
        raise TooLargeError
    return write_text(between).join(texts)


def replace_text(text: Any, old: Any, new: Any, most: int = -1) -> str:
    """Put another text in place of one."""
    whole, before, after = write_text(text), write_text(old), write_text(new)
    if len(whole) + (whole.count(before) * len(after)) > LARGEST_CHARACTERS:
        raise TooLargeError
    return whole.replace(before, after, most)


def split_text(text: Any, separator: str | None = None, most: int = -1) -> list[str]:
    """The parts of a text."""
    whole = write_text(text)
    if len(whole) > MOST_ITEMS and (whole.count(separator) if separator else len(whole) // 2) > MOST_ITEMS:
        raise TooLargeError
    return whole.split(separator, most)


def make_list(value: Any) -> list[Any]:
    """A value with items as a list."""
    if isinstance(value, Undefined):
        str(value)  # raises what it has to say
    if not isinstance(value, str | list | tuple | Mapping) and not hasattr(type(value), "__next__"):
        raise TypeError(f"{type(value).__name__} has no items")
    found = list(islice(value, MOST_ITEMS + 1))
    if len(found) > MOST_ITEMS:
        raise TooLargeError
    return found


def _bound(number: Any) -> Any:
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) > LARGEST_NUMBER:
        raise TooLargeError
    return number


def _calculate(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    def calculate(left: Any, right: Any) -> Any:
        for side in (left, right):
            # A text times a number repeats it, and a text % something formats it: both are not for bots.
            if isinstance(side, bool) or not isinstance(side, int | float | Decimal):
                raise TypeError(f"numbers are expected, and this is {type(side).__name__}")
            _bound(side)
        return _bound(function(left, right))

    return calculate


def _add(left: Any, right: Any) -> Any:
    if isinstance(left, str) and isinstance(right, str):
        return join_texts([left, right])
    if isinstance(left, list | tuple) and isinstance(right, list | tuple):
        if len(left) + len(right) > MOST_ITEMS:
            raise TooLargeError
        return [*left, *right]
    if isinstance(left, str) or isinstance(right, str):
        raise TypeError("text and something else are joined with ~ and not with +")
    return _calculate(operator.add)(left, right)


OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "+": _add,
    "-": _calculate(operator.sub),
    "*": _calculate(operator.mul),
    "/": _calculate(operator.truediv),
    "//": _calculate(operator.floordiv),
    "%": _calculate(operator.mod),
}


def _read_number(value: Any, default: Any = 0) -> Any:
    """A whole number, from text or a number; else the default."""
    try:
        number = _read_float(value, None)
        text = write_text(value).strip()
        whole = int(text) if len(text) <= len(str(LARGEST_NUMBER)) and text.lstrip("+-").isdigit() else None
        return _bound(whole if whole is not None else int(number))
    except (TypeError, ValueError, OverflowError):
        return default


def _read_float(value: Any, default: Any = 0.0) -> Any:
    try:
        number = float(value if isinstance(value, int | float | Decimal) else write_text(value)[:100])
    except (TypeError, ValueError, OverflowError):
        return default
    return number if math.isfinite(number) else default


def _round(value: Any, digits: int = 0) -> Any:
    if (
        not isinstance(value, int | float | Decimal)
        or not isinstance(digits, int)
        or not 0 <= digits <= len(str(LARGEST_NUMBER))
    ):
        raise TypeError("round takes a number, and how many digits after the point stay")
    rounded = round(_bound(value), digits)
    return int(rounded) if digits == 0 else rounded


def slice_items(value: Any, start: Any, stop: Any, step: Any) -> Any:
    """A part of a text or a list."""
    if not isinstance(value, str | list | tuple):
        raise TypeError(f"{type(value).__name__} has no parts")
    return value[start:stop:step]


def _first(value: Any) -> Any:
    items = make_list(value)
    return items[0] if items else None


def _last(value: Any) -> Any:
    items = make_list(value)
    return items[-1] if items else None


def _reverse(value: Any) -> Any:
    return value[::-1] if isinstance(value, str) else make_list(value)[::-1]


def _count(value: Any) -> int:
    return len(value) if isinstance(value, str | list | tuple | Mapping) else len(make_list(value))


def _absolute(value: Any) -> Any:
    return abs(_calculate(operator.add)(value, 0))


def _change_text(change: Callable[[str], str]) -> Callable[[Any], str]:
    return lambda value: change(write_text(value))


def _choose(choose: Callable[..., Any]) -> Callable[[Any], Any]:
    return lambda value: choose(make_list(value), default=None)


_FILTERS: dict[str, Callable[..., Any]] = {
    "abs": _absolute,
    "capitalize": _change_text(str.capitalize),
    "count": _count,
    "default": jinja_filters.FILTERS["default"],
    "first": _first,
    "float": _read_float,
    "int": _read_number,
    "join": join_texts,
    "last": _last,
    "length": _count,
    "list": make_list,
    "lower": _change_text(str.lower),
    "map": over_items(jinja_filters.FILTERS["map"]),
    "max": _choose(max),
    "min": _choose(min),
    "reject": over_items(jinja_filters.FILTERS["reject"]),
    "rejectattr": over_items(jinja_filters.FILTERS["rejectattr"]),
    "replace": replace_text,
    "reverse": _reverse,
    "round": _round,
    "select": over_items(jinja_filters.FILTERS["select"]),
    "selectattr": over_items(jinja_filters.FILTERS["selectattr"]),
    "sort": over_items(jinja_filters.FILTERS["sort"]),
    "split": split_text,
    "string": write_text,
    "title": _change_text(jinja_filters.do_title),
    "trim": _change_text(str.strip),
    "unique": over_items(jinja_filters.FILTERS["unique"]),
    "upper": _change_text(str.upper),
}
FILTERS = {name: measured(function) for name, function in _FILTERS.items()}
"""The filters that there are."""

# Those that calculate with % (even, odd, divisibleby) would format a text, and those that make one could be large.
_TEST_NAMES = (
    "!=", "<", "<=", "==", ">", ">=", "boolean", "defined", "eq", "equalto", "false", "ge", "greaterthan", "gt", "in",
    "le", "lessthan", "lt", "mapping", "ne", "none", "number", "string", "true", "undefined",
)  # fmt: skip
_JINJA_TESTS: Mapping[str, Any] = jinja_tests.TESTS
TESTS: dict[str, Callable[..., Any]] = {name: _JINJA_TESTS[name] for name in _TEST_NAMES}
"""The tests that there are (`is …`)."""
