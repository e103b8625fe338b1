"""Who consented to what: the delegated permissions that users, or an administrator for all, gave to apps."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from postroom.tenant.directory import App, User

OPENID_SCOPES = frozenset({"openid", "profile", "email", "offline_access"})


@dataclass(frozen=True)
class Consent:
    """Say which scopes an app was given, by one user or (without one) by an administrator for all."""

    client_id: str
    user_id: str | None
    scopes: frozenset[str]


class Consents:
    """Keep the consents of one cloud; scopes are short names such as Mail.ReadWrite."""

    def __init__(self, consents: Iterable[Consent] = ()) -> None:
        self.on_change: Callable[[], None] = lambda: None
        self._lock = threading.Lock()
        self.take_up(consents)

    def take_up(self, consents: Iterable[Consent]) -> None:
        """Put these consents in the place of those that were given."""
        self._scopes = {(one.client_id, one.user_id): one.scopes for one in consents}

    def list(self) -> tuple[Consent, ...]:
        """List all consents, oldest first."""
        return tuple(Consent(*key, scopes) for key, scopes in self._scopes.items())

    def find_granted(self, app: App, user: User) -> frozenset[str]:
        """Give all scopes that this app may use for this user; there may be none."""
        nothing: frozenset[str] = frozenset()
        of_all = self._scopes.get((app.client_id, None), nothing)
        return of_all | self._scopes.get((app.client_id, user.id), nothing)

    def find_missing(self, app: App, user: User, scopes: Iterable[str]) -> frozenset[str]:
        """Give those of these scopes that nobody consented to yet; none when nobody has to be asked."""
        granted = self.find_granted(app, user)
        # [?] Who gave an app anything is not asked again for openid, profile, email and offline_access.
        return frozenset(scopes) - granted - (OPENID_SCOPES if granted else frozenset())

    def grant(self, app: App, user: User, scopes: Iterable[str]) -> None:
        """Note that this user consented to these scopes, beside those of before."""
        self._add((app.client_id, user.id), scopes)

    def grant_for_all(self, app: App, scopes: Iterable[str]) -> None:
        """Note that an administrator consented to these scopes for every user."""
        self._add((app.client_id, None), scopes)

    def revoke(self, app: App, user: User | None = None) -> None:
        """Take away this user's consent to an app, or without a user everybody's and the administrator's."""
        with self._lock:
            self._scopes = {
                key: scopes
                for key, scopes in self._scopes.items()
                if key[0] != app.client_id or (user is not None and key[1] != user.id)
            }
        self.on_change()

    def clear(self) -> None:
        """Take away all consents, as a new tenant has none."""
        self._scopes.clear()

    def _add(self, key: tuple[str, str | None], scopes: Iterable[str]) -> None:
        with self._lock:
            self._scopes[key] = self._scopes.get(key, frozenset()) | frozenset(scopes)
        self.on_change()
