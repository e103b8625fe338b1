"""Redirect URLs, as people enter them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.auth.sign_in.redirect_url import LoopbackUrl, check_redirect_url, is_same_address
from postroom.errors import SettingError

HOSTS = {"localhost": ("127.0.0.1", "::1"), "127.0.0.1": ("127.0.0.1",), "[::1]": ("::1",)}
PATHS = st.lists(st.text("abcXYZ019-_~", min_size=1), max_size=4).map(
    lambda parts: "".join(f"/{part}" for part in parts)
)
PORTS = st.integers(1, 65535)


@given(st.sampled_from(sorted(HOSTS)), PORTS, PATHS)
def test_any_port_and_path_of_this_machine_will_do(host: str, port: int, path: str) -> None:
    """What is entered is sent exactly so, and listened on at the addresses of its host."""
    entered = f"http://{host}:{port}{path}"
    url = LoopbackUrl.parse(entered)
    assert (url.addresses, url.port, url.path) == (HOSTS[host], port, path or "/")
    assert url.at_port(port) == entered
    assert f"{host}:{port}" in url.get_hosts(port)
    assert url.has_path(path or "/")


@given(st.sampled_from(sorted(HOSTS)), PORTS, PATHS)
def test_a_free_port_is_put_in(host: str, port: int, path: str) -> None:
    """Where none is entered, the port that is listened on is sent, and nothing else changes."""
    url = LoopbackUrl.parse(f"http://{host}{path}")
    assert url.port is None
    assert url.at_port(port) == f"http://{host}:{port}{path}"


def test_a_browser_leaves_out_the_usual_port() -> None:
    """At port 80, the Host header has no port; at any other it has."""
    assert LoopbackUrl.parse("http://localhost:80/").get_hosts(80) == {"localhost", "localhost:80"}
    assert LoopbackUrl.parse("http://localhost:81/").get_hosts(81) == {"localhost:81"}


def test_an_ending_of_one_character_is_another_path() -> None:
    """A path is compared as it is; only percent signs are read."""
    url = LoopbackUrl.parse("http://localhost:9999/a b".replace(" ", "%20"))
    assert url.has_path("/a%20b")
    assert not any(url.has_path(path) for path in ("/a%20b/", "/A%20b", "/a", "/a%2520b"))


@pytest.mark.parametrize(
    ("entered", "why"),
    [
        ("https://localhost:9999/Callback", "begins with https://"),
        ("https://portal.contoso.com/callback", "begins with https://"),
        ("http://portal.contoso.com/callback", "leads to portal.contoso.com"),
        ("http://localhost.contoso.com/", "leads to localhost.contoso.com"),
        ("http://0.0.0.0:9999/", "leads to 0.0.0.0"),
        ("http://127.0.0.2:9999/", "leads to 127.0.0.2"),
        ("http://localhost@contoso.com/", "leads to contoso.com"),
        ("http://contoso.com@localhost/", "user name"),
        ("http://:9999/Callback", "names no host"),
        ("localhost:9999/Callback", "names no host"),
        ("msal11112222://auth", "begins with msal11112222://"),
        ("", "names no host"),
        ("http://localhost:9999/Callback#", "fragment"),
        ("http://localhost:9999/#/Callback", "fragment"),
        ("http://localhost:9999/a/../b", "browsers take out"),
        ("http://localhost:9999/a/%2e%2E", "browsers take out"),
        ("http://localhost:0/", "port"),
        ("http://localhost:65536/", "port"),
        ("http://localhost:-1/", "port"),
        ("http://localhost:http/", "port"),
        ("http://[::1/", "not an address"),
        ("http://localhost:9999/a b", "not an address"),
        ("http://localhost:9999/\n", "not an address"),
        ("http://localhost:9999\\Callback", "not an address"),
    ],
)
def test_what_cannot_be_listened_on_says_why(entered: str, why: str) -> None:
    """The error says what is wrong, what to write, and how to sign in without."""
    with pytest.raises(SettingError) as caught:
        LoopbackUrl.parse(entered)
    assert why in caught.value.message
    assert "http://localhost:9999/Callback" in caught.value.message
    assert "--no-browser" in caught.value.message


@given(
    st.one_of(st.text(), st.text().map("http://".__add__), st.text().map("http://localhost:9999/".__add__))
)
def test_nothing_entered_breaks_it(entered: str) -> None:
    """Whatever is entered is either understood, with a port and a path, or refused as a setting."""
    try:
        url = LoopbackUrl.parse(entered)
    except SettingError:
        return
    assert url.addresses in HOSTS.values()
    assert url.port is None or 1 <= url.port <= 65535
    assert url.path.startswith("/")


@pytest.mark.parametrize(
    "entered", ["", "localhost", "/callback", "https://", "http://[", "http://a b", "http://a:x"]
)
def test_what_is_no_address_is_refused(entered: str) -> None:
    """Where nothing has to listen, it must be an address all the same."""
    with pytest.raises(SettingError):
        check_redirect_url(entered)


@pytest.mark.parametrize(
    "entered", ["https://portal.contoso.com/callback", "msal1://auth", "http://localhost"]
)
def test_any_address_passes(entered: str) -> None:
    """Where nothing has to listen, any address will do."""
    check_redirect_url(entered)


@given(st.sampled_from(sorted(HOSTS)), PORTS, PATHS, st.text())
def test_query_and_fragment_make_no_other_address(host: str, port: int, path: str, query: str) -> None:
    """The same address is recognised, whatever is appended."""
    from urllib.parse import quote

    url = f"http://{host}:{port}{path}"
    assert is_same_address(f"{url}?a={quote(query, errors='replace')}#b", url)
    assert not is_same_address(f"{url}x", url)
    assert not is_same_address(f"http://{host}:{port % 65535 + 1}{path}", url)


def test_a_usual_port_may_be_left_out() -> None:
    """Browsers write neither port 443 of https nor port 80 of http, nor an empty path."""
    assert is_same_address("https://contoso.com/?a", "https://CONTOSO.com:443")
    assert is_same_address("http://localhost/?a", "http://localhost:80")
    assert not is_same_address("https://contoso.com/", "http://contoso.com/")


@given(st.text(), st.text())
def test_no_text_breaks_the_comparison(first: str, second: str) -> None:
    """Any two texts can be compared."""
    assert is_same_address(first, second) in (True, False)
