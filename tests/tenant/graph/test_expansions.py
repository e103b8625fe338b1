"""The language of $expand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.graph.expansions import Expansion, parse_expand
from postroom.tenant.graph.refusals import GraphRefusalError

PIECES = st.sampled_from(
    ["attachments", "(", ")", ",", ";", "$select=", "$filter=", "id eq 'a;b,(c'", "'", "=", " "]
)


@given(st.one_of(st.text(max_size=40), st.lists(PIECES, max_size=12).map("".join)))
def test_any_text_is_an_expand_or_a_refusal(text: str) -> None:
    """No text makes the reading fail in any way but Graph's 400."""
    try:
        parse_expand(text)
    except GraphRefusalError as error:
        assert error.status == 400


@pytest.mark.parametrize(
    ("text", "expansions"),
    [
        ("attachments", [Expansion("attachments")]),
        ("Attachments($select=id,name)", [Expansion("attachments", {"$select": "id,name"})]),
        (
            "attachments($select=a;$top=1),extensions($filter=id eq 'x,y;(z')",
            [
                Expansion("attachments", {"$select": "a", "$top": "1"}),
                Expansion("extensions", {"$filter": "id eq 'x,y;(z'"}),
            ],
        ),
    ],
)
def test_what_expands_mean(text: str, expansions: list[Expansion]) -> None:
    """Marks inside quotes and brackets part nothing."""
    assert parse_expand(text) == expansions
