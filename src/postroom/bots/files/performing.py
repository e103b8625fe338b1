"""A bot file at work: its steps, one after another, as a run."""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from postroom.actions import Action, Package, load_packages
from postroom.actions.sessions import Global
from postroom.bots.definition import Input, fill_inputs
from postroom.bots.files.building import build_bot
from postroom.bots.files.checking import ChildFinder, check_bot, read_scope
from postroom.bots.files.expressions import has_expression, parse_text
from postroom.bots.files.inputs import fill_kinds, read_credential
from postroom.bots.files.reading import Entries, FaultList, Items, Node, Scalar, read_yaml
from postroom.bots.files.settings import Field, Kind, convert, find_field, list_class_fields, list_fields
from postroom.bots.files.steps import ActionStep, BotContent, BotStep, LoopStep, Step, TryStep
from postroom.bots.files.values import find_class
from postroom.bots.handles import BotSession, SessionHandle
from postroom.bots.texts import BotText
from postroom.errors import BotFileError, ExpressionError, PostroomError, SettingError
from postroom.remote import list_credential_sources
from postroom.values import Credential, Resolver, find_used_credentials
from postroom.version import USER_AGENT

if TYPE_CHECKING:
    from postroom.bots.run import Run

_ANYTHING = Field("", Kind(anything=True, credential=True), required=False)


@dataclass(frozen=True)
class BotError:
    """What `catch` is told as `error`: what happened, the service's code, and the kind, such as FolderNotFoundError."""

    message: str
    code: str
    kind: str


@dataclass(frozen=True)
class FileBot:
    """A bot that is a file. `version` is the fingerprint of its text."""

    reference: str
    version: str
    content: BotContent = field(repr=False)
    packages: Mapping[str, Package] = field(repr=False)

    @property
    def name(self) -> str:
        """What people call it."""
        return self.content.name

    @property
    def description(self) -> str:
        """What it is for; empty where the file does not say."""
        return self.content.description

    @property
    def inputs(self) -> Mapping[str, Input]:
        """What it is given, by name."""
        return self.content.inputs

    def perform(self, run: "Run", inputs: Mapping[str, Any]) -> None:
        """Do the steps, as this run. Errors: those of the actions and of child bots; ExpressionError, SettingError."""
        _Performance(self, run, fill_kinds(self.inputs, inputs)).do_all(self.content.steps)

    def read_inputs(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All inputs as their types have them, from what a form or a command line gives as text.

        Errors: SettingError.
        """
        return fill_kinds(self.inputs, fill_inputs(self, given))

    def get_text(self, place: str) -> str:
        """The insecure string at a place such as `steps/0/with/client_secret`. Errors: SettingError."""
        node: Node | None = self.content.tree
        for word in place.split("/"):
            node = _find_part(node, word)
        if isinstance(node, Scalar) and isinstance(node.value, str):
            return node.text
        raise SettingError(f"The bot {self.reference} has no text at {place} any more: begin the run anew.")


def _find_part(node: Node | None, word: str) -> Node | None:
    if isinstance(node, Entries):
        return node.entries.get(word)
    if isinstance(node, Items) and word.isdecimal() and int(word) < len(node.items):
        return node.items[int(word)]
    return None


def read_bot(text: str, name: str, children: ChildFinder | None = None) -> FileBot:
    """Read a bot file and check it. `name` is its reference, such as `intake.bot.yaml`, which faults name as the file.

    With `children`, a folder of bots, it is also checked that its child bots are there and get what they need.

    Errors: BotFileError with all faults.
    """
    faults = FaultList(name)
    content = build_bot(read_yaml(text, faults), name, faults)
    packages = load_packages()
    check_bot(content, name, faults, packages, children)
    found = faults.sort()
    if found:
        number = "a fault" if len(found) == 1 else f"{len(found)} faults"
        raise BotFileError(f"The bot file {name} has {number}, the first in line {found[0].line}.", found)
    return FileBot(name, hashlib.sha256(text.encode()).hexdigest(), content, packages)


class _Performance:
    """One run of a bot file: its variables, and where it is."""

    def __init__(self, bot: FileBot, run: "Run", variables: dict[str, Any]) -> None:
        self._bot = bot
        self._run = run
        self._variables = variables
        self._actions: dict[str, tuple[Package, Action]] = {
            action.name: (package, action) for package in bot.packages.values() for action in package.actions
        }

    def do_all(self, steps: Iterable[Step]) -> None:
        for step in steps:
            self._go_to(step.line)
            if step.condition is None or self._is_met(step.condition):
                self._do(step)

    def _go_to(self, line: int) -> None:
        self._run.place = f"{self._bot.reference}:{line}"

    def _is_met(self, condition: Scalar) -> bool:
        value = self._evaluate(condition)
        return value if isinstance(value, bool) else bool(value)

    def _do(self, step: Step) -> None:
        match step:
            case ActionStep():
                self._do_action(step)
            case BotStep():
                given = {name: self._evaluate(node) for name, node in step.inputs.entries.items()}
                self._keep(step.result, self._run.run_bot(step.bot, given))
            case LoopStep():
                self._loop(step.item, self._list_values(step), step.steps)
            case TryStep():
                self._try(step)

    def _keep(self, name: str | None, value: Any) -> None:
        if name is not None:
            self._variables[name] = value

    def _do_action(self, step: ActionStep) -> None:
        package, action = self._actions[step.action]
        result = self._open(step, package, action) if action.opens else self._act(step, action)
        if step.item is not None:
            self._loop(step.item, self._take_each(result, step.line), step.steps)
        else:
            # What comes item by item is taken here: nobody else does it.
            self._keep(step.result, list(result) if isinstance(result, Iterator) else result)

    def _take_each(self, items: Iterable[Any], line: int) -> Iterator[Any]:
        """The items one by one; each piece of the list is read in the line of the loop, wherever its steps have led."""
        iterator = iter(items)
        while True:
            self._go_to(line)
            try:
                item = next(iterator)
            except StopIteration:
                return
            yield item

    def _open(self, step: ActionStep, package: Package, action: Action) -> BotSession:
        settings = self._read_settings(step, action)
        scope, name = read_scope(step.settings.entries.get("session", Scalar(None, "", step.line)))
        if scope in ("local", "global"):
            text = str(self._evaluate_text(name, step.line))
            settings["session"] = Global(text) if scope == "global" else text
        opened = self._run.open_session(package.opener, settings)
        if scope == "variable":
            self._variables[name] = opened
        return opened

    def _act(self, step: ActionStep, action: Action) -> Any:
        handle = self._find_session(step, action)
        settings = self._read_settings(step, action)
        return self._run.bind(handle, action.function.__name__)(**settings)

    def _find_session(self, step: ActionStep, action: Action) -> SessionHandle:
        node = step.settings.entries["session"]
        value = (
            self._evaluate_text(node.text, node.line) if isinstance(node, Scalar) else self._evaluate(node)
        )
        handle = value.handle if isinstance(value, BotSession) else self._find_named_session(value, node.line)
        if handle.action.partition(".")[0] != action.name.partition(".")[0]:
            raise SettingError(
                f"{self._get_place(node.line)}: {action.name} does not work in the session for {handle.title}, which "
                f"{handle.action} opened. Name a session of its own package."
            )
        return handle

    def _find_named_session(self, value: Any, line: int) -> SessionHandle:
        if not isinstance(value, str):
            raise SettingError(
                f"{self._get_place(line)}: session is {type(value).__name__}, and no session. Give the name of one, or "
                "a session variable."
            )
        return self._run.get_session(value).handle

    def _loop(self, item: str, values: Iterable[Any], steps: tuple[Step, ...]) -> None:
        for value in values:
            with self._having(item, value):
                self.do_all(steps)

    @contextmanager
    def _having(self, name: str, value: Any) -> Iterator[None]:
        """Let a variable be there for what is done inside; what it was before comes back."""
        before = {name: self._variables[name]} if name in self._variables else {}
        self._variables[name] = value
        try:
            yield
        finally:
            self._variables.pop(name, None)
            self._variables.update(before)

    def _list_values(self, step: LoopStep) -> list[Any]:
        values = self._evaluate(step.values)
        if isinstance(values, list | tuple):
            return list(values)
        raise ExpressionError(
            f"{self._get_place(step.line)}: in: gave {type(values).__name__}, and no list. Give it a list."
        )

    def _try(self, step: TryStep) -> None:
        """Only what an action or a child bot reports is caught. A run that is stopped may go on later, where it was;
        so nothing is done for it here, `finally` neither."""
        try:
            self._attempt(step)
        except PostroomError:
            self.do_all(step.last)
            raise
        self.do_all(step.last)

    def _attempt(self, step: TryStep) -> None:
        try:
            self.do_all(step.steps)
        except PostroomError as error:
            if step.catch is None:
                raise
            told = BotError(error.message, error.code or "", type(error).__name__)
            with self._having("error", told):
                self.do_all(step.catch)

    def _read_settings(self, step: ActionStep, action: Action) -> dict[str, Any]:
        fields = list_fields(action)
        place = f"{step.path}/with"
        settings = {}
        for name, node in step.settings.entries.items():
            if (one := find_field(fields, name)) is not None:  # else it is the session
                settings[one.name] = self._read_setting(one, node, f"{place}/{name}", in_opener=action.opens)
        return settings

    def _read_setting(self, one: Field, node: Node, place: str, *, in_opener: bool) -> Any:
        kind = one.kind
        if isinstance(node, Entries) and kind.classes and "mode" in node.entries:
            return self._make_class(kind, node, place)
        if (
            isinstance(node, Scalar)
            and isinstance(node.value, str)
            and kind.secret
            and not has_expression(node.text)
        ):
            # With a library, the place alone goes into the journal; without, there is no journal.
            return BotText(self._bot.reference, place) if self._run.library is not None else node.text
        if isinstance(node, Items) and kind.items is not None:
            item = replace(one, kind=kind.items)
            return [
                self._read_setting(item, part, f"{place}/{index}", in_opener=in_opener)
                for index, part in enumerate(node.items)
            ]
        if isinstance(node, Scalar) and not has_expression(node.text):
            return convert(kind, node)
        value = self._evaluate(node)
        if isinstance(value, Credential) and not kind.credential and not kind.anything and not in_opener:
            return self._reveal(one, value)
        return value

    def _reveal(self, one: Field, credential: Credential) -> str:
        """A credential for what takes text: an address to send to, for example."""
        sources = find_used_credentials()
        resolver = Resolver(list_credential_sources(USER_AGENT) if sources is None else sources)
        return resolver.get_text(one.title or one.name, credential)

    def _make_class(self, kind: Kind, node: Entries, place: str) -> Any:
        mode = node.entries["mode"]
        chosen = find_class(kind, mode.text if isinstance(mode, Scalar) else "")
        assert chosen is not None  # the check has seen to it
        fields = list_class_fields(chosen)
        given = {
            name: self._read_setting(fields[name], value, f"{place}/{name}", in_opener=True)
            for name, value in node.entries.items()
            if name != "mode"
        }
        return chosen(**given)

    def _evaluate(self, node: Node) -> Any:
        """The value of what is written: a literal, a credential, a variable, an expression, or these within others."""
        if isinstance(node, Scalar):
            is_text = isinstance(node.value, str)
            return self._evaluate_text(node.text, node.line) if is_text else node.value
        if isinstance(node, Items):
            return [self._evaluate(item) for item in node.items]
        if node.entries.keys() == {"credential"}:
            inner = self._evaluate(node.entries["credential"])
            return read_credential(inner) or self._refuse_credential(node.line)
        if node.entries.keys() == {"variable"}:
            name = node.entries["variable"]
            assert isinstance(name, Scalar)  # the check has seen to it
            return self._evaluate_text(f"${{{{ {name.text.strip()} }}}}", name.line)
        return {name: self._evaluate(value) for name, value in node.entries.items()}

    def _refuse_credential(self, line: int) -> Credential:
        raise SettingError(f"{self._get_place(line)}: the credential is not name/attribute. Write both.")

    def _evaluate_text(self, text: str, line: int) -> Any:
        if not has_expression(text):
            return text
        try:
            return parse_text(text).evaluate(self._variables)
        except ExpressionError as error:
            raise ExpressionError(f"{self._get_place(line)}: {error.message}") from None

    def _get_place(self, line: int) -> str:
        return f"{self._bot.reference}:{line}"
