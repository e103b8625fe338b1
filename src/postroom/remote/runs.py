"""Bots and runs of a Control Room, over its API."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode

import httpx2
import msgspec

from postroom.errors import PostroomError, RunCancelledError
from postroom.remote.wire import ControlRoomWire, Described, create_error
from postroom.values import Secret

ENDED = frozenset({"done", "failed", "cancelled", "timed out"})
"""How it stands with a run that is over."""
MOST_A_PAGE = 500


class RemoteInput(msgspec.Struct, frozen=True):
    """What a bot is given under one name."""

    name: str
    kind: str
    required: bool
    default: Any = None
    help: str = ""


class RemoteBot(msgspec.Struct, frozen=True):
    """A bot that is deployed in the Control Room."""

    path: str
    name: str
    description: str
    version: int
    deployed: datetime
    inputs: list[RemoteInput]
    run_limit: int | None
    time_limit_seconds: int | None
    withdrawn: datetime | None


class DeployedVersion(msgspec.Struct, frozen=True):
    """What was deployed."""

    path: str
    version: int


class RemoteError(msgspec.Struct, frozen=True):
    """What a run failed with: the class of the error, and what it says."""

    type: str
    message: str


class RemoteRun(msgspec.Struct, frozen=True):
    """A run of the Control Room; `seconds` is how long it has lasted."""

    id: str
    bot: str
    bot_name: str
    version: int
    status: str
    begun_by: str
    run_as: str
    parent: str | None
    root: str | None
    created: datetime
    started: datetime | None
    finished: datetime | None
    seconds: float | None
    worker: str
    messages_handled: int
    error: RemoteError | None

    @property
    def is_over(self) -> bool:
        """Whether nothing more happens to it by itself."""
        return self.status in ENDED

    def find_error(self) -> PostroomError | None:
        """Why it came to no good end, as the error itself; None where it was done or is not over."""
        if self.error is not None and self.is_over:
            return create_error(Described(self.error.type, self.error.message))
        if self.status == "cancelled":
            return RunCancelledError(
                f"The run {self.id} was cancelled. Retry it with: postroom runs retry {self.id}"
            )
        return None


class RemoteStep(msgspec.Struct, frozen=True):
    """A step of a run."""

    number: int
    title: str
    place: str
    touched: str
    status: str
    began: datetime
    seconds: float
    error: str
    child: str | None = None


class RemoteSchedule(msgspec.Struct, frozen=True):
    """When a bot is run by itself; `cron` has five fields, as crontab(5)."""

    id: str
    name: str
    bot: str
    run_as: str
    cron: str
    time_zone: str
    missed: str
    enabled: bool
    next_run: datetime | None
    last_run: datetime | None
    last_error: str


class RemoteTrigger(msgspec.Struct, frozen=True):
    """What makes a bot run when mail comes into a folder."""

    id: str
    name: str
    bot: str
    run_as: str
    connection: str
    mailbox: str
    folder: str
    kind: str
    every_seconds: int
    enabled: bool
    last_checked: datetime | None
    last_error: str
    failures: int


class _RunPage(msgspec.Struct):
    runs: list[RemoteRun]
    next_before: str | None


class RunsClient:
    """Ask a Control Room for bots and runs, as the user of the device that has this API key.

    Errors of every method: NotSignedInError, NotAllowedError, RecordNotFoundError; ControlRoomError where the address
    is not one of a Control Room; NetworkError.
    """

    def __init__(self, url: str, api_key: Secret, http: httpx2.Client) -> None:
        self._wire = ControlRoomWire(url, http, api_key)

    def list_bots(self) -> list[RemoteBot]:
        """The bots that are deployed and in use, by name."""
        return self._wire.ask("GET", "/bots", list[RemoteBot])

    def deploy_bot(self, path: str, text: str, note: str = "") -> DeployedVersion:
        """Deploy a bot file as the next version of the bot of this path.

        Errors: BotFileError with all faults; SettingError.
        """
        return self._wire.ask(
            "POST", "/bots", DeployedVersion, body={"path": path, "text": text, "note": note}
        )

    def begin_run(self, bot: str, inputs: Mapping[str, Any]) -> RemoteRun:
        """Put a run into the queue. Errors: SettingError where an input is missing or cannot be taken."""
        return self._wire.ask("POST", "/runs", RemoteRun, body={"bot": bot, "inputs": dict(inputs)})

    def list_runs(self, limit: int, **filters: str) -> list[RemoteRun]:
        """The newest runs; `filters` are `status`, `bot`, `who`, `since` and `search`. Errors: SettingError."""
        given = {name: value for name, value in filters.items() if value}
        found: list[RemoteRun] = []
        before: str | None = ""
        while before is not None and len(found) < limit:
            asked = {**given, "limit": str(min(limit - len(found), MOST_A_PAGE))}
            query = urlencode({**asked, **({"before": before} if before else {})})
            page = self._wire.ask("GET", f"/runs?{query}", _RunPage)
            found += page.runs
            before = page.next_before
        return found

    def get_run(self, run_id: str) -> RemoteRun:
        """How a run stands."""
        return self._wire.ask("GET", f"/runs/{quote(run_id, safe='')}", RemoteRun)

    def list_steps(self, run_id: str, after: int = 0) -> list[RemoteStep]:
        """The steps of a run whose number is higher."""
        found: list[RemoteStep] = []
        while True:
            query = urlencode({"after": found[-1].number if found else after, "limit": MOST_A_PAGE})
            page = self._wire.ask("GET", f"/runs/{quote(run_id, safe='')}/steps?{query}", list[RemoteStep])
            found += page
            if len(page) < MOST_A_PAGE:
                return found

    def control_run(self, run_id: str, what: str, step: int | None = None) -> RemoteRun:
        """Cancel, pause, resume or retry a run; `step` is where to retry it from. Errors: RunError."""
        body = {"step": step} if what == "retry" else None
        return self._wire.ask("POST", f"/runs/{quote(run_id, safe='')}/{what}", RemoteRun, body=body)

    def list_schedules(self) -> list[RemoteSchedule]:
        """All schedules, by name."""
        return self._wire.ask("GET", "/schedules", list[RemoteSchedule])

    def list_triggers(self) -> list[RemoteTrigger]:
        """All triggers, by name."""
        return self._wire.ask("GET", "/triggers", list[RemoteTrigger])
