"""When a cron expression comes: in plain words, where clocks change, and where it never does."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.controlroom.runs.schedules.times import (
    MINUTES,
    PlainTimes,
    check_cron,
    check_time_zone,
    list_next_times,
    read_cron,
)
from postroom.errors import SettingError

FIELDS = st.tuples(
    st.sampled_from(["0", "30", "*", "*/15", "5-10", "1,59"]),
    st.sampled_from(["0", "2", "23", "*", "*/6", "1-3"]),
    st.sampled_from(["*", "1", "31", "29"]),
    st.sampled_from(["*", "2", "3-5", "12"]),
    st.sampled_from(["*", "1-5", "0", "sun"]),
)
ZONES = st.sampled_from(
    ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Tokyo", "America/Havana"]
)
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - made UTC

UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=40)


def show(cron: str, zone: str, after: datetime, number: int) -> list[str]:
    """Give the next times as the clocks of the zone show them."""
    return [
        moment.astimezone(ZoneInfo(zone)).isoformat()[5:]
        for moment in list_next_times(cron, zone, after, number)
    ]


def test_a_time_that_does_not_exist_comes_when_the_clock_goes_on() -> None:
    """02:30 on the day on which it is 03:00 after 02:00: once, at 03:00."""
    assert show("30 2 * * *", "Europe/Berlin", datetime(2026, 3, 28, tzinfo=UTC), 3) == [
        "03-28T02:30:00+01:00",
        "03-29T03:00:00+02:00",
        "03-30T02:30:00+02:00",
    ]


def test_a_time_that_comes_twice_counts_the_first_time() -> None:
    """02:30 on the day on which it is 02:00 again after 03:00: once, the first."""
    assert show("30 2 * * *", "Europe/Berlin", datetime(2026, 10, 24, 12, tzinfo=UTC), 2) == [
        "10-25T02:30:00+02:00",
        "10-26T02:30:00+01:00",
    ]


def test_every_half_hour_stays_every_half_hour() -> None:
    """Where every hour is meant, both hours of the same name count, and none is made up for."""
    autumn = list_next_times("*/30 * * * *", "Europe/Berlin", datetime(2026, 10, 24, 22, tzinfo=UTC), 12)
    spring = list_next_times("*/30 * * * *", "Europe/Berlin", datetime(2026, 3, 28, 23, tzinfo=UTC), 12)
    for times in (autumn, spring):
        assert {later - sooner for sooner, later in pairwise(times)} == {timedelta(minutes=30)}


def test_a_clock_that_moves_by_half_an_hour() -> None:
    """Lord Howe goes on by thirty minutes; a time in between comes when it does."""
    assert show("15 2 * * *", "Australia/Lord_Howe", datetime(2026, 10, 3, tzinfo=UTC), 1) == [
        "10-04T02:30:00+11:00"
    ]


def test_a_day_that_a_zone_left_out() -> None:
    """Samoa had no 30 December 2011: what was to come then came as the next day began."""
    assert show("0 12 30 12 *", "Pacific/Apia", datetime(2011, 12, 1, tzinfo=UTC), 1) == [
        "12-31T00:00:00+14:00"
    ]


@UNHURRIED
@given(FIELDS, ZONES, MOMENTS)
def test_times_come_in_order_and_after_the_moment(
    fields: tuple[str, ...], zone: str, after: datetime
) -> None:
    """None twice, none before, and going on from one of them gives those that follow it."""
    cron = " ".join(fields)
    times = list_next_times(cron, zone, after, 6)
    assert times == sorted(set(times))
    assert all(moment > after for moment in times)
    if len(times) == 6:
        assert list_next_times(cron, zone, times[2], 3) == times[3:]


@pytest.mark.parametrize(
    "cron",
    [
        "",
        "0 8 * *",
        "* * * * * *",
        "@daily",
        "61 * * * *",
        "h * * * *",
        "*/0 * * * *",
        "x y z a b",
        "0 0 * * 9",
    ],
)
def test_what_is_no_cron_expression_is_refused(cron: str) -> None:
    """With a sentence that says how one is written."""
    with pytest.raises(SettingError, match="five fields"):
        check_cron(cron)


def test_what_never_comes_is_refused() -> None:
    """The thirtieth of February."""
    with pytest.raises(SettingError, match="never comes"):
        check_cron("0 0 30 2 *")


@UNHURRIED
@given(st.text(max_size=30))
def test_any_text_is_refused_or_can_be_told(text: str) -> None:
    """Whatever people write, it is a sentence or times."""
    try:
        cron = check_cron(text)
    except SettingError:
        return
    assert list_next_times(cron, "UTC", datetime(2026, 1, 1, tzinfo=UTC), 1)


def test_a_time_zone_must_be_known() -> None:
    """By the name that the database of time zones has."""
    assert check_time_zone("Asia/Tokyo") == "Asia/Tokyo"
    with pytest.raises(SettingError, match="no time zone"):
        check_time_zone("Mars/Olympus")


@UNHURRIED
@given(
    st.sampled_from(["day", "weekdays", "week", "month", "minutes"]),
    st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    st.sampled_from(MINUTES),
    st.integers(0, 6),
    st.integers(1, 28),
)
def test_plain_words_are_found_again_in_the_cron_expression(
    kind: str, at: object, minutes: int, weekday: int, day: int
) -> None:
    """What the form wrote, the form shows again."""
    cron = check_cron(PlainTimes(kind, at, minutes, weekday, day).write_cron())  # type: ignore[arg-type]
    found = read_cron(cron)
    assert found.kind == kind
    assert found.write_cron() == cron
    assert found.describe()


def test_other_expressions_stay_as_they_are() -> None:
    """For what has no plain words the expression itself is shown."""
    assert read_cron("0 8,12 * * *").describe() == "0 8,12 * * *"
