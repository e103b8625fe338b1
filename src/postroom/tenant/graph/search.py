"""$search on messages: what a query of words and properties means, as a condition of the store.

[?] `$search` finds whole words without regard to case, and accents count.
[?] A property of `$search` that is not documented answers 501.
[?] In `$search` weeks begin on Sunday, and a moment without a zone is in UTC.
[?] `$search` ends after 1,000 results, as the present document says; an earlier one said 250.
"""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from postroom.tenant.graph.extended_properties import SIZE
from postroom.tenant.graph.kql import Both, Either, Query, Term, Without, parse_query
from postroom.tenant.graph.refusals import GraphRefusalError, bad_request, not_emulated
from postroom.tenant.mail.database import Condition
from postroom.tenant.mail.records import moment
from postroom.tenant.mail.words import split_words

MOST_RESULTS = 1000
_BARE_WORD = re.compile(r"\w+")
_BARE_CHARACTER = re.compile(r"\W")
_ISO_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_AMERICAN_DAY = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")
_FROM, _TO, _CC, _BCC = (
    "has_words(coalesce(from_name, '') || char(10) || coalesce(from_address, ''), ?, ?)",
    "people_have_words(to_people, ?, ?)",
    "people_have_words(cc_people, ?, ?)",
    "people_have_words(bcc_people, ?, ?)",
)
_SUBJECT, _BODY = "has_words(subject, ?, ?)", "body_has_words(body_type, body, ?, ?)"
_ATTACHMENT = (
    "EXISTS (SELECT 1 FROM attachments WHERE attachments.message = messages.key AND has_words(name, ?, ?))"
)
_WORDS: dict[str, tuple[str, ...]] = {
    "": (_FROM, _SUBJECT, _BODY),
    "attachment": (_ATTACHMENT,),
    "bcc": (_BCC,),
    "body": (_BODY,),
    "cc": (_CC,),
    "from": (_FROM,),
    "participants": (_FROM, _TO, _CC, _BCC),
    "recipients": (_TO, _CC, _BCC),
    "subject": (_SUBJECT,),
    "to": (_TO,),
}
_IMPORTANCES = {"low": "low", "medium": "normal", "normal": "normal", "high": "high"}
_Span = tuple[datetime, datetime]


def search_condition(text: str, now: datetime) -> Condition:
    """Return the condition that a $search stands for, or raise Graph's refusal; `now` is what "today" goes by."""
    text = text.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        return _Compiler(now).compile(parse_query(_unescaped(text[1:-1])))
    if _BARE_WORD.fullmatch(text):
        return _Compiler(now).compile(parse_query(text))
    fault = _BARE_CHARACTER.search(text)
    position = fault.start() if fault else 0
    # The text is that of Microsoft's OData library.
    raise bad_request(
        f"Syntax error: character '{text[position : position + 1]}' is not valid at position {position} in '{text}'."
    )


def _unescaped(text: str) -> str:
    return text.replace('\\"', '"').replace("\\\\", "\\")


class _Compiler:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._properties: dict[str, Callable[[Term], Condition]] = {
            "hasattachment": lambda term: _flag("has_attachments", term),
            "hasattachments": lambda term: _flag("has_attachments", term),
            "importance": _importance,
            "isread": lambda term: _flag("is_read", term),
            "kind": _kind,
            "received": lambda term: self._time("received", term),
            "sent": lambda term: self._time("sent", term),
            "size": _size,
        }

    def compile(self, query: Query) -> Condition:
        match query:
            case Both(left, right):
                return self.compile(left) & self.compile(right)
            case Either(left, right):
                first, second = self.compile(left), self.compile(right)
                return Condition(f"({first.sql}) OR ({second.sql})", first.values + second.values)
            case Without(inner):
                condition = self.compile(inner)
                return Condition(f"NOT coalesce(({condition.sql}), 0)", condition.values)
        if query.name in _WORDS:
            return _words(query)
        if query.name in self._properties:
            return self._properties[query.name](query)
        raise not_emulated(f"'{query.name}' in $search")

    def _time(self, column: str, term: Term) -> Condition:
        first, dots, last = term.value.partition("..")
        start, end = self._span(first)
        if dots:
            end = self._span(last)[1]
        return _compared(column, term, moment(start), moment(end))

    def _span(self, text: str) -> _Span:
        """Return the time that a date stands for: from when, and up to but without when."""
        try:
            return _written_span(text.strip()) or self._named_span(text.strip().lower())
        except (ValueError, OverflowError):
            raise _invalid(text) from None

    def _named_span(self, text: str) -> _Span:
        today = self._now.replace(hour=0, minute=0, second=0, microsecond=0)
        day = timedelta(days=1)
        if text in ("today", "yesterday"):
            start = today if text == "today" else today - day
            return start, start + day
        which, _, unit = text.partition(" ")
        if which not in ("this", "last"):
            raise _invalid(text)
        start, end = _around(today, unit)
        return (start, end) if which == "this" else _around(start - day, unit)


def _around(day: datetime, unit: str) -> _Span:
    """Return the week, month or year that a day lies in."""
    if unit == "week":
        start = day - timedelta(days=(day.weekday() + 1) % 7)
        return start, start + timedelta(days=7)
    if unit == "month":
        start = day.replace(day=1)
        return start, (start + timedelta(days=31)).replace(day=1)
    if unit == "year":
        start = day.replace(month=1, day=1)
        return start, start.replace(year=start.year + 1)
    raise _invalid(unit)


def _written_span(text: str) -> _Span | None:
    american = _AMERICAN_DAY.fullmatch(text)
    if american:
        start = datetime(int(american[3]), int(american[1]), int(american[2]), tzinfo=UTC)
        return start, start + timedelta(days=1)
    if _ISO_DAY.fullmatch(text):
        start = datetime.fromisoformat(text).replace(tzinfo=UTC)
        return start, start + timedelta(days=1)
    if not _ISO_DAY.match(text):
        return None
    at = datetime.fromisoformat(text)
    at = (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC).replace(microsecond=0)
    return at, at + timedelta(seconds=1)


def _words(term: Term) -> Condition:
    if term.operator not in (":", "=", "<>"):
        raise _invalid(term.value)
    words = split_words(term.value)
    if not words:
        return Condition()  # nothing but marks, which are not looked for
    places = _WORDS[term.name]
    condition = Condition(" OR ".join(places), (words, int(term.is_prefix)) * len(places))
    return Condition(f"NOT ({condition.sql})", condition.values) if term.operator == "<>" else condition


def _equals(column: str, value: str | int, term: Term) -> Condition:
    if term.operator not in (":", "=", "<>"):
        raise _invalid(term.value)
    return Condition(f"{column} {'<>' if term.operator == '<>' else '='} ?", (value,))


def _flag(column: str, term: Term) -> Condition:
    value = term.value.lower()
    if value not in ("true", "false", "yes", "no", "1", "0"):
        raise _invalid(term.value)
    return _equals(column, int(value in ("true", "yes", "1")), term)


def _importance(term: Term) -> Condition:
    value = _IMPORTANCES.get(term.value.lower())
    if value is None:
        raise _invalid(term.value)
    return _equals("importance", value, term)


def _kind(term: Term) -> Condition:
    # There are notes and meeting mail here; the other kinds that Exchange knows are never found.
    return _equals("iif(message_class = 'IPM.Note', 'email', 'meetings')", term.value.lower(), term)


def _size(term: Term) -> Condition:
    first, dots, last = term.value.partition("..")
    if not all(
        text.isascii() and text.isdigit() and len(text) < 15 for text in (first, last if dots else first)
    ):
        raise _invalid(term.value)
    return _compared(SIZE, term, int(first), int(last if dots else first) + 1)


def _compared(sql: str, term: Term, start: str | int, end: str | int) -> Condition:
    """Compare with what begins at `start` and is over at `end`."""
    match term.operator:
        case "<":
            return Condition(f"{sql} < ?", (start,))
        case "<=":
            return Condition(f"{sql} < ?", (end,))
        case ">":
            return Condition(f"{sql} >= ?", (end,))
        case ">=":
            return Condition(f"{sql} >= ?", (start,))
        case "<>":
            return Condition(f"NOT ({sql} >= ? AND {sql} < ?)", (start, end))
    return Condition(f"{sql} >= ? AND {sql} < ?", (start, end))


def _invalid(text: str) -> GraphRefusalError:
    # [?] The text for a value in `$search` that does not fit its property is made up.
    return bad_request(f"The value '{text}' is not valid in the search query.")
