"""A connection under examination, and what can be made wrong with it: in its settings, its network, its tenant."""

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keyring
import pytest
from keyring.backend import KeyringBackend

from postroom import outlook
from postroom.auth.delegated import DelegatedTokens
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in import SignInRequest
from postroom.auth.sign_in.authorization_code import redeem_answer, start_flow
from postroom.clouds import get_cloud
from postroom.network import create_http_client
from postroom.outlook.connecting import list_delegated_permissions
from postroom.outlook.doctor import Report, examine
from support.odd_networks import Answer, open_proxy
from support.sign_in import sign_in
from support.tenant import GLOBAL, RunningTenant

REDIRECT_URL = "http://localhost"
TOKEN_KEY = "P" * 42 + "A"


@dataclass
class Patient:
    """A connection that holds, until something is done to it."""

    tenant: RunningTenant
    folder: Path
    opened: ExitStack
    monkeypatch: pytest.MonkeyPatch
    mode: Callable[..., Any] = outlook.ClientCredentials
    cloud: str = GLOBAL
    mailbox: str | None = None
    actions: tuple[str, ...] = ()
    settings: dict[str, Any] = field(default_factory=dict)

    def examine(self) -> Report:
        """Examine the connection."""
        wanted = [action for action in outlook.package.actions if not action.opens]
        return examine(
            cloud=self.cloud,
            authentication=self.mode(**self.settings),
            mailbox=self.mailbox,
            actions=[action for action in wanted if not self.actions or action.command in self.actions],
        )

    def be_app(self, name: str) -> None:
        """Sign in as another app of the tenant."""
        app = self.tenant.app(name)
        self.settings |= {"client_id": app["client_id"], "client_secret": app["client_secret"]}

    def be_person(self, mode: Callable[..., Any] = outlook.AuthorizationCode, **settings: Any) -> None:
        """Let the app act for the person, on a machine where tokens can be kept."""
        self.mode = mode
        self.settings["client_id"] = self.tenant.app("Desktop bot")["client_id"]
        self.settings.pop("client_secret", None)
        if mode is outlook.AuthorizationCode:
            self.settings["redirect_url"] = REDIRECT_URL
        self.settings |= settings
        self.set_variable("XDG_STATE_HOME", self.folder / "state")
        self.set_variable("POSTROOM_TOKEN_KEY", TOKEN_KEY)

    def sign_in(self) -> None:
        """Let the person sign in, and keep the tokens."""
        place = SignInPlace(get_cloud(self.cloud), self.settings["tenant_id"], self.settings["client_id"])
        permissions = list_delegated_permissions(shared=self.mailbox is not None)
        with create_http_client("Test") as http:
            way = _PagesSignIn(self.tenant)
            DelegatedTokens(place, self.settings["username"], permissions, way, http).get_token()

    def set_variable(self, name: str, value: object) -> None:
        """Set an environment variable."""
        self.monkeypatch.setenv(name, str(value))

    def open(self, resource: AbstractContextManager[Any]) -> Any:
        """Keep something open until the test ends."""
        return self.opened.enter_context(resource)

    def stand_behind(self, answer: Answer) -> None:
        """Let a proxy that answers so stand before the network."""
        self.use_proxy(self.open(open_proxy(answer)))

    def use_proxy(self, address: str) -> None:
        """Set this proxy, in both ways of writing that the tenant's environment has."""
        for name in ("HTTPS_PROXY", "https_proxy"):
            self.set_variable(name, address)

    def have_keychain(self, keychain: KeyringBackend) -> None:
        """Give the machine this keychain."""
        self.opened.callback(keyring.set_keyring, keyring.get_keyring())
        keyring.set_keyring(keychain)

    def change(self, method: str, path: str, **settings: Any) -> None:
        """Change something in the tenant's directory."""
        answer = self.tenant.control.request(method, path, json=settings)
        assert answer.is_success, answer.text

    @property
    def ports(self) -> Mapping[str, int]:
        """Where the hosts of Azure Global are on this machine."""
        hosts = ("login.microsoftonline.com", "graph.microsoft.com")
        return dict.fromkeys(hosts, self.tenant.port)


class _PagesSignIn:
    """A person who signs in on the tenant's pages, without a window."""

    def __init__(self, tenant: RunningTenant) -> None:
        self._tenant = tenant

    def sign_in(self, application: Any, request: SignInRequest, accept: Any) -> Mapping[str, Any]:
        flow = start_flow(application, request, REDIRECT_URL, "query")
        answer = sign_in(self._tenant, flow["auth_uri"], request.username)
        result = redeem_answer(application, flow, answer)
        accept(result)
        return result
