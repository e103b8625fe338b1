"""The address of a Control Room."""

import pytest

from postroom.errors import SettingError
from postroom.remote.address import check_address


@pytest.mark.parametrize(
    ("given", "address"),
    [
        ("https://postroom.contoso.com", "https://postroom.contoso.com"),
        (" https://postroom.contoso.com:8443/ ", "https://postroom.contoso.com:8443"),
        ("http://localhost:8000/", "http://localhost:8000"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("https://contoso.com/postroom/", "https://contoso.com/postroom"),
    ],
)
def test_an_address(given: str, address: str) -> None:
    """Blanks and a slash at the end do not matter."""
    assert check_address(given) == address


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("postroom.contoso.com", "Write it like"),
        ("", "Write it like"),
        ("ftp://postroom.contoso.com", "Write it like"),
        ("https://", "Write it like"),
        ("https://postroom.contoso.com:port", "Write it like"),
        ("https://[", "Write it like"),
        ("https://ana:word@postroom.contoso.com", "no user"),
        ("https://postroom.contoso.com/?a=b", "no user"),
        ("http://postroom.contoso.com", "without HTTPS"),
        ("http://localhost.contoso.com", "without HTTPS"),
        ("http://10.0.0.5:8000", "without HTTPS"),
    ],
)
def test_what_is_no_address(given: str, said: str) -> None:
    """A key never travels unencrypted but on this machine itself; the sentence says how to write it."""
    with pytest.raises(SettingError, match=said):
        check_address(given)
