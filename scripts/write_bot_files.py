"""The page of bot files: keys, values and expressions, from the definitions that the check goes by."""

from collections.abc import Iterable, Iterator
from typing import Any

from scripts.pages import write_table

from postroom.bots.files.attributes import METHODS, PROPERTIES
from postroom.bots.files.building import INPUT_KEYS, STEP_KEYS
from postroom.bots.files.functions import FILTERS, TESTS
from postroom.bots.files.inputs import EXAMPLES, KINDS
from postroom.bots.files.schema import create_schema

VALUES = (
    ("text, a number, true or false, a list", "`unread`, `20`, `true`, `[a.pdf, b.pdf]`"),
    ("a value of the Credential Vault", "`{credential: azure/client_secret}`"),
    ("the value of a variable", "`{variable: folder}`"),
    ("an expression, which keeps what it gives: a message, a list, a number", '`"${{ message }}"`'),
    ("text with expressions in it", '`"Invoices/${{ message.received.year }}"`'),
)
SESSIONS = (
    ("`session: ap`, `session: {local: ap}`", "a name that this bot alone knows"),
    ("`session: {global: ap}`", "a name that child bots know too, and all other child bots of the parent"),
    ("`session: {variable: work}`", "a session variable, which a child bot is given as an input"),
)
SHAPES = {
    "uses": "an action; with `for_each` and `steps`, for each item that it gives",
    "run_bot": "a child bot",
    "try": "steps, and what is done where one of them fails",
    "in": "a loop over a list",
}


def write_bot_files() -> Iterator[str]:
    """Write the page."""
    schema = create_schema()
    yield from ("# Bot files", "")
    yield (
        "A bot file ends in `.bot.yaml`. `postroom bot check` tells all that is wrong with one, `postroom bot new` "
        "begins one, and `postroom bot schema` prints the JSON schema for editors. YAML is that of version 1.2: `no`, "
        "`on` and dates are text; there are no tags, anchors and aliases."
    )
    yield from ("", "## The file", "")
    yield from write_table(("key", "what it is"), _list_keys(schema["properties"]))
    yield from ("", "## Inputs", "")
    yield (
        "An input is declared by its default (`folder: Inbox`), or by these keys: "
        + _list_names(INPUT_KEYS)
        + "."
    )
    yield "Without a default it is required, unless `required: false` says that it may be left out."
    yield ""
    yield from write_table(
        ("type", "what is given"), ((f"`{kind}`", EXAMPLES.get(kind, "text")) for kind in KINDS)
    )
    yield from ("", "## Steps", "", "A step is one of these. Any step may have `name` and `if`.", "")
    rows = ((_list_names(keys), SHAPES[kind]) for kind, keys in STEP_KEYS.items())
    yield from write_table(("keys", "what it does"), rows)
    yield ""
    yield from write_table(("key", "what it is"), _list_keys(schema["$defs"]["step"]["properties"]))
    yield from (
        "",
        "Within `catch` there is `error`, with `error.message`, `error.code` and `error.kind`, the class of the",
    )
    yield "[error](errors.md). A run that is stopped is not caught, and does not come to `finally`: it may go on later."
    yield from ("", "## Values of settings", "")
    yield "Which settings an action has, the page of [actions](actions.md) says. What takes one or many (`messages`)"
    yield "may be written as one (`message`)."
    yield ""
    yield from write_table(("a value is", "such as"), VALUES)
    yield from ("", "## Sessions", "", "What opens a session says how far its name reaches:", "")
    yield from write_table(("written", "what it is"), SESSIONS)
    yield from ("", 'Each other action says in which session: `session: ap`, or `session: "${{ work }}"`.')
    yield from _write_expressions()


def _write_expressions() -> Iterator[str]:
    yield from ("", "## Expressions", "")
    yield (
        "`${{ … }}` has one expression of [Jinja](https://jinja.palletsprojects.com/templates/#expressions) and no "
        "statements. It knows the inputs, the results and loop variables of the steps before, and of each value its "
        "data. Operators: `+ - * / // %`, `~` (joins as text), comparisons, `and or not in is`, `… if … else …`, "
        "`[ ]`. There are no powers and no functions."
    )
    yield from (
        "",
        f"Filters: {_list_names(sorted(FILTERS))}.",
        "",
        f"Tests: {_list_names(sorted(TESTS))}.",
        "",
    )
    rows = [(_name(kind), "", _list_names(sorted(methods))) for kind, methods in METHODS.items()]
    found = {name: methods for name, _, methods in rows}
    own = {_name(kind): _list_names(names) for kind, names in PROPERTIES.items()}
    both = ((name, own.get(name, ""), found.get(name, "")) for name in dict.fromkeys([*found, *own]))
    yield from write_table(("value", "properties", "methods"), both)
    yield from ("", "Within text, `true` and `false` are so written, and null is nothing.")


def _name(kind: type) -> str:
    words = {"str": "text", "PurePath": "path", "tuple": "list", "timedelta": "duration"}
    return words.get(kind.__name__, kind.__name__)


def _list_keys(properties: dict[str, Any]) -> Iterator[tuple[str, str]]:
    for key, described in properties.items():
        yield f"`{key}`", described.get("description", "The steps, one after another.")


def _list_names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
