"""From one definition, many faces."""

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar, cast

from postroom.actions.running import find_run

F = TypeVar("F", bound=Callable[..., Any])

_MARK = "__postroom_action__"


@dataclass(frozen=True)
class Label:
    """What people see of a setting: a title, a sentence of help, an example.

    `given_as` is the type that a form or the command line gives where it cannot give the function's own. `kinds` are
    the classes of which the setting is one, by the name that people know each by; the settings of a kind are its
    fields.
    """

    title: str
    help: str
    example: str | None = None
    given_as: Any = None
    kinds: Mapping[str, type] | None = None


@dataclass(frozen=True)
class Action:
    """One action: its full name (`outlook.move`), its command, its title, and the function behind it.

    `permissions` are those of Microsoft Graph that it needs. `opens` says that it opens the session which
    the package's other actions use.
    """

    name: str
    command: str
    title: str
    permissions: tuple[str, ...]
    function: Callable[..., Any]
    opens: bool = False

    @property
    def summary(self) -> str:
        """The first sentence of its documentation."""
        return self.documentation.split("\n\n")[0].replace("\n", " ")

    @property
    def documentation(self) -> str:
        """All of its documentation."""
        return inspect.getdoc(self.function) or ""


@dataclass(frozen=True)
class _Mark:
    title: str
    permissions: tuple[str, ...]
    command: str | None


def action(
    *, title: str, permissions: tuple[str, ...] = (), command: str | None = None, opens: bool = False
) -> Callable[[F], F]:
    """Declare a function or method to be an action, with the title that people see.

    `command` is its name on the command line where that is not the function's own. `opens` says that it opens a
    session; it then takes its settings by name, and in a bot that runs it is the run that opens the session.
    """

    def declare(function: F) -> F:
        declared = _hand_to_run(function) if opens else function
        setattr(declared, _MARK, _Mark(title, permissions, command))
        return declared

    return declare


def _hand_to_run(opener: F) -> F:
    @functools.wraps(opener)
    def open_session(**settings: Any) -> Any:
        run = find_run()
        return opener(**settings) if run is None else run.open_session(open_session, settings)

    return cast("F", open_session)


@dataclass(frozen=True)
class Package:
    """A package of actions: one that opens a session, and the methods of the session that are actions.

    `values` are the types of data that its actions take and give, dataclasses or msgspec structs, which a run keeps in
    its journal.
    """

    name: str
    title: str
    opener: Callable[..., Any]
    session: type
    values: tuple[type, ...] = ()

    @cached_property
    def actions(self) -> tuple[Action, ...]:
        """All actions of the package, the opening one first."""
        return (self._describe(self.opener, opens=True), *self._list_session_actions())

    def _list_session_actions(self) -> Iterator[Action]:
        for _, function in inspect.getmembers(self.session, inspect.isfunction):
            if hasattr(function, _MARK):
                yield self._describe(function, opens=False)

    def _describe(self, function: Callable[..., Any], *, opens: bool) -> Action:
        mark: _Mark = getattr(function, _MARK)
        return Action(
            name=f"{self.name}.{function.__name__}",
            command=mark.command or function.__name__.replace("_", "-"),
            title=mark.title,
            permissions=mark.permissions,
            function=function,
            opens=opens,
        )
