"""The client: one mailbox in one cloud, reached by one app."""

import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import lru_cache
from threading import BoundedSemaphore
from typing import Any, Protocol, TypeVar, cast
from urllib.parse import quote, urlsplit

import httpx2
import msgspec

from postroom.clouds import Cloud
from postroom.errors import HostUnreachableError, NoAnswerError, UnexpectedAnswerError
from postroom.graph.models import Page
from postroom.graph.refusals import Asked, create_unclear_error, read_failure
from postroom.graph.retries import Failure, FailureKind, Patience
from postroom.network import network_errors
from postroom.values import Secret

T = TypeVar("T")

REPEATABLE_METHODS = frozenset({"GET", "PATCH", "PUT"})
"""Not DELETE: a second DELETE takes a message out of Deleted Items for good."""

IMMUTABLE_IDS = 'IdType="ImmutableId"'


class TokenSource(Protocol):
    """Where access tokens come from."""

    def get_token(self) -> Secret:
        """A token that is good now."""

    def renew_token(self, refused: Secret, claims: str | None = None) -> Secret:
        """A token in place of the refused one, meeting the claims challenge if there was one."""


class Request(msgspec.Struct, frozen=True):
    """One request to the mailbox.

    `path` begins after the mailbox, as in `/messages`, and is a whole one where it stands `apart` of mailboxes, as
    `/subscriptions` does; `needs` is the least permission that allows it.
    """

    method: str
    path: str
    params: Mapping[str, str] = {}
    body: Any = None
    prefer: tuple[str, ...] = ()
    needs: str = "Mail.Read"
    apart: bool = False

    @property
    def repeatable(self) -> bool:
        """Whether sending it twice does what sending it once does."""
        return self.method in REPEATABLE_METHODS

    @property
    def preferences(self) -> str:
        """The Prefer header: immutable ids always, and what the request asks for besides."""
        return ", ".join((IMMUTABLE_IDS, *self.prefer))


class GraphClient:
    """Send requests to one mailbox, and give back answers or our errors.

    Errors, of every method: GraphError, NetworkError, and what the token source raises. A request holds one
    of the app's slots until its answer has come; nothing else may be asked while an answer is streamed.
    `user` is who the app acts for, None where it acts as itself.
    """

    def __init__(
        self,
        *,
        cloud: Cloud,
        mailbox: str,
        tokens: TokenSource,
        http: httpx2.Client,
        slots: BoundedSemaphore,
        user: str | None = None,
    ) -> None:
        self.mailbox = mailbox
        self.user = user
        self.mailbox_path = f"/users/{quote(mailbox, safe='@')}"
        self._cloud = cloud
        self._tokens = tokens
        self._http = http
        self._slots = slots

    def send(self, request: Request) -> bytes:
        """Send the request and give the bytes of its answer."""
        return self._send(request, self._get_url(request))

    def fetch(self, request: Request, answer: type[T]) -> T:
        """Send the request and read its JSON answer as this type."""
        return _decode(self.send(request), answer)

    def fetch_next_page(self, request: Request, next_link: str, item: type[T]) -> Page[T]:
        """Read the page after one of this request, with its preferences; the nextLink is taken as it is."""
        if not next_link.startswith(f"https://{self._cloud.graph_host}/"):
            raise UnexpectedAnswerError(
                "Microsoft Graph named a next page on a strange host. It was not asked."
            )
        following = msgspec.structs.replace(request, params={})
        return _decode(self._send(following, next_link), Page[item])  # type: ignore[valid-type]

    def send_batch(self, body: Any) -> bytes:
        """Send a `$batch`, which stands outside of the mailbox; its parts name theirs."""
        return self._send(Request("POST", "/$batch", body=body), f"{self._cloud.graph_url}/$batch")

    def send_upload(
        self, method: str, url: str, content: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> bytes:
        """Send to the address of an upload session, which is a key itself: no token goes there.

        Whoever sends a range asks how far the session is before it is sent again.
        """
        asked = Request(method, "/attachments/uploadSession", needs="Mail.ReadWrite")
        host = urlsplit(url).hostname or self._cloud.graph_host
        patience = Patience(repeatable=method == "GET")
        with self._slots:
            while True:
                wire_request = self._http.build_request(method, url, content=content, headers=headers)
                outcome = self._send_wire(asked, wire_request, host, stream=False)
                if isinstance(outcome, httpx2.Response):
                    return outcome.content
                patience.wait_after(outcome)

    @contextmanager
    def stream(self, request: Request) -> Iterator[httpx2.Response]:
        """Send the request and give its answer before the body has come, to be read piece by piece."""
        with self._slots:
            response = self._get_answer(request, self._get_url(request), stream=True)
            try:
                with network_errors(self._cloud.graph_host):
                    yield response
            finally:
                response.close()

    def describe(self, request: Request) -> Asked:
        """What the request asks for, in the words of an error."""
        return Asked(request.method, request.path, self.mailbox, request.needs, request.repeatable, self.user)

    def _get_url(self, request: Request) -> str:
        mailbox = "" if request.apart else self.mailbox_path
        return f"{self._cloud.graph_url}{mailbox}{request.path}"

    def _send(self, request: Request, url: str) -> bytes:
        with self._slots:
            return self._get_answer(request, url, stream=False).content

    def _get_answer(self, request: Request, url: str, *, stream: bool) -> httpx2.Response:
        patience = Patience(repeatable=request.repeatable)
        token = self._tokens.get_token()
        renewed = False
        while True:
            outcome = self._attempt(request, url, token, stream=stream)
            if isinstance(outcome, httpx2.Response):
                self._check_origin(request, outcome)
                return outcome
            if outcome.kind is FailureKind.TOKEN_REFUSED and not renewed:
                token = self._tokens.renew_token(token, outcome.claims)
                renewed = True
            else:
                patience.wait_after(outcome)

    def _attempt(
        self, request: Request, url: str, token: Secret, *, stream: bool
    ) -> httpx2.Response | Failure:
        wire_request = self._build(request, url, token)
        return self._send_wire(request, wire_request, self._cloud.graph_host, stream=stream)

    def _send_wire(
        self, request: Request, wire_request: httpx2.Request, host: str, *, stream: bool
    ) -> httpx2.Response | Failure:
        try:
            with network_errors(host):
                response = self._http.send(wire_request, stream=stream)
                if response.is_error:
                    response.read()
        except HostUnreachableError as error:
            return Failure(FailureKind.UNREACHED, error)
        except NoAnswerError as error:
            return self._describe_lost_answer(request, wire_request, error)
        return read_failure(self.describe(request), response) if response.is_error else response

    def _check_origin(self, request: Request, response: httpx2.Response) -> None:
        """Refuse a page that stands in the place of an answer, which always has a request id."""
        content_type = response.headers.get("content-type", "").lower()
        if "request-id" in response.headers or not content_type.startswith("text/html"):
            return
        response.close()
        if not request.repeatable:
            cause = "something on the way answered with a page of its own"
            raise create_unclear_error(self.describe(request), cause, response.status_code, None)
        raise UnexpectedAnswerError(
            f"Something on the way to {self._cloud.graph_host} answered with a page of its own in place of "
            "Microsoft Graph. Look at the proxy of this network, which may ask for a sign-in."
        )

    def _describe_lost_answer(
        self, request: Request, wire_request: httpx2.Request, error: NoAnswerError
    ) -> Failure:
        if request.repeatable:
            return Failure(FailureKind.LOST, error)
        request_id = wire_request.headers.get("client-request-id")
        unclear = create_unclear_error(self.describe(request), "the connection broke off", None, request_id)
        return Failure(FailureKind.LOST, unclear)

    def _build(self, request: Request, url: str, token: Secret) -> httpx2.Request:
        headers = {
            "Authorization": f"Bearer {token.reveal()}",
            "Prefer": request.preferences,
            "client-request-id": str(uuid.uuid4()),
        }
        content = None
        if request.body is not None:
            content = msgspec.json.encode(request.body)
            headers["Content-Type"] = "application/json"
        return self._http.build_request(
            request.method, url, params=request.params or None, content=content, headers=headers
        )


def _decode(content: bytes, answer: type[T]) -> T:
    try:
        return cast("T", _get_decoder(answer).decode(content))  # type: ignore[arg-type]
    except msgspec.MsgspecError as error:
        raise UnexpectedAnswerError(
            f"Microsoft Graph answered something that it does not document ({error}). If a proxy stands in "
            "between, it may have changed the answer; else please report this as a defect of Postroom."
        ) from error


@lru_cache(maxsize=64)
def _get_decoder(answer: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(answer)
