"""A small part of $search: words, phrases and `property:value`, all of which must hold."""

import re

from postroom.tenant.graph.refusals import bad_request, not_emulated
from postroom.tenant.mail.database import Condition

_TERM = re.compile(r"""\s*(?:(?P<property>[A-Za-z]+):)?(?:"(?P<phrase>[^"]*)"|(?P<word>[^\s"()]+))""")
_FROM = ("from_name", "from_address")
_COLUMNS = {
    "": (*_FROM, "subject", "body"),
    "from": _FROM,
    "subject": ("subject",),
    "body": ("body",),
    "to": ("to_people",),
    "cc": ("cc_people",),
    "bcc": ("bcc_people",),
    "recipients": ("to_people", "cc_people", "bcc_people"),
    "participants": (*_FROM, "to_people", "cc_people", "bcc_people"),
}


def search_condition(text: str) -> Condition:
    """Return the condition that a $search stands for; what is beyond words and properties answers 501."""
    text = text.strip()
    if len(text) < 2 or text[0] != '"' or text[-1] != '"':
        # [?] The text is from memory.
        raise bad_request(f"Syntax error: character '{text[:1]}' is not valid at position 0 in '{text}'.")
    return _of_terms(text[1:-1].replace('\\"', '"'))


def _of_terms(text: str) -> Condition:
    condition, position = Condition(), 0
    while text[position:].strip():
        term = _TERM.match(text, position)
        word = term and (term["phrase"] or term["word"] or "")
        if term is None or word in ("AND", "OR", "NOT", "NEAR"):
            raise not_emulated(f"$search={text}")
        condition = condition & _of_term((term["property"] or "").lower(), word or "")
        position = term.end()
    return condition


def _of_term(name: str, word: str) -> Condition:
    if name in ("hasattachments", "isread"):
        column = {"hasattachments": "has_attachments", "isread": "is_read"}[name]
        return Condition(f"{column} = ?", (int(word.lower() in ("true", "yes", "1")),))
    if name not in _COLUMNS:
        raise not_emulated(f"$search={name}:")
    columns = _COLUMNS[name]
    sql = " OR ".join(f"contains_text({column}, ?)" for column in columns)
    return Condition(sql, (word.rstrip("*"),) * len(columns))
