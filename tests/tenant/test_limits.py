"""Limits: what counts, what is refused and when it is taken again, by the tenant's clock."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postroom.tenant.limits import Window
from support.tenant import GCC_HIGH, GLOBAL, RunningTenant

MESSAGES = "/v1.0/users/ap@contoso.com/messages"


@pytest.fixture
def get(tenant: RunningTenant) -> Callable[..., httpx2.Response]:
    """Give what gets a path of Graph as an app."""
    tokens: dict[tuple[str, str], str] = {}

    def get(path: str = MESSAGES, app: str = "Invoice bot", cloud: str = GLOBAL) -> httpx2.Response:
        token = tokens.get((app, cloud)) or tokens.setdefault((app, cloud), tenant.token(app, cloud))
        with tenant.client(cloud) as client:
            return client.get(path, headers={"Authorization": f"Bearer {token}"})

    return get


def limit(tenant: RunningTenant, **settings: Any) -> dict[str, Any]:
    answer = tenant.control.post("/limits", json=settings)
    assert answer.status_code == 200, answer.text
    described: dict[str, Any] = answer.json()
    return described


def counted(tenant: RunningTenant) -> dict[str, Any]:
    (only,) = tenant.control.get("/limits").json()["counted"]
    found: dict[str, Any] = only
    return found


def test_the_documented_limits_hold_from_the_start(tenant: RunningTenant) -> None:
    """Numbers as documented; they come back with the mode, and with a reset."""
    documented = tenant.control.get("/limits").json()
    assert documented["mode"] == "documented"
    assert (documented["concurrency"], documented["requests"], documented["window_seconds"]) == (
        4,
        10_000,
        600,
    )
    assert (documented["upload_bytes"], documented["upload_window_seconds"]) == (150 * 1024 * 1024, 300)
    assert (documented["messages"], documented["recipients"]) == (30, 500)
    assert documented["message_bytes"] == 35 * 1024 * 1024
    changed = limit(tenant, requests=7)
    assert (changed["mode"], changed["requests"], changed["concurrency"]) == ("changed", 7, 4)
    assert limit(tenant, mode="off")["requests"] is None
    assert limit(tenant, mode="documented") == documented
    limit(tenant, requests=7)
    tenant.reset()
    assert tenant.control.get("/limits").json() == documented


def test_too_many_requests(tenant: RunningTenant, get: Callable[..., httpx2.Response]) -> None:
    """Beyond the number in the window: 429 as documented, until the oldest has left the window."""
    limit(tenant, requests=2, window_seconds=100)
    assert [get().status_code for _ in range(2)] == [200, 200]
    refused = get()
    error = refused.json()["error"]
    assert refused.status_code == 429
    assert (error["code"], error["message"]) == ("TooManyRequests", "Please retry again later.")
    inner = error["innerError"]
    assert (inner["code"], inner["status"], inner["message"]) == ("429", "429", "Please retry after")
    assert 0 < int(refused.headers["retry-after"]) <= 100
    assert counted(tenant)["refused"] == {"concurrency": 0, "requests": 1, "upload_bytes": 0}
    tenant.advance_clock(101)
    assert get().status_code == 200


def test_refused_requests_count_too(tenant: RunningTenant, get: Callable[..., httpx2.Response]) -> None:
    """Who goes on asking is not let in until there was quiet for long enough."""
    limit(tenant, requests=1, window_seconds=100)
    assert [get().status_code for _ in range(2)] == [200, 429]
    tenant.advance_clock(60)
    assert get().status_code == 429
    tenant.advance_clock(60)
    assert get().status_code == 429
    tenant.advance_clock(101)
    assert get().status_code == 200


def test_apps_mailboxes_and_clouds_are_counted_apart(
    tenant: RunningTenant, get: Callable[..., httpx2.Response]
) -> None:
    """The limit is for one app in one mailbox; what is not in a mailbox does not count, nor does who has no token."""
    limit(tenant, requests=1)
    assert get().status_code == 200
    assert get("/v1.0/users/AP%40contoso.com/mailFolders").status_code == 429
    assert get("/v1.0/users/adele@contoso.com/messages").status_code == 200
    assert get(app="Reader bot").status_code == 200
    assert get("/v1.0/users/ap@contoso.us/messages", cloud=GCC_HIGH).status_code == 200
    assert [get("/v1.0/users/ap@contoso.com").status_code for _ in range(2)] == [200, 200]
    with tenant.client() as client:
        assert client.get(MESSAGES).status_code == 401


def test_too_many_at_once(tenant: RunningTenant, get: Callable[..., httpx2.Response]) -> None:
    """The fifth request under way is refused as an application that is over its MailboxConcurrency limit."""
    get()
    tenant.set_latency(1500)
    with ThreadPoolExecutor(max_workers=6) as pool:
        answers = list(pool.map(lambda _: get(), range(6)))
    tenant.set_latency(0)
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 200, 429, 429]
    refused = next(answer for answer in answers if answer.status_code == 429)
    error = refused.json()["error"]
    assert (error["code"], error["message"]) == (
        "ApplicationThrottled",
        "Application is over its MailboxConcurrency limit.",
    )
    assert refused.headers["retry-after"] == "1"
    assert counted(tenant)["under_way"] == 0
    assert get().status_code == 200


def test_four_that_never_wait_are_never_refused(
    tenant: RunningTenant, get: Callable[..., httpx2.Response]
) -> None:
    """A request is over when its client has its answer: four clients that ask one after the other are all served."""
    get()

    def ask_often(_number: int) -> set[int]:
        return {get().status_code for _ in range(15)}

    with ThreadPoolExecutor(max_workers=4) as pool:
        assert list(pool.map(ask_often, range(4))) == [{200}] * 4


def test_too_much_is_sent(tenant: RunningTenant) -> None:
    """Bodies of POST, PATCH and PUT count by their bytes; one too many is refused and not counted."""
    limit(tenant, upload_bytes=1000, upload_window_seconds=100)
    with tenant.client(headers={"Authorization": f"Bearer {tenant.token()}"}) as client:
        assert client.post(MESSAGES, json={"subject": "x" * 600}).status_code == 201
        refused = client.post(MESSAGES, json={"subject": "x" * 600})
        assert (refused.status_code, refused.json()["error"]["code"]) == (429, "TooManyRequests")
        assert client.get(MESSAGES).status_code == 200
        assert client.post(MESSAGES, json={"subject": "x"}).status_code == 201
        tenant.advance_clock(101)
        assert client.post(MESSAGES, json={"subject": "x" * 600}).status_code == 201


def test_what_is_sent_in_chunks_counts(tenant: RunningTenant) -> None:
    """A body whose length is not told before counts once it has come."""
    limit(tenant, upload_bytes=1000)
    headers = {"Authorization": f"Bearer {tenant.token()}", "Content-Type": "application/json"}
    content = b'{"subject": "%s"}' % (b"x" * 600)
    with tenant.client(headers=headers) as client:
        assert client.post(MESSAGES, content=iter([content])).status_code == 201
        assert client.post(MESSAGES, content=content).status_code == 429
    assert counted(tenant)["upload_bytes"] == len(content)


def test_nothing_is_limited_when_off(tenant: RunningTenant, get: Callable[..., httpx2.Response]) -> None:
    """Off lets everything through, and counts it."""
    limit(tenant, requests=1)
    limit(tenant, mode="off")
    assert [get().status_code for _ in range(3)] == [200, 200, 200]
    assert counted(tenant)["requests"] == 3


def test_the_refusal_is_in_the_log(tenant: RunningTenant, get: Callable[..., httpx2.Response]) -> None:
    """A throttled request is logged with its app and mailbox."""
    limit(tenant, requests=0)
    assert get().status_code == 429
    entry = tenant.requests()[-1]
    assert (entry["status"], entry["app"], entry["mailbox"]) == (429, "Invoice bot", "ap@contoso.com")


@given(
    st.lists(st.tuples(st.integers(0, 20), st.integers(1, 9)), max_size=20),
    st.integers(1, 30),
    st.integers(0, 40),
)
def test_a_window_counts_what_lies_in_it(entries: list[tuple[int, int]], length: int, room: int) -> None:
    """The total is that of the last so many seconds, and the time found is when it has come down to `room`."""
    window, now, seen = Window(), 0, []
    for step, amount in entries:
        now += step
        window.forget(now - length)
        window.add(now, amount)
        seen.append((now, amount))
    assert window.total == sum(amount for time, amount in seen if time > now - length)
    time = window.find_time(room)
    if time is not None and window.total > room:
        rest = sum(amount for when, amount in seen if when > time)
        assert rest <= room
