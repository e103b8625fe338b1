"""What may stand for a setting in a bot file, read from the types of the action's function."""

import collections.abc
import inspect
import types
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin, get_type_hints

from postroom.actions import Action
from postroom.actions.schema import REQUIRED, list_settings
from postroom.bots.files.reading import Entries, Items, Node, Scalar
from postroom.values import Credential, Secret, Variable

_LISTS = (list, tuple, set, frozenset, Sequence, collections.abc.Iterable, collections.abc.Collection)
OPENER_ONLY_IN_SCRIPTS = frozenset({"variables", "credentials"})
"""Settings of what opens a session that a bot file has other words for: `{variable: …}` and `{credential: …}`."""


@dataclass(frozen=True)
class Kind:
    """What a setting takes: several of these at once where its type is a union.

    `classes` are those of which it is one, by the name under `mode`, with their fields.
    """

    text: bool = False
    boolean: bool = False
    whole: bool = False
    number: bool = False
    nothing: bool = False
    anything: bool = False
    secret: bool = False
    credential: bool = False
    named: bool = False
    other: bool = False
    choices: tuple[str, ...] = ()
    items: "Kind | None" = None
    classes: Mapping[str, type] = field(default_factory=dict)

    @property
    def is_writable(self) -> bool:
        """Whether there is anything to write for it in a file, besides nothing."""
        flags = (self.text, self.boolean, self.whole, self.number, self.anything, self.named)
        return any(flags) or bool(self.choices or self.items or self.classes or self.other)

    def describe(self) -> str:
        """What is given, in words: to complete “takes”."""
        words = [
            *(["text"] if self.text else []),
            *(["true or false"] if self.boolean else []),
            *(["a whole number"] if self.whole and not self.number else []),
            *(["a number"] if self.number else []),
            *([f"one of {', '.join(self.choices)}"] if self.choices else []),
            *([f"a list of {self.items.describe()}"] if self.items and not self.items.other else []),
            *(["values by their names"] if self.named else []),
            *(["a mode with its settings"] if self.classes else []),
        ]
        return " or ".join(words) or "what an action gave, by an expression"


@dataclass(frozen=True)
class Field:
    """One setting: what it takes, whether it must be given, and what people see of it."""

    name: str
    kind: Kind
    required: bool
    title: str = ""
    help: str = ""
    example: str | None = None
    default: Any = None


@cache
def list_fields(action: Action) -> Mapping[str, Field]:
    """The settings of an action that a bot file can give, by name; `session` is apart."""
    hints = get_type_hints(action.function)
    return {one.name: one for one in _iterate_fields(action, hints)}


def find_field(known: Mapping[str, Field], name: str) -> Field | None:
    """The setting of this name; what takes one or many, as `messages` does, may be written as one: `message`."""
    several = known.get(f"{name}s")
    return known.get(name) or (several if several is not None and several.kind.items is not None else None)


def _iterate_fields(action: Action, hints: Mapping[str, Any]) -> Iterator[Field]:
    for setting in list_settings(action):
        if action.opens and (setting.name in OPENER_ONLY_IN_SCRIPTS or setting.name == "session"):
            continue
        kind = read_kind(Union[setting.type, hints[setting.name]], setting.label.kinds or {})  # noqa: UP007
        if kind.is_writable:
            label = setting.label
            default = None if setting.default is REQUIRED else setting.default
            required = setting.default is REQUIRED
            yield Field(setting.name, kind, required, label.title, label.help, label.example, default)


@cache
def list_class_fields(kind: type) -> Mapping[str, Field]:
    """The settings of a class such as an authentication mode, by name."""
    hints = get_type_hints(kind)
    found = {}
    for one in fields(kind):
        read = read_kind(hints[one.name])
        if read.is_writable and not read.other:
            required = one.default is MISSING and one.default_factory is MISSING
            default = None if one.default is MISSING else one.default
            found[one.name] = Field(one.name, read, required, _make_title(one.name), "", None, default)
    return found


def _make_title(name: str) -> str:
    words = name.replace("_", " ").capitalize()
    return words.replace(" id", " ID").replace(" url", " URL")


def read_kind(annotation: Any, classes: Mapping[str, type] | None = None) -> Kind:
    """What a type takes."""
    found: dict[str, Any] = {"classes": dict(classes or {})}
    for part in _iterate_parts(annotation):
        _add_part(found, part, bool(classes))
    return Kind(**found)


def _iterate_parts(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from _iterate_parts(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for part in get_args(annotation):
            yield from _iterate_parts(part)
    else:
        yield annotation


_FLAGS: dict[Any, str] = {
    str: "text", Path: "text", date: "text", datetime: "text", bool: "boolean", int: "whole", float: "number",
    type(None): "nothing", Any: "anything", inspect.Parameter.empty: "anything", Secret: "secret",
    Credential: "credential", dict: "named", list: "anything",
}  # fmt: skip


def _add_part(found: dict[str, Any], part: Any, has_classes: bool) -> None:
    origin = get_origin(part)
    if origin is Literal:
        found["choices"] = (*found.get("choices", ()), *(str(choice) for choice in get_args(part)))
    elif origin in _LISTS:
        inner = read_kind(get_args(part)[0])
        found["items"] = inner if found.get("items") is None else _merge(found["items"], inner)
    elif origin in (dict, Mapping):
        found["named"] = True
    elif part in _FLAGS:
        found[_FLAGS[part]] = True
    elif part is not Variable and not has_classes:
        found["other"] = True


def _merge(one: Kind, other: Kind) -> Kind:
    values = {name: getattr(one, name) or getattr(other, name) for name in Kind.__dataclass_fields__}
    return Kind(**values)


def find_misfit(kind: Kind, node: Node) -> str | None:
    """Why something literal does not fit, as a sentence; None where it does. No value of a secret is repeated."""
    if kind.anything or _fits(kind, node):
        return None
    if isinstance(node, Scalar) and isinstance(node.value, str) and kind.choices and not kind.secret:
        return f"“{node.text[:60]}” is not one of {', '.join(kind.choices)}."
    return f"This takes {kind.describe()}, and here is {_describe(node)}."


def _fits(kind: Kind, node: Node) -> bool:
    if isinstance(node, Items):
        return kind.items is not None and all(_fits(kind.items, item) for item in node.items)
    if isinstance(node, Entries):
        return kind.named
    if find_choice(kind, node) is not None:
        return True
    match node.value:
        case None:
            return kind.nothing
        case bool():
            return kind.boolean
        case int():
            return kind.whole or kind.number or kind.text
        case float():
            return kind.number or kind.text
    return kind.text


def find_choice(kind: Kind, node: Scalar) -> str | None:
    """The choice that is written here; case makes no difference."""
    return next(
        (choice for choice in kind.choices if choice.casefold() == node.text.strip().casefold()), None
    )


def convert(kind: Kind, node: Scalar) -> Any:
    """What is written, as the setting takes it: a number is text where text is expected."""
    choice = find_choice(kind, node)
    if choice is not None:
        return choice
    is_number = isinstance(node.value, int | float) and not isinstance(node.value, bool)
    if is_number and kind.text and not (kind.whole or kind.number or kind.anything):
        return node.text
    return node.value


def _describe(node: Node) -> str:
    if isinstance(node, Items):
        return "a list"
    if isinstance(node, Entries):
        return "a group of keys"
    match node.value:
        case None:
            return "nothing"
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
    return "text"


def gives_items(action: Action) -> bool:
    """Whether an action gives items, one by one or as a list; where its type does not say, it may."""
    annotation = get_type_hints(action.function).get("return", Any)
    return annotation is Any or (get_origin(annotation) or annotation) in (
        *_LISTS,
        Iterator,
        collections.abc.Generator,
    )
