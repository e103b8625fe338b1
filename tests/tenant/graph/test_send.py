"""Sending between the mailboxes of a cloud."""

import base64
from collections.abc import Callable
from typing import Any

import pytest

from support.tenant import RunningTenant

from .conftest import Caller
from .test_drafts import TEXT, to


def message(*addresses: str, **properties: Any) -> dict[str, Any]:
    return {"subject": "Hello", "body": {"content": "x"}, "toRecipients": to(*addresses), **properties}


def totals(tenant: RunningTenant, *names: str) -> list[int]:
    return [tenant.folders(f"{name}@contoso.com")["Inbox"]["total"] for name in names]


def test_everyone_gets_it_once(tenant: RunningTenant, ap: Caller) -> None:
    """Each mailbox gets one copy however often it is named, unread; the sender keeps one in Sent Items."""
    sent = message("adele@contoso.com", "ADELE@contoso.com", "invoices@contoso.com", "out@fabrikam.example")
    sent |= {"ccRecipients": to("adele@contoso.com"), "bccRecipients": to("megan@contoso.com")}
    ap.post("sendMail", {"message": sent}, status=202)
    assert totals(tenant, "adele", "megan", "invoices", "ap") == [1, 1, 1, 0]
    assert tenant.folders("adele@contoso.com")["Inbox"]["unread"] == 1
    folders = tenant.folders("ap@contoso.com")
    assert (folders["Sent Items"]["total"], folders["Drafts"]["total"]) == (1, 0)


def test_blind_copies_stay_blind(ap: Caller, call: Callable[..., Caller]) -> None:
    """Only the sender sees who else got a blind copy."""
    ap.post(
        "sendMail",
        {"message": message("adele@contoso.com", bccRecipients=to("megan@contoso.com"))},
        status=202,
    )
    for name in ("adele", "megan"):
        (received,) = call(name).get("messages")["value"]
        assert received["bccRecipients"] == []
        assert b"megan" not in call(name).request("GET", f"messages/{received['id']}/$value").content
    (kept,) = ap.get("mailFolders/sentitems/messages")["value"]
    assert kept["bccRecipients"][0]["emailAddress"]["address"] == "megan@contoso.com"


def test_sent_without_a_trace(tenant: RunningTenant, ap: Caller) -> None:
    """saveToSentItems: false leaves nothing with the sender."""
    ap.post("sendMail", {"message": message("adele@contoso.com"), "saveToSentItems": False}, status=202)
    assert tenant.folders("ap@contoso.com")["Sent Items"]["total"] == 0
    assert totals(tenant, "adele") == [1]


def test_a_draft_is_sent_as_it_is(ap: Caller, call: Callable[..., Caller]) -> None:
    """A draft keeps its immutable id, is no draft any more, and arrives with its attachments."""
    draft = ap.post("messages", message("adele@contoso.com"))
    file = {"@odata.type": "#microsoft.graph.fileAttachment", "name": "a.txt", "contentBytes": "aGVsbG8="}
    ap.post(f"messages/{draft['id']}/attachments", file)
    answer = ap.request("POST", f"messages/{draft['id']}/send")
    assert (answer.status_code, answer.content) == (202, b"")
    kept = ap.get(f"messages/{draft['id']}")
    assert (kept["isDraft"], kept["parentFolderId"]) == (False, ap.get("mailFolders/sentitems")["id"])
    (received,) = call("adele").get("messages", **{"$expand": "attachments"})["value"]
    assert received["attachments"][0]["contentBytes"] == "aGVsbG8="
    assert received["internetMessageId"] == kept["internetMessageId"]
    assert ap.refused("POST", f"messages/{draft['id']}/send")[0] == 400


def test_mime_is_sent_as_it_is(ap: Caller, call: Callable[..., Caller]) -> None:
    """MIME arrives as it was given, with what it lacks put first."""
    raw = b"To: adele@contoso.com\nSubject: mime\nBcc: megan@contoso.com\n\nHello"
    assert ap.request("POST", "sendMail", content=base64.b64encode(raw), headers=TEXT).status_code == 202
    (received,) = call("adele").get("messages")["value"]
    assert received["from"]["emailAddress"]["address"] == "ap@contoso.com"
    mime = call("adele").request("GET", f"messages/{received['id']}/$value").content
    assert mime.endswith(b"To: adele@contoso.com\nSubject: mime\n\nHello")
    assert len(call("megan").get("messages")["value"]) == 1


@pytest.mark.parametrize(
    ("sent", "refusal"),
    [
        (message(), (400, "ErrorInvalidRecipients")),
        (message("adele"), (400, "ErrorInvalidRecipients")),
        (message("adele@contoso.com", **{"from": to("megan@contoso.com")[0]}), (403, "ErrorSendAsDenied")),
        (message("adele@contoso.com", sender=to("x@fabrikam.example")[0]), (403, "ErrorSendAsDenied")),
        ({"shoeSize": 1}, (400, "RequestBodyRead")),
    ],
)
def test_mail_that_is_refused_leaves_nothing(
    tenant: RunningTenant, ap: Caller, sent: dict[str, Any], refusal: tuple[int, str]
) -> None:
    """What cannot be sent is neither delivered nor kept."""
    assert ap.refused("POST", "sendMail", json={"message": sent}) == refusal
    assert ap.get("messages")["value"] == []
    assert totals(tenant, "adele") == [0]


def test_a_shared_mailbox_sends_in_its_own_name(ap: Caller, call: Callable[..., Caller]) -> None:
    """An app sends for any mailbox, in that mailbox's name."""
    call("invoices").post("sendMail", {"message": message("ap@contoso.com")}, status=202)
    (received,) = ap.get("messages")["value"]
    assert received["from"]["emailAddress"] == {"name": "Invoices", "address": "invoices@contoso.com"}
