"""Flags for following up."""

from typing import Any

import pytest

from .conftest import Caller


def at(text: str, zone: str = "UTC") -> dict[str, str]:
    return {"dateTime": text, "timeZone": zone}


@pytest.fixture
def draft(ap: Caller) -> str:
    """Give the path of a message."""
    return f"messages/{ap.post('messages', {'subject': 'Flag me'})['id']}"


def flagged(caller: Caller, path: str, flag: Any) -> Any:
    answer = caller.request("PATCH", path, json={"flag": flag})
    return (
        answer.json()["flag"]
        if answer.status_code == 200
        else (answer.status_code, answer.json()["error"]["code"])
    )


def test_a_flag_has_dates_in_utc(ap: Caller, draft: str) -> None:
    """Start and due date come back in UTC, and go when the flag does."""
    dates = {
        "startDateTime": at("2024-07-01T09:00:00", "W. Europe Standard Time"),
        "dueDateTime": at("2024-07-02"),
    }
    assert flagged(ap, draft, {"flagStatus": "flagged"} | dates) == {
        "flagStatus": "flagged",
        "startDateTime": at("2024-07-01T07:00:00.0000000"),
        "dueDateTime": at("2024-07-02T00:00:00.0000000"),
    }
    assert flagged(ap, draft, {"flagStatus": "notFlagged"}) == {"flagStatus": "notFlagged"}


def test_a_zone_that_nobody_knows(ap: Caller, draft: str) -> None:
    """A date without a zone, which some clients send for none, is refused by its zone."""
    refusal = (400, "TimeZoneNotSupportedException")
    assert flagged(ap, draft, {"flagStatus": "notFlagged", "startDateTime": {}}) == refusal


def test_a_completed_flag_has_its_day(ap: Caller, draft: str) -> None:
    """Completing without saying when means today."""
    flag = flagged(ap, draft, {"flagStatus": "complete"})
    assert flag["flagStatus"] == "complete"
    assert flag["completedDateTime"]["dateTime"].endswith("T00:00:00.0000000")
    given = flagged(ap, draft, {"flagStatus": "complete", "completedDateTime": at("2024-01-01T10:00:00")})
    assert given["completedDateTime"] == at("2024-01-01T10:00:00.0000000")


@pytest.mark.parametrize(
    "flag",
    [
        "flagged",
        {},
        {"flagStatus": "perhaps"},
        {"flagStatus": "flagged", "dueDateTime": at("2024-01-01")},
        {"flagStatus": "flagged", "startDateTime": at("2024-01-02"), "dueDateTime": at("2024-01-01")},
        {"flagStatus": "flagged", "completedDateTime": at("2024-01-01")},
        {"flagStatus": "notFlagged", "startDateTime": at("2024-01-01")},
        {"flagStatus": "flagged", "startDateTime": at("2024-01-01", "Middle Earth")},
        {"flagStatus": "flagged", "startDateTime": at("soon")},
        {"flagStatus": "flagged", "startDateTime": "2024-01-01"},
        {"flagStatus": "flagged", "colour": "red"},
    ],
)
def test_flags_that_are_refused(ap: Caller, draft: str, flag: Any) -> None:
    """A due date needs a start date before it, each date its status, each time its zone."""
    assert flagged(ap, draft, flag)[0] == 400
