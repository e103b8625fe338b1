"""Bots on their pages: deployed, compared, taken back and out of use."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from controlroom.runs.conftest import INTAKE
from support.people import People

if TYPE_CHECKING:
    from django.test import Client

    from postroom.controlroom.runs.models import BotVersion

Open = Callable[..., "Client"]
Deploy = Callable[..., "BotVersion"]


@pytest.fixture
def creator(people: People, client_as: Open) -> "Client":
    """Give the browser of somebody who may deploy and run."""
    return client_as(people.creator)


def read(answer: Any) -> str:
    """The text of a page."""
    assert answer.status_code == 200, answer
    return str(answer.content.decode())


def test_without_bots_the_page_says_what_to_do(creator: "Client") -> None:
    """Whoever may deploy is led to it."""
    page = read(creator.get("/bots/"))
    assert "No bots are deployed yet" in page
    assert 'href="/bots/deploy/"' in page


def test_a_pasted_file_is_deployed(creator: "Client", people: People) -> None:
    """The first deployment makes the bot with its name, description and inputs; the audit trail names it."""
    from postroom.controlroom.audit.models import AuditEntry
    from postroom.controlroom.runs.models import Bot

    given = {"path": "intake.bot.yaml", "text": INTAKE, "note": "The first"}
    page = read(creator.post("/bots/deploy/", given, follow=True))
    bot = Bot.objects.get(path="intake.bot.yaml")
    version = bot.versions.get()
    assert (bot.name, bot.description, version.number, version.deployed_by) == (
        "Invoice intake",
        "Files invoices.",
        1,
        people.creator,
    )
    assert [(one["name"], one["kind"], one["default"]) for one in version.inputs] == [
        ("folder", "text", "Inbox"),
        ("limit", "number", 10),
    ]
    assert "Invoice intake" in page
    assert "The first" in page
    entry = AuditEntry.objects.get(event="BOT_DEPLOYED")
    assert (entry.actor, entry.target, entry.details["version"]) == ("creator", "intake.bot.yaml", 1)


def test_an_uploaded_file_takes_its_own_name(creator: "Client") -> None:
    """The name of the file is the path, unless another is given."""
    from postroom.controlroom.runs.models import Bot

    file = SimpleUploadedFile("post.bot.yaml", INTAKE.encode())
    creator.post("/bots/deploy/", {"file": file, "path": "", "text": "", "note": ""})
    assert Bot.objects.get().path == "post.bot.yaml"


def test_what_is_no_text_is_refused(creator: "Client") -> None:
    """A picture is no bot file, and that is said."""
    file = SimpleUploadedFile("post.bot.yaml", b"\xff\xd8\xff")
    assert "not text in UTF-8" in read(creator.post("/bots/deploy/", {"file": file}))


def test_faults_are_shown_with_their_lines(creator: "Client") -> None:
    """All faults at once, each with its line; nothing is deployed, and the text is still there to mend."""
    from postroom.controlroom.runs.models import Bot

    text = INTAKE.replace("outlook.messages", "outlook.mesages").replace("cloud:", "clod:")
    page = read(creator.post("/bots/deploy/", {"path": "intake.bot.yaml", "text": text}))
    assert not Bot.objects.exists()
    lines = [
        number for number, line in enumerate(text.splitlines(), 1) if "mesages" in line or "clod" in line
    ]
    for line in lines:
        assert f'href="#L{line}"' in page
    assert page.count('class="is-faulty"') == 2
    assert "outlook.mesages" in page.partition("<textarea")[2]


def test_checking_deploys_nothing(creator: "Client") -> None:
    """“Check only” tells that there is no fault, and no more."""
    from postroom.controlroom.runs.models import Bot

    page = read(creator.post("/bots/deploy/", {"path": "a.bot.yaml", "text": INTAKE, "check": "1"}))
    assert "holds no fault" in page
    assert not Bot.objects.exists()


@pytest.mark.parametrize(
    "path",
    [
        "intake.yaml",
        "../a.bot.yaml",
        "/a.bot.yaml",
        "a:b.bot.yaml",
        "a@3.bot.yaml",
        "a\\b.bot.yaml",
        "tools.py:f",
        ".bot.yaml",
    ],
)
def test_names_that_are_refused(creator: "Client", path: str) -> None:
    """A name that would lead elsewhere, or that references give another meaning, is refused with a sentence."""
    from postroom.controlroom.runs.models import Bot

    assert "A bot file is named like" in read(creator.post("/bots/deploy/", {"path": path, "text": INTAKE}))
    assert not Bot.objects.exists()


def test_a_child_bot_must_be_deployed_before_its_parent(creator: "Client") -> None:
    """A parent that runs a bot that nobody has deployed has a fault at that line."""
    text = "name: Parent\nsteps:\n  - run_bot: child.bot.yaml\n"
    page = read(creator.post("/bots/deploy/", {"path": "parent.bot.yaml", "text": text}))
    assert 'href="#L3"' in page
    assert "child.bot.yaml is not deployed" in page


def test_the_same_text_again_is_no_new_version(deploy: Deploy) -> None:
    """Who deploys what is there gets the version that is there."""
    assert deploy().pk == deploy().pk


def test_versions_are_compared_and_taken_back(creator: "Client", deploy: Deploy) -> None:
    """What differs is shown by lines; going back makes a new version with the old text."""
    first = deploy()
    deploy(text=INTAKE.replace("folder: Inbox", "folder: Archive"))
    page = read(creator.get(f"/bots/{first.bot_id}/versions/2/differences/"))
    assert 'class="is-removed"' in page
    assert "folder: Archive" in page
    page = read(creator.post(f"/bots/{first.bot_id}/versions/1/go-back/", follow=True))
    newest = first.bot.versions.first()
    assert (newest.number, newest.text, newest.note) == (3, INTAKE, "Back to version 1")
    assert "Back to version 1" in page


def test_a_line_of_a_version_can_be_linked(creator: "Client", deploy: Deploy) -> None:
    """Each line of the text has an address of its own."""
    page = read(creator.get(f"/bots/{deploy().bot_id}/versions/1/"))
    assert 'id="L14"' in page


def test_the_text_of_a_bot_is_for_those_who_deploy(people: People, client_as: Open, deploy: Deploy) -> None:
    """Whoever only views runs sees the bot, and not its text, which may hold an insecure string."""
    version = deploy()
    auditor = client_as(people.auditor)
    assert "Invoice intake" in read(auditor.get(f"/bots/{version.bot_id}/"))
    assert auditor.get(f"/bots/{version.bot_id}/versions/1/").status_code == 403
    assert auditor.get(f"/bots/{version.bot_id}/versions/1/differences/").status_code == 403


def test_a_bot_out_of_use(creator: "Client", deploy: Deploy) -> None:
    """It is asked before; then nobody runs it, it leaves the list, and deploying it brings it back."""
    bot = deploy().bot
    assert "Take Invoice intake out of use?" in read(creator.get(f"/bots/{bot.pk}/withdraw/"))
    assert "is out of use" in read(creator.post(f"/bots/{bot.pk}/withdraw/", follow=True))
    assert "Invoice intake" not in read(creator.get("/bots/"))
    assert "Invoice intake" in read(creator.get("/bots/?withdrawn"))
    assert "was taken out of use" in read(creator.get(f"/bots/{bot.pk}/run/", follow=True))
    deploy()
    bot.refresh_from_db()
    assert bot.withdrawn is None


def test_limits(creator: "Client", deploy: Deploy) -> None:
    """Limits are kept, refused below one, and emptied again."""
    bot = deploy().bot
    creator.post(f"/bots/{bot.pk}/limits/", {"run_limit": "2", "time_limit_seconds": "600"})
    bot.refresh_from_db()
    assert (bot.run_limit, bot.time_limit_seconds) == (2, 600)
    creator.post(f"/bots/{bot.pk}/limits/", {"run_limit": "0", "time_limit_seconds": ""})
    bot.refresh_from_db()
    assert bot.run_limit == 2
    creator.post(f"/bots/{bot.pk}/limits/", {"run_limit": "", "time_limit_seconds": ""})
    bot.refresh_from_db()
    assert (bot.run_limit, bot.time_limit_seconds) == (None, None)


def test_bots_are_found(creator: "Client", deploy: Deploy) -> None:
    """A part of the name or file finds a bot; where none is found, there is a way back."""
    deploy()
    deploy(path="other.bot.yaml", text=INTAKE.replace("Invoice intake", "Newsletter"))
    page = read(creator.get("/bots/?search=INTAKE"))
    assert "Invoice intake" in page
    assert "Newsletter" not in page
    assert "No bot is called" in read(creator.get("/bots/?search=nothing"))


def test_a_mailbox_is_limited(creator: "Client", deploy: Deploy) -> None:
    """A page sets how many runs work in a mailbox at once, changes it and removes it; the audit trail has it."""
    from postroom.controlroom.audit.models import AuditEntry
    from postroom.controlroom.runs.models import MailboxLimit

    deploy()
    assert 'href="/bots/mailboxes/"' in read(creator.get("/bots/"))
    assert "No mailbox has a limit" in read(creator.get("/bots/mailboxes/"))
    for runs in (1, 2):
        page = read(
            creator.post("/bots/mailboxes/", {"address": " AP@Contoso.com", "runs": runs}, follow=True)
        )
    limit = MailboxLimit.objects.get()
    assert (limit.address, limit.runs) == ("ap@contoso.com", 2)
    assert "2 runs at once" in page
    assert "No mailbox has a limit" in read(creator.post(f"/bots/mailboxes/{limit.pk}/remove/", follow=True))
    told = AuditEntry.objects.filter(event__startswith="MAILBOX_LIMIT").order_by("sequence")
    assert [(entry.event, entry.target, entry.details.get("runs")) for entry in told] == [
        ("MAILBOX_LIMIT_SET", "ap@contoso.com", 1),
        ("MAILBOX_LIMIT_SET", "ap@contoso.com", 2),
        ("MAILBOX_LIMIT_REMOVED", "ap@contoso.com", None),
    ]


@pytest.mark.parametrize(
    ("address", "runs"), [("nobody", 1), ("", 1), ("ap@contoso.com", 0), ("ap@contoso.com", "")]
)
def test_a_mailbox_limit_that_is_none(creator: "Client", address: str, runs: Any) -> None:
    """What is no address or no number is told beside its field, and nothing is set."""
    from postroom.controlroom.runs.models import MailboxLimit

    read(creator.post("/bots/mailboxes/", {"address": address, "runs": runs}))
    assert not MailboxLimit.objects.exists()


def test_a_bot_that_needs_a_session_is_not_offered_to_run(creator: "Client", deploy: Deploy) -> None:
    """Neither list nor page offers to run it by hand, and its page says why."""
    text = """
name: Urgent
inputs:
  work: {type: session}
steps:
  - uses: outlook.folder
    with: {session: "${{ work }}", folder: Inbox}
"""
    version, other = deploy("urgent.bot.yaml", text), deploy()
    page = read(creator.get("/bots/"))
    assert f'href="/bots/{version.bot_id}/run/"' not in page
    assert f'href="/bots/{other.bot_id}/run/"' in page
    page = read(creator.get(f"/bots/{version.bot_id}/"))
    assert f'href="/bots/{version.bot_id}/run/"' not in page
    assert "cannot be run by itself" in page
    assert "cannot be run by itself" not in read(creator.get(f"/bots/{other.bot_id}/"))
