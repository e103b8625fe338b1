"""How the provider of a connection is spoken to: a person's sign-in, a refresh, a token for the app itself.

One face for all providers: Microsoft Entra through MSAL (`grants_entra`), any other through Authlib
(`grants_custom`). What a provider gives comes back as a `Grant`; nothing is stored here, and nothing of the database
is held while a provider is asked.
"""

from collections.abc import Mapping
from typing import Any

from postroom.controlroom.connections import grants_custom, grants_entra
from postroom.controlroom.connections.grants_given import Grant
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.providers import find_cloud

__all__ = ["Grant", "ask_for_itself", "finish_sign_in", "refresh", "start_sign_in"]


def start_sign_in(
    connection: OAuthConnection, redirect_uri: str, state: str, login_hint: str | None = None
) -> tuple[str, dict[str, Any]]:
    """Where to send the browser of a person who signs in, and what `finish_sign_in` needs of it (plain JSON).

    The flow holds the code verifier: keep it encrypted. Errors: SettingError, CertificateError, VaultError; where
    the provider publishes where to go, SignInError and NetworkError too.
    """
    url, flow = _choose(connection).start_sign_in(connection, redirect_uri, state, login_hint)
    return url, flow


def finish_sign_in(connection: OAuthConnection, flow: dict[str, Any], params: Mapping[str, str]) -> Grant:
    """Redeem what the browser brought back (the parameters of its address).

    Errors: SignInAnswerError where it is not the answer to this sign-in; SignInDeniedError, ConsentMissingError and
    other SignInErrors where the provider refuses; NetworkError, SettingError, CertificateError, VaultError.
    """
    grant: Grant = _choose(connection).finish_sign_in(connection, flow, params)
    return grant


def refresh(connection: OAuthConnection, kept: bytes) -> Grant:
    """Get another access token with what was kept of the last grant.

    The new grant keeps the old refresh token where the provider gives no new one. Errors: SignInNeededError,
    ConsentMissingError where a person must sign in again; else SignInError, NetworkError, SettingError,
    CertificateError, VaultError. Source: RFC 6749 §6.
    """
    grant: Grant = _choose(connection).refresh(connection, kept)
    return grant


def ask_for_itself(connection: OAuthConnection) -> Grant:
    """Get an access token for the app as itself (client credentials). Errors: as `refresh`. Source: RFC 6749 §4.4."""
    grant: Grant = _choose(connection).ask_for_itself(connection)
    return grant


def _choose(connection: OAuthConnection) -> Any:
    return grants_custom if find_cloud(connection.provider) is None else grants_entra
