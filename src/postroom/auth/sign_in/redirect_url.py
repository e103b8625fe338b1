"""The redirect URL: whether this machine can listen there, and whether another address is the same.

Source: RFC 8252 §7.3 (loopback), RFC 3986 §6.2 (comparing).
"""

import re
from dataclasses import dataclass
from typing import Self
from urllib.parse import SplitResult, unquote, urlsplit

from postroom.errors import SettingError

DEFAULT_PORTS = {"http": 80, "https": 443}

IPV4_LOOPBACK, IPV6_LOOPBACK = "127.0.0.1", "::1"

_ADDRESSES = {
    "localhost": (IPV4_LOOPBACK, IPV6_LOOPBACK),
    IPV4_LOOPBACK: (IPV4_LOOPBACK,),
    IPV6_LOOPBACK: (IPV6_LOOPBACK,),
}
"""Where a browser may look for each host: which of the two it takes for `localhost` is its own choice."""

_NOT_IN_A_URL = re.compile(r"[\s\\\x00-\x1f\x7f]")
_DOT_SEGMENT = re.compile(r"/\.{1,2}(/|$)")
_ADVICE = (
    "Enter an address of this machine that the app has registered, such as http://localhost:9999/Callback, or "
    "sign in without a browser here (`--no-browser`), which takes any redirect URL."
)


@dataclass(frozen=True)
class LoopbackUrl:
    """A redirect URL that this machine can listen on; `port` is None where any free one will do."""

    url: str
    addresses: tuple[str, ...]
    port: int | None
    path: str

    @classmethod
    def parse(cls, redirect_url: str) -> Self:
        """Read a redirect URL such as `http://localhost:9999/Callback`.

        Errors: SettingError where nothing on this machine could listen there.
        """
        parts = _split(redirect_url)
        if parts is None or _find_port(parts) == 0:
            raise SettingError(
                f"The redirect URL “{redirect_url}” is not an address with a port from 1 to 65535. {_ADVICE}"
            )
        _check(parts, redirect_url)
        return cls(redirect_url, _ADDRESSES[parts.hostname or ""], parts.port, _get_path(parts))

    def at_port(self, port: int) -> str:
        """Give the URL with this port in it; as it was entered where it names one already."""
        if self.port is not None:
            return self.url
        parts = urlsplit(self.url)
        return parts._replace(netloc=f"{_get_host(parts)}:{port}").geturl()

    def get_hosts(self, port: int) -> frozenset[str]:
        """What a browser may write into the Host header when it comes to this URL (RFC 9110 §7.2)."""
        host = _get_host(urlsplit(self.url))
        return frozenset({f"{host}:{port}", host} if port == DEFAULT_PORTS["http"] else {f"{host}:{port}"})

    def has_path(self, path: str) -> bool:
        """Say whether a request for this path (without a query) is one for the redirect URL."""
        return unquote(path) == self.path


def check_redirect_url(redirect_url: str) -> None:
    """Make sure that this is an address at all, wherever it leads.

    Errors: SettingError where it is not.
    """
    parts = _split(redirect_url)
    if parts is None or not parts.scheme or not parts.hostname:
        raise SettingError(
            f"The redirect URL “{redirect_url}” is not an address. Enter it as the app has registered it, such "
            "as http://localhost:9999/Callback."
        )


def is_same_address(url: str, other: str) -> bool:
    """Say whether two URLs differ at most in their query and fragment."""
    first, second = _split(url), _split(other)
    return first is not None and second is not None and _get_place(first) == _get_place(second)


def _split(url: str) -> SplitResult | None:
    """The parts of a URL, None where it is none."""
    try:
        parts = urlsplit(url)
        _find_port(parts)
    except ValueError:
        return None
    return None if _NOT_IN_A_URL.search(url) else parts


def _find_port(parts: SplitResult) -> int | None:
    return parts.port if parts.port is not None else DEFAULT_PORTS.get(parts.scheme)


def _get_path(parts: SplitResult) -> str:
    return unquote(parts.path) or "/"


def _get_host(parts: SplitResult) -> str:
    return f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""


def _get_place(parts: SplitResult) -> tuple[str, str | None, int | None, str]:
    return parts.scheme, parts.hostname, _find_port(parts), _get_path(parts)


def _check(parts: SplitResult, redirect_url: str) -> None:
    if not parts.hostname:
        why = "names no host"
    elif parts.scheme != "http":
        why = f"begins with {parts.scheme}://, for which nothing on this machine can answer"
    elif parts.hostname not in _ADDRESSES:
        why = f"leads to {parts.hostname}, and only localhost, 127.0.0.1 and [::1] are this machine's alone"
    elif parts.username is not None:
        why = "has a user name in it"
    elif "#" in redirect_url:
        why = "has a fragment (#), which no browser sends"
    elif _DOT_SEGMENT.search(_get_path(parts)):
        why = "has . or .. in its path, which browsers take out"
    else:
        return
    raise SettingError(f"The redirect URL “{redirect_url}” {why}. {_ADVICE}")
