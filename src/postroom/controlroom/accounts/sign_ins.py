"""Sign-ins, sign-outs and failed sign-ins, written into the audit trail as Django and axes tell of them."""

from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.trail import record


def connect() -> None:
    """Begin to listen."""
    user_logged_in.connect(record_sign_in)
    user_logged_out.connect(record_sign_out)
    user_login_failed.connect(record_failure)
    user_locked_out.connect(record_lock_out)


def record_sign_in(user: User, **_signal: Any) -> None:
    """Write that somebody came in."""
    record(Event.SIGNED_IN, actor=user, target=user.get_username())


def record_sign_out(user: User | None, **_signal: Any) -> None:
    """Write that somebody left; who was not signed in did not."""
    if user is not None:
        record(Event.SIGNED_OUT, actor=user, target=user.get_username())


def record_failure(credentials: dict[str, Any], **_signal: Any) -> None:
    """Write that somebody tried."""
    _record_attempt(credentials.get("username"), Outcome.FAILED)


def record_lock_out(request: HttpRequest, **_signal: Any) -> None:
    """Write that somebody tried too often."""
    _record_attempt(request.POST.get("username"), Outcome.REFUSED, reason="too many attempts")


def name_attempts(request: HttpRequest, credentials: dict[str, Any] | None = None) -> str:
    """What failed attempts are counted under: a hash of the name, so that the name itself is not kept.

    People type their password into the field of the name (axes' AXES_USERNAME_CALLABLE).
    """
    name = (credentials or request.POST).get("username") or ""
    return salted_hmac("postroom.controlroom.sign_ins", name, algorithm="sha256").hexdigest()


def _record_attempt(username: str | None, outcome: Outcome, **details: str) -> None:
    # People type their password into the field of the name: only a name that exists is written down.
    user = User.objects.filter(username=username or "").first()
    target = user.get_username() if user else "(unknown user)"
    record(Event.SIGN_IN_FAILED, actor=user, target=target, outcome=outcome, **details)
