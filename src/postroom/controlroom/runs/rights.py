"""Who sees which runs, and who may do something to one.

Everybody sees their own runs. The text of a bot is for those who deploy: it may hold an insecure string.
"""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs.models import Bot, Run
from postroom.errors import RecordNotFoundError

SEE_BOTS = (
    Permission.RUN_BOTS,
    Permission.MANAGE_BOTS,
    Permission.VIEW_RUNS,
    Permission.MANAGE_SCHEDULES,
)
"""Who sees which bots are deployed."""

SEE_RUNS = (Permission.VIEW_RUNS, Permission.RUN_BOTS)
"""Who sees runs: all of them, or those that run as them."""

SEE_SCHEDULES = (Permission.MANAGE_SCHEDULES, Permission.VIEW_RUNS)
"""Who sees schedules and triggers."""

SEE_WORKERS = (Permission.VIEW_RUNS, Permission.MANAGE_BOTS)
"""Who sees the processes that carry out runs."""


def list_runs(user: User) -> "QuerySet[Any]":
    """The runs that this person may see."""
    if not user.is_active:
        return Run.objects.none()
    if user.may(Permission.VIEW_RUNS):
        return Run.objects.all()
    return Run.objects.filter(run_as=user)


def get_run(user: User, run_id: UUID) -> Run:
    """A run that this person may see. Errors: RecordNotFoundError, also where they may not see it."""
    runs = list_runs(user).select_related(
        "bot", "version", "run_as", "worker", "schedule", "trigger", "parent__bot"
    )
    found: Run | None = runs.filter(pk=run_id).first()
    if found is None:
        raise RecordNotFoundError(_("There is no run of this number, or it is somebody else's."))
    return found


def may_control(user: User, run: Run) -> bool:
    """Say whether this person may cancel, pause, resume and retry the run."""
    is_own = run.run_as_id == user.pk and user.may(Permission.RUN_BOTS)
    return is_own or (user.may(Permission.MANAGE_BOTS) and user.may(Permission.VIEW_RUNS))


def get_bot(path: str) -> Bot:
    """The deployed bot of this path. Errors: RecordNotFoundError."""
    # PostgreSQL takes no NUL in a text, and no path has one.
    found: Bot | None = Bot.objects.filter(path=path.replace("\0", "")).first()
    if found is None:
        raise RecordNotFoundError(
            _(
                "No bot “%(path)s” is deployed here. `postroom bots list` and the page Bots show which there are."
            )
            % {"path": path}
        )
    return found
