"""The language of $filter: text to a tree, or a refusal that says where it goes wrong (OData 4.01, part 2)."""

import re
from dataclasses import dataclass
from typing import NoReturn

from postroom.tenant.graph.refusals import bad_request

_DEEPEST = 50
_TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:[^']|'')*')
      | (?P<guid>[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}(?![\w-]))
      | (?P<moment>\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,12})?)?(?:Z|[+\-]\d\d:\d\d)?)?)
      | (?P<number>-?\d+(?:\.\d+)?)
      | (?P<name>[A-Za-z_@][\w.]*)
      | (?P<mark>[(),:/])
      | (?P<end>\Z)
    )""",
    re.VERBOSE,
)
_COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge"})


@dataclass(frozen=True, slots=True)
class Literal:
    """A constant; `kind` is string, guid, moment, number, boolean or null."""

    kind: str
    value: str | float | bool | None


@dataclass(frozen=True, slots=True)
class Path:
    """A property, such as from/emailAddress/address."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Call:
    """A function of values, such as contains(subject,'x')."""

    name: str
    arguments: tuple["Node", ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two values compared: eq, ne, lt, le, gt or ge."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Junction:
    """Conditions joined by `and` or `or`."""

    operator: str
    left: "Node"
    right: "Node"


@dataclass(frozen=True, slots=True)
class Not:
    """A condition turned round."""

    inner: "Node"


@dataclass(frozen=True, slots=True)
class Lambda:
    """any() or all() of a collection; `inner` is None for a bare any()."""

    kind: str
    collection: Path
    variable: str
    inner: "Node | None"


Node = Literal | Path | Call | Comparison | Junction | Not | Lambda


def parse_filter(text: str) -> Node:
    """Read a $filter expression, or raise Graph's 400."""
    return _Parser(text).parse()


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    position: int


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._tokenize()
        self._at = 0
        self._depth = 0

    def _tokenize(self) -> list[_Token]:
        tokens: list[_Token] = []
        position = 0
        while not tokens or tokens[-1].kind != "end":
            match = _TOKEN.match(self._text, position)
            if match is None or match.lastgroup is None:
                self._refuse(position)
            tokens.append(_Token(match.lastgroup, match.group(match.lastgroup), match.start(match.lastgroup)))
            position = match.end()
        return tokens

    def _refuse(self, position: int) -> NoReturn:
        # [?] Syntax errors in `$filter` have the text of Microsoft's OData library, and the generic code.
        raise bad_request(f"Invalid filter clause: Syntax error at position {position} in '{self._text}'.")

    @property
    def _token(self) -> _Token:
        return self._tokens[self._at]

    def _take(self) -> _Token:
        token = self._token
        self._at += token.kind != "end"
        return token

    def _takes(self, word: str) -> bool:
        token = self._token
        taken = token.kind in ("name", "mark") and token.text.lower() == word
        self._at += taken
        return taken

    def _expect(self, word: str) -> None:
        if not self._takes(word):
            self._refuse(self._token.position)

    def parse(self) -> Node:
        node = self._either()
        if self._token.kind != "end":
            self._refuse(self._token.position)
        return node

    def _either(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            self._refuse(self._token.position)
        node = self._both()
        while self._takes("or"):
            node = Junction("or", node, self._both())
        self._depth -= 1
        return node

    def _both(self) -> Node:
        node = self._compared()
        while self._takes("and"):
            node = Junction("and", node, self._compared())
        return node

    def _compared(self) -> Node:
        if self._takes("not"):
            self._depth += 1
            if self._depth > _DEEPEST:
                self._refuse(self._token.position)
            inner = Not(self._compared())
            self._depth -= 1
            return inner
        left = self._value()
        if self._token.kind == "name" and self._token.text.lower() in _COMPARISONS:
            return Comparison(self._take().text.lower(), left, self._value())
        return left

    def _value(self) -> Node:
        if self._takes("("):
            node = self._either()
            self._expect(")")
            return node
        token = self._take()
        if token.kind == "string":
            return Literal("string", token.text[1:-1].replace("''", "'"))
        if token.kind == "moment":
            return Literal("moment", token.text)
        if token.kind == "guid":
            return Literal("guid", token.text.lower())
        if token.kind == "number":
            return Literal("number", float(token.text))
        if token.kind != "name":
            self._refuse(token.position)
        return self._named(token)

    def _named(self, token: _Token) -> Node:
        word = token.text.lower()
        if word in ("true", "false"):
            return Literal("boolean", word == "true")
        if word == "null":
            return Literal("null", None)
        if self._takes("("):
            return Call(word, self._arguments())
        names = [token.text]
        while self._takes("/"):
            part = self._take()
            if part.kind != "name":
                self._refuse(part.position)
            if part.text.lower() in ("any", "all") and self._takes("("):
                return self._lambda(part.text.lower(), Path(tuple(names)))
            names.append(part.text)
        return Path(tuple(names))

    def _arguments(self) -> tuple[Node, ...]:
        arguments: list[Node] = []
        while not self._takes(")"):
            if arguments:
                self._expect(",")
            arguments.append(self._either())
        return tuple(arguments)

    def _lambda(self, kind: str, collection: Path) -> Node:
        if self._takes(")"):
            return Lambda(kind, collection, "", None)
        variable = self._take()
        if variable.kind != "name":
            self._refuse(variable.position)
        self._expect(":")
        inner = self._either()
        self._expect(")")
        return Lambda(kind, collection, variable.text, inner)


def parse_order(text: str) -> list[tuple[tuple[str, ...], bool]]:
    """Read $orderby as pairs of a property's path and whether it runs downwards, or raise Graph's 400."""
    order: list[tuple[tuple[str, ...], bool]] = []
    for item in text.split(","):
        words = item.split()
        if not words or len(words) > 2 or (len(words) == 2 and words[1].lower() not in ("asc", "desc")):
            raise bad_request(f"Invalid orderby clause: Syntax error in '{text}'.")
        order.append((tuple(words[0].split("/")), len(words) == 2 and words[1].lower() == "desc"))
    return order
