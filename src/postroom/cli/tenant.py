"""`postroom tenant`: start the local tenant, and print the environment that leads clients to it."""

import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.errors import (
    NetworkError,
    PortInUseError,
    SettingError,
    SourceFileError,
    TargetNotWritableError,
)
from postroom.folders import get_state_folder

if TYPE_CHECKING:
    from postroom.tenant.server import ListenError

# Two more ports follow the one that is given.
HIGHEST_PORT = 65533
CLOUD = "Azure Global"
LINE = "{0:<20}{1}"

app = typer.Typer(
    name="tenant",
    no_args_is_help=True,
    help="A Microsoft 365 tenant on this machine: Entra ID and Outlook mail in both clouds, for trying and testing.",
)

DataOption = Annotated[
    Path | None,
    typer.Option(
        "--data",
        metavar="DIR",
        help="Where the tenant keeps its mail and keys. Without it, a folder of your own account.",
        show_default=False,
    ),
]


@app.command()
def start(
    port: Annotated[
        int,
        typer.Option(
            min=1,
            max=HIGHEST_PORT,
            help="Azure Global is served on this port, Azure US GCC High on the next, the proxy on the one after.",
        ),
    ] = 8443,
    data: DataOption = None,
    mail: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            help="Mail to begin with: DIR/<user address>/<folder path>/*.eml.",
            exists=True,
            file_okay=False,
            show_default=False,
        ),
    ] = None,
    ready_file: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Written once the tenant can be reached.", show_default=False),
    ] = None,
) -> None:
    """Serve the local tenant until you interrupt it (Ctrl+C).

    What is in it survives: the next start with the same --data serves the same apps, secrets and mail. Lead a shell
    to it with: eval "$(postroom tenant env --app 'Invoice bot')"
    """
    explain_missing_parts()
    # The tenant's libraries take a good part of a second to import, which no other command should pay for.
    from postroom.tenant.mail.ingest import UnknownDomainError  # noqa: PLC0415
    from postroom.tenant.records import RecordError  # noqa: PLC0415
    from postroom.tenant.server import ListenError, serve  # noqa: PLC0415

    folder = data or get_data_folder()
    ready = ready_file.absolute() if ready_file is not None else None
    try:
        serve(
            port=port, data=folder, mail=mail, ready_file=ready, announce=lambda seen: _announce(seen, data)
        )
    except ListenError as error:
        raise _explain_port(error, port) from None
    except UnknownDomainError as error:
        raise SourceFileError(str(error)) from None
    except RecordError as error:
        advice = f"Remove the folder {folder} to begin anew, or choose another with --data."
        raise SettingError(f"{error} {advice}") from None
    except OSError as error:
        raise TargetNotWritableError(
            f"The local tenant cannot read or write its files: {error}. Choose another folder with --data."
        ) from None


@app.command()
def env(
    data: DataOption = None,
    app_name: Annotated[
        str | None,
        typer.Option(
            "--app",
            metavar="NAME",
            help="Also print this app's client id and secret, as a credential of Postroom.",
            show_default=False,
        ),
    ] = None,
    cloud: Annotated[str, typer.Option(metavar="NAME", help="The cloud whose app is meant.")] = CLOUD,
    credential: Annotated[
        str, typer.Option(metavar="NAME", help="The name that the credential gets.")
    ] = "azure",
) -> None:
    """Print the exports that lead a shell, and every client in it, to the local tenant.

    Use it as: eval "$(postroom tenant env --app 'Invoice bot')"
    """
    explain_missing_parts()
    from postroom.tenant import environment, manifest  # noqa: PLC0415

    folder = data or get_data_folder()
    found = manifest.find_manifest(folder)
    if found is None:
        raise SettingError(
            f"No local tenant has been started in {folder}. Start one with `postroom tenant start`, in a second "
            "terminal, and give both commands the same --data."
        )
    variables = environment.client_environment(found)
    try:
        if app_name is not None:
            variables |= environment.app_environment(found, app_name, cloud, credential)
    except environment.NotInManifestError as error:
        raise SettingError(str(error)) from None
    typer.echo(environment.render_exports(variables))


def get_data_folder() -> Path:
    """The folder that the tenant uses without --data."""
    return get_state_folder() / "tenant"


def explain_missing_parts() -> None:
    """Say how to get the tenant where it is not installed. Errors: SettingError."""
    from importlib.util import find_spec  # noqa: PLC0415

    parts = ("starlette", "uvicorn", "trustme", "joserfc", "httptools", "jinja2")
    if any(find_spec(part) is None for part in parts):
        raise SettingError(
            "The local tenant is an optional part that is not installed. "
            "Install it with `pip install 'postroom[tenant]'`."
        )


def _explain_port(error: "ListenError", port: int) -> NetworkError:
    if not error.in_use:
        return NetworkError(f"The local tenant cannot listen on port {error.port}: {error}")
    return PortInUseError(
        f"Port {error.port} is in use by another program, and the local tenant needs the three ports {port} to "
        f"{port + 2}. End that program, or choose other ports with --port."
    )


def _announce(manifest: dict[str, Any], data: Path | None) -> None:
    # Rich is imported only where its screen is shown.
    from rich.console import Console  # noqa: PLC0415

    option = f" --data {shlex.quote(str(data))}" if data is not None else ""
    rows = [
        *((name, cloud["login"]) for name, cloud in manifest["clouds"].items()),
        ("Proxy", manifest["proxy"]),
        ("Certificate", manifest["ca"]),
    ]
    console = Console(highlight=False, soft_wrap=True)
    console.print("[bold green]The local tenant is ready.[/]")
    for label, value in rows:
        console.print(LINE.format(label, value), markup=False)
    console.print("Lead a shell to it, and give it the app Invoice bot, with:")
    command = f"eval \"$(postroom tenant env{option} --app 'Invoice bot')\""
    console.print(f"  {command}", style="bold", markup=False)
    console.print("End it with Ctrl+C.")
    sys.stdout.flush()
