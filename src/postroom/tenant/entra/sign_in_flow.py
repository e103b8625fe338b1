"""One walk through the pages: what it is for and how far it is, sealed into every form that goes on with it."""

from dataclasses import asdict, dataclass, field, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.browser_session import BrowserSession, keep_session, read_session
from postroom.tenant.entra.pages import show_page
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.sealing import SealError
from postroom.tenant.state import CloudState

KIND = "flow"
LIFETIME_SECONDS = 3600


@dataclass(frozen=True)
class Flow:
    """Say what a person is at the pages for, and which step they are at.

    `errand` names what it is for and `parameters` is what the application asked for, as it came; `username` is the
    account that was named, and `user_id` who has signed in or was picked.
    """

    errand: str
    tenant: str
    parameters: dict[str, str] = field(repr=False)
    started: int
    step: str = ""
    username: str = ""
    user_id: str = ""


@dataclass
class Visit:
    """One request of a person on the way through the pages."""

    request: Request
    cloud: CloudState
    flow: Flow
    session: BrowserSession

    def show(self, step: str, template: str, form_target: str | None, **values: Any) -> Response:
        """Show the page of a step, with the flow in its form."""
        self.flow = replace(self.flow, step=step)
        sealed = self.cloud.sealer.seal(KIND, asdict(self.flow))
        action = f"/{self.flow.tenant}/login"
        values = {"username": self.flow.username, **values}
        return show_page(self.request, template, form_target=form_target, ctx=sealed, action=action, **values)

    def name_account(self, username: str) -> None:
        """Note the account that the person wants to sign in with."""
        self.flow = replace(self.flow, username=username, user_id="")

    def sign_in(self, user: User) -> None:
        """Note that this user has given their password."""
        self.session = self.session.with_user(user, self.cloud.now())
        self.choose(user)

    def choose(self, user: User) -> None:
        """Note who goes on."""
        self.flow = replace(self.flow, username=user.username, user_id=user.id)
        self.request.state.mailbox = user.username

    def get_user(self) -> User:
        """Give who goes on, or refuse when this browser is not theirs (any more)."""
        user = self.session.find_user(self.flow.user_id, self.cloud)
        if user is None:
            raise refusal(165000)
        self.request.state.mailbox = user.username
        return user

    def finish(self, response: Response) -> Response:
        """Let the browser keep who is signed in."""
        if self.session.signed_in:
            keep_session(response, self.session, self.cloud)
        return response


def begin_visit(request: Request, errand: str, tenant: str, parameters: dict[str, str]) -> Visit:
    """Begin to walk."""
    cloud: CloudState = request.app.state.cloud
    flow = Flow(errand, tenant, parameters, int(cloud.now().timestamp()))
    return Visit(request, cloud, flow, read_session(request, cloud))


def continue_visit(request: Request, sealed: str) -> Visit:
    """Go on from the page that this was sealed into; refused when it is from elsewhere or too old."""
    cloud: CloudState = request.app.state.cloud
    try:
        flow = Flow(**cloud.sealer.open(KIND, sealed))
    except SealError:
        raise refusal(165000) from None
    if cloud.now().timestamp() - flow.started > LIFETIME_SECONDS:
        raise refusal(50089)
    return Visit(request, cloud, flow, read_session(request, cloud))
