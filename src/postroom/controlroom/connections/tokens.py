"""The tokens of connections: kept encrypted, given out while they are good, refreshed once for everybody.

Who finds the kept access token too old takes the lease of the token (`leases`), looks again, and asks the provider;
the others wait, and look again. What comes back is written only over the generation that was read, so that a late
writer never overwrites a newer token. No database transaction is open while a provider is asked.
"""

import hashlib
import logging
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import models
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import SYSTEM
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections import grants, token_rows
from postroom.controlroom.connections.grants_given import Grant
from postroom.controlroom.connections.leases import find_lease
from postroom.controlroom.connections.models import ConnectionToken, OAuthConnection
from postroom.controlroom.connections.providers import GrantType
from postroom.errors import (
    ConnectionNotReadyError,
    ConsentMissingError,
    PostroomError,
    SignInNeededError,
    VaultError,
)
from postroom.values import Secret

LONGEST_WAIT_SECONDS = 30.0
"""How long somebody waits for another's refresh."""
FRESH_SHARE = 0.9
"""Of its lifetime: no more can be asked of a token, or providers whose tokens are short-lived were asked each time."""
FIRST_COOL_DOWN = timedelta(seconds=5)
LONGEST_COOL_DOWN = timedelta(minutes=15)
USE_NOTED_EVERY = timedelta(minutes=1)

logger = logging.getLogger("postroom.controlroom.connections")


@dataclass(frozen=True)
class AccessToken:
    """An access token as it is given out."""

    token: Secret
    expires: datetime
    """In UTC."""
    signed_in_as: str
    """Whose mailbox it opens; empty where the app acts as itself."""


@dataclass(frozen=True)
class Demand:
    """What a token must be good for."""

    least_validity_seconds: float
    refused: str = ""
    """The SHA-256, in hex, of a token that the service has refused: any but this one."""


def get_access_token(
    connection: OAuthConnection,
    user: User | None,
    least_validity_seconds: float = 300,
    used_by: str = "",
    *,
    refused: str = "",
) -> AccessToken:
    """Get an access token of the connection: of the user's own sign-in, or the Shared one without a user.

    It is good for the seconds that are asked, or for nine tenths of the lifetime that the provider gives. `refused`
    is the fingerprint of a token that the service did not accept: then it is another one. Rights are the caller's
    matter. Errors: ConnectionNotReadyError where somebody must sign in, or the provider failed a moment ago;
    VaultError; RecordNotFoundError where the connection was deleted.
    """
    token = _get_token(connection, user)
    demand = Demand(least_validity_seconds, refused)
    access = _find_good(token, demand) or _wait_for_good(connection, token, demand)
    _note_use(token, used_by)
    return access


def keep(connection: OAuthConnection, user: User | None, grant: Grant) -> ConnectionToken:
    """Keep what a person's sign-in gave, in place of whatever was kept. Errors: VaultError."""
    token = token_rows.get_or_create_token(connection, user)
    now = timezone.now()
    # A sign-in is newer than every refresh that is under way: the generation leaves those behind.
    ConnectionToken.objects.filter(pk=token.pk).update(
        **token_rows.describe(token, grant),
        signed_in=now,
        generation=models.F("generation") + 1,
    )
    token.refresh_from_db()
    return token


def forget(connection: OAuthConnection, user: User | None) -> bool:
    """Forget the tokens of a sign-in; says whether there were any."""
    return bool(
        ConnectionToken.objects.filter(connection=connection, user=user, encrypted__isnull=False).update(
            encrypted=None,
            expires=None,
            refreshed=None,
            signed_in=None,
            signed_in_as="",
            generation=models.F("generation") + 1,
            **token_rows.NO_FAILURE,
        )
    )


def refresh_sleeping(token: ConnectionToken, asleep_since: datetime) -> bool:
    """Refresh a token that nobody has refreshed since then, unless another process does; says whether it did.

    Errors: ConnectionNotReadyError where the provider refused; VaultError.
    """
    with find_lease(token.pk) as lease:
        token.refresh_from_db()
        if (
            lease is None
            or token.encrypted is None
            or token.refreshed is None
            or token.refreshed > asleep_since
        ):
            return False
        if _refresh(token.connection, token) is None:
            token.refresh_from_db()
            _check_ready(token)
            return False
        return True


def _get_token(connection: OAuthConnection, user: User | None) -> ConnectionToken:
    if connection.grant_type == GrantType.CLIENT_CREDENTIALS:
        if user is None:
            return token_rows.get_or_create_token(connection, None)
        raise ConnectionNotReadyError(
            _("With client credentials the app acts as itself: “%(connection)s” has a Shared token alone.")
            % {"connection": connection.name}
        )
    return token_rows.find_token(connection, user) or ConnectionToken(connection=connection, user=user)


def _find_good(token: ConnectionToken, demand: Demand) -> AccessToken | None:
    if token.encrypted is None or token.expires is None or not _is_long_enough(token, demand):
        return None
    access_token = token_rows.read(token).access_token
    if demand.refused and hashlib.sha256(access_token.encode()).hexdigest() == demand.refused:
        return None
    return AccessToken(Secret(access_token), token.expires, token.signed_in_as)


def _is_long_enough(token: ConnectionToken, demand: Demand) -> bool:
    left_seconds = (token.expires - timezone.now()).total_seconds()
    lifetime_seconds = (token.expires - token.refreshed).total_seconds()
    return left_seconds > 0 and left_seconds >= min(
        demand.least_validity_seconds, FRESH_SHARE * lifetime_seconds
    )


def _wait_for_good(connection: OAuthConnection, token: ConnectionToken, demand: Demand) -> AccessToken:
    for _look in _iterate_looks():
        _check_ready(token)
        with find_lease(token.pk) as lease:
            token_rows.look_again(token)
            found = _find_good(token, demand)
            if found is None and lease is not None:
                _check_ready(token)
                found = _refresh(connection, token)
        if found is not None:
            return found
    raise ConnectionNotReadyError(
        _(
            "Another process is refreshing the token of “%(connection)s”, and it takes long. Try again in a moment."
        )
        % {"connection": connection.name}
    )


def _iterate_looks() -> Iterator[None]:
    """Come back for one look after another, a little later each time and never in step with the others."""
    give_up = time.monotonic() + LONGEST_WAIT_SECONDS
    pause_seconds = 0.05
    while time.monotonic() < give_up:
        yield
        time.sleep(pause_seconds * random.uniform(0.5, 1.5))  # noqa: S311 - no secret
        pause_seconds = min(pause_seconds * 1.5, 0.5)


def _check_ready(token: ConnectionToken) -> None:
    """Refuse where asking the provider can only fail. Errors: ConnectionNotReadyError."""
    connection = token.connection
    if token.needs_sign_in:
        why = token.last_error or _(
            "The access token is not good any more, and the provider gave no refresh token."
        )
        raise ConnectionNotReadyError(f"{why} {_say_who_signs_in(token)}")
    if token.encrypted is None and connection.grant_type != GrantType.CLIENT_CREDENTIALS:
        nobody = _("Nobody has signed in to the connection “%(connection)s” yet.") % {
            "connection": connection.name
        }
        raise ConnectionNotReadyError(f"{nobody} {_say_who_signs_in(token)}")
    if token.cool_down_until is not None and token.cool_down_until > timezone.now():
        raise ConnectionNotReadyError(
            _("%(error)s (The connection “%(connection)s” is not tried again before %(time)s UTC.)")
            % {
                "error": token.last_error,
                "connection": connection.name,
                "time": date_format(token.cool_down_until, "H:i:s"),
            }
        )


def _say_who_signs_in(token: ConnectionToken) -> str:
    if token.user_id is None:
        return _("Whoever manages the connection “%(connection)s” signs in there for its Shared token.") % {
            "connection": token.connection.name
        }
    return _("Sign in under My settings → OAuth connections → “%(connection)s” → Login.") % {
        "connection": token.connection.name
    }


def _refresh(connection: OAuthConnection, token: ConnectionToken) -> AccessToken | None:
    """Ask the provider; None where that failed, which then stands in the row, or where another was faster."""
    try:
        grant = _ask(connection, token)
    except VaultError:
        raise
    except PostroomError as error:
        _note_failure(token, error)
        return None
    if not token_rows.write(token, token_rows.describe(token, grant)):
        logger.info("A token of the connection %s was refreshed by another meanwhile.", connection.name)
        return None
    record(Event.TOKEN_REFRESHED, actor=SYSTEM, target=connection.name, token=_get_kind(token))
    return AccessToken(grant.access_token, grant.expires, grant.signed_in_as)


def _ask(connection: OAuthConnection, token: ConnectionToken) -> Grant:
    if connection.grant_type == GrantType.CLIENT_CREDENTIALS:
        return grants.ask_for_itself(connection)
    return grants.refresh(connection, token_rows.read(token).kept)


def _note_failure(token: ConnectionToken, error: PostroomError) -> None:
    """Note in the row why the provider gave nothing, unless somebody has written a newer token meanwhile."""
    now = timezone.now()
    is_over = isinstance(error, SignInNeededError | ConsentMissingError)
    is_first = not token.last_error or token.cool_down_until is None
    last = timedelta() if is_first else token.cool_down_until - token.last_error_at
    failure = {
        "needs_sign_in": is_over,
        "last_error": str(error),
        "last_error_at": now,
        "cool_down_until": None if is_over else now + min(max(2 * last, FIRST_COOL_DOWN), LONGEST_COOL_DOWN),
    }
    # The generation grows here too: a sign-in that is over must not be called so by a second process as well.
    if not token_rows.write(token, failure):
        return
    connection = token.connection
    logger.warning("A token of the connection %s could not be refreshed: %s", connection.name, error)
    record(
        Event.TOKEN_REFRESHED,
        actor=SYSTEM,
        target=connection.name,
        outcome=Outcome.FAILED,
        token=_get_kind(token),
        error=type(error).__name__,
    )


def _get_kind(token: ConnectionToken) -> str:
    return "shared" if token.user_id is None else "user-specific"


def _note_use(token: ConnectionToken, used_by: str) -> None:
    """Once a minute: each use stands in the audit trail, and the row need not be written as often."""
    now = timezone.now()
    if token.last_used is None or now - token.last_used > USE_NOTED_EVERY or token.last_used > now:
        ConnectionToken.objects.filter(pk=token.pk).update(last_used=now, last_used_by=used_by[:200])
