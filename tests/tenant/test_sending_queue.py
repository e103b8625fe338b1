"""Messages beyond the rate at which a mailbox may send: accepted, kept back, and sent in the minutes after."""

from typing import Any

import pytest

from support.tenant import RunningTenant

AP = "/v1.0/users/ap@contoso.com"


def send(tenant: RunningTenant, subject: str, recipients: int = 1, **more: Any) -> int:
    people = [{"emailAddress": {"address": "adele@contoso.com"}}]
    people += [{"emailAddress": {"address": f"{number}@contoso.example"}} for number in range(recipients - 1)]
    message = {"subject": subject, "toRecipients": people}
    with tenant.client(headers={"Authorization": f"Bearer {tenant.token()}"}) as client:
        answer = client.post(f"{AP}/sendMail", json={"message": message, **more})
    return answer.status_code


def limit(tenant: RunningTenant, **settings: Any) -> None:
    assert tenant.control.post("/limits", json=settings).status_code == 200


def received(tenant: RunningTenant) -> int:
    return int(tenant.folders("adele@contoso.com")["Inbox"]["total"])


def test_what_is_sent_too_fast_is_carried_over(tenant: RunningTenant) -> None:
    """Beyond the rate messages are accepted and wait in the Outbox; each window lets as many out as it may."""
    limit(tenant, messages=2, message_window_seconds=100)
    assert [send(tenant, str(number)) for number in range(5)] == [202] * 5
    assert received(tenant) == 2
    assert tenant.folders("ap@contoso.com")["Outbox"]["total"] == 3
    tenant.advance_clock(101)
    assert received(tenant) == 4
    tenant.advance_clock(101)
    assert received(tenant) == 5
    folders = tenant.folders("ap@contoso.com")
    assert (folders["Outbox"]["total"], folders["Sent Items"]["total"]) == (0, 5)


def test_thirty_a_minute_leave_a_mailbox(tenant: RunningTenant) -> None:
    """The documented rate; another mailbox has its own, and without limits everything goes at once."""
    assert [send(tenant, str(number)) for number in range(31)] == [202] * 31
    assert received(tenant) == 30
    limit(tenant, mode="off")
    send(tenant, "at once")
    assert received(tenant) == 31


def test_what_was_deleted_from_the_outbox_is_not_sent(tenant: RunningTenant) -> None:
    """A message that waits can be taken back."""
    limit(tenant, messages=1, message_window_seconds=100)
    assert [send(tenant, str(number)) for number in range(2)] == [202] * 2
    with tenant.client(headers={"Authorization": f"Bearer {tenant.token()}"}) as client:
        (message,) = client.get(f"{AP}/mailFolders/outbox/messages").json()["value"]
        assert client.delete(f"{AP}/messages/{message['id']}").status_code == 204
    tenant.advance_clock(101)
    assert received(tenant) == 1


def test_a_reset_forgets_what_waits(tenant: RunningTenant) -> None:
    """After a reset nothing of before is sent."""
    limit(tenant, messages=1, message_window_seconds=100)
    assert [send(tenant, str(number)) for number in range(2)] == [202] * 2
    tenant.reset()
    tenant.advance_clock(101)
    assert received(tenant) == 0


@pytest.mark.parametrize(("recipients", "status"), [(500, 202), (501, 400)])
def test_a_message_is_for_so_many(tenant: RunningTenant, recipients: int, status: int) -> None:
    """Five hundred recipients, and not one more."""
    assert send(tenant, "x", recipients) == status


def test_restoring_a_snapshot_forgets_what_waits(tenant: RunningTenant) -> None:
    """What was to be sent belongs to mailboxes that are no longer those."""
    limit(tenant, messages=1, message_window_seconds=100)
    assert tenant.control.post("/snapshots", json={"name": "before"}).status_code == 201
    assert [send(tenant, str(number)) for number in range(2)] == [202] * 2
    assert tenant.control.post("/snapshots/before/restore").status_code == 204
    tenant.advance_clock(101)
    assert received(tenant) == 0
