"""`postroom serve`: the Control Room, from the first start on."""

import os
import shlex
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.cli.local_tenant import lead_to, start_local_tenant
from postroom.cli.own_worker import own_worker
from postroom.cli.tenant import LINE
from postroom.cli.tenant import explain_missing_parts as explain_missing_tenant
from postroom.errors import SettingError
from postroom.values import Secret

if TYPE_CHECKING:
    from postroom.controlroom.configuration import Configuration

PARTS = ("django", "unfold", "ninja", "axes", "csp", "waitress", "whitenoise", "dj_database_url", "authlib")
SETTINGS_MODULE = "postroom.controlroom.settings"
EPILOG = "Try it without any account: postroom serve --with-tenant"


def command(
    host: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Where to listen: for this machine alone, or 0.0.0.0 for all its networks.",
        ),
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen on.")] = 8000,
    threads: Annotated[
        int, typer.Option(min=1, max=256, help="How many requests this process answers at once.")
    ] = 16,
    *,
    with_tenant: Annotated[
        bool,
        typer.Option(
            "--with-tenant", help="Start a local tenant too, and fill in connections and people for it."
        ),
    ] = False,
    bots: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            file_okay=False,
            exists=True,
            help="A folder of bots to deploy from, most often a checkout of git (POSTROOM_BOTS_FOLDER).",
            show_default=False,
        ),
    ] = None,
    worker: Annotated[
        bool,
        typer.Option(
            "--worker/--no-worker", help="Carry out runs too, or leave that to `postroom worker` elsewhere."
        ),
    ] = True,
    ready_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Written once the Control Room can be reached.", show_default=False
        ),
    ] = None,
) -> None:
    """Serve the Control Room until you interrupt it (Ctrl+C).

    The first start makes the database, the key of the Credential Vault and an administrator, whose password it asks
    for. What it keeps is in the folder that POSTROOM_HOME names.
    """
    _explain_missing_parts()
    if with_tenant:
        explain_missing_tenant()
    # These have costs that no other command should pay.
    from postroom.controlroom.configuration import get_home  # noqa: PLC0415
    from postroom.controlroom.server import listen, serve  # noqa: PLC0415

    ready = ready_file.absolute() if ready_file is not None else None
    if bots is not None:
        os.environ["POSTROOM_BOTS_FOLDER"] = str(bots.absolute())
    with _interrupted_by_sigterm(), ExitStack() as stack:
        sockets = stack.enter_context(listen(host, port))
        os.environ.setdefault("POSTROOM_URL", f"http://localhost:{port}")
        manifest = stack.enter_context(start_local_tenant(get_home() / "tenant")) if with_tenant else None
        opened = _open(manifest)
        if worker:
            stack.enter_context(own_worker())

        def announce() -> None:
            _announce(opened)
            if ready is not None:
                ready.write_text("ready\n")

        serve(
            opened.application,
            sockets,
            threads=threads,
            trusted_proxy=opened.configuration.trusted_proxy,
            beside=opened.keep_alive,
            announce=announce,
        )


@dataclass(frozen=True)
class _Opened:
    """A Control Room that is ready to serve, and what its administrator is to be told."""

    application: Callable[..., Any]
    keep_alive: Callable[[Event], None]
    """What looks after sign-ins that nobody uses."""
    configuration: "Configuration"
    made_password: Secret | None
    people: dict[str, Secret]
    """Who was made for trying it out, with their passwords."""
    tenant: dict[str, Any] | None
    """The manifest of the local tenant beside it."""


def _open(manifest: dict[str, Any] | None) -> _Opened:
    if manifest is not None:
        lead_to(manifest)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", SETTINGS_MODULE)
    # Django is set up by these, and finds the environment as it is by now.
    from postroom.controlroom.requests import set_up_logging  # noqa: PLC0415
    from postroom.controlroom.settings import CONFIGURATION  # noqa: PLC0415
    from postroom.controlroom.wsgi import application  # noqa: PLC0415

    set_up_logging()
    from postroom.controlroom.connections.keep_alive import run_forever  # noqa: PLC0415
    from postroom.controlroom.first_run import ensure_administrator, prepare  # noqa: PLC0415
    from postroom.controlroom.tryout import fill_in  # noqa: PLC0415

    prepare()
    made_password = ensure_administrator(_ask_password)
    people = fill_in(manifest) if manifest is not None else {}
    return _Opened(application, run_forever, CONFIGURATION, made_password, people, manifest)


def _ask_password(find_faults: Callable[[str], list[str]]) -> Secret | None:
    """Ask whoever sits at the terminal for the administrator's password; None where nobody does."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return None
    typer.echo("This is the first start. Choose a password for the administrator, whose name is admin.")
    while True:
        given: str = typer.prompt("Password", hide_input=True, confirmation_prompt="Once more")
        faults = find_faults(given)
        if not faults:
            return Secret(given)
        typer.echo("\n".join(faults))


@contextmanager
def _interrupted_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process as Ctrl+C does, so that what was begun is ended too."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _explain_missing_parts() -> None:
    if any(find_spec(part) is None for part in PARTS):
        raise SettingError(
            "The Control Room is an optional part that is not installed. "
            "Install it with `pip install 'postroom[controlroom]'`."
        )


def _announce(opened: _Opened) -> None:
    # Rich is imported only where its screen is shown.
    from rich.console import Console  # noqa: PLC0415

    configuration = opened.configuration
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold green]The Control Room is ready.[/]")
    database = "PostgreSQL" if configuration.database.startswith("postgres") else "SQLite"
    for label, value in (
        ("Address", configuration.url),
        ("Folder", str(configuration.home)),
        ("Database", database),
    ):
        console.print(LINE.format(label, value), markup=False)
    made = {**({"admin": opened.made_password} if opened.made_password else {}), **opened.people}
    if made:
        console.print("These people were made. Their passwords are shown this once:")
        for name, password in made.items():
            console.print(f"  {LINE.format(name, password.reveal())}", style="bold", markup=False)
    if not (configuration.is_secure or configuration.is_local):
        console.print(
            "[bold yellow]People reach it without HTTPS[/], so passwords and tokens cross the network unprotected. "
            "Put a reverse proxy with a certificate in front of it, and set POSTROOM_URL to its https address."
        )
    if opened.tenant is not None:
        data = shlex.quote(str(configuration.home / "tenant"))
        console.print("A local tenant runs beside it. Lead a shell to it with:")
        console.print(f'  eval "$(postroom tenant env --data {data})"', style="bold", markup=False)
    console.print("Open the address and sign in as admin: the first page says what to do next.")
    console.print("End it with Ctrl+C.")
    sys.stdout.flush()
