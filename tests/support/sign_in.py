"""A person without a browser: walks the tenant's sign-in pages as one would, form by form, and ends at the application.

`sign_in(tenant, auth_uri, "ap@contoso.com")` is the whole walk; `Person` is for walks that turn aside.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import parse_qsl, urljoin, urlsplit

import httpx2

from support.tenant import GCC_HIGH, GLOBAL, RunningTenant, find_free_ports

LOGIN_HOSTS = {"login.microsoftonline.com": GLOBAL, "login.microsoftonline.us": GCC_HIGH}
STEP_LIMIT = 12


def free_url(host: str = "localhost", path: str = "/Callback") -> str:
    """Give a redirect URL with a port that is free: for localhost, Entra ID does not look at it."""
    return f"http://{host}:{find_free_ports(1)}{path}"


@dataclass
class Control:
    """A field or button of a form."""

    tag: str
    attributes: dict[str, str]
    text: str = ""


@dataclass
class Form:
    """A form as it stands on a page."""

    action: str
    controls: list[Control] = field(default_factory=list)

    def find(self, identity: str) -> Control | None:
        """Find the field or button with this id, name or text."""
        for control in self.controls:
            attributes = control.attributes
            if identity in (attributes.get("id"), attributes.get("name"), control.text.strip()):
                return control
        return None

    def fill(self, typed: dict[str, str], button: Control | None) -> dict[str, str]:
        """Give what a browser would send: what is there, what was typed, and the button that was pressed."""
        sent = {}
        for control in self.controls:
            attributes = control.attributes
            if control.tag == "input" and attributes.get("type") != "checkbox" and "name" in attributes:
                sent[attributes["name"]] = attributes.get("value", "")
        if button is not None and "name" in button.attributes:
            sent[button.attributes["name"]] = button.attributes.get("value", "")
        return sent | typed


class Page(HTMLParser):
    """A page as a person sees it: its title, its text and its forms."""

    def __init__(self, answer: httpx2.Response) -> None:
        super().__init__()
        self.answer = answer
        self.forms: list[Form] = []
        self.title = ""
        self.text = ""
        self._tags: list[str] = []
        self.feed(answer.text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note forms and what is in them."""
        attributes = {name: value or "" for name, value in attrs}
        self._tags.append(tag)
        if tag == "form":
            self.forms.append(Form(attributes.get("action", "")))
        elif tag in ("input", "button") and self.forms:
            self.forms[-1].controls.append(Control(tag, attributes))

    def handle_endtag(self, tag: str) -> None:
        """Leave a tag."""
        while self._tags and self._tags.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Note what there is to read."""
        if "style" in self._tags or "script" in self._tags:
            return
        if "title" in self._tags:
            self.title += data
            return
        self.text += data
        if "button" in self._tags:
            self.forms[-1].controls[-1].text += data

    def find_form(self, identity: str) -> Form | None:
        """Find the form with this field or button."""
        return next((form for form in self.forms if form.find(identity)), None)

    def has(self, identity: str) -> bool:
        """Tell whether there is such a field or button."""
        return self.find_form(identity) is not None


class Person:
    """Somebody with a browser (which keeps cookies) at the tenant's pages."""

    def __init__(self, tenant: RunningTenant, client: httpx2.Client) -> None:
        self.tenant = tenant
        self._client = client
        self.answer: httpx2.Response | None = None
        self.result: dict[str, str] | None = None
        """The parameters that the application was given in the end; None while there still is a page."""
        self.target = ""
        """Where the application was given them."""

    @property
    def page(self) -> Page:
        """The page that is shown."""
        assert self.answer is not None
        return Page(self.answer)

    def visit(self, address: str, form: dict[str, str] | None = None) -> "Person":
        """Open an address, or send a form to it, and follow where it leads."""
        self.result = None
        url = self._local(address)
        self.answer = self._client.post(url, data=form) if form is not None else self._client.get(url)
        if self.answer.is_redirect:
            return self._arrive(urljoin(url, self.answer.headers["location"]))
        if self.answer.status_code == 200 and self.page.title == "Working...":
            sent = self.page.forms[0]
            self.target, self.result = sent.action, sent.fill({}, None)
        return self

    def press(self, button: str, **typed: str) -> "Person":
        """Type into the fields of a form and press one of its buttons, named by its id or text."""
        page = self.page
        form = page.find_form(button)
        assert form is not None, f"There is no {button} on the page {page.title}: {page.text}"
        assert self.answer is not None
        return self.visit(urljoin(str(self.answer.url), form.action), form.fill(typed, form.find(button)))

    def _arrive(self, address: str) -> "Person":
        parts = urlsplit(address)
        self.target = address.partition("?")[0].partition("#")[0]
        self.result = dict(parse_qsl(parts.query or parts.fragment, keep_blank_values=True))
        return self

    def _local(self, address: str) -> str:
        """Give the address under this machine's name, where no proxy is needed."""
        parts = urlsplit(address)
        cloud = LOGIN_HOSTS.get(parts.netloc)
        return self.tenant.cloud(cloud)["login"] + address.partition(parts.netloc)[2] if cloud else address


@contextmanager
def open_browser(tenant: RunningTenant) -> Iterator[httpx2.Client]:
    """Open a browser that trusts the tenant and keeps cookies."""
    with httpx2.Client(verify=tenant.ssl_context, trust_env=False, timeout=30) as client:
        yield client


def sign_in(
    tenant: RunningTenant,
    auth_uri: str,
    username: str,
    password: str | None = None,
    *,
    accept: bool = True,
    client: httpx2.Client | None = None,
) -> dict[str, str]:
    """Sign in on the pages that an authorization request leads to, and give what the application is told.

    The password is the user's own unless another is given; `accept=False` presses Cancel where consent is asked for.
    A client that is given keeps the session for the next sign-in.
    """
    if client is None:
        with open_browser(tenant) as browser:
            return walk(Person(tenant, browser).visit(auth_uri), username, password, accept=accept)
    return walk(Person(tenant, client).visit(auth_uri), username, password, accept=accept)


def walk(
    person: Person, username: str, password: str | None = None, *, accept: bool = True
) -> dict[str, str]:
    """Go on from whatever page is shown until the application has its answer."""
    for _ in range(STEP_LIMIT):
        if person.result is not None:
            return person.result
        _take_step(person, username, password or password_of(person.tenant, username), accept=accept)
    raise AssertionError(f"The pages do not end: {person.page.text}")


def password_of(tenant: RunningTenant, username: str) -> str:
    """Give the password that the manifest tells."""
    users = [user for cloud in tenant.manifest["clouds"].values() for user in cloud["users"]]
    return next(str(user["password"]) for user in users if user["username"] == username.lower())


def _take_step(person: Person, username: str, password: str, *, accept: bool) -> None:
    page = person.page
    if page.has("otherTile"):
        tiles = [control for form in page.forms for control in form.controls]
        own = next((tile.text.strip() for tile in tiles if username in tile.text), "otherTile")
        person.press(own)
    elif 'role="alert"' in page.answer.text:
        raise AssertionError(f"The sign-in is refused: {' '.join(page.text.split())}")
    elif page.has("i0116"):
        person.press("idSIButton9", loginfmt=username)
    elif page.has("i0118"):
        person.press("idSIButton9", passwd=password)
    elif page.has("Accept"):
        person.press("Accept" if accept else "Cancel")
    elif page.has("Continue"):
        person.press("Continue")
    else:
        raise AssertionError(f"The sign-in ends at a page: {' '.join(page.text.split())}")
