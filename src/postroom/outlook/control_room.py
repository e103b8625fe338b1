"""What comes from a Control Room: the tokens of its OAuth connections, and the credentials of its vault."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import httpx2

from postroom.auth.managed import ConnectionTokens
from postroom.clouds import Cloud
from postroom.errors import SettingError, WrongCloudError
from postroom.remote import ControlRoomClient, get_control_room, list_credential_sources
from postroom.values import CredentialSource, Resolver, find_used_credentials
from postroom.version import USER_AGENT

_wired: ContextVar[ConnectionTokens | None] = ContextVar("connection_tokens", default=None)


@contextmanager
def use_connection_tokens(tokens: ConnectionTokens) -> Iterator[None]:
    """Let every connection that is opened inside get its tokens here: for whoever runs bots in the Control Room."""
    token = _wired.set(tokens)
    try:
        yield
    finally:
        _wired.reset(token)


def find_connection_tokens() -> ConnectionTokens | None:
    """The source that `use_connection_tokens` names for what runs here; None where it names none."""
    return _wired.get()


def create_device_tokens(http: httpx2.Client) -> ConnectionTokens:
    """The Control Room that this machine is signed in to. Errors: NotSignedInError, SettingError, KeychainError."""
    known = get_control_room()
    return ControlRoomClient(known.url, known.api_key, http)


def create_resolver(
    credentials: Sequence[CredentialSource] | None, variables: Mapping[str, Any] | None
) -> Resolver:
    """What gives settings their values: these credentials, else those in use here, else the places of this machine."""
    chosen = find_used_credentials() if credentials is None else credentials
    return Resolver(list_credential_sources(USER_AGENT) if chosen is None else chosen, variables)


def check_cloud(connection: str, has: str | None, chosen: Cloud) -> None:
    """Refuse a connection to another cloud than the one that was chosen. Errors: WrongCloudError, SettingError."""
    if has is None:
        raise SettingError(
            f"The connection “{connection}” is to a Custom provider, whose tokens open no Outlook mailbox. Choose one "
            "to Microsoft Entra."
        )
    if has != chosen.name:
        raise WrongCloudError(
            f"The connection “{connection}” is to {has}, and the Azure cloud that was chosen is {chosen.name}. Choose "
            f"{has}, or another connection."
        )
