"""The filter language: any text is a tree or a refusal, and trees mean what OData says."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.odata import Comparison, Junction, Literal, Not, Path, parse_filter, parse_order
from postroom.tenant.graph.refusals import GraphRefusalError

PIECES = st.sampled_from(
    ["isRead", "subject", "eq", "ne", "and", "or", "not", "(", ")", ",", "/", ":", "'a'", "'it''s'", "'", "true",
     "null", "2024-01-02T03:04:05Z", "2024-01-02", "1.5", "contains(", "any(", "%", "é", "\x00", "receivedDateTime",
     "from/emailAddress/address", "categories/any(c:c eq 'Red')"]
)  # fmt: skip
TEXTS = st.one_of(
    st.text(max_size=60),
    st.lists(PIECES, max_size=12).map(" ".join),
    st.lists(PIECES, max_size=12).map("".join),
)


def check_refusal(error: GraphRefusalError) -> None:
    assert error.status == 400
    assert error.message


@given(TEXTS)
def test_any_text_is_a_filter_or_a_refusal(text: str) -> None:
    """No text makes the parser fail in any way but Graph's 400."""
    try:
        parse_filter(text)
    except GraphRefusalError as error:
        check_refusal(error)


@given(TEXTS)
def test_any_text_is_an_order_or_a_refusal(text: str) -> None:
    """No text makes the reading of $orderby fail in any way but Graph's 400."""
    try:
        parse_order(text)
    except GraphRefusalError as error:
        check_refusal(error)


@given(st.sampled_from(["(", "not "]), st.integers(1, 5000))
def test_depth_is_limited(piece: str, times: int) -> None:
    """However deep a filter goes, it is read or refused."""
    try:
        parse_filter(piece * times + "isRead" + ")" * times * (piece == "("))
    except GraphRefusalError as error:
        check_refusal(error)


@given(st.text(max_size=30))
def test_quotes_are_doubled_inside_text(text: str) -> None:
    """A literal may hold anything, its quotes doubled."""
    tree = parse_filter("subject eq '" + text.replace("'", "''") + "'")
    assert tree == Comparison("eq", Path(("subject",)), Literal("string", text))


def test_and_binds_tighter_than_or() -> None:
    """`a or b and not c` is a or (b and (not c))."""
    tree = parse_filter("a or b and not c")
    assert tree == Junction("or", Path(("a",)), Junction("and", Path(("b",)), Not(Path(("c",)))))


def test_a_refusal_says_where() -> None:
    """A syntax error names its position."""
    with pytest.raises(GraphRefusalError, match="position 10"):
        parse_filter("isRead eq ")


def test_order_reads_directions() -> None:
    """Each property of an order has a direction, upwards unless told."""
    assert parse_order("isRead, from/emailAddress/name desc") == [
        (("isRead",), False),
        (("from", "emailAddress", "name"), True),
    ]
