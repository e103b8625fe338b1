"""Listening at a redirect URL, beside other programs."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from postroom.auth.sign_in.listeners import open_listeners
from postroom.auth.sign_in.redirect_url import LoopbackUrl
from postroom.errors import PortInUseError, SettingError
from sign_in.browsers import NEEDS_IPV6
from support.tenant import find_free_ports


@contextmanager
def listening(address: str, port: int = 0) -> Iterator[int]:
    """Listen as another program does, and give the port."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.create_server((address, port), family=family) as other:
        yield other.getsockname()[1]


@contextmanager
def opened(entered: str) -> Iterator[list[socket.socket]]:
    with ExitStack() as stack:
        yield [stack.enter_context(listener) for listener in open_listeners(LoopbackUrl.parse(entered))]


@NEEDS_IPV6
def test_both_families_share_a_port() -> None:
    """A free port is free on IPv4 and IPv6."""
    with opened("http://localhost/") as listeners:
        names = [listener.getsockname()[:2] for listener in listeners]
    assert names == [("127.0.0.1", names[0][1]), ("::1", names[0][1])]


@pytest.mark.parametrize("taken", ["127.0.0.1", pytest.param("::1", marks=NEEDS_IPV6), "0.0.0.0"])
def test_a_port_in_use_is_named(taken: str) -> None:
    """It does not matter on which of the two the other program listens, and nothing stays open."""
    port = find_free_ports(1)
    with listening(taken, port):
        with pytest.raises(PortInUseError) as caught, opened(f"http://localhost:{port}/"):
            pass
        assert f"Port {port} " in caught.value.message
    with opened(f"http://localhost:{port}/"):
        pass


@NEEDS_IPV6
@pytest.mark.parametrize(("host", "other"), [("127.0.0.1", "::1"), ("[::1]", "127.0.0.1")])
def test_the_other_family_does_not_matter_to_an_ip_address(host: str, other: str) -> None:
    """A redirect URL with an IP address needs that address alone."""
    with listening(other) as port, opened(f"http://{host}:{port}/") as listeners:
        assert len(listeners) == 1


@NEEDS_IPV6
def test_nobody_else_can_listen_too() -> None:
    """Once we listen, the port is ours."""
    with opened("http://localhost/") as listeners:
        port = listeners[0].getsockname()[1]
        for address in ("127.0.0.1", "::1"):
            with pytest.raises(OSError, match="in use"), listening(address, port):
                pass


def test_a_port_may_be_forbidden() -> None:
    """Where the system keeps low ports for itself, the error is about the setting."""
    with ExitStack() as stack:
        try:
            stack.enter_context(socket.create_server(("127.0.0.1", 81)))
        except PermissionError:
            with pytest.raises(SettingError, match="above 1023"), opened("http://localhost:81/"):
                pass
        else:
            assert os.name == "nt" or not hasattr(os, "geteuid") or os.geteuid() == 0 or _low_ports_are_free()


def _low_ports_are_free() -> bool:
    """Linux can open all ports to everybody."""
    from pathlib import Path

    return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text()) <= 81
