"""Warnings ahead of what ends: in the log, by mail to whoever manages connections, and to a webhook.

Each is said 30, 14, 7, 3 and 1 days ahead, on the day and once when it is over (`notices` says how).
"""

from typing import Any

from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.connections.deadlines import Deadline, list_warnings
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.notices import Mailing, Notice, send_notices

DAYS_AHEAD = (0, 1, 3, 7, 14, 30)
OVER = -1


def send_warnings() -> int:
    """Send the warnings that have not been sent yet, by each way there is, and say how many that were.

    What cannot be sent one way is logged, and tried again at the next call. Meant to be called once a day or more.
    """
    warnings = list_warnings(OAuthConnection.objects.all())
    if not warnings:
        return 0
    mailing = Mailing(
        subject=_("Postroom: something that connections need ends soon"),
        kind="warnings",
        notices=[Notice(_name(warning), warning.sentence, _describe(warning)) for warning in warnings],
        people=[
            user.email for user in User.objects.exclude(email="") if user.may(Permission.MANAGE_CONNECTIONS)
        ],
        nobody="Nobody who may manage connections has an e-mail address. Enter one under My settings.",
    )
    return send_notices(mailing)[0]


def _name(warning: Deadline) -> str:
    step = next((days for days in DAYS_AHEAD if 0 <= warning.days <= days), OVER)
    return f"{warning.ending.value}/{warning.record_id}/{warning.expires}/{step}"


def _describe(warning: Deadline) -> dict[str, Any]:
    return {
        "connection": warning.connection.name,
        "what": warning.ending.value,
        "user": warning.whose,
        "expires": warning.expires.isoformat(),
        "days": warning.days,
        "message": warning.sentence,
    }
