"""The settings of a mailbox."""

from collections.abc import Callable
from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller

PATH = "mailboxSettings"
REPLIES = "automaticRepliesSetting"
CUSTOM_ZONE = {
    "@odata.type": "#microsoft.graph.customTimeZone",
    "bias": -200,
    "name": "Customized Time Zone",
    "standardOffset": {"time": "02:00:00", "dayOccurrence": 4, "dayOfWeek": "sunday", "month": 5, "year": 0},
    "daylightOffset": {"daylightBias": -100, "time": "02:00:00", "dayOfWeek": "sunday", "month": 10},
}


def test_the_settings_of_a_new_mailbox(settings: Caller) -> None:
    """Everything is there, in Graph's words."""
    found = settings.get(PATH)
    assert found["timeZone"] == "UTC"
    assert found["userPurpose"] == "user"
    assert found["language"] == {"locale": "en-US", "displayName": "English (United States)"}
    assert found[REPLIES]["status"] == "disabled"
    assert found["archiveFolder"] == settings.get("mailFolders/archive")["id"]
    assert settings.get(PATH, **{"$select": "timeZone"}).keys() == {"@odata.context", "timeZone"}


def test_one_setting_alone(settings: Caller) -> None:
    """A value comes under "value", an object spread out."""
    assert settings.get(f"{PATH}/timeZone")["value"] == "UTC"
    assert settings.get(f"{PATH}/workingHours")["daysOfWeek"][0] == "monday"
    assert settings.get(f"{PATH}/{REPLIES}")["status"] == "disabled"
    assert settings.refused("GET", f"{PATH}/shoeSize")[0] == 501


def test_a_shared_mailbox_says_so(settings: Caller, call: Callable[..., Caller]) -> None:
    """Its purpose is shared."""
    assert call("invoices").get(f"{PATH}/userPurpose")["value"] == "shared"


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({"timeZone": "pacific standard time"}, {"timeZone": "Pacific Standard Time"}),
        ({"timeZone": "Europe/Berlin"}, {"timeZone": "Europe/Berlin"}),
        (
            {"language": {"locale": "DE-de"}},
            {"language": {"locale": "de-DE", "displayName": "Deutsch (Deutschland)"}},
        ),
        (
            {"dateFormat": "yyyy-MM-dd", "timeFormat": "HH:mm"},
            {"dateFormat": "yyyy-MM-dd", "timeFormat": "HH:mm"},
        ),
    ],
)
def test_a_setting_is_changed(settings: Caller, given: dict[str, Any], kept: dict[str, Any]) -> None:
    """PATCH answers 200 with what it changed, and leaves the rest."""
    answer = settings.request("PATCH", PATH, json=given)
    assert answer.status_code == 200
    assert {name: value for name, value in answer.json().items() if "@" not in name} == kept
    after = settings.get(PATH)
    assert {name: after[name] for name in kept} == kept
    assert after["userPurpose"] == "user"


def test_working_hours(settings: Caller) -> None:
    """Hours are given in part, and a time zone may be of one's own making."""
    hours = {"startTime": "09:30:00", "timeZone": CUSTOM_ZONE}
    assert settings.request("PATCH", PATH, json={"workingHours": hours}).status_code == 200
    found = settings.get(f"{PATH}/workingHours")
    assert (found["startTime"], found["endTime"]) == ("09:30:00.0000000", "17:00:00.0000000")
    assert found["timeZone"]["bias"] == -200


def test_scheduled_replies_are_kept_in_utc(settings: Caller) -> None:
    """Times come in any zone and are shown in UTC; the texts stay."""
    zone = "W. Europe Standard Time"
    schedule = {
        "status": "Scheduled",
        "scheduledStartDateTime": {"dateTime": "2026-07-01T08:00:00.0000000", "timeZone": zone},
        "scheduledEndDateTime": {"dateTime": "2026-07-20T08:00:00", "timeZone": "Europe/Berlin"},
    }
    settings.request("PATCH", PATH, json={REPLIES: {"internalReplyMessage": "Away"}})
    settings.request("PATCH", PATH, json={REPLIES: schedule})
    found = settings.get(PATH)[REPLIES]
    assert (found["status"], found["internalReplyMessage"]) == ("scheduled", "Away")
    assert found["scheduledStartDateTime"] == {"dateTime": "2026-07-01T06:00:00.0000000", "timeZone": "UTC"}
    assert found["scheduledEndDateTime"]["dateTime"] == "2026-07-20T06:00:00.0000000"


@pytest.mark.parametrize(
    "body",
    [
        {"timeZone": "Mars Standard Time"},
        {"timeZone": 1},
        {"language": {"locale": "tlh"}},
        {"dateFormat": ""},
        {"userPurpose": "room"},
        {"archiveFolder": "x"},
        {"shoeSize": 1},
        {"workingHours": {"startTime": "25:00:00"}},
        {"workingHours": {"daysOfWeek": ["someday"]}},
        {"workingHours": {"timeZone": {"name": "Mars Standard Time"}}},
        {REPLIES: {"status": "sometimes"}},
        {REPLIES: {"scheduledStartDateTime": {"dateTime": "soon", "timeZone": "UTC"}}},
        {
            REPLIES: {
                "status": "scheduled",
                "scheduledStartDateTime": {"dateTime": "2026-07-02T00:00:00", "timeZone": "UTC"},
                "scheduledEndDateTime": {"dateTime": "2026-07-01T00:00:00", "timeZone": "UTC"},
            }
        },
    ],
)
def test_what_cannot_be_set(settings: Caller, body: dict[str, Any]) -> None:
    """Zones, languages, times, words and names are checked, and nothing changes."""
    before = settings.get(PATH)
    assert settings.refused("PATCH", PATH, json=body)[0] == 400
    assert settings.get(PATH) == before


@pytest.mark.parametrize(
    ("hours", "code", "text"),
    [
        ({"startTime": "08"}, "RequestBodyRead", "literal '08' to the expected type 'Edm.TimeOfDay'"),
        ({"startTime": "18:00:00", "endTime": "09:00:00"}, "ErrorInvalidTimeSettings", "before End Time"),
        ({"startTime": "17:30:00"}, "ErrorInvalidTimeSettings", "before End Time"),
        ({"daysOfWeek": ["friday", "Someday"]}, "InvalidArguments", "'Someday' was not found"),
        ({"timeZone": {"name": "Mars Standard Time"}}, "InvalidTimeZone", "settings provided are invalid"),
    ],
)
def test_working_hours_are_refused_in_documented_words(
    settings: Caller, hours: dict[str, Any], code: str, text: str
) -> None:
    """Each kind of fault has a code and a text of its own; what is not given counts as it was."""
    answer = settings.request("PATCH", PATH, json={"workingHours": hours})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (400, code)
    assert text in error["message"]


def test_settings_need_their_own_permission(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """Mail permissions are not enough; reading is not changing."""
    assert call(app="Reader bot").refused("GET", PATH) == (403, "ErrorAccessDenied")
    tenant.change_app("Reader bot", application_permissions=["MailboxSettings.Read"])
    reader = call(app="Reader bot")
    assert reader.get(f"{PATH}/timeZone")["value"] == "UTC"
    assert reader.refused("PATCH", PATH, json={"timeZone": "UTC"}) == (403, "ErrorAccessDenied")
