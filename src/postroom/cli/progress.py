"""Progress as a terminal shows it: a bar for long work, a tick for each step of a connection."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from postroom.actions import show_progress
from postroom.cli.output import clean_text


class ProgressBar:
    """Show one piece of work at a time, and leave nothing behind."""

    def __init__(self, progress: Progress, label: str) -> None:
        self._progress = progress
        self._label = label
        self._task = progress.add_task(label, total=None)

    def on_step(self, label: str, *, done: bool) -> None:
        """Steps are over too soon to be read."""

    def on_items(self, label: str, done: int, total: int | None) -> None:
        """Move the bar; a new piece of work begins a new one."""
        if label != self._label:
            self._label = label
            self._progress.remove_task(self._task)
            self._task = self._progress.add_task(label, total=total)
        self._progress.update(self._task, completed=done, total=total)


class StepList:
    """Note the steps of a connection, and print each as it holds."""

    def __init__(self, *, silent: bool) -> None:
        self.steps: dict[str, bool] = {}
        self._console = Console(highlight=False, soft_wrap=True)
        self._silent = silent

    def on_step(self, label: str, *, done: bool) -> None:
        """Note that a step begins, or that it holds."""
        self.steps[label] = done
        if done:
            self._print("✓", "green", label)

    def on_items(self, label: str, done: int, total: int | None) -> None:
        """Connecting has no items."""

    def close(self) -> None:
        """Print the steps that were begun and do not hold."""
        for label, holds in self.steps.items():
            if not holds:
                self._print("✗", "red", label)

    def _print(self, mark: str, colour: str, label: str) -> None:
        if not self._silent:
            self._console.print(f"[bold {colour}]{mark}[/]", clean_text(label), markup=True)


@contextmanager
def show_bar(label: str) -> Iterator[None]:
    """Show the progress of what is done inside on stderr, if that is a terminal; label it so until it has more."""
    if not sys.stderr.isatty():
        yield
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with (
        Progress(*columns, console=Console(stderr=True), transient=True) as progress,
        show_progress(ProgressBar(progress, label)),
    ):
        yield
