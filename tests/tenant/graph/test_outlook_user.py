"""Languages and time zones that Outlook offers."""

from zoneinfo import ZoneInfo

import pytest

from postroom.tenant.graph.time_zones import WINDOWS_ZONES, get_zone

from .conftest import Caller


@pytest.mark.parametrize("path", ["supportedLanguages", "supportedLanguages()"])
def test_languages(ap: Caller, path: str) -> None:
    """Each has its locale and its own name."""
    languages = {each["locale"]: each["displayName"] for each in ap.get(f"outlook/{path}")["value"]}
    assert languages["en-US"] == "English (United States)"


@pytest.mark.parametrize(
    "path",
    [
        "",
        "()",
        "(TimeZoneStandard='Windows')",
        "(TimeZoneStandard=microsoft.graph.timeZoneStandard'Windows')",
    ],
)
def test_zones_of_windows(ap: Caller, path: str) -> None:
    """They are the default."""
    zones = {
        each["alias"]: each["displayName"] for each in ap.get(f"outlook/supportedTimeZones{path}")["value"]
    }
    assert zones["Pacific Standard Time"] == "(UTC-08:00) Pacific Time (US & Canada)"


@pytest.mark.parametrize("standard", ["'Iana'", "'iana'", "microsoft.graph.timeZoneStandard'Iana'"])
def test_zones_of_iana(ap: Caller, standard: str) -> None:
    """They come when asked for."""
    zones = ap.get(f"outlook/supportedTimeZones(TimeZoneStandard={standard})")["value"]
    assert {"alias": "Europe/Berlin", "displayName": "Europe/Berlin"} in zones


def test_every_zone_of_windows_has_rules() -> None:
    """Each corresponds to a zone that this machine knows."""
    assert all(isinstance(get_zone(name), ZoneInfo) for name in WINDOWS_ZONES)
