"""$expand: which navigation properties come along, each with options of its own."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from postroom.tenant.graph.refusals import GraphRefusalError, bad_request


@dataclass(frozen=True, slots=True)
class Expansion:
    """One navigation property of an $expand: its name in lower case, its options by their names in lower case."""

    name: str
    options: dict[str, str] = field(default_factory=dict)

    @property
    def selected(self) -> list[str] | None:
        """The names that its own $select gives, or None."""
        names = [name.strip() for name in self.options.get("$select", "").split(",")]
        return [name for name in names if name] or None


def parse_expand(text: str) -> list[Expansion]:
    """Read an $expand, such as `attachments($select=name),extensions($filter=id eq 'x')`, or raise Graph's 400."""
    return [_read_item(item.strip(), text) for item in _split(text, ",")]


def _read_item(item: str, whole: str) -> Expansion:
    name, opening, rest = item.partition("(")
    if not name.strip() or (opening and not rest.endswith(")")):
        raise _refusal(whole)
    options: dict[str, str] = {}
    for option in _split(rest[:-1], ";") if opening else ():
        key, sign, value = option.partition("=")
        if not sign or key.strip().lower() in options:
            raise _refusal(whole)
        options[key.strip().lower()] = value.strip()
    return Expansion(name.strip().lower(), options)


def _split(text: str, mark: str) -> Iterator[str]:
    """Split at a mark that stands neither in brackets nor in quotes."""
    depth, quoted, start = 0, False, 0
    for position, character in enumerate(text):
        if character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
            if depth < 0:
                raise _refusal(text)
        elif not quoted and depth == 0 and character == mark:
            yield text[start:position]
            start = position + 1
    if quoted or depth:
        raise _refusal(text)
    yield text[start:]


def _refusal(text: str) -> GraphRefusalError:
    # [?] Every fault in `$expand` gets one text of Graph's, which may have others for some of them.
    return bad_request(f"Parsing OData Select and Expand failed: Syntax error in '{text}'.")
