"""`postroom vault`: unlock the Credential Vault, choose where its master key lies, change its keys, check it."""

import getpass
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.control_room import open_control_room
from postroom.cli.output import OutputFormat, OutputOption, count, print_json, print_line
from postroom.errors import ControlRoomError, SettingError, VaultDamagedError, VaultKeyError, VaultLockedError
from postroom.values import Secret

if TYPE_CHECKING:
    from postroom.controlroom.vault.rotation import Survey

app = typer.Typer(
    name="vault",
    no_args_is_help=True,
    help="Unlock the Control Room's Credential Vault, and change its keys.",
    epilog="Run these on the Control Room's machine, with its POSTROOM_HOME and as its user.",
)


class WantedMode(StrEnum):
    """Where the master key is to lie."""

    EXPRESS = "express"
    MANUAL = "manual"


NewFile = Annotated[
    Path | None,
    typer.Option(
        "--key-file",
        metavar="FILE",
        help="A new file for the master key, best on a medium that you take away.",
        show_default=False,
    ),
]


@app.command("status", epilog="Example: postroom vault status")
def show_status(output: OutputOption = OutputFormat.TABLE) -> None:
    """Tell where the master key lies, and which data keys there are."""
    with _vault():
        from postroom.controlroom.vault.status import get_status  # noqa: PLC0415

        status = get_status()
    if output is OutputFormat.JSON:
        print_json(status._asdict())
        return
    print_line(f"Mode:           {status.mode}")
    print_line(f"Master key:     {status.master_key}")
    print_line(f"Active key:     {status.active_key}, in use since {status.active_since:%Y-%m-%d %H:%M} UTC")
    print_line(f"Retiring keys:  {status.retiring_keys}")
    if status.mode == WantedMode.MANUAL:
        print_line(
            "This command has keys of its own: whether the server is open, its page Credential Vault tells."
        )


@app.command("unlock", epilog="Example: postroom vault unlock < /media/safe/master-key")
def unlock_vault() -> None:
    """Open the vault in manual mode, for all processes of the Control Room.

    Asks for the master key without showing it; where stdin is no terminal, all of it is the key.
    """
    with _vault():
        from postroom.controlroom.vault.opening import unlock  # noqa: PLC0415

        unlock(_name_person(), _ask_key())
    print_line(
        "The Credential Vault is unlocked. Each process of the Control Room opens it at its next request."
    )


@app.command("lock", epilog="Example: postroom vault lock")
def lock_vault() -> None:
    """Let all processes forget the keys in manual mode, until somebody unlocks the vault again."""
    with _vault():
        from postroom.controlroom.vault.opening import lock  # noqa: PLC0415

        lock(_name_person())
    print_line("The Credential Vault is locked. Processes forget its keys within seconds.")


@app.command("mode", epilog="Example: postroom vault mode manual --key-file /media/safe/master-key")
def choose_mode(
    mode: Annotated[WantedMode, typer.Argument(help="Where the master key is to lie.", show_default=False)],
    key_file: NewFile = None,
) -> None:
    """Choose whether the master key lies with the server (express), or somebody enters it at each start (manual).

    Going to manual moves the key to the file that you name. Going back to express asks for it.
    """
    if mode is WantedMode.MANUAL and key_file is None:
        raise SettingError(
            "The master key needs a place to move to. Name a new file: "
            "`postroom vault mode manual --key-file FILE`, best on a medium that you take away."
        )
    with _vault():
        from postroom.controlroom.vault.opening import choose_express_mode, choose_manual_mode  # noqa: PLC0415

        if key_file is None:
            choose_express_mode(_name_person(), _ask_key())
            print_line("Express mode: the master key lies with the server, which opens the vault by itself.")
            return
        if mode is WantedMode.EXPRESS:
            raise SettingError("--key-file belongs to `postroom vault mode manual`. Leave it out.")
        _enter_key_where_locked()
        choose_manual_mode(_name_person(), key_file)
    print_line(
        f"Manual mode: the master key is in {key_file} now, and nowhere else. Make a second copy of it, and take both "
        "away: without it nothing in the vault can be read any more. What runs goes on; after a start, run "
        "`postroom vault unlock`."
    )


@app.command("rotate", epilog="Example: postroom vault rotate")
def rotate_data_key(output: OutputOption = OutputFormat.TABLE) -> None:
    """Make a new data key, and encrypt everything anew with it while the Control Room goes on.

    If it is interrupted, nothing is lost: run it again.
    """
    with _vault():
        from postroom.controlroom.vault.rotation import rotate  # noqa: PLC0415

        _enter_key_where_locked()
        survey = rotate(_name_person())
    _report(survey, output, f"Encrypted anew: {count(survey.renewed, 'value')}.")


@app.command("rewrap", epilog="Example: postroom vault rewrap")
def change_master_key(key_file: NewFile = None) -> None:
    """Make a new master key, in place of the present one; values stay as they are."""
    with _vault():
        from postroom.controlroom.vault.rotation import change_master_key  # noqa: PLC0415

        _enter_key_where_locked()
        change_master_key(_name_person(), key_file)
    where = f" It is in {key_file}: keep it safe, and put it wherever the old one was." if key_file else ""
    print_line(f"There is a new master key; the old one opens nothing any more.{where}")
    print_line(
        "Other hosts of this Control Room need it before they start again; back up the database and the key anew."
    )


@app.command("check", epilog="Example: postroom vault check")
def check_vault(output: OutputOption = OutputFormat.TABLE) -> None:
    """Prove that the master key is the right one and that every value can be read; shows none of them."""
    with _vault():
        from postroom.controlroom.vault.rotation import check_values  # noqa: PLC0415

        _enter_key_where_locked()
        survey = check_values()
    _report(survey, output, f"Read: {count(survey.values, 'value')}.")


def _report(survey: "Survey", output: OutputFormat, sentence: str) -> None:
    if output is OutputFormat.JSON:
        print_json({"values": survey.values, "renewed": survey.renewed, "damaged": survey.damaged})
    else:
        print_line(sentence)
    if survey.damaged:
        raise VaultDamagedError(
            f"{count(len(survey.damaged), 'value')} cannot be read and stayed as found: {', '.join(survey.damaged)}. "
            "Enter them again, or restore them from a backup."
        )


def _enter_key_where_locked() -> None:
    from postroom.controlroom.vault.master_keys import is_locked  # noqa: PLC0415
    from postroom.controlroom.vault.opening import enter_key  # noqa: PLC0415

    if not is_locked():
        return
    if sys.stdin.isatty():
        print_line("The Credential Vault is locked. The master key is taken for this command alone.")
    enter_key(_ask_key())


def _ask_key() -> Secret:
    if sys.stdin.isatty():
        key = Secret(typer.prompt("Master key (not shown)", hide_input=True, err=True))
    else:
        key = Secret(sys.stdin.read().strip())
    if not key.reveal().strip():
        raise VaultLockedError(
            "No master key was given, and the Credential Vault needs it. Type it, or pipe it in: "
            "`postroom vault unlock < FILE`."
        )
    return key


def _name_person() -> str:
    try:
        return f"command line ({getpass.getuser()})"
    except (KeyError, OSError):  # a container's user may have no name
        return "command line"


@contextmanager
def _vault() -> Iterator[None]:
    open_control_room()
    # Django can be imported once it is known to be here.
    from django.db.utils import DatabaseError  # noqa: PLC0415

    from postroom.controlroom.vault.master_keys import find_state  # noqa: PLC0415

    try:
        if find_state() is None:
            raise VaultKeyError(
                "This Control Room has no Credential Vault yet. Its first start makes it: `postroom serve`."
            )
        yield
    except DatabaseError as error:
        raise ControlRoomError(
            "The Credential Vault cannot be read: the database does not answer, or no Control Room was started with "
            "it yet. Check POSTROOM_HOME and POSTROOM_DATABASE, and that `postroom serve` ran once."
        ) from error
