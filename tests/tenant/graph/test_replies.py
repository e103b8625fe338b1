"""Answers to messages."""

from collections.abc import Callable
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller
from .test_drafts import to


@pytest.fixture
def received(tenant: RunningTenant) -> str:
    """Give the path of a message from Adele to ap and megan, with an attachment."""
    raw = make_mail("Invoice 1", to="ap@contoso.com, megan@contoso.com", attachments={"a.pdf": b"pdf"})
    return f"messages/{tenant.deliver('ap@contoso.com', raw)}"


def addresses(people: list[dict[str, Any]]) -> list[str]:
    return [person["emailAddress"]["address"] for person in people]


def test_a_reply_goes_to_the_sender(ap: Caller, call: Callable[..., Caller], received: str) -> None:
    """A reply arrives with the comment above the original, in the same conversation, from the mailbox."""
    ap.post(f"{received}/reply", {"comment": "Received, thank you. 1 < 2"}, status=202)
    (answer,) = call("adele").get("messages")["value"]
    assert answer["subject"] == "RE: Invoice 1"
    assert answer["bodyPreview"].startswith("Received, thank you. 1 < 2")
    assert "Please find it attached." in answer["body"]["content"]
    (kept,) = ap.get("mailFolders/sentitems/messages")["value"]
    assert kept["conversationId"] == ap.get(received)["conversationId"]


def test_a_reply_to_all_leaves_the_mailbox_out(ap: Caller, received: str) -> None:
    """Everybody but oneself gets the reply, each once."""
    draft = ap.post(f"{received}/createReplyAll", {"comment": "x"})
    assert sorted(addresses(draft["toRecipients"])) == ["adele@contoso.com", "megan@contoso.com"]
    assert (draft["isDraft"], draft["hasAttachments"]) == (True, False)


def test_a_forward_takes_attachments_along(ap: Caller, call: Callable[..., Caller], received: str) -> None:
    """A forward needs somebody to go to, and brings the attachments."""
    ap.post(f"{received}/forward", {"comment": "see", "toRecipients": to("invoices@contoso.com")}, status=202)
    (forwarded,) = call("invoices").get("messages", **{"$expand": "attachments"})["value"]
    assert forwarded["subject"] == "FW: Invoice 1"
    assert [part["name"] for part in forwarded["attachments"]] == ["a.pdf"]
    assert ap.refused("POST", f"{received}/forward", json={}) == (400, "ErrorInvalidRecipients")


def test_a_message_given_with_a_reply_wins(ap: Caller, received: str) -> None:
    """Properties of `message` take the place of the usual ones; body and comment exclude each other."""
    given = {
        "message": {
            "toRecipients": to("megan@contoso.com"),
            "body": {"contentType": "text", "content": "own"},
        }
    }
    draft = ap.post(f"{received}/createReply", given)
    assert addresses(draft["toRecipients"]) == ["megan@contoso.com"]
    assert draft["body"]["content"] == "own"
    assert ap.refused("POST", f"{received}/reply", json=given | {"comment": "x"})[0] == 400


def test_a_refused_reply_leaves_no_draft(ap: Caller, received: str) -> None:
    """When a reply is refused, nothing stays in Drafts."""
    body = {"message": {"toRecipients": to("nobody")}}
    assert ap.refused("POST", f"{received}/reply", json=body) == (400, "ErrorInvalidRecipients")
    assert ap.get("mailFolders/drafts/messages")["value"] == []


def test_gcc_high_ignores_what_its_schema_lacks(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """createReply has no parameters in GCC High."""
    other = call(cloud=GCC_HIGH)
    path = f"messages/{tenant.deliver(other.address, make_mail())}"
    draft = other.post(f"{path}/createReply", {"comment": "heard?", "message": {"subject": "other"}})
    assert draft["subject"] == "RE: Invoice 1"
    assert "heard?" not in draft["body"]["content"]


def test_a_reply_tells_the_time_of_the_client(ap: Caller, received: str) -> None:
    """The quoted original was sent at a time of the zone that Prefer names; an unknown zone is refused."""
    zone = {"Prefer": 'outlook.timezone="W. Europe Standard Time"'}
    answer = ap.request("POST", f"{received}/createReply", headers=zone, json={})
    assert "(W. Europe Standard Time)" in answer.json()["body"]["content"]
    assert 'outlook.timezone="W. Europe Standard Time"' in answer.headers["preference-applied"]
    nowhere = {"Prefer": 'outlook.timezone="Middle Earth"'}
    answer = ap.request("POST", f"{received}/createReply", headers=nowhere, json={})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "TimeZoneNotSupportedException")
