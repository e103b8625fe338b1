"""The language of $search (KQL): text to a tree, or a refusal.

[?] Words side by side must all hold, whether or not they name the same property; AND binds closer than OR.
Not emulated: NEAR, ONEAR, WORDS and XRANK.
"""

import re
from dataclasses import dataclass

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, not_emulated

_DEEPEST = 50
_ITEM = re.compile(
    r"""\s*(?:
        (?P<sign>[+\-](?=[^\s()]))?
        (?:(?P<property>[A-Za-z]+)(?P<operator>:|=|<>|<=|>=|<|>))?
        (?:"(?P<phrase>[^"]*)"(?P<star>\*)? | (?P<open>\() | (?P<word>[^\s"()]+))
      | (?P<close>\))
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_BEYOND = re.compile(r"(?:O?NEAR|WORDS|XRANK)(?:\(|\Z)")


@dataclass(frozen=True, slots=True)
class Term:
    """Words or a value to look for, in a property or (`name` empty) in the usual ones."""

    name: str
    operator: str
    value: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Both:
    """Two conditions that must hold."""

    left: "Query"
    right: "Query"


@dataclass(frozen=True, slots=True)
class Either:
    """Two conditions of which one must hold."""

    left: "Query"
    right: "Query"


@dataclass(frozen=True, slots=True)
class Without:
    """A condition that must not hold."""

    inner: "Query"


Query = Term | Both | Either | Without


def parse_query(text: str) -> Query:
    """Read a query, or raise Graph's 400; what is beyond the language that is emulated answers 501."""
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Item:
    kind: str  # term, open, close, end, or AND, OR, NOT
    term: Term
    position: int
    is_excluded: bool = False


_NONE = Term("", ":", "")


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._items = self._read_items()
        self._at = 0
        self._depth = 0

    def _read_items(self) -> list[_Item]:
        items: list[_Item] = []
        position = 0
        while not items or items[-1].kind != "end":
            match = _ITEM.match(self._text, position)
            if match is None:
                raise self._refusal(position)
            items.append(self._item(match, position))
            position = match.end()
        return items

    def _item(self, match: re.Match[str], position: int) -> _Item:
        name, operator = (match["property"] or "").lower(), match["operator"] or ":"
        excluded = match["sign"] == "-"
        if match["end"] is not None or match["close"]:
            return _Item("end" if match["end"] is not None else "close", _NONE, position)
        if match["open"]:
            return _Item("open", Term(name, operator, ""), position, excluded)
        if match["phrase"] is not None:
            return _Item(
                "term", Term(name, operator, match["phrase"], bool(match["star"])), position, excluded
            )
        word = match["word"]
        if not name and not match["sign"]:
            if word in ("AND", "OR", "NOT"):
                return _Item(word, _NONE, position)
            if _BEYOND.match(word):
                raise not_emulated(f"{word} in $search")
        term = Term(name, operator, word.rstrip("*"), word.endswith("*"))
        return _Item("term", term, position, excluded)

    def _refusal(self, position: int) -> GraphRefusalError:
        # [?] The text of a syntax error in `$search` is made up; Exchange's own is not documented.
        return bad_request(f"Syntax error at position {position} in the search query '{self._text}'.")

    @property
    def _item_now(self) -> _Item:
        return self._items[self._at]

    def _takes(self, kind: str) -> bool:
        taken = self._item_now.kind == kind
        self._at += taken
        return taken

    def parse(self) -> Query:
        query = self._either("", ":")
        if self._item_now.kind != "end":
            raise self._refusal(self._item_now.position)
        return query

    def _either(self, name: str, operator: str) -> Query:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise self._refusal(self._item_now.position)
        query = self._both(name, operator)
        while self._takes("OR"):
            query = Either(query, self._both(name, operator))
        self._depth -= 1
        return query

    def _both(self, name: str, operator: str) -> Query:
        query = self._one(name, operator)
        while self._item_now.kind not in ("OR", "close", "end"):
            self._takes("AND")
            query = Both(query, self._one(name, operator))
        return query

    def _one(self, name: str, operator: str) -> Query:
        excluded = False
        while self._takes("NOT"):
            excluded = not excluded
        item = self._item_now
        self._at += 1
        if item.kind == "open":
            inner = self._either(
                *((item.term.name, item.term.operator) if item.term.name else (name, operator))
            )
            if not self._takes("close"):
                raise self._refusal(self._item_now.position)
        elif item.kind == "term":
            inner = item.term
            if name and not inner.name:
                inner = Term(name, operator, inner.value, inner.is_prefix)
        else:
            raise self._refusal(item.position)
        return Without(inner) if excluded != item.is_excluded else inner
