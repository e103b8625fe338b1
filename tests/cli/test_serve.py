"""`postroom serve`: the first start, what it says, how it ends, several that share a database."""

import json
import os
import pty
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import httpx2
import pytest

from support.canary import canary
from support.control_room import (
    ADMINISTRATOR,
    COMMAND,
    TOKEN_FIELD,
    RunningControlRoom,
    start_control_room,
)
from support.empty_database import empty_database
from support.postgresql import MISSING, find_programs, share_postgresql
from support.tenant import bare_environment, end, find_free_ports

PASSWORD = "seven tall boats at noon"
TIMEOUT_SECONDS = 60


@pytest.fixture(scope="module")
def control_room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningControlRoom]:
    """Start a Control Room that makes its administrator's password itself."""
    with start_control_room(tmp_path_factory.mktemp("serve"), admin_password=None) as running:
        yield running


def environment(home: Path, **more: str) -> dict[str, str]:
    """Give an environment with a home of its own."""
    kept = {name: value for name, value in bare_environment().items() if not name.startswith("POSTROOM_")}
    return {**kept, "POSTROOM_HOME": str(home), "PYTHONUTF8": "1", **more}


def run(home: Path, *arguments: str, **more: str) -> "subprocess.CompletedProcess[str]":
    """Run `postroom serve` where it is expected to refuse."""
    return subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=TIMEOUT_SECONDS,
        check=False,
        env=environment(home, **more),
    )


def test_the_password_that_it_made_opens_it(control_room: RunningControlRoom) -> None:
    """Without a terminal the administrator's password is printed once, and is to be changed first."""
    assert control_room.admin_password
    with control_room.signed_in() as client:
        assert client.get("/").headers["location"] == "/me/password/"


def test_it_is_healthy(control_room: RunningControlRoom) -> None:
    """Tables and vault are there from the first start."""
    answer = httpx2.get(f"{control_room.address}/health", trust_env=False)
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    assert "server" not in answer.headers


def test_its_log_is_json_without_queries(control_room: RunningControlRoom) -> None:
    """Each line on stderr is an object, and what follows a question mark is nowhere in it."""
    answer = httpx2.get(f"{control_room.address}/?code=hush-hush", trust_env=False)
    lines = [json.loads(line) for line in control_room.log.splitlines()]
    assert answer.headers["x-request-id"] in {line["request_id"] for line in lines}
    assert "hush-hush" not in control_room.log


def test_no_proxy_is_believed_unless_named(control_room: RunningControlRoom) -> None:
    """An address that a client claims is not the one that is logged."""
    headers = {"X-Forwarded-For": "203.0.113.9"}
    answer = httpx2.get(f"{control_room.address}/login/", headers=headers, trust_env=False)
    line = find_line(control_room, answer.headers["x-request-id"])
    assert line["address"] in ("127.0.0.1", "::1")


def test_behind_https_the_named_proxy_is_believed(tmp_path: Path) -> None:
    """What the proxy says of the client is logged, HTTP leads to HTTPS, and cookies are for HTTPS alone.

    Scripts do not see the session.
    """
    url = "https://postroom.contoso.com"
    headers = {"X-Forwarded-For": "203.0.113.9", "X-Forwarded-Proto": "https", "Host": "postroom.contoso.com"}
    with start_control_room(tmp_path, environment={"POSTROOM_URL": url}) as running:
        address = running.address.replace("localhost", "127.0.0.1")
        with httpx2.Client(base_url=address, headers=headers, trust_env=False) as client:
            page = client.get("/login/")
            assert page.status_code == 200
            assert "max-age=31536000" in page.headers["strict-transport-security"]
            assert find_line(running, page.headers["x-request-id"])["address"] == "203.0.113.9"
            led = client.get("/login/", headers={"X-Forwarded-Proto": "http"})
            assert (led.status_code, led.headers["location"]) == (301, f"{url}/login/")
            cookies = [page.headers["set-cookie"], sign_in_behind_proxy(client, running, page)]
        for cookie in cookies:
            assert {"Secure", "SameSite=Lax", "Path=/"} <= set(cookie.split("; "))
        assert "HttpOnly" in cookies[1]
        plain = httpx2.get(f"{address}/login/", headers={"Host": headers["Host"]}, trust_env=False)
        assert plain.headers["location"] == f"{url}/login/"
        assert httpx2.get(f"{address}/health", trust_env=False).status_code == 200


def sign_in_behind_proxy(client: httpx2.Client, room: RunningControlRoom, page: httpx2.Response) -> str:
    """Sign the administrator in, and give the session's cookie as it was set."""
    found = TOKEN_FIELD.search(page.text)
    assert found
    token = page.headers["set-cookie"].partition("=")[2].partition(";")[0]
    answer = client.post(
        "/login/",
        data={"csrfmiddlewaretoken": found[1], "username": ADMINISTRATOR, "password": room.admin_password},
        # The client is not on HTTPS and so keeps the cookie to itself; the browser in front of the proxy does not.
        headers={"Referer": "https://postroom.contoso.com/login/", "Cookie": f"csrftoken={token}"},
    )
    assert answer.status_code == 302
    cookies = answer.headers.get_list("set-cookie")
    return next(cookie for cookie in cookies if cookie.startswith("postroom_session="))


def test_a_port_in_use(control_room: RunningControlRoom, tmp_path: Path) -> None:
    """The other program is named as the reason, and nothing was made."""
    port = control_room.address.rpartition(":")[2]
    done = run(tmp_path / "home", "--port", port)
    assert done.returncode == 8
    assert f"Port {port} is in use" in done.stderr
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize(
    ("arguments", "settings", "exit_code", "told"),
    [
        (("--host", "no-host.invalid"), {}, 8, "--host"),
        ((), {"POSTROOM_URL": "postroom.contoso.com"}, 3, "POSTROOM_URL"),
        ((), {"POSTROOM_DATABASE": "mysql://hush-hush@localhost/a"}, 3, "POSTROOM_DATABASE"),
        ((), {"POSTROOM_ADMIN_PASSWORD": "admin"}, 3, "POSTROOM_ADMIN_PASSWORD"),
        ((), {"POSTROOM_VAULT_KEY": "no-key"}, 12, "POSTROOM_VAULT_KEY"),
    ],
)
def test_what_cannot_be_used_is_told(
    arguments: tuple[str, ...], settings: dict[str, str], exit_code: int, told: str, tmp_path: Path
) -> None:
    """A sentence says which setting it is, and the process ends with the exit code of the table."""
    port = str(find_free_ports(1))
    empty_database.copy_to(tmp_path)
    done = run(tmp_path, "--port", port, *arguments, **settings)
    assert (done.returncode, done.stdout) == (exit_code, "")
    assert told in done.stderr
    assert "Traceback" not in done.stderr
    assert "hush-hush" not in done.stderr


def test_a_database_that_does_not_answer(tmp_path: Path) -> None:
    """What is wrong is told without the password that is in the address."""
    port = find_free_ports(2)
    address = f"postgresql://postroom:hush-hush@127.0.0.1:{port + 1}/postroom"
    done = run(tmp_path, "--port", str(port), POSTROOM_DATABASE=address)
    assert done.returncode == 12
    assert "POSTROOM_DATABASE" in done.stderr
    assert "hush-hush" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends processes in another way.")
def test_it_ends_cleanly(tmp_path: Path) -> None:
    """Either signal ends it with 0, after what it is answering; what is kept serves the next start as it is."""
    for number, password in ((signal.SIGTERM, PASSWORD), (signal.SIGINT, f"another than {PASSWORD}")):
        with start_control_room(tmp_path, admin_password=password) as running:
            with running.signed_in(password=PASSWORD) as client:
                assert client.get("/").status_code == 200
            answer = end_while_it_answers(running, number)
            assert answer.startswith(b"HTTP/1.1 200 OK")
            assert answer.rstrip().endswith(b"</html>")
            assert running.process.wait(TIMEOUT_SECONDS) == 0


def end_while_it_answers(running: RunningControlRoom, number: signal.Signals) -> bytes:
    """Send it a signal when it has begun to answer, and give all that it answers."""
    port = int(running.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_SECONDS) as client:
        client.sendall(b"GET /login/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        first = client.recv(1)
        running.process.send_signal(number)
        return first + b"".join(iter(lambda: client.recv(65536), b""))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals.")
def test_at_a_terminal_it_asks(tmp_path: Path) -> None:
    """A person chooses the password; a weak one and a mistyped one are asked for again, and none is shown."""
    canary.add([PASSWORD])
    ready, port = tmp_path / "ready", find_free_ports(1)
    screen, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "--port", str(port), "--ready-file", str(ready)],
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        text=True,
        env=environment(tmp_path / "home"),
        start_new_session=True,
    )
    os.close(terminal)
    try:
        shown = ""
        for first, second in (("admin", "admin"), (PASSWORD, "another"), (PASSWORD, PASSWORD)):
            for question, answer in (("Password: ", first), ("Once more: ", second)):
                shown += read_until(screen, question)
                os.write(screen, f"{answer}\n".encode())
        shown += read_until(screen, "Ctrl+C.")
        while not ready.exists():  # written last; pytest's own timeout ends a wait in vain
            time.sleep(0.02)
        assert "too short" in shown
        assert PASSWORD not in shown
    finally:
        end(process)
        os.close(screen)


def test_several_that_start_at_once_on_postgresql(tmp_path: Path) -> None:
    """Each host migrates or waits, one makes the administrator, and all answer from one database."""
    if find_programs() is None:
        pytest.skip(MISSING)
    shared = {"POSTROOM_SECRET_KEY": "k" * 60, "POSTROOM_VAULT_KEY": "A" * 43}
    with share_postgresql(tmp_path / "server") as server, ExitStack() as stack, ThreadPoolExecutor(2) as pool:
        database = server.create_database("several")

        hosts = [
            start_control_room(
                tmp_path / f"host{number}",
                database=database,
                server=server,
                environment=shared,
                admin_password=PASSWORD,
            )
            for number in range(2)
        ]
        started = list(pool.map(lambda host: host.__enter__(), hosts))
        for host in hosts:
            stack.push(host)
        with started[0].signed_in() as client:
            cookies = dict(client.cookies)
        for running in started[1:]:
            page = httpx2.get(f"{running.address}/", cookies=cookies, trust_env=False)
            assert page.status_code == 200
            assert "Overview" in page.text


def find_line(running: RunningControlRoom, request_id: str) -> dict[str, object]:
    """Find the line that the log has of a request."""
    lines: list[dict[str, object]] = [json.loads(line) for line in running.log.splitlines()]
    return next(line for line in lines if line["request_id"] == request_id)


def read_until(screen: int, mark: str) -> str:
    """Read what is shown until this comes."""
    shown = ""
    while mark not in shown:
        shown += os.read(screen, 4096).decode()
    return shown
