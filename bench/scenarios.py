"""What is measured, and of whom."""

from dataclasses import dataclass, replace
from enum import StrEnum

from bench.readymade import Workload


class Task(StrEnum):
    """What a client is told to do in one run."""

    IMPORT = "import"
    FIRST_MESSAGE = "first-message"
    LIST = "list"
    ATTACHMENTS = "attachments"


class Home(StrEnum):
    """Whose Python a client runs in."""

    POSTROOM = "the project's environment"
    O365 = "an environment of python-o365's own"


_FEW = Workload(messages=10)
_INBOX = Workload(messages=10_000)
_INVOICES = Workload(messages=20, attachments_per_message=10, attachment_bytes=1_000_000)


@dataclass(frozen=True)
class Contender:
    """One client in one manner of use; `program` is a module of `bench.clients`, or a statement to import with."""

    name: str
    program: str
    home: Home = Home.POSTROOM
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Scenario:
    """One thing to do, over one network, and those who do it."""

    name: str
    title: str
    task: Task
    contenders: tuple[Contender, ...]
    workload: Workload = _FEW
    round_trip_ms: int = 0
    runs: int = 5

    def shrink(self) -> "Scenario":
        """Return the same scenario with next to nothing to do: it loads all the code and proves that it works."""
        attachments = min(self.workload.attachments_per_message, 2)
        tiny = Workload(messages=3, attachments_per_message=attachments, attachment_bytes=1_000)
        return replace(self, workload=tiny, round_trip_ms=0, runs=1)


POSTROOM = Contender("Postroom", "postroom")
O365 = Contender("python-o365", "o365", Home.O365)
O365_EAGER = Contender("python-o365, without its delay", "o365", Home.O365, ("--without-delay",))
FLOOR = Contender("floor", "floor")
FLOOR_OF_4 = Contender("floor, 4 connections", "floor", options=("--connections", "4"))

BARE_PYTHON = Contender("bare Python", "pass")
IMPORT_POSTROOM = Contender("import postroom", "import postroom")
IMPORT_O365 = Contender("import O365", "import O365", Home.O365)

_CLIENTS = (POSTROOM, O365, O365_EAGER, FLOOR)


def _list(round_trip_ms: int) -> Scenario:
    title = f"List 10,000 messages, {round_trip_ms} ms round trip"
    return Scenario(f"list-{round_trip_ms}ms", title, Task.LIST, _CLIENTS, _INBOX, round_trip_ms)


def _attachments(round_trip_ms: int) -> Scenario:
    title = f"Save 200 attachments of 1 MB, {round_trip_ms} ms round trip"
    contenders = (*_CLIENTS, FLOOR_OF_4)
    return Scenario(
        f"attachments-{round_trip_ms}ms", title, Task.ATTACHMENTS, contenders, _INVOICES, round_trip_ms
    )


SCENARIOS = (
    Scenario("import", "Import alone", Task.IMPORT, (BARE_PYTHON, IMPORT_POSTROOM, IMPORT_O365), runs=15),
    Scenario(
        "cold-start", "Cold start to first message", Task.FIRST_MESSAGE, (POSTROOM, O365, FLOOR), runs=15
    ),
    _list(0),
    _list(50),
    _attachments(0),
    _attachments(50),
)
