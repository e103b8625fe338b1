"""Triggers: each mail that comes begins one run, whatever happens in between."""

import uuid
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import Run, Trigger
from postroom.controlroom.runs.triggers import looking
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.runs.triggers.records import delete_trigger, enable_trigger
from postroom.controlroom.runs.triggers.state import get_state
from postroom.controlroom.vault.master_keys import ensure_key
from postroom.errors import NotAllowedError, SettingError
from postroom.graph.models import Message
from support.mail import make_mail
from support.people import People
from support.provider_connections import create_connection, sign_in_for
from support.tenant import RunningTenant
from support.watched_mailboxes import MESSAGE_INPUT, create_bot, create_trigger

pytestmark = pytest.mark.django_db(transaction=True)
INBOX = "ap@contoso.com"


@pytest.fixture(autouse=True)
def mailboxes_are_closed() -> Iterator[None]:
    """Let no trigger find the mailbox of another test open."""
    yield
    open_mailboxes.close_all()


@pytest.fixture
def connection(db: None, people: People, reachable_tenant: RunningTenant) -> OAuthConnection:
    """Give a connection with a Shared token, to which the role of bot creators is invited."""
    ensure_key()
    made = create_connection(reachable_tenant, name="Outlook 365")
    made.roles.add(Role.objects.get(name="Bot creator"))
    tokens.keep(made, None, sign_in_for(made, reachable_tenant))
    return made


@pytest.fixture
def trigger(connection: OAuthConnection, people: People) -> Trigger:
    """Give a trigger on the Inbox, whose bot gets the id of the message."""
    return create_trigger(
        create_bot("intake.bot.yaml", MESSAGE_INPUT), people.creator, connection, input="message"
    )


def look(trigger: Trigger, now: datetime | None = None) -> int:
    """Let the trigger look, as a worker that has just started would: it remembers nothing."""
    open_mailboxes.close_all()
    return looking.poll(Trigger.objects.get(pk=trigger.pk), now or timezone.now())


def deliver(tenant: RunningTenant, *subjects: str, sender: str = "adele@contoso.com") -> list[str]:
    """Let mail come, and give the ids."""
    return [tenant.deliver(INBOX, make_mail(subject, sender=sender)) for subject in subjects]


def list_subjects(tenant: RunningTenant) -> list[Any]:
    """List what the runs were given, in the order of their making."""
    return [get_inputs(run)["message"] for run in Run.objects.order_by("created")]


def test_only_mail_from_now_on_counts(trigger: Trigger, reachable_tenant: RunningTenant) -> None:
    """What lay there before begins nothing; what comes then begins one run each, once."""
    assert look(trigger) == 0
    deliver(reachable_tenant, "One", "Two")
    assert look(trigger) == 2
    assert look(trigger) == 0
    assert Run.objects.count() == 2
    assert {run.begun_by for run in Run.objects.all()} == {"Trigger “New mail”"}


def test_mail_that_comes_before_the_first_look_counts(
    trigger: Trigger, reachable_tenant: RunningTenant
) -> None:
    """The trigger counts from when it was made, and not from when a worker had time for it."""
    deliver(reachable_tenant, "Early")
    assert look(trigger) == 1


def test_the_last_days_count_if_wanted(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant
) -> None:
    """Mail that is in the folder already is handled as far back as the trigger says."""
    deliver(reachable_tenant, "Yesterday's", "Today's")
    made = create_trigger(create_bot(), people.creator, connection, days=7)
    assert look(made) >= 2
    assert look(made) == 0


def test_the_bot_gets_the_message_itself_if_wanted(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant
) -> None:
    """As data, without its body, as lists give it."""
    bot = create_bot("intake.bot.yaml", MESSAGE_INPUT)
    made = create_trigger(bot, people.creator, connection, input="message", gives="message")
    look(made)
    deliver(reachable_tenant, "Invoice 5")
    assert look(made) == 1
    given = get_inputs(Run.objects.get())["message"]
    assert isinstance(given, Message)
    assert given.subject == "Invoice 5"


def test_filters_mean_what_they_mean_in_lists(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant
) -> None:
    """Words of the subject whatever their case, senders, and only what is unread."""
    made = create_trigger(
        create_bot(),
        people.creator,
        connection,
        subject="invoice; bill",
        senders="adele@contoso.com",
        unread=True,
    )
    look(made)
    deliver(reachable_tenant, "INVOICE 1", "Newsletter", "Your bill")
    deliver(reachable_tenant, "Invoice 2", sender="megan@contoso.com")
    assert look(made) == 2


def test_mail_moved_into_the_folder_counts_once(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant, connect: Any
) -> None:
    """However old it is, and however often it comes and goes."""
    deliver(reachable_tenant, "Old")
    mailbox = connect()
    (message,) = mailbox.messages("Inbox", subject="Old")
    mailbox.create_folder("Inbox/Work")
    made = create_trigger(create_bot(), people.creator, connection, folder="Inbox/Work")
    look(made)
    for folder in ("Inbox/Work", "Inbox", "Inbox/Work"):
        mailbox.move(message, to=folder)
        look(made)
    assert Run.objects.count() == 1


def test_a_lost_checkpoint_loses_nothing_and_doubles_nothing(
    trigger: Trigger, reachable_tenant: RunningTenant
) -> None:
    """Microsoft forgets the checkpoint (410): what came since is handled, and what was handled is not again."""
    look(trigger)
    deliver(reachable_tenant, "Before")
    assert look(trigger) == 1
    deliver(reachable_tenant, "After")
    reachable_tenant.add_fault(path="/v1.0/*/delta*", status=410, code="SyncStateNotFound", count=1)
    assert look(trigger) == 1
    assert look(trigger) == 0
    assert Run.objects.count() == 2


def test_what_is_killed_before_the_checkpoint_is_met_again(
    trigger: Trigger, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Runs and checkpoint are written together, or neither is."""
    look(trigger)
    deliver(reachable_tenant, *(f"Mail {number}" for number in range(5)))

    def die(*_: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(looking, "put_state", die)
        with pytest.raises(KeyboardInterrupt):
            look(trigger)
    assert Run.objects.count() == 0
    assert look(trigger) == 5
    assert Run.objects.count() == 5


def test_two_that_look_at_once_begin_each_once(trigger: Trigger, reachable_tenant: RunningTenant) -> None:
    """The one that comes late is refused its older checkpoint."""
    look(trigger)
    late = Trigger.objects.get(pk=trigger.pk)
    deliver(reachable_tenant, "One", "Two")
    assert look(trigger) == 2
    looking.poll(late, timezone.now())
    assert Run.objects.count() == 2
    deliver(reachable_tenant, "Three")
    assert look(trigger) == 1


def test_more_than_a_page_is_read_to_the_end(trigger: Trigger, reachable_tenant: RunningTenant) -> None:
    """Hundreds that came at once are all begun in one look."""
    look(trigger)
    deliver(reachable_tenant, *(f"Mail {number}" for number in range(250)))
    assert look(trigger) == 250


def test_what_fails_says_so_and_waits_longer_each_time(
    trigger: Trigger, reachable_tenant: RunningTenant
) -> None:
    """A sentence on the page, and no hammering; when all is well again, nothing of it is left."""
    pauses = []
    now = timezone.now()
    Trigger.objects.update(folder="Inbox/Gone")
    for _attempt in range(3):
        look(trigger, now)
        fresh = Trigger.objects.get()
        pauses.append((fresh.next_check - now).total_seconds())
        Trigger.objects.update(next_check=now)
    assert "There is no folder “Gone”" in fresh.last_error
    assert pauses == sorted(set(pauses))
    Trigger.objects.update(folder="Inbox")
    look(trigger, now)
    fresh = Trigger.objects.get()
    assert (fresh.last_error, fresh.failures) == ("", 0)


def test_a_sign_in_that_is_needed_is_said(trigger: Trigger, connection: OAuthConnection) -> None:
    """The trigger's row says what the connection says."""
    connection.tokens.all().delete()
    look(trigger)
    assert "sign" in Trigger.objects.get().last_error.lower()


def test_nobody_runs_bots_as_others(connection: OAuthConnection, people: People) -> None:
    """Who does not manage users has bots run as themselves alone, and nobody by a connection they may not use."""
    bot = create_bot()
    with pytest.raises(NotAllowedError, match="as yourself"):
        create_trigger(bot, people.administrator, connection, people.creator)
    connection.roles.clear()
    with pytest.raises(NotAllowedError, match="may not use the connection"):
        create_trigger(bot, people.creator, connection, people.administrator)


def test_somebody_who_left_begins_nothing(
    trigger: Trigger, people: People, reachable_tenant: RunningTenant
) -> None:
    """What came meanwhile waits until somebody else is chosen."""
    look(trigger)
    people.creator.is_active = False
    people.creator.save()
    deliver(reachable_tenant, "Waiting")
    assert look(trigger) == 0
    assert "may not run bots" in Trigger.objects.get().last_error
    people.creator.is_active = True
    people.creator.save()
    assert look(trigger) == 1


def test_a_trigger_that_was_paused_goes_on_where_it_was(
    trigger: Trigger, people: People, reachable_tenant: RunningTenant
) -> None:
    """Nothing that came meanwhile is lost."""
    look(trigger)
    trigger = Trigger.objects.get()
    enable_trigger(trigger, people.creator, enabled=False)
    deliver(reachable_tenant, "Meanwhile")
    assert looking.poll_due(timezone.now() + timedelta(hours=1)) == 0
    enable_trigger(Trigger.objects.get(), people.creator, enabled=True)
    assert looking.poll_due(timezone.now()) == 1


def test_another_folder_begins_anew(
    trigger: Trigger, people: People, connection: OAuthConnection, reachable_tenant: RunningTenant
) -> None:
    """Changed to look elsewhere, it counts from then on; changed in other ways, it goes on where it was."""
    look(trigger)
    before = get_state(Trigger.objects.get())
    from postroom.controlroom.runs.triggers.records import TriggerSettings, save_trigger

    same = TriggerSettings("Other name", trigger.bot, people.creator, connection)
    save_trigger(Trigger.objects.get(), same, people.creator)
    assert get_state(Trigger.objects.get()) == before
    save_trigger(
        Trigger.objects.get(),
        TriggerSettings("Other name", trigger.bot, people.creator, connection, folder="Drafts"),
        people.creator,
    )
    changed = get_state(Trigger.objects.get())
    assert changed is not None
    assert changed.checkpoint is None


def test_a_missing_input_is_refused(connection: OAuthConnection, people: People) -> None:
    """The bot has to know the input that gets the message."""
    with pytest.raises(SettingError, match="has no input"):
        create_trigger(create_bot(), people.creator, connection, input="message")


def test_runs_stay_when_a_trigger_goes(
    trigger: Trigger, people: People, reachable_tenant: RunningTenant
) -> None:
    """Deleting what begins runs deletes none."""
    deliver(reachable_tenant, "One")
    look(trigger)
    delete_trigger(Trigger.objects.get(), people.creator)
    assert Run.objects.get().trigger is None


def test_the_id_of_a_run_is_the_messages(trigger: Trigger) -> None:
    """The same for the same message, whoever asks."""
    assert looking.get_run_id(trigger, "AAA") == uuid.uuid5(trigger.pk, "AAA")
