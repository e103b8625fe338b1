"""Stop a run, let it pause, go on, or try again: by hand, and written into the audit trail."""

from django.db import transaction

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs import queueing
from postroom.controlroom.runs.models import Run


@transaction.atomic
def cancel(user: User, run: Run) -> Run:
    """Stop a run for good. Errors: RunError where it is over."""
    queueing.cancel_run(run)
    return _note(Event.RUN_CANCELLED, user, run)


@transaction.atomic
def pause(user: User, run: Run) -> Run:
    """Stop a run after the step that it is at. Errors: RunError where it is over or paused."""
    queueing.pause_run(run)
    return _note(Event.RUN_PAUSED, user, run)


@transaction.atomic
def resume(user: User, run: Run) -> Run:
    """Let a paused run go on. Errors: RunError where it is not paused."""
    queueing.resume_run(run)
    return _note(Event.RUN_RESUMED, user, run)


@transaction.atomic
def retry(user: User, run: Run, from_step: int | None = None) -> Run:
    """Let a run go on that is over, from this step or the one that failed. Errors: RunError where it is not over."""
    queueing.retry_run(run, from_step)
    return _note(Event.RUN_RETRIED, user, run, from_step)


def _note(event: Event, user: User, run: Run, step: int | None = None) -> Run:
    record(event, actor=user, target=str(run.pk), bot=run.bot.path, step=step)
    return run
