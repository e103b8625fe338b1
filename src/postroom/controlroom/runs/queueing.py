"""The queue: rows of runs, from which workers take; begin a run, cancel, pause, resume and retry it.

A row is all that a run in the queue is, so that whoever begins one does so within a transaction of their own. What is
asked of a run that a worker has is done by that worker before the run's next step. A child is part of the run that
began it all: to cancel, pause or resume it is to do so with the whole.
"""

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.runs.inputs import set_inputs
from postroom.controlroom.runs.models import ACTIVE, BotVersion, MailboxUse, Run, RunStatus, Schedule, Trigger
from postroom.errors import RunActiveError, RunError

CANCEL, PAUSE = "cancel", "pause"
"""What `Run.asked` may be."""
FROM_FAILURE = 0
"""As `Run.retry_step`: from the step that failed."""


def begin_run(
    version: BotVersion,
    inputs: Mapping[str, Any],
    run_as: User | None,
    begun_by: str,
    *,
    run_id: uuid.UUID | None = None,
    schedule: Schedule | None = None,
    trigger: Trigger | None = None,
) -> Run:
    """Put a run into the queue, and give it; a second time with the same id gives the run that is there.

    Errors: SettingError where an input cannot be kept; VaultLockedError, VaultKeyError.
    """
    run = Run(
        id=run_id or uuid.uuid4(),
        bot_id=version.bot_id,
        version=version,
        run_as=run_as,
        begun_by=begun_by[:200],
        schedule=schedule,
        trigger=trigger,
    )
    known: Run | None = Run.objects.filter(pk=run.pk).first() if run_id else None
    if known is not None:
        return known
    set_inputs(run, inputs)
    try:
        with transaction.atomic():
            run.save(force_insert=True)
    except IntegrityError:
        return Run.objects.get(pk=run.pk)  # of two that begin it one was first
    return run


@transaction.atomic
def cancel_run(run: Run) -> Run:
    """Stop a run for good, with its children: at once in the queue, before its next step where it is at work.

    It gives the run that began it all. Errors: RunError where it is over.
    """
    root = _lock_active(run)
    if root.status == RunStatus.RUNNING:
        return _ask(root, CANCEL)
    return end_tree(root, RunStatus.CANCELLED)


@transaction.atomic
def pause_run(run: Run) -> Run:
    """Let a run wait until somebody resumes it; one at work stops before its next step. Errors: RunError."""
    root = _lock_active(run)
    if root.status == RunStatus.RUNNING:
        return _ask(root, PAUSE) if not root.asked else root
    return pause_tree(root)


@transaction.atomic
def resume_run(run: Run) -> Run:
    """Let a run that was paused go on where it was; its time begins anew. Errors: RunError where it is over."""
    root = _lock_active(run)
    if root.asked == PAUSE:
        return _ask(root, "")
    if root.status == RunStatus.PAUSED:
        _iterate_tree(root).filter(status=RunStatus.PAUSED).update(status=RunStatus.QUEUED, deadline=None)
        root.refresh_from_db()
    return root


@transaction.atomic
def retry_run(run: Run, from_step: int | None = None) -> Run:
    """Put a run that is over into the queue again: what was done before the step stays, and from it all is done anew.

    Without a step it goes on from the one that failed, in a child too. What was sent stays sent, and is not sent again.
    It gives the run that began it all. Errors: RunActiveError; RunError where it was done and no step was named.
    """
    root = _lock_root(run)
    if root.status in ACTIVE:
        raise RunActiveError(
            _("The run is not over, so it cannot be retried. Cancel it first, or wait for its end.")
        )
    if root.status == RunStatus.DONE and from_step is None:
        raise RunError(_("The run is done, so nothing of it failed. Name the step to retry it from."))
    Run.objects.filter(pk=run.pk).update(retry_step=from_step or FROM_FAILURE)
    if run.pk != root.pk:
        Run.objects.filter(pk=root.pk).update(retry_step=FROM_FAILURE)
    Run.objects.filter(pk=root.pk).update(
        status=RunStatus.QUEUED,
        asked="",
        waits_for="",
        deadline=None,
        finished=None,
        worker=None,
        losses=0,
        error_class="",
        error_message="",
        alerted=False,
    )
    root.refresh_from_db()
    return root


def end_tree(root: Run, status: RunStatus, error_class: str = "", error_message: str = "") -> Run:
    """Write down that a run is over, with those of its children that are not."""
    unfinished = _iterate_tree(root).filter(status__in=ACTIVE)
    unfinished.update(
        status=status,
        finished=timezone.now(),
        asked="",
        waits_for="",
        error_class=error_class,
        error_message=error_message,
    )
    free_mailboxes(root)
    root.refresh_from_db()
    return root


def pause_tree(root: Run) -> Run:
    """Write down that a run waits until somebody resumes it, with its children."""
    unfinished = _iterate_tree(root).filter(status__in=ACTIVE)
    unfinished.update(status=RunStatus.PAUSED, asked="", waits_for="", worker=None)
    free_mailboxes(root)
    root.refresh_from_db()
    return root


def queue_again(root: Run, *, waits_for: str = "") -> Run:
    """Put a run that a worker had back into the queue, with its children, for whoever takes it next."""
    unfinished = _iterate_tree(root).filter(status=RunStatus.RUNNING)
    unfinished.update(status=RunStatus.QUEUED, worker=None)
    Run.objects.filter(pk=root.pk).update(waits_for=waits_for)
    free_mailboxes(root)
    root.refresh_from_db()
    return root


def free_mailboxes(root: Run) -> None:
    """Let other runs into the mailboxes that this run has worked in."""
    MailboxUse.objects.filter(run=root).delete()


def _iterate_tree(root: Run) -> Any:
    # Two queries rather than one with OR, which no index serves.
    return Run.objects.filter(pk__in=[root.pk, *Run.objects.filter(root=root).values_list("pk", flat=True)])


def _lock_root(run: Run) -> Run:
    found: Run = Run.objects.select_for_update().get(pk=run.root_id or run.pk)
    return found


def _lock_active(run: Run) -> Run:
    root = _lock_root(run)
    if root.status not in ACTIVE:
        raise RunError(_("The run is over, so there is nothing to stop or to go on with. It can be retried."))
    return root


def _ask(root: Run, what: str) -> Run:
    Run.objects.filter(pk=root.pk).update(asked=what)
    root.refresh_from_db()
    return root
