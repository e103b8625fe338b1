"""The form that asks for a bot's inputs, made from what the bot says of them."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import (
    INPUT_CLASSES,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from postroom.controlroom.accounts.models import User
from postroom.controlroom.connections.use import list_usable
from postroom.controlroom.runs.bots.descriptions import Kind
from postroom.controlroom.vault.models import Attribute
from postroom.controlroom.vault.rights import list_usable_credentials
from postroom.errors import PostroomError, SettingError
from postroom.values import Credential

CONNECTION = "connection"
"""Inputs whose name ends so are names of OAuth connections, and the form offers those."""
LONGEST_TEXT = 20_000


class InputsForm(forms.Form):
    """Ask for the inputs of a bot; what a person may not use is not offered to them.

    `inputs` is what `BotVersion.inputs` has, `known` what to begin with. `get_inputs` gives them as the bot takes them.
    """

    def __init__(
        self,
        *args: Any,
        inputs: Sequence[Mapping[str, Any]],
        user: User,
        known: Mapping[str, Any] | None = None,
        **named: Any,
    ) -> None:
        super().__init__(*args, prefix="input", **named)
        # A session is nothing that a person could write.
        self._inputs = [one for one in inputs if one["kind"] != Kind.SESSION]
        self.connections = _list_connections(inputs, user)
        for described in self._inputs:
            value = (known or {}).get(described["name"], described["default"])
            self.fields[described["name"]] = _make_field(described, user, value)

    def get_inputs(self) -> dict[str, Any]:
        """What was given; an input that was left empty is not among them, so that the bot's own default counts."""
        given: dict[str, Any] = {}
        for described in self._inputs:
            name = described["name"]
            value = self.cleaned_data[name]
            if described["kind"] == Kind.BOOLEAN or value not in (None, "", []):
                given[name] = _read_value(described["kind"], value)
        return given


class LinesField(forms.CharField):
    """A text in each line."""

    def to_python(self, value: Any) -> Any:
        """The lines that are not empty."""
        return [line.strip() for line in super().to_python(value).splitlines() if line.strip()]


def needs_session(inputs: Sequence[Mapping[str, Any]]) -> bool:
    """Say whether the bot needs an open session, which only a parent bot can give it."""
    return any(one["kind"] == Kind.SESSION and one["required"] for one in inputs)


def read_inputs(inputs: Sequence[Mapping[str, Any]], given: Mapping[str, Any]) -> dict[str, Any]:
    """What the API was given, as the bot takes it. Errors: SettingError, which names what is wrong."""
    known = {one["name"]: one for one in inputs}
    if unknown := sorted(given.keys() - known.keys()):
        raise SettingError(
            _("The bot takes no %(names)s. Its inputs are: %(known)s.")
            % {"names": ", ".join(unknown), "known": ", ".join(known) or "–"}
        )
    missing = [name for name, one in known.items() if one["required"] and name not in given]
    if missing:
        raise SettingError(_("The bot needs %(names)s. Give it.") % {"names": ", ".join(missing)})
    read: dict[str, Any] = {}
    for name, value in given.items():
        try:
            read[name] = _read_value(known[name]["kind"], value)
        except (TypeError, ValueError, KeyError):
            raise SettingError(
                _("The input %(name)s is no %(kind)s.") % {"name": name, "kind": known[name]["kind"]}
            ) from None
    return read


def _read_value(kind: str, value: Any) -> Any:
    """A value as the bot takes it; also from text, as a command line gives it. Errors: TypeError, ValueError."""
    return _READERS.get(Kind(kind), lambda given: given)(value)


def _read_credential(value: Any) -> Credential:
    name, separator, attribute = _require(str, value).rpartition("/")
    if not separator:
        raise ValueError(value)
    return Credential(name, attribute)


def _read_number(value: Any) -> int | float:
    number = float(value) if isinstance(value, str) else _require((int, float), value)
    if not math.isfinite(number):
        raise ValueError(value)
    return int(number) if number == int(number) else number


def _read_boolean(value: Any) -> bool:
    return _BOOLEANS[value.casefold()] if isinstance(value, str) else _require(bool, value)


def _read_list(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    return list(_require(list, value))


def _refuse_session(value: Any) -> Any:
    raise ValueError(value)


def _require(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise TypeError(value)
    return value


_BOOLEANS = {"true": True, "yes": True, "false": False, "no": False}
_READERS: dict[Kind, Callable[[Any], Any]] = {
    Kind.TEXT: lambda value: _require(str, value),
    Kind.INTEGER: lambda value: int(value) if isinstance(value, str) else _require(int, value),
    Kind.NUMBER: _read_number,
    Kind.BOOLEAN: _read_boolean,
    Kind.DATE: lambda value: value if isinstance(value, date) else date.fromisoformat(_require(str, value)),
    Kind.DATETIME: lambda value: (
        value if isinstance(value, datetime) else datetime.fromisoformat(_require(str, value))
    ),
    Kind.LIST: _read_list,
    Kind.CREDENTIAL: _read_credential,
    Kind.SESSION: _refuse_session,
}


def _make_field(described: Mapping[str, Any], user: User, value: Any) -> forms.Field:
    kind = described["kind"]
    shared = {
        "label": described["name"].replace("_", " ").capitalize(),
        "help_text": described["help"],
        "required": described["required"] and kind != Kind.BOOLEAN,
        "initial": "\n".join(value) if isinstance(value, list) else value,
    }
    match kind:
        case Kind.BOOLEAN:
            return forms.BooleanField(widget=UnfoldBooleanSwitchWidget(), **shared)
        case Kind.INTEGER:
            return forms.IntegerField(widget=UnfoldAdminIntegerFieldWidget(), **shared)
        case Kind.NUMBER:
            return forms.FloatField(widget=UnfoldAdminIntegerFieldWidget(attrs={"step": "any"}), **shared)
        case Kind.DATE:
            return forms.DateField(widget=_pick("date"), **shared)
        case Kind.DATETIME:
            return forms.DateTimeField(widget=_pick("datetime-local"), **shared)
        case Kind.LIST:
            shared["help_text"] = described["help"] or _("One in each line.")
            return LinesField(
                widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), max_length=LONGEST_TEXT, **shared
            )
        case Kind.CREDENTIAL:
            return forms.ChoiceField(
                widget=UnfoldAdminSelectWidget(),
                choices=_list_credentials(user, required=described["required"]),
                **shared,
            )
    return forms.CharField(max_length=LONGEST_TEXT, widget=_write(described["name"]), **shared)


def _write(name: str) -> UnfoldAdminTextInputWidget:
    attributes = {"autocomplete": "off"}
    if name.endswith(CONNECTION):
        attributes["list"] = "connections-to-choose"
    return UnfoldAdminTextInputWidget(attrs=attributes)


def _pick(kind: str) -> forms.DateTimeInput:
    style = "%Y-%m-%d" if kind == "date" else "%Y-%m-%dT%H:%M"
    return forms.DateTimeInput(format=style, attrs={"type": kind, "class": " ".join(INPUT_CLASSES)})


def _list_credentials(user: User, *, required: bool) -> list[tuple[str, str]]:
    attributes = (
        Attribute.objects.filter(credential__in=list_usable_credentials(user))
        .select_related("credential")
        .order_by("credential__folded_name", "folded_name")
    )
    names = [f"{attribute.credential.name}/{attribute.name}" for attribute in attributes]
    empty = _("Choose a credential") if required else "–"
    return [("", empty), *((name, name) for name in names)]


def _list_connections(inputs: Sequence[Mapping[str, Any]], user: User) -> list[str]:
    if not any(one["name"].endswith(CONNECTION) for one in inputs):
        return []
    return list(list_usable(user).order_by("name").values_list("name", flat=True))


def refuse(form: InputsForm, error: PostroomError) -> None:
    """Show on the form what nobody could know before."""
    form.add_error(None, ValidationError(error.message))
