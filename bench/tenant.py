"""Measure the local tenant: how soon it serves, how fast it lists, what it keeps in memory: `python -m bench.tenant`.

Everything is asked over HTTPS by a client whose connection is open and whose token is there; the answer is read to its
end and not decoded. A mailbox of 1,000 messages and one of 100,000 are asked the same questions, so that the second
shows what size costs. Each question is asked once before it is measured. A whole run writes docs/performance.md.
"""

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import httpx2

from bench.machine import PROJECT, Bystanders, Cores, describe_machine
from bench.tenant_mail import (
    BIG_ATTACHMENT_BYTES,
    LARGE,
    SMALL,
    WITH_ATTACHMENTS,
    lay_out,
    lay_out_attachments,
)
from bench.tokens import find_free_ports, own_environment

DOCUMENT = PROJECT / "docs" / "performance.md"
BEGIN, END = "<!-- Made by `make tenancy`: begin -->", "<!-- Made by `make tenancy`: end -->"
STARTS = 7
RUNS = 15
START_SECONDS = 900.0
START_TARGET_SECONDS = 1.0
PAGE_TARGET_SECONDS = 0.05
MEGABYTE = 1_000_000
SELECT = "$select=subject,from,receivedDateTime,isRead"
SINCE = "$filter=receivedDateTime ge 2026-06-30T00:00:00Z&$orderby=receivedDateTime desc"


@dataclass(frozen=True)
class Question:
    """Something that a client asks of a mailbox; `path` may name how many messages it has as {last}."""

    text: str
    path: str


QUESTIONS = (
    Question("1,000 messages in one page", "mailFolders/inbox/messages?$top=1000"),
    Question("1,000 messages in one page, four properties", f"mailFolders/inbox/messages?$top=1000&{SELECT}"),
    Question("the first page", "mailFolders/inbox/messages"),
    Question("the last page, by $skip", "mailFolders/inbox/messages?$skip={last}"),
    Question("the first page of all folders", "messages"),
    Question("unread messages", "mailFolders/inbox/messages?$filter=isRead eq false"),
    Question("subject that begins with a word", "messages?$filter=startswith(subject,'Invoice 77')"),
    Question("the newest since a time", f"messages?{SINCE}"),
    Question("a conversation", "messages?$filter=conversationId eq '{conversation}'"),
    Question("a message by its Message-ID", "messages?$filter=internetMessageId eq '<1@bench.invalid>'"),
    Question("$search for a word", 'messages?$search="4711"'),
    Question("the folders", "mailFolders"),
    Question("$count of the inbox", "mailFolders/inbox/messages/$count"),
    Question("$count of unread messages", "mailFolders/inbox/messages/$count?$filter=isRead eq false"),
    Question("one message", "messages/{id}"),
)  # fmt: skip


@dataclass(frozen=True)
class Tenant:
    """A running tenant, as the bench sees it."""

    process: "subprocess.Popen[bytes]"
    manifest: dict[str, Any]
    seconds: float

    @property
    def resident_megabytes(self) -> float:
        """The memory that its process holds (proc_pid_status(5)); 0 where the system does not tell."""
        status = Path(f"/proc/{self.process.pid}/status")
        lines = status.read_text().splitlines() if status.exists() else []
        return sum(int(line.split()[1]) * 1024 / MEGABYTE for line in lines if line.startswith("VmRSS"))

    @contextmanager
    def client(self, address: str) -> Iterator[httpx2.Client]:
        """Open a client with a token, whose addresses begin with those of a mailbox."""
        cloud = self.manifest["clouds"]["Azure Global"]
        app = next(app for app in cloud["apps"] if app["name"] == "Invoice bot")
        form = {
            "grant_type": "client_credentials",
            "client_id": app["client_id"],
            "client_secret": app["client_secret"],
            "scope": "https://graph.microsoft.com/.default",
        }
        base = f"{cloud['graph']}/v1.0/users/{address}/"
        with httpx2.Client(base_url=base, verify=self.manifest["ca"], trust_env=False, timeout=120) as client:
            token = client.post(f"{cloud['login']}/{cloud['tenant_id']}/oauth2/v2.0/token", data=form).json()
            client.headers["Authorization"] = f"Bearer {token['access_token']}"
            yield client


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, print the tables, and keep them if it was a whole run."""
    parser = argparse.ArgumentParser(prog="python -m bench.tenant", description=__doc__)
    parser.add_argument(
        "--quick", action="store_true", help="2,000 messages for 100,000, to see that it works"
    )
    options = parser.parse_args(arguments)
    bystanders = Bystanders()
    with tempfile.TemporaryDirectory(prefix="postroom-bench-") as name:
        tables = "\n\n".join(measure_all(Path(name), 2_000 if options.quick else LARGE))
    date = datetime.now(UTC).date().isoformat()
    machine = f"{describe_machine(Cores(None, None))}. {bystanders.describe()}".rstrip()
    text = f"Measured on {date}. {machine}\n\n{tables}"
    print(text)
    if not options.quick:
        keep(text)


def measure_all(folder: Path, large: int) -> Iterator[str]:
    """Yield each table."""
    first, later = measure_starts(folder / "starts")
    yield f"{table_of_starts(first, later)}"
    yield measure_mailboxes(folder / "mailboxes", large)
    yield measure_memory(folder / "memory")


def table_of_starts(first: list[float], later: list[float]) -> str:
    """Return the table of starts."""
    rows = []
    for name, seconds in (("first, with keys to make", first), ("later", later)):
        spread = f"{median(seconds):.2f} s ({min(seconds):.2f}–{max(seconds):.2f})"
        word = verdict(median(seconds) < START_TARGET_SECONDS)
        rows.append(f"| {name} | {spread} | under {START_TARGET_SECONDS:.0f} s | {word} |")
    return "\n".join(["| start, until it serves | time | target | |", "|---|--:|---|---|", *rows])


def measure_starts(folder: Path) -> tuple[list[float], list[float]]:
    """Return how long first starts in new folders took, and second ones."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for number in range(STARTS):
        for taken in seconds:
            with run_tenant(folder / str(number)) as tenant:
                taken.append(tenant.seconds)
    return seconds


def measure_mailboxes(folder: Path, large: int) -> str:
    """Return the table of questions, asked of a small and of a large mailbox."""
    sizes = {"small@contoso.com": SMALL, "large@contoso.com": large}
    for address, count in sizes.items():
        lay_out(folder / "mail" / address / "Inbox", count)
    with run_tenant(folder / "data", folder / "mail") as tenant:
        ingested = tenant.seconds
    with run_tenant(folder / "data", folder / "mail") as tenant:
        columns = [ask_all(tenant, address, count) for address, count in sizes.items()]
        started = tenant.seconds
    head = [
        f"| | {SMALL:,} messages | {large:,} messages | |",
        "|---|--:|--:|---|",
        f"| ingested, from the launch until it serves | | {ingested:.0f} s | |",
        f"| started again | | {started:.2f} s | |",
    ]
    return "\n".join([*head, *(row_of(text, columns) for text in columns[0])])


def row_of(text: str, columns: list[dict[str, float]]) -> str:
    """Return the row of a question, with a verdict where there is a target."""
    cells = " | ".join(f"{column[text] * 1000:.1f} ms" for column in columns)
    slowest = max(column[text] for column in columns)
    target = f"under 50 ms: {verdict(slowest < PAGE_TARGET_SECONDS)}" if "in one page" in text else ""
    return f"| {text} | {cells} | {target} |"


def ask_all(tenant: Tenant, address: str, count: int) -> dict[str, float]:
    """Return the median time of each question, and those of reading a mailbox from end to end."""
    with tenant.client(address) as client:
        lift_limits(tenant)
        newest = ask(client, "mailFolders/inbox/messages?$top=1&$select=conversationId")["value"][0]
        told = {"id": newest["id"], "conversation": newest["conversationId"], "last": str(count - 10)}
        measured = {}
        for question in QUESTIONS:
            path = question.path
            for name, value in told.items():
                path = path.replace(f"{{{name}}}", value)
            measured[question.text] = median_of(partial(ask_raw, client, path))
        return measured | walk(client) | follow_changes(client, newest["id"])


def walk(client: httpx2.Client) -> dict[str, float]:
    """Return what the first and the last of the pages of 200 take, each asked for by the link of the one before."""
    pages = [seconds for seconds, _ in follow(client, f"mailFolders/inbox/messages?$top=200&{SELECT}")]
    return {
        "a page of 200: the first five of all": median(pages[:5]),
        "a page of 200: the last five": median(pages[-5:]),
    }


def follow_changes(client: httpx2.Client, message_id: str) -> dict[str, float]:
    """Return what rounds of changes take: a page of the first round, and one that tells of a single change."""
    rounds = list(follow(client, "mailFolders/inbox/messages/delta?$select=subject"))
    link = rounds[-1][1]["@odata.deltaLink"]
    seconds = []
    for number in range(RUNS):
        client.patch(f"messages/{message_id}", json={"isRead": number % 2 == 0}).raise_for_status()
        seconds.append(sum(seconds for seconds, _ in follow(client, link)))
    return {
        "delta: a page of the first round": median(seconds for seconds, _ in rounds),
        "delta: one change since the last round": median(seconds),
    }


def follow(client: httpx2.Client, path: str) -> Iterator[tuple[float, dict[str, Any]]]:
    """Yield each page of a listing with the time it took."""
    url: str | None = path
    while url:
        began = time.perf_counter()
        content = ask_raw(client, url)
        seconds = time.perf_counter() - began
        page = json.loads(content)
        yield seconds, page
        url = page.get("@odata.nextLink")


def measure_memory(folder: Path) -> str:
    """Return the table of what the process holds, without mail and with 1,000 messages of 1 MB each."""
    address = "attachments@contoso.com"
    with run_tenant(folder / "empty") as tenant, tenant.client("ap@contoso.com") as client:
        ask(client, "messages")
        rows = [("no mail", tenant.resident_megabytes)]
    lay_out_attachments(folder / "mail" / address / "Inbox", WITH_ATTACHMENTS)
    mail = f"{WITH_ATTACHMENTS:,} messages with an attachment of {BIG_ATTACHMENT_BYTES / MEGABYTE:.0f} MB"
    with run_tenant(folder / "data", folder / "mail") as tenant:
        rows.append((f"{mail}: ingested", tenant.resident_megabytes))
    with run_tenant(folder / "data", folder / "mail") as tenant, tenant.client(address) as client:
        lift_limits(tenant)
        rows.append(("the same, started again", tenant.resident_megabytes))
        ids = [one["id"] for one in ask(client, "messages?$top=1000")["value"]]
        rows.append(("after all were listed", tenant.resident_megabytes))
        for one in ids:
            read_attachment(client, one)
        rows.append(("after all attachments were read as they are", tenant.resident_megabytes))
        for one in ids:
            ask_raw(client, f"messages/{one}/$value")
        rows.append(("after all were read as MIME", tenant.resident_megabytes))
        for one in ids:
            ask_raw(client, f"messages/{one}/attachments")
        rows.append(("after all attachments were read as JSON", tenant.resident_megabytes))
    lines = [f"| {text} | {megabytes:.0f} MB |" for text, megabytes in rows]
    return "\n".join(["| memory of the process | resident |", "|---|--:|", *lines])


def read_attachment(client: httpx2.Client, message_id: str) -> None:
    """Read the attachment of a message as it is."""
    (attachment,) = ask(client, f"messages/{message_id}/attachments?$select=id")["value"]
    content = ask_raw(client, f"messages/{message_id}/attachments/{attachment['id']}/$value")
    if len(content) != BIG_ATTACHMENT_BYTES:
        raise RuntimeError(f"An attachment came with {len(content)} bytes.")


def lift_limits(tenant: Tenant) -> None:
    """Let the bench ask as much as it wants."""
    with httpx2.Client(verify=tenant.manifest["ca"], trust_env=False) as control:
        control.post(f"{tenant.manifest['control']}/limits", json={"mode": "off"}).raise_for_status()


def median_of(task: Callable[[], object]) -> float:
    """Return the median time of a task, which is done once before."""
    task()
    seconds = []
    for _ in range(RUNS):
        began = time.perf_counter()
        task()
        seconds.append(time.perf_counter() - began)
    return median(seconds)


def ask(client: httpx2.Client, path: str) -> Any:
    """Return the document at a path."""
    return json.loads(ask_raw(client, path))


def ask_raw(client: httpx2.Client, path: str) -> bytes:
    """Return the bytes at a path; a refusal ends the bench."""
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"The tenant refused {path}: HTTP {answer.status_code} {answer.text}")
    return answer.content


@contextmanager
def run_tenant(data: Path, mail: Path | None = None) -> Iterator[Tenant]:
    """Run a tenant with this data folder, having measured from its launch until it serves."""
    data.mkdir(parents=True, exist_ok=True)
    (port,) = find_free_ports(1)
    ready = data / "ready"
    ready.unlink(missing_ok=True)
    arguments = ["--port", str(port), "--data", str(data), "--ready-file", str(ready)]
    began = time.perf_counter()
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "postroom",
            "tenant",
            "start",
            *arguments,
            *(["--mail", str(mail)] if mail else []),
        ],
        env=own_environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    try:
        while not ready.exists():
            if process.poll() is not None or time.perf_counter() - began > START_SECONDS:
                raise RuntimeError("The local tenant did not start.")
            time.sleep(0.002)
        seconds = time.perf_counter() - began
        yield Tenant(process, json.loads((data / "tenant.json").read_text()), seconds)
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(60)


def verdict(reached: bool) -> str:
    """Return the word for a target."""
    return "reached" if reached else "**missed**"


def keep(text: str) -> None:
    """Write the tables between their marks."""
    before, _, rest = DOCUMENT.read_text().partition(BEGIN)
    _, marker, after = rest.partition(END)
    if not marker:
        raise ValueError(f"{DOCUMENT.name} lacks the marks of the tables.")
    DOCUMENT.write_text(f"{before}{BEGIN}\n\n{text}\n\n{END}{after}")
    print(f"The tables in {DOCUMENT.relative_to(PROJECT)} are new.", file=sys.stderr)


if __name__ == "__main__":
    main()
