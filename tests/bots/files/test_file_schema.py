"""The JSON schema, held against an independent validator, and against the check."""

# ruff: noqa: E501 - tables of texts read best a line each

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from postroom.bots.files import read_bot
from postroom.bots.files.schema import create_schema
from postroom.errors import BotFileError

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"

FULL = """\
name: Everything
description: Each kind of step.
inputs: {folder: Inbox, since: {type: date, required: false}, many: 3, account: {credential: a/b}, names: [a]}
steps:
- name: Connect
  uses: outlook.connect
  with:
    session: {variable: work}
    authentication: {mode: Client Credentials, client_id: {credential: a/b}, tenant_id: {variable: folder}, client_secret: x,
                     username: "${{ folder }}"}
- for_each: message
  if: "${{ many > 2 }}"
  uses: outlook.messages
  with: {session: "${{ work }}", status: Unread, limit: 20, senders: [a, b], body: text}
  steps:
  - uses: outlook.move
    with: {session: {variable: work}, message: "${{ message }}", to: Inbox/Done}
- for_each: name
  in: "${{ names }}"
  steps:
  - try:
    - run_bot: child.bot.yaml
      with: {name: "${{ name }}"}
      result: said
    catch:
    - uses: outlook.send
      with: {session: "${{ work }}", to: a@b.c, subject: 4711, attachments: ["${{ said }}", b.pdf]}
    finally:
    - uses: outlook.disconnect
      with: {session: "${{ work }}"}
"""

Validate = Callable[[str], list[str]]


@pytest.fixture(scope="module")
def validate() -> Validate:
    """Give what the schema has against a text."""
    schema = create_schema()
    jsonschema_rs.meta.validate(schema)
    validator: Any = jsonschema_rs.Draft202012Validator(schema)
    return lambda text: [error.message for error in validator.iter_errors(yaml.safe_load(text))]


def test_each_kind_of_step_is_valid(validate: Validate) -> None:
    """What the check lets pass is valid, whatever it uses of the language."""
    read_bot(FULL, "full.bot.yaml")
    assert validate(FULL) == []


@pytest.mark.parametrize("file", sorted(EXAMPLES.rglob("*.bot.yaml")), ids=lambda file: file.name)
def test_examples_are_valid(validate: Validate, file: Path) -> None:
    """The examples are valid."""
    assert validate(file.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("name: Everything", "nam: Everything"), ("uses: outlook.move", "uses: outlook.mvoe"), ("to: Inbox/Done", "too: x"),
        (", to: Inbox/Done", ""), ("status: Unread", "status: new"), ("limit: 20", "limit: many"), ("in: ", "im: "),
        ("mode: Client Credentials", "mode: Password"), ("     username: ", "     user: "), ("type: date", "type: day"),
        ("  result: said", "  results: said"), ("    catch:", "    cach:"), ("body: text", "body: pdf"),
        ("for_each: name", "for_each: a b"), ("session: {variable: work}\n", "session: {here: work}\n"),
        ("- for_each: name\n", "- for_each: name\n  uses: outlook.messages\n"), ("(none)", "(none)"),
    ],
)  # fmt: skip
def test_what_the_schema_refuses_the_check_refuses(validate: Validate, before: str, after: str) -> None:
    """An editor that knows the schema underlines what the check would tell."""
    text = FULL.replace(before, after)
    if before == "(none)":
        text = "steps: []"
    assert text != FULL
    assert validate(text) != []
    with pytest.raises(BotFileError):
        read_bot(text, "full.bot.yaml")


def test_settings_are_described() -> None:
    """An editor shows of each setting its title, its help, an example and its default."""
    rules = create_schema()["$defs"]["step"]["allOf"]
    found = next(rule for rule in rules if rule["if"]["properties"]["uses"]["const"] == "outlook.messages")
    folder = found["then"]["properties"]["with"]["properties"]["folder"]
    assert folder["title"] == "Folder"
    assert folder["description"].startswith("Its path")
    assert folder["examples"] == ["Inbox/2026/May"]
    assert folder["default"] == "Inbox"
