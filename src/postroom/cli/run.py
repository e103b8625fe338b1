"""`postroom run`: run a bot on this machine, and go on with a run that was interrupted."""

import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from uuid import uuid4

import typer

from postroom.actions import show_progress
from postroom.cli.failures import INTERRUPTED
from postroom.cli.output import JsonOption, print_json, print_line, wants_json
from postroom.errors import PostroomError, RunActiveError, RunNotFoundError, SettingError

if TYPE_CHECKING:
    from postroom.bots.definition import Bot
    from postroom.bots.desk import DeskRun, DeskRuns
    from postroom.bots.durable import Engine
    from postroom.bots.files import FolderLibrary
    from postroom.cli.run_progress import RunView

PARTS = ("dbos", "jinja2", "pydantic", "yaml")
EPILOG = (
    "Example: postroom run intake.bot.yaml --input folder=Inbox/2026\n\n"
    "A run keeps a journal, encrypted: however it ends, `postroom run --resume` goes on with it at its next step, and "
    "nothing is done or sent twice."
)


def command(
    file: Annotated[
        str,
        typer.Argument(
            metavar="FILE",
            help="A bot file (intake.bot.yaml), or a Python bot (intake.py:main, package.module:main). With --resume, "
            "the beginning of a run's id, or the bot whose last run is meant.",
            show_default=False,
        ),
    ] = "",
    *,
    given: Annotated[
        list[str] | None,
        typer.Option("--input", metavar="NAME=VALUE", help="An input of the bot; give one for each."),
    ] = None,
    resume: Annotated[
        bool,
        typer.Option("--resume", help="Go on with the last run that is not done, or with the one named."),
    ] = False,
    no_journal: Annotated[
        bool, typer.Option("--no-journal", help="Keep no journal; what is interrupted cannot go on.")
    ] = False,
    as_json: JsonOption = False,  # noqa: ARG001 - its callback does it
) -> None:
    """Run a bot on this machine, and show each step."""
    _check_parts()
    if resume:
        if given or no_journal:
            raise SettingError(
                "A run goes on with the inputs and the journal that it has: leave out the other options."
            )
        _resume(file)
        return
    if not file:
        raise SettingError(
            "Name a bot to run, such as intake.bot.yaml, or go on with a run: postroom run --resume."
        )
    library, reference = _open_library(file)
    bot = library.get(reference)
    inputs = read_inputs(bot, given or [])
    if no_journal:
        _run_without_journal(bot, inputs, library)
    else:
        _begin(bot, inputs, library)


def _check_parts() -> None:
    if any(find_spec(part) is None for part in PARTS):
        raise SettingError("Bots are an optional part that is not installed: `pip install 'postroom[bots]'`.")


def _open_library(file: str) -> "tuple[FolderLibrary, str]":
    """The folder that a bot lies in, with what finds it there: this folder where it lies in it, else its own."""
    from postroom.bots.files import FolderLibrary  # noqa: PLC0415 - start-up cost, as all of bots

    path, colon, function = file.partition(":")
    if colon and not path.endswith(".py"):
        folder, reference = Path.cwd(), file
    else:
        found, here = Path(path).resolve(), Path.cwd().resolve()
        folder = here if found.is_relative_to(here) else found.parent
        reference = found.relative_to(folder).as_posix() + colon + function
    return _create_library(FolderLibrary, folder), reference


def _create_library(kind: "type[FolderLibrary]", folder: Path) -> "FolderLibrary":
    sys.path.insert(0, str(folder))  # as Python does for a script: so a bot finds the modules beside it
    return kind(folder)


def read_inputs(bot: "Bot", given: list[str]) -> dict[str, Any]:
    """What was typed as inputs, as the bot takes them. Errors: SettingError."""
    texts = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not name or not equals:
            raise SettingError("--input must be NAME=VALUE, for example --input folder=Inbox/2026.")
        texts[name.strip()] = value
    return bot.read_inputs(texts)


def _run_without_journal(bot: "Bot", inputs: Mapping[str, Any], library: "FolderLibrary") -> None:
    from postroom.bots.run import run_alone  # noqa: PLC0415

    with _show() as view, _show_items(view):
        result = _follow(view, lambda: run_alone(bot, inputs, library=library, listener=view), None)
        _tell_result(None, result)


def _begin(bot: "Bot", inputs: Mapping[str, Any], library: "FolderLibrary") -> None:
    from postroom.bots.desk import DeskRun, DeskRuns  # noqa: PLC0415
    from postroom.bots.durable import RunOrder  # noqa: PLC0415

    runs = DeskRuns()
    runs.delete_old()
    run = DeskRun(
        id=str(uuid4()), name=bot.name, folder=str(library.folder), reference=bot.reference, began=datetime.now(UTC)
    )  # fmt: skip
    with _show() as view, _start_engine(runs, run, library, view) as engine:
        engine.begin(RunOrder(run.id, bot.reference, inputs))
        runs.note(run)
        result = _follow(view, lambda: engine.wait(run.id), run, runs)
        _tell_result(run, result)


def _resume(name: str) -> None:
    from postroom.bots.desk import DeskRuns  # noqa: PLC0415
    from postroom.bots.files import FolderLibrary  # noqa: PLC0415

    runs = DeskRuns()
    run = _find_run(runs, name)
    if run.status == "done":
        raise RunNotFoundError(f"The run {run.short_id} has ended well, so there is nothing to go on with.")
    library = _create_library(FolderLibrary, Path(run.folder))
    library.get(run.reference)  # so that what is wrong with the bot is told before anything else
    with _show() as view, _start_engine(runs, run, library, view) as engine:
        run.status = "running"
        runs.note(run)
        result = _follow(view, lambda: _go_on(engine, run), run, runs)
        _tell_result(run, result)


def _find_run(runs: "DeskRuns", name: str) -> "DeskRun":
    if not name:
        return runs.get_last_unfinished()
    if ":" in name or "." in name:
        return runs.get_last_unfinished(_open_library(name)[1])
    return runs.get(name)


def _go_on(engine: "Engine", run: "DeskRun") -> Any:
    """Go on where the run was interrupted; where it failed, at the step that failed."""
    if engine.find_status(run.id) == "ERROR":
        engine.retry(run.id)
        return engine.wait(run.id)
    return engine.wait(run.id) if engine.find_status(run.id) == "SUCCESS" else engine.resume(run.id)


@contextmanager
def _start_engine(
    runs: "DeskRuns", run: "DeskRun", library: "FolderLibrary", view: "RunView"
) -> "Iterator[Engine]":
    from postroom.auth.private_folder import PrivateFolder  # noqa: PLC0415
    from postroom.bots.durable import Engine, Surroundings  # noqa: PLC0415
    from postroom.bots.sealing import get_desk_sealer  # noqa: PLC0415

    sealer = get_desk_sealer(PrivateFolder(runs.folder.parent / "sign-ins"))
    database = runs.get_journal(run.id)
    with runs.hold(run.id):
        surroundings = Surroundings(library, view, lambda _order: _show_items(view))
        engine = Engine(database, sealer, uuid4().hex, surroundings)
        engine.start()
        try:
            yield engine
        finally:
            engine.stop()


@contextmanager
def _show() -> "Iterator[RunView]":
    from postroom.cli.run_progress import RunView  # noqa: PLC0415

    with RunView(silent=wants_json()).show() as view:
        yield view


@contextmanager
def _show_items(view: "RunView") -> Iterator[None]:
    from postroom.cli.run_progress import ItemsView  # noqa: PLC0415

    with show_progress(ItemsView(view)):
        yield


def _follow(view: "RunView", wait: Any, run: "DeskRun | None", runs: "DeskRuns | None" = None) -> Any:
    """Wait for a run, and keep and say how it ended."""
    try:
        result = wait()
    except KeyboardInterrupt:
        _end_run(view, run, runs, "interrupted")
        if run is None:
            raise
        # Its thread may wait for an answer for minutes. The journal has all that is done, so that it can be left alone.
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(INTERRUPTED)
    except RunActiveError:
        raise
    except PostroomError:
        _end_run(view, run, runs, "failed")
        raise
    _end_run(view, run, runs, "done")
    return result


def _end_run(view: "RunView", run: "DeskRun | None", runs: "DeskRuns | None", status: str) -> None:
    if run is not None and runs is not None:
        run.status = status
        runs.note(run)
    view.close(status.capitalize())
    if status == "done":
        return
    if wants_json():
        print_json({"run": run.id if run else None, "status": status})
    elif run is not None:
        where = f" at {view.failed.place}" if status == "failed" and view.failed and view.failed.place else ""
        went = f"failed{where}" if status == "failed" else "was interrupted"
        view.say(
            f"The run {run.short_id} {went}. What is done stays done, and is not done again. "
            f"To go on: postroom run --resume {run.short_id}"
        )


def _tell_result(run: "DeskRun | None", result: Any) -> None:
    import msgspec  # noqa: PLC0415

    plain = msgspec.to_builtins(result, enc_hook=str)
    if wants_json():
        print_json({"run": run.id if run else None, "status": "done", "result": plain})
    elif isinstance(plain, str):
        print_line(plain)
    elif plain is not None:
        print_json(plain)
