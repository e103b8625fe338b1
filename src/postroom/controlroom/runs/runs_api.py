"""The API of runs and workers: begin, list, watch, and what can be done to a run."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from django.http import HttpRequest
from django.utils.translation import gettext as _
from ninja import Field, Query, Router, Schema, Status
from pydantic import AwareDatetime

from postroom.controlroom.accounts.access import api_auth, record_refusal, require
from postroom.controlroom.accounts.models import User
from postroom.controlroom.accounts.permissions import Permission
from postroom.controlroom.runs import controlling
from postroom.controlroom.runs.beginning import begin_by_hand, get_newest
from postroom.controlroom.runs.bots.descriptions import make_plain
from postroom.controlroom.runs.figures.messages_handled import count_messages
from postroom.controlroom.runs.input_forms import read_inputs
from postroom.controlroom.runs.inputs import get_inputs
from postroom.controlroom.runs.models import Run, RunStatus
from postroom.controlroom.runs.rights import SEE_RUNS, SEE_WORKERS, get_bot, get_run, list_runs, may_control
from postroom.controlroom.runs.selection import ACTIVE, RUNS_A_PAGE, RunSelection
from postroom.controlroom.runs.shown import measure
from postroom.controlroom.runs.steps import describe_step
from postroom.controlroom.runs.workers.pages import list_workers
from postroom.errors import NotAllowedError, SettingError

router = Router(tags=["Runs"], auth=api_auth)

MOST_A_PAGE = 500
STATUSES = ", ".join(RunStatus.values)


class NewRun(Schema):
    """A run to begin."""

    bot: str = Field(max_length=300, description="The path of the bot, such as “intake.bot.yaml”.")
    inputs: dict[str, Any] = Field(
        {},
        description="By name, as JSON has them or as text; dates as YYYY-MM-DD, a credential as “name/attribute”.",
    )
    id: UUID | None = Field(
        None, description="A number of your own: the same one again gives the run that is there already."
    )


class RunFilters(Schema):
    """Which runs are asked for."""

    status: str = Field("", description=f"{STATUSES}; or “{ACTIVE}” for those that are not over.")
    bot: str = Field("", description="The path of a bot.")
    who: str = Field("", description="The name of the user that it runs as.")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    search: str = Field(
        "", description="The id of a run, or a part of the bot, of who began it or of the error."
    )
    roots: bool = Field(default=False, description="Without child bots.")


class RunAnswer(Schema):
    """A run."""

    id: UUID
    bot: str
    bot_name: str
    version: int
    status: str = Field(description=f"{STATUSES}.")
    begun_by: str = Field(description="Who or what began it; of a child bot the name of the parent bot.")
    run_as: str
    parent: UUID | None
    root: UUID | None = Field(description="The run that began it all; None for that run itself.")
    created: datetime
    started: datetime | None
    finished: datetime | None
    seconds: float | None = Field(description="How long it has lasted; None before it started.")
    worker: str
    messages_handled: int = Field(description="By the run and by its child bots.")
    error: dict[str, str] | None = Field(description="`type` and `message` of what it failed with.")


class RunPageAnswer(Schema):
    """Some runs, the newest first, and where the next page begins."""

    runs: list[RunAnswer]
    next_before: str | None = Field(description="What to give as `before` to go on; None at the end.")


class StepAnswer(Schema):
    """A step of a run."""

    number: int
    title: str
    place: str = Field(description="Where in the bot, such as “intake.bot.yaml:14”.")
    touched: str
    status: str = Field(description="running, done or failed.")
    began: datetime
    seconds: float
    error: str
    child: UUID | None = Field(description="Where it is a child bot, the run of that.")


class LineAnswer(Schema):
    """A line of a run's log."""

    time: datetime
    level: str
    text: str


class RetrySettings(Schema):
    """From where to go on."""

    step: int | None = Field(None, ge=1, description="The number of a step; None for the one that failed.")


class WorkerAnswer(Schema):
    """A process that carries out runs."""

    id: str
    host: str
    started: datetime
    last_seen: datetime
    stopped: datetime | None
    alive: bool
    runs: int = Field(description="How many it carries out now.")


@router.post("/runs", response={201: RunAnswer}, summary="Begin a run")
def begin_run(request: HttpRequest, new: NewRun) -> Status[dict[str, Any]]:
    """Put a run of the newest version of a bot into the queue, as the user of this device. Needs *Run bots*."""
    user = require(request, Permission.RUN_BOTS)
    bot = get_bot(new.bot)
    run = begin_by_hand(user, bot, read_inputs(get_newest(bot).inputs, new.inputs), run_id=new.id)
    # An id of somebody else's run gives nothing away.
    return Status(201, _describe_one(get_run(user, run.pk)))


@router.get("/runs", response=RunPageAnswer, summary="List runs")
def show_runs(
    request: HttpRequest,
    filters: Query[RunFilters],
    before: Annotated[str, Query(max_length=100, description="Where to go on.")] = "",
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = RUNS_A_PAGE,
) -> dict[str, Any]:
    """The runs, the newest first: all with *View runs*, one's own with *Run bots*."""
    user = require(request, *SEE_RUNS)
    if filters.status and filters.status not in (ACTIVE, *RunStatus.values):
        raise SettingError(
            _("There is no status “%(status)s”. There are: %(all)s.")
            % {"status": filters.status, "all": f"{STATUSES}, {ACTIVE}"}
        )
    selection = RunSelection(
        status=filters.status,
        bot=filters.bot.replace("\0", ""),
        who=filters.who.replace("\0", ""),
        since=filters.since,
        until=filters.until,
        search=filters.search,
        only_roots=filters.roots,
    )
    page = selection.get_page(list_runs(user), before=before, limit=limit)
    handled = count_messages(page.runs)
    return {"runs": [_describe(run, handled) for run in page.runs], "next_before": page.older or None}


@router.get("/runs/{run_id}", response=RunAnswer, summary="Get a run")
def show_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """How a run stands. Needs *View runs*; one's own with *Run bots*."""
    return _describe_one(get_run(require(request, *SEE_RUNS), run_id))


@router.get("/runs/{run_id}/inputs", response=dict[str, Any], summary="Get the inputs of a run")
def show_inputs(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """What the run was given; of a credential its name. Needs what the run needs."""
    inputs = get_inputs(get_run(require(request, *SEE_RUNS), run_id))
    return {name: make_plain(value) for name, value in inputs.items()}


@router.get("/runs/{run_id}/steps", response=list[StepAnswer], summary="List the steps of a run")
def list_steps(
    request: HttpRequest,
    run_id: UUID,
    after: Annotated[int, Query(ge=0, description="Only steps of higher numbers.")] = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100,
) -> list[dict[str, Any]]:
    """The steps by number. Needs what the run needs."""
    run = get_run(require(request, *SEE_RUNS), run_id)
    steps = map(describe_step, run.steps.select_related("child").filter(number__gt=after)[:limit])
    return [{**step, "child": step["child_id"]} for step in steps]


@router.get("/runs/{run_id}/lines", response=list[LineAnswer], summary="List the log of a run")
def list_lines(
    request: HttpRequest, run_id: UUID, limit: Annotated[int, Query(ge=1, le=MOST_A_PAGE)] = 100
) -> list[Any]:
    """The last lines, as they were written. Needs what the run needs."""
    run = get_run(require(request, *SEE_RUNS), run_id)
    return list(run.lines.order_by("-id")[:limit])[::-1]


@router.post("/runs/{run_id}/cancel", response=RunAnswer, summary="Cancel a run")
def cancel_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Stop a run for good. One's own, or with *Manage bots* and *View runs*; so for the next ones."""
    user, run = _get_to_control(request, run_id)
    return _describe_anew(user, controlling.cancel(user, run))


@router.post("/runs/{run_id}/pause", response=RunAnswer, summary="Pause a run")
def pause_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Let a run stop before its next step, until it is resumed."""
    user, run = _get_to_control(request, run_id)
    return _describe_anew(user, controlling.pause(user, run))


@router.post("/runs/{run_id}/resume", response=RunAnswer, summary="Resume a run")
def resume_run(request: HttpRequest, run_id: UUID) -> dict[str, Any]:
    """Let a paused run go on."""
    user, run = _get_to_control(request, run_id)
    return _describe_anew(user, controlling.resume(user, run))


@router.post("/runs/{run_id}/retry", response=RunAnswer, summary="Retry a run")
def retry_run(request: HttpRequest, run_id: UUID, settings: RetrySettings) -> dict[str, Any]:
    """Let a run go on that is over, from the step that failed or from the one that is named."""
    user, run = _get_to_control(request, run_id)
    return _describe_anew(user, controlling.retry(user, run, settings.step))


@router.get("/workers", response=list[WorkerAnswer], summary="List the workers")
def show_workers(request: HttpRequest) -> list[dict[str, Any]]:
    """The workers that are alive, and those that went within a day. Needs *View runs* or *Manage bots*."""
    user = require(request, *SEE_WORKERS)
    return [
        {
            **{
                name: getattr(row["worker"], name)
                for name in ("id", "host", "started", "last_seen", "stopped")
            },
            "alive": row["is_alive"],
            "runs": row["count"],
        }
        for row in list_workers(user)
    ]


def _get_to_control(request: HttpRequest, run_id: UUID) -> tuple[User, Run]:
    user = require(request, *SEE_RUNS)
    run = get_run(user, run_id)
    if not may_control(user, run):
        record_refusal(request, user)
        raise NotAllowedError(
            _(
                "The run is somebody else's. Stopping it or trying it again needs the permission “Manage bots”."
            )
        )
    return user, run


def _describe_anew(user: User, run: Run) -> dict[str, Any]:
    return _describe_one(get_run(user, run.pk))


def _describe_one(run: Run) -> dict[str, Any]:
    return _describe(run, count_messages([run]))


def _describe(run: Run, handled: dict[UUID, int]) -> dict[str, Any]:
    names = ("id", "status", "begun_by", "created", "started", "finished")
    error = {"type": run.error_class, "message": run.error_message} if run.error_class else None
    return {
        **{name: getattr(run, name) for name in names},
        "messages_handled": handled[run.pk],
        "bot": run.bot.path,
        "bot_name": run.bot.name,
        "version": run.version.number,
        "run_as": run.run_as.get_username() if run.run_as is not None else "",
        "parent": run.parent_id,
        "root": run.root_id,
        "seconds": measure(run),
        "worker": run.worker_id or "",
        "error": error,
    }
