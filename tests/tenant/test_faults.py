"""The tenant fails as it is told to, and only there."""

import base64
import json

import httpx2
import pytest

from support.entra import ask_token, assert_refused
from support.tenant import GCC_HIGH, RunningTenant

KEYS = "/contoso.com/discovery/v2.0/keys"


def statuses(tenant: RunningTenant, count: int, path: str = KEYS, method: str = "GET") -> list[int]:
    """Make the same request many times."""
    with tenant.client() as client:
        return [client.request(method, path).status_code for _ in range(count)]


def test_a_fault_strikes_as_often_as_it_is_told(tenant: RunningTenant) -> None:
    """With a count, the fault is spent after so many requests."""
    tenant.add_fault(path="*/keys", status=503, count=2)
    assert statuses(tenant, 4) == [503, 503, 200, 200]
    listed = tenant.control.get("/faults").json()
    assert [(fault["seen"], fault["struck"]) for fault in listed] == [(2, 2)]


def test_a_fault_strikes_every_nth_time(tenant: RunningTenant) -> None:
    """With every, each nth matching request fails."""
    tenant.add_fault(path="*/KEYS", status=500, every=3)
    assert statuses(tenant, 7) == [200, 200, 500, 200, 200, 500, 200]


def test_a_fault_strikes_by_chance(tenant: RunningTenant) -> None:
    """With a probability of 0 nothing fails, with 1 everything."""
    tenant.add_fault(status=500, probability=0)
    assert statuses(tenant, 3) == [200, 200, 200]
    tenant.add_fault(status=500, probability=1)
    assert statuses(tenant, 3) == [500, 500, 500]


def test_a_fault_matches_method_and_path(tenant: RunningTenant) -> None:
    """Other methods and other paths are left alone, and so are faults that were cleared."""
    tenant.add_fault(method="post", path="/contoso.com/*", status=500)
    assert statuses(tenant, 1) == [200]
    assert ask_token(tenant, realm="contoso.com").status_code == 500
    assert ask_token(tenant).status_code == 200
    tenant.clear_faults()
    assert ask_token(tenant, realm="contoso.com").status_code == 200


def test_a_fault_is_answered_in_graphs_words(tenant: RunningTenant) -> None:
    """A throttled request to Graph has its error body and a Retry-After that may be a fraction of a second."""
    tenant.add_fault(path="/v1.0/*", status=429, retry_after=0.25)
    with tenant.client(GCC_HIGH) as client:
        answer = client.get("/v1.0/me/messages", headers={"client-request-id": "my-id"})
    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "0.25"
    error = answer.json()["error"]
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    assert error["innerError"]["client-request-id"] == "my-id"
    assert error["innerError"]["status"] == "429"
    assert tenant.requests()[-1]["status"] == 429


def test_a_fault_may_bring_its_own_words(tenant: RunningTenant) -> None:
    """Code and message can be given."""
    tenant.add_fault(status=429, code="ApplicationThrottled", message="Too much.", path="/v1.0/*")
    with tenant.client() as client:
        error = client.get("/v1.0/users/x").json()["error"]
    assert (error["code"], error["message"]) == ("ApplicationThrottled", "Too much.")


def test_a_fault_of_entra_id_has_its_shape(tenant: RunningTenant) -> None:
    """A fault at the token endpoint is an OAuth error."""
    tenant.add_fault(path="*/token", status=503, code="temporarily_unavailable", message="Later.")
    assert ask_token(tenant).json() == {"error": "temporarily_unavailable", "error_description": "Later."}


def test_a_fault_may_be_a_refusal_of_entra_id(tenant: RunningTenant) -> None:
    """A fault with an AADSTS number is answered as Entra ID refuses with it, and may say when to come back."""
    tenant.add_fault(path="*/token", aadsts=90055, retry_after=2, count=1)
    answer = ask_token(tenant)
    assert_refused(answer, 429, "temporarily_unavailable", 90055, "too many incoming requests")
    assert answer.headers["retry-after"] == "2"
    assert ask_token(tenant).status_code == 200


@pytest.mark.parametrize(
    "claims", [{"access_token": {"nbf": {"essential": True}}}, '{"access_token":{"nbf":null}}']
)
def test_a_fault_may_be_a_claims_challenge(tenant: RunningTenant, claims: object) -> None:
    """A 401 with claims carries them as a claims challenge."""
    tenant.add_fault(path="/v1.0/*", status=401, claims=claims)
    with tenant.client() as client:
        header = client.get("/v1.0/me").headers["www-authenticate"]
    assert 'error="insufficient_claims"' in header
    encoded = header.partition('claims="')[2].partition('"')[0]
    assert json.loads(base64.b64decode(encoded)) == (
        json.loads(claims) if isinstance(claims, str) else claims
    )


def test_a_fault_may_bring_its_own_challenge(tenant: RunningTenant) -> None:
    """The WWW-Authenticate header can be given as a whole."""
    tenant.add_fault(path="/v1.0/*", status=401, www_authenticate='Bearer error="invalid_token"')
    with tenant.client() as client:
        assert client.get("/v1.0/me").headers["www-authenticate"] == 'Bearer error="invalid_token"'


def test_an_answer_may_be_dropped_after_the_work(tenant: RunningTenant) -> None:
    """A dropped answer closes the connection; the log has the request without a status, and others go on."""
    tenant.add_fault(path="*/keys", drop_response=True, count=1)
    with pytest.raises(httpx2.RemoteProtocolError):
        statuses(tenant, 1)
    assert statuses(tenant, 1) == [200]
    assert [entry["status"] for entry in tenant.requests()] == [None, 200]


def test_latency_is_added_and_taken_away(tenant: RunningTenant) -> None:
    """With latency set a request still gets its answer, and clients that wait less do not."""
    tenant.set_latency(400)
    with tenant.client() as client, pytest.raises(httpx2.ReadTimeout):
        client.get(KEYS, timeout=0.1)
    assert statuses(tenant, 1) == [200]
    tenant.set_latency(0)
    with tenant.client() as client:
        assert client.get(KEYS, timeout=10).status_code == 200
