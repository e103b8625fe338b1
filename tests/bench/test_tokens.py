"""The throughput of tokens is written down as it was measured."""

from pathlib import Path

import pytest
from bench.tokens import BEGIN, END, Throughput

from bench import tokens


def test_a_row_says_rate_and_tail() -> None:
    """Requests a second, and the latency that one in a hundred exceeds."""
    measured = Throughput("SQLite", 2.0, (0.01,) * 195 + (0.2,) * 5, refreshes=1)
    assert measured.row == "| SQLite | 200 | 100/s | 10 ms | 200 ms | 200 ms | 1 |"


def test_the_table_takes_the_place_of_the_last_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What stands around the marks stays."""
    monkeypatch.setattr(tokens, "DOCUMENT", tmp_path / "page.md")
    monkeypatch.setattr(tokens, "PROJECT", tmp_path)
    tokens.DOCUMENT.write_text(f"before\n{BEGIN}\nold\n{END}\nafter\n")
    tokens.keep("new")
    assert tokens.DOCUMENT.read_text() == f"before\n{BEGIN}\n\nnew\n\n{END}\nafter\n"
