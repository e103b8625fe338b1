"""Extended properties of mail folders."""

from typing import Any

import pytest

from .conftest import Caller

COLOUR = "String {66f5a359-4659-4830-9070-00047ec6ac6e} Name Colour"
ROUND = "Integer {66f5a359-4659-4830-9070-00047ec6ac6e} Name Round"
PALETTE = "StringArray {66f5a359-4659-4830-9070-00047ec6ac6e} Name Palette"
SINGLE, MULTI = "singleValueExtendedProperties", "multiValueExtendedProperties"


@pytest.fixture
def green(ap: Caller) -> str:
    """Give the path of a folder with a colour and a round."""
    properties = [{"id": COLOUR, "value": "Green"}, {"id": ROUND, "value": "7"}]
    made = ap.post("mailFolders", {"displayName": "Green", SINGLE: properties})
    assert SINGLE not in made
    return f"mailFolders/{made['id']}"


def expand(collection: str, name: str) -> dict[str, str]:
    return {"$expand": f"{collection}($filter=id eq '{name}')"}


def test_properties_are_brought_along_by_name(ap: Caller, green: str) -> None:
    """Only what $expand names comes, of one folder or of a list, and nothing where a folder lacks it."""
    assert ap.get(green, **expand(SINGLE, COLOUR))[SINGLE] == [{"id": COLOUR, "value": "Green"}]
    assert SINGLE not in ap.get("mailFolders/inbox", **expand(SINGLE, COLOUR))
    listed = ap.get("mailFolders", **expand(SINGLE, COLOUR), **{"$top": "50"})["value"]
    assert [folder["displayName"] for folder in listed if SINGLE in folder] == ["Green"]


def test_a_change_leaves_the_other_properties(ap: Caller, green: str) -> None:
    """PATCH adds lists and single values, to well-known folders too; a copy has them all."""
    for path in (green, "mailFolders/inbox"):
        body = {MULTI: [{"id": PALETTE, "value": ["Aqua", "Blue"]}]}
        assert ap.request("PATCH", path, json=body).status_code == 200
        assert ap.get(path, **expand(MULTI, PALETTE))[MULTI][0]["value"] == ["Aqua", "Blue"]
    copy = ap.post(f"{green}/copy", {"destinationId": "inbox"}, status=200)
    assert ap.get(f"mailFolders/{copy['id']}", **expand(SINGLE, COLOUR))[SINGLE][0]["value"] == "Green"


@pytest.mark.parametrize(
    ("condition", "found"),
    [
        (f"ep/id eq '{COLOUR}' and ep/value eq 'Green'", ["Green"]),
        (f"ep/id eq '{COLOUR}' and contains(ep/value, 'green')", ["Green"]),
        (f"ep/id eq '{COLOUR}' and ep/value eq 'Red'", []),
        (f"ep/id eq '{ROUND}' and cast(ep/value, Edm.Int32) gt 6", ["Green"]),
    ],
)
def test_folders_are_found_by_a_property(ap: Caller, green: str, condition: str, found: list[str]) -> None:
    """$filter looks for the value that a property has, as it does of messages."""
    listed = ap.get("mailFolders", **{"$filter": f"{SINGLE}/Any(ep: {condition})"})["value"]
    assert [folder["displayName"] for folder in listed] == found


@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("GET", {"params": expand(SINGLE, "String 0x1A")}),
        ("GET", {"params": {"$filter": f"{SINGLE}/Any(ep: ep/id eq 'String 0x37' and ep/value eq 'a')"}}),
        ("POST", {"json": {"displayName": "a", SINGLE: [{"id": "Integer 0xE07", "value": "1"}]}}),
    ],
)
def test_properties_of_mapi_itself_are_not_emulated(ap: Caller, method: str, options: dict[str, Any]) -> None:
    """Those of folders answer 501, wherever they are named."""
    assert ap.refused(method, "mailFolders", **options) == (501, "NotImplemented")
