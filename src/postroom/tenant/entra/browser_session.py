"""The browser session: a sealed cookie that says who is signed in, so that nobody types a password twice."""

from dataclasses import dataclass, replace
from datetime import datetime
from uuid import uuid4

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.sealing import SealError
from postroom.tenant.state import CloudState

COOKIE = "ESTSAUTHPERSISTENT"
KIND = "session"
LIFETIME_SECONDS = 90 * 86400


@dataclass(frozen=True)
class BrowserSession:
    """Say who signed in with this browser, and at which Unix second each did."""

    id: str
    signed_in: dict[str, int]

    def with_user(self, user: User, now: datetime) -> "BrowserSession":
        """Give the session in which this user has just signed in."""
        # Right after a revocation the second that it counts from has yet to come.
        at = max(int(now.timestamp()), user.tokens_valid_from)
        return replace(self, signed_in={**self.signed_in, user.id: at})

    def find_users(self, cloud: CloudState) -> list[User]:
        """List who is signed in and still may be: known, enabled, and not revoked since."""
        found = [(cloud.directory.find_user(user_id), at) for user_id, at in self.signed_in.items()]
        return [user for user, at in found if user is not None and _counts(user, at, cloud)]

    def find_user(self, user_id: str, cloud: CloudState) -> User | None:
        """Find this user among those who are signed in."""
        return next((user for user in self.find_users(cloud) if user.id == user_id), None)


def read_session(request: Request, cloud: CloudState) -> BrowserSession:
    """Read the session of the browser that asks, or begin one."""
    try:
        content = cloud.sealer.open(KIND, request.cookies.get(COOKIE, ""))
    except SealError:
        return BrowserSession(str(uuid4()), {})
    return BrowserSession(content["id"], content["signed_in"])


def keep_session(response: Response, session: BrowserSession, cloud: CloudState) -> None:
    """Let the browser keep this session."""
    sealed = cloud.sealer.seal(KIND, {"id": session.id, "signed_in": session.signed_in})
    # Applications send people here by forms on their own pages too, so the cookie goes along from other sites.
    response.set_cookie(
        COOKIE, sealed, max_age=LIFETIME_SECONDS, path="/", secure=True, httponly=True, samesite="none"
    )


def end_session(response: Response) -> None:
    """Let the browser forget its session."""
    response.delete_cookie(COOKIE, path="/", secure=True, httponly=True, samesite="none")


def _counts(user: User, at: int, cloud: CloudState) -> bool:
    is_fresh = cloud.now().timestamp() - at < LIFETIME_SECONDS
    return user.enabled and is_fresh and at >= user.tokens_valid_from
