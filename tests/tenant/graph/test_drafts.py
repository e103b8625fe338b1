"""Drafts, and changes to messages."""

import base64
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

TEXT = {"Content-Type": "text/plain"}


def to(*addresses: str) -> list[dict[str, Any]]:
    return [{"emailAddress": {"address": address}} for address in addresses]


def test_a_draft_from_json(ap: Caller) -> None:
    """A draft has what was written, comes from the mailbox and lies in Drafts."""
    body = {"contentType": "HTML", "content": "<p>Hello</p>"}
    headers = [{"name": "X-Batch", "value": "7"}]
    written = {
        "subject": "S",
        "body": body,
        "toRecipients": to("adele@contoso.com"),
        "internetMessageHeaders": headers,
    }
    draft = ap.post("messages", written | {"importance": "High", "@odata.type": "microsoft.graph.message"})
    assert (draft["subject"], draft["importance"], draft["isDraft"], draft["isRead"]) == (
        "S",
        "high",
        True,
        True,
    )
    assert draft["from"]["emailAddress"]["address"] == "ap@contoso.com"
    assert draft["body"] == {"contentType": "html", "content": "<p>Hello</p>"}
    assert draft["parentFolderId"] == ap.get("mailFolders/drafts")["id"]
    mime = ap.request("GET", f"messages/{draft['id']}/$value").content
    assert b"Subject: S\r\n" in mime
    assert b"X-Batch: 7\r\n" in mime


def test_a_draft_from_mime(ap: Caller) -> None:
    """MIME in Base64 becomes a draft with those very bytes, until it is changed."""
    raw = b"Subject: mime\nTo: adele@contoso.com\n\nHello"
    answer = ap.request("POST", "mailFolders/inbox/messages", content=base64.b64encode(raw), headers=TEXT)
    draft = answer.json()
    assert (answer.status_code, draft["subject"], draft["isDraft"]) == (201, "mime", True)
    assert ap.request("GET", f"messages/{draft['id']}/$value").content == raw
    ap.request("PATCH", f"messages/{draft['id']}", json={"subject": "changed"})
    assert b"Subject: changed" in ap.request("GET", f"messages/{draft['id']}/$value").content


def test_what_any_message_lets_be_changed(tenant: RunningTenant, ap: Caller) -> None:
    """Read state, categories, importance and flag change; the change key with them."""
    path = f"messages/{tenant.deliver('ap@contoso.com', make_mail())}"
    before = ap.get(path)
    changes = {"isRead": True, "categories": ["Red"], "importance": "low", "flag": {"flagStatus": "flagged"}}
    answer = ap.request("PATCH", path, json=changes)
    assert answer.status_code == 200
    after = answer.json()
    assert {name: after[name] for name in changes} == changes
    assert after["changeKey"] != before["changeKey"]
    assert ap.refused("PATCH", path, json={"subject": "x"}) == (400, "ErrorInvalidPropertySet")


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ({"shoeSize": 1}, "RequestBodyRead"),
        ({"subject": 1}, "RequestBodyRead"),
        ({"toRecipients": "adele"}, "RequestBodyRead"),
        ({"toRecipients": [{"address": "adele"}]}, "RequestBodyRead"),
        ({"body": {"contentType": "rtf", "content": ""}}, "RequestBodyRead"),
        ({"isRead": "yes"}, "RequestBodyRead"),
        ({"importance": "huge"}, "RequestBodyRead"),
        ({"flag": {"flagStatus": "waving"}}, "RequestBodyRead"),
        ({"internetMessageHeaders": [{"name": "Subject", "value": "x"}]}, "InvalidInternetMessageHeader"),
        ({"internetMessageHeaders": [{"name": "x-a\r\nBcc", "value": "x"}]}, "InvalidInternetMessageHeader"),
    ],
)
def test_drafts_that_are_refused(ap: Caller, written: dict[str, Any], code: str) -> None:
    """What is no message is refused, and no draft is left."""
    assert ap.refused("POST", "messages", json=written) == (400, code)
    assert ap.get("messages")["value"] == []


def test_bad_base64_is_refused(ap: Caller) -> None:
    """MIME that is not Base64 has a code of its own."""
    for path in ("messages", "sendMail"):
        refused = ap.refused("POST", path, content=b"***", headers=TEXT)
        assert refused == (400, "ErrorMimeContentInvalidBase64String")
