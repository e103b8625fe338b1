"""From the tree of a file to its inputs and steps: what has the wrong shape is a fault, and the rest goes on."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from postroom.bots.definition import REQUIRED
from postroom.bots.files.expressions import RESERVED, has_expression
from postroom.bots.files.inputs import KINDS, guess_kind, read_default
from postroom.bots.files.reading import Entries, FaultList, Items, Node, Scalar
from postroom.bots.files.steps import ActionStep, BotContent, BotStep, FileInput, LoopStep, Step, TryStep
from postroom.bots.files.syntax import suggest

ROOT_KEYS = ("name", "description", "inputs", "steps")
COMMON_KEYS = ("name", "if")
STEP_KEYS: dict[str, tuple[str, ...]] = {
    "uses": ("uses", "with", "for_each", "steps", "result"),
    "run_bot": ("run_bot", "with", "result"),
    "try": ("try", "catch", "finally"),
    "in": ("for_each", "in", "steps"),
}
"""What a step has, by the key that tells what it is."""

INPUT_KEYS = ("type", "default", "required", "help")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
_EMPTY = Entries({}, {}, 1)


def build_bot(tree: Node | None, name: str, faults: FaultList) -> BotContent:
    """Make sense of the tree of a file; `name` is what the bot is called where the file does not say."""
    if not isinstance(tree, Entries):
        if not faults.faults:
            faults.add(
                1, "The file says nothing of a bot.", "Begin with name: and steps:, or `postroom bot new`."
            )
        return BotContent(name, "", {}, (), tree)
    return _Builder(faults).build(tree, name)


class _Builder:
    def __init__(self, faults: FaultList) -> None:
        self._faults = faults

    def build(self, root: Entries, name: str) -> BotContent:
        self._refuse_unknown(root, ROOT_KEYS, "A bot file")
        if "steps" not in root.entries:
            self._faults.add(
                root.line, "The bot has no steps.", "Add steps: with a step that uses an action."
            )
        return BotContent(
            self._read_text(root, "name") or name,
            self._read_text(root, "description"),
            dict(self._read_inputs(root)),
            self._read_steps(root, "steps", ""),
            root,
        )

    def _read_inputs(self, root: Entries) -> Iterator[tuple[str, FileInput]]:
        inputs = root.entries.get("inputs", _EMPTY)
        if isinstance(inputs, Scalar) and inputs.value is None:
            return
        if not isinstance(inputs, Entries):
            self._faults.add(inputs.line, "Inputs stand by their names.", "Write each as name: default.")
            return
        for name, node in inputs.entries.items():
            line = inputs.lines[name]
            if self._check_name(name, line, "an input"):
                yield name, self._read_input(name, node, line)

    def _read_input(self, name: str, node: Node, line: int) -> FileInput:
        if isinstance(node, Entries) and "credential" not in node.entries:
            return self._read_declared_input(name, node, line)
        kind = guess_kind(node)
        if kind is None:
            message = f"The input “{name}” has neither a default nor a type."
            self._faults.add(line, message, f"Write {name}: {{type: text}}, or a default.")
            return self._make_input(name, "text", REQUIRED, "", line)
        return self._make_input(name, kind, self._read_default(name, kind, node), "", line)

    def _read_declared_input(self, name: str, node: Entries, line: int) -> FileInput:
        self._refuse_unknown(node, INPUT_KEYS, f"The input “{name}”")
        default = node.entries.get("default")
        kind = self._read_text(node, "type") or (guess_kind(default) if default else None) or "text"
        if kind not in KINDS:
            self._faults.add(
                node.lines["type"], f"There is no type “{kind}” of inputs.{suggest(kind, KINDS)}"
            )
            kind = "text"
        required = self._read_required(name, node, has_default=default is not None)
        value = REQUIRED if required else None
        if default is not None:
            value = self._read_default(name, kind, default)
        return self._make_input(name, kind, value, self._read_text(node, "help"), line)

    def _read_required(self, name: str, node: Entries, *, has_default: bool) -> bool:
        wanted = node.entries.get("required")
        if wanted is None:
            return not has_default
        if not isinstance(wanted, Scalar) or not isinstance(wanted.value, bool):
            self._faults.add(wanted.line, "required is true or false.")
            return False
        if wanted.value and has_default:
            self._faults.add(
                wanted.line, f"The input “{name}” has a default, and is required.", "Take one out."
            )
        return wanted.value

    def _read_default(self, name: str, kind: str, node: Node) -> Any:
        try:
            return read_default(name, kind, node)
        except ValueError as error:
            self._faults.add(node.line, str(error))
            return None

    @staticmethod
    def _make_input(name: str, kind: str, default: Any, text: str, line: int) -> FileInput:
        return FileInput(name, KINDS.get(kind, str), default, text, kind, line)

    def _read_steps(self, within: Entries, key: str, path: str) -> tuple[Step, ...]:
        node = within.entries.get(key)
        if node is None:
            return ()
        place = f"{path}/{key}".lstrip("/")
        if not isinstance(node, Items):
            self._faults.add(
                node.line, f"{key}: has a list of steps.", "Begin each step with a dash: - uses: …"
            )
            return ()
        if not node.items:
            self._faults.add(within.lines[key], f"{key}: has no step.", "Add one, or take it out.")
        read = [self._read_step(item, f"{place}/{index}") for index, item in enumerate(node.items)]
        return tuple(step for step in read if step is not None)

    def _read_step(self, node: Node, path: str) -> Step | None:
        if not isinstance(node, Entries):
            self._faults.add(
                node.line, "A step is a group of keys.", "Begin it with - uses:, - run_bot:, … ."
            )
            return None
        kind = self._find_kind(node)
        if kind is None:
            return None
        self._refuse_unknown(node, (*COMMON_KEYS, *STEP_KEYS[kind]), f"A step with {_show_kind(kind)}")
        common = {
            "line": node.line,
            "path": path,
            "name": self._read_text(node, "name"),
            "condition": self._read_condition(node),
        }
        match kind:
            case "uses":
                return self._read_action_step(node, common)
            case "run_bot":
                return self._read_bot_step(node, common)
            case "try":
                return self._read_try_step(node, common)
        return self._read_loop_step(node, common)

    def _find_kind(self, node: Entries) -> str | None:
        present = [kind for kind in STEP_KEYS if kind in node.entries]
        if len(present) == 1:
            return present[0]
        if len(present) > 1:
            message = f"A step is one thing, and this is {len(present)}: {', '.join(present)}."
            self._faults.add(node.lines[present[1]], message, "Make a step of each.")
        elif "for_each" in node.entries:
            hint = "Say which with in: a list, or with uses: an action that gives items."
            self._faults.add(node.lines["for_each"], "for_each does not say of what.", hint)
        elif orphan := next((key for key in ("catch", "finally") if key in node.entries), None):
            message = f"{orphan}: is never reached without try:."
            self._faults.add(node.lines[orphan], message, "Put it into the step that has the try:.")
        else:
            hint = suggest(next(iter(node.entries), ""), set(STEP_KEYS)).strip()
            self._faults.add(node.line, "The step does nothing.", hint)
        return None

    def _read_action_step(self, node: Entries, common: Mapping[str, Any]) -> Step | None:
        action = self._read_word(node, "uses", "outlook.messages")
        item = self._read_item(node)
        if (item is None) != ("steps" not in node.entries):
            missing, there = ("for_each", "steps") if item is None else ("steps", "for_each")
            if "for_each" not in node.entries or item is not None:
                self._faults.add(
                    node.lines[there], f"{there}: is there without {missing}:.", "A loop has both."
                )
        if item is not None and "result" in node.entries:
            hint = "Take result: out, or use the action in a step before and loop with in:."
            self._faults.add(node.lines["result"], "A loop gives no result.", hint)
        return ActionStep(
            **common, action=action, action_line=node.lines["uses"], settings=self._read_group(node, "with"),
            result=self._read_result(node), item=item, steps=self._read_steps(node, "steps", common["path"]),
        )  # fmt: skip

    def _read_bot_step(self, node: Entries, common: Mapping[str, Any]) -> Step | None:
        reference = self._read_word(node, "run_bot", "escalate.bot.yaml")
        if has_expression(reference):
            message = "Which bot is run is written out, so that it can be checked."
            self._faults.add(node.lines["run_bot"], message, "Use if: on several steps instead.")
        return BotStep(
            **common, bot=reference, bot_line=node.lines["run_bot"], inputs=self._read_group(node, "with"),
            result=self._read_result(node),
        )  # fmt: skip

    def _read_try_step(self, node: Entries, common: Mapping[str, Any]) -> Step:
        if "catch" not in node.entries and "finally" not in node.entries:
            self._faults.add(node.lines["try"], "try: has neither catch: nor finally:.", "Add one of them.")
        path = common["path"]
        return TryStep(
            **common,
            steps=self._read_steps(node, "try", path),
            catch=self._read_steps(node, "catch", path) if "catch" in node.entries else None,
            last=self._read_steps(node, "finally", path),
        )

    def _read_loop_step(self, node: Entries, common: Mapping[str, Any]) -> Step | None:
        item = self._read_item(node)
        if "for_each" not in node.entries:
            self._faults.add(
                node.lines["in"], "in: is there without for_each:.", "Add for_each: with a name."
            )
        if "steps" not in node.entries:
            self._faults.add(node.line, "The loop has no steps.", "Add steps:.")
        values = node.entries["in"]
        if isinstance(values, Entries) or (isinstance(values, Scalar) and not has_expression(values.text)):
            hint = 'Write in: "${{ … }}", or a list.'
            self._faults.add(values.line, "in: has a list, or an expression that gives one.", hint)
            values = Items((), values.line)
        steps = self._read_steps(node, "steps", common["path"])
        return LoopStep(**common, item=item or "item", values=values, steps=steps)

    def _read_condition(self, node: Entries) -> Scalar | None:
        condition = node.entries.get("if")
        if condition is None:
            return None
        if isinstance(condition, Scalar):
            text = condition.text.strip()
            if isinstance(condition.value, bool) or (text.startswith("${{") and text.endswith("}}")):
                return condition
        text = condition.text if isinstance(condition, Scalar) and condition.text else "done"
        hint = f'Write if: "${{{{ {text[:80]} }}}}".'
        self._faults.add(condition.line, "if: has one expression and nothing else.", hint)
        return None

    def _read_item(self, node: Entries) -> str | None:
        return self._read_name(node, "for_each")

    def _read_result(self, node: Entries) -> str | None:
        return self._read_name(node, "result")

    def _read_name(self, node: Entries, key: str) -> str | None:
        if key not in node.entries:
            return None
        name = self._read_word(node, key, "message")
        return name if name and self._check_name(name, node.lines[key], f"the variable of {key}:") else None

    def _check_name(self, name: str, line: int, what: str) -> bool:
        if name in RESERVED:
            self._faults.add(
                line, f"“{name}” is a word of expressions, and no name of {what}.", "Choose another."
            )
        elif not _NAME.fullmatch(name):
            hint = "A name has letters, digits and _, and begins with a letter."
            self._faults.add(line, f"“{name[:60]}” cannot be the name of {what}.", hint)
        else:
            return True
        return False

    def _read_group(self, node: Entries, key: str) -> Entries:
        group = node.entries.get(key)
        if isinstance(group, Entries):
            return group
        if group is not None and not (isinstance(group, Scalar) and group.value is None):
            self._faults.add(
                group.line, f"{key}: has settings by their names.", f"Write {key}: {{name: value}}."
            )
        return Entries({}, {}, node.line)

    def _read_word(self, node: Entries, key: str, example: str) -> str:
        found = node.entries[key]
        if isinstance(found, Scalar) and isinstance(found.value, str) and found.value.strip():
            return found.value.strip()
        self._faults.add(node.lines[key], f"{key}: is empty, or no text.", f"Write {key}: {example}.")
        return ""

    def _read_text(self, node: Entries, key: str) -> str:
        found = node.entries.get(key)
        if found is None or (isinstance(found, Scalar) and found.value is None):
            return ""
        if isinstance(found, Scalar):
            return found.text
        self._faults.add(found.line, f"{key}: is text.")
        return ""

    def _refuse_unknown(self, node: Entries, known: tuple[str, ...], what: str) -> None:
        for key in node.entries.keys() - set(known):
            self._faults.add(node.lines[key], f"{what} has no “{key[:60]}”.{suggest(key, list(known))}")


def _show_kind(kind: str) -> str:
    return "for_each: and in:" if kind == "in" else f"{kind}:"
