"""The legs below HTTP: names, the way out, trust."""

import os
import socket
import ssl
import sys
from urllib.parse import urlsplit

import httpx2

from postroom.errors import HostUnreachableError, NetworkError, PostroomError, ProxyError, TlsError
from postroom.network import find_proxy, network_errors
from postroom.outlook.doctor.case import Case
from postroom.outlook.doctor.legs import Leg
from postroom.outlook.doctor.report import Remedy

HTTPS_PORT = 443


def _check_names(case: Case) -> str:
    if isinstance(case.network_error, ProxyError):
        return "Not tried, because of what the next leg tells."
    names = {host: _find_name_to_resolve(host) for host in case.hosts}
    for host, name in names.items():
        with network_errors(host):
            _resolve(name)
    return f"{_join(dict.fromkeys(names.values()))} can be resolved."


def _find_name_to_resolve(host: str) -> str:
    """Its own name; behind a proxy, which resolves it itself, the proxy's."""
    proxy = find_proxy(host)
    return urlsplit(f"//{proxy}").hostname or host if proxy else host


def _resolve(name: str) -> None:
    try:
        socket.getaddrinfo(name, HTTPS_PORT, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpx2.ConnectError(str(error)) from error


def _prescribe_names(case: Case, _error: PostroomError) -> Remedy:
    names = [_find_name_to_resolve(host) for host in case.hosts]
    unknown = [name for name in names if not _resolves(name)]
    return Remedy(
        "Ask whoever runs your network why this machine's name service (DNS) does not know the name. To see it "
        "for yourself:",
        command=f"nslookup {(unknown or names)[0]}",
    )


def _resolves(name: str) -> bool:
    try:
        _resolve(name)
    except httpx2.ConnectError:
        return False
    return True


def _check_way_out(case: Case) -> str:
    if isinstance(case.network_error, TlsError):
        return "Not tried, because of what the next leg tells."
    for host in case.hosts:
        obstacle = case.find_obstacle(host)
        if obstacle and not _is_of_tls(obstacle) and (find_proxy(host) or _is_before_tls(obstacle)):
            raise obstacle
    return f"{_join(case.hosts)} are reached {_describe_way(case)}."


def _is_before_tls(obstacle: NetworkError) -> bool:
    return isinstance(obstacle, HostUnreachableError | ProxyError)


def _is_of_tls(obstacle: NetworkError) -> bool:
    """Whether it was TLS that did not come about, be it that the other side speaks something else."""
    cause: BaseException | None = obstacle
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    return isinstance(obstacle, TlsError) or cause is not None


def _describe_way(case: Case) -> str:
    proxies = {find_proxy(host) for host in case.hosts}
    named = [proxy for proxy in proxies if proxy]
    if not named:
        return "without a proxy"
    return f"through the proxy {_join(named)}" + (", one of them without it" if None in proxies else "")


def _prescribe_way_out(case: Case, _error: PostroomError) -> Remedy:
    login_host, graph_host = case.hosts
    if isinstance(case.network_error, ProxyError):
        return Remedy(
            "Set the proxy as an address with its port, in the shell or the service that Postroom runs in:",
            command=_write_variable("HTTPS_PROXY", "http://proxy.example.com:8080"),
        )
    return Remedy(
        f"Whoever runs the network must let this machine connect to {login_host} and {graph_host} on port "
        f"{HTTPS_PORT} (HTTPS, without asking for a login). To see which proxy is set:",
        command="Get-ChildItem env:*_PROXY" if sys.platform == "win32" else "env | grep -i _proxy",
    )


def _check_trust(case: Case) -> str:
    for obstacle in map(case.find_obstacle, case.hosts):
        if obstacle:
            raise obstacle
    return f"The certificates that they show are trusted by {_describe_trust()}."


def _describe_trust() -> str:
    """What the HTTP client trusts, as `network` says."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        if place := os.environ.get(name):
            return f"{place} ({name})"
    return "the trust store of the operating system"


def _prescribe_trust(_case: Case, error: PostroomError) -> Remedy:
    if not isinstance(error, TlsError):
        return Remedy(
            "What is reached under Microsoft's name does not speak TLS: ask whoever runs the network."
        )
    return Remedy(
        f"What counts here is {_describe_trust()}. Ask whoever runs the network for the certificate of its "
        "authority (a PEM file), and add it there, or name the file:",
        command=_write_variable("SSL_CERT_FILE", "authority.pem"),
    )


def _write_variable(name: str, value: str) -> str:
    return f'$env:{name} = "{value}"' if sys.platform == "win32" else f"export {name}={value}"


def _join(names: "tuple[str, ...] | dict[str, None] | list[str]") -> str:
    return " and ".join(names)


NAMES = Leg("names", "Name resolution", _check_names, _prescribe_names)
WAY_OUT = Leg("proxy", "Network and proxy", _check_way_out, _prescribe_way_out)
TRUST = Leg("tls", "TLS", _check_trust, _prescribe_trust)
