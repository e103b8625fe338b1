"""What clients in other languages are used to send: spellings, headers and encodings that Graph puts up with."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from support.mail import make_mail
from support.tenant import RunningTenant

ADDRESS = "ap@contoso.com"
MAILBOX = f"/v1.0/users/{ADDRESS}"


@pytest.fixture
def client(tenant: RunningTenant) -> Iterator[httpx2.Client]:
    """Open a client with a token, at a mailbox with three messages."""
    for number in range(3):
        tenant.deliver(ADDRESS, make_mail(f"Invoice {number}", attachments={"invoice.pdf": b"%PDF"}))
    with tenant.client(headers={"Authorization": f"Bearer {tenant.token()}"}) as client:
        yield client


@pytest.mark.parametrize(
    "path",
    [
        f"/v1.0/users('{ADDRESS}')/messages",
        f"/v1.0/users(%27{ADDRESS}%27)/mailFolders(%27Inbox%27)/messages",
        f"/v1.0/Users/{ADDRESS.replace('@', '%40')}/MailFolders/Inbox/Messages",
        f"{MAILBOX}/messages/",
        f"/v1.0//users/{ADDRESS}/messages",
        f"{MAILBOX}/messages?%24top=3&%24select=Subject,ReceivedDateTime",
        f"{MAILBOX}/messages?$Filter=contains(Subject,'invoice')+and+IsRead+eq+false",
        f"{MAILBOX}/messages?$filter=receivedDateTime ge 2020-01-01T00:00:00.0000000Z",
        f"{MAILBOX}/messages?$expand=Attachments($select=name,size)",
        f'{MAILBOX}/messages?$search="subject:invoice"',
        f"{MAILBOX}/mailFolders/inbox/messages/delta()",
        f"{MAILBOX}/mailFolders/inbox/messages/microsoft.graph.delta()",
    ],
)
def test_spellings_of_an_address(client: httpx2.Client, path: str) -> None:
    """Keys in brackets, other cases, escaped marks, needless slashes and full names lead to the same messages."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["value"]) == 3


@pytest.mark.parametrize(
    "headers",
    [
        {"Accept": "*/*"},
        {"Accept": "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false"},
        {"Accept": "application/json, text/plain;q=0.5", "Accept-Encoding": "gzip, deflate, br"},
        {"ConsistencyLevel": "eventual"},
        {"SdkVersion": "graph-go/1.0", "client-request-id": "4711", "return-client-request-id": "true"},
        {"Prefer": 'outlook.timezone="Pacific Standard Time", outlook.body-content-type="text"'},
        {"If-None-Match": "*", "Cache-Control": "no-cache"},
    ],
    ids=str,
)
def test_headers_that_come_along(client: httpx2.Client, headers: dict[str, str]) -> None:
    """Headers that mean something to other parts of Graph, or nothing, are no hindrance to a counted list."""
    answer = client.get(f"{MAILBOX}/messages?$count=true&$top=2", headers=headers)
    assert answer.status_code == 200, answer.text
    assert (answer.json()["@odata.count"], len(answer.json()["value"])) == (3, 2)


def pieces(content: bytes) -> Iterator[bytes]:
    """Give bytes in two pieces, which go out chunked."""
    yield content[:5]
    yield content[5:]


@pytest.mark.parametrize("write", [bytes, pieces, lambda content: b"\xef\xbb\xbf" + content])
@pytest.mark.parametrize(
    "content_type", ["Application/JSON", "application/json; odata.metadata=minimal; charset=utf-8"]
)
def test_ways_to_write_a_body(
    client: httpx2.Client, content_type: str, write: Callable[[bytes], Any]
) -> None:
    """A body may say more of its type, come in chunks, and begin with a byte order mark."""
    body = json.dumps({"subject": "Rechnung für Mai"}, ensure_ascii=False).encode()
    answer = client.post(f"{MAILBOX}/messages", content=write(body), headers={"Content-Type": content_type})
    assert answer.status_code == 201, answer.text
    assert answer.json()["subject"] == "Rechnung für Mai"


def test_names_of_properties_in_any_case(client: httpx2.Client) -> None:
    """Names that begin with a capital, as older samples have them, are known at every depth."""
    message = {
        "Subject": "Capital",
        "Body": {"ContentType": "HTML", "Content": "<b>Invoice</b>"},
        "ToRecipients": [{"EmailAddress": {"Address": ADDRESS, "Name": "AP"}}],
        "Attachments": [
            {
                "@odata.type": "#Microsoft.Graph.FileAttachment",
                "Name": "a.txt",
                "ContentBytes": "YQ==",
                "ContentType": "text/plain",
            }
        ],
    }
    answer = client.post(f"{MAILBOX}/sendMail", json={"Message": message, "SaveToSentItems": "false"})
    assert answer.status_code == 202, answer.text
    inbox = f"{MAILBOX}/mailFolders/inbox/messages?$filter=subject eq 'Capital'&$expand=attachments"
    (arrived,) = client.get(inbox).json()["value"]
    assert arrived["toRecipients"] == [{"emailAddress": {"name": "AP", "address": ADDRESS}}]
    assert arrived["body"]["contentType"] == "html"
    assert [one["name"] for one in arrived["attachments"]] == ["a.txt"]


@pytest.mark.parametrize("action", ["send", "microsoft.graph.send"])
def test_an_action_without_a_body(client: httpx2.Client, action: str) -> None:
    """An action that takes nothing is called with an empty body and its length, or by its full name."""
    draft = {"subject": "Draft", "toRecipients": [{"emailAddress": {"address": ADDRESS}}]}
    message_id = client.post(f"{MAILBOX}/messages", json=draft).json()["id"]
    answer = client.post(f"{MAILBOX}/messages/{message_id}/{action}", headers={"Content-Length": "0"})
    assert answer.status_code == 202, answer.text
