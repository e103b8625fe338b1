"""What a run keeps in its journal, as JSON: plain values, and the data types that packages declare.

Nothing is kept that would run code when it is read, and nothing secret. Whatever is not JSON by itself is an object
whose first key begins with `$`, mappings too, so that no content of a bot can be taken for anything else.
"""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import msgspec

from postroom.actions import load_packages
from postroom.actions.sessions import Global
from postroom.bots.handles import BotSession, SessionHandle
from postroom.bots.journal import ChildResult
from postroom.bots.texts import BotText, find_secret_text
from postroom.errors import Fault, ItemFailure, JournalError, PostroomError, SettingError
from postroom.values import Credential, Secret, Variable

WIDEST_INT = 2**63

_OWN: tuple[type, ...] = (
    SessionHandle,
    ChildResult,
    Credential,
    Variable,
    Global,
    BotText,
    ItemFailure,
    Fault,
)
_WRITERS: dict[type, tuple[str, Callable[[Any], Any], Callable[[Any], Any]]] = {
    datetime: ("$datetime", datetime.isoformat, datetime.fromisoformat),
    date: ("$date", date.isoformat, date.fromisoformat),
    time: ("$time", time.isoformat, time.fromisoformat),
    timedelta: (
        "$duration",
        lambda span: [span.days, span.seconds, span.microseconds],
        lambda parts: timedelta(*parts),
    ),
    Decimal: ("$decimal", str, Decimal),
    UUID: ("$uuid", str, UUID),
    bytes: (
        "$bytes",
        lambda content: base64.b64encode(content).decode("ascii"),
        base64.b64decode,
    ),
}
_READERS: dict[str, Callable[[Any], Any]] = {
    **{tag: read for tag, _, read in _WRITERS.values()},
    "$float": float,
    "$int": int,
    "$text": lambda text: base64.b64decode(text).decode("utf-8", "surrogatepass"),
    "$path": Path,
    "$session": lambda inner: BotSession(decode(inner)),
    "$error": lambda inner: _read_error(inner),  # noqa: PLW0108 - it stands below
    "$tuple": lambda inner: tuple(decode(item) for item in inner),
    "$set": lambda inner: {decode(item) for item in inner},
    "$map": lambda inner: {decode(key): decode(item) for key, item in inner},
}


def encode(value: Any) -> Any:
    """Give a value as JSON has it. Errors: SettingError for what a journal does not keep, secrets above all."""
    match value:
        case None | bool():
            return value
        case str():
            return _encode_text(value)
        case int():
            return int(value) if -WIDEST_INT <= value < WIDEST_INT else {"$int": str(int(value))}
        case float():
            return float(value) if math.isfinite(value) else {"$float": repr(float(value))}
        case Secret():
            raise _refuse_secret()
        case BotSession():
            return {"$session": encode(value.handle)}
        case PostroomError():
            return {"$error": _describe_error(value)}
        case Path():
            return {"$path": str(value)}
    if type(value) in _WRITERS:
        tag, write, _ = _WRITERS[type(value)]
        return {tag: write(value)}
    return _encode_many(value)


def _encode_text(text: str) -> Any:
    """Half a surrogate pair, as file names and broken mails have them, is no text of JSON."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return {"$text": base64.b64encode(text.encode("utf-8", "surrogatepass")).decode("ascii")}
    return str(text)


def _encode_many(value: Any) -> Any:
    match value:
        case list():
            return [encode(item) for item in value]
        case tuple() if not hasattr(value, "_fields"):
            return {"$tuple": [encode(item) for item in value]}
        case set() | frozenset():
            return {"$set": [encode(item) for item in value]}
        case Mapping():
            return {"$map": [[encode(key), encode(item)] for key, item in value.items()]}
    return _encode_data(value)


def _encode_data(value: Any) -> Any:
    name = _list_names().get(type(value))
    if name is None:
        raise SettingError(
            f"A bot's run keeps text, numbers, dates, lists and what actions give, but not {type(value).__name__}. "
            "Give it as one of these."
        )
    if isinstance(value, msgspec.Struct):
        return {"$struct": name, "is": msgspec.to_builtins(value)}
    if find_secret_text(value):
        raise _refuse_secret()
    return {"$data": name, "is": {field.name: encode(getattr(value, field.name)) for field in fields(value)}}


def _refuse_secret() -> SettingError:
    return SettingError(
        "A secret would have to be written into the journal of the run, which keeps none. Keep it as a credential "
        "(`postroom credential set`, or the Credential Vault), and name the credential here."
    )


def decode(content: Any) -> Any:
    """Give the value back that `encode` wrote. Errors: JournalError for what it did not write."""
    if isinstance(content, list):
        return [decode(item) for item in content]
    if not isinstance(content, dict):
        return content
    tag = next(iter(content), "")
    try:
        if tag == "$struct":
            return msgspec.convert(content["is"], _list_types()[content[tag]])
        if tag == "$data":
            named = {name: decode(item) for name, item in content["is"].items()}
            return _list_types()[content[tag]](**named)
        return _READERS[tag](content[tag])
    except (KeyError, TypeError, ValueError, ArithmeticError, msgspec.ValidationError) as error:
        raise JournalError(
            f"The journal has something ({tag or 'an empty object'}) that cannot be read: it was written by another "
            "version of Postroom, or with a package of actions that is not installed here. Go on with that version, "
            "or begin the run anew."
        ) from error


def _describe_error(error: PostroomError) -> dict[str, Any]:
    """An error with what else it tells, such as the items that failed, so far as that can be kept."""
    also = {}
    for name, told in vars(error).items():
        try:
            also[name] = encode(told)
        except SettingError:
            continue
    # Where it came from (`__notes__`, the traceback) belongs to this process.
    return {"class": type(error).__name__, "message": encode(error.message), "is": also}


def _read_error(content: dict[str, Any]) -> PostroomError:
    kind = _find_error(content["class"], PostroomError) or PostroomError
    error = kind(decode(content["message"]))
    vars(error).update({name: decode(told) for name, told in content["is"].items()})
    return error


def _find_error(name: str, kind: type[PostroomError]) -> type[PostroomError] | None:
    if kind.__name__ == name:
        return kind
    found = (_find_error(name, below) for below in kind.__subclasses__())
    return next((one for one in found if one), None)


def is_kept(kind: type) -> bool:
    """Whether a journal keeps values of this class."""
    plain = (bool, str, int, float, BotSession, PostroomError, Path, list, tuple, set, frozenset, type(None))
    return issubclass(kind, (*plain, *_WRITERS, Mapping)) or kind in _list_names()


@cache
def _list_types() -> dict[str, type]:
    kept = [kind for package in load_packages().values() for kind in package.values]
    return {f"{kind.__module__}.{kind.__qualname__}": kind for kind in (*_OWN, *kept) if _is_data(kind)}


@cache
def _list_names() -> dict[type, str]:
    return {kind: name for name, kind in _list_types().items()}


def _is_data(kind: type) -> bool:
    return is_dataclass(kind) or issubclass(kind, msgspec.Struct)
