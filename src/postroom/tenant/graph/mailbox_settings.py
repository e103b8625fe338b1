"""The settings of a mailbox: mailboxSettings, whole and property by property.

[?] PATCH answers with the properties that it changed. What is given of automaticRepliesSetting and workingHours is
laid over what was there; archiveFolder and userPurpose cannot be set. Times of automatic replies are kept in UTC.
[?] Any text is a date or time format; what is refused of formats and languages has codes from memory.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from postroom.tenant.graph.json_input import (
    Reader,
    fixed_property,
    invalid_value,
    read_choice,
    read_integer,
    read_list,
    read_object,
    read_properties,
    read_text,
)
from postroom.tenant.graph.languages import find_language
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url, read_select, selected_context, user_context
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, unknown_property
from postroom.tenant.graph.time_zones import find_zone_name, get_zone
from postroom.tenant.graph.wire import GraphRequest, GraphResponse
from postroom.tenant.mail.settings import (
    REPLIES,
    Settings,
    get_settings,
    keep_settings,
    read_moment,
    written_moment,
)

_TIME = re.compile(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,12})?")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")


def _invalid_setting(name: str, value: str) -> GraphRefusalError:
    return bad_request(f"The value '{value}' is not valid for '{name}'.", "ErrorInvalidArgument")


def _read_zone(name: str, value: Any) -> str:
    found = find_zone_name(read_text(name, value))
    if found is None:
        raise bad_request("Time Zone settings provided are invalid.", "InvalidTimeZone")
    return found


def _read_format(name: str, value: Any) -> str:
    text = read_text(name, value).strip()
    if not text:
        raise _invalid_setting(name, value)
    return text


def _read_language(name: str, value: Any) -> dict[str, str]:
    read = read_object({"locale": read_text, "displayName": read_text}, "localeInfo")(name, value)
    language = find_language(read.get("locale", ""))
    if language is None:
        raise _invalid_setting(name, read.get("locale", ""))
    return language


def _read_moment(name: str, value: Any) -> dict[str, str]:
    """Read a time in any zone and write it in UTC."""
    read = read_object({"dateTime": read_text, "timeZone": _read_zone}, "dateTimeTimeZone")(name, value)
    try:
        moment = datetime.fromisoformat(read["dateTime"])
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=get_zone(read.get("timeZone", "UTC")))
        return written_moment(moment.astimezone(UTC))
    except (KeyError, ValueError, OverflowError):
        raise invalid_value(name) from None


def _read_time(name: str, value: Any) -> str:
    text = read_text(name, value)
    if not _TIME.fullmatch(text):
        raise bad_request(
            f"Cannot convert the literal '{text}' to the expected type 'Edm.TimeOfDay'.", "RequestBodyRead"
        )
    return f"{text[:8]}.0000000"


def _read_days(name: str, value: Any) -> list[str]:
    return [_read_day(read_text(name, item)) for item in read_list(name, value)]


def _read_day(text: str) -> str:
    if text.lower() not in _DAYS:
        raise bad_request(f"Requested value '{text}' was not found.", "InvalidArguments")
    return text.lower()


def _read_offset(extra: Mapping[str, Reader]) -> Reader:
    readers: dict[str, Reader] = {
        **dict.fromkeys(("dayOccurrence", "month", "year"), read_integer),
        "dayOfWeek": read_choice(*_DAYS),
        "time": _read_time,
        **extra,
    }
    return read_object(readers, "standardTimeZoneOffset")


_CUSTOM_ZONE = {
    "name": read_text,
    "bias": read_integer,
    "standardOffset": _read_offset({}),
    "daylightOffset": _read_offset({"daylightBias": read_integer}),
}


def _read_working_zone(name: str, value: Any) -> dict[str, Any]:
    kind = value.get("@odata.type") if isinstance(value, dict) else None
    if kind == "#microsoft.graph.customTimeZone":
        return {"@odata.type": kind} | read_object(_CUSTOM_ZONE, "customTimeZone")(name, value)
    return read_object({"name": _read_zone}, "timeZoneBase")(name, value)


_REPLIES = {
    "status": read_choice("disabled", "alwaysEnabled", "scheduled"),
    "externalAudience": read_choice("none", "contactsOnly", "all"),
    "internalReplyMessage": read_text,
    "externalReplyMessage": read_text,
    "scheduledStartDateTime": _read_moment,
    "scheduledEndDateTime": _read_moment,
}
_HOURS = {
    "daysOfWeek": _read_days,
    "startTime": _read_time,
    "endTime": _read_time,
    "timeZone": _read_working_zone,
}
_READERS: dict[str, Reader] = {
    REPLIES: read_object(_REPLIES, REPLIES),
    "timeZone": _read_zone,
    "language": _read_language,
    "workingHours": read_object(_HOURS, "workingHours"),
    "dateFormat": _read_format,
    "timeFormat": _read_format,
    "delegateMeetingMessageDeliveryOptions": read_choice(
        "sendToDelegateAndInformationToPrincipal", "sendToDelegateAndPrincipal", "sendToDelegateOnly"
    ),
}
_FIXED = ("archiveFolder", "userPurpose")
_NAMES = {name.lower(): name for name in (*_READERS, *_FIXED)}


def all_settings(request: GraphRequest) -> Settings:
    """Give the settings of the mailbox that a request is about, with what nobody can set."""
    archive = request.cloud.mail.folders.get(request.mailbox["key"], "archive")
    fixed = {
        "archiveFolder": archive["folder_id"],
        "userPurpose": "shared" if request.user.shared else "user",
    }
    return get_settings(request.cloud.mail, request.mailbox) | fixed


def _answer(request: GraphRequest, path: str, content: Settings) -> GraphResponse:
    context = f"{metadata_url(request)}#{user_context(request)}/mailboxSettings{path}"
    return GraphResponse.of_json({"@odata.context": context} | content)


def get_mailbox_settings(request: GraphRequest) -> GraphResponse:
    """GET mailboxSettings."""
    selected = read_select(request)
    settings = all_settings(request)
    for name in selected or ():
        if name.lower() not in _NAMES:
            raise unknown_property(name, "MailboxSettings")
    wanted = {_NAMES[name.lower()] for name in selected} if selected else set(settings)
    content = {name: value for name, value in settings.items() if name in wanted}
    return _answer(request, selected_context(selected), content)


def get_setting(request: GraphRequest, name: str) -> GraphResponse:
    """GET mailboxSettings/{name}: an object spread out, or a value alone."""
    value = all_settings(request)[name]
    return _answer(request, f"/{name}", value if isinstance(value, dict) else {"value": value})


def update_mailbox_settings(request: GraphRequest) -> GraphResponse:
    """PATCH mailboxSettings."""
    body = request.json_body()
    for name in body:
        if name.lower() in {fixed.lower() for fixed in _FIXED}:
            raise fixed_property(name)
    read = read_properties(body, _READERS, "mailboxSettings", ignored=())
    with request.cloud.mail.batch():
        before = all_settings(request)
        changes = {
            name: (before[name] | value if name in (REPLIES, "workingHours") else value)
            for name, value in read.items()
            if value is not None
        }
        _check_schedule(changes.get(REPLIES))
        _check_hours(changes.get("workingHours"))
        keep_settings(request.cloud.mail, request.mailbox, changes)
    return _answer(request, "", changes)


def _check_schedule(replies: Settings | None) -> None:
    if replies is None or replies["status"] != "scheduled":
        return
    start, end = replies["scheduledStartDateTime"], replies["scheduledEndDateTime"]
    if read_moment(start) >= read_moment(end):
        # [?] Code and text for automatic replies that end before they begin are from memory.
        raise bad_request("The end time must be after the start time.", "ErrorInvalidScheduledOofDuration")


def _check_hours(hours: Settings | None) -> None:
    if hours is not None and hours["startTime"] > hours["endTime"]:
        raise bad_request("Start Time should occur before End Time.", "ErrorInvalidTimeSettings")


def _getter(name: str) -> Route:
    return Route(
        "GET", f"mailboxSettings/{name}", Need.READ_SETTINGS, lambda request: get_setting(request, name)
    )


ROUTES = (
    Route("GET", "mailboxSettings", Need.READ_SETTINGS, get_mailbox_settings),
    Route("PATCH", "mailboxSettings", Need.WRITE_SETTINGS, update_mailbox_settings),
    *map(_getter, _NAMES.values()),
)
