"""Scopes: how people write them, which of them can be asked for, and what is added by itself.

Source: RFC 6749 §3.3; Scopes and permissions in the Microsoft identity platform.
"""

import re
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from postroom.clouds import CLOUDS, Cloud
from postroom.controlroom.connections.providers import GrantType, find_cloud
from postroom.errors import SettingError

RESERVED = ("openid", "profile", "offline_access")
"""Asked for by themselves where a person signs in with Microsoft: who it is, and a refresh token."""

_ALLOWED = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+")
_GRAPH_PERMISSION = re.compile(r"[A-Za-z][A-Za-z0-9]*([.-][A-Za-z0-9]+)*")
_ALL_GRANTED = ".default"
# Plain names of OpenID Connect, which belong to no service.
_WITHOUT_SERVICE = frozenset({"email"})


def parse_scopes(text: str) -> tuple[str, ...]:
    """Read scopes that are separated by commas, spaces or lines; each counts once."""
    return tuple(dict.fromkeys(scope for scope in re.split(r"[,\s]+", text) if scope))


def check_scopes(text: str, provider: str, grant_type: str) -> str:
    """Give the scopes as a connection keeps them: separated by spaces, those of Microsoft Graph with their host.

    Errors: SettingError, with what is wrong with which.
    """
    scopes = parse_scopes(text)
    for scope in scopes:
        if not _ALLOWED.fullmatch(scope):
            raise SettingError(
                _("“%(scope)s” holds a character that no scope may have. Write it again, without quotes.")
                % {"scope": scope}
            )
    cloud = find_cloud(provider)
    if cloud is not None:
        scopes = _check_entra(scopes, cloud, grant_type)
    return " ".join(scopes)


def list_requested_scopes(scopes: str, provider: str, grant_type: str) -> tuple[str, ...]:
    """All scopes that a connection asks for, those that are added by themselves last."""
    own = parse_scopes(scopes)
    if find_cloud(provider) is None or grant_type == GrantType.CLIENT_CREDENTIALS:
        return own
    return (*own, *RESERVED)


def shorten_scopes(scopes: str, provider: str) -> str:
    """The scopes as people write them: those of Microsoft Graph without its host."""
    cloud = find_cloud(provider)
    prefix = cloud.delegated_scope("") if cloud is not None else ""
    return " ".join(scope.removeprefix(prefix) for scope in parse_scopes(scopes))


def _check_entra(scopes: tuple[str, ...], cloud: Cloud, grant_type: str) -> tuple[str, ...]:
    if grant_type == GrantType.CLIENT_CREDENTIALS:
        return (_check_granted(scopes, cloud),)
    qualified = tuple(_qualify(scope, cloud) for scope in scopes if scope not in RESERVED)
    if not qualified:
        raise SettingError(_("Enter at least one scope, for example Mail.ReadWrite Mail.Send."))
    _check_together(qualified)
    return qualified


def _check_granted(scopes: tuple[str, ...], cloud: Cloud) -> str:
    """With client credentials Entra ID takes one scope alone, which means all that an administrator granted."""
    if scopes in ((), (_ALL_GRANTED,)):
        return cloud.scope
    if len(scopes) > 1 or not scopes[0].endswith(f"/{_ALL_GRANTED}"):
        raise SettingError(
            _(
                "With client credentials the app gets the application permissions that an administrator granted "
                "it in the Azure portal. Leave the scopes empty, or write .default."
            )
        )
    return _qualify(scopes[0], cloud)


def _qualify(scope: str, cloud: Cloud) -> str:
    if "://" in scope:
        return _check_host(scope, cloud)
    if scope in _WITHOUT_SERVICE:
        return scope
    if scope == _ALL_GRANTED:
        return cloud.scope
    if not _GRAPH_PERMISSION.fullmatch(scope):
        raise SettingError(
            _("“%(scope)s” is not a permission of Microsoft Graph. It is written like Mail.ReadWrite.")
            % {"scope": scope}
        )
    return cloud.delegated_scope(scope)


def _check_host(scope: str, cloud: Cloud) -> str:
    host = urlsplit(scope).hostname
    other = next((one for one in CLOUDS if one.graph_host == host and one is not cloud), None)
    if other is not None:
        raise SettingError(
            _(
                "“%(scope)s” belongs to %(other)s, and this connection to %(cloud)s. Write its last part alone."
            )
            % {"scope": scope, "other": other.name, "cloud": cloud.name}
        )
    return scope


def _check_together(scopes: tuple[str, ...]) -> None:
    services = {_get_service(scope) for scope in scopes if scope not in _WITHOUT_SERVICE}
    if len(services) > 1:
        raise SettingError(
            _(
                "Microsoft gives a token for one service at a time, and these scopes are of several: %(services)s."
            )
            % {"services": ", ".join(sorted(services))}
        )
    if len(scopes) > 1 and any(scope.endswith(f"/{_ALL_GRANTED}") for scope in scopes):
        raise SettingError(_("Microsoft does not take .default together with other scopes. Choose one."))


def _get_service(scope: str) -> str:
    return scope.rpartition("/")[0]
