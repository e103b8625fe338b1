"""What nobody can read off the routes of the tenant: what else to know of each, and what is left out on purpose.

The page docs/tenant-coverage.md is made of this, of the routes with the docstrings of what answers them, of the
refusals in the code, and of every choice that a comment or docstring marks. Tests hold it against the running tenant.
"""

from dataclasses import dataclass

NOTES: dict[tuple[str, str], str] = {
    ("GET", "mailFolders"): (
        "`$filter` (displayName, id, parentFolderId, isHidden), `$orderby`, `$top`, `$skip`, `$count`, `$select`, "
        "`includeHiddenFolders`"
    ),
    ("GET", "mailFolders/{folder}"): "Ids and well-known names.",
    ("GET", "mailFolders/{folder}/childFolders"): "As `mailFolders`.",
    ("GET", "messages"): (
        "`$filter`, `$orderby`, `$search`, `$top` 1 to 1000, `$skip`, `$count`, `$select`, `$expand`; `Prefer`: "
        '`IdType="ImmutableId"`, `outlook.body-content-type`, `odata.maxpagesize`'
    ),
    ("GET", "mailFolders/{folder}/messages"): "As `messages`.",
    ("GET", "messages/delta"): "Refused, as it exists for a folder only.",
    ("GET", "messages/{message}/attachments/{attachment}/$value"): "405 for a link.",
    ("POST", "messages/{message}/reply"): "202",
    ("POST", "messages/{message}/replyAll"): "202",
    ("POST", "messages/{message}/forward"): "202",
    ("POST", "sendMail"): "202",
    ("POST", "messages/{message}/send"): "202",
}
"""What a caller should know of an operation beyond what its handler says."""


@dataclass(frozen=True)
class LeftOut:
    """An area of Graph that is not emulated, with requests that belong to it, below /v1.0, and what they get."""

    area: str
    requests: tuple[str, ...]
    status: int = 501


LEFT_OUT = (
    LeftOut(
        "To replace the MIME of a message",
        (
            "PUT /me/messages/{message-id}/$value",
            "PUT /me/mailFolders/{mailFolder-id}/messages/{message-id}/$value",
            "PUT /me/mailFolders/{mailFolder-id}/childFolders/{mailFolder-id1}/messages/{message-id}/$value",
        ),
    ),
    LeftOut("To change `inferenceClassification` itself (405)", ("PATCH /me/inferenceClassification",), 405),
    LeftOut("Everything of `/beta`", ("GET /beta/me/messages",)),
    LeftOut(
        "Calendars and events", ("GET /me/events", "GET /me/calendar", "GET /me/calendars/{calendar}/events")
    ),
    LeftOut("Contacts and people", ("GET /me/contacts", "GET /me/contactFolders", "GET /me/people")),
    LeftOut("Tasks and notes", ("GET /me/todo/lists", "GET /me/onenote/pages")),
    LeftOut("Mail of groups", ("GET /groups/{group}/conversations", "GET /groups/{group}/threads")),
    LeftOut("Microsoft Search", ("POST /search/query",)),
    LeftOut("Message traces and mailbox export", ("GET /admin/exchange/mailboxes",)),
)

ENTRA_NOTES: dict[str, str] = {
    "/{tenant}/oauth2/v2.0/authorize": (
        "`response_type=code`; `response_mode` query, fragment, form_post; `prompt` login, none, consent, "
        "select_account; `login_hint`; PKCE S256 and plain"
    ),
    "/{tenant}/oauth2/v2.0/token": "The grants below.",
    "/{tenant}/oauth2/v2.0/devicecode": "A code of nine letters, good for fifteen minutes.",
    "/{tenant}/adminconsent": "Consents to all that is registered for the app.",
    "/{tenant}/oauth2/v2.0/logout": "`post_logout_redirect_uri`, if an app has it registered.",
}

GRANT_NOTES: dict[str, tuple[str, str]] = {
    "client_credentials": ("confidential", "Secret or certificate."),
    "authorization_code": (
        "public, confidential",
        "Codes last ten minutes and are redeemed once; a refused request does not use them up.",
    ),
    "refresh_token": (
        "public, confidential",
        "Each use gives a new one and leaves the old one good; 90 days without use end it.",
    ),
    "password": ("", "Always refused."),
    "urn:ietf:params:oauth:grant-type:device_code": ("public, confidential", "`slow_down` is never said."),
}
