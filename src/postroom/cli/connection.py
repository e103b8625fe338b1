"""The options that say which mailbox to connect to, and as whom: common to `connect` and all of `mail`."""

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, dataclass, field, fields
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from postroom.errors import SettingError
from postroom.values import Credential, Setting, parse_reference

if TYPE_CHECKING:
    from postroom.outlook import Mailbox
    from postroom.outlook.authentication import Authentication

PANEL = "Connection: credential:NAME/ATTRIBUTE, variable:NAME, or text"
USERNAME = "credential:azure/username"
PRIVATE_KEY = "PRIVATE KEY"


class Mode(StrEnum):
    """The OAuth2 authentication modes."""

    CLIENT_CREDENTIALS = "client-credentials"
    AUTHORIZATION_CODE = "authorization-code"
    DEVICE_CODE = "device-code"
    CONTROL_ROOM = "control-room"


class TokenKind(StrEnum):
    """The tokens that an OAuth connection has."""

    SHARED = "shared"
    USER_SPECIFIC = "user-specific"


def _declare(help_text: str, metavar: str | None = "VALUE", envvar: str | None = None) -> Any:
    return typer.Option(help=help_text, metavar=metavar, envvar=envvar, rich_help_panel=PANEL)


def _declare_flag(name: str, help_text: str, envvar: str | None = None) -> Any:
    return typer.Option(name, help=help_text, envvar=envvar, rich_help_panel=PANEL)


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The connection options as they were typed; each field is an option."""

    cloud: Annotated[
        str, _declare("“Azure Global” (GCC too) or “Azure US GCC High”.", "NAME", "POSTROOM_CLOUD")
    ] = "Azure Global"
    mode: Annotated[
        Mode,
        _declare(
            "The app signs in as itself, or for a person (in a browser, or by a code), or the Control Room does it.",
            None,
            "POSTROOM_MODE",
        ),
    ] = Mode.CLIENT_CREDENTIALS
    client_id: Annotated[str, _declare("The app that signs in.")] = "credential:azure/client_id"
    tenant_id: Annotated[str, _declare("The tenant: its GUID or domain.")] = "credential:azure/tenant_id"
    client_secret: Annotated[str, _declare("Where the app's secret is kept; never the secret itself.")] = (
        "credential:azure/client_secret"  # noqa: S105 - says where it is
    )
    client_certificate: Annotated[
        str | None, _declare("A PEM file with certificate and key, in place of the secret.")
    ] = None
    redirect_url: Annotated[
        str,
        _declare(
            "Where the browser comes back to: one of the app registration's.", "URL", "POSTROOM_REDIRECT_URL"
        ),
    ] = "http://localhost"
    connection: Annotated[
        str,
        _declare(
            "An OAuth connection of the Control Room (postroom connections list).",
            "NAME",
            "POSTROOM_CONNECTION",
        ),
    ] = ""
    token: Annotated[
        TokenKind,
        _declare("The token of the connection that all share, or your own.", None, "POSTROOM_TOKEN_TYPE"),
    ] = TokenKind.SHARED
    username: Annotated[str, _declare("The address of the user.")] = USERNAME
    mailbox: Annotated[
        str | None,
        _declare("Another mailbox than the user's own, such as a shared one.", envvar="POSTROOM_MAILBOX"),
    ] = None
    no_browser: Annotated[
        bool, _declare_flag("--no-browser", "Print the link to sign in with, and take the final address.")
    ] = False
    unattended: Annotated[
        bool,
        _declare_flag("--unattended", "Never ask anybody to sign in.", "POSTROOM_UNATTENDED"),
    ] = False
    variable: Annotated[list[str], _declare("What variable:NAME stands for; repeatable.", "NAME=VALUE")] = (
        field(default_factory=list)
    )

    def open(self) -> "Mailbox":
        """Connect to the mailbox. Errors: as `outlook.connect`."""
        from postroom.outlook import connect  # noqa: PLC0415 - start-up cost: doubles that of --help

        return connect(
            cloud=self.cloud,
            authentication=self.create_authentication(),
            mailbox=None if self.mailbox is None else parse_reference(self.mailbox),
            variables=self.read_variables(),
        )

    def create_authentication(self) -> "Authentication":
        """The authentication mode with its settings. Errors: SettingError."""
        from postroom import outlook  # noqa: PLC0415 - as above

        client_id, tenant_id = parse_reference(self.client_id), parse_reference(self.tenant_id)
        username = parse_reference(self.username)
        match self.mode:
            case Mode.AUTHORIZATION_CODE:
                return outlook.AuthorizationCode(
                    client_id=client_id,
                    tenant_id=tenant_id,
                    redirect_url=parse_reference(self.redirect_url),
                    username=username,
                    browser=not self.no_browser,
                    unattended=self.unattended,
                )
            case Mode.DEVICE_CODE:
                return outlook.DeviceCode(
                    client_id=client_id, tenant_id=tenant_id, username=username, unattended=self.unattended
                )
            case Mode.CONTROL_ROOM:
                return outlook.ControlRoomManaged(
                    connection=parse_reference(self._get_connection()),
                    token=self.token.value,
                    # Who has signed in for the connection stands at the connection.
                    username=None if self.username == USERNAME else username,
                )
            case Mode.CLIENT_CREDENTIALS:
                secret, certificate = self._read_client_credential()
                return outlook.ClientCredentials(
                    client_id=client_id,
                    tenant_id=tenant_id,
                    client_secret=secret,
                    client_certificate=certificate,
                    username=username,
                )

    def read_variables(self) -> dict[str, str]:
        """What each variable:NAME stands for. Errors: SettingError."""
        return dict(_read_variable(text) for text in self.variable)

    def _get_connection(self) -> str:
        if not self.connection:
            raise SettingError(
                "--connection is missing: name an OAuth connection of the Control Room. `postroom connections list` "
                "shows those that you may use."
            )
        return self.connection

    def _read_client_credential(self) -> tuple[Setting | None, Setting | None]:
        if self.client_certificate is not None:
            if PRIVATE_KEY in self.client_certificate:
                raise _refuse_secret("--client-certificate", "client_certificate")
            return None, parse_reference(self.client_certificate)
        secret = parse_reference(self.client_secret)
        if not isinstance(secret, Credential):
            raise _refuse_secret("--client-secret", "client_secret")
        return secret, None


def with_connection(function: Callable[..., None]) -> Callable[..., None]:
    """Give a command the connection options, and hand them to it as its first argument."""
    options = fields(Connection)

    @functools.wraps(function)
    def run(**given: Any) -> None:
        connection = Connection(**{option.name: given.pop(option.name) for option in options})
        function(connection, **given)

    signature = inspect.signature(function)
    _, *own = signature.parameters.values()
    offered = [_create_parameter(option) for option in options]
    run.__signature__ = signature.replace(parameters=[*own, *offered])  # type: ignore[attr-defined]
    return run


def _create_parameter(option: "Field[Any]") -> inspect.Parameter:
    default = [] if option.default is MISSING else option.default
    return inspect.Parameter(
        option.name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=option.type
    )


def _refuse_secret(option: str, attribute: str) -> SettingError:
    return SettingError(
        f"{option} was given a secret as text, which other users of this machine can read in the list of processes. "
        f"Keep it with `postroom credential set azure {attribute}`, and write {option} credential:azure/{attribute}."
    )


def _read_variable(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise SettingError("--variable must be NAME=VALUE, for example --variable mailbox=ap@contoso.com.")
    return name, value
