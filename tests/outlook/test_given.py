"""What people give an action."""

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.errors import AttachmentTooLargeError, SettingError, SourceFileError
from postroom.outlook.given import read_files, read_moment, read_recipients


def list_addresses(text: str | list[str]) -> list[str]:
    return [recipient["emailAddress"]["address"] for recipient in read_recipients("To", text)]


@pytest.mark.parametrize(
    "text",
    [
        "adele@contoso.com;megan@contoso.com",
        "adele@contoso.com, megan@contoso.com;",
        "Adele Vance <adele@contoso.com>; megan@contoso.com",
        ["adele@contoso.com", '"Bowen, Megan" <megan@contoso.com>'],
    ],
)
def test_recipients_are_read_as_people_write_them(text: str | list[str]) -> None:
    """Semicolons, commas, names and lists all work."""
    assert list_addresses(text) == ["adele@contoso.com", "megan@contoso.com"]


@pytest.mark.parametrize("text", ["adele", "adele@", "@contoso.com", "a b@contoso.com x", "a@b@c"])
def test_what_is_no_address_is_named(text: str) -> None:
    """A wrong address is refused before anything is made."""
    with pytest.raises(SettingError, match=r"To: .* is not an e-mail address"):
        read_recipients("To", text)


@given(st.text())
def test_any_text_is_addresses_or_refused(text: str) -> None:
    """No text gets past as something that is no address."""
    try:
        addresses = list_addresses(text)
    except SettingError:
        return
    assert all(address.count("@") == 1 for address in addresses)


def test_moments_without_zone_are_local() -> None:
    """A date is its midnight here; a zone that is given is kept."""
    assert read_moment("Since", date(2026, 5, 1)) == datetime(2026, 5, 1).astimezone()
    assert read_moment("Since", "2026-05-01T08:00+00:00") == datetime(2026, 5, 1, 8, tzinfo=UTC)
    assert read_moment("Since", None) is None


def test_a_wrong_date_says_how_it_is_written() -> None:
    """01/05/2026 could be two days: it is refused."""
    with pytest.raises(SettingError, match=r"Received since: .*2026-05-31"):
        read_moment("Received since", "01/05/2026")


def test_files_are_checked_before_anything_is_sent(tmp_path: Path) -> None:
    """A missing file and one that is too large each get a sentence."""
    with pytest.raises(SourceFileError, match="Nothing was sent"):
        read_files([tmp_path / "missing.pdf"])
    with pytest.raises(SourceFileError):
        read_files("a\0b")
    large = tmp_path / "large.bin"
    with large.open("wb") as file:
        file.truncate(150 * 1024 * 1024 + 1)
    with pytest.raises(AttachmentTooLargeError, match="150 MB"):
        read_files(large)
