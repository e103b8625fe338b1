"""Expressions: what they give, and what they never reach."""

# ruff: noqa: E501 - tables of texts read best a line each

import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from postroom.bots.files.expressions import parse_text
from postroom.bots.handles import BotSession, SessionHandle
from postroom.errors import ExpressionError, PostroomError, PropertyNotLoadedError
from postroom.graph.models import Message
from postroom.values import Credential


@dataclass
class Item:
    """Data with a private field, and a method."""

    title: str = "one"
    _hidden: str = "hidden"
    done: list[str] = field(default_factory=list)

    def act(self) -> None:
        """Do something."""
        self.done.append("acted")


MESSAGE = Message(id="m1", wire_subject="URGENT: bill", received=datetime(2026, 5, 31, 8, 30))  # noqa: DTZ001
SESSION = BotSession(SessionHandle("1", "outlook.connect", {}, "ap", "local", "r", "ap@contoso.com"))


def variables() -> dict[str, Any]:
    """The variables of a bot, one of each kind."""
    return {
        "message": MESSAGE, "item": Item(), "session": SESSION, "text": "abc", "number": 5, "names": ["b", "a"],
        "settings": {"a": {"b": 1}, "items": "own"}, "nothing": None, "day": date(2026, 5, 31), "yes": True,
        "file": Path("invoices/a.pdf"), "account": Credential("azure", "client_id"),
    }  # fmt: skip


def evaluate(text: str) -> Any:
    """The value of a text with expressions."""
    return parse_text(text).evaluate(variables())


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("${{ 'urgent' in message.subject | lower }}", True),
        ("${{ number + 1 }}", 6),
        ("${{number}}", 5),
        ("${{ number }} of ${{ number * 2 }}", "5 of 10"),
        ("${{ message }}", MESSAGE),
        ("${{ session }}", SESSION),
        ("${{ account.name }}", "azure"),
        ("${{ settings.a.b }}", 1),
        ("${{ settings['a']['b'] }}", 1),
        ("${{ settings.items }}", "own"),
        ("${{ settings.get('x', 3) }}", 3),
        ("${{ names | sort | join(', ') }}", "a, b"),
        ("${{ names[0] ~ names[1] ~ number ~ yes ~ nothing }}", "ba5true"),
        ("${{ names[-1:] }}", ["a"]),
        ("${{ {'a': {'b': '}}'}}['a']['b'] }}", "}}"),
        ("${{ '}}' }}", "}}"),
        ('${{ "it\'s" }}', "it's"),
        ("${{ message.received.strftime('%Y/%m') }}", "2026/05"),
        ("${{ message.received.year }}-${{ day }}", "2026-2026-05-31"),
        ("${{ file.stem | upper }}", "A"),
        ("${{ text.replace('b', '') }}", "ac"),
        ("${{ 'a,b' | split(',') }}", ["a", "b"]),
        ("${{ [message] | map(attribute='subject') | first }}", "URGENT: bill"),
        ("${{ [1, 2, 3] | select('>', 1) }}", [2, 3]),
        ("${{ names | map('upper') }}", ["B", "A"]),
        ("${{ '12' | int + 1 }}", 13),
        ("${{ 'twelve' | int }}", 0),
        ("${{ 2.5 | round(1) }}", 2.5),
        ("${{ 'yes' if number > 3 and not nothing else 'no' }}", "yes"),
        ("${{ nothing is none }}", True),
        ("${{ missing | default('x') }}", "x"),
        ("${{ missing is defined }}", False),
        ("${{ settings.q.r | default('x') }}", "x"),
        ("${{ '123' }}", "123"),
        ("${{ \"['a']\" }}", "['a']"),
        ("{{ text }} {% raw %} {# no #}", "{{ text }} {% raw %} {# no #}"),
        ("$ {{ and }}", "$ {{ and }}"),
    ],
)
def test_values(text: str, value: Any) -> None:
    """An expression alone keeps its value as what it is, text around it makes it text, and nothing else is a language."""
    assert evaluate(text) == value
    assert type(evaluate(text)) is type(value)


ESCAPES = [
    "''.__class__", "''['__class__']", "''|attr('__class__')", "text.__class__.__mro__[1].__subclasses__()",
    "''.__class__.__base__.__subclasses__()", "message.__init__.__globals__", "message.__class__", "item._hidden",
    "item['_hidden']", "item.act()", "item.act", "item.done.append(1)", "item.__dict__", "message.__struct_fields__",
    "message.wire_subject", "().__class__", "[].__class__.__base__", "{}.__class__", "(1).__class__",
    "self", "self.__init__", "self._TemplateReference__context", "context", "environment", "loop", "caller",
    "range(10**9)", "range(1000000000)", "lipsum()", "lipsum.__globals__['os']", "cycler.__init__.__globals__",
    "joiner()", "namespace(a=1)", "dict(a=1)", "namespace", "request", "config", "url_for", "get_flashed_messages",
    "open('/etc/passwd')", "__import__('os')", "eval('1')", "exec('1')", "getattr(text, 'upper')", "vars()",
    "'%s' % text", "'%(a)s' % settings", "'%1000000000d' % 1", "text % 5", "'{0.__class__}'.format(text)",
    "'{0}'.format_map(settings)", "text.format(1)", "'a' * 10**9", "'a' * 1000000000", "10 ** 10 ** 10", "2**999999",
    "[1] * 1000000000", "names * 5", "(1,) * 999999999", "text.center(10**9)", "text.center(999999999)",
    "text.ljust(999999999)", "text.zfill(999999999)", "text.expandtabs(999999999)", "text.encode()",
    "text.translate({})", "'x'|center(999999999)", "'x'|indent(999999999)", "'x'|wordwrap(1)", "'x'|tojson",
    "'x'|pprint", "'x'|format(1)", "'x'|safe", "'x'|escape", "'x'|xmlattr", "'x'|filesizeformat", "'x'|urlize",
    "names|random", "names|batch(999999999)", "names|slice(999999999)", "names|groupby('x')", "names|sum",
    "names|map('attr', '__class__')", "names|map('~')|map(attribute='__class__')|list", "[text]|map(attribute='__class__')",
    "[item]|map(attribute='_hidden')|list", "[item]|sort(attribute='__class__')", "[item]|selectattr('_hidden')",
    "[item]|map(attribute='act')|first", "session.disconnect()", "session.messages", "session.handle", "session.foo()",
    "message.subject.__len__", "text.join.__self__", "text.upper.func", "text.upper.__self__", "text.upper.args",
    "names.append(1)", "names.clear()", "names.sort()", "settings.update({})", "settings.pop('a')",
    "settings.clear()", "settings.setdefault('x', 1)", "text.upper(*names)", "text.upper(**settings)",
    "message.received.__class__", "message.received.strftime('%999999999d')", "day.strftime(names)", "file.read_text()",
    "file.unlink()", "file.parent", "file.open()", "file.exists()", "number.real", "number.to_bytes(999999999)",
    "account.__class__", "true.__class__", "none.__class__", "1 is divisibleby 0", "'%d' is even",
    "'%1000000000d' is divisibleby 2", "'%1000000000d' is odd", "x if true", "(text)(1)", "text()", "'a'()", "[]()",
    "a = 1", "a; b", "import os", "lambda: 1", "[x for x in names]", "{x: x for x in names}", "text := 1", "`id`",
    "names | map('map', 'map')", "text | list | map('list') | map('int', 'x')", "1 | round(999999999, 'ceil')",
    "text.split.__globals__", "names | join(text | attr('__class__'))", "settings.__class__", "settings | items",
    "1e999 | int + text", "-text", "~text", "*names", "**settings", "text text", "text }} ${{ text", "", " ", "|", ".",
    "text.", "names[", "'", "\"", "\\", "{%", "{{ text }}", "text|", "text is", "not", "is defined", "|upper",
]  # fmt: skip


@pytest.mark.parametrize("source", ESCAPES)
def test_what_is_known_to_break_out_does_not(source: str) -> None:
    """Nothing of Python, of the machine or of a session is reached, nothing changes, nothing huge is made."""
    known = variables()
    try:
        value = parse_text("${{ " + source + " }}").evaluate(known)
    except PostroomError:
        value = None
    assert_is_data(value)
    assert known == variables()
    assert known["item"].done == []


def assert_is_data(value: Any) -> None:
    """Refuse whatever is no data of a bot."""
    if isinstance(value, list | tuple):
        for one in value:
            assert_is_data(one)
        return
    assert value is None or isinstance(
        value, bool | int | float | str | dict | date | Message | Item | Path | Credential | BotSession
    )
    assert not callable(value)
    assert "hidden" not in str(value) or isinstance(value, Item)


BIG = [
    "[t,t,t,t,t,t,t,t]|map('upper')", "t ~ t ~ t ~ t ~ t ~ t ~ t", "t + t + t + t + t + t + t",
    "t|replace('x', t)", "t.replace('x', 'yyyyyyyyyyyyyyyy')", "t|list", "t|list|map('list')", "t|split('x')",
    "t.split('x')", "[t,t,t,t,t,t]|join(t)", "names|join(t)", "t|map('upper')", "t|sort", "t|unique", "[t,t]|map('list')",
    "t|reverse|reverse|reverse|reverse|reverse|reverse|reverse|reverse", "[[t,t,t],[t,t,t],[t,t,t]]|map('join')",
    "t.join(names)", "t|title|title|title|title|title|title|title", "[" + "t[1:]," * 200 + "]",
    "[" + "t|upper," * 200 + "]", "t|select", "l|sort|map('string')|join|list", "[" + "l," * 300 + "]|map('sort')",
    "9999999999 * 9999999999 * 9999999999 * 9999999999", "1" + "0" * 1000 + " * 2", "1e300 * 1e300",
]  # fmt: skip


@pytest.mark.parametrize("source", BIG)
def test_what_would_be_large_is_refused(source: str) -> None:
    """What would take the memory or the time of the machine ends with a sentence."""
    known = {"t": "x" * 6_000_000, "l": list(range(90_000)), "names": ["x"] * 90_000}
    with pytest.raises(ExpressionError):
        parse_text("${{ " + source + " }}").evaluate(known)


@pytest.mark.parametrize(
    "opening", ["(", "[", "not ", "-", "{'a':", "[[", "x.a|upper|", "1+(", "1 if 1 else "]
)
def test_nesting_is_bounded(opening: str) -> None:
    """However deeply somebody nests an expression, it is refused with a sentence."""
    with pytest.raises(ExpressionError):
        parse_text("${{ " + opening * 300 + "1 }}")
    with pytest.raises(ExpressionError):
        parse_text("${{ " + opening * 30_000 + "1 }}")


def test_missing_names_are_told() -> None:
    """What is not there is named, with what is, or what may have been meant."""
    with pytest.raises(
        ExpressionError, match=r"uses folder, which has no value here. Variables that have one: a, b"
    ):
        parse_text("${{ folder }}").evaluate({"a": 1, "b": 2})
    with pytest.raises(ExpressionError, match=r"no “subjct” in a Message. Did you mean “subject”"):
        evaluate("${{ message.subjct }}")
    with pytest.raises(ExpressionError, match=r"no filter “uper”. Did you mean “upper”"):
        evaluate("${{ text | uper }}")
    with pytest.raises(ExpressionError, match="Message, which has no text of its own"):
        evaluate("about ${{ message }}")
    with pytest.raises(PropertyNotLoadedError, match="without its body"):
        evaluate("${{ message.body }}")


@pytest.fixture(scope="module")
def watched() -> Iterator[list[str]]:
    """What Python opens, starts or connects to on the way, from now on."""
    seen: list[str] = []
    active = [True]

    def note(event: str, _given: tuple[Any, ...]) -> None:
        if active[0] and event.partition(".")[0] in (
            "open",
            "socket",
            "subprocess",
            "os",
            "shutil",
            "ctypes",
        ):
            seen.append(event)

    sys.addaudithook(note)
    yield seen
    active[0] = False


WORDS = st.sampled_from([
    "text", "message", "item", "session", "names", "settings", "number", ".", "[", "]", "(", ")", "|", "~", "+", "*", "%",
    "**", "'", '"', "'a'", "'%s'", "__class__", "__init__", "__globals__", "upper", "lower", "map", "join", "attr",
    "attribute=", "list", "replace", "format", "0", "1", "9999999", ":", ",", "{", "}", "if", "else", "not", "in", "is",
    "and", "for", "lambda", "import", "def", "sort", "select", "string", "defined", "-", "/", "//", "==", "<", " ", "\n",
    "}}", "${{", "{%", "%}", "\\", "é", "\x00",
])  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(st.lists(WORDS, max_size=25).map("".join) | st.text(max_size=60))
def test_any_text_is_a_value_or_a_sentence(watched: list[str], source: str) -> None:
    """Whatever is written between the braces gives data or an error of ours, and touches no file and no network."""
    watched.clear()
    known = variables()
    try:
        value = parse_text("${{ " + source + " }}").evaluate(known)
    except PostroomError as error:
        assert error.message
    else:
        assert_is_data(value)
    assert known["item"].done == []
    assert watched == []
