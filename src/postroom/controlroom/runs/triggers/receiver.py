"""Where Microsoft 365 tells of new mail: it proves that somebody listens, and lets the triggers meant look at once.

Whoever can guess no subscription and its client state moves nothing here. Source: Receive change notifications through
webhooks; Reduce missing subscriptions and change notifications.
"""

import logging
from datetime import UTC, datetime
from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from postroom.controlroom.runs.models import Trigger
from postroom.controlroom.runs.triggers.looking import wake
from postroom.controlroom.runs.triggers.notifications import is_genuine
from postroom.errors import VaultError

LONGEST_TOKEN = 2000
LARGEST_BODY_BYTES = 1024 * 1024

logger = logging.getLogger("postroom.controlroom.runs")


class _Notification(msgspec.Struct, frozen=True, rename="camel"):
    subscription_id: str = ""
    client_state: str | None = None
    lifecycle_event: str | None = None


class _Notifications(msgspec.Struct, frozen=True):
    value: list[_Notification]


@csrf_exempt
@require_POST
def receive(request: HttpRequest) -> HttpResponse:
    """Answer the validation with its token; take notifications with 202, whoever sends them."""
    token = request.GET.get("validationToken")
    if token is not None:
        # As plain text, which a browser shows and never runs.
        return HttpResponse(token[:LONGEST_TOKEN], content_type="text/plain; charset=utf-8")
    try:
        told = _read(request)
        for notification in told:
            _take(notification)
    except msgspec.MsgspecError:
        return HttpResponse(status=400)
    except VaultError:
        # Microsoft 365 tries again for some hours, until then somebody may have unlocked it.
        return HttpResponse(status=503)
    return HttpResponse(status=202)


def _read(request: HttpRequest) -> list[_Notification]:
    if int(request.headers.get("Content-Length") or 0) > LARGEST_BODY_BYTES:
        return []
    return msgspec.json.decode(request.body, type=_Notifications).value


def _take(notification: _Notification) -> None:
    subscription_id = notification.subscription_id.replace("\0", "")
    found: Trigger | None = (
        Trigger.objects.filter(subscription_id=subscription_id).first() if subscription_id else None
    )
    if found is None or not is_genuine(found, notification.client_state or ""):
        logger.warning("A notification of a subscription that is not known, or with a wrong client state.")
        return
    changes: dict[str, Any] = {}
    match notification.lifecycle_event:
        case "reauthorizationRequired":
            changes = {"subscription_expires": datetime.now(UTC)}
        case "subscriptionRemoved":
            changes = {"subscription_id": "", "subscription_expires": None}
    if changes:
        Trigger.objects.filter(pk=found.pk).update(**changes)
    wake(found.pk)
