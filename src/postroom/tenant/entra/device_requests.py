"""The sign-ins that devices without a browser wait for, each known by the code that a person types in elsewhere."""

from dataclasses import dataclass, replace


@dataclass(frozen=True)
class DeviceRequest:
    """Tell what a device asks for, and what a person decided; times are Unix seconds by the tenant's clock."""

    user_code: str
    client_id: str
    scopes: frozenset[str]
    """Permissions of Graph by their short names."""
    openid: frozenset[str]
    """Those of openid, profile, email and offline_access."""
    prefix: str
    expires: float
    user_id: str | None = None
    """Who approved, if anybody did yet."""
    approved: int = 0
    amr: tuple[str, ...] = ()
    declined: bool = False


class DeviceRequests:
    """Keep the requests of one cloud until they expire; a restart forgets them."""

    def __init__(self) -> None:
        self._requests: dict[str, DeviceRequest] = {}

    def add(self, request: DeviceRequest, now: float) -> None:
        """Keep a request, and forget those that expired."""
        self._requests = {code: known for code, known in self._requests.items() if known.expires > now}
        self._requests[request.user_code] = request

    def find(self, user_code: str) -> DeviceRequest | None:
        """Find the request with this code, however it is typed."""
        return self._requests.get(user_code.replace("-", "").strip().upper())

    def approve(self, request: DeviceRequest, user_id: str, approved: int, amr: tuple[str, ...]) -> None:
        """Note that this user approved the request."""
        self._requests[request.user_code] = replace(request, user_id=user_id, approved=approved, amr=amr)

    def decline(self, request: DeviceRequest) -> None:
        """Note that somebody declined the request."""
        self._requests[request.user_code] = replace(request, declined=True)

    def remove(self, request: DeviceRequest) -> None:
        """Forget a request that was answered with tokens."""
        self._requests.pop(request.user_code, None)

    def clear(self) -> None:
        """Forget all requests."""
        self._requests.clear()
