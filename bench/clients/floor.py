"""The least that any Python client could do: sockets, TLS and msgspec, with nothing between.

It knows its server, asks for no more than it needs and checks little: a floor to compare with, not a client to use.
`--connections 4` saves attachments over four connections at a time.
"""

import os
import socket
import ssl
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import repeat
from pathlib import Path
from threading import local
from urllib.parse import quote, urlencode, urlsplit

import msgspec

from bench.clients.stopwatch import Outcome, Stopwatch, perform

LOGIN = "login.microsoftonline.com"
GRAPH = "graph.microsoft.com"
CHUNK_BYTES = 64 * 1024


class Address(msgspec.Struct, gc=False):
    """Name and address of a correspondent."""

    name: str = ""
    address: str = ""


class Recipient(msgspec.Struct, rename="camel", gc=False):
    """One recipient, as Graph wraps it."""

    email_address: Address


class Body(msgspec.Struct, rename="camel", gc=False):
    """Text of a message."""

    content_type: str
    content: str


class Message(msgspec.Struct, rename="camel", gc=False):
    """A message with the fields that a bot reads."""

    id: str
    subject: str
    received_date_time: datetime
    is_read: bool
    has_attachments: bool
    body_preview: str
    body: Body
    sender: Recipient
    to_recipients: list[Recipient]
    cc_recipients: list[Recipient]
    internet_message_id: str
    conversation_id: str
    parent_folder_id: str
    importance: str


class MessagePage(msgspec.Struct, gc=False):
    """A page of messages and where the next one is."""

    value: list[Message]
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)


class Attachment(msgspec.Struct, gc=False):
    """An attachment without its content."""

    id: str
    name: str


class AttachmentPage(msgspec.Struct, gc=False):
    """The attachments of a message."""

    value: list[Attachment]


class Token(msgspec.Struct, gc=False):
    """An access token as Entra ID hands it out."""

    access_token: str


MESSAGES = msgspec.json.Decoder(MessagePage)
ATTACHMENTS = msgspec.json.Decoder(AttachmentPage)


class Connection:
    """One TLS connection to a host through the proxy, kept open between requests."""

    def __init__(self, context: ssl.SSLContext, host: str, token: str = "") -> None:
        proxy = urlsplit(os.environ["HTTPS_PROXY"])
        plain = socket.create_connection((proxy.hostname or "", proxy.port or 0))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        plain.sendall(f"CONNECT {host}:443 HTTP/1.1\r\nHost: {host}:443\r\n\r\n".encode())
        if b" 200 " not in plain.recv(1024):
            sys.exit("The proxy refused the tunnel.")
        self._socket = context.wrap_socket(plain, server_hostname=host)
        authorization = f"Authorization: Bearer {token}\r\n" if token else ""
        self._headers = f" HTTP/1.1\r\nHost: {host}\r\n{authorization}"
        self._buffer = bytearray(CHUNK_BYTES)

    def get(self, target: str) -> bytearray:
        """Return the body that a GET of the target gives."""
        self._socket.sendall(f"GET {target}{self._headers}\r\n".encode())
        return self._read_body()

    def post(self, target: str, form: str) -> bytearray:
        """Return the body that a POST of the form gives."""
        length = f"Content-Length: {len(form)}\r\nContent-Type: application/x-www-form-urlencoded\r\n\r\n"
        self._socket.sendall(f"POST {target}{self._headers}{length}{form}".encode())
        return self._read_body()

    def save(self, target: str, path: Path) -> None:
        """Write the body that a GET of the target gives to a file, one chunk at a time."""
        self._socket.sendall(f"GET {target}{self._headers}\r\n".encode())
        length, start = self._read_head()
        view = memoryview(self._buffer)
        with path.open("wb", buffering=0) as file:
            file.write(start)
            missing = length - len(start)
            while missing:
                count = self._socket.recv_into(view)
                file.write(view[:count])
                missing -= count

    def _read_body(self) -> bytearray:
        length, start = self._read_head()
        body = bytearray(length)
        view, position = memoryview(body), len(start)
        view[:position] = start
        while position < length:
            position += self._socket.recv_into(view[position:])
        return body

    def _read_head(self) -> tuple[int, bytes]:
        head = b""
        while b"\r\n\r\n" not in head:
            received = self._socket.recv(CHUNK_BYTES)
            if not received:
                sys.exit("The server closed the connection.")
            head += received
        head, _, start = head.partition(b"\r\n\r\n")
        if b" 200 " not in head[:13]:
            sys.exit(f"The server refused: {head[:80]!r}")
        _, _, length = head.lower().partition(b"content-length:")
        return int(length.partition(b"\r\n")[0]), start


class Mailbox:
    """A mailbox that the floor has signed in to."""

    def __init__(self) -> None:
        self._context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
        form = {
            "grant_type": "client_credentials",
            "client_id": os.environ["BENCH_CLIENT_ID"],
            "client_secret": os.environ["BENCH_CLIENT_SECRET"],
            "scope": f"https://{GRAPH}/.default",
        }
        target = f"/{os.environ['BENCH_TENANT_ID']}/oauth2/v2.0/token"
        answer = Connection(self._context, LOGIN).post(target, urlencode(form))
        self._token = msgspec.json.decode(answer, type=Token).access_token
        self._path = f"/v1.0/users/{quote(os.environ['BENCH_MAILBOX'])}"
        self._connection = self.open_connection()

    def open_connection(self) -> Connection:
        return Connection(self._context, GRAPH, self._token)

    def read_newest(self) -> Message:
        body = self._connection.get(f"{self._path}/mailFolders/inbox/messages?$top=1")
        return MESSAGES.decode(body).value[0]

    def messages(self) -> Iterator[Message]:
        target: str | None = f"{self._path}/mailFolders/inbox/messages?$top=1000"
        while target:
            page = MESSAGES.decode(self._connection.get(target))
            yield from page.value
            target = page.next_link and page.next_link.partition(GRAPH)[2]

    def save_attachments(self, message: Message, folder: Path, connection: Connection | None = None) -> int:
        connection = connection or self._connection
        target = f"{self._path}/messages/{quote(message.id)}/attachments"
        attachments = ATTACHMENTS.decode(connection.get(f"{target}?$select=id,name")).value
        for attachment in attachments:
            connection.save(f"{target}/{quote(attachment.id)}/$value", folder / attachment.name)
        return len(attachments)


def read_first_message(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Read the newest message, from the start of the process."""
    message = Mailbox().read_newest()
    stopwatch.stop()
    return 1, len(message.subject)


def list_messages(stopwatch: Stopwatch, _folder: Path) -> Outcome:
    """Go through every message once connected: how many there are, and how many are unread."""
    mailbox = Mailbox()
    mailbox.read_newest()
    count = unread = 0
    stopwatch.start()
    for message in mailbox.messages():
        count += 1
        unread += not message.is_read
    stopwatch.stop()
    return count, unread


def save_attachments(stopwatch: Stopwatch, folder: Path) -> Outcome:
    """Save every attachment of every message once connected: how many messages, how many attachments."""
    mailbox = Mailbox()
    mailbox.read_newest()
    stopwatch.start()
    messages = list(mailbox.messages())
    if "--connections" in sys.argv:
        saved = _save_overlapped(
            mailbox, messages, folder, int(sys.argv[sys.argv.index("--connections") + 1])
        )
    else:
        saved = sum(mailbox.save_attachments(message, folder) for message in messages)
    stopwatch.stop()
    return len(messages), saved


def _save_overlapped(mailbox: Mailbox, messages: list[Message], folder: Path, connections: int) -> int:
    mine = local()

    def open_mine() -> None:
        mine.connection = mailbox.open_connection()

    def save(message: Message, to: Path) -> int:
        return mailbox.save_attachments(message, to, mine.connection)

    with ThreadPoolExecutor(connections, initializer=open_mine) as pool:
        return sum(pool.map(save, messages, repeat(folder)))


if __name__ == "__main__":
    perform(
        {"first-message": read_first_message, "list": list_messages, "attachments": save_attachments},
    )
