"""The text of a bot file as a tree in which everything knows its line.

YAML as its version 1.2 has it: `true` and `false`, `null` and numbers are what they look like, and all else is text
(`no`, `on` and dates too). Tags, anchors and aliases are refused: what a file says stands where it says it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
)

from postroom.errors import Fault

LARGEST_FILE_CHARACTERS = 1_000_000
DEEPEST = 40
MOST_FAULTS = 100
"""So many faults are told of one file; who has more has another kind of file."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_WHOLE = re.compile(r"[-+]?(0|[1-9][0-9]{0,17})")
_NUMBER = re.compile(r"[-+]?(\.[0-9]+|(0|[1-9][0-9]*)(\.[0-9]*)?)([eE][-+]?[0-9]{1,3})?")
_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
}


@dataclass(frozen=True)
class Scalar:
    """One value: what it is, and the text that it is written as."""

    value: str | int | float | bool | None = field(repr=False)
    text: str = field(repr=False)
    line: int


@dataclass(frozen=True)
class Items:
    """A list."""

    items: "tuple[Node, ...]"
    line: int


@dataclass(frozen=True)
class Entries:
    """Values by their keys, with the line of each key."""

    entries: "Mapping[str, Node]"
    lines: Mapping[str, int]
    line: int


Node = Scalar | Items | Entries


class FaultList:
    """The faults of one file, as they are found."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[Fault] = []

    def add(self, line: int, message: str, hint: str = "") -> None:
        """Note one; the same is noted once."""
        fault = Fault(self.file, line, message, hint)
        if fault not in self.faults and len(self.faults) < MOST_FAULTS:
            self.faults.append(fault)

    def sort(self) -> list[Fault]:
        """All of them, by line."""
        return sorted(self.faults, key=lambda fault: fault.line)


def read_yaml(text: str, faults: FaultList) -> Node | None:
    """Read the text of a file; what is wrong with it is added to the faults, and None is given where it is no YAML."""
    if len(text) > LARGEST_FILE_CHARACTERS:
        faults.add(1, "The file is longer than a million characters.", "Split it into child bots.")
        return None
    if (line := _find_unprintable(text)) is not None:
        faults.add(line, "The file has a character that YAML does not allow.", "Save it as UTF-8 text.")
        return None
    try:
        return _Reader(yaml.parse(text, Loader=_LOADER), faults).read()
    except yaml.YAMLError as error:
        _add_syntax_fault(text, error, faults)
        return None


def _find_unprintable(text: str) -> int | None:
    """The line of the first character outside of what YAML allows (YAML 1.2.2 §5.1)."""
    found = re.search("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)
    return None if found is None else text.count("\n", 0, found.start()) + 1


def _add_syntax_fault(text: str, error: yaml.YAMLError, faults: FaultList) -> None:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    problem = getattr(error, "problem", None) or "it cannot be read"
    number = 1 if mark is None else mark.line + 1
    lines = text.splitlines()
    number = max(1, min(number, len(lines)))
    around = " ".join(lines[max(0, number - 2) : number])
    if "${{" in around or "{{" in around:
        hint = 'Put an expression between quotes: "${{ message.subject }}".'
    elif "\t" in around:
        hint = "Indent with spaces: YAML takes no tabs."
    else:
        hint = "Look at the indentation, the colons and the quotes of this line and the one before."
    faults.add(number, f"This is not YAML: {problem}.", hint)


class _DeepError(Exception):
    """The rest of the file cannot be made sense of."""


class _Reader:
    def __init__(self, events: Iterator[Event], faults: FaultList) -> None:
        self._events = events
        self._faults = faults

    def read(self) -> Node | None:
        node: Node | None = None
        documents = 0
        try:
            for event in self._events:
                if isinstance(event, DocumentStartEvent):
                    documents += 1
                    if documents > 1:
                        self._faults.add(
                            _get_line(event), "A bot file has one document.", "Take out the ---."
                        )
                        return node
                    node = self._read_node(next(self._events), 0)
        except _DeepError:
            return None
        return node

    def _read_node(self, event: Event, depth: int) -> Node:
        line = _get_line(event)
        self._refuse_marks(event, line)
        if depth > DEEPEST:
            self._faults.add(line, f"The file is nested more than {DEEPEST} levels deep.", "Use child bots.")
            raise _DeepError
        if isinstance(event, SequenceStartEvent):
            return Items(tuple(self._read_items(depth)), line)
        if isinstance(event, MappingStartEvent):
            return self._read_entries(line, depth)
        if isinstance(event, ScalarEvent):
            return Scalar(_read_scalar(event), event.value, line)
        return Scalar(None, "", line)

    def _refuse_marks(self, event: Event, line: int) -> None:
        if isinstance(event, AliasEvent):
            self._faults.add(
                line, "Bot files know no aliases (*).", "Write the value out, or quote the text."
            )
        elif getattr(event, "anchor", None) is not None:
            self._faults.add(line, "Bot files know no anchors (&).", "Leave it out, or quote the text.")
        if getattr(event, "tag", None) is not None:
            self._faults.add(line, "Bot files know no tags (!).", "Leave it out, or quote the text.")

    def _read_items(self, depth: int) -> Iterator[Node]:
        while not isinstance(event := next(self._events), SequenceEndEvent):
            yield self._read_node(event, depth + 1)

    def _read_entries(self, line: int, depth: int) -> Entries:
        entries: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := next(self._events), MappingEndEvent):
            key = self._read_node(event, depth + 1)
            value = self._read_node(next(self._events), depth + 1)
            if not isinstance(key, Scalar):
                self._faults.add(
                    key.line, "A key is text.", 'Put an expression between quotes: "${{ message.subject }}".'
                )
            elif key.text in entries:
                message = f"“{key.text}” is there twice, first in line {lines[key.text]}."
                self._faults.add(key.line, message, "Take one of them out.")
            else:
                entries[key.text], lines[key.text] = value, key.line
        return Entries(entries, lines, line)


def _read_scalar(event: ScalarEvent) -> str | int | float | bool | None:
    text: str = event.value
    if not event.implicit[0]:  # in quotes, or a block of text
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _WHOLE.fullmatch(text):
        return int(text)
    return float(text) if _NUMBER.fullmatch(text) else text


def _get_line(event: Event) -> int:
    mark: Any = event.start_mark
    return int(mark.line) + 1
