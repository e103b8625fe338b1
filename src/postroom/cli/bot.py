"""`postroom bot`: check bot files, begin a new one, and print the schema for editors."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from postroom.cli.output import JsonOption, clean_text, print_json, print_line, wants_json
from postroom.errors import BotFileError, BotNotFoundError, Fault, SettingError, TargetNotWritableError

if TYPE_CHECKING:
    from postroom.bots.files import FolderLibrary

ENDING = ".bot.yaml"
CHECK_EPILOG = "Example: postroom bot check intake.bot.yaml"
NEW_EPILOG = "Example: postroom bot new intake.bot.yaml"
SCHEMA_EPILOG = "Example: postroom bot schema > bot.schema.json"
FAULTY = 13

START = """\
# A bot: steps that are done one after another. `postroom bot check {file}` checks it, `postroom run {file}` runs it.
# An editor that knows YAML completes actions and settings: postroom bot schema > bot.schema.json
# yaml-language-server: $schema=bot.schema.json
name: {name}
description: Mark unread messages about invoices as read, and move them.

# What the bot is given when it is run, each with its default: postroom run {file} --input folder=Inbox/2026
inputs:
  folder: Inbox

steps:
  # Each step uses an action. Connect opens a session, which the other steps name.
  - uses: outlook.connect
    with:
      session: mail
      cloud: Azure Global
      authentication:
        mode: Client Credentials
        # The values lie in the Credential Vault, or on this machine: postroom credential set azure client_id
        client_id: {{credential: azure/client_id}}
        tenant_id: {{credential: azure/tenant_id}}
        client_secret: {{credential: azure/client_secret}}
        username: {{credential: azure/username}}

  # The steps below are done for each message.
  - for_each: message
    uses: outlook.messages
    with: {{session: mail, folder: "${{{{ folder }}}}", status: unread, subject: invoice}}
    steps:
      - try:
          - uses: outlook.change_status
            with: {{session: mail, messages: "${{{{ message }}}}", to: read}}
          - uses: outlook.move
            with: {{session: mail, messages: "${{{{ message }}}}", to: Inbox/Processed}}
        catch:
          # Only where there is no such folder; `error` also has .message and .code.
          - if: "${{{{ error.kind == 'FolderNotFoundError' }}}}"
            uses: outlook.create_folder
            with: {{session: mail, folder: Inbox/Processed}}
"""

app = typer.Typer(
    name="bot",
    no_args_is_help=True,
    help="Bot files: begin one, check it, and let your editor know the language.",
)


def _complete_bot_file(incomplete: str) -> list[str]:
    """Bot files whose path begins so, and the folders on the way to others."""
    typed = Path(incomplete)
    folder = typed if incomplete.endswith("/") or not incomplete else typed.parent
    try:
        found = sorted(entry for entry in folder.iterdir() if entry.is_dir() or entry.name.endswith(ENDING))
    except OSError:
        return []
    names = [
        f"{entry}/" if entry.is_dir() else str(entry) for entry in found if not entry.name.startswith(".")
    ]
    return [name for name in names if name.startswith(incomplete)]


@app.command(epilog=CHECK_EPILOG)
def check(
    files: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILE...", help="Bot files.", show_default=False, autocompletion=_complete_bot_file
        ),
    ],
    *,
    as_json: JsonOption = False,  # noqa: ARG001 - its callback does it
) -> None:
    """Check bot files without running them: all faults at once, each with file, line and what to do."""
    faults = [fault for file in files for fault in _list_faults(file)]
    if wants_json():
        print_json([_describe(fault) for fault in faults])
    else:
        for fault in faults:
            print_line(str(fault))
        if not faults:
            print_line("No faults." if len(files) == 1 else f"No faults in {len(files)} files.")
    if faults:
        raise typer.Exit(FAULTY)


@app.command(epilog=NEW_EPILOG)
def new(
    file: Annotated[
        Path, typer.Argument(help=f"The file to write; it ends in {ENDING}.", show_default=False)
    ],
) -> None:
    """Begin a bot file, with comments; a file that is there is never overwritten."""
    if not file.name.endswith(ENDING) or file.name == ENDING:
        raise SettingError(
            f"A bot file ends in {ENDING}, such as {file.name.split('.')[0] or 'intake'}{ENDING}."
        )
    title = clean_text(file.name.removesuffix(ENDING)).replace("_", " ").replace("-", " ").capitalize()
    text = START.format(file=clean_text(file.name), name=msgspec.json.encode(title).decode())
    try:
        with file.open("x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise TargetNotWritableError(
            f"{file} is there already, and is kept as it is. Choose another name."
        ) from None
    except OSError as error:
        raise TargetNotWritableError(f"{file} cannot be written: {error}. Choose another folder.") from None
    print_line(f"{file} is written. Check it: postroom bot check {file}")


@app.command(epilog=SCHEMA_EPILOG)
def schema() -> None:
    """Print the JSON schema of bot files, for editors, with the actions that are installed here."""
    _explain_missing_parts()
    from postroom.bots.files.schema import create_schema  # noqa: PLC0415 - start-up cost, as that of the packages

    print_json(create_schema())


def _list_faults(file: Path) -> list[Fault]:
    """The faults of one file, which are named by the path that was typed."""
    try:
        _create_library(file.parent).get(file.name)
    except BotFileError as error:
        return [
            Fault(str(file.parent / fault.file), fault.line, fault.message, fault.hint)
            for fault in error.faults
        ]
    except BotNotFoundError as error:
        if file.exists() or not file.name.endswith(ENDING):
            raise
        raise BotNotFoundError(f"There is no bot file {file}. Look at the name and the folder.") from error
    return []


def _create_library(folder: Path) -> "FolderLibrary":
    _explain_missing_parts()
    from postroom.bots.files import FolderLibrary  # noqa: PLC0415 - start-up cost, as above

    return FolderLibrary(folder)


def _explain_missing_parts() -> None:
    from importlib.util import find_spec  # noqa: PLC0415

    if any(find_spec(part) is None for part in ("yaml", "jinja2")):
        raise SettingError(
            "Bot files are an optional part that is not installed: `pip install 'postroom[bots]'`."
        )


def _describe(fault: Fault) -> dict[str, str | int]:
    return {"file": fault.file, "line": fault.line, "message": fault.message, "hint": fault.hint}
