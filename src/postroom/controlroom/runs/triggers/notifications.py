"""Notifications of new mail: Microsoft 365 tells that something came, and the trigger looks at once.

What has come is still read from the delta query, so that a notification that is lost or made up changes nothing. Needs
an address of the Control Room that Microsoft 365 reaches: https, or the loopback with the local tenant.
"""

import dataclasses
import hmac
import logging
import secrets
from datetime import datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _

from postroom.controlroom.runs.models import Trigger
from postroom.controlroom.runs.triggers.state import TriggerState, get_state, put_state
from postroom.errors import GraphError, PostroomError
from postroom.outlook import Mailbox
from postroom.outlook.watching import renew, subscribe, unsubscribe
from postroom.values import Secret

ADDRESS = "notifications/mail"
LASTS = timedelta(minutes=4200)
"""How long a subscription is asked for: a little less than what every cloud allows for mail."""
RENEWED_BEFORE = timedelta(minutes=2100)
SAFETY_SECONDS = 600
"""How often a trigger that is told looks all the same, because a notification may be lost."""

logger = logging.getLogger("postroom.controlroom.runs")


def are_possible() -> bool:
    """Whether this Control Room has an address to which notifications may be sent."""
    return bool(settings.CONFIGURATION.is_secure or settings.CONFIGURATION.is_local)


def get_receiver_url() -> str:
    """Where Microsoft 365 sends notifications."""
    return f"{settings.CONFIGURATION.url}/{ADDRESS}"


def get_pause_seconds(trigger: Trigger) -> int:
    """How long a trigger waits between two looks."""
    every: int = trigger.every_seconds
    return max(every, SAFETY_SECONDS) if trigger.subscription_id else every


def keep_subscribed(trigger: Trigger, mailbox: Mailbox, now: datetime) -> str:
    """Subscribe for a trigger that is to be told, or renew in time; give what is wrong, in a sentence.

    What is wrong does not stop the trigger: it then looks as often as one that is not told.
    """
    if trigger.kind != Trigger.Kind.NOTIFICATIONS:
        return ""
    expires = trigger.subscription_expires
    if trigger.subscription_id and expires is not None and expires > now + RENEWED_BEFORE:
        return ""
    try:
        _subscribe(trigger, mailbox, now + LASTS)
    except GraphError as error:
        logger.warning("The trigger %s is not told of mail: %s", trigger.name, error.message)
        return _("Microsoft 365 does not tell of new mail, so the mailbox is asked instead: %(why)s") % {
            "why": error.message
        }
    return ""


def end_subscription(trigger: Trigger, mailbox: Mailbox) -> None:
    """Let Microsoft 365 tell no more. What fails is logged: the subscription then ends by itself in some days."""
    if not trigger.subscription_id:
        return
    try:
        unsubscribe(mailbox, trigger.subscription_id)
    except PostroomError as error:
        logger.warning(
            "The subscription of the trigger %s could not be ended: %s", trigger.name, error.message
        )
    _write(trigger, "", None)


def is_genuine(trigger: Trigger, client_state: str) -> bool:
    """Say whether what was told comes from who knows the trigger's client state. Errors: VaultError."""
    state = get_state(trigger)
    if state is None or not state.client_state:
        return False
    return hmac.compare_digest(state.client_state.encode(), client_state.encode())


def _subscribe(trigger: Trigger, mailbox: Mailbox, expires: datetime) -> None:
    if trigger.subscription_id and (renewed := renew(mailbox, trigger.subscription_id, expires)):
        _write(trigger, renewed.id, renewed.expires)
        return
    client_state = secrets.token_urlsafe(32)
    state = get_state_now(trigger)
    # Before Microsoft 365 knows it, so that the first notification is known to be genuine.
    if not put_state(trigger, dataclasses.replace(state, client_state=client_state)):
        return
    made = subscribe(mailbox, trigger.folder, get_receiver_url(), Secret(client_state), expires)
    _write(trigger, made.id, made.expires)


def get_state_now(trigger: Trigger) -> TriggerState:
    """The state as it stands in the database; there is one, once a trigger has looked. Errors: VaultError."""
    fresh = Trigger.objects.get(pk=trigger.pk)
    trigger.generation = fresh.generation
    state = get_state(fresh)
    if state is None:
        raise LookupError(trigger.pk)
    return state


def _write(trigger: Trigger, subscription_id: str, expires: datetime | None) -> None:
    trigger.subscription_id, trigger.subscription_expires = subscription_id, expires
    Trigger.objects.filter(pk=trigger.pk).update(
        subscription_id=subscription_id, subscription_expires=expires
    )
