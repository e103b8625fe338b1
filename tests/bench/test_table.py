"""Results are written down as they are, misses included."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from bench.runs import Measurement, Results
from bench.scenarios import FLOOR, O365, O365_EAGER, POSTROOM
from bench.table import BEGIN, END, Bench, to_json, to_markdown, write_table


def took(seconds: float) -> list[Measurement]:
    """Return three runs around a time."""
    return [Measurement(seconds * factor, seconds, 40_000_000, 12, 0.01) for factor in (1.5, 1.0, 0.5)]


@pytest.fixture
def bench() -> Bench:
    """A bench in which Postroom is ten times as fast as python-o365 and five times slower than the floor."""
    listing: Results = {POSTROOM: took(0.5), O365: took(5), O365_EAGER: took(4.9), FLOOR: took(0.1)}
    results: Mapping[str, Results] = {"list-0ms": listing}
    return Bench("2026-06-30", "A machine.", {"Python": "3.11"}, results)


def test_what_was_reached_and_what_was_missed_is_said(bench: Bench) -> None:
    """Each target has its line, with the measured ratio and the word."""
    table = to_markdown(bench)
    assert "as python-o365 | 10.00 times as fast (the floor: 50.00) | reached |" in table
    assert "without its delay | 9.80 times as fast (the floor: 49.00) | **missed** |" in table
    assert "within 2 times the floor | 5.00 times the floor | **missed** |" in table


def test_a_row_shows_median_and_spread(bench: Bench) -> None:
    """Median, least and most stand beside each other, and the ratio to Postroom."""
    assert "| python-o365 | 5.000 s (2.500–7.500) | 10.00 |" in to_markdown(bench)


def test_the_table_goes_between_the_markers(bench: Bench, tmp_path: Path) -> None:
    """A new table replaces the old one and leaves the text around it."""
    document = tmp_path / "performance.md"
    document.write_text(f"Before\n{BEGIN}\nold\n{END}\nAfter\n")
    write_table(document, bench)
    write_table(document, bench)
    text = document.read_text()
    assert text.startswith("Before\n")
    assert text.endswith(f"{END}\nAfter\n")
    assert "old" not in text
    assert text.count("### Targets") == 1


def test_a_document_without_markers_is_left_alone(bench: Bench, tmp_path: Path) -> None:
    """Nothing is overwritten where no place was made for it."""
    document = tmp_path / "performance.md"
    document.write_text("Text\n")
    with pytest.raises(ValueError, match="lacks the markers"):
        write_table(document, bench)
    assert document.read_text() == "Text\n"


def test_json_holds_every_measurement(bench: Bench) -> None:
    """Programs get all runs, not only the medians."""
    answer = json.loads(to_json(bench))
    assert [one["seconds"] for one in answer["results"]["list-0ms"]["floor"]] == pytest.approx(
        [0.15, 0.1, 0.05]
    )
    assert len(answer["targets"]) == 3
