"""Workers that are killed while they answer mail: each mail is handled, each answer is sent exactly once."""

from pathlib import Path

import pytest

from support.killed_workers import begin_answering, check_each_once, kill_until_done
from support.people import create_user
from support.tenant import RunningTenant

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_survivor_goes_on(tenant: RunningTenant, tmp_path: Path) -> None:
    """Of two workers one dies every few requests and steps, and the other goes on."""
    run = begin_answering(create_user("bots"), tenant, tmp_path, 2)
    deaths = kill_until_done(tmp_path, tenant.environment, run, [9, 7, 5], lease_seconds=1.5)
    assert (run.status, run.error_message) == ("done", "")
    assert deaths > 0
    assert run.messages_handled == 2
    check_each_once(tenant, tmp_path, 2)
