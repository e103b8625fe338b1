"""Who may open which page and call which endpoint: the whole table, as data.

A row names an address as Django's URL resolver has it, or a method and path of the API; `test_matrix` fails where one
of the Control Room's is not in the table, or in the table and not there.
"""

from dataclasses import dataclass, field
from typing import Any

EVERYBODY = frozenset({"everybody"})
SIGNED_IN = frozenset({"signed in"})
INVITED = frozenset({"invited", "Manage connections"})
"""Members of a role that is invited, and who manages connections."""
OWNER = frozenset({"owner", "Administer all lockers"})
"""The owner of the locker and its credential, and who administers all; neither sees a value."""
SETTER = frozenset({"owner"})
"""Who gives values: administering is not enough."""
USER = frozenset({"owner", "consumer"})
"""Whose bots get the value: the owner's, and those of a consumer."""
NOBODY: frozenset[str] = frozenset()

SEE_CONNECTION = frozenset({"invited viewer", "Manage connections"})
"""Who may see connections at all, and is invited to this one."""

VIEW_CONNECTIONS = frozenset({"View connections", "Manage connections"})
MANAGE_CONNECTIONS = frozenset({"Manage connections"})
CREDENTIALS = frozenset({"Manage my credentials and lockers", "Administer all lockers"})
LOCKERS = frozenset({"Administer all lockers"})
MY_CREDENTIALS = frozenset({"Manage my credentials and lockers"})
MANAGE_USERS = frozenset({"Manage users and roles"})
MANAGE_DEVICES = frozenset({"Manage my devices"})
AUDIT = frozenset({"View audit log"})
RUN_BOTS = frozenset({"Run bots"})
MANAGE_BOTS = frozenset({"Manage bots"})
SEE_BOTS = frozenset({"Run bots", "Manage bots", "View runs", "Manage schedules and triggers"})
SEE_RUNS = frozenset({"View runs", "Run bots"})
SEE_SCHEDULES = frozenset({"View runs", "Manage schedules and triggers"})
MANAGE_SCHEDULES = frozenset({"Manage schedules and triggers"})
SEE_WORKERS = frozenset({"View runs", "Manage bots"})
SEE_RUN = frozenset({"View runs", "run owner"})
"""Who sees the creator's run: whoever views all runs, and the creator."""
CONTROL_RUN = frozenset({"run owner", "Manage bots"})
"""Who stops the creator's run, or tries it again."""

ALL_PERMISSIONS = frozenset(
    {
        *("View connections", "Manage connections", "Manage my credentials and lockers"),
        *(
            "Administer all lockers",
            "Manage users and roles",
            "Manage my devices",
            "View audit log",
            "Run bots",
            "View runs",
            "Manage bots",
            "Manage schedules and triggers",
        ),
    }
)
"""Written out, so that a new permission has to be thought about here."""

CREATOR_PERMISSIONS = frozenset(
    {
        *("View connections", "Manage my credentials and lockers", "Manage my devices"),
        *("View runs", "Run bots", "Manage bots", "Manage schedules and triggers"),
    }
)
PEOPLE: dict[str, frozenset[str]] = {
    "anonymous": EVERYBODY,
    "outsider": EVERYBODY | SIGNED_IN,
    "administrator": EVERYBODY | SIGNED_IN | ALL_PERMISSIONS,
    "creator": EVERYBODY | SIGNED_IN | CREATOR_PERMISSIONS | {"owner", "run owner"},
    # Has the same role, no part in the other one's locker, and is of a role that was invited to the connection.
    "colleague": EVERYBODY | SIGNED_IN | CREATOR_PERMISSIONS | {"invited", "invited viewer"},
    "auditor": EVERYBODY | SIGNED_IN | {"View connections", "View audit log", "View runs"},
    # Of a role without any permission, which was invited to the connection and consumes the locker: rights that a role
    # has by itself.
    "clerk": EVERYBODY | SIGNED_IN | {"invited", "consumer"},
    # Of a role that consumes the locker, is not invited to the connection, and may run bots.
    "runner": EVERYBODY | SIGNED_IN | {"Run bots", "consumer"},
    # The API key of a device of the creator's; to pages it is nothing.
    "key": EVERYBODY | SIGNED_IN | CREATOR_PERMISSIONS | {"owner", "run owner"},
    "revoked key": EVERYBODY,
}
BY_KEY = frozenset({"key", "revoked key"})


@dataclass(frozen=True)
class Row:
    """Who may, and an example of the address with a body that would do."""

    who: frozenset[str]
    path: str
    body: dict[str, Any] = field(default_factory=dict)
    hidden: int | None = None
    """The status with which others are told that there is nothing, instead of that they may not."""
    who_sends: frozenset[str] | None = None
    """Who may send the page's form, where not everybody may who sees it."""


def page_rows(
    app: str,
    model: str,
    key: str,
    *,
    see: frozenset[str],
    change: frozenset[str],
    add: frozenset[str] | None = None,
    see_list: frozenset[str] | None = None,
) -> dict[str, Row]:
    """Give the rows of a model's pages: the list, and what each record has."""
    hidden = None if see_list is None else 404
    base = f"{app}/{model}/"
    one = f"/{base}{{{key}}}/"
    return {
        base: Row(see_list or see, f"/{base}"),
        f"{base}add/": Row(add or change, f"/{base}add/"),
        f"{base}<path:object_id>/history/": Row(see, f"{one}history/", hidden=hidden),
        f"{base}<path:object_id>/delete/": Row(change, f"{one}delete/", hidden=hidden),
        f"{base}<path:object_id>/change/": Row(see, f"{one}change/", hidden=hidden, who_sends=change),
        # Leads on to the page before.
        f"{base}<path:object_id>/": Row(SIGNED_IN, one),
    }


PAGES: dict[str, Row] = {
    "health": Row(EVERYBODY, "/health"),
    "robots.txt": Row(EVERYBODY, "/robots.txt"),
    "language/": Row(EVERYBODY, "/language/", {"language": "ja"}),
    "login/": Row(EVERYBODY, "/login/"),
    "logout/": Row(EVERYBODY, "/logout/"),
    "api/": Row(EVERYBODY, "/api/"),
    "api/<path:endpoint>": Row(EVERYBODY, "/api/nothing"),
    "api/openapi.json": Row(SIGNED_IN, "/api/openapi.json"),
    "api/docs": Row(SIGNED_IN, "/api/docs"),
    "": Row(SIGNED_IN, "/"),
    "search/": Row(SIGNED_IN, "/search/"),
    "jsi18n/": Row(SIGNED_IN, "/jsi18n/"),
    "autocomplete/": Row(NOBODY, "/autocomplete/"),
    "r/<path:content_type_id>/<path:object_id>/": Row(SIGNED_IN, "/r/1/1/"),
    "password_change/": Row(SIGNED_IN, "/password_change/"),
    "password_change/done/": Row(SIGNED_IN, "/password_change/done/"),
    "(?P<url>.*)$": Row(SIGNED_IN, "/nothing/"),
    "me/": Row(SIGNED_IN, "/me/"),
    "me/password/": Row(SIGNED_IN, "/me/password/"),
    "me/devices/": Row(MANAGE_DEVICES, "/me/devices/"),
    "me/devices/<uuid:device_id>/revoke/": Row(MANAGE_DEVICES, "/me/devices/{device}/revoke/"),
    "me/devices/let-in/": Row(MANAGE_DEVICES, "/me/devices/let-in/"),
    **page_rows("accounts", "user", "user", see=MANAGE_USERS, change=MANAGE_USERS),
    "accounts/user/<path:object_id>/password/": Row(MANAGE_USERS, "/accounts/user/{user}/password/"),
    **page_rows("accounts", "role", "role", see=MANAGE_USERS, change=MANAGE_USERS),
    **page_rows("accounts", "device", "device", see=MANAGE_USERS, change=NOBODY),
    **page_rows("audit", "auditentry", "entry", see=AUDIT, change=NOBODY),
    "me/credentials/": Row(MY_CREDENTIALS, "/me/credentials/"),
    "credential-vault/": Row(LOCKERS, "/credential-vault/"),
    **page_rows(
        "vault", "locker", "locker", see=OWNER, change=OWNER, add=MY_CREDENTIALS, see_list=CREDENTIALS
    ),
    **page_rows(
        "vault", "credential", "credential", see=OWNER, change=OWNER, add=MY_CREDENTIALS, see_list=CREDENTIALS
    ),
    "audit/auditentry/export/<str:wanted>": Row(AUDIT, "/audit/auditentry/export/csv"),
    "connections/": Row(EVERYBODY, "/connections/"),  # leads on to the list
    "connections/oauthconnection/": Row(VIEW_CONNECTIONS, "/connections/oauthconnection/"),
    # The site's own form pages lead on to ours.
    "connections/oauthconnection/add/": Row(SIGNED_IN, "/connections/oauthconnection/add/"),
    **{
        f"connections/oauthconnection/<path:object_id>/{page}": Row(
            who, f"/connections/oauthconnection/{{connection}}/{page}", hidden=404
        )
        for page, who in {
            "": SIGNED_IN,
            "change/": SIGNED_IN,
            "history/": SEE_CONNECTION,
            "delete/": NOBODY,
        }.items()
    },
    "connections/new/": Row(MANAGE_CONNECTIONS, "/connections/new/"),
    "connections/new/client/": Row(MANAGE_CONNECTIONS, "/connections/new/client/"),
    "connections/<uuid:pk>/": Row(SEE_CONNECTION, "/connections/{connection}/", hidden=404),
    **{
        f"connections/<uuid:pk>/{page}/": Row(MANAGE_CONNECTIONS, f"/connections/{{connection}}/{page}/")
        for page in ("edit", "test", "roles", "secret", "disconnect", "link", "delete")
    },
    "connections/<uuid:pk>/secret/<uuid:secret>/remove/": Row(
        MANAGE_CONNECTIONS, "/connections/{connection}/secret/{connection}/remove/"
    ),
    "bots/": Row(SEE_BOTS, "/bots/"),
    "bots/deploy/": Row(MANAGE_BOTS, "/bots/deploy/"),
    "bots/refresh/": Row(MANAGE_BOTS, "/bots/refresh/"),
    "bots/mailboxes/": Row(MANAGE_BOTS, "/bots/mailboxes/"),
    "bots/mailboxes/<int:pk>/remove/": Row(MANAGE_BOTS, "/bots/mailboxes/{mailbox_limit}/remove/"),
    "bots/<int:pk>/": Row(SEE_BOTS, "/bots/{bot}/"),
    "bots/<int:pk>/limits/": Row(MANAGE_BOTS, "/bots/{bot}/limits/"),
    "bots/<int:pk>/withdraw/": Row(MANAGE_BOTS, "/bots/{bot}/withdraw/"),
    "bots/<int:pk>/run/": Row(RUN_BOTS, "/bots/{bot}/run/"),
    "bots/<int:pk>/versions/<int:number>/": Row(MANAGE_BOTS, "/bots/{bot}/versions/1/"),
    "bots/<int:pk>/versions/<int:number>/differences/": Row(
        MANAGE_BOTS, "/bots/{bot}/versions/1/differences/"
    ),
    "bots/<int:pk>/versions/<int:number>/go-back/": Row(MANAGE_BOTS, "/bots/{bot}/versions/1/go-back/"),
    "runs/": Row(SEE_RUNS, "/runs/"),
    "runs/<uuid:pk>/": Row(SEE_RUN, "/runs/{run}/", hidden=404),
    **{
        f"runs/<uuid:pk>/{part}/": Row(SEE_RUN, f"/runs/{{run}}/{part}/", hidden=404)
        for part in ("live", "children", "inputs")
    },
    **{
        f"runs/<uuid:pk>/{what}/": Row(CONTROL_RUN, f"/runs/{{run}}/{what}/", hidden=404)
        for what in ("cancel", "pause", "resume", "retry")
    },
    "workers/": Row(SEE_WORKERS, "/workers/"),
    "me/connections/": Row(SIGNED_IN, "/me/connections/"),
    "me/connections/<uuid:pk>/disconnect/": Row(
        INVITED, "/me/connections/{connection}/disconnect/", hidden=404
    ),
    "oauth/start/<uuid:pk>/mine": Row(INVITED, "/oauth/start/{connection}/mine", hidden=404),
    "oauth/start/<uuid:pk>/shared": Row(MANAGE_CONNECTIONS, "/oauth/start/{connection}/shared"),
    # Whoever has the link, or comes back from a provider: the key and the state are what counts.
    "oauth/link": Row(EVERYBODY, "/oauth/link?key=nothing"),
    "oauth/callback": Row(EVERYBODY, "/oauth/callback?state=nothing"),
}

PAGES |= {
    "schedules/": Row(SEE_SCHEDULES, "/schedules/"),
    "triggers/": Row(SEE_SCHEDULES, "/triggers/"),
    "schedules/preview/": Row(MANAGE_SCHEDULES, "/schedules/preview/"),
    **{
        f"{kind}s/{address}": Row(MANAGE_SCHEDULES, f"/{kind}s/{example}")
        for kind, pages in {
            "schedule": ("", "enable/", "delete/"),
            "trigger": ("", "enable/", "check/", "delete/"),
        }.items()
        for address, example in [
            ("new/", "new/"),
            *((f"<uuid:pk>/{page}", f"{{{kind}}}/{page}") for page in pages),
        ]
    },
    "alerts/": Row(SEE_RUNS, "/alerts/"),
    "alerts/<int:pk>/delete/": Row(SEE_RUNS, "/alerts/1/delete/"),
    "figures/": Row(SEE_RUNS, "/figures/"),
    "figures/export/<str:wanted>": Row(SEE_RUNS, "/figures/export/csv"),
    # Microsoft 365 tells here; what it tells is believed only where it knows the client state of a subscription.
    "notifications/mail": Row(EVERYBODY, "/notifications/mail?validationToken=nothing"),
}

APPS: dict[str, frozenset[str]] = {
    "accounts": MANAGE_USERS,
    "audit": AUDIT,
    "connections": EVERYBODY,  # leads on to the list
    "vault": CREDENTIALS,
}
"""Who may open the page that lists an app's models; to others there is none."""

ENDPOINTS: dict[str, Row] = {
    "GET /me": Row(SIGNED_IN, "/me"),
    "GET /users": Row(MANAGE_USERS, "/users"),
    "POST /users": Row(MANAGE_USERS, "/users", {"username": "another"}),
    "PATCH /users/{username}": Row(MANAGE_USERS, "/users/newcomer", {"name": "Newcomer"}),
    "DELETE /users/{username}": Row(MANAGE_USERS, "/users/newcomer"),
    "GET /roles": Row(MANAGE_USERS, "/roles"),
    "POST /roles": Row(MANAGE_USERS, "/roles", {"name": "Newcomers", "permissions": []}),
    "PUT /roles/{name}": Row(MANAGE_USERS, "/roles/Drivers", {"name": "Drivers", "permissions": []}),
    "DELETE /roles/{name}": Row(MANAGE_USERS, "/roles/Drivers"),
    "GET /devices": Row(MANAGE_DEVICES, "/devices"),
    "POST /devices": Row(MANAGE_DEVICES, "/devices", {"name": "Laptop"}),
    "DELETE /devices/{device_id}": Row(MANAGE_USERS, "/devices/{device}", hidden=404),
    "POST /logout": Row(SIGNED_IN, "/logout"),
    "POST /login": Row(EVERYBODY, "/login", {"name": "Laptop"}),
    "POST /login/key": Row(EVERYBODY, "/login/key", {"device_code": "nothing"}),
    "GET /audit": Row(AUDIT, "/audit"),
    "GET /lockers": Row(CREDENTIALS, "/lockers"),
    "GET /credentials": Row(CREDENTIALS, "/credentials"),
    "GET /credentials/{name}/{attribute}": Row(USER, "/credentials/azure/client_id", hidden=404),
    "PUT /credentials/{name}/{attribute}": Row(
        SETTER, "/credentials/azure/client_id", {"value": "another one"}, hidden=404
    ),
    "GET /connections": Row(SIGNED_IN, "/connections"),
    "GET /connections/{name}": Row(INVITED, "/connections/Payables", hidden=404),
    "GET /bots": Row(SEE_BOTS, "/bots"),
    "POST /bots": Row(
        MANAGE_BOTS, "/bots", {"path": "intake.bot.yaml", "text": "name: Intake\nsteps:\n  - name: nothing\n"}
    ),
    "POST /bots/refresh": Row(MANAGE_BOTS, "/bots/refresh"),
    "DELETE /bots/{path:path}": Row(MANAGE_BOTS, "/bots/intake.bot.yaml"),
    "GET /bots/{path:path}/versions": Row(SEE_BOTS, "/bots/intake.bot.yaml/versions"),
    "GET /bots/{path:path}/versions/{number}": Row(MANAGE_BOTS, "/bots/intake.bot.yaml/versions/1"),
    "POST /bots/{path:path}/versions/{number}/go-back": Row(
        MANAGE_BOTS, "/bots/intake.bot.yaml/versions/1/go-back"
    ),
    "GET /mailbox-limits": Row(MANAGE_BOTS, "/mailbox-limits"),
    "PUT /mailbox-limits/{address}": Row(MANAGE_BOTS, "/mailbox-limits/ap@contoso.com", {"runs": 1}),
    "DELETE /mailbox-limits/{address}": Row(MANAGE_BOTS, "/mailbox-limits/ap@contoso.com"),
    "GET /runs": Row(SEE_RUNS, "/runs"),
    "POST /runs": Row(RUN_BOTS, "/runs", {"bot": "intake.bot.yaml"}),
    **{
        f"GET /runs/{{run_id}}{part}": Row(SEE_RUN, f"/runs/{{run}}{part}", hidden=404)
        for part in ("", "/inputs", "/steps", "/lines")
    },
    **{
        f"POST /runs/{{run_id}}/{what}": Row(CONTROL_RUN, f"/runs/{{run}}/{what}", hidden=404)
        for what in ("cancel", "pause", "resume", "retry")
    },
    "GET /workers": Row(SEE_WORKERS, "/workers"),
    "POST /connections/{name}/token": Row(INVITED, "/connections/Payables/token", hidden=404),
}

NEW_TRIGGER = {"name": "Mail", "bot": "intake.bot.yaml", "connection": "Payables"}
INVITED_SCHEDULER = frozenset({"invited viewer", "Manage connections"})
"""Who may have bots run by mail, and use the connection: others are told that there is none."""

ENDPOINTS |= {
    "GET /schedules": Row(SEE_SCHEDULES, "/schedules"),
    "POST /schedules": Row(
        MANAGE_SCHEDULES, "/schedules", {"name": "Daily", "bot": "intake.bot.yaml", "cron": "0 8 * * *"}
    ),
    "PATCH /schedules/{schedule_id}": Row(MANAGE_SCHEDULES, "/schedules/{schedule}", {"enabled": False}),
    "DELETE /schedules/{schedule_id}": Row(MANAGE_SCHEDULES, "/schedules/{schedule}"),
    "GET /triggers": Row(SEE_SCHEDULES, "/triggers"),
    "POST /triggers": Row(INVITED_SCHEDULER, "/triggers", NEW_TRIGGER, hidden=404),
    "PATCH /triggers/{trigger_id}": Row(MANAGE_SCHEDULES, "/triggers/{trigger}", {"enabled": False}),
    "DELETE /triggers/{trigger_id}": Row(MANAGE_SCHEDULES, "/triggers/{trigger}"),
}
