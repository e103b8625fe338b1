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
