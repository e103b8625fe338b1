"""A redirect URI has to be one that the app registered; on the loopback any port will do."""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from postroom.tenant.directory import App
from postroom.tenant.entra.redirects import find_redirect, get_redirect
from postroom.tenant.entra.refusals import EntraRefusedError

REGISTERED = (
    "http://localhost",
    "http://localhost:9999/Callback",
    "http://127.0.0.1/a",
    "http://[::1]/six",
    "https://portal.contoso.com/callback",
    "https://localhost/tls",
)


def is_registered(app: App, redirect_uri: str) -> bool:
    """Tell whether a redirect URI counts as registered."""
    return find_redirect(replace(app, redirect_uris=REGISTERED), redirect_uri) is not None


@pytest.mark.parametrize(
    "redirect_uri",
    [
        *REGISTERED,
        "http://localhost:51234",
        "http://localhost:51234/",
        "http://localhost:8080/Callback",
        "http://localhost/Callback",
        "http://127.0.0.1:40000/a",
        "http://[::1]:40000/six",
    ],
)
def test_registered(desktop: App, redirect_uri: str) -> None:
    """The very address, and on the loopback the same under any port."""
    assert is_registered(desktop, redirect_uri)


@pytest.mark.parametrize(
    "redirect_uri",
    [
        "http://localhost/callback",
        "http://localhost:9999/Callback/",
        "http://localhost:9999/Callback?x=1",
        "http://localhost:9999/Callback#x",
        "http://127.0.0.1/Callback",
        "http://user@localhost/Callback",
        "http://localhost.evil.example/Callback",
        "http://localhost:99999999/Callback",
        "http://localhost:x/Callback",
        "http://local\nhost/Callback",
        " http://localhost/Callback",
        "http://localhost\\@evil.example/Callback",
        "http://[::1/six",
        "https://localhost:5000/tls",
        "https://localhost/Callback",
        "https://portal.contoso.com:444/callback",
        "https://portal.contoso.com/callback/more",
        "https://PORTAL.contoso.com/callback",
        "javascript:alert(1)",
        "",
    ],
)
def test_not_registered(desktop: App, redirect_uri: str) -> None:
    """Another path, host, scheme or query, and the port of an address that is not on the loopback."""
    assert not is_registered(desktop, redirect_uri)


@given(text=st.text(max_size=40) | st.text(alphabet="htp:/[]@locals1.?#", max_size=30))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_nothing_breaks(desktop: App, text: str) -> None:
    """Whatever address is asked for, the answer is yes or no."""
    is_registered(desktop, text)


@pytest.mark.parametrize(
    ("registered", "redirect_uri", "number"),
    [
        ((), "http://localhost", 900971),
        (REGISTERED, None, 900144),
        (REGISTERED, "http://evil.example", 50011),
    ],
)
def test_the_refusals(
    desktop: App, registered: tuple[str, ...], redirect_uri: str | None, number: int
) -> None:
    """An app without any, a request without one, and an address that is not among them."""
    with pytest.raises(EntraRefusedError) as refused:
        get_redirect(replace(desktop, redirect_uris=registered), redirect_uri)
    assert refused.value.number == number
