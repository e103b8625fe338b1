"""The language of $search: any text is a tree or a refusal, and trees mean what KQL says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.kql import Both, Either, Query, Term, Without, parse_query
from postroom.tenant.graph.refusals import GraphRefusalError

PIECES = st.sampled_from(
    ["invoice", "AND", "OR", "NOT", "NEAR(3)", "(", ")", '"', '"two words"', "subject:", "from:ap@contoso.com", "-",
     "+", "size>5", "received:2024-01-01..2024-02-01", "x*", "*", ":", "é", "\x00", "subject:(a", "..", "\\"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=12).map("".join),
)
WORDS = st.from_regex(r"[a-z]{1,8}", fullmatch=True)
QUERIES: st.SearchStrategy[Query] = st.recursive(
    WORDS.map(lambda word: Term("", ":", word)),
    lambda inner: st.one_of(
        st.builds(Both, inner, inner), st.builds(Either, inner, inner), st.builds(Without, inner)
    ),
    max_leaves=12,
)


def written(query: Query) -> str:
    """Write a query with all its brackets."""
    match query:
        case Both(left, right):
            return f"({written(left)} AND {written(right)})"
        case Either(left, right):
            return f"({written(left)} OR {written(right)})"
        case Without(inner):
            return f"(NOT {written(inner)})"
    return query.value


@given(TEXTS)
def test_any_text_is_a_query_or_a_refusal(text: str) -> None:
    """No text makes the parser fail in any way but by a 400, or a 501 for what is not emulated."""
    try:
        parse_query(text)
    except GraphRefusalError as error:
        assert error.status in (400, 501)
        assert error.message


@given(QUERIES)
def test_brackets_say_what_belongs_together(query: Query) -> None:
    """What is written with all its brackets is read as it was meant."""
    assert parse_query(written(query)) == query


@given(st.integers(1, 5000))
def test_depth_of_a_query_is_limited(times: int) -> None:
    """However deep a query goes, it is read or refused."""
    try:
        parse_query("(" * times + "a" + ")" * times)
    except GraphRefusalError as error:
        assert error.status == 400


@pytest.mark.parametrize(
    ("text", "query"),
    [
        ("a b", Both(Term("", ":", "a"), Term("", ":", "b"))),
        ("a OR b c", Either(Term("", ":", "a"), Both(Term("", ":", "b"), Term("", ":", "c")))),
        ("a or b", Both(Both(Term("", ":", "a"), Term("", ":", "or")), Term("", ":", "b"))),
        ("a -b", Both(Term("", ":", "a"), Without(Term("", ":", "b")))),
        ("NOT NOT a", Term("", ":", "a")),
        ('"two words"', Term("", ":", "two words")),
        ('subject:"two words"*', Term("subject", ":", "two words", is_prefix=True)),
        ("Subject:inv*", Term("subject", ":", "inv", is_prefix=True)),
        ("size>=10", Term("size", ">=", "10")),
        ("to:(a OR b)", Either(Term("to", ":", "a"), Term("to", ":", "b"))),
        ("received:2024-01-01T10:00:00Z", Term("received", ":", "2024-01-01T10:00:00Z")),
    ],
)
def test_what_queries_mean(text: str, query: Query) -> None:
    """Words side by side must all hold, AND binds closer than OR, only capitals make an operator."""
    assert parse_query(text) == query
