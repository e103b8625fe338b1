"""Two workers that are killed in turn while they answer mail, and what must be there in the end."""

import signal
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack
from itertools import cycle
from pathlib import Path
from time import sleep
from typing import TYPE_CHECKING

from support.canary import canary
from support.mail import make_mail
from support.tenant import RunningTenant
from support.workers import RunningWorker, deploy_text, start_worker

if TYPE_CHECKING:
    from postroom.controlroom.accounts.models import User
    from postroom.controlroom.runs.models import Run

AP, ADELE = "ap@contoso.com", "adele@contoso.com"
PLACES = ("before", "after", "running", "done")
"""Before a request leaves, after its answer came, before a step begins, after it was done and before that is kept."""
MOST_DEATHS = 1000
ANSWER_ALL = """\
name: Answer all
inputs:
  target: {type: text}
steps:
  - uses: outlook.connect
    with:
      session: ap
      cloud: Azure Global
      authentication:
        mode: Client credentials
        client_id: {credential: azure/client_id}
        tenant_id: {credential: azure/tenant_id}
        client_secret: {credential: azure/client_secret}
        username: ap@contoso.com
  - for_each: message
    uses: outlook.messages
    with: {session: ap, folder: Inbox, order: oldest}
    steps:
      - uses: outlook.save_attachments
        with: {session: ap, message: "${{ message }}", to: "${{ target }}"}
      - uses: outlook.reply
        with: {session: ap, message: "${{ message }}", body: "Received, thank you."}
      - uses: outlook.move
        with: {session: ap, message: "${{ message }}", to: Archive}
"""


def begin_answering(user: "User", tenant: RunningTenant, folder: Path, mails: int) -> "Run":
    """Deliver so many mails, each with a file, and begin a run that saves, answers and moves each."""
    from postroom.controlroom.runs.queueing import begin_run

    tenant.set_limits(mode="off")  # else answers wait in the Outbox, as so many a minute do
    for number in range(mails):
        files = {f"invoice {number}.pdf": f"invoice {number}".encode()}
        tenant.deliver(AP, make_mail(f"Invoice {number}", ADELE, AP, attachments=files))
    _save_credential(user, tenant)
    version = deploy_text("answer.bot.yaml", ANSWER_ALL)
    return begin_run(version, {"target": str(folder / "saved")}, user, "a test")


def kill_until_done(
    folder: Path, environment: Mapping[str, str], run: "Run", distances: Iterable[int], lease_seconds: float
) -> int:
    """Keep two workers, and let each die at a place and distance of its own, until the run is over.

    Gives how many have died at work.
    """
    deaths = 0
    turns = _iterate_turns(distances)
    with ExitStack() as stack:

        def start() -> RunningWorker:
            steered = {**environment, "KILL": next(turns)}
            return stack.enter_context(start_worker(folder, lease_seconds=lease_seconds, environment=steered))

        workers = [start(), start()]
        while deaths < MOST_DEATHS:
            run.refresh_from_db()
            if not run.is_active:
                return deaths
            for number, worker in enumerate(workers):
                if worker.exit_code is not None:
                    assert worker.exit_code == -signal.SIGKILL, worker.log
                    deaths += 1
                    workers[number] = start()
            sleep(0.05)
    raise AssertionError(f"The run is not over after {deaths} deaths.")


def check_each_once(tenant: RunningTenant, folder: Path, mails: int) -> None:
    """Check that each mail was saved, answered once and moved, and that nothing is left over."""
    answers = [message for message in tenant.mailbox(ADELE).messages if message.folder == "Inbox"]
    came = Counter(message.subject.casefold() for message in answers)
    wanted = {f"re: invoice {number}": 1 for number in range(mails)}
    assert came == wanted, f"{wanted.keys() - came.keys()} are lost, {came - Counter(wanted)} came too often."
    by_folder = Counter(message.folder for message in tenant.mailbox(AP).messages)
    assert by_folder == {"Archive": mails, "Sent Items": mails}, by_folder
    saved = sorted(path.read_text() for path in (folder / "saved").rglob("*.pdf"))
    assert saved == sorted(f"invoice {number}" for number in range(mails))


def _save_credential(user: "User", tenant: RunningTenant) -> None:
    from postroom.controlroom.accounts.models import Role
    from postroom.controlroom.vault.credentials import save_value
    from postroom.controlroom.vault.models import Attribute, Credential
    from postroom.values import Secret

    user.groups.add(Role.objects.get(name="Administrator"))
    app = tenant.app("Invoice bot")
    canary.add([app["client_secret"]])
    values = {
        "client_id": app["client_id"],
        "tenant_id": tenant.cloud()["tenant_id"],
        "client_secret": app["client_secret"],
    }
    credential = Credential.objects.create(name="azure", owner=user)
    for name, value in values.items():
        Attribute.objects.create(credential=credential, name=name)
        save_value(user, "azure", name, Secret(value))


def _iterate_turns(distances: Iterable[int]) -> Iterator[str]:
    for place, distance in zip(cycle(PLACES), cycle(distances), strict=False):
        yield f"{place}:{distance}"
