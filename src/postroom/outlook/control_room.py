"""Where the tokens of OAuth connections come from: the Control Room that this device belongs to, or another source."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import httpx2

from postroom.auth.managed import ConnectionTokens
from postroom.clouds import Cloud
from postroom.errors import SettingError, WrongCloudError
from postroom.remote import ControlRoomClient, get_control_room

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
