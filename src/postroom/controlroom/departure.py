"""The way out to a provider's sign-in page.

A form of ours may not lead to another site (`form-action` of our Content Security Policy, which browsers hold against
redirects too). So that what begins with a button can end there, this page of ours takes the person on.
"""

from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from postroom.controlroom.site import site


def leave_for(request: HttpRequest, url: str) -> HttpResponse:
    """Take the person on to this address, which must be one that we made, and never one from the request."""
    context = {**site.get_look(request), "url": url, "host": urlsplit(url).hostname}
    response = TemplateResponse(request, "controlroom/departure.html", context)
    response["Cache-Control"] = "no-store"
    return response
