"""A package of actions for tests of workers: it writes lines into a file, and needs neither mailbox nor network."""

import os
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from postroom.actions import Label, Package, action
from postroom.actions.once import find_once_key


@dataclass(frozen=True)
class Sheet:
    """Something to work on, which looks like a message."""

    id: str
    subject: str


class Paper:
    """A file that lines are written into."""

    def __init__(self, file: Path, address: str) -> None:
        self.file = file
        self.address = address

    def disconnect(self) -> None:
        """Nothing is held."""

    @action(title="List sheets")
    def sheets(self, number: Annotated[int, Label("Number", "How many there are.")]) -> Iterator[Sheet]:
        """List so many sheets."""
        for index in range(int(number)):
            yield Sheet(f"sheet-{index}", f"Sheet {index}")

    @action(title="Write")
    def write(
        self,
        text: Annotated[str, Label("Text", "What to write.")],
        sheet: Annotated[Any, Label("Sheet", "What it is about.")] = None,
        seconds: Annotated[float, Label("Seconds", "How long it takes.")] = 0.0,
    ) -> str:
        """Write a line, with the key of the step and the process that writes."""
        subject = getattr(sheet, "subject", "")
        _append(self.file, f"{text}{subject}|{find_once_key()}|{os.getpid()}")
        time.sleep(float(seconds))
        return str(text)

    @action(title="Fail while there is no file")
    def need(self, name: Annotated[str, Label("Name", "Of the file that must be there.")]) -> str:
        """Fail until somebody has made a file beside this one."""
        if not (self.file.parent / name).exists():
            raise FileNotFoundError(name)
        return str(name)


def open_paper(
    *,
    file: Annotated[str, Label("File", "Where to write.")],
    address: Annotated[str, Label("Address", "Whose paper it is.")] = "desk@contoso.com",
    session: Annotated[Any, Label("Session name", "What other steps call it.")] = None,
) -> Paper:
    """Open a file to write into."""
    return Paper(Path(file), address)


def _append(file: Path, line: str) -> None:
    # One call of the system, so that lines of several processes do not mix.
    descriptor = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        os.write(descriptor, f"{line}\n".encode())
    finally:
        os.close(descriptor)


package = Package(
    name="paper",
    title="Paper",
    opener=action(title="Open paper", opens=True)(open_paper),
    session=Paper,
    values=(Sheet,),
)
