"""Whether a bot file can run, before it runs: all that is wrong with it, at once.

What only a run can know is left to the run: a session may come from a parent bot, so a name that this file does not
open is no fault.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from postroom.actions import Action, Package
from postroom.bots.definition import Input
from postroom.bots.files.expressions import has_expression
from postroom.bots.files.inputs import KINDS, read_default
from postroom.bots.files.reading import Entries, FaultList, Items, Node, Scalar
from postroom.bots.files.settings import (
    Field,
    Kind,
    find_field,
    gives_items,
    list_fields,
)
from postroom.bots.files.steps import ActionStep, BotContent, BotStep, LoopStep, Step, TryStep
from postroom.bots.files.syntax import suggest
from postroom.bots.files.values import ValueChecker
from postroom.errors import BotFileError, BotNotFoundError

SCOPES = ("local", "global", "variable")


class ChildFinder(Protocol):
    """Where a check finds what child bots take, without running anything of them."""

    def find_child(self, reference: str, beside: str) -> tuple[str, Mapping[str, Input] | None]:
        """The full reference of a child bot and its inputs, which are None where only running it would tell.

        Errors: BotNotFoundError; BotFileError.
        """


@dataclass
class _Sessions:
    """What is known for certain of sessions, by name: those opened so far, and those closed since."""

    opened: dict[str, int] = field(default_factory=dict)
    closed: dict[str, int] = field(default_factory=dict)
    later: dict[str, int] = field(default_factory=dict)


def check_bot(
    content: BotContent,
    reference: str,
    faults: FaultList,
    packages: Mapping[str, Package],
    children: ChildFinder | None,
) -> None:
    """Add to the faults whatever would keep the bot from running."""
    _Checker(reference, faults, packages, children, set(content.inputs)).check(content.steps)


class _Checker:
    def __init__(
        self,
        reference: str,
        faults: FaultList,
        packages: Mapping[str, Package],
        children: ChildFinder | None,
        known: set[str],
    ) -> None:
        self._reference = reference
        self._faults = faults
        self._children = children
        self._known = known
        self._values = ValueChecker(faults, known)
        self._actions = {action.name: action for package in packages.values() for action in package.actions}
        self._sessions = _Sessions()
        self._certain = True

    def check(self, steps: tuple[Step, ...]) -> None:
        for step in _iterate_all(steps):
            name = _find_session_name(self._find_opener(step), step)
            if name is not None:
                self._sessions.later.setdefault(name, step.line)
        self._check_all(steps)

    def _find_opener(self, step: Step) -> Action | None:
        action = self._actions.get(step.action) if isinstance(step, ActionStep) else None
        return action if action is not None and action.opens else None

    def _check_all(self, steps: tuple[Step, ...]) -> None:
        for step in steps:
            if step.condition is not None:
                self._values.check_scalar(step.condition)
            with self._perhaps(perhaps=step.condition is not None):
                match step:
                    case ActionStep():
                        self._check_action_step(step)
                    case BotStep():
                        self._check_bot_step(step)
                    case LoopStep():
                        self._values.check_values(step.values)
                        self._check_loop(step.item, step.steps, step.line)
                    case TryStep():
                        self._check_try(step)

    @contextmanager
    def _perhaps(self, *, perhaps: bool) -> Iterator[None]:
        """What is inside is done only perhaps, or more than once."""
        before = self._certain
        self._certain = before and not perhaps
        yield
        self._certain = before

    def _check_loop(self, item: str, steps: tuple[Step, ...], line: int) -> None:
        if item in self._known:
            self._faults.add(
                line, f"There is a variable “{item}” already.", "Choose another name for for_each:."
            )
        was_known = item in self._known
        self._known.add(item)
        with self._perhaps(perhaps=True):
            self._check_all(steps)
        if not was_known:
            self._known.discard(item)

    def _check_try(self, step: TryStep) -> None:
        self._check_all(step.steps)
        with self._perhaps(perhaps=True):
            if step.catch is not None:
                before = "error" in self._known
                self._known.add("error")
                self._check_all(step.catch)
                if not before:
                    self._known.discard("error")
        self._check_all(step.last)

    def _check_action_step(self, step: ActionStep) -> None:
        action = self._actions.get(step.action)
        if action is None:
            self._add_unknown_action(step)
            self._values.check_values(step.settings)
        else:
            self._check_settings(step, action)
            if step.item is not None and not gives_items(action):
                self._faults.add(
                    step.action_line, f"{action.name} gives no items to loop over.", "Take for_each: out."
                )
        if step.result is not None:
            self._known.add(step.result)
        if step.item is not None:
            self._check_loop(step.item, step.steps, step.line)

    def _add_unknown_action(self, step: ActionStep) -> None:
        package = step.action.partition(".")[0]
        packages = {name.partition(".")[0] for name in self._actions}
        if not step.action:
            return
        if package not in packages:
            hint = suggest(package, packages).strip()
            self._faults.add(step.action_line, f"No package “{package[:60]}” is installed here.", hint)
            return
        own = [name for name in self._actions if name.partition(".")[0] == package]
        self._faults.add(
            step.action_line, f"There is no action “{step.action[:60]}”.", suggest(step.action, own).strip()
        )

    def _check_settings(self, step: ActionStep, action: Action) -> None:
        fields = list_fields(action)
        given = step.settings
        for name, node in given.entries.items():
            if name == "session":
                self._check_session(step, action, node)
            elif (found := find_field(fields, name)) is not None:
                if found.name != name and found.name in given.entries:
                    self._faults.add(
                        given.lines[name], f"“{name}” and “{found.name}” are the same.", "Take one out."
                    )
                self._values.check_setting(found, node, in_opener=action.opens)
            else:
                hint = suggest(name, [*fields, "session"]).strip()
                self._faults.add(given.lines[name], f"{action.name} has no setting “{name[:60]}”.", hint)
                self._values.check_values(node)
        for one in fields.values():
            if one.required and not any(find_field(fields, key) is one for key in given.entries):
                self._add_missing(step, action.name, one)
        if not action.opens and "session" not in given.entries:
            message = f"{action.name} does not say in which session."
            self._faults.add(
                step.action_line, message, "Add session: to with:, the name that was given to connect."
            )

    def _add_missing(self, step: ActionStep, name: str, one: Field) -> None:
        example = one.example or ("${{ message }}" if one.kind.other else "…")
        hint = f"Add {one.name}: {example} ({one.title})."
        self._faults.add(step.action_line, f"{name} needs the setting “{one.name}”.", hint)

    def _check_session(self, step: ActionStep, action: Action, node: Node) -> None:
        if action.opens:
            self._check_new_session(step, node)
        elif isinstance(node, Entries) and node.entries.keys() == {"variable"}:
            self._values.check_variable(node)
        elif not isinstance(node, Scalar) or not node.text.strip():
            hint = 'Write session: ap, or session: "${{ work }}".'
            self._faults.add(node.line, "session: has the name of a session, or a session variable.", hint)
        elif has_expression(node.text):
            self._values.check_scalar(node)
        else:
            self._check_session_name(step, action, node)

    def _check_new_session(self, step: ActionStep, node: Node) -> None:
        scope, name = read_scope(node)
        if scope is None:
            hint = "Write session: ap, {local: ap}, {global: ap} or {variable: work}."
            self._faults.add(node.line, "session: has a name, and of what kind it is.", hint)
        elif scope == "variable":
            self._known.add(name)
        elif has_expression(name):
            self._values.check_text(name, node.line)
        else:
            folded = name.strip().casefold()
            if self._certain and folded in self._sessions.opened:
                message = f"The session “{name}” is open already, since line {self._sessions.opened[folded]}."
                self._faults.add(node.line, message, "Disconnect it first, or choose another name.")
            self._sessions.later.pop(folded, None)
            self._sessions.closed.pop(folded, None)
            if self._certain:
                self._sessions.opened[folded] = step.line

    def _check_session_name(self, step: ActionStep, action: Action, node: Scalar) -> None:
        name = node.text.strip()
        folded, known = name.casefold(), self._sessions
        if folded in known.closed:
            message = f"The session “{name}” was closed in line {known.closed[folded]}."
            self._faults.add(node.line, message, "Disconnect it later, or connect again.")
        elif self._certain and folded in known.later:
            message = f"The session “{name}” is opened only in line {known.later[folded]}."
            self._faults.add(node.line, message, "Connect before.")
        if action.name.endswith(".disconnect"):
            opened = known.opened.pop(folded, None)
            if self._certain and opened is not None:
                known.closed[folded] = step.line

    def _check_bot_step(self, step: BotStep) -> None:
        self._sessions.closed.clear()
        inputs = self._find_child_inputs(step) if step.bot and not has_expression(step.bot) else None
        for name, node in step.inputs.entries.items():
            if inputs is not None and name not in inputs:
                hint = suggest(name, list(inputs)).strip()
                self._faults.add(
                    step.inputs.lines[name], f"The bot {step.bot} has no input “{name[:60]}”.", hint
                )
            self._check_input(name, None if inputs is None else inputs.get(name), node)
        for name, declared in (inputs or {}).items():
            if declared.is_required and name not in step.inputs.entries:
                self._faults.add(
                    step.bot_line, f"The bot {step.bot} needs the input “{name}”.", f"Add {name}: to with:."
                )
        if step.result is not None:
            self._known.add(step.result)

    def _find_child_inputs(self, step: BotStep) -> Mapping[str, Input] | None:
        if self._children is None:
            return None
        try:
            reference, inputs = self._children.find_child(step.bot, self._reference)
        except BotNotFoundError as error:
            self._faults.add(step.bot_line, error.message)
            return None
        except BotFileError as error:
            number = "a fault" if len(error.faults) == 1 else f"{len(error.faults)} faults"
            hint = f"`postroom bot check {step.bot}` tells."
            self._faults.add(step.bot_line, f"The bot {step.bot} has {number} of its own.", hint)
            return None
        if reference == self._reference and self._certain:
            self._faults.add(step.bot_line, "The bot runs itself, and never ends.", "Add if: to the step.")
        return inputs

    def _check_input(self, name: str, declared: Input | None, node: Node) -> None:
        if isinstance(node, Entries) and node.entries.keys() == {"credential"}:
            takes = Kind(credential=True)
            self._values.check_credential(Field(name, takes, required=False), node, in_opener=False)
        elif isinstance(node, Entries) and node.entries.keys() == {"variable"}:
            self._values.check_variable(node)
        elif isinstance(node, Scalar) and isinstance(node.value, str) and has_expression(node.text):
            self._values.check_scalar(node)
        else:
            self._values.check_values(node)
            kind = next((kind for kind, made in KINDS.items() if declared and made is declared.type), None)
            if kind is not None and not _has_any_expression(node):
                self._check_literal_input(name, kind, node)

    def _check_literal_input(self, name: str, kind: str, node: Node) -> None:
        if kind == "session":
            hint = 'Give a session variable: "${{ work }}".'
            self._faults.add(node.line, f"The input “{name}” is a session, and here is something else.", hint)
            return
        try:
            read_default(name, kind, node)
        except ValueError as error:
            self._faults.add(node.line, str(error))


def _iterate_all(steps: tuple[Step, ...]) -> Iterator[Step]:
    for step in steps:
        yield step
        if isinstance(step, ActionStep | LoopStep):
            yield from _iterate_all(step.steps)
        elif isinstance(step, TryStep):
            yield from _iterate_all((*step.steps, *(step.catch or ()), *step.last))


def _find_session_name(opener: Action | None, step: Step) -> str | None:
    if opener is None or not isinstance(step, ActionStep) or "session" not in step.settings.entries:
        return None
    scope, name = read_scope(step.settings.entries["session"])
    return None if scope in (None, "variable") or has_expression(name) else name.strip().casefold()


def read_scope(node: Node) -> tuple[str | None, str]:
    """How far a session reaches that is opened, and its name; no scope where neither can be told."""
    if isinstance(node, Scalar) and node.text.strip() and node.value is not None:
        return "local", node.text
    if isinstance(node, Entries) and len(node.entries) == 1:
        scope, name = next(iter(node.entries.items()))
        if scope in SCOPES and isinstance(name, Scalar) and name.text.strip() and name.value is not None:
            return scope, name.text
    return None, ""


def _has_any_expression(node: Node) -> bool:
    if isinstance(node, Scalar):
        return has_expression(node.text)
    parts = node.items if isinstance(node, Items) else node.entries.values()
    return any(_has_any_expression(part) for part in parts)
