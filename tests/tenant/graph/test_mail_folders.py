"""Folders over HTTPS."""

from collections.abc import Callable

from support.tenant import GCC_HIGH

from .conftest import Caller


def names(listed: dict[str, list[dict[str, str]]]) -> list[str]:
    return [folder["displayName"] for folder in listed["value"]]


def test_a_new_mailbox_has_the_usual_folders(ap: Caller) -> None:
    """The folders of an English mailbox, hidden ones only when asked for."""
    shown = names(ap.get("mailFolders"))
    assert {"Inbox", "Drafts", "Sent Items", "Deleted Items", "Archive", "Junk Email", "Outbox"} <= set(shown)
    assert "Sync Issues" not in shown
    assert "Sync Issues" in names(ap.get("mailFolders", includeHiddenFolders="true", **{"$top": "100"}))


def test_people_may_make_a_clutter_folder(ap: Caller) -> None:
    """The well-known one, which nobody sees, is not in the way, and keeps its name."""
    made = ap.post("mailFolders", {"displayName": "Clutter", "isHidden": True})
    assert made["isHidden"] is True
    assert ap.get("mailFolders/clutter")["id"] != made["id"]


def test_folders_are_paged(ap: Caller) -> None:
    """Pages follow each other by nextLink, and the count is of all."""
    first = ap.get("mailFolders", **{"$top": "3", "$count": "true", "$select": "displayName"})
    found, page = names(first), first
    while "@odata.nextLink" in page:
        page = ap.get(page["@odata.nextLink"])
        found += names(page)
    assert len(found) == len(set(found)) == first["@odata.count"]
    assert first["value"][0].keys() == {"id", "displayName"}


def test_folders_are_made_below_each_other(ap: Caller) -> None:
    """A folder is made at the top or below another, is found by name, and only once."""
    top = ap.post("mailFolders", {"displayName": "It's 2024"})
    child = ap.post(f"mailFolders/{top['id']}/childFolders", {"displayName": "Invoices"})
    assert child["parentFolderId"] == top["id"]
    assert ap.get(f"mailFolders/{top['id']}")["childFolderCount"] == 1
    found = ap.get("mailFolders", **{"$filter": "displayName eq 'it''s 2024'"})
    assert [folder["id"] for folder in found["value"]] == [top["id"]]
    assert ap.get(f"mailFolders/{top['id']}/childFolders/{child['id']}")["displayName"] == "Invoices"
    assert ap.refused("POST", "mailFolders", json={"displayName": "IT'S 2024"}) == (409, "ErrorFolderExists")


def test_what_cannot_be_had(ap: Caller) -> None:
    """An unknown id is not found, nonsense is malformed, a name is needed, and well-known folders stay."""
    unknown = ap.get("mailFolders/inbox")["id"][:-12] + "AAAAAAAAAA=="
    assert ap.refused("GET", f"mailFolders/{unknown}") == (404, "ErrorItemNotFound")
    assert ap.refused("GET", "mailFolders/nonsense") == (400, "ErrorInvalidIdMalformed")
    assert ap.refused("POST", "mailFolders", json={"displayName": " "}) == (400, "ErrorInvalidArgument")
    assert ap.refused("POST", "mailFolders", content=b"{")[0] == 400
    assert ap.refused("DELETE", "mailFolders/inbox") == (403, "ErrorDeleteDistinguishedFolder")
    assert ap.refused("GET", "mailFolders?$select=shoeSize") == (400, "RequestBroker--ParseUri")


def test_a_deleted_folder_lies_in_deleted_items(ap: Caller) -> None:
    """DELETE answers 204 and moves the folder."""
    folder = ap.post("mailFolders", {"displayName": "Old"})
    assert ap.request("DELETE", f"mailFolders/{folder['id']}").status_code == 204
    assert names(ap.get("mailFolders/deleteditems/childFolders")) == ["Old"]


def test_gcc_high_has_no_hidden_flag(call: Callable[..., Caller]) -> None:
    """The schema of GCC High has no isHidden."""
    other = call(cloud=GCC_HIGH)
    assert "isHidden" not in other.get("mailFolders/inbox")
    assert other.refused("GET", "mailFolders?$filter=isHidden eq false")[0] == 400


def test_folders_are_counted(ap: Caller) -> None:
    """$count is a plain number, of what a listing shows, with hidden folders when asked for."""
    shown = ap.get("mailFolders", **{"$top": "100"})["value"]
    answer = ap.request("GET", "mailFolders/$count")
    assert (answer.text, answer.headers["content-type"].partition(";")[0]) == (str(len(shown)), "text/plain")
    assert int(ap.request("GET", "mailFolders/$count?includeHiddenFolders=true").text) > len(shown)
    ap.post("mailFolders/inbox/childFolders", {"displayName": "Child"})
    assert ap.request("GET", "mailFolders('inbox')/childFolders/$count").text == "1"


def test_a_folder_is_renamed(ap: Caller) -> None:
    """PATCH gives another name, in another case too, unless a neighbour has it."""
    folder, other = (ap.post("mailFolders", {"displayName": name})["id"] for name in ("Old", "Other"))
    path = f"mailFolders/{folder}"
    for name in ("New", "NEW"):
        answer = ap.request("PATCH", path, json={"displayName": name})
        assert (answer.status_code, answer.json()["displayName"]) == (200, name)
    assert ap.refused("PATCH", path, json={"displayName": "other"}) == (409, "ErrorFolderExists")
    assert ap.refused("PATCH", path, json={"displayName": ""}) == (400, "ErrorInvalidArgument")
    assert ap.refused("PATCH", path, json={"shoeSize": 3}) == (400, "RequestBodyRead")
    assert ap.refused("PATCH", path, json={"isHidden": True}) == (400, "ErrorInvalidPropertySet")
    assert ap.refused("PATCH", path, json={"filterQuery": "isRead eq true"}) == (400, "RequestBodyRead")
    assert ap.refused("PATCH", "mailFolders/inbox", json={"displayName": "x"}) == (403, "ErrorAccessDenied")
    assert ap.get(f"mailFolders/{other}")["displayName"] == "Other"


def test_a_hidden_folder_is_made(ap: Caller) -> None:
    """isHidden at creation keeps a folder out of listings, but not out of reach."""
    folder = ap.post("mailFolders", {"displayName": "Secret", "isHidden": True})
    assert folder["isHidden"] is True
    assert "Secret" not in names(ap.get("mailFolders", **{"$top": "100"}))
    assert "Secret" in names(ap.get("mailFolders", includeHiddenFolders="true", **{"$top": "100"}))
    assert ap.get(f"mailFolders/{folder['id']}")["displayName"] == "Secret"


def test_what_is_expanded_comes_along(ap: Caller) -> None:
    """$expand brings child folders and messages, with what their own $select names."""
    ap.post("mailFolders/inbox/childFolders", {"displayName": "Child"})
    ap.post("mailFolders/inbox/messages", {"subject": "Hello"})
    inbox = ap.get("mailFolders/inbox?$expand=childFolders($select=displayName),messages($select=subject)")
    assert [folder["displayName"] for folder in inbox["childFolders"]] == ["Child"]
    assert inbox["childFolders"][0].keys() == {"id", "displayName"}
    assert [message["subject"] for message in inbox["messages"]] == ["Hello"]
    (listed,) = ap.get("mailFolders?$filter=displayName eq 'Inbox'&$expand=childFolders")["value"]
    assert len(listed["childFolders"]) == 1
    assert ap.refused("GET", "mailFolders/inbox?$expand=messageRules") == (501, "NotImplemented")
