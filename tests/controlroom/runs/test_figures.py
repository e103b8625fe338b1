"""Figures: what is counted, what is drawn, and that each sees what they may see."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any
from xml.etree import ElementTree

import pytest
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from postroom.controlroom.accounts.models import User
from postroom.controlroom.runs.figures.counting import Span, get_figures
from postroom.controlroom.runs.figures.plots import choose_step, plot_messages, plot_runs
from postroom.controlroom.runs.models import Run
from support.people import People, create_user
from support.watched_mailboxes import create_bot

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 6, 10, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def add_runs(user: User, number: int, created: datetime, *, bot: Any = None, **fields: Any) -> None:
    """Add runs that began then, and took a minute."""
    bot = bot or create_bot(f"{Run.objects.count()}.bot.yaml")
    given = {"bot": bot, "version": bot.versions.get(), "run_as": user, "begun_by": user.username}
    took = {"started": created, "finished": created + timedelta(minutes=1)}
    Run.objects.bulk_create(
        Run(**{**given, "created": created, "status": "done", **took, **fields}) for _ in range(number)
    )


def test_runs_and_messages_are_counted_by_day(people: People) -> None:
    """Each on the day in UTC on which it began; days without any are there too."""
    bot = create_bot()
    add_runs(people.creator, 3, NOW, bot=bot, messages_handled=2)
    add_runs(people.creator, 2, NOW - DAY, bot=bot, status="failed")
    add_runs(people.creator, 1, datetime(2026, 6, 8, 23, 59, 59, tzinfo=UTC), bot=bot, status="cancelled")
    add_runs(people.creator, 4, NOW - 8 * DAY, bot=bot)
    add_runs(people.creator, 5, NOW, bot=bot, parent=Run.objects.first())
    figures = get_figures(people.administrator, 7, NOW)
    assert len(figures.spans) == 7
    assert figures.spans[-3:] == [
        Span(date(2026, 6, 8), other=1),
        Span(date(2026, 6, 9), failed=2),
        Span(date(2026, 6, 10), done=3, messages=6),
    ]
    assert (figures.total.runs, figures.total.messages) == (6, 6)
    (of_bot,) = figures.bots
    assert (of_bot.runs, of_bot.done, of_bot.failed, of_bot.average_seconds) == (6, 3, 2, 60.0)


def test_messages_of_child_bots_count_with_what_began_them(people: People) -> None:
    """Each once: on the day and for the bot of the run that began it all, however deep the child is."""
    add_runs(people.creator, 1, NOW - DAY, bot=create_bot("root.bot.yaml"), messages_handled=1)
    root = Run.objects.get()
    child_bot = create_bot("child.bot.yaml")
    add_runs(people.creator, 2, NOW, bot=child_bot, parent=root, root=root, messages_handled=10)
    child = Run.objects.filter(parent=root).first()
    add_runs(people.creator, 1, NOW, bot=child_bot, parent=child, root=root, messages_handled=100)
    figures = get_figures(people.administrator, 7, NOW)
    assert figures.spans[-2:] == [Span(date(2026, 6, 9), done=1, messages=121), Span(date(2026, 6, 10))]
    assert [(one.path, one.runs, one.messages) for one in figures.bots] == [("root.bot.yaml", 1, 121)]


def test_a_year_is_shown_by_weeks(people: People) -> None:
    """From Mondays on, with nothing counted twice or left out."""
    bot = create_bot()
    for days in range(0, 360, 9):
        add_runs(people.creator, 1, NOW - days * DAY, bot=bot)
    figures = get_figures(people.administrator, 365, NOW)
    assert figures.by_weeks
    assert all(span.begins.weekday() == 0 for span in figures.spans)
    assert figures.total.runs == 40


def test_others_runs_are_not_counted(people: People, client_as: Any) -> None:
    """Who may not see everybody's runs sees figures of their own."""
    runner = create_user("runner")
    add_runs(people.creator, 3, NOW)
    add_runs(runner, 2, NOW)
    assert get_figures(runner, 7, NOW).total.runs == 2
    assert get_figures(people.auditor, 7, NOW).total.runs == 5
    assert client_as(people.outsider).get("/figures/").status_code == 403


def test_a_plot_is_well_formed_and_says_what_it_shows() -> None:
    """A part for each status, a title for each day, and nothing that could run."""
    spans = [Span(date(2026, 6, day), done=day, failed=day % 3, messages=day * 1000) for day in range(1, 31)]
    for drawn in (plot_runs(spans, "Runs <&> all"), plot_messages(spans, "Messages")):
        root = ElementTree.fromstring(drawn)
        assert root.get("role") == "img"
        assert len(root.findall("g")) == 30
    assert 'aria-label="Runs &lt;&amp;&gt; all"' in plot_runs(spans, "Runs <&> all")


@pytest.mark.parametrize(
    ("highest", "step"), [(0, 1), (3, 1), (7, 2), (40, 10), (41, 20), (990, 500), (8000, 2000)]
)
def test_lines_of_a_plot_stand_at_round_numbers(highest: int, step: int) -> None:
    """One, two or five, with noughts."""
    assert choose_step(highest) == step


def test_the_page_has_plots_and_tables(people: People, client_as: Any) -> None:
    """And without any run a sentence in place of them."""
    client = client_as(people.administrator)
    assert "No runs in this time" in client.get("/figures/").content.decode()
    assert "<svg" not in client.get("/").content.decode().split("overview-cards")[-1].split("<table")[0]
    add_runs(people.creator, 3, timezone.now(), messages_handled=4)
    page = client.get("/figures/?days=7").content.decode()
    assert page.count('class="plot"') == 2
    assert "12 in all" in page
    assert 'class="plot"' in client.get("/").content.decode()


def test_figures_can_be_taken_along(people: People, client_as: Any) -> None:
    """As CSV with a row a day, and as JSON with the bots too."""
    add_runs(people.creator, 3, timezone.now(), messages_handled=4)
    client = client_as(people.administrator)
    rows = list(csv.DictReader(io.StringIO(client.get("/figures/export/csv?days=7").content.decode())))
    assert len(rows) == 7
    assert (rows[-1]["runs"], rows[-1]["messages"]) == ("3", "12")
    given = client.get("/figures/export/json?days=7").json()
    assert given["spans"][-1]["done"] == 3
    assert given["bots"][0]["messages"] == 12
    assert client.get("/figures/export/xml").status_code == 404


def test_the_database_does_the_counting(people: People) -> None:
    """Four queries, two of them for child bots, and no run is fetched, however many there are."""
    from django.db import connection

    add_runs(people.creator, 2000, NOW)
    with CaptureQueriesContext(connection) as queries:
        figures = get_figures(people.administrator, 30, NOW)
    assert figures.total.runs == 2000
    assert sum('"runs_run"' in query["sql"] for query in queries) == 4
