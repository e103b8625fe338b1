"""Alerts: who wants to know is told of failures, not too often, and when all is well again."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.connections.notices import MAIL_VARIABLE, WEBHOOK_VARIABLE
from postroom.controlroom.runs.alerts.telling import list_alerts, tell_of_failures
from postroom.controlroom.runs.models import Alert, AlertRule, Run
from support.message_sinks import MailServer, Webhook, start_mail_server, start_webhook
from support.people import People
from support.watched_mailboxes import create_bot

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[MailServer]:
    """Give the Control Room a mail server, and no webhook."""
    monkeypatch.delenv(WEBHOOK_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    with start_mail_server() as started:
        monkeypatch.setenv(MAIL_VARIABLE, started.url)
        yield started


@pytest.fixture
def rule(people: People) -> AlertRule:
    """Let the bot creator be told of every bot by mail, at most once in half an hour."""
    made: AlertRule = AlertRule.objects.create(user=people.creator, by_mail=True, every_minutes=30)
    return made


@pytest.fixture
def end(people: People) -> Callable[..., Run]:
    """End a run of the bot: `end("failed", parent=...)`."""
    bot = create_bot()

    def end_run(status: str, **fields: Any) -> Run:
        now = timezone.now()
        given = {"bot": bot, "version": bot.versions.get(), "run_as": people.creator, "begun_by": "creator"}
        return Run.objects.create(
            **{
                **given,
                "status": status,
                "started": now,
                "finished": now,
                "error_message": "No folder.",
                **fields,
            }
        )

    return end_run


def test_a_failure_is_told_once(rule: AlertRule, server: MailServer, end: Callable[..., Run]) -> None:
    """With what went wrong, and the way to the run."""
    run = end("failed")
    end("done", bot=create_bot("other.bot.yaml"))
    tell_of_failures(timezone.now())
    tell_of_failures(timezone.now())
    ((recipient, mail),) = server.mails
    assert recipient == "creator@contoso.com"
    assert "Intake" in mail["Subject"]
    assert "No folder." in mail.get_content()
    assert f"/runs/{run.pk}/" in mail.get_content().replace("=\n", "")


def test_not_more_than_one_in_so_many_minutes(
    rule: AlertRule, server: MailServer, end: Callable[..., Run]
) -> None:
    """What fails meanwhile is counted, and told with the next one."""
    now = timezone.now()
    end("failed")
    tell_of_failures(now)
    for minutes in range(1, 30, 7):
        end("timed out")
        tell_of_failures(now + minutes * MINUTE)
    assert len(server.mails) == 1
    tell_of_failures(now + 31 * MINUTE)
    assert len(server.mails) == 2
    assert "5 runs" in server.mails[1][1].get_content()


def test_it_is_told_when_all_is_well_again(
    rule: AlertRule, server: MailServer, end: Callable[..., Run], people: People
) -> None:
    """Once; and the next failure is told at once."""
    end("failed")
    tell_of_failures(timezone.now())
    assert [alert.failures for alert in list_alerts(people.creator)] == [1]
    end("done")
    tell_of_failures(timezone.now())
    tell_of_failures(timezone.now())
    assert [mail["Subject"].split("”")[-1] for _, mail in server.mails] == [" fails", " works again"]
    assert not Alert.objects.exists()
    end("failed")
    tell_of_failures(timezone.now())
    assert len(server.mails) == 3


def test_what_could_not_be_sent_is_sent_later(
    rule: AlertRule, end: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The mail server is away: the mail goes out when it is back."""
    monkeypatch.setenv(MAIL_VARIABLE, "smtp://127.0.0.1:1")
    end("failed")
    tell_of_failures(timezone.now())
    with start_mail_server() as server:
        monkeypatch.setenv(MAIL_VARIABLE, server.url)
        tell_of_failures(timezone.now())
    assert len(server.mails) == 1


def test_a_program_gets_json(
    rule: AlertRule, end: Callable[..., Run], monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the webhook of the Control Room, where the rule wants it."""
    monkeypatch.delenv(MAIL_VARIABLE, raising=False)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    AlertRule.objects.update(by_webhook=True, by_mail=False)
    run = end("failed")
    webhook: Webhook
    with start_webhook() as webhook:
        monkeypatch.setenv(WEBHOOK_VARIABLE, webhook.url)
        tell_of_failures(timezone.now())
    ((alert,),) = [post["alerts"] for post in webhook.posts]
    assert (alert["bot"], alert["run"], alert["recovered"]) == ("intake.bot.yaml", str(run.pk), False)


def test_only_what_the_rule_names_is_told(
    rule: AlertRule, server: MailServer, end: Callable[..., Run], people: People
) -> None:
    """Of another bot, of a child, of what failed before the rule, and of runs that one may not see: nothing."""
    other = create_bot("other.bot.yaml")
    AlertRule.objects.update(bot=other)
    parent = end("failed")
    end("failed", parent=parent, root=parent, bot=other)
    end("failed", bot=other, finished=rule.created - MINUTE)
    tell_of_failures(timezone.now())
    assert server.mails == []
    AlertRule.objects.update(user=people.outsider)
    end("failed", bot=other)
    tell_of_failures(timezone.now())
    assert server.mails == []


def test_the_page_makes_and_forgets_a_rule(
    people: People, client_as: Any, server: MailServer, end: Callable[..., Run]
) -> None:
    """Each person has rules of their own, and sees on the overview what fails."""
    client = client_as(people.creator)
    answer = client.post("/alerts/", {"what": "", "by_mail": "on", "every_minutes": "15"})
    assert answer.status_code == 302, answer.content
    rule = AlertRule.objects.get()
    assert (rule.user, rule.bot, rule.by_mail, rule.every_minutes) == (people.creator, None, True, 15)
    end("failed")
    tell_of_failures(timezone.now())
    assert "No folder." in client.get("/").content.decode()
    assert "No folder." not in client_as(people.administrator).get("/").content.decode()
    assert client_as(people.administrator).post(f"/alerts/{rule.pk}/delete/").status_code == 404
    client.post(f"/alerts/{rule.pk}/delete/")
    assert not AlertRule.objects.exists()
