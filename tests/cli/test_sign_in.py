"""Sign in from the command line where this machine has no browser, nobody is there, or nothing can be kept."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO
from urllib.parse import urlencode, urlsplit

import httpx2
import pytest

from support.command_line import run_here
from support.desk import Desk
from support.sign_in import Person, free_url, open_browser, password_of, sign_in
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

COMMAND = (sys.executable, "-m", "postroom")
REDIRECT_URL = "http://localhost:9999/Callback"
AP = {GLOBAL: "ap@contoso.com", GCC_HIGH: "ap@contoso.us"}


def write_command(
    tenant: RunningTenant, *options: str, cloud: str = GLOBAL, mode: str, redirect_url: str = REDIRECT_URL
) -> list[str]:
    """Write the command that connects the mailbox of the first user; the redirect URL is free where a browser opens."""
    app, described = tenant.app("Desktop bot", cloud), tenant.cloud(cloud)
    given = {"cloud": cloud, "mode": mode, "client-id": app["client_id"], "tenant-id": described["tenant_id"]}
    if mode == "authorization-code":
        given["redirect-url"] = redirect_url
    words = [word for name, value in given.items() for word in (f"--{name}", value)]
    return [*COMMAND, "connect", *words, "--username", AP[cloud], *options]


@contextmanager
def run(command: list[str], **environment: str) -> Iterator["subprocess.Popen[str]"]:
    """Run a command that somebody talks to."""
    program = subprocess.Popen(
        command,
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


def run_to_its_end(command: list[str], **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run a command that nobody talks to; it needs no process of its own."""
    return run_here(*command[len(COMMAND) :], stdin="", environment={**os.environ, **environment})


def read_until(lines: IO[str] | None, pattern: str) -> str:
    """Read lines up to the one in which this is found, and give what was found."""
    for line in lines or ():
        if found := re.search(pattern, line):
            return found[0]
    raise AssertionError(f"{pattern} did not come.")


def paste_fields(link: str, desk: Desk, cloud: str = GLOBAL) -> dict[str, str]:
    """Sign in on another machine with this link, and give the parameters of the address it ends at."""
    return sign_in(desk.tenant, link, AP[cloud])


@pytest.mark.parametrize(("cloud", "domain"), [(GLOBAL, "com"), (GCC_HIGH, "us")])
def test_a_link_is_opened_elsewhere_and_the_final_address_pasted(desk: Desk, cloud: str, domain: str) -> None:
    """Without a browser the link is printed, and the address at which another browser ended connects.

    Each cloud has its own login host, and the scopes of its own Graph.
    """
    command = write_command(desk.tenant, "--no-browser", cloud=cloud, mode="authorization-code")
    with run(command) as program:
        link = read_until(program.stderr, r"https://\S+")
        assert urlsplit(link).hostname == f"login.microsoftonline.{domain}"
        assert f"graph.microsoft.{domain}%2FMail.ReadWrite" in urlsplit(link).query
        pasted = f"{REDIRECT_URL}?{urlencode(paste_fields(link, desk, cloud))}"
        printed, said = program.communicate(f"{pasted}\n", timeout=60)
    assert (program.returncode, desk.links) == (0, 0), said
    assert f"✓ The mailbox {AP[cloud]} opens" in printed


def test_what_is_no_answer_is_asked_for_again(desk: Desk) -> None:
    """The link itself or half an address is told as what it is, and does not end the sign-in."""
    with run(write_command(desk.tenant, "--no-browser", mode="authorization-code")) as program:
        link = read_until(program.stderr, r"https://\S+")
        pasted = f"{REDIRECT_URL}?{urlencode(paste_fields(link, desk))}"
        _, said = program.communicate(f"{link}\n{REDIRECT_URL}\n{pasted}\n", timeout=60)
    assert program.returncode == 0
    assert "That is the link to sign in with" in said
    assert "not whole" in said


@pytest.mark.parametrize(
    ("swapped", "code", "phrase"),
    [
        ({"state": "of-another-sign-in"}, 4, "not the answer to this sign-in"),
        ({"code": "of-nobody"}, 4, "Sign in again"),
    ],
    ids=["state", "code"],
)
def test_a_changed_answer_is_refused(desk: Desk, swapped: dict[str, str], code: int, phrase: str) -> None:
    """A mixed-up state is refused here, a code that Entra ID did not give is refused there."""
    with run(write_command(desk.tenant, "--no-browser", mode="authorization-code")) as program:
        link = read_until(program.stderr, r"https://\S+")
        pasted = f"{REDIRECT_URL}?{urlencode(paste_fields(link, desk) | swapped)}"
        _, said = program.communicate(f"{pasted}\n", timeout=60)
    assert (program.returncode, phrase in said) == (code, True), said


def change_link(link: str, **parameters: str) -> str:
    """Give the link with other parameters: a sign-in of the same or another app, not of this program."""
    return str(httpx2.URL(link).copy_merge_params(parameters))


@pytest.mark.parametrize("foreign", ["verifier", "client", "replayed"])
def test_a_code_of_another_sign_in_is_refused(desk: Desk, foreign: str) -> None:
    """A code of another attempt (its verifier does not fit), of another app, or used before gives no token."""
    challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
    portal = desk.tenant.app("Portal bot")["client_id"]
    with run(write_command(desk.tenant, "--no-browser", mode="authorization-code")) as program:
        link = read_until(program.stderr, r"https://\S+")
        if foreign == "verifier":
            fields = paste_fields(change_link(link, code_challenge=challenge), desk)
        elif foreign == "client":
            other = change_link(link, client_id=portal, redirect_uri="http://localhost:9998/callback")
            fields = paste_fields(other, desk)
        else:
            fields = paste_fields(change_link(link, code_challenge=challenge), desk)
            redeem(desk.tenant, fields["code"])
        _, said = program.communicate(f"{REDIRECT_URL}?{urlencode(fields)}\n", timeout=60)
    assert program.returncode == 4, said
    number = {"verifier": "AADSTS501481", "client": "AADSTS70000", "replayed": "AADSTS54005"}[foreign]
    assert number in said


def redeem(tenant: RunningTenant, code: str) -> None:
    """Redeem a code whose challenge is that of RFC 7636, appendix B, as somebody else would."""
    form = {
        "grant_type": "authorization_code",
        "client_id": tenant.app("Desktop bot")["client_id"],
        "code": code,
        "redirect_uri": REDIRECT_URL,
        "code_verifier": "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    }
    with tenant.client() as client:
        answer = client.post(f"/{tenant.cloud()['tenant_id']}/oauth2/v2.0/token", data=form)
    assert answer.status_code == 200


@pytest.mark.parametrize("cloud", [GLOBAL, GCC_HIGH])
def test_a_device_code_is_entered_elsewhere(desk: Desk, cloud: str) -> None:
    """The code is entered on another machine, and the connection of the server goes on."""
    with run(write_command(desk.tenant, cloud=cloud, mode="device-code")) as program:
        said = read_until(program.stderr, r"open the page \S+ and enter the code \w+")
        address, code = re.findall(r"https://\S+|\w+$", said)
        with open_browser(desk.tenant) as client:
            person = Person(desk.tenant, client).visit(address)
            let_device_in(person, code, AP[cloud])
        printed, _ = program.communicate(timeout=60)
    assert program.returncode == 0
    assert f"✓ The mailbox {AP[cloud]} opens" in printed
    again = write_command(desk.tenant, "--unattended", cloud=cloud, mode="device-code")
    assert run_to_its_end(again).returncode == 0


def let_device_in(person: Person, code: str, username: str) -> None:
    """Enter the code, sign in, accept, and confirm."""
    person.press("idSIButton9", otc=code)
    person.press("idSIButton9", loginfmt=username)
    person.press("idSIButton9", passwd=password_of(person.tenant, username))
    while person.page.has("Accept") or person.page.has("Continue"):
        person.press("Accept" if person.page.has("Accept") else "Continue")


def test_an_unattended_run_asks_nobody(desk: Desk) -> None:
    """Before the first sign-in it ends at once and says how to get one; no browser opens."""
    ended = run_to_its_end(write_command(desk.tenant, "--unattended", mode="authorization-code"))
    assert (ended.returncode, desk.links) == (4, 0)
    assert "Nobody has signed in as ap@contoso.com" in ended.stderr
    assert "Control Room" in ended.stderr


def test_where_nothing_can_be_kept_the_three_ways_are_told(desk: Desk) -> None:
    """Without keychain and key the sign-in works for this run, and the person reads how it could be kept."""
    nothing = {"POSTROOM_TOKEN_KEY": "", "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring"}
    command = write_command(desk.tenant, mode="authorization-code", redirect_url=free_url())
    with run(command, **nothing) as program:
        _, said = program.communicate(timeout=60)
    assert (program.returncode, desk.links) == (0, 1), said
    for way in ("Control Room", "POSTROOM_TOKEN_KEY", "sign in at each run"):
        assert way in said
    assert not list(desk.folder.rglob("*.tokens"))


def test_after_signing_out_somebody_must_sign_in_again(desk: Desk) -> None:
    """The kept sign-in is gone from this machine; a second time does no harm."""
    connect = write_command(desk.tenant, mode="authorization-code", redirect_url=free_url())
    sign_out = ["sign-out" if word == "connect" else word for word in connect]
    for command in (connect, sign_out, sign_out, connect):
        ended = run_to_its_end(command)
        assert ended.returncode == 0, ended.stderr
    assert desk.links == 2


def test_an_app_that_signs_in_as_itself_cannot_sign_out(desk: Desk) -> None:
    """Client Credentials keep no sign-in of a person, and the error says so."""
    command = [*COMMAND, "sign-out", "--username", AP[GLOBAL]]
    command += ["--client-id", "a", "--tenant-id", "contoso.com"]
    ended = run_to_its_end(command, POSTROOM_CREDENTIAL_AZURE_CLIENT_SECRET="any")
    assert (ended.returncode, "no sign-in of a person" in ended.stderr) == (3, True)
