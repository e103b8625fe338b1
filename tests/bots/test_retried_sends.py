"""A run that is retried from an earlier step: what was sent is not sent again, and what was not is."""

from pathlib import Path

import pytest

from postroom import Credential, bot, outlook
from postroom.bots.durable import RunOrder
from postroom.errors import PostroomError
from postroom.tenant.environment import app_environment
from support.engines import Listener, start_engine
from support.mail import make_mail
from support.tenant import RunningTenant

RUN = "6f8e2f1c-52f5-4f0e-8f2e-111111111111"
MANAGER = "megan@contoso.com"


@bot
def report() -> None:
    """Report each unread message, and mark it as read: after a while, the list begins with another one."""
    with outlook.connect(
        authentication=outlook.ClientCredentials(
            client_id=Credential("azure", "client_id"),
            tenant_id=Credential("azure", "tenant_id"),
            client_secret=Credential("azure", "client_secret"),
            username=Credential("azure", "username"),
        )
    ) as mailbox:
        for message in mailbox.messages("Inbox", status="unread"):
            mailbox.send(to=MANAGER, subject="Overdue", body=message.subject)
            mailbox.change_status(message, to="read")


@bot
def report_by_child() -> None:
    """Let a child bot do it, which becomes another run when this one is retried from before it."""
    report()


@pytest.mark.parametrize("chosen", [report, report_by_child], ids=["itself", "child"])
def test_each_message_is_sent_once_whatever_it_is_retried_from(
    chosen: object, reachable_tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The third of three cannot be sent at first; done again from the first step, all three were sent once."""
    for name, value in app_environment(reachable_tenant.manifest, "Invoice bot").items():
        monkeypatch.setenv(name, value)
    for subject in ("A", "B", "C"):
        reachable_tenant.deliver("ap@contoso.com", make_mail(subject))
    reachable_tenant.add_fault(path="*/send", status=403, code="ErrorAccessDenied", every=3)
    reference = f"{__name__}:{'report' if chosen is report else 'report_by_child'}"
    with start_engine(tmp_path / "journal.sqlite", Listener()) as engine:
        engine.begin(RunOrder(RUN, reference, {}))
        with pytest.raises(PostroomError, match="Access is denied"):
            engine.wait(RUN)
        assert len(reachable_tenant.mailbox(MANAGER).inbox) == 2
        reachable_tenant.clear_faults()
        engine.retry(RUN, 1)
        engine.wait(RUN)
    bodies = [message.body.strip() for message in reachable_tenant.mailbox(MANAGER).inbox]
    assert sorted(bodies) == ["A", "B", "C"]
