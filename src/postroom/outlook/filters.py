"""Filters on messages: what Graph can be asked, and the same looked at again here.

Graph's own filter knows no upper and lower case and may refuse what it finds too complex, so each filter is
both an OData clause and a test.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from postroom.graph.models import Message
from postroom.outlook.given import iterate_words


@dataclass(frozen=True)
class Filter:
    """An OData clause, and the test that decides."""

    clause: str
    test: Callable[[Message], bool]


def create_subject_filter(subject: str | None) -> Filter | None:
    """Messages whose subject has one of the words between `;`: contained, or exactly as written if quoted."""
    words = list(iterate_words(subject))
    if not words:
        return None
    clause = _any_of(f"contains(subject,{_quote(_unquote(word))})" for word in words)
    return Filter(clause, lambda message: any(_fits(word, message.subject) for word in words))


def create_senders_filter(senders: str | Iterable[str] | None) -> Filter | None:
    """Messages from one of these addresses; case does not matter."""
    addresses = [address.casefold() for address in iterate_words(senders, ";,")]
    if not addresses:
        return None
    clause = _any_of(f"from/emailAddress/address eq {_quote(address)}" for address in addresses)
    return Filter(clause, lambda message: (message.sender.address or "").casefold() in addresses)


def _fits(word: str, subject: str) -> bool:
    phrase = _unquote(word)
    return phrase in subject if phrase != word else word.casefold() in subject.casefold()


def _unquote(word: str) -> str:
    return word[1:-1] if len(word) > 2 and word[0] == word[-1] == '"' else word


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _any_of(clauses: Iterable[str]) -> str:
    return f"({' or '.join(clauses)})"
