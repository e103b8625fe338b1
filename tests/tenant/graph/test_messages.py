"""Messages over HTTPS: listed, paged, read, moved, copied and deleted."""

from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller

CHANGING_IDS = {"Prefer": ""}


@pytest.fixture
def filled(tenant: RunningTenant, ap: Caller) -> Caller:
    """Give the mailbox with 25 messages in the Inbox, every third with an attachment."""
    for number in range(25):
        attachments = {"a.pdf": b"pdf"} if number % 3 == 0 else None
        tenant.deliver("ap@contoso.com", make_mail(f"Invoice {number:02}", attachments=attachments))
    return ap


def subjects(listed: dict[str, Any]) -> list[str]:
    return [message["subject"] for message in listed["value"]]


def test_a_message_has_all_its_properties(filled: Caller) -> None:
    """A message without $select has everything but what only $select brings."""
    message = filled.get("messages", **{"$top": "1"})["value"][0]
    assert message.keys() == {
        "@odata.etag", "id", "createdDateTime", "lastModifiedDateTime", "changeKey", "categories", "receivedDateTime",
        "sentDateTime", "hasAttachments", "internetMessageId", "subject", "bodyPreview", "importance",
        "parentFolderId", "conversationId", "conversationIndex", "isDeliveryReceiptRequested",
        "isReadReceiptRequested", "isRead", "isDraft", "webLink", "inferenceClassification", "body", "sender", "from",
        "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "flag",
    }  # fmt: skip
    assert message["body"]["contentType"] == "text"
    assert message["isRead"] is False


def test_pages_follow_each_other(filled: Caller) -> None:
    """Ten a page, newest first, linked by $skip; all together are the folder."""
    page = filled.get("mailFolders/inbox/messages", **{"$count": "true", "$select": "subject"})
    assert (page["@odata.count"], len(page["value"])) == (25, 10)
    assert "$skip=10" in page["@odata.nextLink"]
    found = subjects(page)
    while "@odata.nextLink" in page:
        page = filled.get(page["@odata.nextLink"])
        found += subjects(page)
    assert sorted(found) == [f"Invoice {number:02}" for number in range(25)]


def test_moving_while_paging_passes_messages_over(filled: Caller) -> None:
    """Who moves the first page away and follows its link misses as many messages, as with Outlook."""
    page = filled.get("mailFolders/inbox/messages", **{"$select": "id,subject"})
    for message in page["value"]:
        filled.post(f"messages/{message['id']}/move", {"destinationId": "archive"})
    rest = filled.get(page["@odata.nextLink"])
    assert (len(rest["value"]), "@odata.nextLink" in rest) == (5, False)


@pytest.mark.parametrize(
    ("query", "refusal"),
    [
        ("$top=0", (400, "BadRequest")),
        ("$top=1001", (400, "BadRequest")),
        ("$skip=-1", (400, "BadRequest")),
        ("$top=ten", (400, "BadRequest")),
        ("$count=yes", (400, "BadRequest")),
        ("$nonsense=1", (400, "BadRequest")),
        ("$select=shoeSize", (400, "RequestBroker--ParseUri")),
        ("$orderby=shoeSize", (400, "RequestBroker--ParseUri")),
        ("$filter=isRead eq false&$orderby=receivedDateTime desc", (400, "InefficientFilter")),
        ("$filter=isRead eq", (400, "BadRequest")),
        ('$search="x"&$filter=isRead eq false', (400, "SearchWithFilter")),
        ("$search=subject:x", (400, "BadRequest")),
        ('$search="a NEAR(2) b"', (501, "NotImplemented")),
        ('$search="shoeSize:42"', (501, "NotImplemented")),
        ('$search="(a OR b"', (400, "BadRequest")),
        ("$expand=extensions", (400, "ErrorGraphExtensionExpandRequiresFilter")),
        ("$expand=mentions", (501, "NotImplemented")),
        ("$expand=singleValueExtendedProperties", (400, "ErrorInvalidUrlQueryFilter")),
        (
            "$expand=singleValueExtendedProperties($filter=id eq 'Text 1')",
            (400, "ErrorInvalidExtendedProperty"),
        ),
        ("$expand=attachments($select=name", (400, "BadRequest")),
        ("$skiptoken=garbled", (400, "BadRequest")),
    ],
)
def test_listings_that_are_refused(ap: Caller, query: str, refusal: tuple[int, str]) -> None:
    """What Graph does not take as a listing, it refuses by its own code."""
    assert ap.refused("GET", f"messages?{query}") == refusal


def test_filter_order_and_search(filled: Caller) -> None:
    """A filter, an order that it prepares, and a search give what they say."""
    options = {
        "$filter": "subject ge 'Invoice 20' and isRead eq false",
        "$orderby": "subject desc",
        "$top": "2",
    }
    assert subjects(filled.get("messages", **options)) == ["Invoice 24", "Invoice 23"]
    assert subjects(filled.get("messages", **{"$search": '"subject:Invoice 07"'})) == ["Invoice 07"]
    assert filled.request("GET", "messages/$count?$filter=hasAttachments eq true").text == "9"


def test_expanded_attachments(filled: Caller) -> None:
    """$expand brings attachments along, with only what its own $select names."""
    options = {"$filter": "hasAttachments eq true", "$expand": "attachments($select=name)", "$top": "1"}
    (message,) = filled.get("messages", **options)["value"]
    assert [part["name"] for part in message["attachments"]] == ["a.pdf"]
    assert "contentBytes" not in message["attachments"][0]


def test_bodies_as_wanted(filled: Caller) -> None:
    """A client that prefers a body type gets it, and is told so; headers come only when selected."""
    message_id = filled.get("messages", **{"$top": "1"})["value"][0]["id"]
    wanted = {"Prefer": 'outlook.body-content-type="html", outlook.timezone="Pacific Standard Time"'}
    answer = filled.request(
        "GET", f"messages/{message_id}?$select=body,internetMessageHeaders", headers=wanted
    )
    assert answer.json()["body"]["contentType"] == "html"
    assert {"name": "Subject", "value": "Invoice 24"} in answer.json()["internetMessageHeaders"]
    applied = answer.headers["preference-applied"]
    assert 'outlook.body-content-type="html", outlook.timezone="Pacific Standard Time"' in applied


def test_ids_change_on_a_move_and_immutable_ones_do_not(filled: Caller) -> None:
    """An immutable id leads to the message wherever it lies; the other is good until the next move."""
    immutable = filled.get("messages", **{"$top": "1"})["value"][0]["id"]
    before = filled.request("GET", f"messages/{immutable}", headers=CHANGING_IDS).json()["id"]
    moved = filled.post(f"messages/{before}/move", {"destinationId": "Archive"})
    assert (moved["id"], moved["@odata.type"]) == (immutable, "#microsoft.graph.message")
    assert filled.get(f"messages/{immutable}")["parentFolderId"] == moved["parentFolderId"]
    assert filled.refused("GET", f"messages/{before}") == (404, "ErrorItemNotFound")


@pytest.mark.parametrize(
    ("method", "status", "type_name", "kind"),
    [
        ("REQUEST", "NEEDS-ACTION", "eventMessageRequest", "meetingRequest"),
        ("CANCEL", "ACCEPTED", "eventMessage", "meetingCancelled"),
        ("REPLY", "DECLINED", "eventMessageResponse", "meetingDeclined"),
    ],
)
def test_mail_about_a_meeting_says_so(
    tenant: RunningTenant, ap: Caller, method: str, status: str, type_name: str, kind: str
) -> None:
    """It has a type of its own and tells its kind, wherever it is shown; $select leaves the type."""
    path = f"messages/{tenant.deliver('ap@contoso.com', make_invitation(method, status))}"
    wanted = (f"#microsoft.graph.{type_name}", kind)
    moved = ap.post(f"{path}/move", {"destinationId": "archive"})
    listed = ap.get("messages", **{"$search": '"kind:meetings"'})["value"][0]
    delta = ap.get("mailFolders/archive/messages/delta")["value"][0]
    for shown in (ap.get(path), moved, listed, delta):
        assert (shown["@odata.type"], shown["meetingMessageType"]) == wanted
        assert shown["body"]["content"].strip() == "Shall we meet?"
    selected = ap.get(path, **{"$select": "subject"})
    assert selected["@odata.type"] == wanted[0]
    assert "meetingMessageType" not in selected


def make_invitation(method: str, status: str) -> bytes:
    """A message with an iCalendar alternative, as calendars send them."""
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "adele@contoso.com", "ap@contoso.com", "Debrief"
    message.set_content("Shall we meet?")
    attendee = f"ATTENDEE;PARTSTAT={status}:mailto:ap@contoso.com"
    calendar = f"BEGIN:VCALENDAR\r\nMETHOD:{method}\r\n{attendee}\r\nEND:VCALENDAR\r\n"
    message.add_alternative(calendar, subtype="calendar", params={"method": method})
    return message.as_bytes()


def test_the_mime_is_what_came(tenant: RunningTenant, ap: Caller) -> None:
    """$value gives the bytes that were delivered, broken ones too."""
    raw = b"Subject: \xff\xfe\nContent-Type: multipart/mixed; boundary=b\r\n\n--b\n\n\x00\r--b"
    message_id = tenant.deliver("ap@contoso.com", raw)
    answer = ap.request("GET", f"messages/{message_id}/$value")
    assert (answer.content, answer.headers["content-type"]) == (raw, "text/plain")


def test_copies_are_messages_of_their_own(filled: Caller) -> None:
    """A copy has its own id and its own attachments; the original stays."""
    message = filled.get("messages", **{"$filter": "hasAttachments eq true", "$top": "1"})["value"][0]
    copy = filled.post(f"messages/{message['id']}/copy", {"destinationId": "drafts"})
    assert copy["id"] != message["id"]
    assert (copy["isDraft"], copy["@odata.type"]) == (False, "#microsoft.graph.message")
    (attachment,) = filled.get(f"messages/{copy['id']}/attachments")["value"]
    assert filled.request("DELETE", f"messages/{message['id']}").status_code == 204
    assert (
        filled.request("GET", f"messages/{copy['id']}/attachments/{attachment['id']}/$value").content
        == b"pdf"
    )


def test_deleting_goes_by_way_of_deleted_items(tenant: RunningTenant, filled: Caller) -> None:
    """Deleted once, a message is in Deleted Items; twice, among the recoverable; three times, gone."""
    message_id = filled.get("messages", **{"$top": "1"})["value"][0]["id"]
    folders = []
    for _ in range(2):
        assert filled.request("DELETE", f"messages/{message_id}").status_code == 204
        folders.append(filled.get(f"messages/{message_id}")["parentFolderId"])
    wanted = [
        filled.get(f"mailFolders/{name}")["id"] for name in ("deleteditems", "recoverableitemsdeletions")
    ]
    assert folders == wanted
    assert filled.request("GET", "messages/$count").text == "24"
    filled.request("DELETE", f"messages/{message_id}")
    assert filled.refused("GET", f"messages/{message_id}") == (404, "ErrorItemNotFound")


def test_moves_that_are_refused(filled: Caller) -> None:
    """A move needs a folder that is there."""
    message_id = filled.get("messages", **{"$top": "1"})["value"][0]["id"]
    assert filled.refused("POST", f"messages/{message_id}/move", json={})[0] == 400
    body = {"destinationId": "nonsense"}
    assert filled.refused("POST", f"messages/{message_id}/move", json=body) == (
        400,
        "ErrorInvalidIdMalformed",
    )


def test_permanent_delete_is_absent_in_gcc_high(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """permanentDelete takes a message for good, where the cloud has it."""
    here, there = call(), call(cloud=GCC_HIGH)
    first, second = (tenant.deliver(caller.address, make_mail()) for caller in (here, there))
    here.post(f"messages/{first}/permanentDelete", status=204)
    assert here.refused("GET", f"messages/{first}") == (404, "ErrorItemNotFound")
    assert there.refused("POST", f"messages/{second}/permanentDelete")[0] == 400
    assert "conversationIndex" not in there.get(f"messages/{second}")
