"""How this machine reaches the network."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

from hypothesis import given
from hypothesis import strategies as st

from postroom.network import read_retry_after_seconds


def test_a_date_is_read_too() -> None:
    """Retry-After may be a date of HTTP."""
    later = datetime.now(UTC) + timedelta(seconds=30)
    seconds = read_retry_after_seconds(format_datetime(later, usegmt=True))
    assert seconds is not None and 25 < seconds <= 30


@given(st.text())
def test_any_header_is_read_or_passed_over(text: str) -> None:
    """Nonsense in the header is no number of seconds and no failure."""
    seconds = read_retry_after_seconds(text)
    assert seconds is None or seconds >= 0
