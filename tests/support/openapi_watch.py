"""The watch: a test run fails when a local tenant in it answered otherwise than Graph's OpenAPI description says."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from support import openapi, watched_tenant
from support.openapi import Finding
from support.openapi_exceptions import EXEMPTIONS, Exemption


class OpenApiWatch:
    """Read at the end, once, what the tenants of all workers wrote down of their responses."""

    def __init__(self) -> None:
        self._defects: list[Finding] = []
        self._unused: list[Exemption] = []
        self._counts: dict[str, Counter[str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Fail the run when there is a finding that no exemption covers."""
        if hasattr(session.config, "workerinput"):
            return
        base: Path = session.config._tmp_path_factory.getbasetemp()  # type: ignore[attr-defined]
        found = read_findings(base.rglob(watched_tenant.FINDINGS))
        self._counts = read_counts(base.rglob(watched_tenant.COUNTS))
        self._defects = sorted(one for one in found if not any(known.covers(one) for known in EXEMPTIONS))
        self._unused = [known for known in EXEMPTIONS if not any(known.covers(one) for one in found)]
        if self._defects:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Say how much was judged, what is wrong, and which exemptions nothing needed."""
        if not openapi.DESCRIPTION.exists():
            terminalreporter.write_line(f"No response was judged. {openapi.MISSING}")
        elif self._counts:
            judged, outside = (self._counts[name].total() for name in ("judged", "outside"))
            terminalreporter.write_line(
                f"{judged} responses of Microsoft Graph were held against its OpenAPI description, "
                f"and {outside} have none."
            )
        for defect in self._defects:
            terminalreporter.write_line(f"Not as Microsoft describes it: {defect}.", red=True)
        if self._counts and terminalreporter.config.option.verbose > 0:
            for known in self._unused:
                terminalreporter.write_line(
                    f"No response needed the exemption “{known.what}”: {known.reason}"
                )


def read_findings(files: Iterable[Path]) -> set[Finding]:
    """Read what the tenants found, all together."""
    return {one for file in files for one in openapi.read_findings(file.read_text())}


def read_counts(files: Iterable[Path]) -> dict[str, Counter[str]]:
    """Add up how many responses the tenants judged, and how many nothing is described of."""
    counts: dict[str, Counter[str]] = {}
    for file in files:
        for name, counted in watched_tenant.read_counts(file).items():
            counts[name] = counts.get(name, Counter()) + counted
    return counts
