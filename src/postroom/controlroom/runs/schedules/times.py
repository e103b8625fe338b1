"""The times that a cron expression means in a time zone, and the words that people say for them.

Clocks that change are met so: a time that does not exist is taken as the moment at which the clock goes on, and one
that comes twice counts once, the first time; but where the hours are a `*` or a step, it counts both times, so that
"every 15 minutes" stays so. Source: crontab(5), cron(8) of Vixie cron.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo, available_timezones

from croniter import croniter  # type: ignore[import-untyped]
from croniter.croniter import CroniterError  # type: ignore[import-untyped]
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from postroom.errors import SettingError

_FIELD = r"[\d*,/\-]+"
_NAMED = r"[\dA-Za-z*,/\-]+"
_CRON = re.compile(rf"{_FIELD} {_FIELD} {_FIELD} {_NAMED} {_NAMED}")
_NAMES = re.compile(r"[A-Za-z]+")
_KNOWN_NAMES = frozenset(
    {
        *("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
        *("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
    }
)
_DAY = timedelta(days=1)
WEEKDAYS = "1-5"


def check_cron(cron: str) -> str:
    """Give a cron expression in one way of writing it. Errors: SettingError where it is none, or never comes."""
    written = " ".join(cron.split())
    names = {name.lower() for name in _NAMES.findall(written)}
    if not _CRON.fullmatch(written) or not names <= _KNOWN_NAMES or not croniter.is_valid(written):
        raise SettingError(
            _(
                "“%(cron)s” is not a cron expression. Write five fields: minute, hour, day of the month, month and day "
                "of the week, such as 0 8 * * 1-5 for 08:00 on weekdays."
            )
            % {"cron": cron}
        )
    if next(iterate_times(written, "UTC", datetime.now(UTC)), None) is None:
        raise SettingError(_("“%(cron)s” never comes: no month has such a day.") % {"cron": cron})
    return written


def check_time_zone(name: str) -> str:
    """Give the name of a time zone. Errors: SettingError where there is none of this name."""
    if name not in available_timezones():
        raise SettingError(
            _("There is no time zone “%(name)s”. Write it like Europe/Berlin or Asia/Tokyo.") % {"name": name}
        )
    return name


def iterate_times(cron: str, time_zone: str, after: datetime) -> Iterator[datetime]:
    """The times of a cron expression in a time zone that come after a moment, in UTC and in order.

    Ends where the expression has no more; `cron` is one that `check_cron` has given.
    """
    zone = ZoneInfo(time_zone)
    last = after
    # A day ahead of the local one: what a change of the clock moves may come from the day before.
    cursor = datetime.combine(after.astimezone(zone).date() - _DAY, time())
    while (day := _find_day(cron, cursor)) is not None:
        for moment in sorted(_list_moments(cron, zone, day)):
            if moment > last:
                yield moment
                last = moment
        cursor = datetime.combine(day + _DAY, time())


def list_next_times(cron: str, time_zone: str, after: datetime, number: int = 5) -> list[datetime]:
    """The next times after a moment, in UTC; less than so many where there are no more."""
    return list(islice(iterate_times(cron, time_zone, after), number))


def _find_day(cron: str, cursor: datetime) -> date | None:
    try:
        found: datetime = croniter(cron, cursor - timedelta(seconds=1)).get_next(datetime)
    except CroniterError:
        return None
    return found.date()


def _list_moments(cron: str, zone: ZoneInfo, day: date) -> Iterator[datetime]:
    """The moments of a day's times, as the clocks of the zone show them; unordered."""
    counts_both = "*" in cron.split()[1]
    times = croniter(cron, datetime.combine(day, time()) - timedelta(seconds=1))
    end = datetime.combine(day + _DAY, time())
    while True:
        try:
            local: datetime = times.get_next(datetime)
        except CroniterError:
            return
        if local >= end:
            return
        yield from _place(local.replace(tzinfo=zone), counts_both)


def _place(local: datetime, counts_both: bool) -> Iterator[datetime]:
    first, second = local.astimezone(UTC), local.replace(fold=1).astimezone(UTC)
    if first == second:
        yield first
    elif first > second:
        # Before a gap the offset is smaller than after it: read with either, the time lies on the other's side.
        yield _find_gap_end(second, first, local)
    else:
        yield first
        if counts_both:
            yield second


def _find_gap_end(before: datetime, after: datetime, local: datetime) -> datetime:
    """The moment between these two at which the clock of the zone goes on; changes come at full minutes."""
    zone = local.tzinfo
    start = before.astimezone(zone).utcoffset()
    minutes = int((after - before).total_seconds() // 60)
    low, high = 0, minutes
    while low < high:
        middle = (low + high) // 2
        moved = (before + timedelta(minutes=middle)).astimezone(zone).utcoffset() != start
        low, high = (low, middle) if moved else (middle + 1, high)
    return before + timedelta(minutes=low)


@dataclass(frozen=True)
class PlainTimes:
    """Times as people say them: `kind` is “minutes”, “day”, “weekdays”, “week”, “month” or “cron”."""

    kind: str
    at: time = time(8)
    minutes: int = 15
    weekday: int = 1
    day: int = 1
    cron: str = ""

    def write_cron(self) -> str:
        """The cron expression for them."""
        clock = f"{self.at.minute} {self.at.hour}"
        match self.kind:
            case "minutes":
                return "0 * * * *" if self.minutes == 60 else f"*/{self.minutes} * * * *"
            case "day":
                return f"{clock} * * *"
            case "weekdays":
                return f"{clock} * * {WEEKDAYS}"
            case "week":
                return f"{clock} * * {self.weekday}"
            case "month":
                return f"{clock} {self.day} * *"
        return self.cron

    def describe(self) -> str:
        """Say them in the language of the reader."""
        words = {"at": f"{self.at:%H:%M}", "day": self.day, "cron": self.cron}
        match self.kind:
            case "minutes":
                return ngettext(
                    "Every minute", "Every %(minutes)d minutes", self.minutes
                ) % {"minutes": self.minutes}  # fmt: skip
            case "day":
                return _("Every day at %(at)s") % words
            case "weekdays":
                return _("On weekdays at %(at)s") % words
            case "week":
                return _("Every %(weekday)s at %(at)s") % {**words, "weekday": list_weekdays()[self.weekday]}
            case "month":
                return _("On day %(day)d of every month at %(at)s") % words
        return self.cron


MINUTES = (1, 2, 5, 10, 15, 20, 30, 60)
"""How many minutes may lie between two times: each divides the hour."""


def list_weekdays() -> dict[int, str]:
    """The days of the week by their number in cron."""
    names = (
        _("Monday"),
        _("Tuesday"),
        _("Wednesday"),
        _("Thursday"),
        _("Friday"),
        _("Saturday"),
        _("Sunday"),
    )
    return {(number + 1) % 7: name for number, name in enumerate(names)}


def read_cron(cron: str) -> PlainTimes:
    """The words for a cron expression, as far as there are some; else “cron” with the expression itself."""
    if cron == "* * * * *":
        return PlainTimes("minutes", minutes=1, cron=cron)
    if cron == "0 * * * *":
        return PlainTimes("minutes", minutes=60, cron=cron)
    if (found := re.fullmatch(r"\*/(\d+) \* \* \* \*", cron)) and int(found[1]) in MINUTES:
        return PlainTimes("minutes", minutes=int(found[1]), cron=cron)
    found = re.fullmatch(r"(\d+) (\d+) (\*|\d+) \* (\*|1-5|[0-6])", cron)
    if found is None:
        return PlainTimes("cron", cron=cron)
    at = time(int(found[2]), int(found[1]))
    match found[3], found[4]:
        case "*", "*":
            return PlainTimes("day", at, cron=cron)
        case "*", "1-5":
            return PlainTimes("weekdays", at, cron=cron)
        case "*", weekday:
            return PlainTimes("week", at, weekday=int(weekday), cron=cron)
        case day, "*":
            return PlainTimes("month", at, day=int(day), cron=cron)
    return PlainTimes("cron", cron=cron)
