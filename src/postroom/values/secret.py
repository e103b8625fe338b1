"""A value that does not print itself."""

import hashlib
from typing import NoReturn


class Secret:
    """Hold a secret so that printing, logging, formatting or pickling it never shows it.

    `reveal()` gives the text, at the one place that needs it.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """The secret itself. Hand it on at once; do not keep it."""
        return self._text

    def fingerprint(self) -> str:
        """A name for the secret that tells nothing of it: to see whether two are the same."""
        return hashlib.sha256(self._text.encode()).hexdigest()

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("A Secret is not pickled: pass the reference (a Credential) instead.")
