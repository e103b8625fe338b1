"""Whether the values of a bot file can be what they stand for: settings, credentials, variables, expressions."""

from postroom.bots.files.expressions import has_expression, parse_text
from postroom.bots.files.inputs import read_credential
from postroom.bots.files.reading import Entries, FaultList, Items, Node, Scalar
from postroom.bots.files.settings import Field, Kind, find_misfit, list_class_fields
from postroom.bots.files.syntax import suggest
from postroom.errors import ExpressionError

_EXPLAIN_ERROR = "There is an error only within catch:."


class ValueChecker:
    """Adds what is wrong with values to the faults.

    `known` are the variables that are there; the caller changes them as it goes.
    """

    def __init__(self, faults: FaultList, known: set[str]) -> None:
        self._faults = faults
        self._known = known

    def check_setting(self, one: Field, node: Node, *, in_opener: bool) -> None:
        """A setting is literal, a credential, a variable or an expression."""
        if isinstance(node, Scalar) and has_expression(node.text) and isinstance(node.value, str):
            self.check_scalar(node)
        elif isinstance(node, Entries) and node.entries.keys() <= {"credential"} and node.entries:
            self.check_credential(one, node, in_opener=in_opener)
        elif isinstance(node, Entries) and node.entries.keys() <= {"variable"} and node.entries:
            self.check_variable(node)
        elif isinstance(node, Entries) and one.kind.classes:
            self._check_class(one, node)
        elif isinstance(node, Items) and one.kind.items is not None:
            for item in node.items:
                self.check_setting(Field(one.name, one.kind.items, required=True), item, in_opener=in_opener)
        elif (misfit := find_misfit(one.kind, node)) is not None:
            self._faults.add(
                node.line, f"“{one.name}”: {misfit}", f"Example: {one.example}." if one.example else ""
            )
        else:
            self.check_values(node)

    def check_credential(self, one: Field, node: Entries, *, in_opener: bool) -> None:
        """A reference to a credential, for a setting that may take one."""
        value = node.entries["credential"]
        if not isinstance(value, Scalar) or read_credential(value.text) is None:
            hint = "Write {credential: name/attribute}, such as {credential: azure/client_secret}."
            self._faults.add(node.line, "The credential does not say which attribute is meant.", hint)
        elif not (one.kind.credential or (one.kind.text and not in_opener)):
            self._faults.add(
                node.line, f"“{one.name}” takes no credential.", f"It takes {one.kind.describe()}."
            )

    def check_variable(self, node: Entries) -> None:
        """A reference to a variable."""
        value = node.entries["variable"]
        if isinstance(value, Scalar) and value.text:
            self._check_names(frozenset({value.text.strip()}), value.line)
        else:
            self._faults.add(node.line, "The variable has no name.", "Write {variable: name}.")

    def _check_class(self, one: Field, node: Entries) -> None:
        """The modes of authentication, and what else is one of several classes."""
        mode = node.entries.get("mode")
        known = list(one.kind.classes)
        if not isinstance(mode, Scalar) or not mode.text:
            self._faults.add(
                node.line, f"“{one.name}” has no mode.", f"Add mode:, one of {', '.join(known)}."
            )
            return
        chosen = find_class(one.kind, mode.text)
        if chosen is None:
            hint = suggest(mode.text, known).strip()
            self._faults.add(mode.line, f"“{mode.text[:60]}” is no mode of “{one.name}”.", hint)
            return
        fields = list_class_fields(chosen)
        for name, value in node.entries.items():
            if name in fields:
                self.check_setting(fields[name], value, in_opener=True)
            elif name != "mode":
                hint = suggest(name, list(fields)).strip()
                self._faults.add(
                    node.lines[name], f"The mode {mode.text} has no setting “{name[:60]}”.", hint
                )
        for name, own in fields.items():
            if own.required and name not in node.entries:
                self._faults.add(
                    mode.line, f"The mode {mode.text} needs the setting “{name}”.", f"Add {name}:."
                )

    def check_values(self, node: Node) -> None:
        """Every expression within a value."""
        if isinstance(node, Scalar):
            self.check_scalar(node)
        elif isinstance(node, Items):
            for item in node.items:
                self.check_values(item)
        elif node.entries.keys() == {"variable"}:
            self.check_variable(node)
        else:
            for value in node.entries.values():
                self.check_values(value)

    def check_scalar(self, node: Scalar) -> None:
        """A value that may have expressions in it."""
        if isinstance(node.value, str) and has_expression(node.text):
            self.check_text(node.text, node.line)

    def check_text(self, text: str, line: int) -> None:
        """A text with expressions in it."""
        try:
            names = parse_text(text).names
        except ExpressionError as error:
            self._faults.add(line, error.message)
            return
        self._check_names(names, line)

    def _check_names(self, names: frozenset[str], line: int) -> None:
        for name in sorted(names - self._known):
            message = f"There is no variable “{name[:60]}” here."
            hint = _EXPLAIN_ERROR if name == "error" else suggest(name, self._known).strip()
            self._faults.add(line, message, hint)


def find_class(kind: Kind, mode: str) -> type | None:
    """The class that is known by this name; case makes no difference."""
    return next(
        (made for name, made in kind.classes.items() if name.casefold() == mode.strip().casefold()), None
    )
