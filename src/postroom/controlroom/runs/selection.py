"""Which runs somebody asks for: one meaning of the filters for pages and API, quick among 100,000 runs.

Pages are cut by the time and id of their last run and not by counting, so that the last page costs what the first does.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Q, QuerySet

from postroom.controlroom.runs.models import Bot, Run
from postroom.errors import SettingError

RUNS_A_PAGE = 50
ACTIVE = "active"
"""What `status` may also be: queued, running or paused."""


@dataclass(frozen=True)
class Cursor:
    """A place in the list, next to this run."""

    created: datetime
    id: UUID

    @classmethod
    def read(cls, text: str) -> "Cursor":
        """Read what `write` wrote. Errors: SettingError."""
        time, _separator, key = text.partition("_")
        try:
            # A time without its zone cannot be compared with those of the database.
            return cls(datetime.fromisoformat(time).astimezone(UTC), UUID(key))
        except (ValueError, OverflowError):
            raise SettingError(
                "This is no place in the list. Take the one that the page before gave."
            ) from None

    @classmethod
    def find(cls, run: Run) -> "Cursor":
        """The place of a run."""
        return cls(run.created, run.pk)

    def write(self) -> str:
        """Give it as text that an address can bear."""
        return f"{self.created.isoformat()}_{self.id}"


@dataclass(frozen=True)
class RunPage:
    """Some runs, the newest first, and the places before and behind them; empty where there are no more."""

    runs: Sequence[Run]
    newer: str
    older: str


@dataclass(frozen=True)
class RunSelection:
    """The filters; what is None or empty does not restrict."""

    status: str = ""
    """A status, or “active”."""
    bot: str = ""
    """The path of a bot."""
    who: str = ""
    """The name of the user that it runs as."""
    since: datetime | None = None
    until: datetime | None = None
    search: str = ""
    """The id of a run, or a part of the bot's name, of who began it, or of the error."""
    only_roots: bool = False
    """Without child bots."""

    def get_page(
        self, runs: "QuerySet[Any]", *, before: str = "", after: str = "", limit: int = RUNS_A_PAGE
    ) -> RunPage:
        """Some of these runs: the newest, or those before or after a place. Errors: SettingError."""
        wanted = self._filter(runs).select_related("bot", "version", "run_as", "worker", "parent__bot")
        if after:
            place = Cursor.read(after)
            ahead = wanted.filter(_is_newer(place)).order_by("created", "id")
            found = list(ahead[: limit + 1])
            shown = found[:limit][::-1]
            return _make_page(shown, has_newer=len(found) > limit, has_older=True)
        if before:
            wanted = wanted.filter(_is_older(Cursor.read(before)))
        found = list(wanted.order_by("-created", "-id")[: limit + 1])
        return _make_page(found[:limit], has_newer=bool(before), has_older=len(found) > limit)

    def write_query(self, **more: str) -> str:
        """The filters as the query of an address."""
        given: dict[str, str] = {
            "status": self.status,
            "bot": self.bot,
            "who": self.who,
            "since": self.since.date().isoformat() if self.since else "",
            "search": self.search,
            **more,
        }
        return urlencode({name: value for name, value in given.items() if value})

    def _filter(self, runs: "QuerySet[Any]") -> "QuerySet[Any]":
        if self.status == ACTIVE:
            runs = runs.filter(status__in=("queued", "running", "paused"))
        elif self.status:
            runs = runs.filter(status=self.status)
        if self.bot:
            runs = runs.filter(bot__in=list(Bot.objects.filter(path=self.bot).values_list("pk", flat=True)))
        if self.who:
            runs = runs.filter(run_as__username__iexact=self.who)
        if self.since is not None:
            runs = runs.filter(created__gte=self.since)
        if self.until is not None:
            runs = runs.filter(created__lt=self.until)
        if self.only_roots:
            runs = runs.filter(parent=None)
        return runs.filter(_search(self.search)) if self.search else runs


def _search(text: str) -> Q:
    text = text.strip().replace("\0", "")
    try:
        return Q(pk=UUID(text))
    except ValueError:
        pass
    bots = list(
        Bot.objects.filter(Q(name__icontains=text) | Q(path__icontains=text)).values_list("pk", flat=True)
    )
    return Q(bot__in=bots) | Q(begun_by__icontains=text) | Q(error_message__icontains=text)


def _is_older(place: Cursor) -> Q:
    return Q(created__lte=place.created) & (Q(created__lt=place.created) | Q(id__lt=place.id))


def _is_newer(place: Cursor) -> Q:
    return Q(created__gte=place.created) & (Q(created__gt=place.created) | Q(id__gt=place.id))


def _make_page(runs: Sequence[Run], *, has_newer: bool, has_older: bool) -> RunPage:
    if not runs:
        return RunPage((), "", "")
    return RunPage(
        runs,
        Cursor.find(runs[0]).write() if has_newer else "",
        Cursor.find(runs[-1]).write() if has_older else "",
    )
