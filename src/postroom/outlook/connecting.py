"""The way of a Connect, from settings to a mailbox."""

from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from typing import Annotated, Any

import httpx2

from postroom.actions import Label, action, step
from postroom.actions.sessions import Global, sessions
from postroom.clouds import Cloud, get_cloud
from postroom.graph.client import GraphClient
from postroom.graph.limits import get_request_slots
from postroom.graph.mail_folders import get_mail_folder
from postroom.network import create_http_client
from postroom.outlook.authentication import MODES, Authentication, Identity
from postroom.outlook.control_room import create_resolver
from postroom.outlook.mailbox import Mailbox
from postroom.values import CredentialSource, Setting
from postroom.version import USER_AGENT

PERMISSIONS = ("Mail.ReadWrite", "Mail.Send")
"""What the actions of a mailbox need, all together."""


@action(title="Connect", permissions=PERMISSIONS, opens=True)
def connect(
    *,
    cloud: Annotated[
        str,
        Label("Azure cloud", "Azure Global (GCC too) or Azure US GCC High.", "Azure Global"),
    ] = "Azure Global",
    authentication: Annotated[
        Authentication,
        Label("OAuth2 Authentication mode", "How the connection signs in, with its settings.", kinds=MODES),
    ],
    mailbox: Annotated[
        Setting | None,
        Label("Shared mailbox", "Another mailbox to open than the user's own.", "invoices@contoso.com"),
    ] = None,
    session: Annotated[
        str | Global | None,
        Label(
            "Session",
            "Local session: a name under which this bot finds the connection again. Global session: child bots too.",
            "ap",
            given_as=str | None,
        ),
    ] = None,
    variables: Annotated[
        Mapping[str, Any] | None, Label("Variables", "What each Variable among the settings stands for.")
    ] = None,
    credentials: Annotated[
        Sequence[CredentialSource] | None,
        Label(
            "Credentials",
            "Where credentials are looked for: by default the environment, then the keychain, then the Control Room.",
        ),
    ] = None,
) -> Mailbox:
    """Connect to a Microsoft 365 Outlook mailbox by OAuth 2.0.

    Signs in and opens the mailbox, so that what is wrong shows here and not later. Use it in a `with` block,
    or call `disconnect` on the mailbox. By its session name, `outlook.session` finds it again until then; a
    session that is still open when the process ends is closed.

    Errors: SettingError where a setting is wrong (SessionInUseError where the session name is taken),
    SignInError where Entra ID refuses, GraphError where Graph does (no permission, no such mailbox),
    NetworkError where either is not reached. Source: Microsoft identity platform; Microsoft Graph, Use the
    Outlook mail REST API.
    """
    resolver = create_resolver(credentials, variables)
    chosen = get_cloud(cloud)
    with ExitStack() as opened:  # undone at once if something fails here, else by disconnect
        reservation = None if session is None else sessions.reserve(str(session))
        if reservation:
            opened.callback(reservation.free)
        http = create_http_client(USER_AGENT)
        opened.callback(http.close)
        with step("Settings are complete"):
            permissions = list_delegated_permissions(shared=mailbox is not None)
            identity = authentication.identify(chosen, resolver, http, permissions)
            address = identity.username if mailbox is None else resolver.get_text("Shared mailbox", mailbox)
        client = _open_mailbox(chosen, identity, address, http)
        connected = Mailbox(client, opened.pop_all().close)
    if reservation:
        reservation.keep(connected, f"the mailbox {address}")
    return connected


def list_delegated_permissions(*, shared: bool) -> tuple[str, ...]:
    """The delegated permissions that an app asks the user for, for the user's own or for a shared mailbox.

    Source: Microsoft Graph permissions reference (those that end in .Shared are good for both).
    """
    return tuple(f"{permission}.Shared" for permission in PERMISSIONS) if shared else PERMISSIONS


def _open_mailbox(cloud: Cloud, identity: Identity, address: str, http: httpx2.Client) -> GraphClient:
    client = GraphClient(
        cloud=cloud,
        mailbox=address,
        tokens=identity.tokens,
        http=http,
        slots=get_request_slots(identity.app),
        user=identity.username if identity.delegated else None,
    )
    with step(f"{cloud.name} gives an access token"):
        identity.tokens.get_token()
    with step(f"The mailbox {address} opens"):
        get_mail_folder(client, "inbox")
    return client
