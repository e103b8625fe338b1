"""Mailboxes that are found again by their session names, in the tenant."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from postroom import outlook
from postroom.actions.sessions import sessions
from postroom.errors import (
    DisconnectedError,
    SessionInUseError,
    SessionNotFoundError,
    SettingError,
    SignInError,
)
from postroom.tenant.environment import app_environment
from support.connections import Connect
from support.tenant import RunningTenant, bare_environment

# What is registered first is called last at the end of a process: after Postroom has closed what was open.
SCRIPT_WITHOUT_DISCONNECT = """
import atexit
opened = []
atexit.register(lambda: print(*opened, sep="\\n"))
from postroom import Credential, outlook
for address in ("ap@contoso.com", "adele@contoso.com"):
    outlook.connect(
        authentication=outlook.ClientCredentials(
            client_id=Credential("azure", "client_id"),
            tenant_id=Credential("azure", "tenant_id"),
            client_secret=Credential("azure", "client_secret"),
            username=address,
        ),
        session=address,
    )
    opened.append(outlook.session(address))
print(*opened, sep="\\n")
"""


def test_a_mailbox_is_found_again_by_its_name(connect: Connect) -> None:
    """The name gives the very mailbox that connect gave, with its connection."""
    mailbox = connect(session="ap")
    other = connect(session="adele", username="adele@contoso.com")
    assert outlook.session(" AP ") is mailbox
    assert outlook.session("adele") is other
    assert outlook.session("ap").folder("Inbox").display_name == "Inbox"


def test_disconnect_frees_the_name(connect: Connect) -> None:
    """A mailbox that is disconnected is not found any more, and another may have its name."""
    first = connect(session="ap")
    first.disconnect()
    with pytest.raises(SessionNotFoundError, match="None is open"):
        outlook.session("ap")
    second = connect(session="ap")
    first.disconnect()
    assert outlook.session("ap") is second
    with pytest.raises(DisconnectedError):
        first.folder("Inbox")


def test_the_end_of_a_with_block_frees_the_name(connect: Connect) -> None:
    """It does so after an error too."""
    with pytest.raises(ZeroDivisionError), connect(session="ap"):
        _ = 1 / 0
    connect(session="ap")


def test_a_name_in_use_is_refused_before_anybody_signs_in(connect: Connect, tenant: RunningTenant) -> None:
    """The error names the mailbox that holds it, and nothing was asked of Entra ID."""
    mailbox = connect(session="ap", mailbox="invoices@contoso.com")
    tenant.clear_requests()
    with pytest.raises(SessionInUseError, match=r"for the mailbox invoices@contoso\.com"):
        connect(session="AP")
    assert tenant.requests() == []
    assert outlook.session("ap") is mailbox


def test_a_connect_that_fails_frees_the_name(connect: Connect) -> None:
    """Whoever puts the settings right connects under the same name."""
    with pytest.raises(SignInError):
        connect(session="ap", client_secret="wrong")
    with pytest.raises(SettingError):
        connect(session="ap", tenant_id="")
    connect(session="ap")


def test_of_two_that_connect_under_one_name_one_succeeds(connect: Connect, tenant: RunningTenant) -> None:
    """Threads that race for a name do not both get it, and those that do not have asked nobody."""
    at_once = Barrier(6)
    tenant.set_latency(50)
    tenant.clear_requests()

    def try_to_connect(_: int) -> outlook.Mailbox | None:
        at_once.wait()
        try:
            return connect(session="ap")
        except SessionInUseError:
            return None

    with ThreadPoolExecutor(6) as pool:
        opened = [mailbox for mailbox in pool.map(try_to_connect, range(6)) if mailbox]
    assert opened == [outlook.session("ap")]
    assert len([entry for entry in tenant.requests() if entry["path"].startswith("/v1.0/")]) == 1


def test_an_unknown_name_is_told_those_that_are_open(connect: Connect) -> None:
    """The error lists the sessions, and not the mailboxes that have no name."""
    connect()
    connect(session="ap")
    with pytest.raises(SessionNotFoundError, match=r"“orders” is open\. Open are: ap\."):
        outlook.session("orders")


def test_an_empty_name_is_refused(connect: Connect) -> None:
    """It is a mistake, and not the same as no name."""
    with pytest.raises(SettingError, match="empty name"):
        connect(session=" ")


def test_a_session_of_something_else_is_no_mailbox() -> None:
    """A name under which another package opened something says what it stands for."""

    class Workbook:
        def disconnect(self) -> None:
            """Close it."""

    reservation = sessions.reserve("book")
    reservation.keep(Workbook(), "the workbook invoices.xlsx")
    try:
        with pytest.raises(SettingError, match=r"“book” is open for the workbook invoices\.xlsx"):
            outlook.session("book")
    finally:
        reservation.free()


def test_what_is_still_open_at_the_end_is_closed(tenant: RunningTenant) -> None:
    """A script that forgets to disconnect ends well, and both its connections are closed."""
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT_WITHOUT_DISCONNECT],
        env=bare_environment() | tenant.environment | app_environment(tenant.manifest, "Invoice bot"),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout.splitlines() == [
        f"<Mailbox {address} ({state})>"
        for state in ("connected", "disconnected")
        for address in ("ap@contoso.com", "adele@contoso.com")
    ]
