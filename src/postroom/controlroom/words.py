"""What the rooms below say, in the language of the reader: those rooms know one language and nothing of Django.

Their sentences are known here by their fixed parts; what was filled into a sentence is found again in it, and filled
into the translation. A sentence that is not known stays as it is.
"""

import re
from collections.abc import Iterator
from functools import cache

from django.utils.translation import gettext

from postroom.auth.advice import ADVICE
from postroom.errors import OUTCOMES, NetworkError, PostroomError, SignInError, get_outcome

_FROM_BELOW = (NetworkError, SignInError)
_PLACE = re.compile(r"\\{(\w+)\\}")

TITLES = ("Name resolution", "Network and proxy", "Cloud and tenant", "Clock", "App", "Secret or certificate")
"""The steps of an examination."""

EXAMINED = (
    "Not tried, because of what the next leg tells.",
    "{names} can be resolved.",
    "{hosts} are reached without a proxy.",
    "{hosts} are reached through the proxy {proxy}.",
    "The certificates that they show are trusted by the trust store of the operating system.",
    "The certificates that they show are trusted by {store}.",
    "{cloud} knows the tenant {tenant_id}.",
    "This machine's clock and Microsoft's are {seconds} s apart.",
    (
        "The clock of this machine is {minutes} minutes ahead of Microsoft's, so that what is signed here does not "
        "count there, and tokens seem good that are not. Set the clock right."
    ),
    (
        "The clock of this machine is {minutes} minutes behind Microsoft's, so that what is signed here does not "
        "count there, and tokens seem good that are not. Set the clock right."
    ),
    "The tenant has the app {client_id}, and it is switched on.",
    "The client secret is accepted. When it expires, Microsoft tells only in the portal: {page}",
    "The client secret is accepted. It expires on {date}, in {days} days.",
    "The certificate is accepted. It expires on {date}, in {days} days.",
    "Let the machine set its clock by the network:",
    "Try again in some minutes; if it stays so, ask whoever runs the network.",
    (
        "Ask whoever runs your network why this machine's name service (DNS) does not know the name. To see it for "
        "yourself:"
    ),
    "An owner of the app uploads the certificate (its public part) here:",
    "An owner of the app makes a new client secret here; then enter its value.",
    "An administrator switches the app on in PowerShell:",
    "Compare the Client ID (Application ID) with the app's own:",
    "Copy the Tenant ID from the overview of Microsoft Entra ID, signed in as somebody of that tenant:",
    "Choose “{cloud}” as the Azure cloud of this connection.",
    (
        "The certificate that {host} shows is not trusted on this machine, so nothing was sent. If your network "
        "inspects TLS, or this is a local tenant, name its CA in SSL_CERT_FILE."
    ),
)
"""What an examination says, with places for what it fills in."""


def say(error: PostroomError) -> str:
    """Say what happened, as far as that can be said in the reader's language; what cannot stands behind it."""
    translated = translate(error.message)
    if translated != error.message or not isinstance(error, _FROM_BELOW):
        return translated
    headline = get_outcome(error).form_message
    said: str = gettext(headline)
    # What the Control Room says of itself is translated where it is said, and has no number of Microsoft's.
    is_from_below = isinstance(error, NetworkError) or error.aadsts is not None
    return f"{said} ({error.message})" if is_from_below and said != headline else error.message


def translate(text: str) -> str:
    """Say this sentence of a room below in the reader's language, if it is one that we know."""
    for words, pattern in _compile_all():
        if found := pattern.match(text):
            translated: str = gettext(words)
            return translated.format(**found.groupdict()) + text[found.end() :]
    return text


def list_words() -> Iterator[str]:
    """All that may have to be translated, for whoever collects the words."""
    yield from dict.fromkeys([*TITLES, *ADVICE.values(), *EXAMINED])
    yield from (OUTCOMES[kind].form_message for kind in OUTCOMES if issubclass(kind, _FROM_BELOW))


@cache
def _compile_all() -> "tuple[tuple[str, re.Pattern[str]], ...]":
    return tuple((words, _make_pattern(words)) for words in dict.fromkeys([*ADVICE.values(), *EXAMINED]))


def _make_pattern(words: str) -> "re.Pattern[str]":
    seen: set[str] = set()

    def name(place: "re.Match[str]") -> str:
        if place[1] in seen:
            return f"(?P={place[1]})"
        seen.add(place[1])
        return f"(?P<{place[1]}>.+?)"

    # What is filled in last ends with the word, as nothing of the pattern follows it.
    return re.compile(_PLACE.sub(name, re.escape(words)) + r"(?=\s|$)")
