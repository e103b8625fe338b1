"""Triggers at work: what has come into a folder since the last look, and a run of the bot for each message.

A message is handled under an id of its own, made from the trigger and the message's immutable id, and the checkpoint
is written with the runs, in one transaction: killed before it, the same messages are met again. Mail
that is moved into the folder counts as new, once, however often it comes and goes. Where Microsoft has forgotten the
checkpoint (410), mail counts that was received from a day before the last complete look on; older mail that was moved
in since then is not seen, because nothing tells it from what lay there before.
"""

import dataclasses
import logging
import uuid
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import msgspec
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs.beginning import get_newest
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import BotVersion, Run, Trigger
from postroom.controlroom.runs.queueing import begin_run
from postroom.controlroom.runs.schedules.owners import check_owner
from postroom.controlroom.runs.triggers import notifications
from postroom.controlroom.runs.triggers.mailboxes import open_mailboxes
from postroom.controlroom.runs.triggers.state import TriggerState, get_state, put_state
from postroom.errors import PostroomError
from postroom.graph.message_changes import ChangedMessage, MessageChanges
from postroom.graph.models import Message
from postroom.outlook import Mailbox
from postroom.outlook.watching import fetch_changes, is_wanted

MARGIN = timedelta(days=1)
"""How much is read again where the checkpoint is lost: longer than mail takes to show up, and than clocks differ."""
LONGEST_PAUSE_SECONDS = 3600
PAGES_A_LOOK = 50
"""Then others have their turn; the next look goes on at once."""

logger = logging.getLogger("postroom.controlroom.runs")


def poll_due(now: datetime) -> int:
    """Look into the folders of the triggers whose time has come, and say how many runs were begun.

    What fails says so in its row, and is tried again after a while that grows. Meant to be called by one process at a
    time, every few seconds, and from a thread of its own, because a mailbox may take minutes to answer; called by two
    it begins nothing twice.
    """
    due = Trigger.objects.filter(enabled=True, next_check__lte=now).select_related(
        "bot", "run_as", "connection"
    )
    return sum(poll(trigger, now) for trigger in due.order_by("next_check"))


def poll(trigger: Trigger, now: datetime) -> int:
    """Look into the folder of one trigger, and say how many runs were begun."""
    try:
        version = get_newest(trigger.bot)
        check_owner(trigger.run_as)
        look = _Look(trigger, version, open_mailboxes.get(trigger), now)
        is_all = look.run()
        problem = notifications.keep_subscribed(trigger, look.mailbox, now)
    except PostroomError as error:
        open_mailboxes.close(trigger.pk)
        _note_failure(trigger, error, now)
        return 0
    pause = timedelta(seconds=notifications.get_pause_seconds(trigger)) if is_all else timedelta()
    _note(trigger, now + pause, last_checked=now, last_error=problem, failures=0)
    return look.begun


def get_run_id(trigger: Trigger, message_id: str) -> uuid.UUID:
    """The id of the run of a trigger for the message of this immutable id."""
    return uuid.uuid5(trigger.pk, message_id)


class _Look:
    """One look into the folder of a trigger."""

    def __init__(self, trigger: Trigger, version: BotVersion, mailbox: Mailbox, now: datetime) -> None:
        self.mailbox = mailbox
        self.begun = 0
        self._trigger = trigger
        self._version = version
        self._now = now
        self._begun_by = _("Trigger “%(name)s”") % {"name": trigger.name}
        self._inputs = get_inputs(trigger)
        self._state = get_state(trigger) or TriggerState(since=now)

    def run(self) -> bool:
        """Begin runs for all that has come; say whether that was all."""
        for _page in range(PAGES_A_LOOK):
            changes = fetch_changes(self.mailbox, self._trigger.folder, self._state.checkpoint)
            if changes is None:
                self._begin_anew()
                continue
            if not self._take(changes) or changes.is_all:
                return True
        return False

    def _take(self, changes: MessageChanges) -> bool:
        """Begin runs and go on to the next checkpoint, both or neither; say whether there is no reason to stop."""
        with transaction.atomic():
            begun = self._begin_runs(changes.messages)
            self._state = self._advance(changes)
            is_ours = put_state(self._trigger, self._state)
            if begun:
                name, bot = self._begun_by, self._trigger.bot.path
                record(Event.RUN_BEGUN, actor=name, target=self._trigger.mailbox, bot=bot, runs=begun)
        self.begun += begun
        return is_ours  # else another process is further, or somebody has changed the trigger

    def _begin_anew(self) -> None:
        known = self._state
        since = max(known.since, known.complete - MARGIN) if known.complete else known.since
        self._state = dataclasses.replace(known, since=since, checkpoint=None, is_caught_up=False)
        logger.warning(
            "The checkpoint of the trigger %s is lost; its folder is read anew.", self._trigger.name
        )

    def _advance(self, changes: MessageChanges) -> TriggerState:
        state = dataclasses.replace(self._state, checkpoint=changes.checkpoint)
        return dataclasses.replace(state, is_caught_up=True, complete=self._now) if changes.is_all else state

    def _begin_runs(self, messages: Iterable[ChangedMessage]) -> int:
        wanted = [message for message in messages if self._is_new(message) and self._is_wanted(message)]
        known = Run.objects.filter(pk__in=[get_run_id(self._trigger, message.id) for message in wanted])
        before = set(known.values_list("pk", flat=True))
        new = [message for message in wanted if get_run_id(self._trigger, message.id) not in before]
        for message in new:
            self._begin(message)
        return len(new)

    def _is_wanted(self, message: ChangedMessage) -> bool:
        settings = self._trigger.settings
        return is_wanted(
            message,
            unread=settings.get("unread", False),
            subject=settings.get("subject", ""),
            senders=settings.get("senders", ""),
        )

    def _is_new(self, message: ChangedMessage) -> bool:
        if self._state.is_caught_up:
            return True
        return message.received is not None and message.received >= self._state.since

    def _begin(self, message: ChangedMessage) -> None:
        given = self._trigger.settings.get("input", "")
        begin_run(
            self._version,
            {**self._inputs, **({given: self._give(message)} if given else {})},
            self._trigger.run_as,
            self._begun_by,
            run_id=get_run_id(self._trigger, message.id),
            trigger=self._trigger,
        )

    def _give(self, message: ChangedMessage) -> Any:
        if self._trigger.settings.get("gives") == "message":
            return msgspec.convert(msgspec.to_builtins(message), Message)
        return message.id


def _note_failure(trigger: Trigger, error: PostroomError, now: datetime) -> None:
    failures = trigger.failures + 1
    seconds = min(trigger.every_seconds * 2 ** min(failures, 10), LONGEST_PAUSE_SECONDS)
    logger.warning("The trigger %s could not look for mail: %s", trigger.name, error.message)
    _note(trigger, now + timedelta(seconds=seconds), last_error=error.message, failures=failures)


def _note(trigger: Trigger, next_check: datetime, **fields: Any) -> None:
    rows = Trigger.objects.filter(pk=trigger.pk)
    rows.update(**fields)
    # Where somebody wanted a look meanwhile, its time has been changed, and stays.
    rows.filter(next_check=trigger.next_check).update(next_check=next_check)


def wake(trigger_id: uuid.UUID) -> None:
    """Let a trigger be looked at as soon as possible."""
    Trigger.objects.filter(pk=trigger_id, enabled=True).update(next_check=timezone.now())
