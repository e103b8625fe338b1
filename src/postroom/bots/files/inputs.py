"""The inputs of a bot file: their types, their defaults, and what is given for them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from postroom.bots.definition import Input
from postroom.bots.files.reading import Entries, Items, Node, Scalar
from postroom.bots.handles import BotSession
from postroom.errors import SettingError
from postroom.values import Credential

KINDS: dict[str, Any] = {
    "text": str,
    "number": float,
    "boolean": bool,
    "date": date,
    "list": list,
    "credential": Credential,
    "session": BotSession,
}
"""The types of inputs, and what each is in Python."""

EXAMPLES = {
    "number": "12.5",
    "boolean": "true or false",
    "date": "2026-05-31",
    "list": "[a, b]",
    "credential": "{credential: mailboxes/ap}",
    "session": "the session of the parent bot",
}
_BOOLEANS = {"true": True, "false": False}


def guess_kind(node: Node) -> str | None:
    """The type of an input that is declared by its default alone; None where there is no default."""
    if isinstance(node, Items):
        return "list"
    if isinstance(node, Entries):
        return "credential"
    match node.value:
        case None:
            return None
        case bool():
            return "boolean"
        case int() | float():
            return "number"
    return "text"


def read_default(name: str, kind: str, node: Node) -> Any:
    """The default of an input. Errors: ValueError with a sentence."""
    if kind == "session":
        raise ValueError(f"The input “{name}” is a session, which has no default: the parent bot gives it.")
    if kind == "text" and isinstance(node, Scalar) and node.value is not None:
        return node.text
    return _convert(name, kind, _to_value(name, kind, node))


def _to_value(name: str, kind: str, node: Node) -> Any:
    if isinstance(node, Scalar):
        return node.value
    if isinstance(node, Items):
        return [_to_value(name, kind, item) for item in node.items]
    return {key: _to_value(name, kind, value) for key, value in node.entries.items()}


def fill_kinds(inputs: Mapping[str, Input], given: Mapping[str, Any]) -> dict[str, Any]:
    """What is given, as the types of the inputs have it: text of a form or a command line becomes what it stands for.

    Errors: SettingError.
    """
    kinds = {kind: name for name, kind in KINDS.items()}
    filled = {}
    for name, value in given.items():
        declared = inputs[name]
        try:
            is_default = value is None or value is declared.default
            filled[name] = value if is_default else _convert(name, kinds.get(declared.type, "text"), value)
        except ValueError as error:
            raise SettingError(str(error)) from None
    return filled


def _convert(name: str, kind: str, value: Any) -> Any:
    converted = _CONVERTERS[kind](value)
    if converted is None:
        example = EXAMPLES.get(kind)
        raise ValueError(
            f"The input “{name}” is {_ARTICLES[kind]}, and not {_describe(value)}."
            f"{f' Write it as {example}.' if example and kind != 'session' else ''}"
        )
    return converted


_ARTICLES = {
    "text": "a text", "number": "a number", "boolean": "true or false", "date": "a date", "list": "a list",
    "credential": "a credential", "session": "a session",
}  # fmt: skip


def _to_text(value: Any) -> Any:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return str(value) if isinstance(value, str) or is_number else None


def _to_number(value: Any) -> Any:
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return value
    for read in (int, float):
        try:
            return read(value) if isinstance(value, str) and len(value) <= len("9" * 40) else None
        except ValueError:
            continue
    return None


def _to_boolean(value: Any) -> Any:
    return (
        value
        if isinstance(value, bool)
        else _BOOLEANS.get(value.casefold())
        if isinstance(value, str)
        else None
    )


def _to_date(value: Any) -> Any:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(value.strip()) if isinstance(value, str) else None
    except ValueError:
        return None


def _to_list(value: Any) -> Any:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(value) if isinstance(value, list | tuple) else None


def read_credential(value: Any) -> Credential | None:
    """A credential from `locker/attribute`, or from the group `credential:` of a file; None where it is neither."""
    if isinstance(value, Credential):
        return value
    if isinstance(value, dict) and value.keys() == {"credential"}:
        value = value["credential"]
    if not isinstance(value, str):
        return None
    name, _, attribute = value.removeprefix("credential:").strip().rpartition("/")
    return Credential(name, attribute) if name.strip() and attribute.strip() else None


def _to_session(value: Any) -> Any:
    return value if isinstance(value, BotSession) else None


_CONVERTERS: dict[str, Any] = {
    "text": _to_text,
    "number": _to_number,
    "boolean": _to_boolean,
    "date": _to_date,
    "list": _to_list,
    "credential": read_credential,
    "session": _to_session,
}


def _describe(value: Any) -> str:
    return f"“{value[:60]}”" if isinstance(value, str) else f"a {type(value).__name__}"
