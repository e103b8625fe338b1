"""What every page of the sign-in has in common: its frame, its headers, and how a refusal looks on one."""

import secrets
from collections.abc import Awaitable, Callable
from functools import wraps
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from jinja2 import Environment, PackageLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from postroom.tenant.entra.refusals import NO_STORE, EntraRefusedError, correlation_id
from postroom.tenant.state import CloudState

TEMPLATES = Environment(
    loader=PackageLoader("postroom.tenant.entra"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
TROUBLE = "Sorry, but we’re having trouble signing you in."
HEADINGS = {
    50057: "Your account is disabled",
    50076: "More information required",
    50079: "More information required",
    53003: "You cannot access this right now",
}
ADVICE = {
    50057: "The account exists and the password is right, but an admin has disabled the account.",
    50076: "The tenant asks for more than the password. The local tenant has no second factor, so the sign-in ends.",
    50079: "The tenant asks for more than the password. The local tenant has no second factor, so the sign-in ends.",
    53003: "The sign-in was right, but it does not meet what the tenant asks for before it gives access to this.",
}
Handler = Callable[[Request], Awaitable[Response]]


def show_page(
    request: Request,
    template: str,
    *,
    status: int = 200,
    form_target: str | None = None,
    **values: Any,
) -> Response:
    """Show a page; its forms lead to the tenant itself and, in the end, to the form target if there is one."""
    cloud: CloudState = request.app.state.cloud
    nonce = secrets.token_urlsafe(16)
    body = TEMPLATES.get_template(template).render(
        nonce=nonce, cloud_name=cloud.name, organization=cloud.directory.tenant_name, **values
    )
    return HTMLResponse(body, status, _headers(nonce, form_target))


def show_refusal(request: Request, refused: EntraRefusedError) -> Response:
    """Show a refusal that cannot, or must not, be told to the application."""
    cloud: CloudState = request.app.state.cloud
    advice = ADVICE.get(refused.number)
    return show_page(
        request,
        "message.html",
        # [?] Error pages come with status 400; Entra ID has been seen to send them with 200 too.
        status=400,
        heading=HEADINGS.get(refused.number, TROUBLE),
        lines=[*([advice] if advice else []), f"AADSTS{refused.number}: {refused.text}"],
        details={
            "Request Id": str(uuid4()),
            "Correlation Id": correlation_id(request),
            "Timestamp": cloud.now().strftime("%Y-%m-%dT%H:%M:%SZ"),
        },
    )


def show_refusals_as_pages(handler: Handler) -> Handler:
    """Let a handler's refusals appear as a page, as a person is looking at it."""

    @wraps(handler)
    async def handle(request: Request) -> Response:
        try:
            return await handler(request)
        except EntraRefusedError as refused:
            return show_refusal(request, refused)

    return handle


def _headers(nonce: str, form_target: str | None) -> dict[str, str]:
    policy = (
        f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; img-src data:; "
        f"form-action {_form_targets(form_target)}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        **NO_STORE,
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "strict-origin-when-cross-origin",
    }


def _form_targets(form_target: str | None) -> str:
    """Say where forms may lead (CSP Level 3 §6.4.1).

    Browsers hold every redirect that follows a form against it, and nobody knows where the application sends people
    on to from its redirect URI. So the schemes are named, and no hosts.
    """
    if form_target is None:
        return "'self'"
    schemes = dict.fromkeys(["https", "http", urlsplit(form_target).scheme])
    return " ".join(["'self'", *(f"{scheme}:" for scheme in schemes)])
