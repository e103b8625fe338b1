"""What a person reads of a token or a connection: one of five words."""

from datetime import datetime, timedelta
from enum import StrEnum

from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_noop as _

from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType

LONGEST_SLEEP = timedelta(days=90)
"""How long Entra ID lets a refresh token sleep before it is dead (AADSTS700082)."""
SLEEP_WARNING = timedelta(days=60)
"""Twice as long as keep-alive lets one sleep: something keeps it from working."""
UNREFRESHABLE_WARNING = timedelta(days=1)
"""Before an access token ends that nothing but a new sign-in can follow."""
CLIENT_SECRET_WARNING = timedelta(days=14)


class Status(StrEnum):
    """How a connection stands."""

    ACTIVE = _("Active")
    EXPIRES_SOON = _("Expires soon")
    EXPIRED = _("Expired")
    NOT_CONNECTED = _("Not connected")
    NEEDS_SIGN_IN = _("Needs sign-in")

    @property
    def label(self) -> str:
        """The words in the language of the reader."""
        return str(gettext(self.value))


def get_status(token_or_connection: ConnectionToken | OAuthConnection) -> Status:
    """The status of a token; of a connection, that of its Shared token and of what its client proves itself with."""
    if isinstance(token_or_connection, ConnectionToken):
        return _get_token_status(token_or_connection)
    shared = next((token for token in token_or_connection.tokens.all() if token.user_id is None), None)
    of_token = _get_token_status(shared) if shared is not None else Status.NOT_CONNECTED
    of_secret = _get_client_status(token_or_connection)
    return of_secret if of_token in (Status.ACTIVE, Status.EXPIRES_SOON) and of_secret else of_token


def get_sign_in_end(token: ConnectionToken) -> datetime | None:
    """When the sign-in ends if nothing is done, as far as anybody knows; None where there is none."""
    if token.encrypted is None or token.connection.grant_type == GrantType.CLIENT_CREDENTIALS:
        return None
    if token.needs_sign_in:
        ends: datetime | None = token.expires
        return ends
    return token.refreshed + LONGEST_SLEEP if token.refreshed is not None else None


def _get_token_status(token: ConnectionToken) -> Status:
    if token.encrypted is None:
        return Status.NEEDS_SIGN_IN if token.needs_sign_in else Status.NOT_CONNECTED
    if token.connection.grant_type == GrantType.CLIENT_CREDENTIALS:
        return Status.ACTIVE
    if token.needs_sign_in and token.last_error:
        return Status.NEEDS_SIGN_IN
    return _judge_end(
        get_sign_in_end(token),
        UNREFRESHABLE_WARNING if token.needs_sign_in else LONGEST_SLEEP - SLEEP_WARNING,
    )


def _judge_end(ends: datetime | None, warning: timedelta) -> Status:
    now = timezone.now()
    if ends is None or now < ends - warning:
        return Status.ACTIVE
    return Status.EXPIRED if ends <= now else Status.EXPIRES_SOON


def _get_client_status(connection: OAuthConnection) -> Status | None:
    """What the client's secrets or certificates make of an active connection; None where they are good."""
    if connection.client_authentication == ClientAuthentication.NONE:
        return None
    ends = [stored.expires for stored in connection.secrets.all()]
    if not ends or None in ends:
        return None
    today = timezone.now().date()
    if max(ends) < today:
        return Status.EXPIRED
    return Status.EXPIRES_SOON if max(ends) - CLIENT_SECRET_WARNING <= today else None
