"""The authentication modes of Connect, as settings."""

import re
from collections.abc import Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import httpx2

from postroom.auth.client_credentials import ClientCredentialsTokens
from postroom.auth.refusals import SignInPlace
from postroom.clouds import Cloud
from postroom.errors import SettingError
from postroom.graph.client import TokenSource
from postroom.values import Resolver, Secret, SecretSetting, Setting

if TYPE_CHECKING:
    from postroom.auth.certificate import Certificate


@dataclass(frozen=True)
class Identity:
    """Who a connection works as: the user whose mailbox it is, the tokens, and what limits are counted for."""

    username: str
    tokens: TokenSource
    app: Hashable


class Authentication(Protocol):
    """An authentication mode with its settings."""

    def identify(self, cloud: Cloud, resolver: Resolver, http: httpx2.Client) -> Identity:
        """Resolve the settings, and make the token source of the mode."""


@dataclass(frozen=True, kw_only=True)
class ClientCredentials:
    """The app signs in as itself, with a client secret or a certificate.

    Each setting takes a `Credential`, a `Variable` or an insecure string. `client_certificate` is PEM text
    with the certificate and its key, or the path of a PEM file. `username` is the address of the mailbox.
    """

    client_id: Setting
    tenant_id: Setting
    client_secret: SecretSetting | None = field(default=None, repr=False)
    client_certificate: SecretSetting | None = field(default=None, repr=False)
    username: Setting

    def identify(self, cloud: Cloud, resolver: Resolver, http: httpx2.Client) -> Identity:
        """Resolve the settings, and make the token source.

        Errors: SettingError, CredentialNotFoundError, VariableNotFoundError, CertificateError.
        """
        place = SignInPlace(
            cloud=cloud,
            tenant_id=_check_tenant_id(resolver.get_text("Tenant ID", self.tenant_id)),
            client_id=resolver.get_text("Client ID", self.client_id),
        )
        return Identity(
            username=resolver.get_text("Username", self.username),
            tokens=ClientCredentialsTokens(place, self._get_client_credential(resolver), http),
            app=(cloud.name, place.client_id),
        )

    def _get_client_credential(self, resolver: Resolver) -> "Secret | Certificate":
        match (self.client_secret, self.client_certificate):
            case (None, None):
                raise SettingError("Client secret is missing. Enter a client secret or a client certificate.")
            case (secret, None) if secret is not None:
                return resolver.get_secret("Client secret", secret)
            case (None, certificate) if certificate is not None:
                from postroom.auth.certificate import load_certificate  # noqa: PLC0415 - cryptography is slow

                return load_certificate(resolver.get_secret("Client certificate", certificate))
        raise SettingError("There is a client secret and a client certificate. Give one of the two.")


def _check_tenant_id(tenant_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", tenant_id):
        raise SettingError(
            "Tenant ID is neither a GUID nor a domain name. Copy it from the Azure portal (Microsoft Entra ID → "
            "Overview → Tenant ID)."
        )
    return tenant_id
