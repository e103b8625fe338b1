"""The pages on which a person says who they are: account, pick an account, password."""

import hmac
from collections.abc import Mapping

from starlette.responses import Response

from postroom.tenant.directory import User
from postroom.tenant.entra.errands import Errand
from postroom.tenant.entra.refusals import refusal
from postroom.tenant.entra.sign_in_flow import Visit

NO_ACCOUNT = "Enter a valid email address."
UNKNOWN_ACCOUNT = "We couldn't find an account with that username. Try another account."
NO_PASSWORD = "Please enter your password."  # noqa: S105 - a sentence
WRONG_PASSWORD = "Your account or password is incorrect. If you don't remember your password, reset it now."  # noqa: S105
Form = Mapping[str, str]


def start_sign_in(visit: Visit, errand: Errand) -> Response:
    """Show the first page that is needed, which is none for somebody who is signed in already.

    `prompt` asks for more pages than needed (`login`, `select_account`); `login_hint` says who is expected.
    """
    signed_in = visit.session.find_users(visit.cloud)
    if errand.prompt == "select_account" and signed_in:
        return show_accounts(visit, errand, signed_in)
    if errand.login_hint:
        return _expect_account(visit, errand)
    if errand.prompt == "login" or not signed_in:
        return show_account(visit, errand)
    if len(signed_in) > 1:
        return show_accounts(visit, errand, signed_in)
    return _go_on(visit, errand, signed_in[0])


def find_silent_user(visit: Visit, errand: Errand) -> User:
    """Find who is signed in for an application that wants no page, or refuse with what a page would be needed for."""
    signed_in = visit.session.find_users(visit.cloud)
    if errand.login_hint:
        signed_in = [user for user in signed_in if user.username == errand.login_hint.strip().lower()]
    if not signed_in:
        raise refusal(50058)
    if len(signed_in) > 1:
        raise refusal(16000, app_id=errand.app.client_id)
    return signed_in[0]


def show_account(visit: Visit, errand: Errand, error: str = "") -> Response:
    """Ask who it is."""
    return visit.show("account", "account.html", errand.form_target, app_name=errand.app.name, error=error)


def show_accounts(visit: Visit, errand: Errand, signed_in: list[User]) -> Response:
    """Ask which of those who are signed in it is."""
    return visit.show(
        "pick_account", "pick_account.html", errand.form_target, app_name=errand.app.name, users=signed_in
    )


def show_password(visit: Visit, errand: Errand, error: str = "", number: int | None = None) -> Response:
    """Ask for the password of the account that was named."""
    return visit.show("password", "password.html", errand.form_target, error=error, number=number)


def answer_account(visit: Visit, errand: Errand, form: Form) -> Response:
    """Go on from the account page."""
    if form.get("action") == "cancel":
        return errand.cancel(visit)
    username = form.get("loginfmt", "").strip()
    visit.name_account(username)
    if not username:
        return show_account(visit, errand, NO_ACCOUNT)
    user = visit.cloud.directory.find_user(username)
    if user is None or user.username != username.lower():
        return show_account(visit, errand, UNKNOWN_ACCOUNT)
    visit.name_account(user.username)
    return show_password(visit, errand)


def answer_picked_account(visit: Visit, errand: Errand, form: Form) -> Response:
    """Go on from the page with the accounts to pick from."""
    action = form.get("action")
    if action == "cancel":
        return errand.cancel(visit)
    if action == "other":
        return show_account(visit, errand)
    picked = visit.session.find_user(form.get("user", ""), visit.cloud)
    if picked is None:
        return show_account(visit, errand)
    return _go_on(visit, errand, picked)


def answer_password(visit: Visit, errand: Errand, form: Form) -> Response:
    """Go on from the password page."""
    action = form.get("action")
    if action == "cancel":
        return errand.cancel(visit)
    if action == "back":
        return show_account(visit, errand)
    password = form.get("passwd", "")
    if not password:
        return show_password(visit, errand, NO_PASSWORD)
    user = visit.cloud.directory.find_user(visit.flow.username)
    if user is None or not hmac.compare_digest(password.encode(), user.password.encode()):
        return show_password(visit, errand, WRONG_PASSWORD, 50126)
    visit.sign_in(user)
    return errand.go_on(visit, user)


def _expect_account(visit: Visit, errand: Errand) -> Response:
    username = errand.login_hint.strip()
    user = visit.cloud.directory.find_user(username)
    if user is None or user.username != username.lower():
        visit.name_account(username)
        return show_account(visit, errand, UNKNOWN_ACCOUNT)
    signed_in = visit.session.find_user(user.id, visit.cloud)
    if signed_in is not None and errand.prompt != "login":
        return _go_on(visit, errand, signed_in)
    visit.name_account(user.username)
    return show_password(visit, errand)


def _go_on(visit: Visit, errand: Errand, user: User) -> Response:
    visit.choose(user)
    return errand.go_on(visit, user)
