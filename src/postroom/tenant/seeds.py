"""What a new tenant begins with: the same users and apps in both clouds, with ids and secrets of their own."""

import secrets
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from postroom.tenant.directory import App, ClientSecret, User, new_user

BOT_PERMISSIONS = frozenset({"Mail.ReadWrite", "Mail.Send", "MailboxSettings.ReadWrite", "User.Read.All"})
PORTAL_PERMISSIONS = frozenset(
    {"Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access", "openid", "profile", "email"}
)
PORTAL_REDIRECTS = ("https://portal.contoso.com/callback", "http://localhost:9998/callback")
DESKTOP_PERMISSIONS = PORTAL_PERMISSIONS | {
    "Mail.ReadWrite.Shared",
    "Mail.Send.Shared",
    "MailboxSettings.ReadWrite",
    "User.ReadBasic.All",
}
# Of a Control Room on this machine; the port does not matter on the loopback (RFC 8252 §7.3).
CALLBACK = "http://localhost:8000/oauth/callback"
DESKTOP_REDIRECTS = ("http://localhost", "http://localhost:9999/Callback", CALLBACK)
CONTROL_ROOM_PERMISSIONS = frozenset(
    {"Mail.ReadWrite", "Mail.Send", "User.Read", "offline_access", "openid", "profile"}
)
CERTIFIED_APP = "Invoice bot"
SECRET_LIFETIME = timedelta(days=730)
PEOPLE = {"ap": "Accounts Payable", "adele": "Adele Vance", "megan": "Megan Bowen"}
SHARED_MAILBOXES = {"invoices": ("Invoices", ("ap",)), "board": ("Board", ())}


def seed_users(domain: str) -> tuple[User, ...]:
    """Make up the users of a new tenant: three people and two shared mailboxes."""
    people = [new_user(f"{name}@{domain}", display_name) for name, display_name in PEOPLE.items()]
    shared = [
        new_user(
            f"{name}@{domain}",
            display_name,
            shared=True,
            members=tuple(f"{member}@{domain}" for member in members),
        )
        for name, (display_name, members) in SHARED_MAILBOXES.items()
    ]
    return (*people, *shared)


def seeded_usernames(domain: str) -> frozenset[str]:
    """Name the users that every tenant begins with."""
    return frozenset(f"{name}@{domain}" for name in (*PEOPLE, *SHARED_MAILBOXES))


def seed_apps(now: datetime, certificate: str, certificate_file: str) -> tuple[App, ...]:
    """Make up the app registrations of a new tenant.

    One may do all a bot needs, one may only read, one nothing; one has an expired secret. Three sign users in, a
    public client, a web app with a secret and a Control Room on this machine, and nobody has consented to them yet.
    The first has the given certificate (PEM without key) registered as well.
    """
    good_until = now + SECRET_LIFETIME
    return (
        _confidential(
            CERTIFIED_APP,
            BOT_PERMISSIONS,
            good_until,
            certificates=(certificate,),
            certificate_file=certificate_file,
        ),
        _confidential("Reader bot", frozenset({"Mail.Read"}), good_until),
        _confidential("Unconsented bot", frozenset(), good_until),
        _confidential("Old bot", BOT_PERMISSIONS, now - timedelta(days=30)),
        App(
            "Desktop bot",
            client_id=str(uuid4()),
            object_id=str(uuid4()),
            public=True,
            redirect_uris=DESKTOP_REDIRECTS,
            delegated_permissions=DESKTOP_PERMISSIONS,
        ),
        replace(
            _confidential("Portal bot", frozenset(), good_until),
            redirect_uris=PORTAL_REDIRECTS,
            delegated_permissions=PORTAL_PERMISSIONS,
        ),
        replace(
            _confidential("Control Room", frozenset(), good_until),
            redirect_uris=(CALLBACK,),
            delegated_permissions=CONTROL_ROOM_PERMISSIONS,
        ),
    )


def _confidential(
    name: str,
    permissions: frozenset[str],
    secret_expires: datetime,
    *,
    certificates: tuple[str, ...] = (),
    certificate_file: str | None = None,
) -> App:
    return App(
        name,
        client_id=str(uuid4()),
        object_id=str(uuid4()),
        secrets=(new_client_secret(secret_expires - SECRET_LIFETIME, secret_expires),),
        certificates=certificates,
        certificate_file=certificate_file,
        application_permissions=permissions,
    )


def new_client_secret(starts: datetime, expires: datetime, name: str | None = None) -> ClientSecret:
    """Make up a client secret that looks as Entra ID's do: 40 characters, some of them not letters."""
    value = f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(40)[:34]}"
    return ClientSecret(str(uuid4()), value, starts, expires, name)
