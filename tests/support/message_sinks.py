"""A mail server and a webhook on this machine that keep what they are given."""

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any


@dataclass
class MailServer:
    """What was sent: to whom, and the message."""

    url: str
    mails: list[tuple[str, EmailMessage]] = field(default_factory=list)


@contextmanager
def start_mail_server() -> Iterator[MailServer]:
    """Take mail by SMTP as far as a client without extensions needs it (RFC 5321 §4.1.1)."""
    kept = MailServer("")

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 ready")
            recipient = ""
            while line := self.rfile.readline().decode().strip():
                command = line.partition(" ")[0].upper()
                if command == "RCPT":
                    recipient = line.partition("<")[2].partition(">")[0]
                if command == "DATA":
                    self._say("354 go on")
                    message = message_from_bytes(self._read_message(), policy=policy.default)
                    kept.mails.append((recipient, message))
                if command == "QUIT":
                    self._say("221 bye")
                    return
                self._say("250 ok")

        def _say(self, line: str) -> None:
            self.wfile.write(f"{line}\r\n".encode())

        def _read_message(self) -> bytes:
            lines = []
            while (line := self.rfile.readline()) not in (b".\r\n", b""):
                lines.append(line.removeprefix(b"."))
            return b"".join(lines)

    with _serve(socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session)) as port:
        kept.url = f"smtp://127.0.0.1:{port}?from=postroom@contoso.com"
        yield kept


@dataclass
class Webhook:
    """What was posted; `status` is what it answers."""

    url: str
    posts: list[Any] = field(default_factory=list)
    status: int = 204


@contextmanager
def start_webhook() -> Iterator[Webhook]:
    """Take POST requests of JSON."""
    kept = Webhook("")

    class Answer(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            kept.posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(kept.status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    with _serve(http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)) as port:
        kept.url = f"http://127.0.0.1:{port}/hook"
        yield kept


@contextmanager
def _serve(server: socketserver.BaseServer) -> Iterator[int]:
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server.server_address[1]  # type: ignore[misc]
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
