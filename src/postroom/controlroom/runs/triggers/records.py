"""Triggers as people make, change, pause and delete them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.connections.models import OAuthConnection
from postroom.controlroom.connections.use import may_use
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.inputs import set_inputs
from postroom.controlroom.runs.models import Bot, Trigger
from postroom.controlroom.runs.schedules.owners import check_owner, refuse_sessions
from postroom.controlroom.runs.triggers import notifications
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.runs.triggers.state import TriggerState, seal_state
from postroom.errors import NotAllowedError, PostroomError, SettingError
from postroom.outlook.folder_tree import split_path

SHORTEST_SECONDS = 10
LONGEST_SECONDS = 24 * 3600
MOST_DAYS = 365
GIVES = ("id", "message")


@dataclass(frozen=True)
class TriggerSettings:
    """What a trigger says: which mail, which bot, as whom, and what the bot gets."""

    name: str
    bot: Bot
    run_as: User
    connection: OAuthConnection
    inputs: Mapping[str, Any] = field(default_factory=dict)
    token: str = "shared"  # noqa: S105 - a kind of token
    username: str = ""
    mailbox: str = ""
    """A shared mailbox; empty for the mailbox of who has signed in."""
    folder: str = "Inbox"
    unread: bool = False
    subject: str = ""
    senders: str = ""
    input: str = ""
    """The bot's input that gets the message; empty for none."""
    gives: str = "id"
    """What that input gets: the message's “id”, or the “message” itself as data."""
    days: int = 0
    """Of how many days the mail counts that is in the folder already."""
    every_seconds: int = 60
    kind: str = Trigger.Kind.DELTA.value
    enabled: bool = True


def save_trigger(trigger: Trigger, wanted: TriggerSettings, actor: User) -> Trigger:
    """Make a trigger or change it, as this person; give it. Where it looks elsewhere from now on, it begins anew.

    Errors: SettingError where something cannot be; NotAllowedError where the person may not have bots run as somebody,
    or that one not use the connection; VaultError.
    """
    _check(wanted, actor)
    is_new = trigger._state.adding
    place = _get_place(trigger)
    if not is_new:
        _leave(trigger)
    trigger.name, trigger.bot, trigger.run_as = wanted.name.strip(), wanted.bot, wanted.run_as
    trigger.connection, trigger.mailbox = wanted.connection, wanted.mailbox.strip()
    trigger.folder, trigger.kind = wanted.folder.strip(), wanted.kind
    trigger.every_seconds, trigger.changed_by = wanted.every_seconds, actor
    trigger.settings = {
        name: getattr(wanted, name)
        for name in ("token", "username", "unread", "subject", "senders", "input", "gives", "days")
    }
    set_inputs(trigger, wanted.inputs)
    if is_new or _get_place(trigger) != place:
        # When mail was received is told in whole seconds.
        now = timezone.now().replace(microsecond=0)
        state = TriggerState(since=now - timedelta(days=wanted.days))
        trigger.encrypted_state = seal_state(trigger, state)
    trigger.generation += 1
    _enable(trigger, enabled=wanted.enabled)
    with transaction.atomic():
        trigger.save()
        event = Event.TRIGGER_CREATED if is_new else Event.TRIGGER_CHANGED
        record(event, actor=actor, target=trigger.name, **_describe(trigger))
    return trigger


def enable_trigger(trigger: Trigger, actor: User, *, enabled: bool) -> None:
    """Pause a trigger, or let it go on where it was: mail that came meanwhile is handled then."""
    if not enabled:
        _leave(trigger)
    _enable(trigger, enabled=enabled)
    with transaction.atomic():
        trigger.changed_by = actor
        fields = ["enabled", "next_check", "last_error", "failures", "changed_by", "changed"]
        trigger.save(update_fields=fields)
        record(Event.TRIGGER_CHANGED, actor=actor, target=trigger.name, enabled=enabled)


def delete_trigger(trigger: Trigger, actor: User) -> None:
    """Delete a trigger, and end its subscription; its runs stay."""
    _leave(trigger)
    with transaction.atomic():
        name = trigger.name
        trigger.delete()
        record(Event.TRIGGER_DELETED, actor=actor, target=name)


def _enable(trigger: Trigger, *, enabled: bool) -> None:
    trigger.enabled, trigger.last_error, trigger.failures = enabled, "", 0
    trigger.next_check = timezone.now() if enabled else None


def _leave(trigger: Trigger) -> None:
    """End what Microsoft 365 was asked to tell, as far as the mailbox opens."""
    if not trigger.subscription_id:
        return
    try:
        notifications.end_subscription(trigger, open_mailboxes.get(trigger))
    except PostroomError:
        # Nobody is told any more by what this Control Room does not know; it ends by itself in some days.
        trigger.subscription_id, trigger.subscription_expires = "", None
    finally:
        open_mailboxes.close(trigger.pk)


def _get_place(trigger: Trigger) -> tuple[Any, ...]:
    settings = trigger.settings
    place = (settings.get("token"), settings.get("username"), settings.get("days"))
    return (trigger.connection_id, trigger.mailbox, trigger.folder, *place)


def _check(wanted: TriggerSettings, actor: User) -> None:
    check_owner(wanted.run_as, actor)
    if not may_use(wanted.run_as, wanted.connection):
        raise NotAllowedError(
            _(
                "%(name)s may not use the connection “%(connection)s”. Invite a role of theirs, or choose another."
            )
            % {"name": wanted.run_as.get_username(), "connection": wanted.connection.name}
        )
    split_path(wanted.folder)
    version = get_newest(wanted.bot)
    refuse_sessions(version)
    _check_input(wanted, [one["name"] for one in version.inputs])
    if not SHORTEST_SECONDS <= wanted.every_seconds <= LONGEST_SECONDS or not 0 <= wanted.days <= MOST_DAYS:
        raise SettingError(_("A trigger looks every 10 seconds to 24 hours, and at mail of 0 to 365 days."))
    if wanted.kind == Trigger.Kind.NOTIFICATIONS and not notifications.are_possible():
        raise SettingError(
            _(
                "Microsoft 365 can tell only a Control Room that it reaches by https. Let the trigger ask the mailbox."
            )
        )


def _check_input(wanted: TriggerSettings, names: list[str]) -> None:
    if wanted.gives not in GIVES:
        raise SettingError(_("What the input gets is “id” or “message”."))
    if wanted.input and wanted.input not in names:
        raise SettingError(
            _("The bot “%(bot)s” has no input %(name)s. Its inputs are: %(known)s.")
            % {"bot": wanted.bot.name, "name": wanted.input, "known": ", ".join(names) or "–"}
        )


def _describe(trigger: Trigger) -> dict[str, Any]:
    return {
        "bot": str(trigger.bot),
        "run_as": trigger.run_as.get_username(),
        "connection": trigger.connection.name,
        "mailbox": trigger.mailbox,
        "folder": trigger.folder,
        "enabled": trigger.enabled,
    }
