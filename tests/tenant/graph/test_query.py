"""Query options, preferences and conditions of requests for messages, over HTTPS."""

import base64
from typing import Any

import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller

MIME = base64.b64encode(make_mail("From MIME", sender="ap@contoso.com", to="adele@contoso.com")).decode()


@pytest.fixture
def received(tenant: RunningTenant) -> str:
    """Give the path of a received message."""
    return f"messages/{tenant.deliver('ap@contoso.com', make_mail())}"


@pytest.mark.parametrize("query", ["$top=1&$top=2", "$select=id&$Select=subject", "$nonsense=1", "$orderby="])
def test_options_that_are_unknown_or_come_twice(ap: Caller, received: str, query: str) -> None:
    """An option is given once, whatever its case, and is one that there is; an empty one is none."""
    answer = ap.request("GET", f"messages?{query}")
    assert answer.status_code == (200 if query == "$orderby=" else 400)


def test_the_size_of_a_page_is_preferred(tenant: RunningTenant, ap: Caller) -> None:
    """Prefer: odata.maxpagesize sets the size of a page, and the answer says so; $top wins."""
    for _ in range(3):
        tenant.deliver("ap@contoso.com", make_mail())
    answer = ap.request("GET", "messages", headers={"Prefer": "odata.maxpagesize=2"})
    assert len(answer.json()["value"]) == 2
    assert answer.headers["preference-applied"] == "odata.maxpagesize=2"
    answer = ap.request("GET", "messages?$top=1", headers={"Prefer": "odata.maxpagesize=2"})
    assert len(answer.json()["value"]) == 1
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize(
    "path",
    [
        "messages('{}')",
        "MESSAGES/{}/",
        "messages('{}')/?$select=subject",
        "mailfolders('Inbox')/Messages('{}')",
    ],
)
def test_ways_to_write_a_path(ap: Caller, received: str, path: str) -> None:
    """Keys in brackets, any case and a slash at the end lead to the same message."""
    assert ap.get(path.format(received.removeprefix("messages/")))["subject"] == "Invoice 1"


def test_what_is_expanded_may_be_selected(ap: Caller, received: str) -> None:
    """$select may name what $expand brings, and a star for everything."""
    found = ap.get(received, **{"$select": "subject,attachments", "$expand": "attachments"})
    assert found.keys() >= {"id", "subject", "attachments"}
    assert ap.get(received, **{"$select": "*"})["bodyPreview"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("messages", {"subject": "New"}),
        ("{}/move", {"destinationId": "archive"}),
        ("{}/copy", {"destinationId": "archive"}),
        ("{}/createReply", {}),
    ],
)
def test_a_refused_option_changes_nothing(ap: Caller, received: str, path: str, body: dict[str, str]) -> None:
    """Where what is to be answered is refused, nothing was made or moved."""
    before = ap.get("messages")["value"]
    assert ap.refused("POST", path.format(received) + "?$select=shoeSize", json=body)[0] == 400
    assert ap.get("messages")["value"] == before


def test_a_change_by_an_old_etag_is_refused(ap: Caller, received: str) -> None:
    """If-Match with an ETag of before is 412 for changing and deleting; the present one and a star are good."""
    etag = ap.get(received)["@odata.etag"]
    change = {"isRead": True}
    assert ap.request("PATCH", received, json=change, headers={"If-Match": etag}).status_code == 200
    for method, body in (("PATCH", {"json": change}), ("DELETE", {})):
        answer = ap.request(method, received, headers={"If-Match": etag}, **body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (412, "ErrorIrresolvableConflict")
    assert ap.request("DELETE", received, headers={"If-Match": "*"}).status_code == 204


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ([], "InvalidInternetMessageHeaderCollection"),
        ([{"name": f"x-{n}", "value": "v"} for n in range(6)], "InvalidInternetMessageHeaderCollection"),
        ([{"name": "Reply-To", "value": "v"}], "InvalidInternetMessageHeader"),
    ],
)
def test_headers_that_are_refused(ap: Caller, headers: list[Any], code: str) -> None:
    """A message takes one to five headers of its own, whose names begin with x-."""
    assert ap.refused("POST", "messages", json={"internetMessageHeaders": headers}) == (400, code)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("messages", 201),
        ("mailFolders/inbox/messages", 201),
        ("{}/createReply", 201),
        ("{}/createReplyAll", 201),
        ("{}/createForward", 201),
        ("sendMail", 202),
        ("{}/reply", 202),
        ("{}/replyAll", 202),
        ("{}/forward", 202),
    ],
)
def test_mime_is_taken_wherever_a_message_is_made(ap: Caller, received: str, path: str, status: int) -> None:
    """MIME in Base64 makes the message as it is; what is not Base64 is refused by its name."""
    plain = {"Content-Type": "text/plain"}
    answer = ap.request("POST", path.format(received), content=MIME, headers=plain)
    assert answer.status_code == status
    if status == 201:
        assert answer.json()["subject"] == "From MIME"
        assert ap.request("GET", f"messages/{answer.json()['id']}/$value").content == base64.b64decode(MIME)
    else:
        sent = ap.get("mailFolders/sentitems/messages")["value"]
        assert [message["subject"] for message in sent] == ["From MIME"]
    refused = ap.request("POST", path.format(received), content="***", headers=plain)
    assert (refused.status_code, refused.json()["error"]["code"]) == (
        400,
        "ErrorMimeContentInvalidBase64String",
    )
