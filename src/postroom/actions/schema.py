"""The settings model of an action: what forms, bot files, the command line and the reference are made from."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model

from postroom.actions.definition import Action, Label

REQUIRED = inspect.Parameter.empty


@dataclass(frozen=True)
class SettingField:
    """One setting of an action: its name, the type that it is given as, its label, its default.

    `named` says that it is given by name only, not by position.
    """

    name: str
    type: Any
    label: Label
    default: Any
    named: bool


def list_settings(action: Action) -> Iterator[SettingField]:
    """List the settings of an action in the order of its function's parameters."""
    hints = get_type_hints(action.function, include_extras=True)
    for parameter in inspect.signature(action.function).parameters.values():
        if parameter.name == "self":
            continue
        bare, label = _read_annotation(hints[parameter.name], parameter.name)
        yield SettingField(
            name=parameter.name,
            type=label.given_as or bare,
            label=label,
            default=parameter.default,
            named=parameter.kind is inspect.Parameter.KEYWORD_ONLY,
        )


@lru_cache(maxsize=256)
def create_settings_model(action: Action) -> type[BaseModel]:
    """Make the model that checks the settings of an action and gives their JSON schema."""
    fields: dict[str, Any] = {setting.name: _create_field(setting) for setting in list_settings(action)}
    return create_model(
        f"{action.title} settings",
        __config__=ConfigDict(extra="forbid", arbitrary_types_allowed=True),
        __doc__=action.summary,
        **fields,
    )


def _read_annotation(annotation: Any, name: str) -> tuple[Any, Label]:
    if get_origin(annotation) is Annotated:
        bare, *notes = get_args(annotation)
        for note in notes:
            if isinstance(note, Label):
                return bare, note
    raise TypeError(f"The setting “{name}” has no Label: annotate it as Annotated[..., Label(...)].")


def _create_field(setting: SettingField) -> tuple[Any, Any]:
    default = ... if setting.default is REQUIRED else setting.default
    examples = [setting.label.example] if setting.label.example else None
    field = Field(default, title=setting.label.title, description=setting.label.help, examples=examples)
    return (setting.type, field)
