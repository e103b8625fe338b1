"""The check of bot files: each fault with its line and what to do."""

# ruff: noqa: E501 - tables of texts read best a line each

from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.bots.files import FolderLibrary, read_bot
from postroom.bots.files.reading import Scalar
from postroom.bots.files.settings import find_misfit, read_kind
from postroom.errors import BotFileError, Fault

INTAKE = """\
name: Invoice intake
inputs:
  folder: Inbox
  since: {type: date, required: false, help: The first day.}
steps:
  - uses: outlook.connect
    with:
      session: {global: ap}
      cloud: Azure Global
      authentication:
        mode: Control Room managed
        connection: Outlook365-Production
        token: Shared
        username: {credential: mailboxes/ap}
  - for_each: message
    uses: outlook.messages
    with: {session: ap, folder: "${{ folder }}", status: unread, limit: 20}
    steps:
      - uses: outlook.save_attachments
        with: {session: ap, message: "${{ message }}", to: invoices}
        result: files
      - if: "${{ 'urgent' in message.subject | lower }}"
        run_bot: escalate.bot.yaml
        with: {message_id: "${{ message.id }}"}
  - try:
      - uses: outlook.create_folder
        with: {session: ap, folder: Inbox/Done}
    catch:
      - for_each: word
        in: [a, "${{ error.message }}"]
        steps:
          - uses: outlook.send
            with: {session: ap, to: a@contoso.com, subject: "${{ word }}", attachments: [a.pdf]}
    finally:
      - uses: outlook.disconnect
        with: {session: ap}
"""
ESCALATE = """\
inputs:
  message_id: {type: text}
  loud: false
steps:
  - uses: outlook.reply
    with: {session: ap, messages: "${{ message_id }}", body: "Seen: ${{ loud }}"}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a parent and a child."""
    (tmp_path / "intake.bot.yaml").write_text(INTAKE)
    (tmp_path / "escalate.bot.yaml").write_text(ESCALATE)
    return tmp_path


def list_faults(text: str, library: FolderLibrary | None = None) -> list[Fault]:
    """The faults of a text; none where it is a bot."""
    try:
        read_bot(text, "a.bot.yaml", library)
    except BotFileError as error:
        assert error.faults
        for fault in error.faults:
            assert 1 <= fault.line <= max(1, len(text.splitlines()))
            assert fault.message
            assert fault.file == "a.bot.yaml"
        return error.faults
    return []


def test_the_example_has_no_faults(folder: Path) -> None:
    """A bot as the documentation has it passes, with its child bot."""
    library = FolderLibrary(folder)
    assert library.get("intake.bot.yaml").name == "Invoice intake"
    assert list(library.get("escalate.bot.yaml", beside="intake.bot.yaml").inputs) == ["message_id", "loud"]


CONNECT = (
    "  - uses: outlook.connect\n    with: {session: ap, authentication: {mode: Device code, client_id: a, "
)
CONNECT += "tenant_id: b, username: c}}\n"
MOVE = "  - uses: outlook.move\n    with: {session: ap, messages: x, to: y}\n"
FAULTS: list[tuple[str, str, int, str]] = [
    ("", "", 1, "The file says nothing of a bot"),
    ("- a", "", 1, "The file says nothing of a bot"),
    ("name: x", "", 1, "no steps"),
    ("steps: []", "", 1, "has no step"),
    ("steps: x", "", 1, "has a list of steps"),
    ("stepps: []", "", 1, "no “stepps”. Did you mean “steps”"),
    ("name: x\nname: y\nsteps:\n" + MOVE, "", 2, "“name” is there twice, first in line 1"),
    ("steps:\n\t- uses: x", "", 2, "This is not YAML"),
    ("steps:\n- {uses: outlook.move, with: {messages: ${{ a }}}}", "", 2, "This is not YAML"),
    ("steps:\n- if: {{ a }}\n  uses: x", "", 2, "A key is text"),
    ("a: &x 1\nb: *x\n", "", 1, "no anchors"),
    ("a: 1\nb: *x\n", "", 2, "no aliases"),
    ("a: !!python/object/apply:os.system [id]\n", "", 1, "no tags"),
    ("steps: [a]\n---\nsteps: [b]\n", "", 2, "one document"),
    ("steps: " + "[" * 60 + "]" * 60, "", 1, "levels deep"),
    ("name: a\nsteps:\n- uses: \x07", "", 3, "a character that YAML does not allow"),
    ("", "  - {}\n", 2, "The step does nothing"),
    ("", "  - use: outlook.move\n", 2, "Did you mean “uses”"),
    ("", "  - text\n", 2, "A step is a group of keys"),
    ("", "  - uses: outlook.mvoe\n    with: {session: ap}\n", 2, "There is no action “outlook.mvoe”. Did you mean “outlook.move”"),
    ("", "  - uses: outlok.move\n", 2, "No package “outlok” is installed here. Did you mean “outlook”"),
    ("", "  - uses:\n", 2, "uses: is empty"),
    ("", "  - uses: outlook.move\n    run_bot: a.bot.yaml\n", 3, "A step is one thing, and this is 2: uses, run_bot"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: x, too: y}\n", 3, "no setting “too”. Did you mean “to”"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: x}\n", 2, "needs the setting “to”"),
    ("", "  - uses: outlook.move\n    with: {messages: x, to: y}\n", 2, "does not say in which session"),
    ("", "  - uses: outlook.move\n    with: [a]\n", 3, "with: has settings by their names"),
    ("", "  - uses: outlook.messages\n    with: {session: ap, status: reed}\n", 3, "“reed” is not one of all, read, unread"),
    ("", "  - uses: outlook.messages\n    with: {session: ap, limit: many}\n", 3, "“limit”: This takes a whole number"),
    ("", "  - uses: outlook.messages\n    with: {session: ap, folder: [a]}\n", 3, "“folder”: This takes text, and here is a list"),
    ("", "  - uses: outlook.save_attachments\n    with: {session: ap, messages: x, to: y, nested: no}\n", 3, "true or false"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: x, message: x, to: y}\n", 3, "are the same"),
    ("", "  - uses: outlook.move\n    with:\n      session: ap\n      messages: x\n      to: \"${{ folde }}\"\n", 6, "no variable “folde”"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: x, to: \"${{ a b }}\"}\n", 3, "more than one expression"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: x, to: \"${{ a \"}\n", 3, "does not end"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: {variable: q}, to: y}\n", 3, "no variable “q”"),
    ("", "  - uses: outlook.move\n    with: {session: ap, messages: {credential: q}, to: y}\n", 3, "which attribute is meant"),
    ("", "  - uses: outlook.move\n    with: {session: [a], messages: x, to: y}\n", 3, "session: has the name of a session"),
    ("", "  - uses: outlook.connect\n    with: {session: {lokal: x}, authentication: {mode: Device code}}\n", 3, "of what kind"),
    ("", "  - uses: outlook.connect\n    with: {authentication: {mode: Devise code}}\n", 3, "no mode of “authentication”. Did you mean “Device code”"),
    ("", "  - uses: outlook.connect\n    with: {authentication: {client_id: x}}\n", 3, "has no mode"),
    ("", "  - uses: outlook.connect\n    with: {authentication: {mode: Device code, client_id: x, tenant_id: b}}\n", 3, "needs the setting “username”"),
    ("", "  - uses: outlook.connect\n    with: {authentication: {mode: Device code, clientid: x}}\n", 3, "Did you mean “client_id”"),
    ("", "  - uses: outlook.connect\n    with: {authentication: x}\n", 3, "takes a mode with its settings"),
    ("", "  - uses: outlook.connect\n    with: {variables: {a: b}}\n", 3, "no setting “variables”"),
    ("", "  - uses: outlook.connect\n    with: {cloud: {credential: a/b}}\n", 3, "takes no credential"),
    ("", CONNECT + CONNECT, 5, "“ap” is open already, since line 2"),
    ("", MOVE + CONNECT, 3, "“ap” is opened only in line 4"),
    ("", CONNECT + "  - uses: outlook.disconnect\n    with: {session: ap}\n" + MOVE, 7, "“ap” was closed in line 4"),
    ("", "  - for_each: m\n    uses: outlook.messages\n    with: {session: ap}\n", 2, "for_each: is there without steps:"),
    ("", "  - uses: outlook.messages\n    with: {session: ap}\n    steps:\n" + MOVE.replace("  ", "      ", 1), 4, "steps: is there without"),
    ("", "  - for_each: m\n    uses: outlook.move\n    with: {session: ap, messages: x, to: y}\n    steps: [{run_bot: a.bot.yaml}]\n", 3, "gives no items"),
    ("", "  - for_each: m\n    steps: [{run_bot: a.bot.yaml}]\n", 2, "for_each does not say of what"),
    ("", "  - for_each: m\n    in: abc\n    steps: [{run_bot: a.bot.yaml}]\n", 3, "in: has a list"),
    ("", "  - for_each: in\n    in: [a]\n    steps: [{run_bot: a.bot.yaml}]\n", 2, "is a word of expressions"),
    ("", "  - for_each: a b\n    in: [a]\n    steps: [{run_bot: a.bot.yaml}]\n", 2, "cannot be the name"),
    ("", "  - for_each: m\n    in: [a]\n    steps:\n    - {for_each: m, in: [b], steps: [{run_bot: a.bot.yaml}]}\n", 5, "a variable “m” already"),
    ("", "  - for_each: m\n    in: [a]\n    steps: [{run_bot: a.bot.yaml}]\n  - run_bot: a.bot.yaml\n    with: {x: \"${{ m }}\"}\n", 6, "no variable “m”"),
    ("", "  - catch:\n    - run_bot: a.bot.yaml\n", 2, "catch: is never reached without try:"),
    ("", "  - try:\n    - run_bot: a.bot.yaml\n", 2, "neither catch: nor finally:"),
    ("", "  - try: []\n    catch:\n    - run_bot: a.bot.yaml\n", 2, "try: has no step"),
    ("", "  - run_bot: a.bot.yaml\n    with: {x: \"${{ error.message }}\"}\n", 3, "an error only within catch:"),
    ("", "  - if: folder == 1\n    run_bot: a.bot.yaml\n", 2, "if: has one expression"),
    ("", "  - run_bot: \"${{ folder }}\"\n", 2, "written out"),
    ("", "  - run_bot: a.bot.yaml\n    uses_with: x\n", 3, "no “uses_with”"),
    ("inputs: [a]\nsteps:\n" + MOVE, "", 1, "Inputs stand by their names"),
    ("inputs:\n  a-b: x\nsteps:\n" + MOVE, "", 2, "cannot be the name of an input"),
    ("inputs:\n  a:\nsteps:\n" + MOVE, "", 2, "neither a default nor a type"),
    ("inputs:\n  a: {type: numbr}\nsteps:\n" + MOVE, "", 2, "no type “numbr” of inputs. Did you mean “number”"),
    ("inputs:\n  a: {type: number, default: x}\nsteps:\n" + MOVE, "", 2, "is a number, and not “x”"),
    ("inputs:\n  a: {required: true, default: x}\nsteps:\n" + MOVE, "", 2, "has a default, and is required"),
    ("inputs:\n  a: {type: session, default: x}\nsteps:\n" + MOVE, "", 2, "which has no default"),
]  # fmt: skip


@pytest.mark.parametrize(("head", "steps", "line", "told"), FAULTS)
def test_each_fault_has_its_line(head: str, steps: str, line: int, told: str) -> None:
    """What is wrong is told in a sentence, in the line where it stands, with what was meant where that can be told."""
    faults = list_faults(head if not steps else f"steps:\n{steps}")
    assert [fault for fault in faults if told in str(fault) and fault.line == line], faults


def test_all_faults_at_once() -> None:
    """One check tells all that is wrong, from top to bottom, once each."""
    text = dedent("""
        nam: x
        inputs: {a: }
        steps:
        - uses: outlook.nothing
        - uses: outlook.move
          with: {session: ap, messages: "${{ x }}", too: y}
        - try: []
        """)
    faults = list_faults(text)
    assert [fault.line for fault in faults] == [2, 3, 5, 6, 7, 7, 8, 8]
    assert len(set(faults)) == len(faults)


CHILD_FAULTS = [
    ("run_bot: eskalate.bot.yaml", "There is no bot “eskalate.bot.yaml”"),
    ("run_bot: escalate.bot.yaml", "needs the input “message_id”"),
    ("run_bot: escalate.bot.yaml\n  with: {messageid: x}", "no input “messageid”. Did you mean “message_id”"),
    ("run_bot: escalate.bot.yaml\n  with: {message_id: x, loud: [a]}", "“loud” is true or false"),
    ("run_bot: broken.bot.yaml", "has a fault of its own"),
    ("run_bot: a.bot.yaml", "The bot runs itself, and never ends"),
    ("run_bot: ../a.bot.yaml", "outside of the folder"),
    ("run_bot: /etc/a.bot.yaml", "outside of the folder"),
    ("run_bot: tools.py:nothing", "has no function nothing"),
    ("run_bot: no_such_module.a:b", "no module no_such_module.a"),
    ("run_bot: os", "is no bot"),
]


@pytest.mark.parametrize(("step", "told"), CHILD_FAULTS)
def test_children_are_checked_too(folder: Path, step: str, told: str) -> None:
    """A child bot has to be there, without faults, and gets what it needs."""
    (folder / "broken.bot.yaml").write_text("steps: x")
    (folder / "tools.py").write_text("raise SystemExit('a check runs nothing')\ndef archive(): ...\n")
    (folder / "a.bot.yaml").write_text(f"steps:\n- {step}\n")
    faults = list_faults((folder / "a.bot.yaml").read_text(), FolderLibrary(folder))
    assert [fault for fault in faults if told in str(fault)], faults


def test_a_bot_may_run_itself_perhaps(folder: Path) -> None:
    """A bot that runs itself under a condition, or in a loop, is no fault: it may end."""
    (folder / "a.bot.yaml").write_text("")
    steps = 'steps:\n- if: "${{ 1 == 2 }}"\n  run_bot: a.bot.yaml\n- {for_each: x, in: [], steps: [{run_bot: a.bot.yaml}]}\n'
    text = steps.replace("in: []", "in: [1]")
    (folder / "a.bot.yaml").write_text(text)
    assert list_faults(text, FolderLibrary(folder)) == []


def test_a_secret_is_not_repeated() -> None:
    """What stands where a secret belongs is in no fault, whatever is wrong with it."""
    text = dedent("""
        steps:
        - uses: outlook.connect
          with:
            authentication:
              mode: Client Credentials
              client_id: [hunter2]
              client_secret: [hunter2, hunter2]
              client_certificate: {hunter2: hunter2}
        """)
    assert "hunter2" not in str(list_faults(text))


def test_choices_do_not_repeat_secrets() -> None:
    """A choice that is also secret does not say what was written."""
    assert find_misfit(read_kind(int), yaml_scalar("x")) == "This takes a whole number, and here is text."


def yaml_scalar(text: str) -> Any:
    """A text as a file has it."""
    return Scalar(text, text, 1)


def test_a_thousand_steps_are_checked_soon(folder: Path) -> None:
    """A file of more than a thousand steps is checked to its end within what a test may take."""
    head, steps = INTAKE.split("steps:\n", 1)
    loop = "  - for_each" + steps.split("  - for_each", 1)[1].split("  - try", 1)[0]
    text = f"{head}steps:\n{steps}" + loop * 400
    faults = list_faults(text, FolderLibrary(folder))
    assert text.count("- uses") + text.count("run_bot") > 800
    # What comes after the last step of the example, in the session that it closes; a child bot may open it again.
    assert faults
    assert all("was closed in line" in fault.message for fault in faults)


def iterate_changes(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every key and value of a tree."""
    if path:
        yield path
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in entries:
        yield from iterate_changes(value, (*path, key))


def change(tree: Any, path: tuple[Any, ...], new: Any, *, key: bool) -> Any:
    """The tree with one key, or one value, in place of what was there."""
    head, *rest = path
    if key and not rest:
        return {new if name == head else name: value for name, value in tree.items()}
    changed = tree.copy()
    changed[head] = change(tree[head], tuple(rest), new, key=key) if rest else new
    return changed


STRANGE: list[Any] = [None, "", "strange", 7, -1.5, True, [], ["a"], [[]], {}, {"a": "b"}, {"credential": 1},
                      {"variable": None}, {"variable": "error"}, {"credential": "a/b"}, "${{ x }}", "${{", "${{ folder }}",
                      "${{ 1 // 0 }}", "no", "2026-05-31", "x" * 5000, {"mode": "x"}, {"local": {}}, "../../x.bot.yaml", "é"]  # fmt: skip


@pytest.mark.parametrize("source", [INTAKE, ESCALATE], ids=["intake", "escalate"])
def test_every_key_and_value_changed(folder: Path, source: str) -> None:
    """Whatever one changes in an example, it is a bot still, or there are sentences with lines; never a traceback."""
    tree = yaml.safe_load(source)
    library = FolderLibrary(folder)
    for path in iterate_changes(tree):
        for new in STRANGE:
            list_faults(yaml.safe_dump(change(tree, path, new, key=False), allow_unicode=True), library)
        if isinstance(path[-1], str):
            for word in ("strange", path[-1] + "s", path[-1].upper(), "steps", "uses", "with", "7", "null"):
                changed = change(tree, path, word, key=True)
                faults = list_faults(yaml.safe_dump(changed), library)
                if word == "strange" and path[-2:-1] != ("inputs",):
                    assert faults, path


LEAVES = st.sampled_from([*STRANGE, "outlook.move", "outlook.messages", "ap", "message"]) | st.text(
    max_size=10
)
KEYS = st.sampled_from(
    ["uses", "with", "steps", "for_each", "in", "if", "try", "catch", "finally", "run_bot", "result", "name", "session",
     "inputs", "type", "default", "authentication", "mode", "messages", "to", "variable", "credential"]
)  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(KEYS, inner, max_size=5),
    max_leaves=20,
)


@settings(max_examples=150, deadline=None)
@given(st.fixed_dictionaries({"steps": st.lists(st.dictionaries(KEYS, TREES, max_size=4), max_size=4)}))
def test_any_structure_is_a_bot_or_has_faults(tree: dict[str, Any]) -> None:
    """Any structure of known words is read to the end."""
    list_faults(yaml.safe_dump(tree, allow_unicode=True))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.text(alphabet=" \n\t-:{}[]'\"#&*!|>%@`?,~a1$", max_size=80))
def test_any_text_is_a_bot_or_has_faults(text: str) -> None:
    """Any text at all has faults with lines, or is a bot."""
    try:
        read_bot(text, "a.bot.yaml")
    except BotFileError as error:
        assert all(fault.line >= 1 and fault.message for fault in error.faults)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_any_damage_to_an_example_has_faults(data: st.DataObject) -> None:
    """An example with a piece cut out, doubled or replaced is read to the end."""
    start = data.draw(st.integers(0, len(INTAKE)))
    end = data.draw(st.integers(start, min(len(INTAKE), start + 30)))
    piece = data.draw(
        st.sampled_from(
            ["", "\n", " ", "  ", ":", "- ", "{", "}", "[", '"', "'", "${{", "\t", "#", "&a ", "*a"]
        )
    )
    try:
        read_bot(INTAKE[:start] + piece + INTAKE[end:], "a.bot.yaml")
    except BotFileError as error:
        assert all(fault.line >= 1 and fault.message for fault in error.faults)
