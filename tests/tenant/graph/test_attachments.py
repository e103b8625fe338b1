"""Attachments over HTTPS."""

import base64
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="}
LINK = {
    "@odata.type": "#microsoft.graph.referenceAttachment",
    "name": "Budget",
    "sourceUrl": "https://contoso.example/b",
}
ITEM = {
    "@odata.type": "#microsoft.graph.itemAttachment",
    "name": "Inner",
    "item": {"@odata.type": "#microsoft.graph.message", "subject": "inner", "body": {"content": "deep"}},
}


@pytest.fixture
def draft(ap: Caller) -> str:
    """Give the path of an empty draft."""
    return f"messages/{ap.post('messages', {'subject': 'draft'})['id']}"


def test_contents_come_with_the_list_unless_select_leaves_them_out(tenant: RunningTenant, ap: Caller) -> None:
    """contentBytes are in a list without $select, and where $select names them."""
    message = tenant.deliver("ap@contoso.com", make_mail(attachments={"a.bin": b"\x00\xff"}))
    path = f"messages/{message}/attachments"
    (full,) = ap.get(path)["value"]
    assert base64.b64decode(full["contentBytes"]) == b"\x00\xff"
    assert full["@odata.type"] == "#microsoft.graph.fileAttachment"
    (short,) = ap.get(path, **{"$select": "id,name,size"})["value"]
    assert {name for name in short if "@" not in name} == {"id", "name", "size"}
    named = {"$select": "microsoft.graph.fileAttachment/contentBytes"}
    assert "contentBytes" in ap.get(path, **named)["value"][0]
    answer = ap.request("GET", f"{path}/{full['id']}/$value")
    assert (answer.content, answer.headers["content-type"]) == (b"\x00\xff", "application/octet-stream")


@pytest.mark.parametrize("attachment", [FILE, LINK, ITEM])
def test_a_draft_takes_all_kinds(ap: Caller, draft: str, attachment: dict[str, Any]) -> None:
    """A file, a link and a message are attached, read and deleted."""
    made = ap.post(f"{draft}/attachments", attachment)
    assert (made["@odata.type"], made["name"]) == (attachment["@odata.type"], attachment["name"])
    assert ap.get(draft)["hasAttachments"] is True
    assert ap.get(f"{draft}/attachments/{made['id']}")["id"] == made["id"]
    assert ap.request("DELETE", f"{draft}/attachments/{made['id']}").status_code == 204
    assert ap.get(draft)["hasAttachments"] is False


def test_contents_by_kind(ap: Caller, draft: str) -> None:
    """$value is the bytes of a file and the MIME of a message; a link has none."""
    file, link, item = (
        ap.post(f"{draft}/attachments", attachment)["id"] for attachment in (FILE, LINK, ITEM)
    )
    assert ap.request("GET", f"{draft}/attachments/{file}/$value").content == b"hello"
    assert b"Subject: inner" in ap.request("GET", f"{draft}/attachments/{item}/$value").content
    assert ap.refused("GET", f"{draft}/attachments/{link}/$value")[0] == 405


def test_an_attached_message_is_expanded(ap: Caller, draft: str) -> None:
    """$expand shows the message in an item attachment, and adds none to the mailbox."""
    made = ap.post(f"{draft}/attachments", ITEM)
    expand = {"$expand": "microsoft.graph.itemattachment/item"}
    item = ap.get(f"{draft}/attachments/{made['id']}", **expand)["item"]
    assert (item["@odata.type"], item["subject"], item["id"]) == ("#microsoft.graph.message", "inner", "")
    assert item["webLink"].endswith("&viewmodel=ItemAttachment")
    assert item["internetMessageHeaders"] == []
    assert ap.request("GET", "messages/$count").text == "1"


def test_attachments_that_are_refused(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """Too large, not Base64, of no kind, without a name, or for a message that is no draft."""
    large = FILE | {"contentBytes": base64.b64encode(bytes(3 * 1024 * 1024)).decode()}
    path = f"{draft}/attachments"
    assert ap.refused("POST", path, json=large) == (413, "ErrorMessageSizeExceeded")
    assert ap.refused("POST", path, json=FILE | {"contentBytes": "***"})[0] == 400
    assert ap.refused("POST", path, json={"name": "a"})[0] == 400
    assert ap.refused("POST", path, json={**FILE, "name": ""})[0] == 400
    received = tenant.deliver("ap@contoso.com", make_mail())
    assert ap.refused("POST", f"messages/{received}/attachments", json=FILE)[0] == 400
    assert ap.refused("GET", f"{path}/AAMkAD-nothing-of-the-kind=") == (404, "ErrorItemNotFound")


def test_a_message_that_came_can_lose_its_attachments(tenant: RunningTenant, ap: Caller) -> None:
    """DELETE takes a file off a received message, and out of its MIME; the rest stays."""
    files = {"keep.txt": b"kept", "drop.txt": b"gone"}
    path = f"messages/{tenant.deliver('ap@contoso.com', make_mail(attachments=files))}"
    ids = {one["name"]: one["id"] for one in ap.get(f"{path}/attachments")["value"]}
    assert ap.request("DELETE", f"{path}/attachments/{ids['drop.txt']}").status_code == 204
    assert [one["name"] for one in ap.get(f"{path}/attachments")["value"]] == ["keep.txt"]
    mime = ap.request("GET", f"{path}/$value").text
    assert "keep.txt" in mime
    assert "drop.txt" not in mime
    assert ap.get(path)["hasAttachments"] is True


def test_base64_may_lack_its_last_marks(ap: Caller, draft: str) -> None:
    """OData leaves the padding of contentBytes to the client."""
    made = ap.post(f"{draft}/attachments", FILE | {"contentBytes": "aGVsbG8"})
    assert made["contentBytes"] == FILE["contentBytes"]


def test_a_list_is_filtered_ordered_paged_and_counted(tenant: RunningTenant, ap: Caller) -> None:
    """$filter, $orderby, $top, $skip and $count as of other lists; without $top they all come at once."""
    files = {f"{number:02}.bin": bytes(number) for number in range(12)}
    path = f"messages/{tenant.deliver('ap@contoso.com', make_mail(attachments=files))}/attachments"

    def names(**options: str) -> list[str]:
        return [one["name"] for one in ap.get(path, **{"$select": "name", **options})["value"]]

    assert names() == sorted(files)
    assert names(**{"$filter": "size gt 9"}) == ["10.bin", "11.bin"]
    assert names(**{"$filter": "name eq '03.BIN' and isInline eq false"}) == ["03.bin"]
    assert names(**{"$orderby": "name desc", "$top": "2", "$skip": "1"}) == ["10.bin", "09.bin"]
    page = ap.get(path, **{"$top": "5", "$count": "true"})
    assert (len(page["value"]), page["@odata.count"]) == (5, 12)
    following = ap.request("GET", page["@odata.nextLink"]).json()
    assert [one["name"] for one in following["value"]] == sorted(files)[5:10]
    assert ap.request("GET", f"{path}/$count").text == "12"
    assert ap.refused("GET", path, params={"$filter": "nonsense eq 1"})[0] == 400
    assert ap.refused("GET", path, params={"$expand": "nonsense"})[0] == 501


@pytest.mark.parametrize(
    "name", ["microsoft.graph.itemattachment/item", "Microsoft.OutlookServices.ItemAttachment/Item"]
)
def test_attached_messages_are_expanded_in_a_list(ap: Caller, draft: str, name: str) -> None:
    """Each attached message comes along, and what else is attached stays as it is; $select says how much of it."""
    for attachment in (FILE, ITEM):
        ap.post(f"{draft}/attachments", attachment)
    file, item = ap.get(f"{draft}/attachments", **{"$expand": name})["value"]
    assert "item" not in file
    assert (item["item"]["subject"], item["item"]["body"]["content"].strip()) == ("inner", "deep")
    chosen = {"$expand": f"{name}($select=subject)"}
    _, item = ap.get(f"{draft}/attachments", **chosen)["value"]
    assert {key for key in item["item"] if "@" not in key} == {"id", "subject"}


def test_a_message_has_a_size(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """What would make a message larger than its mailbox takes is refused."""
    answer = tenant.control.post("/limits", json={"message_bytes": 9})
    assert answer.status_code == 200
    assert ap.request("POST", f"{draft}/attachments", json=FILE).status_code == 201
    assert ap.refused("POST", f"{draft}/attachments", json=FILE) == (413, "ErrorMessageSizeExceeded")
