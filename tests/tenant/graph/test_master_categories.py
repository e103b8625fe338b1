"""The categories of a mailbox."""

from collections.abc import Callable

import pytest

from support.tenant import RunningTenant

from .conftest import Caller

PATH = "outlook/masterCategories"


def test_a_new_mailbox_has_six_categories(settings: Caller) -> None:
    """They are Outlook's, each with its colour."""
    listed = settings.get(PATH, **{"$count": "true"})
    assert [(each["displayName"], each["color"]) for each in listed["value"]][:3] == [
        ("Red category", "preset0"),
        ("Orange category", "preset1"),
        ("Yellow category", "preset3"),
    ]
    assert listed["@odata.count"] == 6
    assert settings.request("GET", f"{PATH}/$count").text == "6"


def test_a_category_is_made_coloured_and_deleted(settings: Caller) -> None:
    """POST answers 201, PATCH 200 with the new colour, DELETE 204; then it is gone."""
    made = settings.post(PATH, {"displayName": "Paid", "color": "Preset9"})
    assert (made["displayName"], made["color"]) == ("Paid", "preset9")
    path = f"{PATH}/{made['id']}"
    changed = settings.request("PATCH", path, json={"color": "none"})
    assert (changed.status_code, changed.json()["color"]) == (200, "none")
    assert settings.get(path)["color"] == "none"
    assert settings.request("DELETE", path).status_code == 204
    assert settings.refused("GET", path) == (404, "ErrorItemNotFound")


def test_names_are_unique_and_for_ever(settings: Caller) -> None:
    """A taken name is refused, whatever its case, and so is another name for a category."""
    first = settings.get(PATH)["value"][0]
    assert settings.refused("POST", PATH, json={"displayName": "RED category"})[0] == 409
    assert settings.refused("PATCH", f"{PATH}/{first['id']}", json={"displayName": "Crimson"})[0] == 400


@pytest.mark.parametrize(
    "body",
    [{}, {"displayName": " "}, {"displayName": "x", "color": "mauve"}, {"displayName": "x", "shade": 1}],
)
def test_what_is_no_category(settings: Caller, body: dict[str, object]) -> None:
    """A name is needed, and a colour that Outlook has."""
    assert settings.refused("POST", PATH, json=body)[0] == 400


def test_the_list_follows_query_options(settings: Caller) -> None:
    """$filter, $orderby, $top and $select are heeded."""
    found = settings.get(
        PATH,
        **{"$filter": "startswith(displayName,'R')", "$select": "displayName", "$orderby": "displayName"},
    )
    assert [each.keys() for each in found["value"]] == [{"id", "displayName"}]
    page = settings.get(PATH, **{"$top": "4"})
    assert len(settings.get(page["@odata.nextLink"])["value"]) == 2
    assert settings.refused("GET", f"{PATH}?$select=shade")[0] == 400


def test_mail_permissions_are_not_enough(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """MailboxSettings.Read reads and MailboxSettings.ReadWrite changes."""
    tenant.change_app("Reader bot", application_permissions=["MailboxSettings.Read"])
    reader = call(app="Reader bot")
    assert reader.get(PATH)["value"]
    assert reader.refused("POST", PATH, json={"displayName": "x"}) == (403, "ErrorAccessDenied")
    tenant.change_app("Reader bot", application_permissions=["Mail.Read"])
    assert call(app="Reader bot").refused("GET", PATH) == (403, "ErrorAccessDenied")
