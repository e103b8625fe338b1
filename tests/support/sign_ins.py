"""Programs that use the store of a sign-in, each in a process of its own: `python -m support.sign_ins WHAT`.

They print one line when they are ready, and begin when they are sent one, so that several begin at once.
"""

import itertools
import logging
import os
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from postroom.auth.refusals import SignInPlace
from postroom.auth.token_keys import KEY_VARIABLE
from postroom.auth.token_store import TokenStore, get_token_store
from postroom.clouds import AZURE_GLOBAL

if TYPE_CHECKING:
    import msal

PLACE = SignInPlace(AZURE_GLOBAL, "contoso.example", "11111111-2222-3333-4444-555555555555")
USERNAME = "Adele@contoso.com"
ACCESS_TOKEN = "canary-access-token"
REFRESH_TOKEN = "canary-refresh-token"
KEY = "A" * 42 + "E"
OTHER_KEY = "B" * 42 + "E"
TIMEOUT_SECONDS = 600


def add_token(tokens: "msal.SerializableTokenCache", name: str) -> None:
    """Add an access token for a scope of this name, as MSAL does with an answer of the token endpoint."""
    tokens.add(
        {
            "client_id": PLACE.client_id,
            "scope": [name],
            "token_endpoint": PLACE.cloud.authority(PLACE.tenant_id) + "/oauth2/v2.0/token",
            "response": {
                "access_token": f"{ACCESS_TOKEN}-{name}",
                "refresh_token": f"{REFRESH_TOKEN}-{name}",
                "expires_in": 3600,
                "scope": name,
            },
        }
    )


def list_names(tokens: "msal.SerializableTokenCache") -> set[str]:
    """List the scopes of which there are access tokens."""
    return {entry["target"] for entry in tokens.search("AccessToken")}


def read_names(store: TokenStore) -> set[str]:
    """List what a store holds."""
    with store.open() as tokens:
        return list_names(tokens)


def lead_to(folder: Path) -> dict[str, str]:
    """The variables that make a folder the user's own, on each operating system."""
    return {
        "HOME": str(folder),
        "LOCALAPPDATA": str(folder / "state"),
        "XDG_STATE_HOME": str(folder / "state"),
    }


def launch(what: str, *arguments: str, environment: Mapping[str, str]) -> "subprocess.Popen[str]":
    """Start a program, which then waits for `begin`."""
    return subprocess.Popen(
        [sys.executable, "-m", "support.sign_ins", what, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={
            **{name: value for name, value in os.environ.items() if name != KEY_VARIABLE},
            "PYTHONPATH": str(Path(__file__).parents[1]),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.fail.Keyring",
            **environment,
        },
    )


def begin(process: "subprocess.Popen[str]") -> None:
    """Let a program begin as soon as it is ready."""
    assert process.stdin is not None
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("begin\n")
    process.stdin.flush()


def run(what: str, *arguments: str, environment: Mapping[str, str]) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end."""
    return run_at_once([(what, *arguments)], environment)[0]


def run_at_once(
    commands: Iterable[Sequence[str]], environment: Mapping[str, str]
) -> "list[subprocess.CompletedProcess[str]]":
    """Run programs that begin together, each in a process of its own, to their end."""
    with ExitStack() as stack:
        processes = [stack.enter_context(launch(*command, environment=environment)) for command in commands]
        for process in processes:
            begin(process)
        done = [process.communicate(timeout=TIMEOUT_SECONDS) for process in processes]
    return [
        subprocess.CompletedProcess(process.args, process.returncode, *texts)
        for process, texts in zip(processes, done, strict=True)
    ]


def _add(name: str, count: str) -> None:
    """Open, add one token and close, over and over."""
    for number in range(int(count)):
        with get_token_store(PLACE, USERNAME).open() as tokens:
            add_token(tokens, f"{name}.{number}")


def _add_for_ever() -> None:
    """Say each time what is safely kept; the twenty newest are enough to see it."""
    store = get_token_store(PLACE, USERNAME)
    for number in itertools.count():
        with store.open() as tokens:
            add_token(tokens, f"{number % 20}-{number}")
            for entry in list(tokens.search("AccessToken")):
                if int(entry["target"].partition("-")[2]) <= number - 20:
                    tokens.remove_at(entry)
        print(number, flush=True)


def _hold(seconds: str) -> None:
    with get_token_store(PLACE, USERNAME).open():
        print("held", flush=True)
        time.sleep(float(seconds))


def _show(*names: str) -> None:
    """Add tokens, read them anew, and tell what there is."""
    store = get_token_store(PLACE, USERNAME)
    for name in names:
        with store.open() as tokens:
            add_token(tokens, name)
    print("kept" if store.kept else "not kept", *sorted(read_names(store)))


def _reopen() -> None:
    """Open, and when told so open again."""
    store = get_token_store(PLACE, USERNAME)
    read_names(store)
    print("opened", flush=True)
    sys.stdin.readline()
    print(*read_names(store))


PROGRAMS = {
    "add": _add,
    "add-for-ever": _add_for_ever,
    "hold": _hold,
    "reopen": _reopen,
    "show": _show,
}


def main(what: str, *arguments: str) -> None:
    """Be one of the programs."""
    import keyring
    import msal

    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    assert keyring
    assert msal
    print("ready", flush=True)
    sys.stdin.readline()
    PROGRAMS[what](*arguments)


if __name__ == "__main__":
    main(*sys.argv[1:])
