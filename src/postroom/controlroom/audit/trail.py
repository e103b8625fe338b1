"""How everybody writes into the audit trail: `record`.

An entry is part of the transaction that it is recorded in: what is rolled back leaves none. What was refused or failed
is written nevertheless: inside of `keeping_refusals`, as all requests are, it waits until the transaction is over.
Appending locks the head of the chain until the transaction ends, so record last.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit import anchor, chain
from postroom.controlroom.audit.details import Plain, clean_details, clean_text
from postroom.controlroom.audit.events import Event, Outcome
from postroom.controlroom.audit.models import ANONYMOUS, SYSTEM, AuditEntry, AuditHead
from postroom.controlroom.requests import get_origin

_held: ContextVar[list[AuditEntry] | None] = ContextVar("held", default=None)


def record(
    event: Event,
    *,
    actor: User | str | None,
    target: str = "",
    outcome: Outcome = Outcome.DONE,
    **details: Plain,
) -> None:
    """Write down who did what to what, with which outcome.

    `actor` is a user, a text for a device or a name that nobody has proved, or None for the system itself, and in a
    request for somebody who is not signed in. `details` are short plain values, and never a secret.
    Errors: TypeError for a detail that is not plain.
    """
    entry = _make_entry(event, actor, target, outcome, details)
    held = _held.get()
    if held is not None and outcome is not Outcome.DONE and transaction.get_connection().in_atomic_block:
        held.append(entry)
    else:
        _append(entry)


@contextmanager
def keeping_refusals() -> Iterator[None]:
    """Write what is refused or fails inside even where its transaction is rolled back."""
    held: list[AuditEntry] = []
    token = _held.set(held)
    try:
        yield
    finally:
        _held.reset(token)
        for entry in held:
            _append(entry)


class RefusalsKept:
    """Keep the refusals of every request (a middleware)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request."""
        with keeping_refusals():
            return self._get_response(request)


def _make_entry(
    event: Event, actor: User | str | None, target: str, outcome: Outcome, details: dict[str, Plain]
) -> AuditEntry:
    origin = get_origin()
    actor_id, name = _identify(actor, is_request=bool(origin.request_id))
    return AuditEntry(
        time=timezone.now(),
        actor_id=actor_id,
        actor=clean_text(name, 200),
        address=clean_text(origin.address, 64),
        request_id=clean_text(origin.request_id, 64),
        event=event.name,
        target=clean_text(target, 300),
        outcome=outcome.value,
        details=clean_details(details),
    )


def _identify(actor: User | str | None, *, is_request: bool) -> tuple[str, str]:
    if isinstance(actor, User):
        return str(actor.pk), actor.get_username()
    # Django's anonymous user, which `request.user` may be, is nobody too.
    nobody = ANONYMOUS if is_request else SYSTEM
    return "", actor if isinstance(actor, str) and actor else nobody


def _append(entry: AuditEntry) -> None:
    with transaction.atomic():
        head = _lock_head()
        entry.sequence = head.sequence + 1
        entry.previous_hash = head.hash
        chain.seal(entry)
        entry.save()
        AuditHead.objects.filter(pk=head.pk).update(sequence=entry.sequence, hash=entry.hash)
        # Robust: what is committed is committed; an anchor that cannot be written is logged.
        transaction.on_commit(lambda: anchor.move(entry.sequence, entry.hash), robust=True)


def _lock_head() -> AuditHead:
    # On PostgreSQL the row is locked; on SQLite the whole database is, by the transaction that began before.
    return AuditHead.objects.select_for_update().get_or_create(pk=1)[0]
