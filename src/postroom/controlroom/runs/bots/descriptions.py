"""What a bot is given, as data: kept with each version, so that forms and lists need not read the bot."""

from collections.abc import Mapping
from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

from postroom.bots import Input
from postroom.bots.files.steps import FileInput
from postroom.values import Credential


class Kind(StrEnum):
    """What an input is; the words of bot files, and a few more for Python bots."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"
    LIST = "list"
    CREDENTIAL = "credential"
    SESSION = "session"
    OTHER = "other"


_KINDS: dict[Any, Kind] = {
    str: Kind.TEXT,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    bool: Kind.BOOLEAN,
    date: Kind.DATE,
    datetime: Kind.DATETIME,
    list[str]: Kind.LIST,
    list: Kind.LIST,
    Credential: Kind.CREDENTIAL,
}
_NAMES = {
    "str": Kind.TEXT,
    "int": Kind.INTEGER,
    "float": Kind.NUMBER,
    "bool": Kind.BOOLEAN,
    "date": Kind.DATE,
    "datetime": Kind.DATETIME,
    "list": Kind.LIST,
    "list[str]": Kind.LIST,
    "Credential": Kind.CREDENTIAL,
    "BotSession": Kind.SESSION,
    "Mailbox": Kind.SESSION,
}
"""Kinds by the names of Python's types, without the modules that they are in."""


def describe_inputs(inputs: Mapping[str, Input]) -> list[dict[str, Any]]:
    """The inputs of a bot, in their order: name, kind, whether it is required, default and help."""
    return [
        {
            "name": one.name,
            "kind": _choose_kind(one).value,
            "required": one.is_required,
            "default": None if one.is_required else make_plain(one.default),
            "help": one.help,
        }
        for one in inputs.values()
    ]


def _choose_kind(one: Input) -> Kind:
    if isinstance(one, FileInput):
        return Kind(one.kind)
    return _KINDS.get(one.type, Kind.OTHER)


def find_kind(annotation: str) -> Kind:
    """The kind that a type of Python is, by its name: `int`, `datetime.date`, `str | None`."""
    name = annotation.strip("\"'").removesuffix("| None").strip()
    return _NAMES.get(name) or _NAMES.get(name.rpartition(".")[2], Kind.OTHER)


def make_plain(value: Any) -> Any:
    """A default as JSON has it, and the form shows it."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Credential):
        return f"{value.name}/{value.attribute}"
    if isinstance(value, list | tuple):
        return [make_plain(item) for item in value]
    return value if isinstance(value, str | int | float | bool | None) else str(value)
