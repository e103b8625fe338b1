"""The sockets that wait for the browser: one on IPv4 and one on IPv6, on the same port."""

import errno
import socket
import sys
from contextlib import ExitStack

from postroom.auth.sign_in.redirect_url import IPV6_LOOPBACK, LoopbackUrl
from postroom.errors import PortInUseError, SettingError

ATTEMPTS = 20
"""How often a free port is tried that turns out to be taken in the other address family."""

_NO_SUCH_ADDRESS = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)


def open_listeners(url: LoopbackUrl) -> list[socket.socket]:
    """Listen on each address of this redirect URL, all on its port or all on one that is free.

    Errors: PortInUseError where another program listens on one of them; SettingError where this machine has no
    such address, or this account may not listen there.
    """
    for _ in range(1 if url.port else ATTEMPTS):
        try:
            return _open_all(url, url.port or 0)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise _create_setting_error(url, error) from error
    port = f"Port {url.port}" if url.port else "Every port that was tried"
    raise PortInUseError(
        f"{port} of this machine is in use by another program, so the answer of the browser to “{url.url}” could "
        "not be received. End that program (perhaps a sign-in that still waits), or enter a redirect URL with "
        "another port: for this machine's own addresses, Microsoft accepts any."
    )


def _open_all(url: LoopbackUrl, port: int) -> list[socket.socket]:
    """Listen on all addresses or on none; on IPv6 only where the machine has it, if IPv4 is there."""
    with ExitStack() as opened:
        listeners: list[socket.socket] = []
        for address in url.addresses:
            try:
                listener = _open(address, listeners[0].getsockname()[1] if listeners else port)
            except OSError as error:
                if listeners and error.errno in _NO_SUCH_ADDRESS:
                    continue
                raise
            listeners.append(opened.enter_context(listener))
        opened.pop_all()
        return listeners


def _open(address: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if address == IPV6_LOOPBACK else socket.AF_INET
    with ExitStack() as opened:
        listener = opened.enter_context(socket.socket(family, socket.SOCK_STREAM))
        _claim(listener)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen()
        listener.settimeout(0)  # a caller that is gone before it is let in must not hold up the others
        opened.pop_all()
        return listener


def _claim(listener: socket.socket) -> None:
    """Take the port right after a sign-in before, but never together with another program."""
    if sys.platform == "win32":  # there, SO_REUSEADDR would let another program listen on the same port
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_EXCLUSIVEADDRUSE, 1)
    else:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)


def _create_setting_error(url: LoopbackUrl, error: OSError) -> SettingError:
    if error.errno in (errno.EACCES, errno.EPERM):
        why = f"this account may not listen on port {url.port}"
        advice = "Enter a redirect URL with a port above 1023: for this machine's own addresses, Microsoft accepts any."
    else:
        why = f"this machine cannot listen there ({errno.errorcode.get(error.errno or 0, 'unknown')})"
        advice = "Enter a redirect URL with localhost, such as http://localhost:9999/Callback."
    return SettingError(f"The redirect URL “{url.url}” cannot be used: {why}. {advice}")
