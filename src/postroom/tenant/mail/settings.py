"""The settings of a mailbox as Graph has them: what was kept, over what a new mailbox has.

[?] A new mailbox has the settings that one of an English tenant is believed to have.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from postroom.tenant.mail.database import Row
from postroom.tenant.mail.entities import ANSWERED, SETTINGS
from postroom.tenant.mail.store import MailStore

Settings = dict[str, Any]
REPLIES = "automaticRepliesSetting"
_KEY = "mailboxSettings"
_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday")


def get_settings(store: MailStore, mailbox: Row) -> Settings:
    """Return every setting that can be changed."""
    kept = store.entities.find(mailbox["key"], SETTINGS, _KEY) or {}
    return _first_settings(store.clock.now()) | kept


def keep_settings(store: MailStore, mailbox: Row, changes: Settings) -> None:
    """Keep these settings over the others; new automatic replies are sent to everybody anew."""
    with store.batch():
        kept = store.entities.find(mailbox["key"], SETTINGS, _KEY) or {}
        store.entities.put(mailbox["key"], SETTINGS, _KEY, kept | changes)
        if REPLIES in changes:
            store.entities.clear(mailbox["key"], ANSWERED)


def are_replies_on(replies: Settings, now: datetime) -> bool:
    """Tell whether automatic replies are sent at this time."""
    if replies["status"] != "scheduled":
        return bool(replies["status"] == "alwaysEnabled")
    start, end = (read_moment(replies[f"scheduled{name}DateTime"]) for name in ("Start", "End"))
    return start <= now < end


def written_moment(when: datetime) -> dict[str, str]:
    """Write a UTC time as Graph's dateTimeTimeZone."""
    return {"dateTime": when.strftime("%Y-%m-%dT%H:%M:%S").zfill(19) + ".0000000", "timeZone": "UTC"}


def read_moment(written: dict[str, str]) -> datetime:
    """Read a time that `written_moment` wrote."""
    return datetime.fromisoformat(written["dateTime"]).replace(tzinfo=UTC)


def _first_settings(now: datetime) -> Settings:
    start = now.replace(minute=0, second=0, microsecond=0)
    return {
        REPLIES: {
            "status": "disabled",
            "externalAudience": "all",
            "internalReplyMessage": "",
            "externalReplyMessage": "",
            "scheduledStartDateTime": written_moment(start),
            "scheduledEndDateTime": written_moment(start + timedelta(days=1)),
        },
        "timeZone": "UTC",
        "language": {"locale": "en-US", "displayName": "English (United States)"},
        "workingHours": {
            "daysOfWeek": list(_WEEK),
            "startTime": "08:00:00.0000000",
            "endTime": "17:00:00.0000000",
            "timeZone": {"name": "UTC"},
        },
        "dateFormat": "M/d/yyyy",
        "timeFormat": "h:mm tt",
        "delegateMeetingMessageDeliveryOptions": "sendToDelegateOnly",
    }
