"""Write `docs/reference` and the coverage of the local tenant from the program itself. `make reference` runs this.

Owns how the reference of actions, commands and errors reads, and no fact in it: those come from the definitions of the
actions, the command tree and the table of errors. So the reference cannot say what the program does not do.
"""

import inspect
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import typer
from scripts.pages import describe_type, summarize, write_page, write_table
from scripts.write_bot_files import write_bot_files
from scripts.write_controls import write_controls
from scripts.write_coverage import write_coverage
from scripts.write_testing import write_testing
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from postroom import errors
from postroom.actions import Action, Package, load_packages
from postroom.actions.schema import REQUIRED, SettingField, list_settings
from postroom.cli import app
from postroom.cli.connection import PANEL
from postroom.cli.mail import get_mail_group

FOLDER = Path(__file__).resolve().parent.parent / "docs"
EXIT_CODES = {
    0: "done",
    1: "unexpected, a fault of Postroom itself; also the “no” of a question such as `folder-exists`",
    2: "the command was typed wrongly: no such command, option or value",
    3: "a setting is missing or cannot be used",
    4: "Microsoft refused the sign-in or the access token",
    5: "a permission is missing",
    6: "what was asked for is not there",
    7: "Microsoft Graph refused the request",
    8: "not reachable, or busy: try again later",
    9: "it may have been done, or not: look before you repeat it",
    10: "a file on this machine",
    11: "some of many items failed; the others are done",
    12: "the Control Room, or its Credential Vault, cannot do it",
    13: "a bot file has faults",
    130: "interrupted with Ctrl+C",
}


def main() -> None:
    """Write the pages into the folder that is named as the first argument, or into `docs`."""
    folder = Path(sys.argv[1]) if sys.argv[1:] else FOLDER
    pages = {
        "reference/actions.md": write_actions(),
        "reference/bot-file.md": write_bot_files(),
        "reference/cli.md": write_commands(),
        "reference/errors.md": write_errors(),
        "reference/tenant-control.md": write_controls(),
        "reference/testing.md": write_testing(),
        "tenant-coverage.md": write_coverage(),
    }
    for name, lines in pages.items():
        write_page(folder / name, lines)


def write_actions() -> Iterator[str]:
    """Write the page of actions."""
    yield from ("# Actions", "")
    yield (
        "What a bot can do, by package. *What is given* is what a form, or the command line, gives. A script may also "
        "give a message in place of its id, one thing in place of several, and a date in place of its text."
    )
    for _, package in sorted(load_packages().items()):
        yield from ("", f"## {package.title}")
        for action in sorted(package.actions, key=_get_rank):
            yield from _write_action(package, action)


def _get_rank(action: Action) -> int:
    """The order of the commands, with what opens the session before them and what closes it after."""
    commands = list(get_mail_group().commands)
    if action.opens:
        return -1
    return commands.index(action.command) if action.command in commands else len(commands)


def write_commands() -> Iterator[str]:
    """Write the page of commands."""
    root = typer.main.get_command(app)
    yield from ("# Commands", "")
    yield "`postroom --help`, and `--help` after any command, say the same on a terminal."
    commands = list(_walk(root, "postroom", typer.Context(root)))
    for path, command in commands:
        yield from _write_command(path, command)
    yield from ("", "## Connection options", "")
    yield (
        "`postroom connect` and every `postroom mail` command take them. Each value is `credential:NAME/ATTRIBUTE`, "
        "`variable:NAME`, or plain text."
    )
    connection = next(command for path, command in commands if path == "postroom connect")
    yield from _write_options([option for option in _list_options(connection) if _is_connection(option)])


def write_errors() -> Iterator[str]:
    """Write the page of errors."""
    tree = inspect.cleandoc((errors.__doc__ or "").split("::", 1)[1])
    yield from ("# Errors and exit codes", "")
    yield "Every error is a `PostroomError`, so a script can catch as widely or as narrowly as suits it."
    yield from ("", "```text", tree, "```", "", "## Each error", "")
    yield "The HTTP status is the one that an API gives for it; what Microsoft answered is in the message."
    yield ""
    yield from write_table(("error", "what it means", "exit code", "HTTP status"), _list_error_rows())
    yield from ("", "## Exit codes", "")
    yield from write_table(
        ("exit code", "what it means"), ((str(code), EXIT_CODES[code]) for code in _codes())
    )


def _write_action(package: Package, action: Action) -> Iterator[str]:
    yield from ("", f"### {action.title}", "")
    yield from _write_names(package, action)
    for paragraph in action.documentation.split("\n\n"):
        yield from ("", " ".join(paragraph.split("\n")))
    settings = list(list_settings(action))
    if settings:
        yield ""
        head = ("setting", "label", "what is given", "default", "help", "example")
        yield from write_table(head, map(_describe_setting, settings))


def _write_names(package: Package, action: Action) -> Iterator[str]:
    call = f"{package.name}.connect(...)" if action.opens else f"mailbox.{action.function.__name__}(...)"
    yield f"- Action: `{action.name}`"
    yield f"- In a script: `{call}`"
    command = find_command(action)
    if command:
        yield f"- Command: [`{command}`](cli.md#{command.replace(' ', '-')})"
    if action.permissions:
        yield f"- Permissions: {', '.join(f'`{permission}`' for permission in action.permissions)}"


def find_command(action: Action) -> str | None:
    """Find the command that does an action; None where it has none."""
    if action.opens:
        return f"postroom {action.command}"
    known = action.command in get_mail_group().commands
    return f"postroom mail {action.command}" if known else None


def _describe_setting(setting: SettingField) -> tuple[str, ...]:
    example = f"`{setting.label.example}`" if setting.label.example else ""
    return (
        f"`{setting.name}`",
        setting.label.title,
        describe_type(setting.type),
        _describe_default(setting.default),
        setting.label.help,
        example,
    )


def _describe_default(default: Any) -> str:
    if default is REQUIRED:
        return "*required*"
    if isinstance(default, bool):
        return "yes" if default else "no"
    return f"`{default}`" if default not in (None, "", ()) else "none"


def _walk(command: Any, path: str, context: typer.Context) -> Iterator[tuple[str, TyperCommand | TyperGroup]]:
    yield path, command
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            yield from _walk(command.get_command(context, name), f"{path} {name}", context)


def _write_command(path: str, command: TyperCommand | TyperGroup) -> Iterator[str]:
    level = "##" if isinstance(command, TyperGroup) else "###"
    yield from ("", f"{level} {path}")
    for paragraph in _clean(command.help).split("\n\n"):
        yield from ("", " ".join(paragraph.split("\n")))
    yield from ("", "```text", _write_usage(path, command), "```")
    arguments = [given for given in command.params if isinstance(given, TyperArgument)]
    if arguments:
        yield ""
        yield from write_table(("argument", "default", "help"), map(_describe_argument, arguments))
    own = [option for option in _list_options(command) if not _is_connection(option)]
    yield from _write_options(own)
    if len(own) < len(_list_options(command)):
        yield from ("", "It also takes the [connection options](#connection-options).")
    yield from _write_epilog(_clean(command.epilog))


def _write_usage(path: str, command: TyperCommand | TyperGroup) -> str:
    if isinstance(command, TyperGroup):
        return f"{path} COMMAND"
    words = [_write_argument(given) for given in command.params if isinstance(given, TyperArgument)]
    return " ".join([path, *words, "[OPTIONS]"])


def _write_argument(argument: TyperArgument) -> str:
    name = argument.metavar or str(argument.name).upper()
    return name if argument.required else f"[{name}]"


def _describe_argument(argument: TyperArgument) -> tuple[str, ...]:
    default = "*required*" if argument.required else _describe_default(argument.default)
    return (f"`{_write_argument(argument).strip('[]')}`", default, _clean(argument.help))


def _list_options(command: TyperCommand | TyperGroup) -> list[TyperOption]:
    return [option for option in command.params if isinstance(option, TyperOption) and not option.hidden]


def _is_connection(option: TyperOption) -> bool:
    return option.rich_help_panel == PANEL


def _write_options(options: list[TyperOption]) -> Iterator[str]:
    if options:
        yield ""
        head = ("option", "what is given", "default", "help")
        yield from write_table(head, map(_describe_option, options))


def _describe_option(option: TyperOption) -> tuple[str, ...]:
    names = ", ".join(f"`{name}`" for name in [*option.opts, *option.secondary_opts])
    given = "nothing" if option.is_flag else _describe_option_value(option)
    default = "*required*" if option.required else _describe_option_default(option)
    variable = f" Environment: `{option.envvar}`." if option.envvar else ""
    return (names, given, default, f"{_clean(option.help)}{variable}")


def _describe_option_default(option: TyperOption) -> str:
    return _describe_default(bool(option.default) if option.is_flag else option.default or None)


def _describe_option_value(option: TyperOption) -> str:
    if option.metavar:
        return f"`{option.metavar}`"
    kind = option.type_descriptor.annotation
    return f"{describe_type(get_args(kind)[0])}; repeatable" if option.multiple else describe_type(kind)


def _write_epilog(epilog: str) -> Iterator[str]:
    for paragraph in filter(None, epilog.split("\n\n")):
        found = re.match(r"(Example|.*?): (postroom .*)", paragraph)
        yield ""
        if found:
            yield from (f"{found[1]}:", "", "```sh", found[2], "```")
        else:
            yield paragraph


def _list_error_rows() -> Iterator[tuple[str, ...]]:
    for kind, outcome in errors.OUTCOMES.items():
        yield f"`{kind.__name__}`", summarize(kind), str(outcome.exit_code), str(outcome.http_status)


def _codes() -> list[int]:
    known = {outcome.exit_code for outcome in errors.OUTCOMES.values()}
    return sorted(known | {0, 1, 2, 130})


def _clean(text: str | None) -> str:
    """Take Rich's escapes out again."""
    return inspect.cleandoc(text or "").replace(r"\[", "[")


if __name__ == "__main__":
    main()
