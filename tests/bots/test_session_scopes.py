"""Sessions between bots: local, global, variable; with a journal and without one."""

from collections.abc import Callable
from typing import Any

import pytest

from postroom.bots.definition import Bot
from postroom.bots.run import run_alone
from postroom.errors import DisconnectedError
from support import sample_bots
from support.engines import Listener, start_engine
from support.mail import make_mail
from support.tenant import RunningTenant

Perform = Callable[..., Any]


@pytest.fixture(params=["journal", "no journal"])
def perform(request: pytest.FixtureRequest, tmp_path: Any) -> Any:
    """Run a bot in each of the two ways."""
    if request.param == "no journal":
        yield lambda bot, **inputs: run_alone(bot, inputs)
        return
    with start_engine(tmp_path / "journal.sqlite", Listener()) as engine:
        yield lambda bot, **inputs: engine.run(bot, inputs)


def test_a_global_session_is_good_for_the_children(
    perform: Perform, mailbox_settings: dict[str, Any]
) -> None:
    """All children of a parent find its global session by name; when the parent has closed it, none does."""
    said = perform(sample_bots.parent_of_global, settings=mailbox_settings)
    assert said["first"] == said["second"] == "ap@contoso.com: 0"
    assert said["after"].startswith("SessionNotFoundError: No session named “ap” is open.")


def test_a_global_session_of_a_child_is_good_for_its_siblings(
    perform: Perform, mailbox_settings: dict[str, Any]
) -> None:
    """What one child opens as a global session, another child uses, and the parent closes."""
    assert perform(sample_bots.uses_siblings_session, settings=mailbox_settings) == "ap@contoso.com: 0"


def test_a_session_variable_is_passed_by_reference(
    perform: Perform, mailbox_settings: dict[str, Any]
) -> None:
    """A session without a name is used by the child that is given it, also within a list."""
    said = perform(sample_bots.passes_variable, settings=mailbox_settings)
    assert said == ["ap@contoso.com: 0", "ap@contoso.com: 0"]


def test_a_local_session_is_this_bots_alone(perform: Perform, mailbox_settings: dict[str, Any]) -> None:
    """A child does not find its parent's local session."""
    said = perform(sample_bots.local_is_not_shared, settings=mailbox_settings)
    assert said.startswith("SessionNotFoundError: No session named “ap” is open. None is open")


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("second", [True, False])
def test_a_name_is_given_once(
    perform: Perform, mailbox_settings: dict[str, Any], first: bool, second: bool
) -> None:
    """A bot has one session of a name, whether local or global, however it is written."""
    said = perform(sample_bots.same_name_twice, settings=mailbox_settings, first=first, second=second)
    assert said.startswith("SessionInUseError: A session named “ap” is open already, for ap@contoso.com.")


@pytest.mark.parametrize("bot", [sample_bots.passes_closed, sample_bots.uses_returned_session])
def test_a_closed_session_is_refused(perform: Perform, mailbox_settings: dict[str, Any], bot: Bot) -> None:
    """A session that its bot has closed, or that ended with its bot, is of no use to another."""
    with pytest.raises(DisconnectedError, match=r"The session for ap@contoso\.com was closed"):
        perform(bot, settings=mailbox_settings)


def test_only_who_opened_a_session_closes_it(perform: Perform, mailbox_settings: dict[str, Any]) -> None:
    """A child that disconnects its parent's session is told not to, and the parent goes on with it."""
    said = perform(sample_bots.child_disconnects, settings=mailbox_settings)
    assert said.startswith("The session for ap@contoso.com was opened by another bot")


def test_actions_are_refused_in_other_threads(perform: Perform, mailbox_settings: dict[str, Any]) -> None:
    """A step in another thread than the bot's own is refused: steps have an order."""
    first, second, third = perform(sample_bots.acts_in_threads, settings=mailbox_settings)
    assert first == second
    assert "in the bot's own thread" in first
    assert "in another thread" in third


def test_what_the_code_of_a_child_raises_is_the_same_for_its_parent(
    perform: Perform, mailbox_settings: dict[str, Any]
) -> None:
    """A parent catches one error, with the child's line, whether a journal is kept or not."""
    said = perform(sample_bots.catches_child, settings=mailbox_settings)
    assert said.startswith("BotFailedError: The bot “Divides by zero” failed at sample_bots.py:")
    assert "ZeroDivisionError: division by zero" in said


def test_a_loop_may_be_left(
    perform: Perform, mailbox_settings: dict[str, Any], tenant: RunningTenant
) -> None:
    """A list that is not read to its end leaves the steps after it as they are."""
    for number in range(3):
        tenant.deliver("ap@contoso.com", make_mail(f"Mail {number}"))
    assert perform(sample_bots.takes_some, settings=mailbox_settings) == ["Mail 0", "Mail 1", "Inbox"]
