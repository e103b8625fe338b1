"""Mail that comes while workers are killed: each message is handled once, and none is lost."""

import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections import tokens
from postroom.controlroom.runs.bots.deploying import deploy_file
from postroom.controlroom.runs.models import ACTIVE, Run, RunStatus, Trigger
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.vault.master_keys import ensure_key
from support.connections import Connect
from support.mail import make_mail
from support.people import People
from support.provider_connections import create_connection, sign_in_for
from support.tenant import RunningTenant
from support.watched_mailboxes import create_trigger
from support.workers import start_worker, wait_until

pytestmark = pytest.mark.django_db(transaction=True)
INBOX = "ap@contoso.com"
LONGEST_SECONDS = 1500.0
THANKS = """\
name: Thanks
inputs:
  message: {type: text}
steps:
  - uses: outlook.connect
    with:
      session: ap
      authentication:
        mode: Control Room managed
        connection: Outlook 365
        token: Shared
  - uses: outlook.change_status
    with: {session: ap, messages: "${{ message }}", to: read}
  - uses: outlook.reply
    with: {session: ap, message: "${{ message }}", body: "Received, thank you."}
  - uses: outlook.move
    with: {session: ap, messages: "${{ message }}", to: Archive}
"""


@pytest.fixture
def trigger(people: People, reachable_tenant: RunningTenant) -> Iterator[Trigger]:
    """Have a bot mark, answer and move each message that comes."""
    ensure_key()
    connection = create_connection(reachable_tenant, name="Outlook 365")
    connection.roles.add(Role.objects.get(name="Bot creator"))
    tokens.keep(connection, None, sign_in_for(connection, reachable_tenant))
    bot = deploy_file(people.creator, "thanks.bot.yaml", THANKS).bot
    yield create_trigger(
        bot, people.creator, connection, input="message", subject="Mail number", every_seconds=10
    )
    open_mailboxes.close_all()


@pytest.mark.timeout(300)
def test_mail_that_comes_while_workers_are_killed(
    trigger: Trigger, reachable_tenant: RunningTenant, connect: Connect, tmp_path: Path
) -> None:
    """Forty messages, three workers that die one after the other: forty runs, forty answers."""
    let_mail_come(reachable_tenant, tmp_path, mails=40, kills=3)
    assert_each_once(connect, mails=40)


@pytest.mark.proof
@pytest.mark.timeout(1800)
def test_a_thousand_mails_and_twenty_kills(
    trigger: Trigger, reachable_tenant: RunningTenant, connect: Connect, tmp_path: Path
) -> None:
    """A thousand messages, twenty workers that die one after the other: a thousand runs, a thousand answers."""
    let_mail_come(reachable_tenant, tmp_path, mails=1000, kills=20)
    assert_each_once(connect, mails=1000)


def let_mail_come(tenant: RunningTenant, folder: Path, *, mails: int, kills: int) -> None:
    """Let mail come bit by bit, kill a worker each time that it has looked, and let the last one end it all."""
    tenant.set_limits(mode="off")  # else answers wait in the Outbox, as so many a minute do

    def deliver() -> None:
        for number in range(mails):
            tenant.deliver(INBOX, make_mail(f"Mail number {number:04}"))
            if number % max(mails // (kills + 1), 1) == 0:
                time.sleep(1.0)

    sender = Thread(target=deliver)
    sender.start()
    for number in range(kills):
        with start_worker(folder, environment=tenant.environment) as worker:
            kill_at_work(worker, number)
    with start_worker(folder, environment=tenant.environment):
        sender.join()
        wait_until(lambda: Run.objects.count() >= mails, LONGEST_SECONDS)
        wait_until(lambda: not Run.objects.filter(status__in=ACTIVE).exists(), LONGEST_SECONDS)


def kill_at_work(worker: Any, number: int) -> None:
    """Kill a worker after it has looked for mail again, a different moment later each time."""
    before = Trigger.objects.get().last_checked
    Trigger.objects.update(next_check="2000-01-01T00:00:00Z")  # so that it looks while it is there
    wait_until(lambda: Trigger.objects.get().last_checked != before)
    time.sleep(0.1 * (number % 7))
    worker.kill()


def assert_each_once(connect: Connect, *, mails: int) -> None:
    """Say that each message was handled once: in the runs, and in the mailbox itself."""
    statuses = Counter(Run.objects.values_list("status", flat=True))
    failed = Run.objects.exclude(status=RunStatus.DONE).values_list("error_message", flat=True)
    assert statuses == {RunStatus.DONE: mails}, list(failed)[:3]
    wanted = [f"Mail number {number:04}" for number in range(mails)]
    mailbox = connect()
    answers = Counter(message.subject for message in mailbox.messages("Sent Items"))
    assert {subject: answers[f"RE: {subject}"] for subject in wanted} == dict.fromkeys(wanted, 1)
    archived = {message.subject: message.is_read for message in mailbox.messages("Archive")}
    assert {subject: archived.get(subject) for subject in wanted} == dict.fromkeys(wanted, True)
    assert not list(mailbox.messages("Inbox", subject="Mail number"))
