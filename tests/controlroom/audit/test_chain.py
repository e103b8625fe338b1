"""What the hash of an entry covers."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.controlroom.audit import chain
from postroom.controlroom.audit.details import LONGEST_DETAIL, clean_details, clean_text
from postroom.controlroom.audit.models import AuditEntry

texts = st.text(max_size=30)
plain_values = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | texts
FIELDS = {
    "sequence": st.integers(1, 2**63 - 1),
    "time": st.datetimes(timezones=st.just(UTC)),
    "details": st.dictionaries(texts, plain_values, max_size=4),
    **dict.fromkeys(
        (
            "actor_id",
            "actor",
            "address",
            "request_id",
            "event",
            "target",
            "outcome",
            "key_id",
            "previous_hash",
        ),
        texts,
    ),
}
entries = st.fixed_dictionaries(FIELDS).map(lambda fields: AuditEntry(**fields))


def get_fields(entry: AuditEntry) -> tuple[Any, ...]:
    """All that the hash covers; with types, as Python says that True is 1."""
    details = sorted((name, type(value).__name__, value) for name, value in entry.details.items())
    return (*(getattr(entry, name) for name in FIELDS if name != "details"), str(details))


@given(entries, entries)
def test_different_entries_have_different_bytes(first: AuditEntry, second: AuditEntry) -> None:
    """No two entries that differ are written alike, and like ones are."""
    assert (chain.serialise(first) == chain.serialise(second)) == (get_fields(first) == get_fields(second))


@given(entries, st.sampled_from(("actor", "target")), st.integers(0, 30))
def test_no_text_moves_into_the_next_field(entry: AuditEntry, name: str, at: int) -> None:
    """Where one field ends and another begins is part of what is hashed."""
    before = chain.serialise(entry)
    text = getattr(entry, name)
    moved = text[at:]
    setattr(entry, name, text[:at])
    entry.outcome = moved + entry.outcome
    assert (chain.serialise(entry) == before) == (moved == "")


@given(entries, st.integers(-12, 12))
def test_the_time_zone_and_the_order_of_details_do_not_matter(entry: AuditEntry, hours: int) -> None:
    """However a database gives an entry back, it is the same entry."""
    before = chain.serialise(entry)
    entry.details = dict(reversed(entry.details.items()))
    if datetime(2, 1, 1, tzinfo=UTC) < entry.time < datetime(9998, 1, 1, tzinfo=UTC):
        entry.time = entry.time.astimezone(timezone(timedelta(hours=hours)))
    assert chain.serialise(entry) == before


@pytest.mark.django_db
@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(), st.dictionaries(st.text(max_size=10).map(clean_text), plain_values, max_size=4))
def test_what_the_database_gives_back_fits_its_seal(db: None, text: str, details: dict[str, Any]) -> None:
    """Whatever text somebody sends, the entry is kept, and is whole when it is read again."""
    AuditEntry.objects.all()._raw_delete("default")
    entry = AuditEntry(
        sequence=1,
        time=datetime.now(UTC),
        actor=clean_text(text, 200),
        event="TOKEN_GIVEN",
        target=clean_text(text, 300),
        outcome="done",
        details=clean_details(details),
    )
    chain.seal(entry)
    entry.save()
    assert chain.is_whole(AuditEntry.objects.get())


@given(st.text(max_size=2 * LONGEST_DETAIL))
def test_cleaned_text_is_short_and_has_no_control_characters(text: str) -> None:
    """Terminals, databases and spreadsheets take whatever is kept."""
    cleaned = clean_text(text)
    assert len(cleaned) <= LONGEST_DETAIL
    assert not any(ord(letter) < 0x20 or 0xD800 <= ord(letter) < 0xE000 for letter in cleaned)


TOKEN = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJjYW5hcnkifQ.c2lnbmF0dXJl"
KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEcanary\n-----END RSA PRIVATE KEY-----"  # noqa: RUF100


@pytest.mark.parametrize("secret", [TOKEN, f"Bearer {'a' * 30}", KEY])
def test_what_looks_like_a_secret_is_left_out(secret: str) -> None:
    """A token or key that slipped into a text, say an error's, is not kept."""
    kept = clean_details({"error": f"It said: {secret}"})["error"]
    assert kept == "It said: ***"
