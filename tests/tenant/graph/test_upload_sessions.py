"""Upload sessions over HTTPS: a large file goes range by range to an address of its own."""

import hashlib
import random
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from support.mail import make_mail
from support.tenant import GCC_HIGH, RunningTenant

from .conftest import Caller

MEBIBYTE = 1024 * 1024
CONTENT = random.Random(3).randbytes(5 * MEBIBYTE + 17)
ITEM = {"attachmentType": "file", "name": "a.bin", "size": len(CONTENT)}


@pytest.fixture
def draft(ap: Caller) -> str:
    """Give the path of an empty draft."""
    return f"messages/{ap.post('messages', {'subject': 'draft'})['id']}"


def begin(caller: Caller, draft: str, **item: Any) -> dict[str, Any]:
    session: dict[str, Any] = caller.post(
        f"{draft}/attachments/createUploadSession", {"AttachmentItem": ITEM | item}
    )
    return session


class Upload:
    """Sends ranges to an upload address, as a client does: with no token."""

    def __init__(self, caller: Caller, session: dict[str, Any]) -> None:
        self.client = caller.client
        self.url = session["uploadUrl"]

    def put(self, first: int, last: int, total: int = len(CONTENT), **more: Any) -> Any:
        headers = {
            "Content-Range": f"bytes {first}-{last}/{total}",
            "Content-Type": "application/octet-stream",
        }
        content = more.pop("content", CONTENT[first : last + 1])
        return self.client.put(self.url, content=content, headers=headers | more)

    def next_range(self) -> str:
        answer = self.client.get(self.url)
        assert answer.status_code == 200, answer.text
        (text,) = answer.json()["nextExpectedRanges"]
        return str(text)


def test_a_file_goes_range_by_range(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """201, then 200 with what is next for each range, then 201 with the attachment's address; the bytes are true."""
    session = begin(ap, draft, contentId="logo", isInline=False, contentType="image/png")
    assert session["nextExpectedRanges"] == ["0-"]
    assert session["uploadUrl"].startswith(tenant.cloud()["graph"].removesuffix("/v1.0"))
    upload = Upload(ap, session)
    assert upload.next_range() == "0-"
    answer = upload.put(0, 4 * MEBIBYTE - 1)
    assert (answer.status_code, answer.json()["nextExpectedRanges"]) == (200, [str(4 * MEBIBYTE)])
    assert answer.json()["ExpirationDateTime"] == session["expirationDateTime"]
    assert upload.next_range() == str(4 * MEBIBYTE)
    last = upload.put(4 * MEBIBYTE, len(CONTENT) - 1)
    assert (last.status_code, last.content, last.headers["content-length"]) == (201, b"", "0")
    (attachment,) = ap.get(f"{draft}/attachments", **{"$select": "id,name,size,contentType,isInline"})[
        "value"
    ]
    assert f"/Attachments('{attachment['id']}')" in last.headers["location"]
    assert (attachment["name"], attachment["size"]) == ("a.bin", len(CONTENT))
    assert (attachment["contentType"], attachment["isInline"]) == ("image/png", False)
    assert ap.request("GET", f"{draft}/attachments/{attachment['id']}/$value").content == CONTENT
    assert ap.get(draft)["hasAttachments"] is True
    assert upload.client.get(upload.url).status_code == 404


def test_ranges_that_are_refused_change_nothing(ap: Caller, draft: str) -> None:
    """A gap, a repetition, an overlap, a wrong total, too many or too few bytes, and no range at all."""
    upload = Upload(ap, begin(ap, draft))
    assert upload.put(10, 19).status_code == 416
    assert upload.put(0, 99).status_code == 200
    assert upload.put(0, 99).status_code == 416
    assert upload.put(50, 149).status_code == 416
    assert upload.put(200, 299).status_code == 416
    assert upload.put(100, 199, total=len(CONTENT) + 1).status_code == 400
    assert upload.put(100, len(CONTENT), content=b"x").status_code == 416
    assert upload.put(100, 199, content=b"short").status_code == 400
    assert upload.put(100, 199, content=iter([b"x" * 60, b"y" * 60])).status_code == 400
    assert upload.put(100, 100 + 4 * MEBIBYTE).status_code == 413
    assert upload.client.put(upload.url, content=b"x").status_code == 400
    assert upload.client.post(upload.url, content=b"x").status_code == 405
    assert upload.next_range() == "100"
    assert upload.put(100, 4 * MEBIBYTE, content=iter([CONTENT[100 : 4 * MEBIBYTE + 1]])).status_code == 200
    assert upload.put(4 * MEBIBYTE + 1, len(CONTENT) - 1).status_code == 201


def test_the_address_takes_no_authorization(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """A token of Microsoft Graph is for another audience; without the address's own token there is nothing."""
    upload = Upload(ap, begin(ap, draft))
    refused = upload.put(0, 9, Authorization=f"Bearer {tenant.token()}")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "InvalidAudienceForResource")
    assert upload.client.get(upload.url.partition("?")[0]).status_code == 404
    assert upload.client.get(upload.url[:-1]).status_code == 404
    assert upload.next_range() == "0-"


def test_the_own_token_of_an_address_may_be_said_twice(ap: Caller, draft: str) -> None:
    """Clients that cannot leave the header out send the address's own token in it, as they do to Microsoft's."""
    session = begin(ap, draft)
    _, _, token = session["uploadUrl"].partition("?authtoken=")
    assert Upload(ap, session).put(0, 9, Authorization=f"Bearer {token}").status_code == 200
    assert Upload(ap, session).put(10, 19, Authorization=f"Bearer {token}x").status_code == 401


def test_a_session_can_be_cancelled_and_expires(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """DELETE ends a session, and so does its time, by the tenant's clock."""
    cancelled, expired = Upload(ap, begin(ap, draft)), Upload(ap, begin(ap, draft))
    assert cancelled.client.delete(cancelled.url).status_code == 204
    assert cancelled.put(0, 9).status_code == 404
    assert expired.put(0, 9).status_code == 200
    tenant.advance_clock(2 * 3600 + 1)
    assert expired.put(10, 19).status_code == 404


@pytest.mark.parametrize(
    ("item", "status", "code"),
    [
        ({"size": 3 * MEBIBYTE - 1}, 400, "ErrorAttachmentSizeShouldNotBeLessThanMinimumSize"),
        ({"size": 35 * MEBIBYTE + 1}, 413, "ErrorMessageSizeExceeded"),
        ({"size": "3"}, 400, "ErrorInvalidArgument"),
        ({"size": -1}, 400, "ErrorInvalidArgument"),
        ({"name": ""}, 400, "ErrorInvalidArgument"),
        ({"attachmentType": "item"}, 400, "ErrorInvalidArgument"),
        ({"contentId": 1}, 400, "RequestBodyRead"),
    ],
)
def test_sessions_that_are_refused(
    ap: Caller, draft: str, item: dict[str, Any], status: int, code: str
) -> None:
    """Files too small or too large for a session, and items that are none."""
    body = {"AttachmentItem": ITEM | item}
    assert ap.refused("POST", f"{draft}/attachments/createUploadSession", json=body) == (status, code)


def test_sessions_are_for_drafts(
    tenant: RunningTenant, ap: Caller, draft: str, call: Callable[..., Caller]
) -> None:
    """A message that came, or that does not exist, takes no session; nor may an app that only reads ask for one."""
    received = tenant.deliver("ap@contoso.com", make_mail())
    place = "attachments/createUploadSession"
    body = {"AttachmentItem": ITEM}
    assert ap.refused("POST", f"messages/{received}/{place}", json=body) == (400, "ErrorInvalidOperation")
    assert ap.refused("POST", f"messages/AAMkAD-nothing-of-the-kind=/{place}", json=body)[0] == 404
    assert ap.refused("POST", f"{draft}/{place}", json={})[0] == 400
    assert call(app="Reader bot").refused("POST", f"{draft}/{place}", json=body) == (403, "ErrorAccessDenied")


def test_a_file_for_a_draft_that_is_gone(ap: Caller, draft: str) -> None:
    """The last range of a file whose draft was deleted for good finds nothing to attach it to."""
    upload = Upload(ap, begin(ap, draft))
    assert upload.put(0, 3 * MEBIBYTE - 1).status_code == 200
    assert ap.request("POST", f"{draft}/permanentDelete").status_code == 204
    assert upload.put(3 * MEBIBYTE, len(CONTENT) - 1).status_code == 404


def test_under_microsofts_names_the_address_is_on_the_upload_host(
    tenant: RunningTenant, ap: Caller, draft: str
) -> None:
    """Who reaches Graph by its name is sent to outlook.office.com, which serves uploads and no Graph."""
    answer = ap.request(
        "POST",
        f"{draft}/attachments/createUploadSession",
        {"Host": "graph.microsoft.com"},
        json={"AttachmentItem": ITEM},
    )
    url = urlsplit(answer.json()["uploadUrl"])
    assert (url.scheme, url.netloc) == ("https", "outlook.office.com")
    path, host = f"{url.path}?{url.query}", {"Host": "outlook.office.com"}
    assert ap.client.get(path, headers=host).json()["nextExpectedRanges"] == ["0-"]
    assert ap.client.get(path, headers={"Host": "graph.microsoft.com"}).status_code == 501
    assert ap.client.get("/v1.0", headers=host).status_code == 501


def test_the_government_cloud_has_no_sessions(tenant: RunningTenant, call: Callable[..., Caller]) -> None:
    """Its schema has no createUploadSession, so that the segment is unknown."""
    caller = call(cloud=GCC_HIGH)
    draft = f"messages/{caller.post('messages', {})['id']}"
    path = f"{draft}/attachments/createUploadSession"
    answer = caller.request("POST", path, json={"AttachmentItem": ITEM})
    assert (answer.status_code, answer.json()["error"]["message"]) == (
        400,
        "Resource not found for the segment 'createUploadSession'.",
    )


def test_uploads_are_logged_without_their_token(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """The log names app and mailbox of an upload, and not the token in its address."""
    upload = Upload(ap, begin(ap, draft))
    upload.put(0, 9)
    entry = tenant.requests()[-1]
    assert (entry["method"], entry["app"], entry["mailbox"]) == ("PUT", "Invoice bot", "ap@contoso.com")
    assert upload.url.partition("authtoken=")[2] not in str(tenant.requests())


def test_a_file_that_was_sent_arrives_whole(tenant: RunningTenant, ap: Caller, draft: str) -> None:
    """A draft with a large file is sent, and the file comes out of the other mailbox as it went in."""
    upload = Upload(ap, begin(ap, draft))
    for first in range(0, len(CONTENT), 4 * MEBIBYTE):
        upload.put(first, min(first + 4 * MEBIBYTE, len(CONTENT)) - 1)
    to = [{"emailAddress": {"address": "ap@contoso.com"}}]
    assert ap.request("PATCH", draft, json={"toRecipients": to}).status_code == 200
    assert ap.request("POST", f"{draft}/send").status_code == 202
    (message,) = ap.get("mailFolders/inbox/messages")["value"]
    (attachment,) = ap.get(f"messages/{message['id']}/attachments", **{"$select": "id"})["value"]
    content = ap.request("GET", f"messages/{message['id']}/attachments/{attachment['id']}/$value").content
    assert hashlib.sha256(content).digest() == hashlib.sha256(CONTENT).digest()
