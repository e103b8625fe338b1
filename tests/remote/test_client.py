"""The client of the API, against a Control Room in a process of its own."""

import secrets
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler

import httpx2
import pytest

from postroom.errors import (
    ControlRoomError,
    HostUnreachableError,
    NotAllowedError,
    NotSignedInError,
    PostroomError,
    RecordNotFoundError,
    TlsError,
)
from postroom.network import create_http_client
from postroom.remote import ControlRoomClient, ControlRoomCredentials
from postroom.remote.wire import ControlRoomWire, Described, create_error
from postroom.values import Credential, Resolver, Secret
from support.control_room import RunningControlRoom
from support.devices import add_device
from support.odd_networks import find_closed_port
from support.tenant import RunningTenant

pytestmark = pytest.mark.xdist_group("devices of a Control Room")


@pytest.fixture
def http() -> Iterator[httpx2.Client]:
    """Open a client as Postroom's own programs do."""
    with create_http_client("postroom-tests") as client:
        yield client


@contextmanager
def serve(status: int, body: bytes, **headers: str) -> Iterator[str]:
    """Answer every request with the same, as something that is no Control Room does."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    with socketserver.TCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()


def test_a_device_asks(control_room: RunningControlRoom, http: httpx2.Client) -> None:
    """Who one is, which connections there are, which credentials; and the end of the key."""
    _id, key = add_device(control_room)
    client = ControlRoomClient(control_room.address, key, http)
    me = client.get_me()
    assert (me.username, me.device, me.roles) == ("admin", "LAPTOP", ["Administrator"])
    assert client.list_connections() == []
    assert client.find_credential(Credential("azure", "client_id")) is None
    with pytest.raises(RecordNotFoundError):
        client.get_token("No such connection / of any name", "shared")
    client.end_key()
    with pytest.raises(NotSignedInError, match="revoked"):
        client.get_me()


def test_the_vault_is_a_place_of_credentials(control_room: RunningControlRoom, http: httpx2.Client) -> None:
    """Where the vault has none, the sentence names the Control Room among the places that were looked at."""
    _id, key = add_device(control_room)
    source = ControlRoomCredentials(ControlRoomClient(control_room.address, key, http))
    with pytest.raises(PostroomError, match=f"the Credential Vault of {control_room.address}"):
        Resolver([source]).get_text("Client ID", Credential("azure", "client_id"))


def test_a_wrong_key(control_room: RunningControlRoom, http: httpx2.Client) -> None:
    """A key that was never given: the sentence says how to get one, and does not show it."""
    wrong = Secret(f"prk_{secrets.token_hex(5)}_{secrets.token_urlsafe(32)}")
    with pytest.raises(NotSignedInError, match="postroom login") as caught:
        ControlRoomClient(control_room.address, wrong, http).get_me()
    assert caught.value.request_id
    assert wrong.reveal() not in repr(caught.value) + str(caught.value)


def test_a_page_in_place_of_a_control_room(http: httpx2.Client) -> None:
    """Another program's page is not taken for an answer."""
    for status in (200, 404, 500):
        with (
            serve(status, b"<html>Hello</html>") as address,
            pytest.raises(ControlRoomError, match="does not speak like a Control Room"),
        ):
            ControlRoomClient(address, Secret("key"), http).get_me()


def test_a_page_that_leads_on(http: httpx2.Client) -> None:
    """The key goes nowhere else; the sentence says where it would have gone."""
    elsewhere = "https://postroom.fabrikam.com/api/me?key=1"
    with (
        serve(301, b"", Location=elsewhere) as address,
        pytest.raises(ControlRoomError, match=r"leads on to https://postroom\.fabrikam\.com, so") as caught,
    ):
        ControlRoomClient(address, Secret("key"), http).get_me()
    assert "key=1" not in str(caught.value)


def test_nobody_there(http: httpx2.Client) -> None:
    """An address at which nobody listens is told as such."""
    with pytest.raises(HostUnreachableError):
        ControlRoomClient(f"http://127.0.0.1:{find_closed_port()}", Secret("key"), http).get_me()


def test_a_certificate_that_is_not_trusted(tenant: RunningTenant, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is sent to a host whose certificate is not trusted here."""
    for name in ("SSL_CERT_FILE", "SSL_CERT_DIR"):
        monkeypatch.delenv(name, raising=False)
    address = tenant.manifest["clouds"]["Azure Global"]["login"]
    with create_http_client("postroom-tests") as http, pytest.raises(TlsError, match="nothing was sent"):
        ControlRoomClient(address, Secret("key"), http).get_me()


@pytest.mark.parametrize(
    ("named", "kind"),
    [
        ("NotAllowedError", NotAllowedError),
        ("RecordNotFoundError", RecordNotFoundError),
        ("ThrottledError", PostroomError),
        ("ErrorOfALaterVersion", ControlRoomError),
        ("ItemsError", ControlRoomError),
        ("Path", ControlRoomError),
        ("annotations", ControlRoomError),
    ],
)
def test_errors_come_back_as_what_they_were(named: str, kind: type[PostroomError]) -> None:
    """The class that the Control Room names, with its message and codes; an unknown one is a ControlRoomError."""
    error = create_error(Described(type=named, message="What happened.", code="c"), "r-1")
    assert isinstance(error, kind)
    assert (error.message, error.code, error.request_id) == ("What happened.", "c", "r-1")


def test_every_error_comes_back() -> None:
    """Each class of the tree can be made from what the API says of it."""
    kinds = [PostroomError]
    while kinds:
        kind = kinds.pop()
        kinds += kind.__subclasses__()
        assert create_error(Described(type=kind.__name__, message="m"), None).message == "m"


def test_a_wire_without_a_key_sends_none(control_room: RunningControlRoom, http: httpx2.Client) -> None:
    """Before the login there is no key to send."""
    with pytest.raises(NotSignedInError):
        ControlRoomWire(control_room.address, http).ask("GET", "/me", dict)
