"""`postroom mail`: what a person types, and gets."""

import json
from pathlib import Path
from typing import Any

import pytest

from support.command_line import Postroom, run_here
from support.tenant import GCC_HIGH, RunningTenant

AP = "ap@contoso.com"
COMMANDS = [
    "list", "show", "save-attachments", "save", "change-status", "move", "delete", "send", "reply",
    "folder-exists", "create-folder",
]  # fmt: skip


def write_mail(subject: str, name: str = "invoice.pdf") -> bytes:
    """Write a message with an attachment."""
    lines = [
        "From: Megan Bowen <megan@contoso.com>",
        f"To: Accounts Payable <{AP}>",
        f"Subject: {subject}",
        "Date: Fri, 22 May 2026 09:00:00 +0000",
        "MIME-Version: 1.0",
        "Content-Type: multipart/mixed; boundary=cut",
        "",
        "--cut",
        "Content-Type: text/plain; charset=utf-8",
        "",
        "Please pay within 30 days.",
        "--cut",
        "Content-Type: application/pdf",
        f'Content-Disposition: attachment; filename="{name}"',
        "",
        "pdf",
        "--cut--",
        "",
    ]
    return "\r\n".join(lines).encode()


@pytest.fixture
def invoice(tenant: RunningTenant) -> str:
    """Deliver an invoice, and give its id."""
    return tenant.deliver(AP, write_mail("Invoice 4711"))


def read_list(postroom: Postroom, *arguments: str) -> list[dict[str, Any]]:
    """List messages as JSON."""
    done = postroom("mail", "list", *arguments, "--output", "json")
    assert done.returncode == 0, done.stderr
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_a_pipe_gets_a_line_for_each_message_with_its_id_first(postroom: Postroom, invoice: str) -> None:
    """What is not a terminal gets tabs, and nothing cut off."""
    done = postroom("mail", "list")
    assert done.returncode == 0, done.stderr
    message_id, received, sender, subject = done.stdout.rstrip("\n").split("\t")
    assert (sender, subject) == ("Megan Bowen <megan@contoso.com>", "Invoice 4711")
    assert postroom("mail", "show", message_id, "--output", "json").returncode == 0
    assert len(received) == len("2026-05-22 09:00")


def test_json_has_what_a_program_needs(postroom_here: Postroom, invoice: str) -> None:
    """Each message is an object with times in UTC, and with its body where that was asked for."""
    (found,) = read_list(postroom_here, "--status", "unread", "--subject", "invoice; bill")
    assert found["from"] == {"name": "Megan Bowen", "address": "megan@contoso.com"}
    assert found["to"] == [{"name": "Accounts Payable", "address": AP}]
    assert (found["cc"], found["sent"], found["is_read"]) == ([], "2026-05-22T09:00:00Z", False)
    assert found["has_attachments"]
    assert "body" not in found
    (with_body,) = read_list(postroom_here, "--body", "text")
    assert "within 30 days" in with_body["body"]


def test_nothing_found_is_an_empty_list(postroom_here: Postroom) -> None:
    """An empty folder is no error, and still JSON."""
    assert read_list(postroom_here) == []


def test_filters_are_the_actions_own(postroom_here: Postroom, tenant: RunningTenant, invoice: str) -> None:
    """Options come from the definition of the action, and reach it."""
    tenant.deliver(AP, write_mail("Lunch"))
    assert [found["subject"] for found in read_list(postroom_here, "Inbox", "--subject", "lunch")] == [
        "Lunch"
    ]
    assert len(read_list(postroom_here, "--limit", "1")) == 1
    assert read_list(postroom_here, "--senders", "adele@contoso.com") == []
    assert read_list(postroom_here, "--received-since", "2999-01-01") == []


def test_showing_a_message(postroom_here: Postroom, invoice: str) -> None:
    """A person reads the text of a message, not its HTML."""
    done = postroom_here("mail", "show", invoice)
    assert done.returncode == 0, done.stderr
    assert "Subject:     Invoice 4711\n" in done.stdout
    assert done.stdout.endswith("\nPlease pay within 30 days.\n")


def test_control_characters_of_mail_do_not_reach_a_terminal(
    postroom_here: Postroom, tenant: RunningTenant
) -> None:
    """A subject cannot recolour, clear or reverse what a person sees."""
    tenant.deliver(AP, write_mail("=?utf-8?q?Pay_=1B[2J_now=E2=80=AE?="))
    printed = postroom_here("mail", "list").stdout
    assert "Pay" in printed
    assert "\x1b" not in printed
    assert "\u202e" not in printed


def test_saving_prints_the_paths(postroom_here: Postroom, invoice: str, tmp_path: Path) -> None:
    """Attachments and whole messages are saved, and their paths printed: a line each, or JSON."""
    target = tmp_path / "my invoices"
    done = postroom_here("mail", "save-attachments", invoice, "--to", str(target))
    assert done.stdout == f"{target / 'invoice.pdf'}\n", done.stderr
    assert (target / "invoice.pdf").read_bytes() == b"pdf"
    again = postroom_here("mail", "save-attachments", invoice, "--to", str(target), "--overwrite")
    assert again.stdout == done.stdout
    saved = postroom_here("mail", "save", invoice, "--to", str(target), "--output", "json")
    assert json.loads(saved.stdout) == [str(target / "Invoice 4711.eml")]
    assert (target / "Invoice 4711.eml").read_bytes() == write_mail("Invoice 4711")


def test_a_list_is_piped_into_a_move(postroom: Postroom, tenant: RunningTenant, invoice: str) -> None:
    """`-` takes what list prints, as JSON and as lines, and plain ids."""
    tenant.deliver(AP, write_mail("Invoice 4712"))
    listed = postroom("mail", "list", "--output", "json").stdout
    moved = postroom("mail", "move", "-", "--to", "Archive", stdin=listed)
    assert moved.stdout == "2 messages moved.\n", moved.stderr
    lines = postroom("mail", "list", "Archive").stdout
    marked = postroom("mail", "change-status", "-", "--to", "read", stdin=lines)
    assert marked.stdout == "2 messages marked as read.\n", marked.stderr
    assert tenant.folders(AP)["Archive"] == {"total": 2, "unread": 0}
    deleted = postroom("mail", "delete", "-", "--output", "json", stdin=f"{invoice}\n\n")
    assert json.loads(deleted.stdout) == {"done": 1}
    assert tenant.folders(AP)["Deleted Items"]["total"] == 1


def test_an_empty_list_moves_nothing(postroom_here: Postroom) -> None:
    """A pipe with no messages in it is no error."""
    done = postroom_here("mail", "move", "-", "--to", "Archive", stdin="[]\n")
    assert (done.returncode, done.stdout) == (0, "0 messages moved.\n")


@pytest.mark.parametrize("stdin", ['[{"name": "x"}]', "[3]", '{"id"'])
def test_what_is_no_list_of_ids_is_refused(postroom_here: Postroom, stdin: str) -> None:
    """JSON of another kind is a setting that is wrong, and nothing is done."""
    done = postroom_here("mail", "delete", "-", stdin=stdin)
    assert done.returncode == 3
    assert "mail list --output json" in done.stderr


def test_sending_and_answering(postroom_here: Postroom, tenant: RunningTenant, tmp_path: Path) -> None:
    """A message goes out with its attachments, and is answered by who it went to."""
    (tmp_path / "report.txt").write_text("all well")
    sent = postroom_here(
        "mail", "send", "--to", "adele@contoso.com; megan@contoso.com", "--subject", "Report", "--body", "See this.",
        "--attachments", str(tmp_path / "report.txt"),
    )  # fmt: skip
    assert sent.stdout == "1 message sent.\n", sent.stderr
    (received,) = read_list(postroom_here, "--username", "megan@contoso.com", "--body", "text")
    assert (received["subject"], received["body"].strip(), received["has_attachments"]) == (
        "Report",
        "See this.",
        True,
    )
    answered = postroom_here(
        "mail", "reply", received["id"], "--body", "Thanks.", "--username", "megan@contoso.com"
    )
    assert answered.stdout == "1 message answered.\n", answered.stderr
    assert read_list(postroom_here)[0]["subject"].casefold() == "re: report"


def test_folders(postroom_here: Postroom) -> None:
    """A shell's `if` can ask for a folder."""
    no = postroom_here("mail", "folder-exists", "Inbox/2026/May")
    assert (no.returncode, no.stdout) == (1, "no\n")
    made = postroom_here("mail", "create-folder", "Inbox/2026/May", "--output", "json")
    assert json.loads(made.stdout)["name"] == "May"
    yes = postroom_here("mail", "folder-exists", "Inbox/2026/May")
    assert (yes.returncode, yes.stdout) == (0, "yes\n")


def test_the_shared_mailbox_and_the_other_cloud(postroom_here: Postroom, tenant: RunningTenant) -> None:
    """Mailbox and cloud come from options or the environment."""
    tenant.deliver("invoices@contoso.com", write_mail("Shared"))
    assert [found["subject"] for found in read_list(postroom_here, "--mailbox", "invoices@contoso.com")] == [
        "Shared"
    ]
    named = postroom_here("mail", "list", environment={"POSTROOM_MAILBOX": "invoices@contoso.com"})
    assert named.stdout.endswith("\tShared\n")
    assert postroom_here("mail", "list", cloud=GCC_HIGH).returncode == 0


def test_variables(postroom_here: Postroom) -> None:
    """A setting can stand for a variable that the command line gives."""
    options = ["--username", "variable:who", "--variable", "who=megan@contoso.com"]
    assert "mailbox megan@contoso.com opens" in postroom_here("connect", *options).stdout


@pytest.mark.parametrize("command", COMMANDS)
def test_help_teaches(command: str) -> None:
    """Each command's help has an example and the permissions that it needs."""
    printed = run_here("mail", command, "--help", stdin="", environment={"COLUMNS": "80"}).stdout
    assert f"Example: postroom mail {command} " in printed
    assert "Needs the application permission" in printed
    assert max(len(line) for line in printed.splitlines()) <= 80


def test_all_actions_are_commands(bare_postroom: Postroom) -> None:
    """`postroom mail --help` lists every action but those that open and close the connection."""
    printed = bare_postroom("mail", "--help").stdout
    assert all(f" {command} " in printed for command in COMMANDS)
    assert "disconnect" not in printed
