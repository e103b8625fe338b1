"""Keep-alive: sign-ins that nobody uses are refreshed, long before Entra ID lets them die of sleep (90 days).

Each server process runs it; of several one refreshes a token, because that takes the token's lease.
"""

import logging
import random
from datetime import timedelta
from threading import Event

from django.db import close_old_connections, connection
from django.db.models import Q
from django.utils import timezone

from postroom.controlroom.connections.models import ConnectionToken
from postroom.controlroom.connections.providers import GrantType
from postroom.controlroom.connections.tokens import refresh_sleeping
from postroom.controlroom.connections.warnings import send_warnings
from postroom.errors import ConnectionNotReadyError, PostroomError

SLEEP = timedelta(days=30)
"""How long a token may sleep: two thirds of the 90 days are left to put right what hinders a refresh."""
ROUND_SECONDS = 3600.0

logger = logging.getLogger("postroom.controlroom.connections")


def run_forever(stop_event: Event) -> None:
    """Look each hour for tokens that have slept for too long, until the event is set; for a thread of its own."""
    # Not in step with the other processes, nor in the first moments of a server.
    pause_seconds = ROUND_SECONDS * random.uniform(0.01, 0.1)  # noqa: S311 - no secret
    try:
        while not stop_event.wait(pause_seconds):
            _run_round(stop_event)
            pause_seconds = ROUND_SECONDS * random.uniform(0.8, 1.2)  # noqa: S311
    finally:
        connection.close()


def refresh_all_sleeping(stop_event: Event | None = None) -> int:
    """Refresh what has slept for too long, and say how many that were; what fails is logged and stands in its row.

    Errors: VaultError, after which the others would fail too.
    """
    asleep_since = timezone.now() - SLEEP
    refreshed = 0
    for token in _list_sleeping(asleep_since):
        if stop_event is not None and stop_event.is_set():
            break
        try:
            refreshed += refresh_sleeping(token, asleep_since)
        except ConnectionNotReadyError as error:
            logger.warning(
                "The sleeping token of %s could not be refreshed: %s", token.connection.name, error
            )
    return refreshed


def _list_sleeping(asleep_since: object) -> "list[ConnectionToken]":
    is_cool = Q(cool_down_until__isnull=True) | Q(cool_down_until__lte=timezone.now())
    return list(
        ConnectionToken.objects.select_related("connection")
        .filter(is_cool, encrypted__isnull=False, needs_sign_in=False, refreshed__lte=asleep_since)
        .exclude(connection__grant_type=GrantType.CLIENT_CREDENTIALS)
        .order_by("refreshed")
    )


def _run_round(stop_event: Event) -> None:
    close_old_connections()
    try:
        send_warnings()
        refresh_all_sleeping(stop_event)
    except PostroomError as error:
        logger.warning("Keep-alive cannot work at the moment: %s", error)
    except Exception:
        # The thread must outlive a database that is away for a while.
        logger.exception("Keep-alive failed.")
