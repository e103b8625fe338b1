"""The address of a Control Room: an API key goes there and nowhere else."""

from urllib.parse import urlsplit

from postroom.errors import SettingError

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def check_address(text: str) -> str:
    """Give the address without a slash at its end.

    Errors: SettingError where it is none, or where a key would travel unencrypted.
    """
    address = text.strip().rstrip("/")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname, parts.port
    except ValueError:
        host = None
    if not host or parts.scheme not in ("https", "http"):
        raise SettingError(
            f"“{text}” is not the address of a Control Room. Write it like https://postroom.contoso.com, as it stands "
            "in the browser."
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise SettingError(
            "The address of a Control Room has no user, password or query in it. Write it like "
            "https://postroom.contoso.com."
        )
    if parts.scheme == "http" and host not in LOOPBACK:
        raise SettingError(
            f"{address} is without HTTPS, so that everybody on the way could read the API key. Use https://, or ask "
            "whoever runs the Control Room for it. Only on this machine itself (localhost) http:// will do."
        )
    return address
