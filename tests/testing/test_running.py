"""A running tenant says who is in it, and does what a test asks of it, or says why not."""

from pathlib import Path

import pytest

from postroom.testing import LocalTenantError, TenantMailbox, start_tenant
from support.tenant import GLOBAL, RunningTenant, end


@pytest.mark.parametrize(
    ("ask", "part"),
    [
        (lambda tenant: tenant.cloud("Azure China"), "no cloud 'Azure China'. It has: Azure Global, "),
        (lambda tenant: tenant.app("Bot"), "no app 'Bot'. It has: Invoice bot, "),
        (
            lambda tenant: tenant.user("nobody@contoso.com"),
            "no user 'nobody@contoso.com'. It has: ap@contoso.com, ",
        ),
        (lambda tenant: tenant.credential("Bot"), "no app 'Bot'"),
        (lambda tenant: tenant.token("Old bot"), "'Old bot' got no token: AADSTS7000222"),
        (
            lambda tenant: tenant.mailbox("nobody@contoso.com"),
            "No mailbox has the address nobody@contoso.com",
        ),
        (lambda tenant: tenant.add_fault(chance=1), "unknown field `chance`"),
    ],
)
def test_what_is_not_there_is_named_with_what_is(tenant: RunningTenant, ask: object, part: str) -> None:
    """A slip of the pen in a test is answered with a sentence."""
    with pytest.raises(LocalTenantError) as caught:
        ask(tenant)  # type: ignore[operator]
    assert part in str(caught.value)


def test_a_mailbox_as_data(tenant: RunningTenant) -> None:
    """Mail is delivered from a few words or as MIME, and seen with its folder, people, body and attachments."""
    tenant.deliver(
        "ap@contoso.com", b"From: adele@contoso.com\r\nTo: ap@contoso.com\r\nSubject: One\r\n\r\nHello."
    )
    tenant.deliver(
        "ap@contoso.com",
        subject="Two",
        text="Plain",
        html="<p>Rich</p>",
        attachments={"a.txt": b"A", "b": b"B"},
    )
    mailbox = tenant.mailbox("ap@contoso.com")
    two, one = mailbox.inbox
    assert (one.subject, one.sender, one.to, one.body_type, one.body.strip()) == (
        *("One", "adele@contoso.com", ("ap@contoso.com",)),
        *("text", "Hello."),
    )
    assert (two.body_type, two.is_read, two.folder) == ("html", False, "Inbox")
    assert "Rich" in two.body
    assert [(each.name, each.content_type, each.content) for each in two.attachments] == [
        ("a.txt", "text/plain", b"A"),
        ("b", "application/octet-stream", b"B"),
    ]
    assert mailbox.sent == ()
    assert mailbox.folders["Inbox"] == {"total": 2, "unread": 2}


def test_a_mailbox_is_seen_whatever_fails(tenant: RunningTenant) -> None:
    """Faults and latency are for clients; who asserts on a mailbox meets none, and leaves no request behind."""
    tenant.add_fault(status=503)
    tenant.deliver("ap@contoso.com", subject="Here")
    assert len(tenant.mailbox("ap@contoso.com").messages) == 1
    assert tenant.requests() == []


def test_a_folder_that_is_not_there_is_no_empty_folder() -> None:
    """A folder's name that is written wrongly does not let a test pass."""
    mailbox = TenantMailbox("ap@contoso.com", (), {"Inbox": {"total": 0, "unread": 0}})
    with pytest.raises(KeyError, match=r"has no folder 'Inbx'\. It has: Inbox"):
        mailbox.list("Inbx")


def test_limits_hold_and_are_counted(tenant: RunningTenant) -> None:
    """Limits are set by name, and what was counted is told."""
    tenant.set_limits(requests=1)
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    with tenant.client(headers=headers) as client:
        statuses = [client.get("/v1.0/users/ap@contoso.com/messages").status_code for _ in range(2)]
    assert statuses == [200, 429]
    assert tenant.limits()


def test_what_a_schema_lacks_can_be_served(tenant: RunningTenant) -> None:
    """A cloud's schema is held for complete, until a test says that it lags behind."""
    headers = {"Authorization": f"Bearer {tenant.token(cloud='Azure US GCC High')}"}
    path = "/v1.0/users/ap@contoso.us/messages/x/permanentDelete"
    with tenant.client("Azure US GCC High", headers=headers) as client:
        before = client.post(path).json()["error"]["message"]
        tenant.serve_absent("Azure US GCC High")
        after = client.post(path).json()["error"]["message"]
    assert "segment" in before
    assert "segment" not in after


def test_a_command_that_ends_is_explained_by_what_it_said(tmp_path: Path) -> None:
    """A tenant that does not start says why, and is not tried again."""
    command = ("sh", "-c", "echo No such thing. >&2; exit 3")
    with (
        pytest.raises(LocalTenantError, match=r"did not start\. No such thing\."),
        start_tenant(tmp_path / "data", command=command),
    ):
        pass


def test_a_port_that_is_taken_is_named(tenant: RunningTenant, tmp_path: Path) -> None:
    """Who asks for a port gets that one, or a sentence."""
    with (
        pytest.raises(LocalTenantError, match="is in use"),
        start_tenant(tmp_path / "data", port=tenant.port),
    ):
        pass


def test_a_tenant_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    """What a test asks of a tenant that has ended fails with a sentence."""
    with start_tenant(tmp_path / "data") as tenant:
        end(tenant.process)
        with pytest.raises(LocalTenantError, match="The local tenant does not answer"):
            tenant.requests()


def test_secrets_come_and_go(tenant: RunningTenant) -> None:
    """An app gets a second secret, which is told once and listed by its date, and loses it again."""
    (added,) = tenant.add_secret("Invoice bot", GLOBAL, good_for_seconds=60)
    assert added["client_secret"] not in str(tenant.apps())
    assert added["key_id"] in str(tenant.apps())
    tenant.remove_secret("Invoice bot", added["key_id"])
    assert added["key_id"] not in str(tenant.apps())


def test_a_snapshot_is_come_back_to(tenant: RunningTenant) -> None:
    """Mail that came after a snapshot is gone when it is restored; one that is deleted is no more."""
    tenant.deliver("ap@contoso.com", subject="Kept")
    tenant.snapshot("kept")
    tenant.deliver("ap@contoso.com", subject="Lost")
    tenant.restore("kept")
    assert [message.subject for message in tenant.mailbox("ap@contoso.com").inbox] == ["Kept"]
    tenant.delete_snapshot("kept")
    with pytest.raises(LocalTenantError, match="No snapshot has the name kept"):
        tenant.restore("kept")


def test_what_changed_is_forgotten(tenant: RunningTenant) -> None:
    """A delta token of before is refused once the mailbox forgot its changes."""
    headers = {"Authorization": f"Bearer {tenant.token()}"}
    with tenant.client(headers=headers) as client:
        path = "/v1.0/users/ap@contoso.com/mailFolders/inbox/messages/delta"
        token = client.get(path).json()["@odata.deltaLink"].partition("?")[2]
        tenant.deliver("ap@contoso.com", subject="A change")
        tenant.forget_changes("ap@contoso.com")
        assert client.get(f"{path}?{token}").status_code == 410
