"""Each request has an id and one line in the log, with nothing in it that is secret."""

import json
import logging
from collections.abc import Callable, Iterator
from io import StringIO

import pytest
from django.test import Client, RequestFactory
from django.urls import ResolverMatch
from hypothesis import given
from hypothesis import strategies as st

from postroom.controlroom.requests import JsonLines, RequestLog, get_origin, get_path
from support.people import People


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Give what is logged meanwhile, as the lines that `postroom serve` writes."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("postroom.controlroom")
    before = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(before)


def read(log: StringIO) -> dict[str, object]:
    """Read the last line of the log."""
    line: dict[str, object] = json.loads(log.getvalue().splitlines()[-1])
    return line


def test_a_request_is_one_line(log: StringIO, people: People, client_as: Callable[..., Client]) -> None:
    """The line says what was asked, by whom, from where, how it ended and how long it took."""
    answer = client_as(people.auditor).get("/nothing/", REMOTE_ADDR="10.1.2.3")
    line = read(log)
    assert line["message"] == "GET /nothing/ 404"
    assert (line["status"], line["user"], line["address"]) == (404, "auditor", "10.1.2.3")
    assert line["request_id"] == answer["X-Request-ID"]
    assert isinstance(line["milliseconds"], float)


def test_the_query_is_not_logged(log: StringIO, db: None) -> None:
    """Codes and states come in queries, so no query is written down, nor what a form holds."""
    Client().get("/oauth/callback?code=4711&state=0815")
    Client().post("/login/?next=/4711", {"username": "0815", "password": "4711"})
    assert "4711" not in log.getvalue()
    assert "0815" not in log.getvalue()


def test_what_is_secret_in_a_path_is_not_logged() -> None:
    """A route that has a secret in its address calls it so, and the log leaves it out."""
    request = RequestFactory().get("/sign-in/abc123/")
    request.resolver_match = ResolverMatch(
        lambda: None, (), {"link": "abc123"}, captured_kwargs={"link": "abc123"}
    )
    assert get_path(request) == "/sign-in/…/"


@pytest.mark.parametrize(
    ("given_id", "is_kept"), [("a-balancers-id_1", True), ("no", False), ("a\tb" * 9, False)]
)
def test_the_id_of_a_proxy_is_kept(given_id: str, is_kept: bool, db: None) -> None:
    """An id that comes with the request is kept where it can be nothing but one; else there is a new one."""
    answer = Client().get("/health", headers={"X-Request-ID": given_id})
    assert (answer["X-Request-ID"] == given_id) is is_kept


def test_outside_of_requests_there_is_no_origin(rf: RequestFactory) -> None:
    """What is done in no request has neither id nor address; inside, both are those of the request."""
    seen = []
    RequestLog(lambda _request: seen.append(get_origin()) or _answer())(rf.get("/", REMOTE_ADDR="10.0.0.9"))
    assert get_origin().request_id == ""
    assert (seen[0].address, len(seen[0].request_id)) == ("10.0.0.9", 32)


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    """Whatever is logged, a line is JSON and one line, so that nobody can write a second one into the log."""
    record = logging.LogRecord("postroom", logging.INFO, "", 0, "%s", (text,), None)
    written = JsonLines().format(record)
    assert "\n" not in written
    assert json.loads(written)["message"] == text


def _answer() -> object:
    from django.http import HttpResponse

    return HttpResponse()
