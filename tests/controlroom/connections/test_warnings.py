"""Warnings ahead of what ends: in the log, by mail and to a webhook, each said once."""

import logging
from datetime import timedelta

import pytest
from django.utils import timezone

from postroom.controlroom.connections.deadlines import list_deadlines, list_warnings
from postroom.controlroom.connections.models import (
    ClientSecret,
    ConnectionToken,
    OAuthConnection,
)
from postroom.controlroom.connections.notices import MAIL_VARIABLE, WEBHOOK_VARIABLE
from postroom.controlroom.connections.providers import ClientAuthentication, GrantType, Provider
from postroom.controlroom.connections.warnings import send_warnings
from support.message_sinks import start_mail_server, start_webhook
from support.people import People

pytestmark = pytest.mark.django_db
NAME = "Outlook365-Production"


@pytest.fixture
def connection(db: None, monkeypatch: pytest.MonkeyPatch) -> OAuthConnection:
    """Give a connection whose secret is good for years, where nothing is set up to be told."""
    for variable in (MAIL_VARIABLE, WEBHOOK_VARIABLE):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    made = OAuthConnection.objects.create(
        name=NAME,
        provider=Provider.ENTRA_GLOBAL,
        grant_type=GrantType.AUTHORIZATION_CODE,
        client_authentication=ClientAuthentication.SECRET,
    )
    add_secret(made, 700)
    return made


def add_secret(connection: OAuthConnection, days: int | None) -> ClientSecret:
    """Add a secret that ends in so many days."""
    expires = None if days is None else timezone.now().date() + timedelta(days=days)
    secret: ClientSecret = ClientSecret.objects.create(connection=connection, encrypted=b"-", expires=expires)
    return secret


def end_in(connection: OAuthConnection, days: int) -> None:
    """Let the secret end in so many days."""
    connection.secrets.update(expires=timezone.now().date() + timedelta(days=days))


def test_nothing_is_said_while_there_is_time(connection: OAuthConnection) -> None:
    """More than thirty days ahead nobody is bothered."""
    end_in(connection, 31)
    assert send_warnings() == 0
    assert not list_warnings([connection])


@pytest.mark.parametrize(
    ("days", "says"),
    [(30, "expires in 30 days"), (1, "expires tomorrow"), (0, "expires today"), (-3, "expired on")],
)
def test_the_log_says_what_ends_and_what_to_do(
    connection: OAuthConnection, caplog: pytest.LogCaptureFixture, days: int, says: str
) -> None:
    """A sentence with the connection, the day and what to do."""
    end_in(connection, days)
    with caplog.at_level(logging.WARNING):
        assert send_warnings() == 1
    assert f"The client secret of “{NAME}” {says}" in caplog.text
    assert "Make a new one" in caplog.text


def test_steps_follow_the_days_that_are_left(
    connection: OAuthConnection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Asked each day and more, it is said at 30, 14, 7, 3 and 1 days, on the day and once afterwards."""
    end_in(connection, 32)
    start, said = timezone.now(), []
    for passed in range(36):
        monkeypatch.setattr(timezone, "now", lambda passed=passed: start + timedelta(days=passed))
        if send_warnings():
            said.append(32 - passed)
        assert not send_warnings()
    assert said == [30, 14, 7, 3, 1, 0, -1]


def test_a_newer_secret_ends_the_warnings(connection: OAuthConnection) -> None:
    """With a second secret that lasts, the connection goes on, and nobody is warned of the old one."""
    end_in(connection, 5)
    assert len(list_warnings([connection])) == 1
    add_secret(connection, 700)
    assert not list_warnings([connection])


def test_secrets_without_a_date_are_not_guessed(connection: OAuthConnection) -> None:
    """Where nobody entered a date there is none, and with such a one the connection may go on."""
    end_in(connection, 5)
    add_secret(connection, None)
    assert not list_deadlines([connection])


def test_a_sign_in_that_sleeps_is_warned_of(connection: OAuthConnection, people: People) -> None:
    """A refresh token dies after 90 days without use: of each sign-in it is said whose it is."""
    long_ago = timezone.now() - timedelta(days=80)
    for user in (None, people.creator):
        ConnectionToken.objects.create(
            connection=connection, user=user, encrypted=b"-", refreshed=long_ago, signed_in=long_ago
        )
    sentences = [warning.sentence for warning in list_warnings([connection])]
    assert any("The Shared sign-in" in sentence for sentence in sentences)
    assert any("The sign-in of creator" in sentence for sentence in sentences)


def test_mail_goes_to_who_manages_connections(
    connection: OAuthConnection, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever can do something about it gets one mail, and nobody else gets any."""
    end_in(connection, 5)
    with start_mail_server() as server:
        monkeypatch.setenv(MAIL_VARIABLE, server.url)
        assert send_warnings() == 2  # the log and the mail
        assert send_warnings() == 0
    ((recipient, mail),) = server.mails
    assert recipient == people.administrator.email
    assert mail["From"] == "postroom@contoso.com"
    assert NAME in mail.get_content()


def test_the_webhook_gets_json(connection: OAuthConnection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program gets what ends when, and the sentence for people."""
    end_in(connection, 5)
    with start_webhook() as webhook:
        monkeypatch.setenv(WEBHOOK_VARIABLE, webhook.url)
        send_warnings()
    ((warning,),) = [post["warnings"] for post in webhook.posts]
    assert (warning["connection"], warning["what"], warning["days"]) == (NAME, "secret", 5)
    assert NAME in warning["message"]


def test_what_could_not_be_sent_is_sent_later(
    connection: OAuthConnection, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A webhook that fails is told in the log, and gets the warning the next time; the others are not repeated."""
    end_in(connection, 5)
    with start_webhook() as webhook:
        webhook.status = 503
        monkeypatch.setenv(WEBHOOK_VARIABLE, webhook.url)
        assert send_warnings() == 1
        assert "HTTP 503" in caplog.text
        assert "/hook" not in caplog.text
        webhook.status = 204
        assert send_warnings() == 1
        assert send_warnings() == 0


@pytest.mark.parametrize(
    "url", ["mail.contoso.com", "smtp://", "smtp://host:port", "http://mail.contoso.com"]
)
def test_a_setting_that_is_no_mail_server_is_told(
    connection: OAuthConnection,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    url: str,
) -> None:
    """The log says how the setting is written, and the other ways go on."""
    end_in(connection, 5)
    monkeypatch.setenv(MAIL_VARIABLE, url)
    assert send_warnings() == 1
    assert "is not the address of a mail server" in caplog.text


def test_a_mail_server_that_is_away_is_told_without_its_password(
    connection: OAuthConnection,
    people: People,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """What fails is told by its kind; the address with its password stays out of the log."""
    end_in(connection, 5)
    monkeypatch.setenv(MAIL_VARIABLE, "smtp://bot:hunter22-of-nobody@127.0.0.1:9")
    send_warnings()
    assert "did not take the mail" in caplog.text
    assert "hunter22" not in caplog.text
