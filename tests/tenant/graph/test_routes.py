"""What every answer of Graph has, and what nobody is let through to."""

import socket
import time
from collections.abc import Callable

import pytest

from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

from .conftest import Caller


def test_every_answer_says_which_request_it_is_for(ap: Caller) -> None:
    """request-id is new each time, client-request-id is the client's own, and one Date is enough."""
    answers = [ap.request("GET", "messages", headers={"client-request-id": "mine"}) for _ in range(2)]
    assert len({answer.headers["request-id"] for answer in answers}) == 2
    for answer in answers:
        assert answer.headers["client-request-id"] == "mine"
        assert "ServerInfo" in answer.headers["x-ms-ags-diagnostic"]
        assert len(answer.headers.get_list("date")) == 1
        assert answer.headers["content-type"].startswith("application/json;odata.metadata=minimal;")


def test_refusals_carry_the_ids(ap: Caller) -> None:
    """The error body repeats the ids of the headers."""
    answer = ap.request("GET", "messages/AAMkADnothing-of-the-kind", headers={"client-request-id": "mine"})
    inner = answer.json()["error"]["innerError"]
    assert (answer.status_code, inner["client-request-id"]) == (404, "mine")
    assert inner["request-id"] == answer.headers["request-id"]


def test_whatever_a_path_holds_graph_answers(ap: Caller) -> None:
    """An id with a line break in it is one that nobody made."""
    assert ap.refused("GET", "messages/a%0Ab") == (400, "ErrorInvalidIdMalformed")


def test_without_a_token_nothing(tenant: RunningTenant) -> None:
    """No token, no answer: 401 with a challenge, before anything else is looked at."""
    with tenant.client() as client:
        for path in ("/v1.0/users/ap@contoso.com/messages", "/v1.0/nothing", "/beta/me"):
            answer = client.get(path)
            assert answer.status_code == 401
            assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"
            assert answer.headers["www-authenticate"].startswith("Bearer ")


def test_a_token_of_the_other_cloud_is_refused(tenant: RunningTenant) -> None:
    """Each cloud takes its own tokens only."""
    for cloud, other in ((GLOBAL, GCC_HIGH), (GCC_HIGH, GLOBAL)):
        with tenant.client(cloud) as client:
            answer = client.get("/v1.0/me", headers={"Authorization": f"Bearer {tenant.token(cloud=other)}"})
        assert answer.status_code == 401
        assert answer.json()["error"]["code"] == "InvalidAuthenticationToken"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "events"),
        ("PUT", "messages/AAMkADnothing-of-the-kind/$value"),
        ("GET", "/v1.0/groups"),
        ("GET", "/beta/me"),
    ],
)
def test_what_is_not_emulated_says_so(ap: Caller, method: str, path: str) -> None:
    """501 names the method and the path."""
    answer = ap.request(method, path)
    error = answer.json()["error"]
    assert (answer.status_code, error["code"]) == (501, "NotImplemented")
    assert error["message"].startswith(f"{method} /")
    assert path in error["message"]


def test_too_few_permissions(call: Callable[..., Caller]) -> None:
    """An app without a permission is denied; one that may read may not write or send."""
    reader, nobody = call(app="Reader bot"), call(app="Unconsented bot")
    assert reader.get("messages")["value"] == []
    assert reader.refused("POST", "mailFolders", json={"displayName": "x"}) == (403, "ErrorAccessDenied")
    assert reader.refused("POST", "sendMail", json={"message": {}}) == (403, "ErrorAccessDenied")
    assert nobody.refused("GET", "messages") == (403, "ErrorAccessDenied")
    assert nobody.refused("GET", "/v1.0/users/ap@contoso.com") == (403, "Authorization_RequestDenied")


def test_mailboxes_that_are_not_there(ap: Caller) -> None:
    """An unknown address has no mailbox; /me is for signed-in users."""
    assert ap.refused("GET", "/v1.0/users/nobody@contoso.com/messages") == (404, "ErrorInvalidUser")
    assert ap.refused("GET", "/v1.0/me/messages") == (400, "BadRequest")


def test_the_log_names_app_and_mailbox(tenant: RunningTenant, ap: Caller) -> None:
    """The tenant's log of requests says who asked for whose mail."""
    ap.get("messages")
    entry = tenant.requests()[-1]
    assert (entry["app"], entry["mailbox"], entry["status"]) == ("Invoice bot", "ap@contoso.com", 200)


def test_who_goes_away_in_the_middle_of_a_request_does_no_harm(tenant: RunningTenant) -> None:
    """A request whose client is gone before all of it came is refused, and is no error of the service."""
    token, app = tenant.token(), tenant.app()
    head = (
        f"POST /v1.0/users/ap@contoso.com/messages HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\n"
        "Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
    )
    tenant.clear_requests()
    with socket.create_connection(("localhost", tenant.port)) as plain:
        connection = tenant.ssl_context.wrap_socket(plain, server_hostname="localhost")
        connection.sendall(head.encode())
        connection.close()
    while not (requests := tenant.requests()):
        time.sleep(0.01)
    assert [(one["status"], one["app"]) for one in requests] == [(400, app["name"])]
    assert tenant.folders("ap@contoso.com")["Drafts"]["total"] == 0
