"""What a run keeps in its journal, as JSON: plain values, and the data types that packages declare.

Nothing is kept that would run code when it is read, and nothing secret.
"""

import base64
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from postroom import errors
from postroom.actions import load_packages
from postroom.actions.sessions import Global
from postroom.bots.handles import BotSession, SessionHandle
from postroom.bots.journal import ChildResult
from postroom.errors import PostroomError, SettingError
from postroom.values import Credential, Secret, Variable

_PLAIN = (type(None), bool, int, float, str)
_OWN: tuple[type, ...] = (SessionHandle, ChildResult, Credential, Variable, Global)
_WRITERS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("date", date.isoformat, date.fromisoformat),
    time: ("time", time.isoformat, time.fromisoformat),
    timedelta: ("seconds", timedelta.total_seconds, lambda seconds: timedelta(seconds=seconds)),
    Decimal: ("decimal", str, Decimal),
    UUID: ("uuid", str, UUID),
    bytes: ("bytes", lambda content: base64.b64encode(content).decode(), base64.b64decode),
}
_READERS = {tag: read for tag, _, read in _WRITERS.values()}


def encode(value: Any) -> Any:
    """Give a value as JSON has it. Errors: SettingError for what a journal does not keep, secrets above all."""
    if isinstance(value, _PLAIN):
        return value
    if isinstance(value, Secret):
        raise SettingError(
            "A secret would have to be written into the journal of the run, which keeps none. Keep it as a credential, "
            "and name the credential here."
        )
    if isinstance(value, BotSession):
        return {"$session": encode(value.handle)}
    if isinstance(value, PostroomError):
        return {"$error": _describe_error(value)}
    if isinstance(value, Path):
        return {"$path": str(value)}
    for kind, (tag, write, _) in _WRITERS.items():
        if type(value) is kind:
            return {f"${tag}": write(value)}
    return _encode_many(value)


def _encode_many(value: Any) -> Any:
    if isinstance(value, list):
        return [encode(item) for item in value]
    if isinstance(value, tuple) and not hasattr(value, "_fields"):
        return {"$tuple": [encode(item) for item in value]}
    if isinstance(value, Mapping):
        return {"$map": [[encode(key), encode(item)] for key, item in value.items()]}
    name = _list_names().get(type(value))
    if name is None:
        raise SettingError(
            f"A bot's run keeps text, numbers, dates, lists and what actions give, but not {type(value).__name__}. "
            "Give it as one of these."
        )
    if isinstance(value, msgspec.Struct):
        return {"$struct": name, "is": msgspec.to_builtins(value)}
    return {"$data": name, "is": {field.name: encode(getattr(value, field.name)) for field in fields(value)}}


def decode(content: Any) -> Any:
    """Give the value back that `encode` wrote."""
    if isinstance(content, list):
        return [decode(item) for item in content]
    if not isinstance(content, dict):
        return content
    tag = next(iter(content))
    inner = content[tag]
    match tag:
        case "$session":
            return BotSession(decode(inner))
        case "$error":
            return _read_error(inner)
        case "$path":
            return Path(inner)
        case "$tuple":
            return tuple(decode(item) for item in inner)
        case "$map":
            return {decode(key): decode(item) for key, item in inner}
        case "$struct":
            return msgspec.convert(content["is"], _list_types()[inner])
        case "$data":
            return _list_types()[inner](**{name: decode(item) for name, item in content["is"].items()})
    return _READERS[tag.removeprefix("$")](inner)


def _describe_error(error: PostroomError) -> dict[str, Any]:
    return {
        "class": type(error).__name__,
        "message": error.message,
        "code": error.code,
        "request_id": error.request_id,
        "aadsts": error.aadsts,
    }


def _read_error(content: dict[str, Any]) -> PostroomError:
    kind = getattr(errors, content["class"], PostroomError)
    error: PostroomError = kind.__new__(kind)
    PostroomError.__init__(
        error,
        content["message"],
        code=content["code"],
        request_id=content["request_id"],
        aadsts=content["aadsts"],
    )
    return error


@cache
def _list_types() -> dict[str, type]:
    kept = [kind for package in load_packages().values() for kind in package.values]
    return {f"{kind.__module__}.{kind.__qualname__}": kind for kind in (*_OWN, *kept) if _is_data(kind)}


@cache
def _list_names() -> dict[type, str]:
    return {kind: name for name, kind in _list_types().items()}


def _is_data(kind: type) -> bool:
    return is_dataclass(kind) or issubclass(kind, msgspec.Struct)
