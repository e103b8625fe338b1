"""The command line: `postroom serve`, `login`, `connect`, `mail` and its other commands.

Owns what a person types and reads on a terminal, and nothing else: what a mail command takes is made from the
definitions of the actions, what it does is done by the rooms below, and what fails is told in one place
(`failures`). The top of the house, which depends on all the rooms and which none depends on.
"""

import sys
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

from postroom.cli import (
    audit,
    bot,
    bots,
    connect,
    connections,
    credential,
    doctor,
    login,
    run,
    runs,
    schedules,
    serve,
    sign_out,
    tenant,
    vault,
    worker,
)
from postroom.cli.failures import INTERRUPTED, tell_failures
from postroom.cli.output import begin_output
from postroom.version import __version__

app = typer.Typer(
    name="postroom",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    help="Connect to Microsoft 365 mailboxes and work in them.",
    epilog="Begin without any account: postroom tenant start",
)


class MailGroup(TyperGroup):
    """The mail commands, made when one of them is asked for: what they need costs more than all else."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands in the order of a day's work."""
        return self._group.list_commands(ctx)

    def get_command(self, ctx: Any, cmd_name: str) -> TyperCommand | None:
        """Find the command of this name."""
        found = self._group.get_command(ctx, cmd_name)
        return found if isinstance(found, TyperCommand) else None

    @property
    def _group(self) -> TyperGroup:
        from postroom.cli.mail import get_mail_group  # noqa: PLC0415 - start-up cost: doubles that of --help

        return get_mail_group()


app.add_typer(tenant.app)
app.command("serve", epilog=serve.EPILOG)(serve.command)
app.command("worker", epilog=worker.EPILOG)(worker.command)
app.command("run", epilog=run.EPILOG)(run.command)
app.command("connect", epilog=connect.EPILOG)(connect.command)
app.command("doctor", epilog=doctor.EPILOG)(doctor.command)
app.command("login", epilog=login.LOGIN_EPILOG)(login.login)
app.command("logout", epilog=login.LOGOUT_EPILOG)(login.logout)
app.command("whoami", epilog=login.WHOAMI_EPILOG)(login.whoami)
app.command("sign-out", epilog=sign_out.EPILOG)(sign_out.command)
app.add_typer(
    typer.Typer(cls=MailGroup, no_args_is_help=True),
    name="mail",
    help="Work in a mailbox: list, save, move, answer, send.",
)
app.add_typer(bot.app)
app.add_typer(bots.app)
app.add_typer(runs.app)
app.add_typer(schedules.schedules_app)
app.add_typer(schedules.triggers_app)
app.add_typer(credential.app)
app.add_typer(connections.app)
app.add_typer(audit.app)
app.add_typer(vault.app)


def _show_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"postroom {__version__}")
        raise typer.Exit


@app.callback()
def _take_root_options(
    *,
    show_version: bool = typer.Option(  # noqa: ARG001 - its callback does it
        False,  # noqa: FBT003
        "--version",
        callback=lambda wanted: _show_version(wanted=wanted),
        is_eager=True,
        help="Show the version.",
    ),
) -> None:
    begin_output()


def main() -> None:
    """Run the command that this process was given, and end the process with its exit code."""
    command = typer.main.get_command(app)
    with tell_failures():
        try:
            command(prog_name="postroom")
        except SystemExit as end:
            if end.code == INTERRUPTED:
                raise KeyboardInterrupt from None
            raise
    sys.exit(0)
