"""The judge itself: what it lets pass, and what it finds. Every other test's responses are judged by it in passing."""

import json
from pathlib import Path
from typing import Any

import httpx2
import pytest
from starlette.responses import PlainTextResponse

from support import openapi
from support.event_loops import run_apart
from support.openapi import Answer, Finding, Judge
from support.openapi_exceptions import EXEMPTIONS, Exemption
from support.openapi_watch import read_counts
from support.tenant import start_tenant
from support.watched_tenant import COUNTS, FINDINGS, Watch, WatchResponses

pytestmark = pytest.mark.skipif(not openapi.DESCRIPTION.exists(), reason=openapi.MISSING)

FILE = {"@odata.type": "#microsoft.graph.fileAttachment", "id": "1", "name": "a.txt", "contentBytes": "YQ=="}


@pytest.fixture(scope="module")
def judge() -> Judge:
    """Give a judge that has read the description."""
    return Judge.load()


def find(judge: Judge, path: str, content: Any, status: int = 200, method: str = "GET") -> list[str]:
    """Give what a judge finds wrong in a response of JSON."""
    answer = Answer(method, path, status, "application/json;charset=utf-8", json.dumps(content).encode())
    return [f"{found.where} {found.what}".strip() for found in judge.judge(answer)]


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/me/messages", {"@odata.context": "x", "value": [{"@odata.etag": "x", "id": "1", "isRead": True}]}),
        (
            "/users/ap@contoso.com/messages('a')",
            {"subject": None, "from": {"emailAddress": {"name": "Adele"}}},
        ),
        ("/me/mailFolders/a/childFolders/b/childFolders/c/messages/delta", {"value": [{"@removed": {}}]}),
        ("/me/messages/a/attachments", {"value": [FILE]}),
        ("/me/messages/a/microsoft.graph.move", {"id": "1"}),
        ("/me/messages/a/extensions/b", {"@odata.type": "#microsoft.graph.openTypeExtension", "mine": 1}),
    ],
)
def test_what_is_as_described_passes(judge: Judge, path: str, content: Any) -> None:
    """Annotations, nulls, derived types, open types and every way of writing a path are understood."""
    assert not find(judge, path, content, method="POST" if path.endswith("move") else "GET")
    assert judge.judged


@pytest.mark.parametrize(
    ("path", "content", "status", "expected"),
    [
        ("/me/messages/a", {"isread": True}, 200, "has isread, which the type does not have"),
        ("/me/messages/a", {"isRead": "yes"}, 200, "isRead is a str that fails type"),
        ("/me/messages/a", {"importance": "urgent"}, 200, "importance is a str that fails enum"),
        ("/me/messages/a", {"receivedDateTime": "now"}, 200, "receivedDateTime is a str that fails pattern"),
        ("/me/messages", {}, 200, "lacks value"),
        ("/me/messages/a/attachments", {"value": [{"id": "1"}]}, 200, "value.[] lacks @odata.type"),
        (
            "/me/messages/a/attachments",
            {"value": [FILE | {"sourceUrl": "x"}]},
            200,
            "value.[] has sourceUrl, which the type does not have",
        ),
        ("/me/messages/a", {"error": {"code": "x"}}, 404, "error lacks message"),
        ("/me/messages/a", {}, 302, "has a status that is not described"),
    ],
)
def test_what_is_not_as_described_is_found(
    judge: Judge, path: str, content: Any, status: int, expected: str
) -> None:
    """Unknown and missing properties, wrong types, values and statuses are found, without the values."""
    assert expected in find(judge, path, content, status)


def test_types_of_content_are_compared(judge: Judge) -> None:
    """A count is a number in plain text, an error is JSON, and where no body is described none may come."""
    assert not [*judge.judge(Answer("GET", "/me/messages/$count", 200, "text/plain", b"12"))]
    assert [*judge.judge(Answer("GET", "/me/messages/$count", 200, "text/plain", b"many"))]
    assert [*judge.judge(Answer("GET", "/me/messages", 500, "text/plain", b"Internal Server Error"))]
    assert [*judge.judge(Answer("DELETE", "/me/messages/a", 204, "application/json", b"{}"))]


def test_nothing_is_said_of_what_is_not_described(judge: Judge) -> None:
    """A path outside the description is counted and not judged."""
    assert not find(judge, "/me/events", {"anything": 1})
    assert judge.outside["GET /me/events"] == 1


def test_each_answer_in_a_batch_is_judged(judge: Judge) -> None:
    """The answers in a batch belong to the requests of the same id."""
    asked = {"requests": [{"id": "1", "method": "GET", "url": "/me/messages/a?$select=id"}]}
    answered = {
        "responses": [
            {
                "id": "1",
                "status": 200,
                "headers": {"Content-Type": "application/json"},
                "body": {"isread": True},
            }
        ]
    }
    found = judge.judge_batch(json.dumps(asked).encode(), json.dumps(answered).encode())
    assert [one.what for one in found] == ["has isread, which the type does not have"]


def test_tenants_of_tests_are_watched(tmp_path: Path) -> None:
    """Every response of a tenant in a process of its own is counted, and was held against the description."""
    with start_tenant(tmp_path) as tenant, tenant.client() as client:
        assert client.get("/v1.0/me/messages").status_code == 401
        assert client.get("/v1.0/me/events").status_code == 401
    counts = read_counts([tmp_path / COUNTS])
    assert counts == {"judged": {"GET /me/messages -> 401": 1}, "outside": {"GET /me/events": 1}}
    assert not (tmp_path / FINDINGS).exists()


def test_findings_are_written_down_once(tmp_path: Path) -> None:
    """What is wrong is in the watch's folder at once, and only once however often it is answered."""
    watched = WatchResponses(PlainTextResponse("Internal Server Error", 500), Watch(tmp_path))

    async def ask_twice() -> None:
        transport = httpx2.ASGITransport(watched)
        async with httpx2.AsyncClient(transport=transport, base_url="https://localhost") as client:
            for _ in range(2):
                assert (await client.get("/v1.0/me/messages")).status_code == 500

    run_apart(ask_twice())
    lines = (tmp_path / FINDINGS).read_text()
    (tmp_path / FINDINGS).unlink()  # they would count as findings of this test run
    assert len(lines.splitlines()) == 1
    assert [str(one) for one in openapi.read_findings(lines)] == [
        "GET /me/messages -> 500: the response is text/plain and not application/json"
    ]


def test_an_exemption_covers_what_it_names_and_nothing_else() -> None:
    """Exemptions are patterns, and each has its reason."""
    finding = Finding("GET /me/messages", 200, "value.[]", "has x, which the type does not have")
    assert Exemption("has x, *", "why", operation="GET /me/*").covers(finding)
    assert not Exemption("has y, *", "why").covers(finding)
    assert not Exemption("has x, *", "why", status=201).covers(finding)
    assert all(known.reason.endswith(".") for known in EXEMPTIONS)
