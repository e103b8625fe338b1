"""Snapshots: the tenant comes back as it was, as often as one likes, and over a restart."""

from pathlib import Path
from typing import Any

import pytest

from support.entra import ask_token
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant, start_tenant

AP = "ap@contoso.com"
MIME = b"From: Adele <adele@contoso.com>\r\nTo: ap@contoso.com\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n"
WITH_ATTACHMENT = (
    b"Subject: Attached\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\n\r\nSee.\r\n--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=a.pdf\r\n"
    b"\r\npdf\r\n--b--\r\n"
)


def make(tenant: RunningTenant, name: str) -> None:
    answer = tenant.control.post("/snapshots", json={"name": name})
    assert answer.status_code == 201, answer.text


def restore(tenant: RunningTenant, name: str) -> None:
    assert tenant.control.post(f"/snapshots/{name}/restore").status_code == 204


def graph(tenant: RunningTenant, path: str, **options: Any) -> Any:
    with tenant.client() as client:
        url = path if path.startswith("http") else f"/v1.0/users/{AP}/{path}"
        headers = {"Authorization": f"Bearer {tenant.token()}"}
        answer = client.get(url, headers=headers, params=options or None)
        return answer.json() | {"status": answer.status_code}


def test_mail_comes_back(tenant: RunningTenant) -> None:
    """What came, changed or went since is undone, attachments included, and once more if need be."""
    tenant.deliver(AP, WITH_ATTACHMENT)
    make(tenant, "before")
    (message,) = graph(tenant, "mailFolders/inbox/messages", **{"$expand": "attachments"})["value"]
    for _ in range(2):
        with tenant.client() as client:
            headers = {"Authorization": f"Bearer {tenant.token()}"}
            client.delete(f"/v1.0/users/{AP}/messages/{message['id']}", headers=headers)
        tenant.deliver(AP, MIME)
        restore(tenant, "before")
        (back,) = graph(tenant, "mailFolders/inbox/messages", **{"$expand": "attachments"})["value"]
        assert back == message
        assert tenant.folders(AP)["Inbox"] == {"total": 1, "unread": 1}


def test_directory_consents_and_clock_come_back(tenant: RunningTenant) -> None:
    """What a test changed of the tenant before the snapshot holds again, and what it changed after does not."""
    tenant.consent("Desktop bot", "Mail.Read")
    tenant.change_app("Invoice bot", enabled=False)
    tenant.advance_clock(-3600)
    consents = tenant.consents()
    make(tenant, "prepared")
    tenant.withdraw_consent("Desktop bot")
    tenant.change_app("Invoice bot", enabled=True)
    restore(tenant, "prepared")
    assert tenant.consents() == consents
    assert ask_token(tenant).status_code == 400
    (snapshot,) = tenant.control.get("/snapshots").json()
    now = tenant.control.post("/clock", json={"advance_seconds": 0}).json()["now"]
    assert snapshot["made"][:13] == now[:13]


def test_delta_tokens_of_what_is_undone_are_void(tenant: RunningTenant) -> None:
    """A token of before the snapshot goes on; one of what came after is answered 410."""
    before = graph(tenant, "mailFolders/inbox/messages/delta")["@odata.deltaLink"]
    make(tenant, "begin")
    tenant.deliver(AP, MIME)
    after = graph(tenant, before)["@odata.deltaLink"]
    restore(tenant, "begin")
    tenant.deliver(AP, MIME.replace(b"Invoice", b"Other"))
    lost = graph(tenant, after)
    assert (lost["status"], lost["error"]["code"]) == (410, "SyncStateNotFound")
    assert [item["subject"] for item in graph(tenant, before)["value"]] == ["Other"]


def test_snapshots_are_listed_and_forgotten(tenant: RunningTenant) -> None:
    """Names are listed in the order of their making; one can be deleted, and a reset forgets all."""
    make(tenant, "one")
    make(tenant, "two")
    assert [snapshot["name"] for snapshot in tenant.control.get("/snapshots").json()] == ["one", "two"]
    assert tenant.control.delete("/snapshots/one").status_code == 204
    assert [snapshot["name"] for snapshot in tenant.control.get("/snapshots").json()] == ["two"]
    tenant.reset()
    assert tenant.control.get("/snapshots").json() == []


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("POST", "/snapshots", {"name": "../record"}, 400),
        ("POST", "/snapshots", {"name": ""}, 400),
        ("POST", "/snapshots", {}, 400),
        ("POST", "/snapshots", {"name": "there"}, 409),
        ("POST", "/snapshots/missing/restore", None, 404),
        ("DELETE", "/snapshots/missing", None, 404),
        ("POST", "/mailboxes/nobody@contoso.com/forget-changes", None, 404),
    ],
)
def test_what_cannot_be_done(
    tenant: RunningTenant, method: str, path: str, body: dict[str, str] | None, status: int
) -> None:
    """A name that cannot be one, is taken or is unknown is refused with a sentence."""
    make(tenant, "there")
    answer = tenant.control.request(method, path, json=body)
    assert answer.status_code == status
    assert answer.json()["error"].endswith(".")


def test_a_snapshot_survives_a_restart(tmp_path: Path) -> None:
    """Both clouds come back after the tenant was started anew."""
    with start_tenant(tmp_path) as first:
        megan = f"megan@{first.cloud(GCC_HIGH)['domain']}"
        first.deliver(AP, MIME)
        first.deliver(megan, MIME)
        make(first, "kept")
    with start_tenant(tmp_path) as second:
        second.deliver(megan, MIME)
        second.deliver(f"adele@{second.cloud(GLOBAL)['domain']}", MIME)
        restore(second, "kept")
        assert second.folders(AP)["Inbox"]["total"] == second.folders(megan)["Inbox"]["total"] == 1
        assert second.folders("adele@contoso.com")["Inbox"]["total"] == 0
