"""The list of runs in pages: whole, in order, and as quick at its end as at its beginning."""

import uuid
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from support.people import People

if TYPE_CHECKING:
    from postroom.controlroom.runs.models import BotVersion, Run

MANY = 20_000


def test_pages_go_through_all_runs_and_back(people: People, make_run: "Callable[..., Run]") -> None:
    """Each run is on one page, also where several were begun at the same moment."""
    from postroom.controlroom.runs.models import Run
    from postroom.controlroom.runs.selection import RunSelection

    now = timezone.now()
    made = {make_run(people.creator, created=now - timedelta(seconds=number // 4)).pk for number in range(23)}
    seen: list[uuid.UUID] = []
    pages = [RunSelection().get_page(Run.objects.all(), limit=5)]
    while pages[-1].older:
        pages.append(RunSelection().get_page(Run.objects.all(), before=pages[-1].older, limit=5))
    for page in pages:
        seen += [run.pk for run in page.runs]
    assert len(seen) == len(made)
    assert set(seen) == made
    back = RunSelection().get_page(Run.objects.all(), after=pages[2].newer, limit=5)
    assert [run.pk for run in back.runs] == [run.pk for run in pages[1].runs]
    assert RunSelection().get_page(Run.objects.all(), after=pages[1].newer, limit=5).newer == ""


@pytest.mark.parametrize("place", ["nothing", "2026-01-01_x", "2026-01-01T00:00:00+00:00_", "9999-99-99_1"])
def test_a_place_that_is_none_is_refused(db: None, place: str) -> None:
    """Whoever makes up a place is told, in a sentence."""
    from postroom.controlroom.runs.models import Run
    from postroom.controlroom.runs.selection import RunSelection
    from postroom.errors import SettingError

    with pytest.raises(SettingError, match="no place in the list"):
        RunSelection().get_page(Run.objects.all(), before=place)


def test_every_page_reads_as_little_as_the_first(people: People, deploy: "Callable[..., BotVersion]") -> None:
    """Among many runs no page is found by going through them: the database seeks by an index."""
    from django.db import connection

    from postroom.controlroom.runs.models import Run
    from postroom.controlroom.runs.selection import Cursor, RunSelection

    version = deploy()
    now = timezone.now()

    def make(number: int) -> "Run":
        status = "failed" if number % 1000 == 0 else "done"
        created: datetime = now - timedelta(seconds=number)
        return Run(
            bot=version.bot,
            version=version,
            run_as=people.creator,
            begun_by="x",
            status=status,
            created=created,
        )

    Run.objects.bulk_create((make(number) for number in range(MANY)), batch_size=2000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE runs_run")
    last = Run.objects.order_by("created", "id")[60]
    for selection in (RunSelection(), RunSelection(status="failed"), RunSelection(bot="intake.bot.yaml")):
        page = selection.get_page(Run.objects.all(), before=Cursor.find(last).write())
        assert all(run.created <= last.created for run in page.runs)
        plan = selection._filter(Run.objects.all()).order_by("-created", "-id")[:50].explain()
        assert "runs_by_" in plan, plan
