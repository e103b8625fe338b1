"""The proxy takes Microsoft's names to the tenant, and nothing anywhere."""

import socket
import ssl

import httpx2
import pytest

from postroom.tenant.hosts import CLOUDS
from support.tenant import RunningTenant


def talk(tenant: RunningTenant, request: bytes) -> bytes:
    """Send raw bytes to the proxy and read until it closes."""
    with socket.create_connection(("127.0.0.1", tenant.port + 2), timeout=10) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := connection.recv(65536):
            received += chunk
    return received


@pytest.mark.parametrize("host", [host for hosts in CLOUDS for host in hosts.names])
def test_every_real_name_is_served_with_a_certificate_for_it(tenant: RunningTenant, host: str) -> None:
    """A client that checks certificates reaches the tenant under each of Microsoft's names."""
    proxy = tenant.manifest["proxy"]
    with httpx2.Client(proxy=proxy, verify=tenant.ssl_context, trust_env=False) as client:
        answer = client.get(f"https://{host}/contoso.com/discovery/v2.0/keys")
    assert answer.status_code != 421
    cloud = next(hosts.name for hosts in CLOUDS if host in hosts.names)
    assert {entry["cloud"] for entry in tenant.requests()} == {cloud}


@pytest.mark.parametrize(
    "target",
    [
        "example.com:443",
        "graph.microsoft.com:80",
        "localhost:8443",
        "graph.microsoft.com.example.com:443",
        "x",
        ":443",
    ],
)
def test_any_other_target_is_forbidden(tenant: RunningTenant, target: str) -> None:
    """Other hosts and ports are refused with a sentence, and never connected to."""
    answer = talk(tenant, f"CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n\r\n".encode())
    assert answer.startswith(b"HTTP/1.1 403 ")
    assert f"does not connect to {target}".encode() in answer


def test_only_connect_is_taken(tenant: RunningTenant) -> None:
    """A request that wants to be forwarded is refused."""
    answer = talk(
        tenant, b"GET http://graph.microsoft.com/v1.0/me HTTP/1.1\r\nHost: graph.microsoft.com\r\n\r\n"
    )
    assert answer.startswith(b"HTTP/1.1 405 ")


def test_a_head_without_end_is_refused(tenant: RunningTenant) -> None:
    """A request head has a limit."""
    head = b"CONNECT graph.microsoft.com:443 HTTP/1.1\r\n" + b"X: " + b"x" * 40000 + b"\r\n\r\n"
    with socket.create_connection(("127.0.0.1", tenant.port + 2), timeout=10) as connection:
        connection.sendall(head)
        assert connection.recv(100).startswith(b"HTTP/1.1 431 ")


def test_garbage_ends_the_connection(tenant: RunningTenant) -> None:
    """What is no request gets no tunnel, and the proxy goes on."""
    assert b"200" not in talk(tenant, b"\x16\x03\x01\x00\x05hello")
    assert talk(tenant, b"CONNECT x:1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 403 ")


def test_names_are_taken_in_any_case(tenant: RunningTenant) -> None:
    """Host names have no case."""
    with socket.create_connection(("127.0.0.1", tenant.port + 2), timeout=10) as connection:
        connection.sendall(b"CONNECT Graph.Microsoft.COM:443 HTTP/1.1\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 200 ")
        with tenant.ssl_context.wrap_socket(connection, server_hostname="graph.microsoft.com") as secured:
            assert isinstance(secured, ssl.SSLSocket)


def test_large_bodies_pass_both_ways(tenant: RunningTenant) -> None:
    """A body of some megabytes passes the tunnel whole."""
    with httpx2.Client(proxy=tenant.manifest["proxy"], verify=tenant.ssl_context, trust_env=False) as client:
        answer = client.post(
            "https://login.microsoftonline.com/contoso.com/oauth2/v2.0/token",
            data={"grant_type": "x" * 3_000_000},
        )
    assert answer.status_code == 400
    assert "x" * 3_000_000 in answer.text
