"""HTML without what runs by itself."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.mail.safe_html import safe_html
from support.mail import make_mail
from support.tenant import RunningTenant

from .conftest import Caller


@pytest.mark.parametrize(
    ("markup", "safe"),
    [
        ("<p>a<script>alert(1)</script>b</p>", "<p>ab</p>"),
        ("<p>a<SCRIPT src=x>", "<p>a"),
        ('<img src="a.png" onerror="run()">', '<img src="a.png">'),
        ("<a href='javascript:run()'>x</a>", '<a href="#">x</a>'),
        ('<iframe src="x"></iframe>ok', "ok"),
        ("<p>on time = now</p>", "<p>on time = now</p>"),
        ("<p>javascript: a language</p>", "<p>javascript: a language</p>"),
    ],
)
def test_what_is_taken_out(markup: str, safe: str) -> None:
    """Scripts, handlers, addresses that run and documents inside go; what a person reads stays."""
    assert safe_html(markup) == safe


@given(st.text(alphabet="<>/ =\"'scriptonjav:abc", max_size=80))
def test_any_markup_can_be_made_safe(markup: str) -> None:
    """Any text comes back, without a script that is closed."""
    assert "<script></script>" not in safe_html(markup + "<script></script>")[-17:]


def test_a_client_may_ask_for_all_of_it(tenant: RunningTenant, ap: Caller) -> None:
    """Prefer: outlook.allow-unsafe-html brings the body as it came, and the answer says so."""
    raw = make_mail().replace(b"text/plain", b"text/html").replace(b"Please", b"<script>x</script>Please")
    path = f"messages/{tenant.deliver('ap@contoso.com', raw)}"
    assert "<script>" not in ap.get(path)["body"]["content"]
    answer = ap.request("GET", path, headers={"Prefer": "outlook.allow-unsafe-html"})
    assert "<script>" in answer.json()["body"]["content"]
    assert "outlook.allow-unsafe-html" in answer.headers["preference-applied"]
