"""Microsoft Entra as a provider, through MSAL; its serialised token cache is what is kept.

Source: Microsoft identity platform and the OAuth 2.0 authorization code and client credentials flows.
"""

import copy
import json
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext as _

from postroom.auth.certificate import Certificate
from postroom.auth.entra import EntraWire
from postroom.auth.refusals import SignInPlace
from postroom.auth.sign_in.authorization_code import redeem_answer
from postroom.clouds import Cloud
from postroom.controlroom.connections.grants_given import ClientCredential, Grant, try_client_credentials
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import find_cloud
from postroom.controlroom.connections.scopes import RESERVED, parse_scopes
from postroom.errors import SettingError, SignInNeededError
from postroom.network import create_http_client
from postroom.values import Secret
from postroom.version import USER_AGENT

if TYPE_CHECKING:
    import msal

T = TypeVar("T")

USER_NAME_CLAIMS = ("preferred_username", "upn", "email")


def start_sign_in(
    connection: OAuthConnection, redirect_uri: str, state: str, login_hint: str | None
) -> tuple[str, dict[str, Any]]:
    """As `grants.start_sign_in`. With PKCE always: Entra takes it from every client."""

    def ask(client: "_Client") -> tuple[str, dict[str, Any]]:
        with warnings.catch_warnings():
            # MSAL advises form_post, with which the browser leaves out the cookie that says who signs in.
            warnings.filterwarnings("ignore", message="response_mode")
            flow = client.application.initiate_auth_code_flow(
                _list_scopes(connection),
                redirect_uri,
                state=state,
                login_hint=login_hint or None,
                # Whoever is signed in at Microsoft may not be whose mailbox is meant: at first they choose.
                prompt=None if login_hint else "select_account",
                response_mode="query",
            )
        client.check(flow, "auth_uri")
        return str(flow["auth_uri"]), flow

    return _with_client(connection, b"", ask)


def finish_sign_in(connection: OAuthConnection, flow: dict[str, Any], params: Mapping[str, str]) -> Grant:
    """As `grants.finish_sign_in`."""

    def ask(client: "_Client") -> Grant:
        # MSAL takes things out of the flow, which a second client secret would miss.
        result = redeem_answer(client.application, copy.deepcopy(flow), params)
        return client.accept(result)

    return _with_client(connection, b"", ask)


def refresh(connection: OAuthConnection, kept: bytes) -> Grant:
    """As `grants.refresh`."""

    def ask(client: "_Client") -> Grant:
        for account in client.application.get_accounts():
            result = client.application.acquire_token_silent_with_error(
                _list_scopes(connection), account, force_refresh=True
            )
            if result is not None:
                return client.accept(result, str(account.get("username") or ""))
        raise SignInNeededError(_("Nothing is kept of the last sign-in. Sign in again."))

    return _with_client(connection, kept, ask)


def ask_for_itself(connection: OAuthConnection) -> Grant:
    """As `grants.ask_for_itself`."""

    def ask(client: "_Client") -> Grant:
        result = client.application.acquire_token_for_client(
            _list_scopes(connection) or [_get_cloud(connection).scope]
        )
        client.check(result, "access_token")
        return Grant(b"", Secret(result["access_token"]), _read_expires(result), "")

    return _with_client(connection, b"", ask)


def _list_scopes(connection: OAuthConnection) -> list[str]:
    """The scopes of a connection without those that MSAL adds itself."""
    return [scope for scope in parse_scopes(connection.scopes) if scope not in RESERVED]


class _Client:
    """The app of a connection, with one of its client credentials, for one question."""

    def __init__(
        self, application: "msal.ClientApplication", cache: "msal.SerializableTokenCache", wire: EntraWire
    ) -> None:
        self.application = application
        self._cache = cache
        self._wire = wire

    def check(self, result: Mapping[str, Any], wanted: str) -> None:
        """Raise what Entra ID refused."""
        if wanted not in result:
            raise self._wire.create_error(None, result)

    def accept(self, result: Mapping[str, Any], username: str = "") -> Grant:
        """Give what is to be kept of an answer of the token endpoint."""
        self.check(result, "access_token")
        claims = result.get("id_token_claims") or {}
        named = next((str(claims[name]) for name in USER_NAME_CLAIMS if claims.get(name)), username)
        kept = self._cache.serialize()
        return Grant(
            kept=kept.encode(),
            access_token=Secret(result["access_token"]),
            expires=_read_expires(result),
            signed_in_as=named,
            refreshable=bool(json.loads(kept).get("RefreshToken")),
        )


def _with_client(connection: OAuthConnection, kept: bytes, ask: Callable[["_Client"], T]) -> T:
    """Ask with each client credential in turn, beginning each time with what is kept."""

    def ask_as(credential: ClientCredential) -> T:
        with _open_client(connection, kept, credential) as client:
            return ask(client)

    return try_client_credentials(connection, ask_as)


@contextmanager
def _open_client(
    connection: OAuthConnection, kept: bytes, credential: ClientCredential
) -> Iterator["_Client"]:
    import msal  # noqa: PLC0415 - costs more than HTTP and JSON together

    place = SignInPlace(_get_cloud(connection), connection.tenant_id, connection.client_id)
    cache = msal.SerializableTokenCache()
    if kept:
        cache.deserialize(kept.decode())
    with create_http_client(USER_AGENT) as http:
        wire = EntraWire(http, place)
        common = {
            "authority": place.cloud.authority(place.tenant_id),
            "token_cache": cache,
            "http_client": wire,
        }
        if credential is None:
            application = msal.PublicClientApplication(place.client_id, **common)
        else:
            application = msal.ConfidentialClientApplication(
                place.client_id, client_credential=_describe(credential), **common
            )
        yield _Client(application, cache, wire)


def _describe(credential: Secret | Certificate) -> str | dict[str, str]:
    if isinstance(credential, Secret):
        return credential.reveal()
    return {
        "private_key": credential.private_key.reveal(),
        "public_certificate": credential.public_pem,
    }


def _get_cloud(connection: OAuthConnection) -> Cloud:
    cloud = find_cloud(connection.provider)
    if cloud is None:
        raise SettingError(
            _("The connection “%(connection)s” is not one to Microsoft Entra.")
            % {"connection": connection.name}
        )
    return cloud


def _read_expires(result: Mapping[str, Any]) -> datetime:
    return datetime.now(UTC) + timedelta(seconds=int(result.get("expires_in", 0)))
