"""The control endpoints steer the tenant, and say in a sentence what is wrong with what they are sent."""

from uuid import uuid4

import httpx2
import pytest

from support.entra import ask_token
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

MIME = b"From: Adele <adele@contoso.com>\r\nTo: ap@contoso.com\r\nSubject: Invoice\r\n\r\nPlease pay.\r\n"


def test_requests_are_logged_without_secrets(tenant: RunningTenant) -> None:
    """Each request is listed with method, path, status, app, cloud and time, and nothing of its content."""
    tenant.token()
    ask_token(tenant, cloud=GCC_HIGH, client_secret="wrong")
    first, second = tenant.requests()
    assert set(first) == {"time", "cloud", "method", "path", "status", "app", "mailbox", "parts"}
    assert (first["cloud"], first["status"], first["app"]) == (GLOBAL, 200, "Invoice bot")
    assert (second["cloud"], second["status"]) == (GCC_HIGH, 401)
    assert first["path"] == f"/{tenant.cloud()['tenant_id']}/oauth2/v2.0/token"
    assert tenant.app()["client_secret"] not in str(tenant.requests())


def test_query_strings_are_not_logged(tenant: RunningTenant) -> None:
    """A query string may hold what is secret, so it is left out."""
    with tenant.client() as client:
        client.get("/common/discovery/instance", params={"authorization_endpoint": "canary"})
    assert "canary" not in str(tenant.requests())


def test_control_requests_are_not_logged(tenant: RunningTenant) -> None:
    """The log is of what clients do, not of what tests look at."""
    tenant.requests()
    assert tenant.requests() == []


def test_the_log_can_be_cleared(tenant: RunningTenant) -> None:
    """DELETE forgets what was logged."""
    tenant.token()
    tenant.clear_requests()
    assert tenant.requests() == []


def test_control_is_on_the_first_cloud_only(tenant: RunningTenant) -> None:
    """The second cloud, and Microsoft's host names, have no control endpoints."""
    with tenant.client(GCC_HIGH) as client:
        assert client.get("/_tenant/requests").status_code == 501
    with tenant.client() as client:
        assert (
            client.get("/_tenant/requests", headers={"Host": "login.microsoftonline.com"}).status_code == 501
        )


def test_a_message_is_delivered_into_the_inbox(tenant: RunningTenant) -> None:
    """A MIME message put to a mailbox is unread in its Inbox, in the cloud of the address."""
    for address in ("ap@contoso.com", "AP@contoso.us"):
        assert tenant.folders(address)["Inbox"] == {"total": 0, "unread": 0}
        assert tenant.deliver(address, MIME)
        assert tenant.folders(address)["Inbox"] == {"total": 1, "unread": 1}


def test_reset_brings_back_the_seeds(tenant: RunningTenant) -> None:
    """Reset undoes mail, faults, latency, the clock and revocations, and keeps ids and secrets."""
    tenant.deliver("ap@contoso.com", MIME)
    tenant.add_fault(status=500)
    tenant.revoke("Invoice bot")
    tenant.advance_clock(5 * 365 * 86400)
    tenant.reset()
    assert tenant.folders("ap@contoso.com")["Inbox"]["total"] == 0
    assert tenant.control.get("/faults").json() == []
    assert tenant.token()
    assert [entry["status"] for entry in tenant.requests()] == [200]


@pytest.mark.parametrize(
    ("path", "body", "part"),
    [
        ("/faults", "", "cannot be used"),
        ("/faults", "[]", "Expected `object`"),
        ("/faults", "{}", "needs one of status"),
        ("/faults", '{"status": 200}', "$.status"),
        ("/faults", '{"status": "429"}', "$.status"),
        ("/faults", '{"status": 429, "drop_response": true}', "it has no status"),
        ("/faults", '{"status": 429, "chance": 1}', "unknown field `chance`"),
        ("/faults", '{"status": 429, "every": 0}', "$.every"),
        ("/faults", '{"status": 429, "every": 2, "probability": 0.5}', "not both"),
        ("/faults", '{"status": 429, "probability": 1.5}', "$.probability"),
        ("/faults", '{"status": 429, "retry_after": -1}', "$.retry_after"),
        ("/faults", '{"status": 401, "claims": "no json"}', "claims"),
        ("/clock", "{}", "advance_seconds"),
        ("/clock", '{"advance_seconds": 1e300}', "further than a date can go"),
        ("/clock", '{"advance_seconds": -1e12}', "further than a date can go"),
        ("/latency", '{"milliseconds": -1}', "between 0 and"),
        ("/latency", '{"milliseconds": 1e9}', "between 0 and"),
        ("/faults", '{"aadsts": 1}', "knows no refusal with the number 1"),
        ("/faults", '{"aadsts": 90055, "status": 400}', "leave out the others"),
        ("/faults", '{"aadsts": 90055, "content": "x"}', "leave out the others"),
        ("/faults", '{"status": 400, "code": "x", "content": "x"}', "not both"),
        ("/faults", '{"status": 400, "content_type": "text/html"}', "needs content"),
        ("/faults", '{"drop_response": true, "message": "x"}', "need a status"),
        ("/faults", '{"delay_seconds": 1, "retry_after": 1}', "need a status"),
        ("/faults", '{"drop_response": true, "cut_after_bytes": 1}', "nothing is sent"),
        ("/faults", '{"drop_response": true, "bytes_per_second": 1}', "nothing is sent"),
        ("/faults", '{"bytes_per_second": 0}', "$.bytes_per_second"),
        ("/faults", '{"delay_seconds": 601}', "$.delay_seconds"),
        ("/limits", "{}", "one of the two"),
        ("/limits", '{"mode": "off", "requests": 1}', "one of the two"),
        ("/limits", '{"mode": "some"}', "$.mode"),
        ("/limits", '{"requests": -1}', "$.requests"),
        ("/limits", '{"message_bytes": 157286401}', "$.message_bytes"),
        ("/mailboxes/ap@contoso.com/messages", "  ", "it is empty"),
    ],
)
def test_bad_input_is_answered_with_a_sentence(
    tenant: RunningTenant, path: str, body: str, part: str
) -> None:
    """What cannot be used is answered with 400 and why, and changes nothing."""
    answer = tenant.control.post(path, content=body)
    assert answer.status_code == 400, answer.text
    assert part in answer.json()["error"]
    assert tenant.token()


def test_an_unknown_mailbox(tenant: RunningTenant) -> None:
    """A mailbox that is nowhere is not found, to look at and to deliver to."""
    path = f"/mailboxes/{uuid4()}@contoso.com"
    assert tenant.control.get(path).status_code == 404
    assert tenant.control.post(f"{path}/messages", content=MIME).status_code == 404


def test_the_clock_moves_for_the_tenant_only(tenant: RunningTenant) -> None:
    """Moving the clock tells the new time, and dates what follows."""
    answer = tenant.control.post("/clock", json={"advance_seconds": 86400 * 365 * 10}).json()
    ask_token(tenant, client_secret="wrong")
    assert tenant.requests()[-1]["time"][:4] == answer["now"][:4]


def test_a_request_for_the_other_cloud_is_misdirected(tenant: RunningTenant) -> None:
    """A host name of the other cloud is not served."""
    with tenant.client() as client:
        answer: httpx2.Response = client.get("/v1.0/me", headers={"Host": "graph.microsoft.us"})
    assert answer.status_code == 421
