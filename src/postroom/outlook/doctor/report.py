"""What an examination finds: one finding a leg of the way, and what to do at the one that does not hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from postroom.errors import PostroomError


@dataclass(frozen=True)
class Remedy:
    """What to do about a leg that does not hold: a sentence, where to do it, and the lines that do it.

    `link` is an address for a browser, `command` lines for a shell; the sentence says whose.
    """

    fix: str
    link: str | None = None
    command: str | None = None


@dataclass(frozen=True)
class Finding:
    """One leg of the way: whether it holds, and a sentence on it.

    `leg` is its name for machines. `holds` is None where the leg was not reached, because an earlier one does
    not hold. `error` and `remedy` are those of a leg that does not hold.
    """

    leg: str
    title: str
    holds: bool | None
    sentence: str | None = None
    remedy: Remedy | None = None
    error: PostroomError | None = None


@dataclass(frozen=True)
class Report:
    """All legs of the way of a Connect, in order."""

    findings: Sequence[Finding]

    @property
    def holds(self) -> bool:
        """Whether every leg holds."""
        return all(finding.holds for finding in self.findings)

    @property
    def failure(self) -> Finding | None:
        """The leg that does not hold; None where all do."""
        return next((finding for finding in self.findings if finding.holds is False), None)
