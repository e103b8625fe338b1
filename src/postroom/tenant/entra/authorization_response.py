"""How the authorization endpoint answers an application: by its redirect URI, in the response mode it asked for."""

from dataclasses import dataclass, field
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from postroom.tenant.entra.pages import show_page
from postroom.tenant.entra.refusals import NO_STORE, EntraRefusedError, describe_refusal

RESPONSE_MODES = ("query", "fragment", "form_post")


@dataclass(frozen=True)
class ReturnAddress:
    """Say where an application is answered, and in which manner."""

    redirect_uri: str
    response_mode: str
    state: str = field(repr=False)


def send_back(request: Request, address: ReturnAddress, answer: dict[str, str]) -> Response:
    """Send the person back to the application with this answer; empty values are left out."""
    sent = {name: value for name, value in (answer | {"state": address.state}).items() if value}
    if address.response_mode == "form_post":
        uri = address.redirect_uri
        return show_page(request, "form_post.html", form_target=uri, redirect_uri=uri, answer=sent)
    mark = "#" if address.response_mode == "fragment" else "&" if "?" in address.redirect_uri else "?"
    return RedirectResponse(f"{address.redirect_uri}{mark}{urlencode(sent)}", 302, NO_STORE)


def send_refusal_back(request: Request, address: ReturnAddress, refused: EntraRefusedError) -> Response:
    """Tell the application what was refused (RFC 6749 §4.1.2.1)."""
    described = describe_refusal(request, refused)
    answer = {name: str(described[name]) for name in ("error", "error_description", "error_uri")}
    if "suberror" in described:
        answer["error_subcode"] = str(described["suberror"])
    return send_back(request, address, answer)
