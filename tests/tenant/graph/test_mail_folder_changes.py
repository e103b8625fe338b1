"""Delta of folders over HTTPS."""

from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller


def told(page: dict[str, Any]) -> list[str]:
    return [item.get("displayName", "removed") for item in page["value"]]


def follow(ap: Caller, link: str) -> tuple[list[dict[str, Any]], str]:
    """Give all items of a round, and the link of the next."""
    items: list[dict[str, Any]] = []
    while True:
        answer = ap.request("GET", link, headers={"Prefer": "odata.maxpagesize=3"})
        page = answer.json()
        assert answer.status_code == 200, answer.text
        assert len(page["value"]) <= 3
        items += page["value"]
        if "@odata.deltaLink" in page:
            return items, page["@odata.deltaLink"]
        link = page["@odata.nextLink"]


def test_folders_are_followed(ap: Caller) -> None:
    """At first all folders that are shown, however deep; then what was made, renamed, moved, or is gone."""
    deep = ap.post("mailFolders/inbox/childFolders", {"displayName": "Deep"})
    items, link = follow(ap, "mailFolders/delta")
    names = {item["displayName"] for item in items}
    assert {"Inbox", "Deep", "Drafts"} <= names
    assert not {"Clutter", "Top of Information Store", "Finder"} & names
    assert follow(ap, link)[0] == []

    ap.request("PATCH", f"mailFolders/{deep['id']}", json={"displayName": "Deeper"})
    items, link = follow(ap, link)
    assert [item["displayName"] for item in items] == ["Deeper"]

    ap.post(f"mailFolders/{deep['id']}/move", {"destinationId": "archive"}, 200)
    items, link = follow(ap, link)
    assert {item["displayName"]: item["childFolderCount"] for item in items} == {
        "Inbox": 0,
        "Archive": 1,
        "Deeper": 0,
    }
    ap.post(f"mailFolders/{deep['id']}/permanentDelete", status=204)
    items, link = follow(ap, link)
    (removed,) = [item for item in items if "@removed" in item]
    assert removed["id"] == deep["id"]


def test_counts_are_changes(tenant: RunningTenant, ap: Caller) -> None:
    """A folder that mail came into is told of, with its counts."""
    _, link = follow(ap, "mailFolders/delta?$select=unreadItemCount")
    tenant.deliver(ap.address, b"Subject: x\r\n\r\n")
    ((inbox,), _) = follow(ap, link)
    assert inbox.keys() == {"@odata.type", "id", "unreadItemCount"}
    assert inbox["unreadItemCount"] == 1


def test_folders_of_one_folder(ap: Caller) -> None:
    """childFolders/delta tells of one folder's own: what left it is removed there, though it lies elsewhere now."""
    child = ap.post("mailFolders/inbox/childFolders", {"displayName": "Child"})
    grandchild = ap.post(f"mailFolders/{child['id']}/childFolders", {"displayName": "Grandchild"})
    items, link = follow(ap, "mailFolders/inbox/childFolders/delta()")
    assert [item["displayName"] for item in items] == ["Child"]
    nested, _ = follow(ap, f"mailFolders/inbox/childFolders/{child['id']}/childFolders/delta")
    assert [item["id"] for item in nested] == [grandchild["id"]]
    ap.post(f"mailFolders/{child['id']}/move", {"destinationId": "archive"}, 200)
    items, link = follow(ap, link)
    assert [item["@removed"] for item in items] == [{"reason": "deleted"}]
    ap.post(f"mailFolders/{child['id']}/move", {"destinationId": "inbox"}, 200)
    assert [item["displayName"] for item in follow(ap, link)[0]] == ["Child"]


@pytest.mark.parametrize(
    "query", ["$top=5", "$filter=displayName eq 'x'", "$orderby=displayName", "$search=x"]
)
def test_delta_of_folders_takes_only_a_selection(ap: Caller, query: str) -> None:
    """All options but $select are refused, as Graph refuses them."""
    assert ap.refused("GET", f"mailFolders/delta?{query}") == (400, "ErrorInvalidUrlQuery")
    assert "'Folders' resource" in ap.request("GET", f"mailFolders/delta?{query}").text
