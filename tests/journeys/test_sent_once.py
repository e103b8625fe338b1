"""Everybody gets each mail exactly once: when answers are lost, and when the process is killed within any request."""

import multiprocessing
import signal
import sys
from collections import Counter
from collections.abc import Mapping
from itertools import product
from pathlib import Path
from typing import Any

import pytest

from postroom import outlook
from postroom.errors import AttachmentTooLargeError
from postroom.graph import retries
from postroom.graph.uploads import LARGEST_RANGE_BYTES
from support.connections import Connect
from support.killed_sender import send_and_die
from support.mail import make_mail
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

LARGE_BYTES = LARGEST_RANGE_BYTES + 256
"""Two ranges of an upload."""

CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
ALWAYS_KILLED = {
    (GLOBAL, "send", "answer lost"),
    (GLOBAL, "forward", "request lost"),
    (GCC_HIGH, "send", "request lost"),
    (GCC_HIGH, "reply", "answer lost"),
}
"""Each action, each cloud and each way to lose something; the others are proofs."""

KILLED = [
    pytest.param(*how, marks=() if how in ALWAYS_KILLED else pytest.mark.proof)
    for how in product((GLOBAL, GCC_HIGH), ("send", "reply", "forward"), ("request lost", "answer lost"))
]


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the client not wait between attempts."""
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)


@pytest.fixture
def files(tmp_path: Path) -> list[Path]:
    """Give a small file, and one that goes in ranges."""
    small, large = tmp_path / "report.pdf", tmp_path / "scan.tif"
    small.write_bytes(b"%PDF")
    large.write_bytes(bytes(range(256)) * (LARGE_BYTES // 256))
    return [small, large]


def list_files(cloud: str, files: list[Path]) -> list[Path]:
    """The files that a cloud takes."""
    return files if cloud == GLOBAL else files[:1]


def people(tenant: RunningTenant, cloud: str) -> tuple[str, str, str]:
    """Give the addresses of who sends and of two who receive."""
    domain = tenant.cloud(cloud)["domain"]
    return f"ap@{domain}", f"adele@{domain}", f"megan@{domain}"


def deliver_orders(tenant: RunningTenant, cloud: str, count: int) -> None:
    ap, adele, _ = people(tenant, cloud)
    for number in range(count):
        tenant.deliver(ap, make_mail(f"Order {number}", adele, ap, "Text", {"order.pdf": b"order"}))


def count_received(tenant: RunningTenant, address: str) -> Counter[tuple[str, tuple[str, ...]]]:
    """Count what lies in an Inbox, by subject and names of attachments."""
    return Counter(
        (message.subject.upper(), tuple(sorted(found.name for found in message.attachments)))
        for message in tenant.mailbox(address).inbox
    )


def check_nothing_left(tenant: RunningTenant, address: str, sent: int) -> None:
    folders = tenant.folders(address)
    assert folders["Sent Items"]["total"] == sent
    assert folders["Drafts"]["total"] == folders["Deleted Items"]["total"] == 0


def send_many(
    mailbox: outlook.Mailbox, recipients: tuple[str, str], files: list[Path], count: int, large_every: int
) -> None:
    adele, megan = recipients
    for number, message in enumerate(list(mailbox.messages(order="oldest"))[:count]):
        attached = files if number % large_every == 0 else files[:1]
        mailbox.send(to=f"{adele}; {megan}", subject=f"Report {number}", body="Here", attachments=attached)
        mailbox.reply(message, "Thanks", attachments=attached)
        mailbox.reply_all(message, "Thanks, all", cc=megan)
        mailbox.forward(message, "See below", to=megan, attachments=attached)


def lose_answers(tenant: RunningTenant) -> None:
    for path in ("/v1.0/*", "/api/gv1.0/*"):
        tenant.add_fault(path=path, drop_response=True, probability=0.2)


@CLOUDS
@pytest.mark.parametrize(
    ("count", "large_every"),
    [(12, 6), pytest.param(100, 10, marks=[pytest.mark.proof, pytest.mark.timeout(900)])],
)
def test_with_a_fifth_of_all_answers_lost_everybody_gets_each_mail_once(
    connect: Connect, tenant: RunningTenant, cloud: str, files: list[Path], count: int, large_every: int
) -> None:
    """New messages, answers and messages passed on, with small and large files: each arrives once, and whole."""
    tenant.set_limits(mode="off")
    ap, adele, megan = people(tenant, cloud)
    deliver_orders(tenant, cloud, count)
    mailbox = connect(cloud=cloud)
    lose_answers(tenant)
    send_many(mailbox, (adele, megan), list_files(cloud, files), count, large_every)
    tenant.clear_faults()
    expected: dict[str, Counter[tuple[str, tuple[str, ...]]]] = {adele: Counter(), megan: Counter()}
    for number in range(count):
        attached = files if cloud == GLOBAL and number % large_every == 0 else files[:1]
        names = [file.name for file in attached]
        for address in (adele, megan):
            expected[address][(f"REPORT {number}", tuple(sorted(names)))] += 1
        expected[adele][(f"RE: ORDER {number}", tuple(sorted(names)))] += 1
        expected[adele][(f"RE: ORDER {number}", ())] += 1
        expected[megan][(f"RE: ORDER {number}", ())] += 1
        expected[megan][(f"FW: ORDER {number}", tuple(sorted([*names, "order.pdf"])))] += 1
    assert count_received(tenant, adele) == expected[adele]
    assert count_received(tenant, megan) == expected[megan]
    check_nothing_left(tenant, ap, 4 * count)


def run_until_killed(tenant: RunningTenant, cloud: str, *work: Any, is_done: bool) -> bool:
    """Do it in a process of its own, and tell whether that was killed, or came to its end before."""
    app, described = tenant.app(cloud=cloud), tenant.cloud(cloud)
    authentication = {
        "client_id": app["client_id"],
        "client_secret": app["client_secret"],
        "tenant_id": described["tenant_id"],
        "username": people(tenant, cloud)[0],
    }
    context = multiprocessing.get_context("forkserver")
    # What a script imports is imported once, for all that are killed.
    context.set_forkserver_preload(["postroom.outlook", "msal"])
    arguments = (tenant.environment, cloud, authentication, *work)
    process = context.Process(target=send_and_die, args=arguments, kwargs={"is_done": is_done})
    process.start()
    process.join()
    assert process.exitcode in (0, -signal.SIGKILL)
    return process.exitcode != 0


@pytest.mark.skipif(sys.platform == "win32", reason="This system cannot kill a process as others do.")
@pytest.mark.timeout(600)
@pytest.mark.parametrize(("cloud", "action", "lost"), KILLED)
def test_killed_within_any_request_and_run_again(
    connect: Connect, tenant: RunningTenant, cloud: str, files: list[Path], action: str, lost: str
) -> None:
    """A script that is killed in each of its requests in turn, and run again with the same `once`, sends once."""
    tenant.set_limits(mode="off")
    ap, adele, megan = people(tenant, cloud)
    deliver_orders(tenant, cloud, 1)
    mailbox = connect(cloud=cloud)
    (order,) = mailbox.messages()
    attached = list_files(cloud, files)
    names = tuple(
        sorted([*(file.name for file in attached), *(["order.pdf"] if action == "forward" else [])])
    )
    given: Mapping[str, Mapping[str, Any]] = {
        "send": {"to": f"{adele}; {megan}", "subject": "Re: order 0"},
        "reply": {"messages": order.id, "body": "Thanks", "cc": megan},
        "forward": {"messages": order.id, "body": "See below", "to": f"{adele}; {megan}"},
    }
    subject = "FW: ORDER 0" if action == "forward" else "RE: ORDER 0"
    turns, killed = 0, True
    while killed:
        turns += 1
        settings = {**given[action], "attachments": attached, "once": f"invoice {turns}"}
        killed = run_until_killed(tenant, cloud, action, settings, turns, is_done=lost == "answer lost")
        for _ in range(2):
            getattr(mailbox, action)(**settings)
        for address in (adele, megan):
            assert tenant.folders(address)["Inbox"]["total"] == turns
    assert turns > 5
    for address in (adele, megan):
        assert count_received(tenant, address) == {(subject, names): turns}
    assert tenant.folders(ap)["Sent Items"]["total"] == turns
    # An answer is stamped after it was made where a cloud's answers take no parameters: killed between, one stays.
    left = 1 if cloud == GCC_HIGH and action != "send" else 0
    assert tenant.folders(ap)["Drafts"]["total"] == left


def test_a_cloud_without_upload_sessions_says_so(
    connect: Connect, tenant: RunningTenant, files: list[Path]
) -> None:
    """Where a large file cannot be attached, nothing is sent, no draft stays; where the service is ahead of its
    schema, it is attached.
    """
    ap, adele, _ = people(tenant, GCC_HIGH)
    mailbox = connect(cloud=GCC_HIGH)
    with pytest.raises(AttachmentTooLargeError, match="no upload sessions"):
        mailbox.send(to=adele, subject="Scan", attachments=files)
    assert tenant.folders(ap)["Drafts"]["total"] == tenant.folders(adele)["Inbox"]["total"] == 0
    tenant.serve_absent(GCC_HIGH)
    mailbox.send(to=adele, subject="Scan", attachments=files)
    (received,) = tenant.mailbox(adele).inbox
    assert [file.content for file in received.attachments] == [file.read_bytes() for file in files]
