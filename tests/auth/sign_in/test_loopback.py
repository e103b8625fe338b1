"""The receiver, on real sockets and with real HTTP."""

import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from threading import Thread
from urllib.parse import urlsplit

import pytest

from postroom.auth.sign_in.loopback import LoopbackReceiver
from postroom.errors import ConsentMissingError, SignInTimeoutError
from sign_in.browsers import (
    CODE,
    NEEDS_IPV6,
    STATE,
    TIMEOUT_SECONDS,
    USERNAME,
    Answer,
    ask,
    beside,
    get,
    post,
    say,
)
from support.sign_in import free_url

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
STRANGER = "belongs to another sign-in"


def open_receiver(url: str | None = None) -> LoopbackReceiver:
    return LoopbackReceiver(url or free_url(), STATE, USERNAME)


@pytest.mark.parametrize("bring", [post, get])
def test_the_answer_is_received(bring: Callable[..., Answer]) -> None:
    """An answer comes as a form or in the query, and all its fields are given."""
    fields = {"state": STATE, "code": CODE, "session_state": "ä&=+ %", "client_info": ""}
    with ExitStack() as stack, open_receiver() as receiver:
        answered = stack.enter_context(beside(lambda: bring(receiver.redirect_uri, fields)))
        assert receiver.wait(TIMEOUT_SECONDS) == fields
    assert answered[0].status == 200


def test_the_browser_is_told_that_the_connection_is_there() -> None:
    """The page comes when the block has come through, and not before."""
    with ExitStack() as stack, open_receiver() as receiver:
        answered = stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        receiver.wait(TIMEOUT_SECONDS)
        assert not answered
    assert answered[0].status == 200
    assert "You are connected" in answered[0].text
    assert USERNAME in answered[0].text


def test_the_browser_is_told_why_it_failed() -> None:
    """An error of ours inside the block is the sentence on the page, with its references, made harmless."""
    error = ConsentMissingError(
        "Consent for <Mail.Send> & more is missing.", aadsts=65001, request_id="abc-1"
    )
    with ExitStack() as stack, pytest.raises(ConsentMissingError), open_receiver() as receiver:
        answered = stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        receiver.wait(TIMEOUT_SECONDS)
        raise error
    assert answered[0].status == 400
    assert "The sign-in did not succeed" in answered[0].text
    assert "Consent for &lt;Mail.Send&gt; &amp; more is missing." in answered[0].text
    assert "AADSTS65001 · request id abc-1" in answered[0].text


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_the_browser_is_told_that_the_program_ended(error: type[BaseException]) -> None:
    """Where the program ends in between, the page says so, and nothing of the error."""
    with ExitStack() as stack, pytest.raises(error), open_receiver() as receiver:
        answered = stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        receiver.wait(TIMEOUT_SECONDS)
        raise error("secret words")
    assert answered[0].status == 503
    assert "The sign-in did not succeed" in answered[0].text
    assert "secret words" not in answered[0].text


def test_an_answer_may_come_before_it_is_waited_for() -> None:
    """Nothing is lost when the browser is faster than the program."""
    with ExitStack() as stack, open_receiver() as receiver:
        answered = [stack.enter_context(beside(lambda: post(receiver.redirect_uri))) for _ in range(2)]
        while not any(answered):  # one of the two is refused, so the other has been taken
            time.sleep(0.01)
        assert receiver.wait(0)["code"] == CODE


@pytest.mark.parametrize(
    "fields",
    [
        {"state": "another", "code": CODE},
        {"code": CODE},
        {"state": "", "code": CODE},
        {"state": STATE.upper(), "code": CODE},
        {"state": STATE},
        {"state": "ä\ud800".encode(errors="surrogatepass").decode(errors="replace"), "error": "x"},
        {},
    ],
)
@pytest.mark.parametrize("bring", [post, get])
def test_an_answer_to_another_sign_in_changes_nothing(
    bring: Callable[..., Answer], fields: dict[str, str]
) -> None:
    """A wrong or missing state gets its own sentence, and the right answer is still taken."""
    with ExitStack() as stack, open_receiver() as receiver:
        refused = bring(receiver.redirect_uri, fields)
        assert refused.status == 400
        assert STRANGER in refused.text
        stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        assert receiver.wait(TIMEOUT_SECONDS)["code"] == CODE


@pytest.mark.parametrize(
    "body",
    [
        f"state={STATE}&code={CODE}&code=other",
        f"state=other&state={STATE}&code={CODE}",
        f"state={STATE}&code={CODE}" + "&x=" * 60,
    ],
)
def test_a_field_that_comes_twice_is_refused(body: str) -> None:
    """Repeated or endless fields make no answer (RFC 6749 §3.1)."""
    with open_receiver() as receiver:
        assert STRANGER in ask("POST", receiver.redirect_uri, body, FORM).text
        assert STRANGER in ask("GET", f"{receiver.redirect_uri}?{body}").text


def test_a_second_answer_changes_nothing() -> None:
    """While the first is worked on, a second one gets its own sentence."""
    with ExitStack() as stack, open_receiver() as receiver:
        answered = stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        first = receiver.wait(TIMEOUT_SECONDS)
        second = post(receiver.redirect_uri, {"state": STATE, "code": "another"})
        assert second.status == 409
        assert "a second time and changed nothing" in second.text
        assert receiver.wait(0) == first
    assert "You are connected" in answered[0].text


def test_one_of_many_answers_at_once_is_taken() -> None:
    """However many come in the same moment, one is held and the others are refused."""
    with ExitStack() as stack, open_receiver() as receiver:
        answered = [stack.enter_context(beside(lambda: post(receiver.redirect_uri))) for _ in range(12)]
        while sum(map(len, answered)) < 11:
            time.sleep(0.01)
        assert receiver.wait(0)["code"] == CODE
    assert sorted(each[0].status for each in answered) == [200] + [409] * 11


def test_nobody_comes() -> None:
    """The wait ends with a sentence that says who should have signed in."""
    with pytest.raises(SignInTimeoutError) as caught, open_receiver() as receiver:
        receiver.wait(0.01)
    assert f"Nobody finished the sign-in as {USERNAME}" in caught.value.message
    assert STRANGER not in caught.value.message


def test_only_a_stranger_came() -> None:
    """A wrong answer that came meanwhile is named, as it may be the reason."""
    with pytest.raises(SignInTimeoutError) as caught, open_receiver() as receiver:
        post(receiver.redirect_uri, {"state": "other", "code": CODE})
        receiver.wait(0.01)
    assert STRANGER in caught.value.message


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("localhost", "127.0.0.1"),
        pytest.param("localhost", "::1", marks=NEEDS_IPV6),
        ("127.0.0.1", "127.0.0.1"),
        pytest.param("[::1]", "::1", marks=NEEDS_IPV6),
    ],
)
@pytest.mark.parametrize("port", ["given", "free"])
def test_each_address_is_listened_on(host: str, address: str, port: str) -> None:
    """A browser finds the receiver at every address that the host of the redirect URL may mean."""
    url = free_url(host) if port == "given" else f"http://{host}/Callback"
    with ExitStack() as stack, open_receiver(url) as receiver:
        chosen = urlsplit(receiver.redirect_uri).port
        assert receiver.redirect_uri == (url if port == "given" else f"http://{host}:{chosen}/Callback")
        stack.enter_context(beside(lambda: post(receiver.redirect_uri, address=address)))
        assert receiver.wait(TIMEOUT_SECONDS)["code"] == CODE


@NEEDS_IPV6
@pytest.mark.parametrize(("host", "other"), [("127.0.0.1", "::1"), ("[::1]", "127.0.0.1")])
def test_no_other_address_is_listened_on(host: str, other: str) -> None:
    """A redirect URL with an IP address is that address alone."""
    with open_receiver(free_url(host)) as receiver, pytest.raises(ConnectionRefusedError):
        post(receiver.redirect_uri, address=other)


@pytest.mark.parametrize("path", ["", "/", "/Callback", "/a/b%20c", "/über"])
def test_any_path_will_do(path: str) -> None:
    """The path of the redirect URL is free; a browser writes it with percent signs."""
    with ExitStack() as stack, open_receiver(free_url(path=path)) as receiver:
        sent = receiver.redirect_uri.replace("ü", "%C3%BC")
        stack.enter_context(beside(lambda: post(sent)))
        assert receiver.wait(TIMEOUT_SECONDS)["code"] == CODE


@pytest.mark.parametrize("path", ["/favicon.ico", "/callback", "/Callback/", "/", "/Callback/../Callback"])
def test_other_paths_are_not_there(path: str) -> None:
    """What is not exactly the redirect URL takes no answer."""
    with open_receiver() as receiver:
        elsewhere = receiver.redirect_uri.replace("/Callback", path)
        assert {post(elsewhere).status, get(elsewhere).status} == {404}
        with pytest.raises(SignInTimeoutError):
            receiver.wait(0)


@pytest.mark.parametrize("host", ["attacker.example", "localhost", "127.0.0.1:{port}", "localhost:1", ""])
def test_another_host_is_not_here(host: str) -> None:
    """A page whose name was made to lead to this machine cannot bring an answer (DNS rebinding)."""
    with open_receiver() as receiver:
        port = urlsplit(receiver.redirect_uri).port
        headers = {**FORM, "Host": host.format(port=port)}
        assert ask("POST", receiver.redirect_uri, f"state={STATE}&code={CODE}", headers).status == 404
        with pytest.raises(SignInTimeoutError):
            receiver.wait(0)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "CONNECT", "FOO"])
def test_other_methods_are_refused(method: str) -> None:
    """Only GET and POST bring an answer."""
    with open_receiver() as receiver:
        refused = ask(method, f"{receiver.redirect_uri}?state={STATE}&code={CODE}")
        assert refused.status == 405
        assert refused.headers["Allow"] == "GET, POST"
        assert bool(refused.text) == (method != "HEAD")


def test_a_form_is_a_form() -> None:
    """Another content type, no length, or more than a sign-in can need is refused."""
    body = f"state={STATE}&code={CODE}"
    with open_receiver() as receiver:
        url = receiver.redirect_uri
        assert ask("POST", url, body, {"Content-Type": "application/json"}).status == 400
        assert ask("POST", url, body, {"Content-Type": "text/plain"}).status == 400
        assert b" 411 " in say(url, head("POST", url))
        assert b" 411 " in say(url, head("POST", url, "Content-Length: -1"))
        assert b" 413 " in say(url, head("POST", url, "Content-Length: 65537"))
        assert b" 400 " in say(url, head("POST", url, "Content-Length: 99") + body.encode())
        with pytest.raises(SignInTimeoutError):
            receiver.wait(0)


def head(method: str, url: str, *lines: str) -> bytes:
    parts = urlsplit(url)
    first = f"{method} {parts.path} HTTP/1.1"
    form = "Content-Type: application/x-www-form-urlencoded"
    return "\r\n".join([first, f"Host: {parts.netloc}", form, *lines, "", ""]).encode()


@pytest.mark.parametrize(
    "words",
    [
        b"",
        b"\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
        b"GET\r\n\r\n",
        b"GET /Callback HTTP/9.9\r\n\r\n",
        b"GET /Callback?code=" + CODE.encode() + b"\r\n\r\n",
        b"GET /Callback?code=" + CODE.encode() + b" with spaces HTTP/1.1\r\n\r\n",
        b"GET /" + b"a" * 70000 + b" HTTP/1.1\r\n\r\n",
        b"GET http://[/ HTTP/1.1\r\nHost: [\r\n\r\n",
        b"GET /Callback HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n",
        b"GET /Callback HTTP/1.1\r\nX: " + b"y" * 70000 + b"\r\n\r\n",
        b"GET /Callback HTTP/1.1\r\nno header\r\n\r\n",
        b"POST /Callback HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n",
    ],
)
def test_what_is_not_http_does_no_harm(words: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    """Malformed requests are refused without a word on the terminal, and the sign-in goes on."""
    with ExitStack() as stack, open_receiver() as receiver:
        with suppress(ConnectionError):  # it may hang up while words are still coming
            assert CODE.encode() not in say(receiver.redirect_uri, words)
        stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        assert receiver.wait(TIMEOUT_SECONDS)["code"] == CODE
    assert capfd.readouterr() == ("", "")


def test_silent_connections_hold_nothing_up() -> None:
    """Browsers open connections in advance; the answer comes on another one, and the end closes them."""
    with ExitStack() as stack:
        with open_receiver() as receiver:
            place = ("127.0.0.1", urlsplit(receiver.redirect_uri).port)
            silent = [stack.enter_context(socket.create_connection(place, TIMEOUT_SECONDS)) for _ in range(6)]
            silent[0].sendall(b"POST /Callb")
            answered = stack.enter_context(beside(lambda: post(receiver.redirect_uri, address="127.0.0.1")))
            receiver.wait(TIMEOUT_SECONDS)
        assert all(connection.recv(1) == b"" for connection in silent[1:])
    assert answered[0].status == 200


def test_the_port_is_free_again_at_once() -> None:
    """One sign-in after the other can use the same redirect URL, whatever connections the first has left."""
    url = free_url()
    for _ in range(3):
        with ExitStack() as stack, open_receiver(url) as receiver:
            place = ("127.0.0.1", urlsplit(url).port)
            stack.enter_context(socket.create_connection(place, TIMEOUT_SECONDS))
            stack.enter_context(beside(lambda: post(url)))
            receiver.wait(TIMEOUT_SECONDS)
        with pytest.raises(ConnectionRefusedError):
            post(url)


def test_nothing_is_left_running() -> None:
    """The receiver takes its threads with it."""
    before = set(threading.enumerate())
    with ExitStack() as stack, open_receiver() as receiver:
        stack.enter_context(beside(lambda: post(receiver.redirect_uri)))
        receiver.wait(TIMEOUT_SECONDS)
    assert set(threading.enumerate()) <= before


def test_pages_are_guarded() -> None:
    """No page may load anything, be framed, be kept, or tell where the browser came from."""
    with open_receiver() as receiver:
        for answer in (
            post(receiver.redirect_uri, {}),
            get(receiver.redirect_uri + "x"),
            ask("PUT", receiver.redirect_uri),
        ):
            policy = answer.headers["Content-Security-Policy"]
            assert "default-src 'none'" in policy
            assert "frame-ancestors 'none'" in policy
            assert "unsafe" not in policy
            assert answer.headers["Cache-Control"] == "no-store"
            assert answer.headers["Referrer-Policy"] == "no-referrer"
            assert answer.headers["X-Content-Type-Options"] == "nosniff"
            assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
            assert "Python" not in answer.headers["Server"]


WAITING = """
import sys
from postroom.auth.sign_in.loopback import LoopbackReceiver
with LoopbackReceiver("http://localhost", "state", "ap@contoso.com") as receiver:
    print(receiver.redirect_uri, flush=True)
    receiver.wait(300)
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends Ctrl+C to whole groups of programs.")
def test_an_interrupt_ends_the_wait() -> None:
    """Ctrl+C is heard at once, and the program ends with it."""
    with subprocess.Popen(
        [sys.executable, "-c", WAITING], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        get(url, {})
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=TIMEOUT_SECONDS)
    assert errors.strip().endswith("KeyboardInterrupt")


def test_the_wait_may_be_on_any_thread() -> None:
    """A bot that connects in a thread of its own waits there."""
    received: list[str] = []

    def connect() -> None:
        with open_receiver(url) as receiver:
            ready.append(True)
            received.append(receiver.wait(TIMEOUT_SECONDS)["code"])

    url, ready = free_url(), list[bool]()
    thread = Thread(target=connect)
    thread.start()
    while not ready:
        thread.join(0.01)
    assert post(url).status == 200
    thread.join(TIMEOUT_SECONDS)
    assert received == [CODE]
