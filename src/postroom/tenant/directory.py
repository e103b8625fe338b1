"""The directory of one cloud: the apps that are registered in it and the users that have mailboxes."""

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from uuid import uuid4


@dataclass(frozen=True)
class App:
    """Describe one app registration, with what it may do and how it proves itself."""

    name: str
    client_id: str
    object_id: str
    client_secret: str | None = field(default=None, repr=False)
    secret_expires: datetime | None = None
    certificate: str | None = field(default=None, repr=False)
    """The registered certificate as PEM, without its key."""
    certificate_file: str | None = None
    """The file in the data folder that holds the certificate and its key, for whoever plays the app."""
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    application_permissions: frozenset[str] = frozenset()
    delegated_permissions: frozenset[str] = frozenset()


@dataclass(frozen=True)
class User:
    """Describe one user or shared mailbox; the username is also the mail address."""

    id: str
    username: str
    display_name: str
    password: str = field(repr=False)
    shared: bool = False
    members: tuple[str, ...] = ()


class Directory:
    """Find the apps and users of one cloud."""

    def __init__(
        self, tenant_id: str, domain: str, tenant_name: str, apps: Iterable[App], users: Iterable[User]
    ) -> None:
        self.tenant_id = tenant_id
        self.domain = domain
        self.tenant_name = tenant_name
        self.apps = tuple(apps)
        self.on_change: Callable[[], None] = _do_nothing
        self._apps_by_id = {app.client_id.lower(): app for app in self.apps}
        self._lock = threading.Lock()
        self._set_users(tuple(users))

    @property
    def users(self) -> tuple[User, ...]:
        """List the users, seeded ones first."""
        return self._users

    def find_app(self, client_id: str) -> App | None:
        """Find the app with this client id, in whatever case it is written."""
        return self._apps_by_id.get(client_id.lower())

    def find_app_named(self, name: str) -> App | None:
        """Find the app with this exact name."""
        return next((app for app in self.apps if app.name == name), None)

    def find_user(self, address_or_id: str) -> User | None:
        """Find the user with this mail address or object id, in whatever case it is written."""
        return self._users_by_key.get(address_or_id.lower())

    def add_user(self, address: str) -> User:
        """Add a user for a mailbox that no seed names, or give the one that is there."""
        with self._lock:
            known = self.find_user(address)
            if known is not None:
                return known
            user = new_user(address, address.partition("@")[0].replace(".", " ").title())
            self._set_users((*self._users, user))
        self.on_change()
        return user

    def forget_users_but(self, seeded: frozenset[str]) -> None:
        """Leave only the users with these usernames."""
        with self._lock:
            self._set_users(tuple(user for user in self._users if user.username in seeded))
        self.on_change()

    def is_named(self, tenant: str) -> bool:
        """Tell whether this part of a path (a tenant id or a domain) means this directory."""
        return tenant.lower() in (self.tenant_id, self.domain)

    def _set_users(self, users: tuple[User, ...]) -> None:
        self._users = users
        self._users_by_key = {user.username.lower(): user for user in users}
        self._users_by_key |= {user.id.lower(): user for user in users}


def new_user(address: str, display_name: str, *, shared: bool = False, members: tuple[str, ...] = ()) -> User:
    """Make up a user with an id and a password of its own."""
    return User(str(uuid4()), address.lower(), display_name, secrets.token_urlsafe(12), shared, members)


def _do_nothing() -> None:
    return None
