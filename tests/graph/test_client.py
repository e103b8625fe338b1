"""The wire to Graph, against the local tenant and its faults."""

import threading

import pytest

from postroom.errors import (
    HostUnreachableError,
    NoAnswerError,
    PermissionMissingError,
    ProxyError,
    ThrottledError,
    TlsError,
    TokenRefusedError,
)
from postroom.graph import retries
from support.connections import Connect
from support.mail import make_mail
from support.tenant import GCC_HIGH, RunningTenant

AP = "ap@contoso.com"


def test_retry_after_is_obeyed(connect: Connect, tenant: RunningTenant) -> None:
    """Requests that are turned away are sent again when the service says, and nothing is lost."""
    mailbox = connect()
    tenant.deliver(AP, make_mail())
    tenant.add_fault(path="/v1.0/*", status=429, retry_after=0.02, every=2, count=6)
    messages = list(mailbox.messages())
    mailbox.change_status(messages, to="read")
    mailbox.move(messages, to="Archive")
    assert tenant.folders(AP)["Archive"] == {"total": 1, "unread": 0}


def test_a_service_that_stays_busy_is_told(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the service wants more patience than we have, its refusal is given with its code."""
    mailbox = connect()
    monkeypatch.setattr(retries, "LONGEST_WAIT_SECONDS", 0.1)
    tenant.add_fault(path="/v1.0/*", status=429, retry_after=0.06)
    with pytest.raises(ThrottledError) as caught:
        mailbox.folder_exists("Archive")
    assert caught.value.code == "TooManyRequests"


@pytest.mark.parametrize(
    "fault", [{"status": 503}, {"status": 504, "retry_after": 0.01}, {"drop_response": True}]
)
def test_reading_is_repeated(connect: Connect, tenant: RunningTenant, fault: dict[str, object]) -> None:
    """A read whose answer does not come is asked again."""
    mailbox = connect()
    tenant.add_fault(method="GET", path="/v1.0/*", count=1, **fault)
    assert mailbox.folder_exists("Archive")


def test_a_read_that_never_gets_an_answer_is_told(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After some attempts the error says that the connection broke off."""
    mailbox = connect()
    monkeypatch.setattr(retries.time, "sleep", lambda _: None)
    tenant.add_fault(path="/v1.0/*", drop_response=True)
    with pytest.raises(NoAnswerError, match="broke off"):
        mailbox.folder_exists("Archive")


def test_a_claims_challenge_renews_once(connect: Connect, tenant: RunningTenant) -> None:
    """When tokens are revoked, the client asks once for a new one that meets the challenge, and goes on."""
    mailbox = connect()
    tenant.revoke("Invoice bot")
    tenant.clear_requests()
    assert mailbox.folder_exists("Archive")
    paths = [request["path"] for request in tenant.requests()]
    assert sum(path.endswith("/token") for path in paths) == 1


def test_a_token_that_stays_refused_is_told(connect: Connect, tenant: RunningTenant) -> None:
    """A second refusal is not tried a third time."""
    mailbox = connect()
    tenant.clear_requests()
    tenant.add_fault(path="/v1.0/*", status=401, claims={"access_token": {"nbf": {"essential": True}}})
    with pytest.raises(TokenRefusedError, match="clock"):
        mailbox.folder_exists("Archive")
    graph = [request for request in tenant.requests() if request["path"].startswith("/v1.0")]
    assert len(graph) == 2


def test_a_token_of_the_other_cloud_is_refused(
    connect: Connect, tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Graph of one cloud does not take the other's token; the message points at the cloud."""
    from postroom.auth.client_credentials import ClientCredentialsTokens
    from postroom.values import Secret

    foreign = Secret(tenant.token(cloud=GCC_HIGH))
    monkeypatch.setattr(ClientCredentialsTokens, "get_token", lambda *_: foreign)
    monkeypatch.setattr(ClientCredentialsTokens, "renew_token", lambda *_: foreign)
    with pytest.raises(TokenRefusedError, match="Azure cloud is the tenant's"):
        connect()


def test_four_requests_at_a_time(connect: Connect, tenant: RunningTenant) -> None:
    """However many threads work, no more than four requests of an app are under way."""
    mailbox = connect()
    tenant.set_latency(20)
    running, most, lock = 0, 0, threading.Lock()
    send = mailbox._client._http.send

    def count(*args: object, **settings: object) -> object:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return send(*args, **settings)  # type: ignore[arg-type]
        finally:
            with lock:
                running -= 1

    mailbox._client._http.send = count  # type: ignore[method-assign,assignment]
    threads = [threading.Thread(target=mailbox.folder_exists, args=("Archive",)) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tenant.set_latency(0)
    assert most == 4


def test_a_missing_permission_is_named(connect: Connect, tenant: RunningTenant) -> None:
    """An app with too few permissions reads, and is told by name what it needs to move."""
    tenant.deliver(AP, make_mail())
    mailbox = connect(app="Reader bot")
    with pytest.raises(PermissionMissingError, match=r"Mail\.ReadWrite"):
        mailbox.move(list(mailbox.messages()), to="Archive")
    with pytest.raises(PermissionMissingError, match=r"Mail\.Read"):
        connect(app="Unconsented bot")


def test_a_host_that_is_not_there(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where nobody takes the connection, the message names the proxy that was tried."""
    monkeypatch.setenv("HTTPS_PROXY", "http://localhost:9")
    monkeypatch.setenv("https_proxy", "http://localhost:9")
    with pytest.raises(HostUnreachableError, match="proxy localhost:9"):
        connect()


def test_a_proxy_that_refuses(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, tenant: RunningTenant
) -> None:
    """A proxy that lets only some hosts through is named with the host it refused."""
    from dataclasses import replace

    from postroom import clouds

    elsewhere = replace(clouds.AZURE_GLOBAL, login_host="login.microsoft.com")
    monkeypatch.setattr(clouds, "CLOUDS", (elsewhere,))
    with pytest.raises(ProxyError, match=r"login\.microsoft\.com"):
        connect()


@pytest.mark.parametrize("address", ["http://[", "nonsense://localhost:1"])
def test_a_proxy_setting_that_is_no_address(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    """A proxy variable that cannot be read says how it is written."""
    monkeypatch.setenv("HTTPS_PROXY", address)
    monkeypatch.setenv("https_proxy", address)
    with pytest.raises(ProxyError, match="http://host:port"):
        connect()


def test_a_certificate_that_is_not_trusted(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the tenant's CA nothing is sent, and the message names SSL_CERT_FILE."""
    monkeypatch.delenv("SSL_CERT_FILE")
    with pytest.raises(TlsError, match="SSL_CERT_FILE"):
        connect()


def test_a_trust_setting_that_names_no_file(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """SSL_CERT_FILE that names nothing is told before anything is tried."""
    monkeypatch.setenv("SSL_CERT_FILE", "/missing.pem")
    with pytest.raises(TlsError, match="must name a readable PEM file"):
        connect()
