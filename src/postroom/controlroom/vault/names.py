"""Names of lockers, credentials and attributes: what they may be, and when two are the same."""

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

LONGEST_FOLDED = 400


def fold_name(name: str) -> str:
    """The form in which names are compared: without case, composed the same way (Unicode §3.13.5, D146).

    The database's own LOWER knows only ASCII on SQLite.
    """
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFD", name).casefold())
    return unicodedata.normalize("NFKD", folded.casefold()).strip()


def check_name(name: str) -> None:
    """Refuse a name that a bot could not write. Errors: ValidationError."""
    if "/" in name or not name.strip().isprintable():
        raise ValidationError(
            _("A name has no “/” and nothing that does not print: bots write it as NAME/ATTRIBUTE.")
        )
    if len(fold_name(name)) > LONGEST_FOLDED:
        raise ValidationError(_("This name is too long."))
