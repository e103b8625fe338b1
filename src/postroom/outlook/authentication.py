"""The authentication modes of Connect, as settings."""

import re
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import httpx2

from postroom.auth.client_credentials import ClientCredentialsTokens
from postroom.auth.delegated import DelegatedTokens
from postroom.auth.managed import TOKEN_TYPES, ConnectionTokens, ManagedToken, ManagedTokens, TokenType
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in import BrowserSignIn, DeviceSignIn, LinkSignIn, NoSignIn, SignIn
from postroom.clouds import Cloud
from postroom.errors import SettingError
from postroom.graph.client import TokenSource
from postroom.outlook.control_room import check_cloud, create_device_tokens, find_connection_tokens
from postroom.values import Resolver, Secret, SecretSetting, Setting

if TYPE_CHECKING:
    from postroom.auth.certificate import Certificate


@dataclass(frozen=True)
class Identity:
    """Who a connection works as: the user whose mailbox it is, the tokens, and what limits are counted for.

    `delegated` says that the app acts for the user, with the user's own rights and no more.
    """

    username: str
    tokens: TokenSource
    app: Hashable
    delegated: bool = False


class Authentication(Protocol):
    """An authentication mode with its settings."""

    def identify(
        self, cloud: Cloud, resolver: Resolver, http: httpx2.Client, permissions: Sequence[str]
    ) -> Identity:
        """Resolve the settings, and make the token source of the mode.

        `permissions` are the delegated ones to ask for; those of an app that acts as itself are granted
        beforehand.
        """


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

    def identify(
        self,
        cloud: Cloud,
        resolver: Resolver,
        http: httpx2.Client,
        permissions: Sequence[str],  # noqa: ARG002 - an app that acts as itself asks for none
    ) -> Identity:
        """Resolve the settings, and make the token source.

        Errors: SettingError, CredentialNotFoundError, VariableNotFoundError, CertificateError.
        """
        place = _get_place(cloud, resolver, self.client_id, self.tenant_id)
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


@dataclass(frozen=True, kw_only=True)
class AuthorizationCode:
    """The app acts for a person, who signs in once (Authorization Code with PKCE).

    The first connection opens the browser on this machine; the tokens are then kept encrypted, and later
    connections are silent. `redirect_url` is one of the app registration's, of the kind “Mobile and desktop
    applications”, such as http://localhost:9999/Callback: any path and any open port. With `browser=False` the
    link is printed, to be opened anywhere, and the final address is pasted. With `unattended=True` nobody is ever
    asked.
    """

    client_id: Setting
    tenant_id: Setting
    redirect_url: Setting = "http://localhost"
    username: Setting
    browser: bool = True
    unattended: bool = False

    def identify(
        self, cloud: Cloud, resolver: Resolver, http: httpx2.Client, permissions: Sequence[str]
    ) -> Identity:
        """Resolve the settings, and make the token source.

        Errors: SettingError, CredentialNotFoundError, VariableNotFoundError.
        """
        place = _get_place(cloud, resolver, self.client_id, self.tenant_id)
        redirect_url = resolver.get_text("Redirect URL", self.redirect_url)
        username = resolver.get_text("Username", self.username)
        sign_in = self._choose_sign_in(redirect_url)
        return _act_for(place, username, permissions, sign_in, http)

    def _choose_sign_in(self, redirect_url: str) -> SignIn:
        if self.unattended:
            return NoSignIn()
        return BrowserSignIn(redirect_url) if self.browser else LinkSignIn(redirect_url)


@dataclass(frozen=True, kw_only=True)
class DeviceCode:
    """The app acts for a person, who signs in on another device by entering a short code there.

    For servers without a browser. The tokens are then kept encrypted, and later connections are silent. With
    `unattended=True` nobody is ever asked.
    """

    client_id: Setting
    tenant_id: Setting
    username: Setting
    unattended: bool = False

    def identify(
        self, cloud: Cloud, resolver: Resolver, http: httpx2.Client, permissions: Sequence[str]
    ) -> Identity:
        """Resolve the settings, and make the token source.

        Errors: SettingError, CredentialNotFoundError, VariableNotFoundError.
        """
        place = _get_place(cloud, resolver, self.client_id, self.tenant_id)
        username = resolver.get_text("Username", self.username)
        return _act_for(place, username, permissions, NoSignIn() if self.unattended else DeviceSignIn(), http)


@dataclass(frozen=True, kw_only=True)
class ControlRoomManaged:
    """The Control Room keeps the sign-in, and gives access tokens of one of its OAuth connections.

    `connection` is its name (case does not matter); `token` is “shared”, or “user-specific”: that of the user whose
    device or bot this is. `username` is who has signed in for it, which is checked, and may be left out; where the
    app of the connection acts as itself, it is the address of the mailbox. On a device the Control Room is the one
    of `postroom login`; `tokens` is another place where they come from.
    """

    connection: Setting
    token: TokenType = "shared"  # noqa: S105 - a kind of token
    username: Setting | None = None
    tokens: ConnectionTokens | None = field(default=None, repr=False)

    def identify(
        self,
        cloud: Cloud,
        resolver: Resolver,
        http: httpx2.Client,
        permissions: Sequence[str],  # noqa: ARG002 - they are the connection's
    ) -> Identity:
        """Resolve the settings, and ask for the first token, which tells whose it is.

        Errors: SettingError, CredentialNotFoundError, VariableNotFoundError; WrongCloudError where the connection
        is to the other cloud; NotSignedInError where this machine is signed in to no Control Room; others of
        ControlRoomError, WrongUserError, NetworkError.
        """
        connection = resolver.get_text("Connection", self.connection)
        username = "" if self.username is None else resolver.get_text("Username", self.username)
        source = self.tokens or find_connection_tokens() or create_device_tokens(http)
        tokens = ManagedTokens(source, connection, self._check_type(), username)
        given = tokens.get_managed_token()
        check_cloud(connection, given.cloud, cloud)
        return Identity(
            username=_choose_username(connection, username, given),
            tokens=tokens,
            app=(cloud.name, connection.casefold()),
            delegated=given.delegated,
        )

    def _check_type(self) -> TokenType:
        for known in TOKEN_TYPES:
            if known == self.token.strip().casefold():
                return known
        raise SettingError(f"Token type: “{self.token}” is not one of {', '.join(TOKEN_TYPES)}.")


MODES: dict[str, type] = {
    "Client Credentials": ClientCredentials,
    "Authorization Code with PKCE": AuthorizationCode,
    "Device code": DeviceCode,
    "Control Room managed": ControlRoomManaged,
}
"""The authentication modes, by the names that people know them by."""


def _choose_username(connection: str, username: str, given: ManagedToken) -> str:
    if username or given.signed_in_as:
        return username or given.signed_in_as
    raise SettingError(
        f"Username is missing: the app of the connection “{connection}” acts as itself, so say whose mailbox to open."
    )


def _act_for(
    place: SignInPlace, username: str, permissions: Sequence[str], sign_in: SignIn, http: httpx2.Client
) -> Identity:
    return Identity(
        username=username,
        tokens=DelegatedTokens(place, username, permissions, sign_in, http),
        app=(place.cloud.name, place.client_id),
        delegated=True,
    )


def _get_place(cloud: Cloud, resolver: Resolver, client_id: Setting, tenant_id: Setting) -> SignInPlace:
    return SignInPlace(
        cloud=cloud,
        tenant_id=_check_tenant_id(resolver.get_text("Tenant ID", tenant_id)),
        client_id=resolver.get_text("Client ID", client_id),
    )


def _check_tenant_id(tenant_id: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", tenant_id):
        raise SettingError(
            "Tenant ID is neither a GUID nor a domain name. Copy it from the Azure portal (Microsoft Entra ID → "
            "Overview → Tenant ID)."
        )
    return tenant_id
