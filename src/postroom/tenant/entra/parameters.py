"""The parameters of a request that a browser makes: from its address, or from the form it sends."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from postroom.tenant.entra.forms import FORM_TYPE
from postroom.tenant.entra.refusals import refusal


async def read_parameters(request: Request) -> dict[str, str]:
    """Read the parameters of a GET or a POST; one that comes twice is refused (RFC 6749 §3.1)."""
    if request.method == "POST":
        text = await _read_form(request)
    else:
        text = bytes(request.scope["query_string"]).decode("latin-1")
    parameters: dict[str, str] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        if name in parameters:
            raise refusal(9000411, parameter=name)
        parameters[name] = value
    return parameters


async def _read_form(request: Request) -> str:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return (await request.body()).decode("utf-8", "replace") if kind == FORM_TYPE else ""
