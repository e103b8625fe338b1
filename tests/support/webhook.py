"""A notification URL on this machine: it answers the validation, and takes whatever comes after."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit


class _Receiver(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        """Answer as Graph wants it: the token in plain text, or that the notification was accepted."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        token = parse_qs(urlsplit(self.path).query).get("validationToken", [""])[0]
        self.send_response(200 if token else 202)
        self.send_header("Content-Type", "text/plain")
        self.send_header("Content-Length", str(len(token.encode())))
        self.end_headers()
        self.wfile.write(token.encode())

    def log_message(self, *_: object) -> None:
        """Log nothing: notifications carry what nobody else should see."""


@contextmanager
def open_webhook() -> Iterator[str]:
    """Open a notification URL on a free port, and give its address."""
    with ThreadingHTTPServer(("127.0.0.1", 0), _Receiver) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/notifications"
        finally:
            server.shutdown()
            thread.join()
