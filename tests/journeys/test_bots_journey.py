"""Bots in the Control Room, in a browser: deployed, run, watched, put right, scheduled and triggered."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

pytest.importorskip("playwright", reason="Playwright is not installed, so no browser can be driven.")
from playwright.sync_api import expect

from support.control_room import ADMINISTRATOR, RunningControlRoom, start_control_room
from support.filled_room import fill_room, sign_in_for_room
from support.invoices import BOTS, InvoiceStory
from support.mail import make_mail
from support.tenant import RunningTenant
from support.visits import Visit

# The journeys share a Control Room: each has bots, times and triggers of its own in it.
pytestmark = pytest.mark.xdist_group("bots journey")

RUN_TIMEOUT_MILLISECONDS = 60_000
CHILDREN = ("file-invoices", "report-reminders")
THANKS = """\
name: Thank for an invoice
inputs:
  message: {type: text, help: The id of the message that came}
steps:
  - uses: outlook.connect
    with:
      session: ap
      authentication:
        mode: Control Room managed
        connection: Outlook365-Production
        token: Shared
  - uses: outlook.reply
    with: {session: ap, message: "${{ message }}", body: "Received, thank you."}
"""


@pytest.fixture(scope="module")
def filled_room(
    running_tenant: RunningTenant, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[RunningControlRoom, str]]:
    """Start one Control Room for these journeys, with a worker and a connection, whose id comes with it."""
    with start_control_room(tmp_path_factory.mktemp("bots"), running_tenant, worker=True) as running:
        yield running, fill_room(running, running_tenant, credentials={"mailboxes": {"ap": "ap@contoso.com"}})


@pytest.fixture
def room(filled_room: tuple[RunningControlRoom, str], tenant: RunningTenant) -> RunningControlRoom:
    """Give the Control Room with a connection that somebody has signed in for anew: the tenant forgets consents."""
    running, connection = filled_room
    sign_in_for_room(running, tenant, connection, "ap@contoso.com", "shared")
    return running


@pytest.fixture
def administrator(
    room: RunningControlRoom, visit: Callable[..., AbstractContextManager[Visit]]
) -> Iterator[Visit]:
    """Sign the administrator in."""
    with visit(room, "bots") as visitor:
        visitor.sign_in(ADMINISTRATOR, room.admin_password)
        yield visitor


def deploy(visitor: Visit, name: str, text: str = "") -> None:
    """Deploy an example by its file, or a bot that is pasted."""
    visitor.open("/bots/deploy/")
    if text:
        visitor.page.fill("[name=path]", name)
        visitor.page.fill("[name=text]", text)
    else:
        visitor.page.set_input_files("[name=file]", BOTS / name)
    visitor.page.get_by_role("button", name="Deploy", exact=True).click()
    visitor.page.wait_for_url(re.compile(r"/bots/\d+/$"))


def begin_intake(visitor: Visit, story: InvoiceStory, saved: Path) -> None:
    """Fill in the inputs of the intake, and press Run now."""
    visitor.open("/bots/")
    visitor.page.get_by_role("link", name="Invoice intake, managed").first.click()
    visitor.page.locator("a[href$='/run/']").first.click()
    page = visitor.page
    page.select_option("[name=input-username]", "mailboxes/ap")
    for name in ("shared_mailbox", "manager"):
        page.fill(f"[name=input-{name}]", story.inputs[name])
    page.fill("[name=input-save_to]", str(saved))
    visitor.look("inputs")
    page.get_by_role("button", name="Run now").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]+/$"))


def await_status(visitor: Visit, status: str) -> None:
    """Wait until the page of a run says so by itself."""
    chip = visitor.page.locator("#live [role=status]")
    expect(chip).to_contain_text(status, timeout=RUN_TIMEOUT_MILLISECONDS)


def test_a_bot_is_deployed_run_and_watched(
    administrator: Visit, tenant: RunningTenant, tmp_path: Path
) -> None:
    """The page of the run shows each step as it is done, without being loaded again, until all is done once."""
    story = InvoiceStory(tenant).deliver()
    for name in (*CHILDREN, "invoice-intake-managed"):
        deploy(administrator, f"{name}.bot.yaml")
    administrator.look("bot")
    administrator.open("/bots/")
    administrator.look("bots")
    tenant.set_latency(100)
    begin_intake(administrator, story, tmp_path / "saved")
    page = administrator.page
    page.evaluate("window.loaded = 'once'")
    expect(page.locator(".run-steps li").first).to_be_visible(timeout=RUN_TIMEOUT_MILLISECONDS)
    administrator.look("run at work")
    await_status(administrator, "Done")
    administrator.look("run done")
    assert page.evaluate("window.loaded") == "once"
    expect(page.locator(".run-steps").get_by_text("Connect").first).to_be_visible()
    story.check(tmp_path / "saved")
    page.locator(".run-tree").get_by_role("link", name="File invoices").click()
    expect(page.locator(".run-steps").get_by_text("Invoice 4711").first).to_be_visible()
    administrator.look("run of a child bot")
    administrator.open("/runs/")
    administrator.look("runs")


def test_what_failed_is_put_right_and_retried(
    administrator: Visit, tenant: RunningTenant, tmp_path: Path
) -> None:
    """The page says where and what to do; then the run goes on from a step that is chosen, and sends nothing twice."""
    story = InvoiceStory(tenant).deliver()
    for name in (*CHILDREN, "invoice-intake-managed"):
        deploy(administrator, f"{name}.bot.yaml")
    tenant.add_fault(path="/v1.0/*/move", status=403, code="ErrorAccessDenied")
    begin_intake(administrator, story, tmp_path / "saved")
    await_status(administrator, "Failed")
    administrator.look("run failed")
    page = administrator.page
    expect(page.get_by_role("alert").first).to_contain_text("denied")
    page.locator(".run-tree").get_by_role("link", name="File invoices").click()
    failed = page.locator(".run-steps li.is-failed")
    expect(failed).to_contain_text("file-invoices.bot.yaml:17")
    administrator.look("step failed")
    tenant.clear_faults()
    page.go_back()
    page.get_by_role("button", name=re.compile("^Retry from step")).last.click()
    await_status(administrator, "Done")
    administrator.look("run retried")
    story.check(tmp_path / "saved")


def test_a_bot_runs_by_itself_at_certain_times(administrator: Visit) -> None:
    """A schedule is made on its page, which shows the next times while they are chosen."""
    deploy(administrator, "thank-daily.bot.yaml", THANKS.replace("Thank for an invoice", "Thank every day"))
    administrator.open("/schedules/new/")
    administrator.look("schedule which bot")
    administrator.page.get_by_role("link", name="Thank every day").click()
    page = administrator.page
    page.fill("[name=name]", "Every working day")
    page.select_option("[name=kind]", "weekdays")
    page.fill("[name=at]", "07:00")
    page.fill("[name=input-message]", "an id")
    page.select_option("[name=time_zone]", "Europe/Berlin")
    expect(page.locator("#next-times")).to_contain_text("7")
    administrator.look("schedule")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/schedules/")
    expect(page.get_by_text("Every working day").first).to_be_visible()
    administrator.look("schedules")


def test_a_bot_runs_when_mail_comes(administrator: Visit, tenant: RunningTenant) -> None:
    """A trigger is made on its page; each mail that comes from then on is answered once."""
    tenant.deliver("ap@contoso.com", make_mail("Invoice of before"))
    deploy(administrator, "thank.bot.yaml", THANKS)
    administrator.open("/triggers/new/")
    administrator.page.get_by_role("link", name="Thank for an invoice").click()
    page = administrator.page
    page.fill("[name=name]", "New invoices")
    page.select_option("[name=connection]", label="Outlook365-Production")
    page.fill("[name=username]", "ap@contoso.com")
    page.fill("[name=folder]", "Inbox")
    page.fill("[name=every_seconds]", "10")
    page.select_option("[name=input]", "message")
    administrator.look("trigger")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/triggers/")
    administrator.look("triggers")
    tenant.deliver("ap@contoso.com", make_mail("Invoice 4711"))
    await_run(administrator)
    administrator.look("runs of a trigger")
    page.locator("tbody").get_by_role("link", name="Thank for an invoice").first.click()
    await_status(administrator, "Done")
    administrator.look("run of a trigger")
    assert [message.subject for message in tenant.mailbox("adele@contoso.com").inbox] == ["RE: Invoice 4711"]


def await_run(visitor: Visit) -> None:
    """Look at the list of runs until there is one."""
    link = visitor.page.locator("tbody").get_by_role("link", name="Thank for an invoice")
    for _attempt in range(30):
        visitor.open("/runs/")
        if link.count():
            return
        visitor.page.wait_for_timeout(1000)
    raise AssertionError("No run was begun.")
