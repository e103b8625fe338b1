"""Running a bot file from Python."""

from pathlib import Path
from typing import Any

from postroom.actions.running import find_run
from postroom.bots.files import FolderLibrary
from postroom.bots.run import Run, run_alone
from postroom.errors import SettingError

__all__ = ["run_file"]


def run_file(path: Path | str, /, **inputs: Any) -> None:
    """Run a bot file to its end in this process, with these inputs; the bots that it runs are found beside it.

    It keeps no journal, so what is interrupted cannot go on: `postroom run` and the Control Room keep one. An input is
    given as its type, or as text as on the command line. Errors: BotNotFoundError; BotFileError with all faults;
    SettingError where an input is missing or cannot be taken, or a bot calls this; those of the actions.
    """
    if isinstance(find_run(), Run):
        raise SettingError(
            "A bot that runs cannot begin a bot file by run_file, as its journal would not know of it. Let a bot file "
            "run both, with run_bot."
        )
    file = Path(path).expanduser().resolve()
    library = FolderLibrary(file.parent)
    bot = library.get(file.name)
    run_alone(bot, bot.read_inputs(inputs), library=library)
