"""Notifications: Microsoft 365 tells that mail came, a trigger looks at once, and nobody else can make it."""

import dataclasses
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from postroom.controlroom.accounts.models import Role
from postroom.controlroom.connections import tokens
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.runs.models import Run, Trigger
from postroom.controlroom.runs.triggers import looking, notifications
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.runs.triggers.records import delete_trigger, enable_trigger
from postroom.controlroom.runs.triggers.state import get_state
from postroom.controlroom.vault.master_keys import ensure_key
from support.mail import make_mail
from support.people import People
from support.provider_connections import create_connection, sign_in_for
from support.tenant import RunningTenant
from support.watched_mailboxes import create_bot, create_trigger
from support.workers import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
INBOX = "ap@contoso.com"
ADDRESS = "/notifications/mail"


@pytest.fixture
def connection(people: People, reachable_tenant: RunningTenant) -> Iterator[OAuthConnection]:
    """Give a connection that bot creators may use."""
    ensure_key()
    made = create_connection(reachable_tenant, name="Outlook 365")
    made.roles.add(Role.objects.get(name="Bot creator"))
    tokens.keep(made, None, sign_in_for(made, reachable_tenant))
    yield made
    open_mailboxes.close_all()


@pytest.fixture
def trigger(connection: OAuthConnection, people: People, live_server: Any, settings: Any) -> Trigger:
    """Give a trigger that is told, by a Control Room that the tenant reaches; it has looked once."""
    url = live_server.url.replace("127.0.0.1", "localhost")
    settings.CONFIGURATION = dataclasses.replace(settings.CONFIGURATION, url=url)
    made = create_trigger(create_bot(), people.creator, connection, kind="notifications")
    looking.poll(made, timezone.now())
    return get()


def get() -> Trigger:
    """Give the trigger as it stands now."""
    return Trigger.objects.select_related("bot", "connection", "run_as").get()


@pytest.fixture
def tell(client_as: Any, trigger: Trigger) -> Callable[..., Any]:
    """Tell the Control Room something, as whoever knows the client state: `tell(clientState="other")`."""
    state = get_state(trigger)
    assert state is not None
    known = {"subscriptionId": trigger.subscription_id, "clientState": state.client_state}

    def tell_that(**given: Any) -> Any:
        return client_as().post(ADDRESS, {"value": [{**known, **given}]}, content_type="application/json")

    return tell_that


def let_it_rest() -> None:
    """Let the trigger look only in an hour."""
    Trigger.objects.update(next_check=timezone.now() + timedelta(hours=1))


def test_mail_wakes_the_trigger(trigger: Trigger, reachable_tenant: RunningTenant) -> None:
    """The tenant proves the address, tells of the mail, and the mail is read from the delta query."""
    assert trigger.subscription_id
    assert trigger.last_error == ""
    assert trigger.next_check - timezone.now() > timedelta(minutes=5)
    reachable_tenant.deliver(INBOX, make_mail("Invoice 4711"))
    wait_until(lambda: get().next_check <= timezone.now())
    assert looking.poll_due(timezone.now()) == 1
    assert Run.objects.count() == 1


def test_the_subscription_is_renewed_in_time(trigger: Trigger) -> None:
    """Long before it ends, and under the same id; one that is gone is made anew."""
    late = trigger.subscription_expires - notifications.RENEWED_BEFORE / 2
    Trigger.objects.update(subscription_expires=timezone.now() + timedelta(hours=1))
    looking.poll(get(), timezone.now())
    renewed = get()
    assert renewed.subscription_id == trigger.subscription_id
    assert renewed.subscription_expires > late
    Trigger.objects.update(subscription_id="gone", subscription_expires=timezone.now())
    looking.poll(get(), timezone.now())
    assert get().subscription_id not in ("", "gone", trigger.subscription_id)


@pytest.mark.parametrize("given", [{"clientState": "other"}, {"clientState": None}, {"subscriptionId": "x"}])
def test_strangers_move_nothing(tell: Callable[..., Any], given: dict[str, Any]) -> None:
    """Who does not know the client state and the subscription is answered, and ignored."""
    let_it_rest()
    assert tell(**given).status_code == 202
    assert get().next_check > timezone.now()


def test_what_is_told_wakes_the_trigger(tell: Callable[..., Any]) -> None:
    """With the right client state."""
    let_it_rest()
    assert tell().status_code == 202
    assert get().next_check <= timezone.now()


@pytest.mark.parametrize("event", ["reauthorizationRequired", "subscriptionRemoved", "missed"])
def test_lifecycle_events_are_heeded(tell: Callable[..., Any], trigger: Trigger, event: str) -> None:
    """After each the trigger looks, and is told further on."""
    let_it_rest()
    tell(lifecycleEvent=event)
    assert get().next_check <= timezone.now()
    looking.poll_due(timezone.now())
    after = get()
    assert after.subscription_id
    assert after.subscription_expires > timezone.now() + notifications.RENEWED_BEFORE
    assert (after.subscription_id == trigger.subscription_id) == (event != "subscriptionRemoved")


def test_the_validation_token_is_given_back_as_text(client_as: Any) -> None:
    """As plain text, which no browser runs; what is no notification is refused."""
    answer = client_as().post(f"{ADDRESS}?validationToken=%3Cb%3Ehello%20there")
    assert (answer.status_code, answer.content) == (200, b"<b>hello there")
    assert answer["Content-Type"].startswith("text/plain")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert client_as().post(ADDRESS, "no JSON", content_type="application/json").status_code == 400


@pytest.mark.parametrize("ends", ["paused", "deleted"])
def test_a_trigger_that_ends_takes_its_subscription_along(
    trigger: Trigger, people: People, reachable_tenant: RunningTenant, ends: str
) -> None:
    """Nobody is told any more by what this Control Room does not want to know."""
    known = trigger.subscription_id
    reachable_tenant.clear_requests()
    if ends == "paused":
        enable_trigger(trigger, people.creator, enabled=False)
        assert get().subscription_id == ""
    else:
        delete_trigger(trigger, people.creator)
    asked = [(request["method"], request["path"]) for request in reachable_tenant.requests()]
    assert ("DELETE", f"/v1.0/subscriptions/{known}") in asked


def test_where_nobody_can_be_told_the_mailbox_is_asked(
    connection: OAuthConnection, people: People, reachable_tenant: RunningTenant, settings: Any
) -> None:
    """The address is not reached: the trigger works all the same, and says so."""
    settings.CONFIGURATION = dataclasses.replace(settings.CONFIGURATION, url="http://localhost:1")
    made = create_trigger(create_bot(), people.creator, connection, kind="notifications")
    looking.poll(made, timezone.now())
    told = get()
    assert "the mailbox is asked instead" in told.last_error
    assert told.failures == 0
    reachable_tenant.deliver(INBOX, make_mail("Invoice 4711"))
    assert looking.poll(told, timezone.now()) == 1
