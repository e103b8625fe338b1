"""The pytest plugin gives a test of somebody else's bot a local tenant, with nothing to be set up."""

import re
import subprocess
import sys
import textwrap

import pytest

pytest_plugins = ["pytester"]
pytestmark = pytest.mark.xdist_group("plugin")  # most of it is looked at in one run

BOT_TESTS = """
    def test_an_invoice_is_answered(local_tenant, local_mailbox):
        local_tenant.deliver(
            "ap@contoso.com", subject="Invoice", sender="adele@contoso.com", attachments={"1.pdf": b"%PDF"}
        )
        for message in local_mailbox.messages("Inbox"):
            local_mailbox.reply(message, "Thank you.")
        mailbox = local_tenant.mailbox("ap@contoso.com")
        assert [message.to for message in mailbox.sent] == [("adele@contoso.com",)]
        assert mailbox.inbox[0].attachments[0].content == b"%PDF"

    def test_the_mailbox_is_empty_again(local_tenant):
        assert local_tenant.mailbox("ap@contoso.com").messages == ()
"""
FAILING_TEST = """
    def test_it(local_tenant, local_mailbox):
        local_tenant.add_fault(path="/v1.0/*", status=400, code="ErrorInvalidRequest")
        local_mailbox.messages("Inbox")
        assert local_tenant.mailbox("ap@contoso.com").sent, "nothing was sent"
"""
CLIENT_TESTS = """
    import os

    import msal
    import requests

    GRAPH = "https://graph.microsoft.com"

    def test_requests_and_msal(local_tenant):
        app, cloud = local_tenant.app("Invoice bot"), local_tenant.cloud()
        client = msal.ConfidentialClientApplication(
            app["client_id"],
            client_credential=app["client_secret"],
            authority=f"https://login.microsoftonline.com/{cloud['tenant_id']}",
        )
        token = client.acquire_token_for_client([f"{GRAPH}/.default"])["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        answer = requests.get(f"{GRAPH}/v1.0/users/ap@contoso.com/messages", headers=headers)
        assert answer.json()["value"] == []
        assert local_tenant.requests()[-1]["app"] == "Invoice bot"

    def test_nobody_is_led_there_without_the_fixture(running_local_tenant):
        assert os.environ.get("HTTPS_PROXY") != running_local_tenant.manifest["proxy"]
"""
CHOICE_TESTS = """
    import pytest
    from postroom import Credential, PostroomError, outlook

    def test_the_other_cloud(local_tenant, connect_to_local_tenant):
        local_tenant.deliver("invoices@contoso.us", subject="Hello")
        mailbox = connect_to_local_tenant(cloud="Azure US GCC High", mailbox="invoices@contoso.us")
        assert [message.subject for message in mailbox.messages("Inbox")] == ["Hello"]

    def test_an_app_that_may_not(connect_to_local_tenant):
        with pytest.raises(PostroomError):
            connect_to_local_tenant(app="Unconsented bot")

    def test_a_credential(local_tenant, monkeypatch):
        for name, value in local_tenant.credential("Reader bot", name="reader").items():
            monkeypatch.setenv(name, value)
        with outlook.connect(
            authentication=outlook.ClientCredentials(
                client_id=Credential("reader", "client_id"),
                tenant_id=Credential("reader", "tenant_id"),
                client_secret=Credential("reader", "client_secret"),
                username=Credential("reader", "username"),
            )
        ) as mailbox:
            assert list(mailbox.messages("Inbox")) == []
"""
NO_STARLETTE = """
    import sys
    from importlib.machinery import PathFinder

    class Finder(PathFinder):
        @classmethod
        def find_spec(cls, name, path=None, target=None):
            return None if name == "starlette" else super().find_spec(name, path, target)

    if "tenant" in sys.orig_argv:
        sys.meta_path = [Finder if finder is PathFinder else finder for finder in sys.meta_path]
"""


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Run somebody else's tests, a file each with nothing beside it, and give what pytest wrote of them."""
    folder = tmp_path_factory.mktemp("somebody else")
    files = {"bot": BOT_TESTS, "failing": FAILING_TEST, "clients": CLIENT_TESTS, "choices": CHOICE_TESTS}
    for name, tests in files.items():
        (folder / f"test_{name}.py").write_text(textwrap.dedent(tests))
    command = [sys.executable, "-m", "pytest", "-rA", "-p", "no:cacheprovider", "--basetemp", "base"]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def list_outcomes(report: str, file: str) -> list[str]:
    """List how the tests of a file ended, out of the summary."""
    return re.findall(rf"^(PASSED|FAILED|ERROR) {file}::", report, re.MULTILINE)


def test_a_bot_is_tested_without_a_conftest(report: str) -> None:
    """A file with tests is all there is: mail is delivered, answered and looked at, and the next test finds none."""
    assert list_outcomes(report, "test_bot.py") == ["PASSED", "PASSED"], report


def test_each_worker_has_a_tenant_of_its_own(pytester: pytest.Pytester) -> None:
    """Under pytest-xdist the tests do not get into each other's mailboxes."""
    pytester.makepyfile(
        """
        import pytest

        @pytest.mark.parametrize("number", range(6))
        def test_only_its_own_mail_is_there(local_tenant, number):
            local_tenant.deliver("ap@contoso.com", subject=f"Mail {number}")
            assert [message.subject for message in local_tenant.mailbox("ap@contoso.com").inbox] == [f"Mail {number}"]
        """
    )
    pytester.runpytest_subprocess("-n", "2").assert_outcomes(passed=6)


def test_a_test_that_fails_shows_what_was_asked_for(report: str) -> None:
    """The requests to the tenant stand below the failure, and no secret of the tenant does."""
    print(report)  # for the canary
    assert list_outcomes(report, "test_failing.py") == ["FAILED"]
    below = report.partition("- Requests to the local tenant -")[2]
    assert re.search(
        r"^200 GET /v1\.0/users/ap@contoso\.com/mailFolders/inbox.*\(Invoice bot\)$", below, re.MULTILINE
    )


def test_other_clients_are_led_to_the_tenant(report: str) -> None:
    """A client that knows only Microsoft's hosts reaches the tenant in a test, and not after it."""
    assert list_outcomes(report, "test_clients.py") == ["PASSED", "PASSED"], report


def test_apps_and_clouds_are_chosen(report: str) -> None:
    """A mailbox can be connected in the other cloud, as another app, and a script finds the app as a credential."""
    assert list_outcomes(report, "test_choices.py") == ["PASSED", "PASSED", "PASSED"], report


def test_without_the_tenants_parts_a_sentence_says_how_to_get_them(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who lacks the extra is told its name, by the tests that need it and by no other."""
    pytester.mkdir("without").joinpath("sitecustomize.py").write_text(textwrap.dedent(NO_STARLETTE))
    monkeypatch.setenv("PYTHONPATH", str(pytester.path / "without"))
    pytester.makepyfile(
        """
        def test_with_it(local_tenant):
            pass

        def test_without_it():
            pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*pip install 'postroom?tenant?'*"])
    result.stdout.no_fnmatch_line("*Traceback*")


def test_the_plugin_costs_nothing_where_nobody_uses_it() -> None:
    """pytest loads the plugin in every run, and with it neither Postroom nor the tenant nor an HTTP client."""
    script = (
        "import sys, pytest; known = set(sys.modules); import postroom.testing.plugin; "
        "print(*sorted({name for name in set(sys.modules) - known}))"
    )
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ended.stdout.split() == [
        *("postroom", "postroom.testing", "postroom.testing.plugin", "postroom.version")
    ]
