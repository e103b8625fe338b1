"""The requests and responses of Microsoft's documentation, asked of the local tenant."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support import documented_examples
from support.documented_examples import Outcome, read_examples, replay
from support.prepared_mailbox import PreparedMailbox, sign_in_for_all
from support.tenant import RunningTenant
from support.webhook import open_webhook

pytestmark = [
    pytest.mark.skipif(not documented_examples.EXAMPLES.exists(), reason=documented_examples.MISSING),
    pytest.mark.xdist_group("documented examples"),  # they are asked once
]

TABLE = Path(__file__).parents[3] / ".artefacts" / "documented-examples.txt"

EVENT = "It is about an event, and the local tenant has no calendar."
REMAINDER = {
    "message-post-attachments#2": EVENT,
    "outlook-create-event-in-shared-delegated-calendar#3": EVENT,
    "opentypeextension-get#6": "It shows a createDateTime, which Graph's schema does not have.",
    "outlook-change-notifications-overview#3": "Notifications that carry the message, encrypted, are not emulated.",
    "outlook-send-mail-from-other-user#2": "Exchange itself writes “account., Cannot submit message.”",
}
"""Examples that the local tenant does not answer as documented, each with the reason."""


@pytest.fixture(scope="module")
def outcomes(running_tenant: RunningTenant) -> Iterator[list[Outcome]]:
    """Replay all examples, each in a mailbox of its own."""
    running_tenant.reset()
    token = sign_in_for_all(running_tenant)
    found = []
    with open_webhook() as webhook, running_tenant.client() as client:
        for example in read_examples():
            running_tenant.reset()
            found.append(replay(example, PreparedMailbox(running_tenant, client, token, webhook)))
        running_tenant.reset()
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(write_table(found))
    yield found


def write_table(outcomes: list[Outcome]) -> str:
    """Write one line an example, and what differs below it."""
    lines = []
    for outcome in outcomes:
        example = outcome.example
        lines.append(
            f"{outcome.verdict:<14}{outcome.status or '-':<5}{example.id}  {example.method} {example.path}"
        )
        if outcome.verdict == "differs":
            lines += [f"{'':<19}{problem}" for problem in outcome.problems]
    counts = Counter(outcome.verdict for outcome in outcomes)
    lines.append(", ".join(f"{count} {verdict}" for verdict, count in counts.most_common()))
    return "\n".join(lines) + "\n"


def test_the_tenant_answers_as_documented(outcomes: list[Outcome]) -> None:
    """Every documented request about mail is answered as documented, but for those that are listed."""
    print(f"\n{write_table(outcomes)}")
    differing = {outcome.example.id for outcome in outcomes if outcome.verdict == "differs"}
    assert differing == REMAINDER.keys()


def test_what_is_not_about_mail_is_refused_plainly(outcomes: list[Outcome]) -> None:
    """Requests to the calendar, contacts, groups and files are answered that they are not emulated."""
    outside = {outcome.status for outcome in outcomes if outcome.verdict == "outside"}
    assert outside
    assert not outside & {500, 502, 503}
