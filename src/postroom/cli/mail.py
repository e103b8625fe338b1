"""`postroom mail`: a command for each action of a mailbox, made from the action's definition."""

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from postroom.actions import Action
from postroom.actions.schema import REQUIRED, SettingField, list_settings
from postroom.cli.connection import Connection, with_connection
from postroom.cli.message_ids import read_message_ids
from postroom.cli.output import OutputFormat, OutputOption
from postroom.cli.progress import show_bar
from postroom.cli.results import print_result
from postroom.outlook import package

EXAMPLE_OPTIONS = 2
"""So many of the options that can be left out stand in an example."""

DEFAULTS = {("show", "body"): "text"}
"""What is another default on a terminal, which shows no HTML."""


@lru_cache(maxsize=1)
def get_mail_group() -> TyperGroup:
    """The group of all mail commands."""
    app = typer.Typer(rich_markup_mode="rich")
    for action in sorted(package.actions, key=_get_rank):
        if not action.opens and action.command != "disconnect":
            app.command(action.command, help=_escape(action.summary), epilog=_write_epilog(action))(
                _create_command(action)
            )
    return typer.main.get_group(app)


def _get_rank(action: Action) -> tuple[int, int]:
    """The order in which the source has the actions: reading, saving, filing, folders, sending."""
    families = [family.__name__ for family in package.session.__mro__]
    family = action.function.__qualname__.split(".")[0]
    line = action.function.__code__.co_firstlineno
    return (families.index(family) if family in families else 0, line)


def _create_command(action: Action) -> Callable[..., None]:
    def run(connection: Connection, *, output: OutputFormat, **given: Any) -> None:
        settings = _read_settings(action, given)
        with show_bar("Connecting"):
            opened = connection.open()
        with opened as mailbox:
            with show_bar(action.title):
                result = action.function(mailbox, **settings)
            # Within the connection, because a list is read while it is printed.
            print_result(action, settings, result, as_json=output is OutputFormat.JSON)

    parameters = [
        _create_parameter("connection", Connection, REQUIRED),
        *(_create_parameter(name, kind, default) for name, kind, default in _list_parameters(action)),
        _create_parameter("output", OutputOption, OutputFormat.TABLE),
    ]
    run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {}
    return with_connection(run)


def _create_parameter(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _list_parameters(action: Action) -> Iterator[tuple[str, Any, Any]]:
    arguments = {setting.name for setting in _list_arguments(action)}
    for setting in list_settings(action):
        face = _declare_argument(setting) if setting.name in arguments else _declare_option(setting)
        default = DEFAULTS.get((action.command, setting.name), setting.default)
        yield setting.name, Annotated[setting.type, face], [] if default == () else default


def _list_arguments(action: Action) -> Iterator[SettingField]:
    """The settings given by position; after one that takes several, all others are options."""
    for setting in list_settings(action):
        if setting.named:
            return
        yield setting
        if setting.type == list[str]:
            return


def _declare_argument(setting: SettingField) -> Any:
    if _takes_messages(setting):
        help_text = "Their ids; - reads them from stdin: one a line, or what list prints."
        return typer.Argument(help=help_text, metavar="ID...", show_default=False)
    return typer.Argument(help=_write_help(setting), metavar=_get_metavar(setting))


def _declare_option(setting: SettingField) -> Any:
    flag = f"--{setting.name.replace('_', '-')}"
    shown = setting.default not in (REQUIRED, None, "", (), False)
    return typer.Option(flag, help=_write_help(setting), show_default=shown)


def _write_help(setting: SettingField) -> str:
    text, example = setting.label.help, setting.label.example
    return _escape(text if example is None or _is_flag(setting) else f"{text} Example: {example}")


def _get_metavar(setting: SettingField) -> str:
    return "ID" if setting.name == "message" else setting.label.title.upper()


def _write_epilog(action: Action) -> str:
    words = ["postroom", "mail", action.command]
    optional = 0
    arguments = {setting.name for setting in _list_arguments(action)}
    for setting in list_settings(action):
        example = setting.label.example or "ID"
        if setting.name in arguments:
            words.append(_quote(example))
        elif setting.default is REQUIRED or (setting.label.example and optional < EXAMPLE_OPTIONS):
            optional += setting.default is not REQUIRED
            words += [f"--{setting.name.replace('_', '-')}", _quote(example)]
    noun = "permission" if len(action.permissions) == 1 else "permissions"
    needs = f"Needs the application {noun} {' and '.join(action.permissions)}."
    return _escape(f"Example: {' '.join(words)}\n\n{needs}")


def _read_settings(action: Action, given: dict[str, Any]) -> dict[str, Any]:
    several = {setting.name for setting in list_settings(action) if _takes_messages(setting)}
    return {name: read_message_ids(value) if name in several else value for name, value in given.items()}


def _takes_messages(setting: SettingField) -> bool:
    return not setting.named and setting.type == list[str]


def _is_flag(setting: SettingField) -> bool:
    return setting.type is bool


def _quote(word: str) -> str:
    return f'"{word}"' if set(word) & set(" ;") else word


def _escape(text: str) -> str:
    """Keep Rich from taking brackets in a text for its own markup."""
    return text.replace("[", r"\[")
