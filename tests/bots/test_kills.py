"""A bot is killed, again and again, and goes on each time: each mail is handled, each answer is sent exactly once."""

from collections import Counter
from collections.abc import Iterable
from itertools import chain, count, cycle, islice
from pathlib import Path
from uuid import uuid4

import pytest

from support.killed_run import KILLED, run_and_kill
from support.mail import make_mail
from support.tenant import RunningTenant

AP, ADELE = "ap@contoso.com", "adele@contoso.com"
PLACES = ("before", "after", "running", "done")
MOST_DEATHS = 1000
REQUESTS_OF_A_MAIL = (
    *("GET attachments", "GET $value"),
    *("GET messages", "POST createReply", "PATCH", "POST send"),
    "POST move",
)
STEPS_OF_A_MAIL = ("Save attachments", "Reply", "Move")
EACH_PLACE = [
    *((when, name) for name in REQUESTS_OF_A_MAIL for when in ("before", "after")),
    *((when, name) for name in STEPS_OF_A_MAIL for when in ("running", "done")),
]


def deliver(tenant: RunningTenant, mails: int) -> None:
    """Put so many mails with a file each into the inbox."""
    tenant.set_limits(mode="off")  # else answers wait in the Outbox, as so many a minute do
    for number in range(mails):
        files = {f"invoice {number}.pdf": f"invoice {number}".encode()}
        tenant.deliver(AP, make_mail(f"Invoice {number}", ADELE, AP, attachments=files))


def kill_until_done(tenant: RunningTenant, folder: Path, deaths: Iterable[dict[str, object]]) -> list[str]:
    """Run the bot, and kill each process by the next of these deaths, until one comes to the end.

    A death says where, as `support.killed_run.Killed` takes it. Where they are over, the next process lives. Gives what
    the processes died in.
    """
    run_id, environment = str(uuid4()), tenant.environment | tenant.credential()
    for death in chain(deaths, [{}]):
        over = run_and_kill(environment, folder=str(folder), run_id=run_id, death=death)
        if over.returncode != KILLED:
            assert over.returncode == 0, over.stderr
            break
    return (folder / "deaths").read_text().splitlines()


def check_each_once(tenant: RunningTenant, folder: Path, mails: int) -> None:
    """Check that each mail was saved, answered once and moved, and that nothing is left over."""
    everything = dict.fromkeys(range(mails), 1)
    subjects = Counter(
        message.subject for message in tenant.mailbox(ADELE).messages if message.folder == "Inbox"
    )
    assert subjects == {f"RE: Invoice {number}": 1 for number in everything} or subjects == {
        f"Re: Invoice {number}": 1 for number in everything
    }
    by_folder = Counter(message.folder for message in tenant.mailbox(AP).messages)
    assert by_folder == {"Archive": mails, "Sent Items": mails}
    saved = sorted(path.read_text() for path in (folder / "saved").rglob("*.pdf"))
    assert saved == sorted(f"invoice {number}" for number in everything)


def test_a_bot_that_is_killed_goes_on(tenant: RunningTenant, tmp_path: Path) -> None:
    """Four deaths in one run of two mails: before a request, after one, as a step begins, and after one."""
    deliver(tenant, 2)
    deaths = kill_until_done(
        tenant,
        tmp_path,
        [{"kill": kill, "at": at} for kill, at in zip(PLACES, [9, 6, 2, 2], strict=True)],
    )
    check_each_once(tenant, tmp_path, 2)
    assert [death.split()[0] for death in deaths] == list(PLACES)


@pytest.mark.proof
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("kill", PLACES)
def test_a_bot_may_die_anywhere(tenant: RunningTenant, tmp_path: Path, kill: str) -> None:
    """For each request, and each step, of a bot that handles two mails, a run that dies there and is resumed once.

    It dies before the request leaves, or when it was answered and before the answer is read; when the step begins, or
    when it is done and before the journal has it. Nothing is left out: it ends when a run comes to its end unkilled.
    """
    environment = tenant.environment | tenant.credential()
    for at in count(1):
        tenant.reset()
        deliver(tenant, 2)
        folder, run_id = tmp_path / str(at), str(uuid4())
        folder.mkdir()
        first = run_and_kill(environment, folder=str(folder), run_id=run_id, death={"kill": kill, "at": at})
        if first.returncode == 0:
            break
        assert first.returncode == KILLED, first.stderr
        second = run_and_kill(environment, folder=str(folder), run_id=run_id)
        assert second.returncode == 0, second.stderr
        check_each_once(tenant, folder, 2)
    assert at > 8  # steps: connect, list, and three for each mail; requests are more


@pytest.mark.proof
@pytest.mark.timeout(3600)
def test_a_bot_of_200_mails_is_killed_all_along(tenant: RunningTenant, tmp_path: Path) -> None:
    """Two hundred mails, and a death at each, in all the requests and steps of a mail in turn, throughout one run.

    So each of its 20 places is died in about ten times. That the run may die in each place of all its mails would be
    four thousand deaths: the proof above is of each place, this one of how they add up.
    """
    deliver(tenant, 200)
    each_in_turn = (
        {"kill": when, "name": name, "since": "Save attachments"} for when, name in cycle(EACH_PLACE)
    )
    deaths = kill_until_done(tenant, tmp_path, islice(each_in_turn, MOST_DEATHS))
    check_each_once(tenant, tmp_path, 200)
    assert MOST_DEATHS > len(deaths) > 150
    times = Counter(deaths)
    assert set(times) == {f"{when} {name}" for when, name in EACH_PLACE}
    assert min(times.values()) > 4
