"""What a person comes to the sign-in pages for: to answer an application, to let a device in, to consent for all."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

from starlette.responses import Response

from postroom.tenant.directory import App, User
from postroom.tenant.entra.refusals import EntraRefusedError
from postroom.tenant.entra.sign_in_flow import Visit


@dataclass(frozen=True)
class Errand(ABC):
    """Say for which app a person signs in, and what becomes of it."""

    app: App

    @property
    def prompt(self) -> str:
        """The `prompt` that the application asked for, or nothing."""
        return ""

    @property
    def login_hint(self) -> str:
        """The account that the application expects, or nothing."""
        return ""

    @property
    def form_target(self) -> str | None:
        """Where the last form leads to, when it leads away."""
        return None

    @abstractmethod
    def go_on(self, visit: Visit, user: User) -> Response:
        """Go on with somebody who has signed in."""

    @abstractmethod
    def accept(self, visit: Visit, user: User, *, for_all: bool) -> Response:
        """Go on with somebody who has accepted what the consent page showed."""

    @abstractmethod
    def cancel(self, visit: Visit) -> Response:
        """End for somebody who does not want to sign in."""

    @abstractmethod
    def decline(self, visit: Visit, refused: EntraRefusedError) -> Response:
        """End for somebody who does not, or may not, consent."""
