"""What a provider gives, and what the client of a connection proves itself with."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

from django.utils.translation import gettext as _

from postroom.auth.certificate import Certificate, load_certificate
from postroom.controlroom.connections.client_secrets import reveal_secret
from postroom.controlroom.connections.models import ClientSecret, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication
from postroom.errors import CertificateError, ClientRefusedError, SettingError
from postroom.values import Secret

T = TypeVar("T")

ClientCredential = Secret | Certificate | None


@dataclass(frozen=True)
class Grant:
    """What a provider gave: an access token, and what is to be kept for the next one."""

    kept: bytes = field(repr=False)
    """What `grants.refresh` needs, in the form of the provider's module; a secret."""
    access_token: Secret
    expires: datetime
    """When the access token ends, in UTC."""
    signed_in_as: str
    """The account of the person, as the provider names it; empty where the app acts as itself."""
    refreshable: bool = True
    """Whether another access token can be had without a person."""


def try_client_credentials(connection: OAuthConnection, ask: Callable[[ClientCredential], T]) -> T:
    """Ask the provider with what the connection's client proves itself with: the newest first.

    An older one is tried where the newer is refused or has expired, as both stand side by side during a change.
    Errors: SettingError where there is none; ClientRefusedError, CertificateError for the newest where all are
    refused; VaultError; and what `ask` raises.
    """
    refused: ClientRefusedError | CertificateError | None = None
    for stored in _list_client_credentials(connection):
        try:
            return ask(None if stored is None else _read(connection, stored))
        except (ClientRefusedError, CertificateError) as error:
            refused = refused or error
    if refused is not None:
        raise refused
    raise SettingError(
        _(
            "The connection “%(connection)s” has no client secret or certificate. Add one to the connection, as the "
            "provider shows it."
        )
        % {"connection": connection.name}
    )


def _list_client_credentials(connection: OAuthConnection) -> list[ClientSecret | None]:
    if connection.client_authentication == ClientAuthentication.NONE:
        return [None]
    return list(connection.secrets.order_by("-added"))


def _read(connection: OAuthConnection, stored: ClientSecret) -> Secret | Certificate:
    plain = reveal_secret(stored)
    if connection.client_authentication == ClientAuthentication.CERTIFICATE:
        return load_certificate(plain)
    return plain
