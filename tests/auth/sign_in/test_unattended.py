"""Runs that nobody attends."""

from collections.abc import Callable, Mapping
from typing import Any

import msal
import pytest

from postroom.auth.sign_in import NoSignIn, SignInRequest
from postroom.errors import SignInNeededError
from sign_in.browsers import USERNAME

Accept = Callable[[Mapping[str, Any]], None]


def test_the_error_says_what_to_do(
    application: "msal.PublicClientApplication",
    asked: SignInRequest,
    accept: Accept,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It names the person and the ways there are, and nothing is printed or opened."""
    with pytest.raises(SignInNeededError) as caught:
        NoSignIn().sign_in(application, asked, accept)
    assert f"Nobody has signed in as {USERNAME}" in caught.value.message
    assert "postroom connect" in caught.value.message
    assert "Control Room" in caught.value.message
    assert capsys.readouterr() == ("", "")
