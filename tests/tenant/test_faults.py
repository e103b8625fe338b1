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


def token_page(tenant: RunningTenant) -> bytes:
    with tenant.client() as client:
        return client.get(KEYS).content


def test_an_answer_may_break_off(tenant: RunningTenant) -> None:
    """The connection is closed after so many bytes of the body; a shorter body comes whole."""
    whole = token_page(tenant)
    tenant.add_fault(path="*/keys", cut_after_bytes=10, count=1)
    with tenant.client() as client, client.stream("GET", KEYS) as answer:
        assert (answer.status_code, int(answer.headers["content-length"])) == (200, len(whole))
        came = b""
        with pytest.raises(httpx2.RemoteProtocolError):
            for piece in answer.iter_raw():
                came += piece
    assert came == whole[:10]
    tenant.add_fault(path="*/keys", cut_after_bytes=len(whole), count=1)
    assert token_page(tenant) == whole


def test_an_answer_may_break_off_at_once(tenant: RunningTenant) -> None:
    """After no byte at all there are still the headers, and a made up answer may break off as well."""
    tenant.add_fault(path="*/keys", status=500, cut_after_bytes=0, count=1)
    with tenant.client() as client, client.stream("GET", KEYS) as answer:
        assert answer.status_code == 500
        with pytest.raises(httpx2.RemoteProtocolError):
            answer.read()
    assert statuses(tenant, 1) == [200]


def test_an_answer_may_trickle(tenant: RunningTenant) -> None:
    """A body that comes slowly is whole in the end, and too slow for who waits less."""
    whole = token_page(tenant)
    tenant.add_fault(path="*/keys", bytes_per_second=len(whole) * 4, count=1)
    assert token_page(tenant) == whole
    tenant.add_fault(path="*/keys", bytes_per_second=1, count=1)
    with tenant.client() as client, pytest.raises(httpx2.ReadTimeout):
        client.get(KEYS, timeout=0.2)


def test_an_answer_may_be_late(tenant: RunningTenant) -> None:
    """The work is done and the answer waits: who does not wait for it misses it."""
    tenant.add_fault(path="*/keys", delay_seconds=0.3)
    with tenant.client() as client, pytest.raises(httpx2.ReadTimeout):
        client.get(KEYS, timeout=0.1)
    assert statuses(tenant, 1) == [200]


def test_a_refusal_may_be_late(tenant: RunningTenant) -> None:
    """Delay goes with a status."""
    tenant.add_fault(path="*/keys", status=503, delay_seconds=0.1)
    assert statuses(tenant, 1) == [503]


def test_a_late_answer_may_get_lost(tenant: RunningTenant) -> None:
    """Delay goes with a dropped answer: the connection is closed after the wait."""
    tenant.add_fault(path="*/keys", drop_response=True, delay_seconds=0.1)
    with pytest.raises(httpx2.RemoteProtocolError):
        statuses(tenant, 1)


def test_something_else_may_answer(tenant: RunningTenant) -> None:
    """Content stands in for the answer: HTML with 200, or another type and status."""
    tenant.add_fault(path="*/keys", content="<html>Sign in to the network</html>", count=1)
    with tenant.client() as client:
        page = client.get(KEYS)
        assert (page.status_code, page.text) == (200, "<html>Sign in to the network</html>")
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        tenant.add_fault(
            path="*/keys", status=502, content='{"keys":', content_type="application/json", count=1
        )
        cut = client.get(KEYS)
    assert (cut.status_code, cut.text, cut.headers["content-type"]) == (502, '{"keys":', "application/json")
