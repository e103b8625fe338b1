"""The settings of an action: what the command line and the reference are made from."""

import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

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


def _read_annotation(annotation: Any, name: str) -> tuple[Any, Label]:
    if get_origin(annotation) is Annotated:
        bare, *notes = get_args(annotation)
        for note in notes:
            if isinstance(note, Label):
                return bare, note
    raise TypeError(f"The setting “{name}” has no Label: annotate it as Annotated[..., Label(...)].")
