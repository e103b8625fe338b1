"""The flag that marks a message for following up, as clients write it.

[?] Flags are refused with texts of our own, but for unknown time zones, whose code and text are Exchange's.
[?] A date of a flag that does not belong to its flagStatus is refused.
[?] The dates of a flag come back in UTC, and a flag is replaced as a whole.
[?] Completing a flag without `completedDateTime` means today.
"""

import json
from datetime import UTC, datetime
from typing import Any

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, time_zone_not_supported
from postroom.tenant.graph.time_zones import find_zone_name, get_zone

_STATUSES = {"notflagged": "notFlagged", "flagged": "flagged", "complete": "complete"}
_DATES = {
    "startdatetime": ("startDateTime", "flagged"),
    "duedatetime": ("dueDateTime", "flagged"),
    "completeddatetime": ("completedDateTime", "complete"),
}


def read_flag(value: Any) -> str:
    """Read a followupFlag into the JSON that the store keeps, or raise Graph's 400."""
    if not isinstance(value, dict):
        raise _unreadable("flag")
    given = {name.lower(): content for name, content in value.items() if "@" not in name}
    status = _STATUSES.get(str(given.pop("flagstatus", "")).lower())
    if status is None:
        raise _unreadable("flagStatus")
    flag: dict[str, Any] = {"flagStatus": status}
    for key, content in given.items():
        if key not in _DATES:
            raise bad_request(
                f"The property '{key}' does not exist on type 'microsoft.graph.followupFlag'.",
                "RequestBodyRead",
            )
        name, fitting = _DATES[key]
        if content is not None:
            flag[name] = _read_time(name, content)
            if status != fitting:
                raise _refusal(f"The property '{name}' cannot be set while flagStatus is '{status}'.")
    _check_span(flag)
    return json.dumps(flag)


def _check_span(flag: dict[str, Any]) -> None:
    due, start = flag.get("dueDateTime"), flag.get("startDateTime")
    if due and not start:
        raise _refusal("To set the due date, the start date must be set as well.")
    if due and start and due["dateTime"] < start["dateTime"]:
        raise _refusal("The due date must not be before the start date.")


def _read_time(name: str, content: Any) -> dict[str, str]:
    """Read a dateTimeTimeZone and give it in UTC."""
    if not isinstance(content, dict):
        raise _unreadable(name)
    text, zone = content.get("dateTime"), content.get("timeZone") or ""
    zone_name = find_zone_name(zone) if isinstance(zone, str) else None
    if zone_name is None:
        raise time_zone_not_supported(str(zone))
    if not isinstance(text, str):
        raise _unreadable(name)
    try:
        moment = datetime.fromisoformat(text)
        moment = (moment if moment.tzinfo else moment.replace(tzinfo=get_zone(zone_name))).astimezone(UTC)
    except (ValueError, OverflowError):
        raise _unreadable(name) from None
    return _written(moment)


def _written(moment: datetime) -> dict[str, str]:
    return {"dateTime": f"{moment:%Y-%m-%dT%H:%M:%S}.0000000".zfill(27), "timeZone": "UTC"}


def completed(flag: str, now: datetime) -> str:
    """Give a flag that says complete, and not when, the day of today."""
    content = json.loads(flag)
    if content["flagStatus"] != "complete" or "completedDateTime" in content:
        return flag
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return json.dumps(content | {"completedDateTime": _written(today)})


def _unreadable(name: str) -> GraphRefusalError:
    return bad_request(
        f"Cannot convert the value of property '{name}' to the expected type.", "RequestBodyRead"
    )


def _refusal(message: str) -> GraphRefusalError:
    return bad_request(message, "ErrorInvalidRequest")
