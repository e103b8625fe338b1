"""`postroom login`, `logout` and `whoami`: this machine and its Control Room."""

import platform
import webbrowser
from contextlib import suppress
from threading import Thread
from typing import TYPE_CHECKING, Annotated

import typer

from postroom.cli.output import OutputFormat, OutputOption, print_json, print_line
from postroom.version import USER_AGENT

if TYPE_CHECKING:
    from postroom.remote.login import StartedLogin

LOGIN_EPILOG = "Example: postroom login https://postroom.contoso.com"
LOGOUT_EPILOG = "Example: postroom logout"
WHOAMI_EPILOG = "Example: postroom whoami"


def login(
    url: Annotated[str, typer.Argument(help="The address of the Control Room.", show_default=False)],
    *,
    device: Annotated[
        str, typer.Option("--device", metavar="NAME", help="What this machine is called there.")
    ] = "",
    browser: Annotated[
        bool, typer.Option("--browser/--no-browser", help="Open the page here, or only print its link.")
    ] = True,
    output: OutputOption = OutputFormat.TABLE,
) -> None:
    """Sign this machine in to a Control Room, so that bots here use its connections and credentials.

    A page of the Control Room asks you to let this machine in. The API key goes into the keychain of this machine.
    """
    from postroom.auth.sign_in import can_open_browser  # noqa: PLC0415 - start-up cost
    from postroom.network import create_http_client  # noqa: PLC0415
    from postroom.remote.login import log_in  # noqa: PLC0415

    def tell(started: "StartedLogin") -> None:
        typer.echo(
            f"Open this page and confirm the code {started.user_code}:\n{started.verification_uri_complete}",
            err=True,
        )
        if browser and can_open_browser():
            _open_browser(started.verification_uri_complete)

    with create_http_client(USER_AGENT) as http:
        username = log_in(url, device or platform.node() or "unnamed", http, tell)
    if output is OutputFormat.JSON:
        print_json({"control_room": url.rstrip("/"), "username": username})
    else:
        print_line(f"This machine is signed in to {url.rstrip('/')} as {username}.")


def logout() -> None:
    """Sign this machine out of its Control Room: its API key is revoked and forgotten."""
    from postroom.network import create_http_client  # noqa: PLC0415 - start-up cost
    from postroom.remote.known import KEY_VARIABLE, get_control_room  # noqa: PLC0415
    from postroom.remote.login import log_out  # noqa: PLC0415

    known = get_control_room()
    with create_http_client(USER_AGENT) as http:
        is_revoked = log_out(known, http)
    print_line(f"This machine is signed out of {known.url}.")
    if not is_revoked:
        typer.echo(
            "The Control Room could not be reached, so the key is still good there. Revoke this device under My "
            "devices.",
            err=True,
        )
    if known.from_environment:
        typer.echo(f"Remove {KEY_VARIABLE} from the environment: that key is of no use any more.", err=True)


def whoami(output: OutputOption = OutputFormat.TABLE) -> None:
    """Tell which Control Room this machine is signed in to, and as whom."""
    from postroom.network import create_http_client  # noqa: PLC0415 - start-up cost
    from postroom.remote.client import ControlRoomClient  # noqa: PLC0415
    from postroom.remote.known import get_control_room  # noqa: PLC0415

    known = get_control_room()
    with create_http_client(USER_AGENT) as http:
        me = ControlRoomClient(known.url, known.api_key, http).get_me()
    if output is OutputFormat.JSON:
        print_json(
            {
                "control_room": known.url,
                "username": me.username,
                "name": me.name,
                "device": me.device,
                "roles": me.roles,
                "permissions": me.permissions,
            }
        )
        return
    rows = {
        "Control Room": known.url,
        "User": f"{me.username} ({me.name})" if me.name else me.username,
        "Device": me.device or "",
        "Roles": ", ".join(me.roles) or "none",
        "May": ", ".join(me.permissions) or "nothing",
    }
    for label, value in rows.items():
        print_line(f"{label + ':':<14}{value}")


def _open_browser(link: str) -> None:
    """Open the link beside the wait: what $BROWSER names may not come back before the person is done."""
    Thread(target=_try_browser, args=(link,), name="browser", daemon=True).start()


def _try_browser(link: str) -> None:
    with suppress(webbrowser.Error, OSError):  # the link is printed, and any other browser will do
        webbrowser.open(link)
