"""The directory of one cloud: the apps that are registered in it and the users that have mailboxes."""

import secrets
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import uuid4


@dataclass(frozen=True)
class ClientSecret:
    """Describe one client secret of an app, and when it is good."""

    key_id: str
    value: str = field(repr=False)
    starts: datetime
    expires: datetime
    name: str | None = None

    @property
    def hint(self) -> str:
        """Give how it begins, which is all that Microsoft Graph tells of it."""
        return self.value[:3]


@dataclass(frozen=True)
class App:
    """Describe one app registration, with what it may do and how it proves itself."""

    name: str
    client_id: str
    object_id: str
    secrets: tuple[ClientSecret, ...] = ()
    """The client secrets that are registered, expired ones included; the first is the one that everybody is told."""
    certificates: tuple[str, ...] = field(default=(), repr=False)
    """The certificates that are registered, as PEM without their keys."""
    certificate_file: str | None = None
    """The file in the data folder that holds the first certificate and its key, for whoever plays the app."""
    public: bool = False
    redirect_uris: tuple[str, ...] = ()
    application_permissions: frozenset[str] = frozenset()
    delegated_permissions: frozenset[str] = frozenset()
    enabled: bool = True
    mailboxes: tuple[str, ...] | None = None
    """The addresses that an application access policy leaves to the app on its own; None stands for all."""

    @property
    def client_secret(self) -> str | None:
        """The secret that everybody is told, or None where there is none."""
        return self.secrets[0].value if self.secrets else None


@dataclass(frozen=True)
class User:
    """Describe one user or shared mailbox; the username is also the mail address."""

    id: str
    username: str
    display_name: str
    password: str = field(repr=False)
    shared: bool = False
    members: tuple[str, ...] = ()
    """Who has Full Access to the mailbox."""
    send_as: tuple[str, ...] | None = None
    """Who may send in the mailbox's name; None stands for its members, as the admin center gives them both rights."""
    send_on_behalf: tuple[str, ...] = ()
    """Who may send for the mailbox, named as the sender beside it."""
    enabled: bool = True
    mfa_required: bool = False
    blocked: bool = False
    """Whether Conditional Access keeps the user out."""
    sign_in_frequency_seconds: int | None = None
    """How long after a sign-in its refresh tokens are good, or None for as long as they are used."""
    tokens_valid_from: int = 0
    """The Unix second before which tokens of the user count no more."""


@dataclass(frozen=True)
class Policies:
    """Say what the administrator decided for the whole tenant."""

    user_consent: bool = True
    """Whether users may consent to apps by themselves."""


class Directory:
    """Find the apps and users of one cloud; changes lie over what was registered, and can be undone."""

    def __init__(
        self, tenant_id: str, domain: str, tenant_name: str, apps: Iterable[App], users: Iterable[User]
    ) -> None:
        self.tenant_id = tenant_id
        self.domain = domain
        self.tenant_name = tenant_name
        self.policies = Policies()
        self.on_change: Callable[[], None] = _do_nothing
        self.registered_apps = tuple(apps)
        self.registered_users = tuple(users)
        self.changed_apps: dict[str, App] = {}
        self.changed_users: dict[str, User] = {}
        self._lock = threading.Lock()
        self._index()

    @property
    def apps(self) -> tuple[App, ...]:
        """List the apps as they are now."""
        return self._apps

    @property
    def users(self) -> tuple[User, ...]:
        """List the users as they are now, seeded ones first."""
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
            self.registered_users = (*self.registered_users, user)
            self._index()
        self.on_change()
        return user

    def change_app(self, app: App, **fields: Any) -> App:
        """Change fields of an app until the changes are undone, and give the app as it then is."""
        with self._lock:
            changed = replace(self._apps_by_id[app.client_id.lower()], **fields)
            self.changed_apps[app.client_id] = changed
            self._index()
        self.on_change()
        return changed

    def change_user(self, user: User, **fields: Any) -> User:
        """Change fields of a user until the changes are undone, and give the user as it then is."""
        with self._lock:
            changed = replace(self._users_by_key[user.id.lower()], **fields)
            self.changed_users[user.id] = changed
            self._index()
        self.on_change()
        return changed

    def change_policies(self, policies: Policies) -> None:
        """Put other policies in the place of those that hold."""
        self.policies = policies
        self.on_change()

    def restore_changes(self, apps: Iterable[App], users: Iterable[User], policies: Policies) -> None:
        """Take up the changes that an earlier run kept."""
        with self._lock:
            self.changed_apps = {app.client_id: app for app in apps}
            self.changed_users = {user.id: user for user in users}
            self.policies = policies
            self._index()

    def undo_changes(self, seeded: frozenset[str]) -> None:
        """Leave only the users with these usernames, and every app, user and policy as it was registered.

        It is for who keeps the whole afterwards: `on_change` is not called.
        """
        with self._lock:
            self.registered_users = tuple(user for user in self.registered_users if user.username in seeded)
            self.changed_apps, self.changed_users, self.policies = {}, {}, Policies()
            self._index()

    def is_named(self, tenant: str) -> bool:
        """Tell whether this part of a path (a tenant id or a domain) means this directory."""
        return tenant.lower() in (self.tenant_id, self.domain)

    def _index(self) -> None:
        self._apps = tuple(self.changed_apps.get(app.client_id, app) for app in self.registered_apps)
        self._users = tuple(self.changed_users.get(user.id, user) for user in self.registered_users)
        self._apps_by_id = {app.client_id.lower(): app for app in self._apps}
        users_by_key = {user.username.lower(): user for user in self._users}
        self._users_by_key = users_by_key | {user.id.lower(): user for user in self._users}


def new_user(address: str, display_name: str, *, shared: bool = False, members: tuple[str, ...] = ()) -> User:
    """Make up a user with an id and a password of its own."""
    return User(str(uuid4()), address.lower(), display_name, secrets.token_urlsafe(12), shared, members)


def _do_nothing() -> None:
    return None
