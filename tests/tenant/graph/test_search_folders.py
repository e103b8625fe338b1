"""Search folders over HTTPS."""

from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller

KIND = "microsoft.graph.mailSearchFolder"


def body(**changes: Any) -> dict[str, Any]:
    wanted: dict[str, Any] = {
        "@odata.type": KIND,
        "displayName": "Invoices",
        "includeNestedFolders": False,
        "sourceFolderIds": ["inbox"],
        "filterQuery": "contains(subject, 'invoice')",
    }
    return {name: value for name, value in (wanted | changes).items() if value is not None}


def subjects(ap: Caller, folder: str) -> set[str]:
    return {item["subject"] for item in ap.get(f"mailFolders/{folder}/messages")["value"]}


def test_a_search_folder_finds_mail(tenant: RunningTenant, ap: Caller) -> None:
    """It has what the filter finds in its source folders, now and later, and says what it seeks."""
    inbox = ap.get("mailFolders/inbox")["id"]
    deep = ap.post("mailFolders/inbox/childFolders", {"displayName": "Deep"})["id"]
    ap.post(f"mailFolders/{deep}/messages", {"subject": "invoice below"})
    tenant.deliver(ap.address, b"Subject: Your invoice\r\n\r\n")
    tenant.deliver(ap.address, b"Subject: Hello\r\n\r\n")
    made = ap.post("mailFolders/searchfolders/childFolders", body())
    assert made["@odata.type"] == f"#{KIND}"
    assert (made["isSupported"], made["includeNestedFolders"], made["sourceFolderIds"]) == (
        True,
        False,
        [inbox],
    )
    assert (made["totalItemCount"], made["unreadItemCount"]) == (1, 1)
    assert subjects(ap, made["id"]) == {"Your invoice"}

    path = f"mailFolders/{made['id']}"
    changed = ap.request("PATCH", path, json={"@odata.type": KIND, "includeNestedFolders": True}).json()
    assert (changed["includeNestedFolders"], changed["filterQuery"]) == (True, made["filterQuery"])
    assert subjects(ap, made["id"]) == {"Your invoice", "invoice below"}
    ap.request("PATCH", path, json={"filterQuery": "subject eq 'Hello'"})
    assert subjects(ap, made["id"]) == {"Hello"}
    assert ap.request("GET", f"{path}/messages/$count").text == "1"
    listed = ap.get("mailFolders/searchfolders/childFolders")["value"]
    assert [folder["filterQuery"] for folder in listed] == ["subject eq 'Hello'"]
    assert ap.refused("GET", f"{path}/messages/delta") == (501, "NotImplemented")
    assert ap.request("DELETE", path).status_code == 204


def test_nothing_is_put_into_a_search_folder(ap: Caller) -> None:
    """Messages and folders do not go into one."""
    made = ap.post("mailFolders/searchfolders/childFolders", body())["id"]
    message = ap.post("messages", {"subject": "invoice"})["id"]
    refusal = (400, "ErrorCannotUseFolderIdForItemId")
    assert ap.refused("POST", f"messages/{message}/move", json={"destinationId": made}) == refusal
    assert ap.refused("POST", f"messages/{message}/copy", json={"destinationId": made}) == refusal
    assert ap.refused("POST", f"mailFolders/{made}/messages", json={"subject": "x"}) == refusal
    assert ap.refused("POST", f"mailFolders/{made}/childFolders", json={"displayName": "x"}) == refusal


@pytest.mark.parametrize(
    "changes",
    [
        {"filterQuery": None},
        {"filterQuery": "subject eq"},
        {"filterQuery": "shoeSize eq 3"},
        {"sourceFolderIds": []},
        {"sourceFolderIds": ["nowhere"]},
        {"includeNestedFolders": "yes"},
        {"includeNestedFolders": None},
        {"displayName": None},
    ],
)
def test_search_folders_that_cannot_be(ap: Caller, changes: dict[str, Any]) -> None:
    """A search folder needs a name, sources that are there, and a filter that can be understood."""
    assert ap.refused("POST", "mailFolders/searchfolders/childFolders", json=body(**changes))[0] == 400
