"""How Graph speaks HTTP: methods, bodies, types and sizes."""

import json
from collections.abc import Iterator

import pytest

from support.tenant import RunningTenant

from .conftest import Caller


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "messages", "GET, POST"),
        ("DELETE", "messages", "GET, POST"),
        ("GET", "sendMail", "POST"),
        ("PATCH", "messages/AAMkAD-nothing-of-the-kind=/attachments", "GET, POST"),
    ],
)
def test_a_method_that_a_path_does_not_have(ap: Caller, method: str, path: str, allowed: str) -> None:
    """405, and which methods there are."""
    answer = ap.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


def test_head_is_refused(ap: Caller) -> None:
    """HEAD is no method of Graph."""
    answer = ap.request("HEAD", "messages")
    assert (answer.status_code, answer.content) == (405, b"")


def test_what_graph_has_and_the_tenant_has_not(ap: Caller) -> None:
    """Replacing the MIME of a message is there at Microsoft, so that 405 would be untrue."""
    assert ap.refused("PUT", "messages/AAMkAD-nothing-of-the-kind=/$value", content=b"x")[0] == 501


def test_a_page_of_another_origin_may_ask(tenant: RunningTenant, ap: Caller) -> None:
    """A preflight needs no token and lets the page's headers through; answers can be read by the page."""
    origin = {"Origin": "https://contoso.example"}
    with tenant.client() as client:
        asked = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "authorization"}
        answer = client.options("/v1.0/me/messages", headers=origin | asked)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["access-control-allow-headers"] == "authorization"
    assert "PATCH" in answer.headers["access-control-allow-methods"]
    answer = ap.request("GET", "messages", origin)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "Retry-After" in answer.headers["access-control-expose-headers"]
    assert "access-control-allow-origin" not in ap.request("GET", "messages").headers


def test_an_accepted_message_is_answered_with_nothing(ap: Caller) -> None:
    """202 has no body, and says so."""
    to = [{"emailAddress": {"address": "ap@contoso.com"}}]
    answer = ap.request("POST", "sendMail", json={"message": {"subject": "x", "toRecipients": to}})
    assert (answer.status_code, answer.content, answer.headers["content-length"]) == (202, b"", "0")
    assert "content-type" not in answer.headers


def test_a_body_may_come_in_chunks(ap: Caller) -> None:
    """A body whose length is not told before is read to its end."""

    def chunks() -> Iterator[bytes]:
        yield b'{"subject":'
        yield b'"in pieces"}'

    answer = ap.request("POST", "messages", {"Content-Type": "application/json"}, content=chunks())
    assert (answer.status_code, answer.json()["subject"]) == (201, "in pieces")
    assert "transfer-encoding" in answer.request.headers


@pytest.mark.parametrize("content", [b"{", b"[]", b'"x"', b"\xff", b'{"subject": "x"'])
def test_what_is_no_json_object(ap: Caller, content: bytes) -> None:
    """A body that is no JSON object is refused."""
    headers = {"Content-Type": "application/json"}
    assert ap.refused("POST", "messages", headers=headers, content=content) == (400, "BadRequest")


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 400),
        ({"Content-Type": "application/xml"}, 415),
        ({"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"Content-Type": "application/json; charset=utf-8"}, 201),
        ({"Content-Type": "APPLICATION/JSON;odata.metadata=minimal"}, 201),
        ({"Content-Type": "application/json", "Content-Encoding": "gzip"}, 415),
    ],
)
def test_the_type_of_a_body(ap: Caller, headers: dict[str, str], status: int) -> None:
    """A body says that it is JSON, and is not compressed."""
    assert ap.request("POST", "messages", headers, content=b'{"subject": "x"}').status_code == status


def test_a_body_that_is_too_large(ap: Caller) -> None:
    """Beyond 4 MB and a little, nothing is taken, and the connection goes on."""
    large = {"subject": "x", "body": {"content": "x" * (4 * 1024 * 1024 + 70_000)}}
    assert ap.refused("POST", "messages", json=large) == (413, "RequestEntityTooLarge")
    fitting = {"subject": "x", "body": {"content": "x" * (4 * 1024 * 1024)}}
    assert ap.request("POST", "messages", json=fitting).status_code == 201
    assert ap.request("GET", "messages/$count").text == "1"
    assert len(json.dumps(fitting)) > 4 * 1024 * 1024
