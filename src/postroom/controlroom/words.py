"""Failures of the rooms below in the language of the reader: those rooms know one language and nothing of Django."""

import re
from collections.abc import Iterator

from django.utils.translation import gettext

from postroom.auth.advice import ADVICE
from postroom.errors import OUTCOMES, NetworkError, PostroomError, SignInError, get_outcome

_FROM_BELOW = (NetworkError, SignInError)
_PLACE = re.compile(r"\\{(\w+)\\}")


def say(error: PostroomError) -> str:
    """Say what happened, as far as that can be said in the reader's language; what cannot stands behind it."""
    advised = _translate_advice(error)
    if advised is not None:
        return advised
    headline = get_outcome(error).form_message
    said: str = gettext(headline)
    # What the Control Room says of itself is translated where it is said.
    comes_from_below = isinstance(error, NetworkError) or error.aadsts is not None
    return f"{said} ({error.message})" if comes_from_below and said != headline else error.message


def list_words() -> Iterator[str]:
    """All that `say` may have to translate, for whoever collects the words."""
    yield from dict.fromkeys(ADVICE.values())
    yield from (OUTCOMES[kind].form_message for kind in OUTCOMES if issubclass(kind, _FROM_BELOW))


def _translate_advice(error: PostroomError) -> str | None:
    """Find in the message what was filled into the words of its AADSTS number, and fill it into the translation."""
    words = ADVICE.get(error.aadsts or 0)
    found = _make_pattern(words).match(error.message) if words is not None else None
    if words is None or found is None:
        return None
    translated: str = gettext(words)
    return translated.format(**found.groupdict()) + error.message[found.end() :]


def _make_pattern(words: str) -> "re.Pattern[str]":
    seen: set[str] = set()

    def name(place: "re.Match[str]") -> str:
        if place[1] in seen:
            return f"(?P={place[1]})"
        seen.add(place[1])
        return f"(?P<{place[1]}>.+?)"

    # What is filled in last ends with the word, as nothing of the pattern follows it.
    return re.compile(_PLACE.sub(name, re.escape(words)) + r"(?=\s|$)")
