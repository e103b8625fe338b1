"""The settings of the Control Room, and the ground that its tests stand on."""

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from support.people import PASSWORD, People
from support.postgresql import PostgresqlServer


@pytest.mark.django_db
def test_the_database_is_the_one_asked_for() -> None:
    """SQLite, unless the run asks for PostgreSQL."""
    from django.db import connection

    wanted = os.environ.get("POSTROOM_TEST_DATABASE", "sqlite")
    assert connection.vendor == wanted


@pytest.mark.django_db
@pytest.mark.only_on_postgresql
def test_locks_of_who_is_suspended_end() -> None:
    """PostgreSQL ends a session that is left alone in a transaction, and with it its locks."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("SHOW idle_in_transaction_session_timeout")
        assert cursor.fetchone() == ("20s",)


def test_home_is_in_a_temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of the tests comes to the folder of whoever runs them."""
    from postroom.controlroom.settings import CONFIGURATION

    assert Path(tmp_path_factory.getbasetemp()) in CONFIGURATION.home.parents


def test_people_have_what_their_roles_allow(people: People) -> None:
    """The administrator may do all, the outsider nothing."""
    from postroom.controlroom.accounts.permissions import Permission

    assert all(people.administrator.may(permission) for permission in Permission)
    assert not any(people.outsider.may(permission) for permission in Permission)
    assert people.auditor.may(Permission.VIEW_AUDIT_LOG)
    assert not people.creator.may(Permission.VIEW_AUDIT_LOG)


def test_health_answers_everybody(client_as: Callable[..., Client], db: None) -> None:
    """Who watches the server needs no account."""
    answer = client_as(None).get("/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_postgresql_gives_databases(postgresql: PostgresqlServer) -> None:
    """A server process of a test can have a database of its own, and its dump shows what is in it."""
    import psycopg

    address = postgresql.create_database("invoices")
    with psycopg.connect(address) as connection:
        connection.execute("CREATE TABLE inbox AS SELECT 'Invoice 4711' AS subject")
    assert b"Invoice 4711" in postgresql.dump("invoices")


def test_pages_may_load_nothing_from_elsewhere(people: People, client_as: Callable[..., Client]) -> None:
    """The policy names no other host, and the pages name none either."""
    for answer in (Client().get("/login/"), client_as(people.administrator).get("/")):
        policy = answer["Content-Security-Policy"]
        assert "default-src 'self'" in policy
        assert not re.search(r"https?:|\*", policy)
        loaded = re.findall(r'(?:src|href|action)="([^"]+)"', answer.content.decode())
        assert not [address for address in loaded if re.match(r"https?:|//", address)]


def test_pages_are_in_nobodys_frame(db: None) -> None:
    """Nobody can put our pages under theirs and have people click there, and no search engine keeps them."""
    answer = Client().get("/login/")
    assert answer["X-Frame-Options"] == "DENY"
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert 'name="robots" content="NONE' in answer.content.decode()
    assert "Disallow: /" in Client().get("/robots.txt").content.decode()


def test_cookies_are_for_browsers_requests_alone(people: People) -> None:
    """No script reads the session, no other site sends it along, and it ends with the browser or after 12 hours."""
    client = Client()
    client.post("/login/", {"username": "auditor", "password": PASSWORD})
    cookie = client.cookies["postroom_session"]
    assert (cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (True, "Lax", "")
    assert client.session.get_expiry_age() <= 12 * 3600


def test_guessing_is_throttled_by_name_and_address(people: People) -> None:
    """The sixth attempt is refused even with the right password; another address and another name go on."""
    for _ in range(5):
        last = sign_in("auditor", "wrong", "10.0.0.1")
    assert last.status_code == 429
    refused = sign_in("auditor", PASSWORD, "10.0.0.1")
    assert refused.status_code == 429
    assert "15 minutes" in refused.content.decode()
    assert refused["Retry-After"] == "900"
    assert sign_in("auditor", PASSWORD, "10.0.0.2").status_code == 302
    assert sign_in("creator", PASSWORD, "10.0.0.1").status_code == 302


def test_what_was_typed_is_not_kept(people: People) -> None:
    """Somebody's password in the field for the name is not written down by what counts attempts."""
    from axes.models import AccessAttempt

    sign_in("auditor", "hush-hush", "10.0.0.1")
    attempt = AccessAttempt.objects.get()
    assert "hush-hush" not in f"{attempt.post_data}{attempt.get_data}"


@pytest.mark.parametrize(
    ("path", "status", "sentence"),
    [("/nothing/", 404, "There is nothing here"), ("/api/nothing", 404, "RecordNotFoundError")],
)
def test_what_is_not_there_says_what_to_do(
    path: str, status: int, sentence: str, people: People, client_as: Callable[..., Client]
) -> None:
    """People get a page with a way on, programs get the one shape of errors."""
    answer = client_as(people.auditor).get(path)
    assert answer.status_code == status
    assert sentence in answer.content.decode()


def test_another_host_name_is_told_the_right_one(db: None) -> None:
    """Whoever comes by an address that is not ours learns which is."""
    answer = Client().get("/", HTTP_HOST="evil.example")
    assert answer.status_code == 400
    assert "http://localhost:8000" in answer.content.decode()


def test_a_failure_of_ours_is_a_page(
    people: People, client_as: Callable[..., Client], monkeypatch: Any
) -> None:
    """The page has the number that leads to the log, and nothing of what failed."""
    from postroom.controlroom import overview

    def fail(_user: object) -> None:
        raise RuntimeError("hush-hush")

    monkeypatch.setattr(overview, "get_overview", fail)
    client = client_as(people.auditor)
    client.raise_request_exception = False
    answer = client.get("/")
    assert answer.status_code == 500
    assert answer["X-Request-ID"] in answer.content.decode()
    assert "hush-hush" not in answer.content.decode()


def test_static_files_are_there(db: None) -> None:
    """The pages' files come from the installed packages, without any step by hand."""
    for path, kind in (
        ("postroom/mark.svg", "image/svg+xml"),
        ("unfold/css/styles.css", 'text/css; charset="utf-8"'),
    ):
        answer = Client().get(f"/static/{path}")
        assert (answer.status_code, answer["Content-Type"]) == (200, kind)
        answer.close()


def test_nobody_is_asked_to_come_in_over_the_apis_pages(db: None) -> None:
    """The API's description is for whoever is signed in."""
    assert Client().get("/api/docs").status_code == 302
    assert Client().get("/api/openapi.json").status_code == 302


def sign_in(username: str, password: str, address: str, **headers: str) -> Any:
    """Send the form of the sign-in page from this address."""
    form = {"username": username, "password": password}
    return Client(REMOTE_ADDR=address, **headers).post("/login/", form)
