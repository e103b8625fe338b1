"""Which entries somebody asks for: one meaning of the filters for pages, API and command line."""

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from postroom.controlroom.audit.models import AuditEntry

SEARCHED = ("actor", "target", "address", "request_id")


@dataclass(frozen=True)
class Selection:
    """The filters; what is None or empty does not restrict. Texts match a part, whatever the case."""

    event: str = ""
    actor: str = ""
    outcome: str = ""
    target: str = ""
    since: datetime | None = None
    until: datetime | None = None
    """Without this moment itself."""
    search: str = ""
    """In actor, target, address and request id."""

    def get_entries(self) -> "QuerySet[AuditEntry]":
        """The entries, the newest first."""
        wanted = Q()
        for name, value in self._get_lookups().items():
            if value:
                wanted &= Q(**{name: value})
        for word in self.search.split():
            wanted &= search_for(word)
        return AuditEntry.objects.filter(wanted)

    def describe(self) -> str:
        """The filters as they go into the audit trail themselves."""
        return ", ".join(f"{name}: {value}" for name, value in vars(self).items() if value)

    def _get_lookups(self) -> dict[str, object]:
        return {
            "event": self.event,
            "actor__icontains": self.actor,
            "outcome": self.outcome,
            "target__icontains": self.target,
            "time__gte": self.since,
            "time__lt": self.until,
        }


def search_for(word: str) -> Q:
    """Look for a word wherever people look for one."""
    found = Q()
    for name in SEARCHED:
        found |= Q(**{f"{name}__icontains": word})
    return found
