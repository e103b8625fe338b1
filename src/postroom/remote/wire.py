"""How a request goes to the Control Room, and how its refusals become our errors again."""

from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx2
import msgspec

from postroom import errors
from postroom.errors import BotFileError, ControlRoomError, Fault, GraphError, ItemsError, PostroomError
from postroom.network import network_errors
from postroom.remote.address import check_address
from postroom.values import Secret

Answer = TypeVar("Answer")

REQUEST_ID_HEADER = "X-Request-ID"


class Described(msgspec.Struct):
    """An error as the API describes it; `faults` are those of a bot file."""

    type: str
    message: str
    code: str | None = None
    aadsts: int | None = None
    request_id: str | None = None
    faults: list[Fault] = []


class _Problem(msgspec.Struct):
    """What the API answers where it refuses."""

    error: Described


class ControlRoomWire:
    """Carry requests to the API of one Control Room, with the API key where there is one."""

    def __init__(self, address: str, http: httpx2.Client, api_key: Secret | None = None) -> None:
        self._address = check_address(address)
        self._http = http
        self._api_key = api_key

    @property
    def address(self) -> str:
        """Where the Control Room is."""
        return self._address

    def ask(
        self, method: str, path: str, answer: type[Answer], *, body: dict[str, Any] | None = None
    ) -> Answer:
        """Ask an endpoint, and read its answer.

        Errors: what the Control Room says, as the class that it names; ControlRoomError where this is none;
        NetworkError.
        """
        response = self._send(method, path, body)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError:
            raise self._no_control_room(response) from None

    def tell(self, method: str, path: str) -> None:
        """Ask an endpoint that answers nothing. Errors: as `ask`."""
        self._send(method, path, None)

    def _send(self, method: str, path: str, body: dict[str, Any] | None) -> httpx2.Response:
        headers = {"Accept": "application/json"}
        if self._api_key is not None:
            headers["Authorization"] = f"Bearer {self._api_key.reveal()}"
        with network_errors(urlsplit(self._address).netloc):
            response = self._http.request(method, f"{self._address}/api{path}", json=body, headers=headers)
        if response.is_redirect:
            raise self._leads_elsewhere(response)
        if response.is_error:
            raise self._read_error(response)
        return response

    def _read_error(self, response: httpx2.Response) -> PostroomError:
        try:
            described = msgspec.json.decode(response.content, type=_Problem).error
        except msgspec.DecodeError:
            return self._no_control_room(response)
        return create_error(described, response.headers.get(REQUEST_ID_HEADER))

    def _leads_elsewhere(self, response: httpx2.Response) -> ControlRoomError:
        # Not followed, as the key would go along. Only the host is told: the rest may hold what is not for a log.
        parts = urlsplit(response.headers.get("Location", ""))
        to = f"{parts.scheme}://{parts.netloc}" if parts.netloc else "another page"
        return ControlRoomError(
            f"{self._address} leads on to {to}, so the API key was not sent there. If that is the Control Room, sign "
            "in at that address with `postroom login`."
        )

    def _no_control_room(self, response: httpx2.Response) -> ControlRoomError:
        return ControlRoomError(
            f"What answers at {self._address} does not speak like a Control Room (HTTP {response.status_code}). Check "
            "the address: it is the one under which its pages open in the browser. A proxy in front of it may also "
            "answer in its place.",
            request_id=response.headers.get(REQUEST_ID_HEADER),
        )


def create_error(described: Described, request_id: str | None = None) -> PostroomError:
    """Make the error that the Control Room names; one that this version does not know is a ControlRoomError."""
    kind = getattr(errors, described.type, None)
    if not (isinstance(kind, type) and issubclass(kind, PostroomError)) or issubclass(kind, ItemsError):
        kind = ControlRoomError
    request_id = described.request_id or request_id
    if issubclass(kind, GraphError):
        return kind(described.message, code=described.code, request_id=request_id)
    if issubclass(kind, BotFileError):
        return kind(described.message, described.faults)
    return kind(described.message, code=described.code, aadsts=described.aadsts, request_id=request_id)
