"""Figures: how many runs and messages there were a day or week, by bot and by status, and how long runs took.

Counted by the database, so that 100,000 runs cost no more than the rows of the answer. Days are those of UTC. A run
counts on the day on which it was begun, and child bots count as part of what began them.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db.models import Avg, CharField, Count, FloatField, Func, Max, Q, QuerySet, Sum

from postroom.controlroom.accounts.models import User
from postroom.controlroom.runs.models import ACTIVE, RunStatus
from postroom.controlroom.runs.rights import list_runs

DAY = timedelta(days=1)
PERIODS = (7, 30, 90, 365)
"""How many days may be shown; a year is shown by weeks."""
WEEKS_FROM_DAYS = 120
MOST_BOTS = 20
FAILED = (RunStatus.FAILED.value, RunStatus.TIMED_OUT.value)


class Day(Func):
    """The day of a moment in UTC, as `2026-05-31`."""

    output_field = CharField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By the text that SQLite keeps, which is quicker than any function on times."""
        return self.as_sql(compiler, connection, template="substr(%(expressions)s, 1, 10)", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By PostgreSQL's own formatting."""
        template = "to_char(%(expressions)s AT TIME ZONE 'UTC', 'YYYY-MM-DD')"
        return self.as_sql(compiler, connection, template=template, **context)


class Seconds(Func):
    """The seconds from one moment to another, counted by the database itself."""

    output_field = FloatField()
    arity = 2

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By SQLite's own dates: Django's would call Python for each row."""
        template = "(julianday(%(expressions)s)) * 86400.0"
        return self.as_sql(compiler, connection, template=template, arg_joiner=") - julianday(", **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        """By PostgreSQL's own intervals."""
        template = "extract(epoch FROM (%(expressions)s))::float8"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" - ", **context)


@dataclass(frozen=True)
class Span:
    """A day or a week, and what became of the runs that were begun in it."""

    begins: date
    done: int = 0
    failed: int = 0
    other: int = 0
    """Cancelled, or not over."""
    messages: int = 0

    @property
    def runs(self) -> int:
        """All of them."""
        return self.done + self.failed + self.other


@dataclass(frozen=True)
class BotFigures:
    """The runs of one bot."""

    bot: str
    path: str
    runs: int
    done: int
    failed: int
    messages: int
    average_seconds: float | None
    """Of the runs that are over; None where none is."""
    longest_seconds: float | None


@dataclass(frozen=True)
class Figures:
    """What there is to tell of some days."""

    days: int
    spans: list[Span]
    bots: list[BotFigures]

    @property
    def by_weeks(self) -> bool:
        """Whether a span is a week."""
        return self.days >= WEEKS_FROM_DAYS

    @property
    def total(self) -> Span:
        """All spans together; it begins with the first."""
        return _add_up(self.spans[0].begins, self.spans)


def get_figures(user: User, days: int, now: datetime, *, by_bot: bool = True) -> Figures:
    """The figures of the last days, today among them, of the runs that this person may see."""
    first = now.astimezone(UTC).date() - DAY * (days - 1)
    by_weeks = days >= WEEKS_FROM_DAYS
    if by_weeks:
        first -= DAY * first.weekday()
    since = datetime.combine(first, time(), UTC)
    runs = list_runs(user).filter(created__gte=since, parent=None).order_by()
    below = list_runs(user).filter(root__created__gte=since).order_by()
    counted = {span.begins: span for span in _count_days(runs, below)}
    every_day = [
        counted.get(first + DAY * number, Span(first + DAY * number))
        for number in range((now.astimezone(UTC).date() - first).days + 1)
    ]
    bots = list(_count_bots(runs, below)) if by_bot else []
    return Figures(days, _join_weeks(every_day) if by_weeks else every_day, bots)


def _count_days(runs: "QuerySet[Any]", below: "QuerySet[Any]") -> Iterable[Span]:
    counted = runs.annotate(day=Day("created")).values("day").annotate(
        done=Count("pk", filter=Q(status=RunStatus.DONE)),
        failed=Count("pk", filter=Q(status__in=FAILED)),
        runs=Count("pk"),
        messages=Sum("messages_handled"),
    )  # fmt: skip
    of_children = below.annotate(day=Day("root__created")).values_list("day")
    more = dict(of_children.annotate(Sum("messages_handled")))
    for row in counted:
        other = row["runs"] - row["done"] - row["failed"]
        messages = (row["messages"] or 0) + more.get(row["day"], 0)
        yield Span(date.fromisoformat(row["day"]), row["done"], row["failed"], other, messages)


def _count_bots(runs: "QuerySet[Any]", below: "QuerySet[Any]") -> Iterable[BotFigures]:
    took = Seconds("finished", "started")
    is_over = Q(finished__isnull=False, started__isnull=False) & ~Q(status__in=ACTIVE)
    counted = runs.values("bot__name", "bot__path").annotate(
        runs=Count("pk"),
        done=Count("pk", filter=Q(status=RunStatus.DONE)),
        failed=Count("pk", filter=Q(status__in=FAILED)),
        messages=Sum("messages_handled"),
        average=Avg(took, filter=is_over),
        longest=Max(took, filter=is_over),
    )
    more = dict(below.values_list("root__bot__path").annotate(Sum("messages_handled")))
    for row in counted.order_by("-runs", "bot__name")[:MOST_BOTS]:
        yield BotFigures(
            row["bot__name"],
            row["bot__path"],
            row["runs"],
            row["done"],
            row["failed"],
            (row["messages"] or 0) + more.get(row["bot__path"], 0),
            _to_seconds(row["average"]),
            _to_seconds(row["longest"]),
        )


def _to_seconds(took: float | None) -> float | None:
    return None if took is None else round(took, 3)


def _join_weeks(days: list[Span]) -> list[Span]:
    return [_add_up(days[number].begins, days[number : number + 7]) for number in range(0, len(days), 7)]


def _add_up(begins: date, spans: list[Span]) -> Span:
    return Span(
        begins,
        sum(span.done for span in spans),
        sum(span.failed for span in spans),
        sum(span.other for span in spans),
        sum(span.messages for span in spans),
    )
