"""Real mail, much of it broken, through the local tenant and Postroom to files, compared byte by byte."""

import hashlib
import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from postroom.tenant.environment import app_environment
from support.canary import canary
from support.tenant import RunningTenant, bare_environment, start_tenant

MAIL = Path(__file__).parents[3] / "shared" / "mail"
ADDRESS = "conformance@contoso.com"
SAVE_ALL = Path(__file__).parent / "save_all.py"
KNOWN_DIFFERENCES = {
    "corpus/mimekit/message-partial.0.eml": (
        "the first third of a divided message (message/partial): saved whole, as one file, while the index "
        "also cuts the beginning of a picture out of it (RFC 2046 §5.2.2 puts it together first)"
    ),
}
"""Messages of the corpus whose attachments differ, each with the reason."""


@dataclass(frozen=True)
class Saved:
    """What was saved of one message."""

    sha256: str | None
    attachments: Counter[str]
    errors: list[str]


@pytest.mark.timeout(600)
def test_every_message_and_attachment_is_saved_as_it_is(tmp_path: Path) -> None:
    """Each message is saved byte for byte, each attachment that other readers agree on with the same content.

    No file is written outside the target folder, and none is lost to another of the same name.
    """
    if not MAIL.is_dir():
        pytest.skip("There is no real mail in ../shared/mail, so there is nothing to compare with.")
    index = [json.loads(line) for line in (MAIL / "index.jsonl").read_text().splitlines()]
    lay_out_mail(index, tmp_path / "mail" / ADDRESS / "Inbox")
    work = tmp_path / "work"
    work.mkdir()
    with start_tenant(tmp_path / "data", tmp_path / "mail") as tenant:
        report = save_all(tenant, work)
    differences = Differences(index, report, work / "saved")
    print_report(index, report, differences)
    unexplained = [
        *differences.messages,
        *(text for file, text in differences.attachments.items() if file not in KNOWN_DIFFERENCES),
        *differences.files(),
    ]
    assert not unexplained, "\n".join(["What differs:", *unexplained])
    assert differences.attachments.keys() == KNOWN_DIFFERENCES.keys(), "A known difference is none any more."


def lay_out_mail(index: list[dict[str, Any]], inbox: Path) -> None:
    """Put the corpus where the tenant ingests it, in the order of the index."""
    inbox.mkdir(parents=True)
    for number, record in enumerate(index):
        (inbox / f"{number:04}.eml").write_bytes((MAIL / record["file"]).read_bytes())


def save_all(tenant: RunningTenant, work: Path) -> dict[str, Any]:
    """Save the mailbox in a process of its own, whose home and working folder is the given one."""
    variables = {**tenant.environment, **app_environment(tenant.manifest, "Invoice bot")}
    arguments = [sys.executable, str(SAVE_ALL), ADDRESS, "saved", "report.json"]
    environment = {**bare_environment(), **variables, "HOME": str(work), "TMPDIR": str(work)}
    done = subprocess.run(
        arguments, cwd=work, env=environment, capture_output=True, text=True, timeout=500, check=False
    )
    canary.check(done.stdout + done.stderr, "the output of the process that saves")
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads((work / "report.json").read_text())
    return report


class Differences:
    """Compare what was saved with the index, by file name of the corpus."""

    def __init__(self, index: list[dict[str, Any]], report: dict[str, Any], target: Path) -> None:
        self._target = target
        self._paths = [
            target.parent / path
            for message in report["messages"]
            for path in (*message["emails"], *message["attachments"])
        ]
        saved = [self._read(message) for message in report["messages"]]
        self._saved_by_hash = {message.sha256: message for message in saved}
        self.message_hashes = Counter(message.sha256 for message in saved)
        self.messages = list(self._compare_messages(index))
        self.attachments = dict(self._compare_attachments(index))

    def files(self) -> Iterator[str]:
        """Name what lies outside the target folder, and say when a file was lost to another."""
        work = self._target.parent
        for path in work.rglob("*"):
            inside = path.is_relative_to(self._target)
            if path.is_file() and path not in self._paths and (inside or path != work / "report.json"):
                yield f"a file that was not reported: {path.relative_to(work)}"
        outside = [path for path in self._paths if not path.resolve().is_relative_to(self._target.resolve())]
        if outside:
            yield f"{len(outside)} files were saved outside the target folder"
        if len(set(self._paths)) != len(self._paths) or not all(path.is_file() for path in self._paths):
            yield "a file took the place of another"

    def _read(self, message: dict[str, Any]) -> Saved:
        work = self._target.parent
        emails = [hash_file(work / path) for path in message["emails"]]
        attachments = Counter(hash_file(work / path) for path in message["attachments"])
        return Saved(emails[0] if len(emails) == 1 else None, attachments, message["errors"])

    def _compare_messages(self, index: list[dict[str, Any]]) -> Iterator[str]:
        expected = Counter(record["sha256"] for record in index)
        for record in index:
            if not self.message_hashes[record["sha256"]]:
                yield f"{record['file']}: not saved byte for byte"
        if surplus := (self.message_hashes - expected).total():
            yield f"{surplus} saved messages are not in the corpus"

    def _compare_attachments(self, index: list[dict[str, Any]]) -> Iterator[tuple[str, str]]:
        for record in index:
            saved = self._saved_by_hash.get(record["sha256"])
            if saved is None:
                continue
            missing = (Counter(expected_attachments(record)) - saved.attachments).total()
            if missing or saved.errors:
                kinds = ", ".join(error.partition(":")[0] for error in saved.errors)
                text = f"{missing} of {len(expected_attachments(record))} attachments differ"
                yield record["file"], f"{record['file']}: {text}{f' ({kinds})' if kinds else ''}"


def expected_attachments(record: dict[str, Any]) -> list[str]:
    """Give the hashes of the attachments that must come out the same."""
    if record["oracle"] != "agree":
        return []
    return [found["sha256"] for found in record["attachments"] if not found.get("container")]


def hash_file(path: Path) -> str:
    """Give the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def print_report(index: list[dict[str, Any]], report: dict[str, Any], differences: Differences) -> None:
    """Say what came out, and name what differs by its file in the corpus."""
    expected = sum(len(expected_attachments(record)) for record in index)
    saved = sum(len(message["attachments"]) for message in report["messages"])
    differing = [*differences.messages, *differences.attachments.values(), *differences.files()]
    lines = [
        f"messages saved byte for byte     {len(index) - len(differences.messages)} of {len(index)}",
        f"attachments saved                {saved}, of which {expected} have a known content to compare with",
        f"messages with differences        {len(differences.attachments)}",
        f"peak memory of the saving        {report['peak_mib']:.0f} MiB",
        *(f"  differs: {line}" for line in differing),
        *(f"  known:   {file}: {reason}" for file, reason in KNOWN_DIFFERENCES.items()),
    ]
    print(os.linesep + os.linesep.join(lines))
