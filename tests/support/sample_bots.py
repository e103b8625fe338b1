"""Python bots for tests, in a module that every process can import."""

import threading
from contextlib import suppress
from contextvars import copy_context
from pathlib import Path
from typing import Any

from postroom import Global, bot, outlook
from postroom.errors import PostroomError
from postroom.outlook import Mailbox

Settings = dict[str, Any]


@bot
def count_messages(settings: Settings, folder: str = "Inbox") -> int:
    """Count what is in a folder."""
    with outlook.connect(**settings) as mailbox:
        return len(list(mailbox.messages(folder)))


@bot
def move_all(settings: Settings, limit: int | None = None) -> list[str]:
    """Move each message of the inbox, and give their subjects."""
    moved = []
    with outlook.connect(**settings) as mailbox:
        for message in mailbox.messages("Inbox", limit=limit, order="oldest"):
            mailbox.move(message, to="Archive")
            moved.append(message.subject)
    return moved


@bot
def answer_all(settings: Settings, target: Path) -> int:
    """Save the attachments of each message of the inbox, answer it, and move it."""
    handled = 0
    with outlook.connect(**settings) as mailbox:
        for message in mailbox.messages("Inbox", order="oldest"):
            mailbox.save_attachments(message, to=target)
            mailbox.reply(message, "Received, thank you.")
            mailbox.move(message, to="Archive")
            handled += 1
    return handled


@bot
def parent_of_global(settings: Settings) -> dict[str, Any]:
    """Open a global session, let two children use it, and close it."""
    mailbox = outlook.connect(**settings, session=Global("ap"))
    first = name_by_session("AP ")
    second = name_by_session("ap")
    mailbox.disconnect()
    return {"first": first, "second": second, "after": try_session("ap")}


@bot
def name_by_session(name: str) -> str:
    """Say whose mailbox a session is for, and what is in it."""
    return f"{outlook.session(name).address}: {len(list(outlook.session(name).messages()))}"


@bot
def opens_global(settings: Settings) -> None:
    """Open a global session, and leave it open."""
    outlook.connect(**settings, session=Global("shared"))


@bot
def uses_siblings_session(settings: Settings) -> str:
    """One child opens a global session, another uses it, and this bot closes it."""
    opens_global(settings)
    said = name_by_session("shared")
    outlook.session("shared").disconnect()
    return said


@bot
def passes_variable(settings: Settings) -> list[str]:
    """Pass a session without a name to a child, directly and in a list."""
    with outlook.connect(**settings) as mailbox:
        return [uses_variable(mailbox), uses_list([mailbox])]


@bot
def uses_variable(mailbox: Mailbox) -> str:
    """Use what was passed."""
    return f"{mailbox.address}: {len(list(mailbox.messages()))}"


@bot
def uses_list(mailboxes: list[Mailbox]) -> str:
    """Use what was passed in a list."""
    return f"{mailboxes[0].address}: {len(list(mailboxes[0].messages()))}"


@bot
def passes_closed(settings: Settings) -> str:
    """Pass a session that was closed."""
    with outlook.connect(**settings) as mailbox:
        pass
    return uses_variable(mailbox)


@bot
def returns_its_session(settings: Settings) -> Mailbox:
    """Give back a session that ends with this bot."""
    return outlook.connect(**settings)


@bot
def uses_returned_session(settings: Settings) -> Any:
    """Use a session of a child that is over."""
    return list(returns_its_session(settings).messages())


@bot
def child_disconnects(settings: Settings) -> str:
    """Let a child try to close a session of its parent, and go on with it."""
    with outlook.connect(**settings) as mailbox:
        said = tries_to_disconnect(mailbox)
        list(mailbox.messages())
        return said


@bot
def tries_to_disconnect(mailbox: Mailbox) -> str:
    """Try to close what was passed."""
    try:
        mailbox.disconnect()
    except PostroomError as error:
        return str(error)
    return "closed"


@bot
def local_is_not_shared(settings: Settings) -> str:
    """Open a local session, of which a child knows nothing."""
    with outlook.connect(**settings, session="ap"):
        return try_session("ap")


@bot
def try_session(name: str) -> str:
    """Say what comes of looking for a session."""
    try:
        return repr(outlook.session(name))
    except PostroomError as error:
        return f"{type(error).__name__}: {error}"


@bot
def same_name_twice(settings: Settings, first: bool, second: bool) -> str:
    """Open two sessions of one name, each local or global."""
    outlook.connect(**settings, session=Global("ap") if first else "ap")
    try:
        outlook.connect(**settings, session=Global(" AP") if second else " AP")
    except PostroomError as error:
        return f"{type(error).__name__}: {error}"
    return "both"


@bot
def acts_in_threads(settings: Settings) -> list[str]:
    """Call actions in other threads, without and with this bot's context."""
    told: list[str] = []

    def act() -> None:
        try:
            list(mailbox.messages())
        except PostroomError as error:
            told.append(str(error))

    with outlook.connect(**settings) as mailbox:
        for target in (act, lambda: copy_context().run(act)):
            thread = threading.Thread(target=target)
            thread.start()
            thread.join()
        context = copy_context()
        thread = threading.Thread(target=lambda: context.run(act))
        thread.start()
        thread.join()
    return told


@bot
def fails_between_steps(settings: Settings, marker: Path) -> int:
    """Fail in its own code, until a file is there."""
    with outlook.connect(**settings) as mailbox:
        number = len(list(mailbox.messages()))
        if not marker.exists():
            raise ZeroDivisionError("no marker")
        return number + len(list(mailbox.messages("Archive")))


@bot
def fails_in_step(settings: Settings, folder: str) -> str:
    """Fail in its third step while a folder is missing, having caught an error before."""
    with outlook.connect(**settings) as mailbox:
        with suppress(PostroomError):
            mailbox.folder("There is none")
        return mailbox.folder(folder).display_name


@bot
def parent_of_failing(settings: Settings, folder: str) -> str:
    """Call a child that fails."""
    return fails_in_step(settings, folder)


@bot
def catches_child(settings: Settings) -> str:
    """Catch what the code of a child raises."""
    try:
        divides_by_zero()
    except PostroomError as error:
        return f"{type(error).__name__}: {error}"
    return "nothing"


@bot
def divides_by_zero() -> float:
    """Fail."""
    return 1 / 0


@bot
def changes_its_mind(settings: Settings, marker: Path) -> None:
    """Do another thing once a file is there, and swallow every error."""
    with outlook.connect(**settings) as mailbox:
        list(mailbox.messages())
        try:
            if marker.exists():
                mailbox.folder("Inbox")
            else:
                list(mailbox.messages("Archive"))
        except Exception:  # noqa: BLE001 - as careless bots do
            return
        list(mailbox.messages())


@bot
def takes_some(settings: Settings) -> list[str]:
    """Break off a loop, and go on with something else."""
    with outlook.connect(**settings) as mailbox:
        first = next(mailbox.messages(order="oldest")).subject
        mine = mailbox.messages(order="oldest")
        next(mine)
        again = next(mine).subject
        return [first, again, mailbox.folder("Inbox").display_name]


@bot
def loops_twice(settings: Settings) -> int:
    """Run a child for each of three numbers."""
    return sum(count_messages(settings) for _ in range(3))
