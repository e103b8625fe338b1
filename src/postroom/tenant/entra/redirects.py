"""Redirect URIs: which of those that an app registered a request means."""

from urllib.parse import SplitResult, urlsplit

from postroom.tenant.directory import App
from postroom.tenant.entra.refusals import refusal

LOOPBACK_HOSTS = ("localhost", "127.0.0.1", "::1")


def get_redirect(app: App, redirect_uri: str | None) -> str:
    """Give the redirect URI of a request if the app registered it, or refuse (900971, 900144, 50011)."""
    if not app.redirect_uris:
        raise refusal(900971)
    if not redirect_uri:
        raise refusal(900144, parameter="redirect_uri")
    if not find_redirect(app, redirect_uri):
        raise refusal(50011, redirect_uri=redirect_uri, app_id=app.client_id)
    return redirect_uri


def find_redirect(app: App, redirect_uri: str) -> str | None:
    """Find the registered redirect URI that this one is; on the loopback, any port will do (RFC 8252 §7.3)."""
    return next((known for known in app.redirect_uris if _is_same(known, redirect_uri)), None)


def _is_same(known: str, redirect_uri: str) -> bool:
    if known == redirect_uri:
        return True
    if any(character <= " " for character in redirect_uri):  # urlsplit passes over some of them
        return False
    try:
        one, other = _loopback_parts(urlsplit(known)), _loopback_parts(urlsplit(redirect_uri))
    except ValueError:
        return False
    return one is not None and one == other


def _loopback_parts(address: SplitResult) -> tuple[str, ...] | None:
    """Give what has to be the same in two loopback addresses: everything but the port."""
    port = address.port  # a port that is no number is refused here, with ValueError
    is_loopback = (
        address.scheme == "http" and address.hostname in LOOPBACK_HOSTS and "@" not in address.netloc
    )
    if not is_loopback or port == 0 or address.fragment:
        return None
    # [?] A redirect URI on the loopback without a path and one with the path `/` are the same.
    return (str(address.hostname), address.path or "/", address.query)
