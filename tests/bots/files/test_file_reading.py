"""YAML as bot files have it."""

# ruff: noqa: E501 - tables of texts read best a line each

from typing import Any

import pytest

from postroom.bots.files.reading import Entries, FaultList, Scalar, read_yaml


def read(text: str) -> Any:
    """The value of `a:` in a text."""
    faults = FaultList("a.bot.yaml")
    tree = read_yaml(text, faults)
    assert faults.faults == []
    assert isinstance(tree, Entries)
    node = tree.entries["a"]
    assert isinstance(node, Scalar)
    return node.value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("true", True), ("False", False), ("null", None), ("~", None), ("", None), ("12", 12), ("-3", -3), ("1.5", 1.5),
        ("1e3", 1000.0), (".5", 0.5), ("no", "no"), ("yes", "yes"), ("on", "on"), ("off", "off"), ("y", "y"),
        ("2026-05-31", "2026-05-31"), ("007", "007"), ("0x1F", "0x1F"), ("1_000", "1_000"), ("12:30", "12:30"),
        ("'12'", "12"), ('"true"', "true"), (".inf", ".inf"), (".nan", ".nan"), ("=", "="), ("<<", "<<"),
        ("1" * 30, "1" * 30), ("|\n  one\n  two\n", "one\ntwo\n"), (">\n  one\n  two\n", "one two\n"),
        ("x # comment", "x"), ("é", "é"), ("${{ folder }}", "${{ folder }}"),
    ],
)  # fmt: skip
def test_scalars(written: str, value: Any) -> None:
    """Words and numbers are what they look like, all else is text; account numbers and dates keep how they are written."""
    found = read(f"a: {written}")
    assert found == (float(written) if written == "1" * 30 else value)
    assert isinstance(found, float) if written == "1" * 30 else type(found) is type(value)


def test_lines() -> None:
    """Each key and value knows its line, from 1 on."""
    faults = FaultList("a.bot.yaml")
    tree = read_yaml("# one\n\na:\n  - x\n  - b: |\n      text\n\n    c: y\n", faults)
    assert isinstance(tree, Entries)
    assert tree.lines == {"a": 3}
    items: Any = tree.entries["a"]
    assert [item.line for item in items.items] == [4, 5]
    assert items.items[1].lines == {"b": 5, "c": 8}


def test_a_bomb_does_not_go_off() -> None:
    """Aliases that double each other are refused before anything is doubled."""
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 60)]
    faults = FaultList("a.bot.yaml")
    read_yaml("\n".join(lines), faults)
    assert all("anchors" in fault.message or "aliases" in fault.message for fault in faults.faults)
    assert faults.faults


def test_long_files_are_refused() -> None:
    """A file of more than a million characters is not read."""
    faults = FaultList("a.bot.yaml")
    assert read_yaml("a: " + "x" * 1_000_000, faults) is None
    assert "million" in faults.faults[0].message


def test_a_value_is_not_printed() -> None:
    """What stands in a file is not in the text of what was read of it, as it may be secret."""
    faults = FaultList("a.bot.yaml")
    assert "hunter2" not in repr(read_yaml("a: hunter2", faults))
