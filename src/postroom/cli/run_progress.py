"""A run as a terminal shows it: a line for each step that is done, and below them what is at work."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock
from time import monotonic

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from postroom.actions.sessions import Session
from postroom.bots.reports import RunReport, StepReport
from postroom.cli.output import clean_text, count

MARKS = {"done": ("✓", "green"), "failed": ("✗", "red")}
INDENT = 2
TITLE_WIDTH, TIME_WIDTH, PLACE_WIDTH = 20, 8, 26


class RunView:
    """Shows the runs that it is told of, on stderr."""

    def __init__(self, *, silent: bool) -> None:
        self.failed: StepReport | None = None
        self._silent = silent
        self._console = Console(stderr=True, highlight=False)
        self._live: Live | None = None
        self._lock = Lock()
        self._parents: dict[str, str] = {}
        self._open: dict[str, str] = {}
        self._now: tuple[str, StepReport] | None = None
        self._items = ""
        self._steps = 0
        self._handled: dict[str, int] = {}
        self._began = monotonic()

    @contextmanager
    def show(self) -> Iterator["RunView"]:
        """Show what it is told inside."""
        if self._silent or not sys.stderr.isatty():
            yield self
            return
        with Live(
            console=self._console, refresh_per_second=8, transient=True, get_renderable=self._render
        ) as live:
            self._live = live
            yield self

    def on_run(self, run: RunReport) -> None:
        """Show that a run begins, each below the one that called it."""
        with self._lock:
            self._parents[run.id] = run.parent
            if run.status == "running":
                indent = " " * INDENT * (self._get_depth(run.id) - 1)
                self._say(Text(f"{indent}{clean_text(run.bot)}", style="bold"))

    def on_step(self, run_id: str, step: StepReport) -> None:
        """Show a step: at the bottom while it is at work, as a line when it is over."""
        with self._lock:
            self._items = ""
            self._handled[run_id] = step.handled
            if step.status == "running":
                self._now = (run_id, step)
                return
            self._now = None
            self._steps += 1
            self.failed = step if step.status == "failed" else self.failed
            self._print_step(step, self._get_depth(run_id))

    def on_open(self, run_id: str, session: Session) -> None:
        """The step that opens a session is shown already."""

    def show_items(self, done: int, total: int | None) -> None:
        """Show how many items of a step are done."""
        self._items = f"{done} of {total}" if total else str(done)

    def close(self, status: str) -> None:
        """Say how it went, in one line."""
        handled = sum(self._handled.values())
        parts = [count(self._steps, "step"), count(handled, "message") if handled else ""]
        seconds = f"{monotonic() - self._began:.1f} s"
        told = ", ".join(part for part in (*parts, seconds) if part)
        self._say(Text(f"{status}: {told}.", style="dim"))

    def say(self, text: str) -> None:
        """Say a sentence below."""
        self._say(Text(clean_text(text)))

    def _get_depth(self, run_id: str) -> int:
        depth = 1
        while parent := self._parents.get(run_id, ""):
            run_id, depth = parent, depth + 1
        return depth

    def _say(self, text: Text) -> None:
        if not self._silent:
            self._console.print(text, soft_wrap=not self._console.is_terminal)

    def _print_step(self, step: StepReport, depth: int) -> None:
        """Print a line of columns, or for a log file one that is as long as it is."""
        if self._silent:
            return
        if self._console.is_terminal:
            self._console.print(Padding(_write_step(step), (0, 0, 0, INDENT * depth)))
        else:
            parts = (step.title, step.touched, step.place, f"{step.seconds:.1f} s")
            line = " · ".join(clean_text(part) for part in parts if part)
            self._say(Text(f"{' ' * INDENT * depth}{MARKS[step.status][0]} {line}"))

    def _render(self) -> Group | Padding:
        now = self._now
        if now is None:
            return Group()
        run_id, step = now
        words = (clean_text(word) for word in (step.title, step.touched, self._items, step.place) if word)
        return Padding(Spinner("dots", Text(" · ".join(words))), (0, 0, 0, INDENT * self._get_depth(run_id)))


class ItemsView:
    """Tells a view how far a step is."""

    def __init__(self, view: RunView) -> None:
        self._view = view

    def on_step(self, label: str, *, done: bool) -> None:
        """What a step is made of is over too soon to be read."""

    def on_items(self, label: str, done: int, total: int | None) -> None:  # noqa: ARG002 - the step has a title
        """Tell it."""
        self._view.show_items(done, total)


def _write_step(step: StepReport) -> Table:
    mark, colour = MARKS[step.status]
    line = Table.grid(padding=(0, 1), expand=True)
    line.add_column(width=1)
    line.add_column(width=TITLE_WIDTH, no_wrap=True, overflow="ellipsis")
    line.add_column(ratio=1, no_wrap=True, overflow="ellipsis")
    line.add_column(max_width=PLACE_WIDTH, no_wrap=True, overflow="ellipsis", style="dim")
    line.add_column(width=TIME_WIDTH, justify="right", no_wrap=True, style="dim")
    line.add_row(
        Text(mark, style=f"bold {colour}"),
        Text(clean_text(step.title)),
        Text(clean_text(step.touched)),
        Text(clean_text(step.place)),
        Text(f"{step.seconds:.1f} s"),
    )
    return line
