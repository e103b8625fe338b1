"""How many runs may work in a mailbox at once, as people set it; `limits` keeps to it."""

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.translation import gettext as _

from postroom.controlroom.accounts.models import User
from postroom.controlroom.audit.events import Event
from postroom.controlroom.audit.trail import record
from postroom.controlroom.runs.models import MailboxLimit
from postroom.errors import RecordNotFoundError, SettingError

MOST_RUNS = 1_000_000
LONGEST_ADDRESS = 320


def set_mailbox_limit(actor: User, address: str, runs: int) -> MailboxLimit:
    """Say how many runs may work in a mailbox at once, in place of what was said before.

    Runs that are in it already stay. Errors: SettingError where that is no address, or no number of runs.
    """
    address = _clean(address)
    if not 1 <= runs <= MOST_RUNS:
        raise SettingError(_("The number of runs must be from 1 to %(most)d.") % {"most": MOST_RUNS})
    with transaction.atomic():
        limit: MailboxLimit
        limit, _is_new = MailboxLimit.objects.update_or_create(address=address, defaults={"runs": runs})
        record(Event.MAILBOX_LIMIT_SET, actor=actor, target=address, runs=runs)
    return limit


@transaction.atomic
def remove_mailbox_limit(actor: User, address: str) -> None:
    """Let any number of runs work in a mailbox again. Errors: RecordNotFoundError where it had no limit."""
    found = MailboxLimit.objects.filter(address=address.strip().lower().replace("\0", ""))
    if not found.delete()[0]:
        raise RecordNotFoundError(_("There is no limit for a mailbox of this address."))
    record(Event.MAILBOX_LIMIT_REMOVED, actor=actor, target=address.strip().lower())


def _clean(address: str) -> str:
    address = address.strip().lower()
    try:
        validate_email(address)
    except ValidationError:
        raise SettingError(_("That is no address of a mailbox. Example: ap@contoso.com")) from None
    return address
