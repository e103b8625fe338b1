"""How this machine reaches the network: its proxies, its trust store, its time-outs, its failures.

Owns the one way to make an HTTP client, the one translation of what can go wrong below HTTP and the one reading
of Retry-After. Depends on errors alone; exists because sign-in and Graph stand beside each other and both must
reach the network alike.
Proxies come from HTTPS_PROXY, HTTP_PROXY and NO_PROXY or the system's settings, trusted certificates from
SSL_CERT_FILE or SSL_CERT_DIR, else from the operating system.
"""

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx2

from postroom.errors import HostUnreachableError, NetworkError, NoAnswerError, ProxyError, TlsError

CONNECT_TIMEOUT_SECONDS = 10.0
ANSWER_TIMEOUT_SECONDS = 100.0
"""Longer than Graph takes before it gives up a request itself."""

KEEP_ALIVE_SECONDS = 60.0


def create_http_client(user_agent: str) -> httpx2.Client:
    """Make an HTTP client that uses this machine's proxies and trust store and follows no redirect.

    Errors: ProxyError, TlsError where the machine's own settings cannot be used.
    """
    try:
        _check_proxies()
        return httpx2.Client(
            headers={"User-Agent": user_agent},
            timeout=httpx2.Timeout(ANSWER_TIMEOUT_SECONDS, connect=CONNECT_TIMEOUT_SECONDS, pool=None),
            limits=httpx2.Limits(keepalive_expiry=KEEP_ALIVE_SECONDS),
        )
    except (FileNotFoundError, PermissionError, ssl.SSLError) as error:
        raise TlsError(
            f"The trusted certificates of this machine cannot be read ({type(error).__name__}). "
            "SSL_CERT_FILE or SSL_CERT_DIR must name a readable PEM file or folder, or be unset."
        ) from error
    except (httpx2.InvalidURL, ValueError) as error:
        raise ProxyError(
            "The proxy setting of this machine is not an address. HTTPS_PROXY and HTTP_PROXY are written as "
            "http://host:port."
        ) from error


def _check_proxies() -> None:
    for name in ("https", "http", "all"):
        address = getproxies().get(name)
        if address and not (urlsplit(address).scheme and urlsplit(address).hostname):
            raise ValueError(name)


@contextmanager
def network_errors(host: str) -> Iterator[None]:
    """Turn what goes wrong below HTTP, on the way to this host, into our errors.

    Errors: HostUnreachableError, ProxyError, TlsError (nothing was sent); NoAnswerError (the request may
    have been carried out).
    """
    try:
        yield
    except httpx2.TransportError as error:
        raise _translate(error, host) from error


def find_proxy(host: str) -> str | None:
    """The proxy on the way to this host as `name:port`, without user and password; None where there is none."""
    address = getproxies().get("https") or getproxies().get("all")
    if not address or proxy_bypass(host):
        return None
    parts = urlsplit(address)
    return f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname


def read_retry_after_seconds(text: str | None) -> float | None:
    """Read a Retry-After header: seconds (fractions too), or a date (RFC 9110 §10.2.3)."""
    if not text:
        return None
    try:
        return max(0.0, float(text))
    except ValueError:
        pass
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (date.astimezone(UTC) - datetime.now(UTC)).total_seconds())


def _translate(error: httpx2.TransportError, host: str) -> NetworkError:
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes):
        return TlsError(
            f"The certificate that {host} shows is not trusted on this machine, so nothing was sent. If your "
            "network inspects TLS, or this is a local tenant, name its CA in SSL_CERT_FILE."
        )
    if isinstance(error, httpx2.ProxyError):
        return ProxyError(
            f"The proxy {find_proxy(host)} does not let a connection to {host} through ({_reason(error)}). "
            "Ask for that host to be allowed, or correct HTTPS_PROXY and NO_PROXY."
        )
    if isinstance(error, httpx2.ConnectError | httpx2.ConnectTimeout):
        return _unreachable(causes, host)
    return NoAnswerError(
        f"The connection to {host} broke off before the answer was complete ({type(error).__name__}). "
        "Check the network and try again."
    )


def _unreachable(causes: list[BaseException], host: str) -> HostUnreachableError:
    proxy = find_proxy(host)
    nearest = f"the proxy {proxy} (on the way to {host})" if proxy else host
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        what = f"The name of {nearest} could not be resolved."
    elif any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        what = f"Nobody takes connections at {nearest}."
    else:
        what = f"No connection to {nearest} came about."
    return HostUnreachableError(
        f"{what} Check the network of this machine and its proxy settings (HTTPS_PROXY, NO_PROXY); "
        "nothing was sent."
    )


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
