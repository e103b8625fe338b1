"""Whether a text holds certain words, one after the other: what a mailbox is searched by.

Words are told apart by whatever is neither a letter nor a digit, so that an address is several of them.
"""

import html
import json
import re
from functools import lru_cache

from postroom.tenant.mail.bodies import text_of_html

_GAP = re.compile(r"[\W_]+")


def split_words(text: str) -> str:
    """Return the words of a text without regard to case, one space between them."""
    return " ".join(word for word in _GAP.split(text.casefold()) if word)


def has_words(text: str | None, words: str, is_prefix: int) -> bool:
    """Tell whether a text holds these words (as `split_words` gives them); the last may go on where it is a prefix."""
    return text is not None and _holds(text.casefold(), words, is_prefix)


def body_has_words(body_type: str, body: str, words: str, is_prefix: int) -> bool:
    """Tell whether what a person reads of a body holds these words."""
    if body_type != "html":
        return has_words(body, words, is_prefix)
    # Most bodies are told by their markup not to hold the words, which is much faster than to read it.
    return _may_hold(html.unescape(body).casefold(), words) and has_words(
        text_of_html(body), words, is_prefix
    )


def people_have_words(people: str, words: str, is_prefix: int) -> bool:
    """Tell whether the name or the address of anybody in a column of people holds these words."""
    if not _may_hold(people.casefold(), words):
        return False
    found = [person["emailAddress"] for person in json.loads(people)]
    return any(
        has_words(text, words, is_prefix) for email in found for text in (email["name"], email["address"])
    )


def _may_hold(folded: str, words: str) -> bool:
    return all(word in folded for word in words.split(" "))


def _holds(folded: str, words: str, is_prefix: int) -> bool:
    return _may_hold(folded, words) and _pattern(words, is_prefix).search(folded) is not None


@lru_cache(maxsize=64)
def _pattern(words: str, is_prefix: int) -> re.Pattern[str]:
    joined = r"[\W_]+".join(re.escape(word) for word in words.split(" "))
    return re.compile(rf"(?<![^\W_]){joined}" + ("" if is_prefix else r"(?![^\W_])"))
