"""When two names are the same name."""

import unicodedata


def fold_name(name: str) -> str:
    """The form in which names are compared: without case, composed the same way (Unicode §3.13, D146).

    The database's own LOWER knows only ASCII on SQLite.
    """
    folded = unicodedata.normalize("NFKC", name.strip()).casefold()
    return unicodedata.normalize("NFKC", folded)
