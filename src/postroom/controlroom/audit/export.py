"""Entries as CSV or JSON, written as they are read, however many there are."""

import csv
import json
from collections.abc import Iterable, Iterator
from enum import StrEnum
from typing import Any

from django.db.models import QuerySet

from postroom.controlroom.audit.models import AuditEntry

COLUMNS = (
    "sequence",
    "time",
    "actor_id",
    "actor",
    "address",
    "request_id",
    "event",
    "target",
    "outcome",
    "details",
    "key_id",
    "previous_hash",
    "hash",
)
_CHUNK = 2000
# What spreadsheets take for the start of a formula, in both widths.
_FORMULA_STARTS = tuple("=+-@\t\r\n＝＋－＠")


class ExportFormat(StrEnum):
    """How entries are exported."""

    CSV = "csv"
    JSON = "json"

    @property
    def content_type(self) -> str:
        """The media type (RFC 7111, RFC 8259)."""
        return "text/csv; charset=utf-8" if self is ExportFormat.CSV else "application/json"


def export(entries: "QuerySet[AuditEntry]", wanted: ExportFormat) -> Iterator[str]:
    """Write these entries, a piece at a time."""
    described = map(describe, entries.iterator(chunk_size=_CHUNK))
    return _write_csv(described) if wanted is ExportFormat.CSV else _write_json(described)


def describe(entry: AuditEntry) -> dict[str, Any]:
    """The entry as data, with its hashes; the time in UTC (RFC 3339)."""
    described = {name: getattr(entry, name) for name in COLUMNS}
    return {**described, "time": entry.time.isoformat(timespec="microseconds")}


class _Line:
    """What `csv` writes to: gives each line back."""

    def write(self, line: str) -> str:
        return line


def _write_csv(described: Iterable[dict[str, Any]]) -> Iterator[str]:
    writer = csv.writer(_Line())
    # The mark lets spreadsheets know that it is UTF-8.
    yield "\ufeff" + writer.writerow(COLUMNS)
    for entry in described:
        entry["details"] = json.dumps(entry["details"], ensure_ascii=False, sort_keys=True)
        yield writer.writerow([_defuse(str(entry[name])) for name in COLUMNS])


def _defuse(cell: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula (OWASP, CSV injection)."""
    return f"'{cell}" if cell.lstrip(" ").startswith(_FORMULA_STARTS) else cell


def _write_json(described: Iterable[dict[str, Any]]) -> Iterator[str]:
    start = "[\n"
    for entry in described:
        yield start + json.dumps(entry, ensure_ascii=False)
        start = ",\n"
    yield "[]\n" if start == "[\n" else "\n]\n"
