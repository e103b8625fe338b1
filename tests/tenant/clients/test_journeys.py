"""Unmodified clients sign in, list, page, read, send, move, batch and follow changes, as they do at Microsoft."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

CLOUDS = pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
Told = dict[str, Any]
Tell = Callable[[str], Told]
RunClient = Callable[[list[str], Told], dict[str, Any]]
INVOICES = {f"Invoice {number}" for number in range(12)}
REFUSED = "400"


@CLOUDS
@pytest.mark.parametrize("library", ["msal", "azure-identity, secret", "azure-identity, certificate"])
def test_requests(tenant: RunningTenant, tell: Tell, run_python: RunClient, library: str, cloud: str) -> None:
    """A bot on requests, signed in by MSAL for Python or by azure-identity."""
    told = tell(cloud)
    report = run_python(["requests_journey.py"], told | {"library": library})
    assert report["pages"] == 3
    check_report(report, cloud)
    check_mailbox(tenant, told, cloud)


@CLOUDS
def test_node(
    tenant: RunningTenant, tell: Tell, run_client: RunClient, node_clients: Path, cloud: str
) -> None:
    """A bot on @azure/msal-node and @microsoft/microsoft-graph-client, with its pages, batches and upload task."""
    told = tell(cloud)
    report = run_client(["node", "--no-warnings", str(node_clients / "journey.mjs")], told)
    check_report(report, cloud)
    check_mailbox(tenant, told, cloud)


@CLOUDS
def test_python_o365(tenant: RunningTenant, tell: Tell, run_python: RunClient, cloud: str) -> None:
    """python-o365; it knows neither batches nor changes, and another cloud only by classes derived from its own."""
    told = tell(cloud)
    report = run_python(["o365_journey.py"], told)
    assert set(report["subjects"]) == INVOICES
    assert report["sender"] == "adele@contoso.com"
    assert "Please pay." in report["body"]
    assert report["moved"] == report["subjects"][0]
    assert report["marked"] is True
    check_upload(report["upload"], cloud)
    check_mailbox(tenant, told, cloud)


@CLOUDS
def test_office365_rest_python_client(
    tenant: RunningTenant, tell: Tell, run_python: RunClient, cloud: str
) -> None:
    """Office365-REST-Python-Client, which knows both clouds, pages, batches and changes by itself."""
    told = tell(cloud)
    report = run_python(["office365_journey.py"], told)
    assert set(report["subjects"]) == set(report["delta"]) == INVOICES
    assert len(report["subjects"]) == len(report["delta"]) == len(INVOICES)
    assert report["body"].strip() == "Please pay."
    assert report["batch"] == report["subjects"][1:4]
    assert report["moved"] == report["subjects"][0]
    assert report["marked"] is True
    check_upload(report["upload"], cloud)
    check_mailbox(tenant, told, cloud)


@pytest.mark.parametrize(
    "client", ["requests_journey.py", "o365_journey.py", "office365_journey.py", "journey.mjs"]
)
def test_large_attachments_in_gcc_high_where_it_is_taken_to_have_them(
    tenant: RunningTenant,
    tell: Tell,
    run_client: RunClient,
    run_python: RunClient,
    request: pytest.FixtureRequest,
    client: str,
) -> None:
    """With the schema passed over, GCC High takes upload sessions, as its service may do."""
    reading = {"absent": "served"}
    tenant.control.post("/schema", params={"cloud": GCC_HIGH}, json=reading).raise_for_status()
    told = tell(GCC_HIGH) | {"library": "msal"}
    if client.endswith(".mjs"):
        script = request.getfixturevalue("node_clients") / client
        report = run_client(["node", "--no-warnings", str(script)], told)
    else:
        report = run_python([client], told)
    assert report["upload"] == "sent"
    assert_large_arrived(tenant, told, GCC_HIGH)


def check_report(report: dict[str, Any], cloud: str) -> None:
    """Check what a client saw."""
    assert set(report["subjects"]) == INVOICES
    assert len(report["subjects"]) == len(INVOICES)
    assert report["body"].strip() == "Please pay."
    assert set(report["delta"]["subjects"]) == INVOICES
    assert report["moved"] == report["subjects"][0]
    assert report["batch"] == {"0": 200, "1": 200, "2": 200, "missing": 404}
    check_upload(report["upload"], cloud)
    changed = {*report["subjects"][1:4], *(["Large"] if report["upload"] == "sent" else [])}
    assert set(report["changes"]["subjects"]) == changed
    assert report["changes"]["removed"] == 1


def check_upload(told: str, cloud: str) -> None:
    """Check that an upload session was given where the schema of the cloud has it."""
    if cloud == GLOBAL:
        assert told == "sent"
    else:
        assert told.startswith(REFUSED) or "createUploadSession" in told


def check_mailbox(tenant: RunningTenant, told: Told, cloud: str) -> None:
    """Check what lies in the mailbox afterwards, and that the other cloud was never asked."""
    folders = tenant.folders(told["mailbox"])
    assert folders["Done"]["total"] == 1
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}
    if cloud == GLOBAL:
        assert_large_arrived(tenant, told, cloud)


def assert_large_arrived(tenant: RunningTenant, told: Told, cloud: str) -> None:
    """Check that the large attachment came to its recipient as it was sent."""
    headers = {"Authorization": f"Bearer {tenant.token(cloud=cloud)}"}
    inbox = f"/v1.0/users/{told['mailbox']}/mailFolders/inbox/messages"
    with tenant.client(cloud, headers=headers) as client:
        (message,) = client.get(f"{inbox}?$filter=subject eq 'Large'").json()["value"]
        attachments = f"{inbox}/{message['id']}/attachments"
        (attachment,) = client.get(f"{attachments}?$select=id,name,size").json()["value"]
        content = client.get(f"{attachments}/{attachment['id']}/$value").content
    assert message["hasAttachments"]
    assert attachment["name"] == "large.bin"
    assert content == bytes(range(256)) * (told["attachment_bytes"] // 256)
