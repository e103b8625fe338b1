"""What a bot file says, once it is read: its inputs and its steps, each with its line."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from postroom.bots.definition import Input
from postroom.bots.files.reading import Entries, Items, Node, Scalar


@dataclass(frozen=True, kw_only=True)
class Step:
    """What all steps have. `path` is where it stands in the file, such as `steps/0/catch/1`."""

    line: int
    path: str
    name: str = ""
    condition: Scalar | None = None


@dataclass(frozen=True, kw_only=True)
class ActionStep(Step):
    """`uses`: an action, with its settings. With `for_each`, the steps are done for each item that it gives."""

    action: str
    action_line: int
    settings: Entries
    result: str | None = None
    item: str | None = None
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, kw_only=True)
class LoopStep(Step):
    """`for_each` … `in`: the steps are done for each item of a list."""

    item: str
    values: Scalar | Items
    steps: tuple[Step, ...]


@dataclass(frozen=True, kw_only=True)
class BotStep(Step):
    """`run_bot`: a child bot, with its inputs."""

    bot: str
    bot_line: int
    inputs: Entries
    result: str | None = None


@dataclass(frozen=True, kw_only=True)
class TryStep(Step):
    """`try`: its steps; where one fails, those of `catch` (None where there is none); then those of `finally`."""

    steps: tuple[Step, ...]
    catch: tuple[Step, ...] | None
    last: tuple[Step, ...]


@dataclass(frozen=True)
class FileInput(Input):
    """An input of a bot file; its `kind` is text, number, boolean, date, list, credential or session."""

    kind: str = "text"
    line: int = 1


@dataclass(frozen=True)
class BotContent:
    """All that a bot file says."""

    name: str
    description: str
    inputs: Mapping[str, FileInput]
    steps: tuple[Step, ...]
    tree: Node | None = field(default=None, repr=False)
