"""The gate before Graph: a request to a mailbox is counted before anything else is done, and refused beyond a limit."""

from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from postroom.tenant.entra.access import AccessRefusedError
from postroom.tenant.graph.routes import VERSION, authenticate_once, identify, path_of, refuse
from postroom.tenant.graph.throttling import UPLOADING_METHODS, find_counted_mailbox, throttled
from postroom.tenant.state import CloudState


class LimitRequests:
    """Refuse requests to mailboxes beyond the limits (ASGI middleware); the parts of a batch are counted there."""

    def __init__(self, app: ASGIApp, cloud: CloudState) -> None:
        self._app = app
        self._cloud = cloud

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a request, or refuse it; it is over when the last of its answer goes out."""
        key = self._find_key(scope)
        if key is None:
            await self._app(scope, receive, send)
            return
        with self._cloud.limits.within(*key, _upload_bytes(Request(scope))) as admission:
            if admission.excess is not None:
                scope["state"]["mailbox"] = key[1]
                answer = refuse(throttled(admission.excess), self._cloud, identify(Request(scope).headers))
                await answer(scope, receive, send)
                return

            body = _Body(receive)

            async def send_and_leave(message: Message) -> None:
                # Before the client can know that it has all, or its next request would meet this one.
                if message["type"] == "http.response.body" and not message.get("more_body", False):
                    admission.end()
                await send(message)

            await self._app(scope, body.receive, send_and_leave)
            if _is_of_untold_length(scope):
                self._cloud.limits.count_upload(*key, body.length)

    def _find_key(self, scope: Scope) -> tuple[str, str] | None:
        if scope["type"] != "http" or not scope["path"].startswith(VERSION + "/"):
            return None
        request = Request(scope)
        scope.setdefault("state", {})
        try:
            caller = authenticate_once(request, self._cloud)
        except AccessRefusedError:
            return None  # Graph itself refuses it, and says why.
        mailbox = find_counted_mailbox(path_of(request).removeprefix(VERSION), caller, self._cloud)
        return None if mailbox is None else (caller.app.client_id, mailbox)


class _Body:
    """The body of a request, whose bytes are counted as they come."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.length = 0

    async def receive(self) -> Message:
        """Give the next message of ASGI."""
        message = await self._receive()
        self.length += len(message.get("body", b""))
        return message


def _is_of_untold_length(scope: Scope) -> bool:
    """Tell whether a body came in chunks, so that how much it is was not known before."""
    return scope["method"] in UPLOADING_METHODS and "content-length" not in Request(scope).headers


def _upload_bytes(request: Request) -> int:
    length = request.headers.get("content-length", "")
    return int(length) if request.method in UPLOADING_METHODS and length.isdigit() else 0
