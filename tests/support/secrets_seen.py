"""What the Control Room treats as a secret in a test, so that the canary looks for it from then on.

Whatever is encrypted and whatever is held as a `Secret` is one, whoever made it: the test, or the Control Room itself.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from unittest.mock import patch

import hypothesis

from support.canary import canary

SHORTEST = 12
FEWEST_CHARACTERS = 6
"""A text of fewer different ones, such as a row of A, stands in many a file by chance."""

# Of a sign-in the vault keeps more than secrets: user names and ids stand in many a place, and may.
NO_SECRET = re.compile(
    r"[\w.+-]+@[\w.-]+|[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|https?://[^\s?]+"
)


@contextmanager
def watch_secrets() -> Iterator[None]:
    """Note all secrets from here on."""
    from postroom.controlroom.vault.sealing import Key
    from postroom.values import Secret

    seal, make = Key.seal, Secret.__init__

    def seal_and_note(key: Key, purpose: bytes, plain: bytes) -> bytes:
        note(plain)
        return seal(key, purpose, plain)

    def make_and_note(secret: Secret, text: str) -> None:
        note(text.encode())
        make(secret, text)

    with patch.object(Key, "seal", seal_and_note), patch.object(Secret, "__init__", make_and_note):
        yield


def note(plain: bytes) -> None:
    """Let the canary look for this, if it is long enough to be told from chance, and made by no property test."""
    try:
        text = plain.decode()
    except UnicodeDecodeError:
        return  # a key of 32 bytes, which no page could show as it is
    is_telling = len(text) >= SHORTEST and len(set(text)) >= FEWEST_CHARACTERS
    if is_telling and not NO_SECRET.fullmatch(text) and not hypothesis.currently_in_test_context():
        canary.add([text])
