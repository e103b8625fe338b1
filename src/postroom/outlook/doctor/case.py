"""What an examination knows of the connection before it: what was given, and what was learnt on the way."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import httpx2

from postroom.actions import Action
from postroom.auth.entra import EntraWire
from postroom.auth.refusals import SignInPlace
from postroom.clouds import Cloud, get_cloud
from postroom.errors import NetworkError, PostroomError, SettingError
from postroom.network import create_http_client, network_errors
from postroom.outlook.authentication import (
    Authentication,
    AuthorizationCode,
    ClientCredentials,
    DeviceCode,
    Identity,
)
from postroom.outlook.connecting import list_delegated_permissions
from postroom.outlook.control_room import create_resolver
from postroom.outlook.doctor.claims import read_permissions
from postroom.values import CredentialSource, Resolver, Secret, Setting
from postroom.version import USER_AGENT

REACH_TIMEOUT_SECONDS = 10.0
READ, WRITE, SEND = "Mail.Read", "Mail.ReadWrite", "Mail.Send"
COVERED_BY = {READ: WRITE}
"""Microsoft Graph takes the permission on the right for the one on the left."""


@dataclass(frozen=True)
class Resolved:
    """The settings with their values, and the token source that comes of them."""

    place: SignInPlace
    identity: Identity
    address: str

    @property
    def cloud(self) -> Cloud:
        """The Azure cloud that was chosen."""
        return self.place.cloud


@dataclass
class Case:
    """One connection under examination; each thing is learnt when a leg first asks for it, and then kept."""

    cloud_name: str
    authentication: Authentication
    mailbox: Setting | None
    variables: Mapping[str, Any] | None
    credentials: Sequence[CredentialSource] | None
    actions: Sequence[Action]
    _reached: dict[str, NetworkError | None] = field(default_factory=dict)

    @property
    def http(self) -> httpx2.Client:
        """The HTTP client of a Connect; a plain one, which nothing is sent with, where that cannot be made."""
        return self._opened[0]

    @property
    def network_error(self) -> NetworkError | None:
        """Why the network settings of this machine cannot be used, if they cannot."""
        return self._opened[1]

    @cached_property
    def _opened(self) -> tuple[httpx2.Client, NetworkError | None]:
        try:
            return create_http_client(USER_AGENT), None
        except NetworkError as error:
            return httpx2.Client(trust_env=False), error

    def close(self) -> None:
        """Close the HTTP client, if there is one."""
        if "_opened" in self.__dict__:
            self.http.close()

    @cached_property
    def resolver(self) -> Resolver:
        """Where the values of the settings come from."""
        return create_resolver(self.credentials, self.variables)

    @cached_property
    def resolved(self) -> Resolved:
        """The settings with their values. Errors: those of settings, as a Connect raises them."""
        cloud, given = get_cloud(self.cloud_name), self.mode
        permissions = list_delegated_permissions(shared=self.mailbox is not None)
        identity = given.identify(cloud, self.resolver, self.http, permissions)
        place = SignInPlace(
            cloud=cloud,
            tenant_id=self.resolver.get_text("Tenant ID", given.tenant_id),
            client_id=self.resolver.get_text("Client ID", given.client_id),
        )
        address = identity.username
        if self.mailbox is not None:
            address = self.resolver.get_text("Shared mailbox", self.mailbox)
        return Resolved(place, identity, address)

    @cached_property
    def mode(self) -> "ClientCredentials | AuthorizationCode | DeviceCode":
        """The authentication mode with its settings, such that nobody is ever asked to sign in."""
        match self.authentication:
            case ClientCredentials():
                return self.authentication
            case AuthorizationCode() | DeviceCode():
                return replace(self.authentication, unattended=True)
        raise SettingError(
            "What the Control Room manages is examined there: open the connection on its pages, and choose Test "
            "connection."
        )

    @property
    def place(self) -> SignInPlace:
        """Who signs in where."""
        return self.resolved.place

    @property
    def hosts(self) -> tuple[str, str]:
        """The two hosts that a Connect speaks to: sign-in, then Graph."""
        return self.resolved.cloud.login_host, self.resolved.cloud.graph_host

    @cached_property
    def wire(self) -> EntraWire:
        """The wire to Entra ID."""
        return EntraWire(self.http, self.place)

    def find_obstacle(self, host: str) -> NetworkError | None:
        """What keeps this machine from an answer of this host; None where one came, whatever it says."""
        if self.network_error:
            return self.network_error
        if host not in self._reached:
            self._reached[host] = self._reach(host)
        return self._reached[host]

    def _reach(self, host: str) -> NetworkError | None:
        try:
            with network_errors(host):
                self.http.get(f"https://{host}/", timeout=REACH_TIMEOUT_SECONDS)
        except NetworkError as error:
            return error
        return None

    @cached_property
    def token(self) -> Secret | PostroomError:
        """A new access token, or why there is none."""
        tokens = self.resolved.identity.tokens
        try:
            # One that was kept says nothing of whether the app may still get one.
            return tokens.renew_token(tokens.get_token())
        except PostroomError as error:
            return error

    def get_token(self) -> Secret:
        """The access token. Errors: those of its token source."""
        if isinstance(self.token, PostroomError):
            raise self.token
        return self.token

    @cached_property
    def granted(self) -> frozenset[str]:
        """The permissions of Microsoft Graph that the access token carries. Errors: as `get_token`."""
        return read_permissions(self.get_token())

    @cached_property
    def needs(self) -> Mapping[str, tuple[str, ...]]:
        """The permissions that the chosen actions need, each with the titles of those actions.

        Mail.Read is always among them, or what covers it: a Connect opens the mailbox.
        """
        found: dict[str, tuple[str, ...]] = {READ: ()}
        for action in self.actions:
            for permission in action.permissions:
                found[permission] = (*found.get(permission, ()), action.title)
        return {name: titles for name, titles in found.items() if COVERED_BY.get(name) not in found}

    def spell_permission(self, permission: str) -> str:
        """The permission as this connection needs it: in a shared mailbox, for a user, it ends in .Shared."""
        is_delegated = not isinstance(self.authentication, ClientCredentials)
        return f"{permission}.Shared" if is_delegated and self.mailbox is not None else permission
