"""The pages on which a person lets an app work for them, or learns that only an admin can."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass

from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.administrators import is_administrator
from postroom.tenant.entra.errands import Errand
from postroom.tenant.entra.permissions import describe_permissions
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.scopes import needs_admin
from postroom.tenant.entra.sign_in_flow import Visit
from postroom.tenant.entra.sign_in_pages import show_account
from postroom.tenant.entra.standing import check_standing
from postroom.tenant.state import CloudState

APPROVAL_NEEDED = 90094
FOR_ONE = "This app would like to:"
FOR_ALL = (
    "If you accept, this app will get access to the specified resources for all users in your organization. No one "
    "else will be prompted to review these permissions. This app would like to:"
)
WARNING = (
    "Accepting these permissions means that you allow this app to use your data as specified in its terms of service "
    "and privacy statement. Only accept when you trust the app; in the local tenant, its consents end with a reset."
)


@dataclass(frozen=True)
class ConsentErrand(Errand):
    """An errand for which the person must have let the app do what it asks for."""

    scopes: frozenset[str]

    def go_on(self, visit: Visit, user: User) -> Response:
        """Ask for the consent that is missing, if any."""
        check_standing(user, self.app, visit.cloud)
        missing = visit.cloud.consents.find_missing(self.app, user, self.scopes)
        asked = self.scopes if self.prompt == "consent" else missing
        if not asked:
            return self.finish(visit, user)
        if needs_approval(self, asked, user, visit.cloud):
            return show_approval(visit, self)
        return show_consent(visit, self, asked, may_consent_for_all=is_administrator(user))

    def accept(self, visit: Visit, user: User, *, for_all: bool) -> Response:
        """Note the consent, for all when an administrator wants it so."""
        check_standing(user, self.app, visit.cloud)
        if needs_approval(self, self.scopes, user, visit.cloud):
            return show_approval(visit, self)
        if for_all and is_administrator(user):
            visit.cloud.consents.grant_for_all(self.app, self.scopes)
        else:
            visit.cloud.consents.grant(self.app, user, self.scopes)
        return self.finish(visit, user)

    @abstractmethod
    def finish(self, visit: Visit, user: User) -> Response:
        """End for somebody who has signed in and consented."""


def needs_approval(errand: Errand, scopes: frozenset[str], user: User, cloud: CloudState) -> bool:
    """Tell whether this user cannot consent to these scopes."""
    if is_administrator(user):
        return False
    missing = cloud.consents.find_missing(errand.app, user, scopes)
    closed = not cloud.directory.policies.user_consent
    return bool(missing) and (closed or any(needs_admin(scope) for scope in missing))


def show_consent(
    visit: Visit,
    errand: Errand,
    scopes: frozenset[str],
    *,
    may_consent_for_all: bool = False,
    is_for_all: bool = False,
) -> Response:
    """Ask the person to let the app do this."""
    return visit.show(
        "consent",
        "consent.html",
        errand.form_target,
        app_name=errand.app.name,
        introduction=FOR_ALL if is_for_all else FOR_ONE,
        permissions=describe_permissions(scopes),
        may_consent_for_all=may_consent_for_all,
        warning=WARNING,
    )


def show_approval(visit: Visit, errand: Errand) -> Response:
    """Say that only an admin can consent."""
    return visit.show(
        "approval", "approval.html", errand.form_target, app_name=errand.app.name, number=APPROVAL_NEEDED
    )


def answer_consent(visit: Visit, errand: Errand, form: Mapping[str, str]) -> Response:
    """Go on from the consent page."""
    if form.get("action") != "accept":
        return errand.decline(visit, refusal(65004))
    return errand.accept(visit, visit.get_user(), for_all="for_all" in form)


def answer_approval(visit: Visit, errand: Errand, form: Mapping[str, str]) -> Response:
    """Go on from the page that says that only an admin can consent."""
    if form.get("action") == "other":
        visit.name_account("")
        return show_account(visit, errand)
    return errand.decline(visit, refusal(APPROVAL_NEEDED))
