"""What Outlook offers: supportedLanguages and supportedTimeZones.

[?] Both lists come whole, whatever $top or $filter ask for.
"""

from postroom.tenant.graph.languages import LANGUAGES
from postroom.tenant.graph.paths import Route
from postroom.tenant.graph.permissions import Need
from postroom.tenant.graph.query import metadata_url
from postroom.tenant.graph.time_zones import WINDOWS_ZONES, iana_zones
from postroom.tenant.graph.wire import GraphRequest, GraphResponse


def list_languages(request: GraphRequest) -> GraphResponse:
    """GET outlook/supportedLanguages."""
    languages = [{"locale": locale, "displayName": shown} for locale, shown in LANGUAGES.items()]
    return _answer(request, "localeInfo", languages)


def list_windows_zones(request: GraphRequest) -> GraphResponse:
    """GET outlook/supportedTimeZones: the zones as Windows names them."""
    zones = [{"alias": name, "displayName": shown} for name, (shown, _) in WINDOWS_ZONES.items()]
    return _answer(request, "timeZoneInformation", zones)


def list_iana_zones(request: GraphRequest) -> GraphResponse:
    """GET outlook/supportedTimeZones(TimeZoneStandard='Iana')."""
    zones = [{"alias": name, "displayName": name} for name in iana_zones()]
    return _answer(request, "timeZoneInformation", zones)


def _answer(request: GraphRequest, type_name: str, rows: list[dict[str, str]]) -> GraphResponse:
    context = f"{metadata_url(request)}#Collection(microsoft.graph.{type_name})"
    return GraphResponse.of_json({"@odata.context": context, "value": rows})


_ZONES = "outlook/supportedTimeZones"
_STANDARD = f"{_ZONES}(TimeZoneStandard="
_LISTS = {
    "outlook/supportedLanguages": list_languages,
    "outlook/supportedLanguages()": list_languages,
    _ZONES: list_windows_zones,
    f"{_ZONES}()": list_windows_zones,
    f"{_STANDARD}'Windows')": list_windows_zones,
    f"{_STANDARD}microsoft.graph.timeZoneStandard'Windows')": list_windows_zones,
    f"{_STANDARD}'Iana')": list_iana_zones,
    f"{_STANDARD}microsoft.graph.timeZoneStandard'Iana')": list_iana_zones,
}
ROUTES = tuple(Route("GET", path, Need.READ_LOCALES, handle) for path, handle in _LISTS.items())
