"""Bot files at work, with a package of actions that is installed for it."""

import subprocess
import sys
from pathlib import Path
from textwrap import dedent
from types import ModuleType
from typing import Any

import pytest

from postroom.bots.files import FolderLibrary, read_bot
from postroom.bots.run import StepReport, Unheard, run_alone
from postroom.errors import (
    BotFileError,
    ExpressionError,
    FolderNotFoundError,
    SessionNotFoundError,
    SettingError,
)
from postroom.values import Credential

SIT = "steps:\n- uses: desk.sit\n  with: {session: d}\n"


def run(text: str, **inputs: Any) -> None:
    """Run the text of a bot file."""
    run_alone(read_bot(dedent(text), "one.bot.yaml"), inputs)


def done(desk: ModuleType) -> list[Any]:
    """What was done on the desk, after sitting down."""
    return [entry for entry in desk.DONE if entry[0] != "sit"]


def test_a_package_is_anybody_s(installed_desk: Path, tmp_path: Path) -> None:
    """A distribution that names a package of actions is known to bot files of another process, with no more ado."""
    (tmp_path / "a.bot.yaml").write_text(SIT + "- uses: desk.put\n  with: {session: d, papers: a letter}\n")
    script = f"""
        import sys; sys.path.insert(0, {str(installed_desk)!r})
        from postroom.bots.files import FolderLibrary
        from postroom.bots.run import run_alone
        library = FolderLibrary({str(tmp_path)!r})
        run_alone(library.get("a.bot.yaml"), {{}}, library=library)
        import desk_actions; print(desk_actions.DONE[1][1])
        import json
        from postroom.bots.files.schema import create_schema
        print("desk.put" in json.dumps(create_schema()))
    """
    ended = subprocess.run([sys.executable, "-c", dedent(script)], capture_output=True, text=True, check=True)
    assert ended.stdout == "a letter\nTrue\n"


def test_settings_are_what_they_look_like(desk: ModuleType) -> None:
    """Literals, expressions and variables become what the action takes, numbers text where text is expected."""
    run(
        """
        inputs: {number: 4}
        steps:
        - uses: desk.sit
          with: {session: d}
        - uses: desk.put
          with: {session: D, papers: [a, "${{ number }} b"], copies: "${{ number * 2 }}", side: RIGHT, at: 007}
        - uses: desk.put
          with: {session: d, paper: no, copies: {variable: number}, at: 12}
        """
    )
    assert done(desk) == [("put", ["a", "4 b"], 8, "right", "007"), ("put", "no", 4, "left", "12")]


def test_loops(desk: ModuleType) -> None:
    """A loop goes over what an action gives or over a list; what it looped over is data; `if` chooses."""
    run(
        SIT
        + """
- for_each: paper
  uses: desk.papers
  with: {session: d, number: 120}
  steps:
  - if: "${{ paper.title in ['paper 2', 'paper 119'] }}"
    uses: desk.take
    with: {session: d, paper: "${{ paper }}"}
    result: taken
- for_each: word
  in: ["x", "${{ taken.title }}"]
  steps:
  - uses: desk.put
    with: {session: d, papers: "${{ word }}"}
    result: said
- for_each: word
  in: "${{ said | split(' ') }}"
  steps:
  - if: "${{ word == 'was' }}"
    uses: desk.put
    with: {session: d, papers: "${{ word }}"}
"""
    )
    assert [entry[1] for entry in done(desk)] == ["paper 2", "paper 119", "x", "paper 119", "was"]


def test_a_list_as_result(desk: ModuleType) -> None:
    """A result keeps all that an action gives item by item."""
    run(
        SIT
        + """
- uses: desk.papers
  with: {session: d}
  result: papers
- uses: desk.put
  with: {session: d, papers: "${{ papers | map(attribute='title') }}", copies: "${{ papers | length }}"}
"""
    )
    assert done(desk) == [("put", ["paper 0", "paper 1", "paper 2"], 3, "left", "")]


def test_try_catch_finally(desk: ModuleType) -> None:
    """What fails is caught with its message, code and kind; `finally` is done in any case; what follows goes on."""
    run(
        SIT
        + """
- try:
  - uses: desk.fail
    with: {session: d, what: gone}
  - uses: desk.put
    with: {session: d, papers: never}
  catch:
  - uses: desk.put
    with: {session: d, papers: "${{ error.kind }}", at: "${{ error.code }}: ${{ error.message }}"}
  finally:
  - uses: desk.put
    with: {session: d, papers: last}
- uses: desk.put
  with: {session: d, papers: after}
"""
    )
    put = [entry[1] for entry in done(desk)[1:]]
    assert put == ["FolderNotFoundError", "last", "after"]
    assert done(desk)[1][4] == "ErrorGone: It is gone."


def test_errors_go_on_upwards(desk: ModuleType) -> None:
    """What is not caught, or fails in `catch`, is raised after `finally` was done."""
    with pytest.raises(FolderNotFoundError, match="It is twice"):
        run(
            SIT
            + """
- try:
  - uses: desk.fail
    with: {session: d, what: once}
  catch:
  - uses: desk.fail
    with: {session: d, what: twice}
  finally:
  - uses: desk.put
    with: {session: d, papers: last}
"""
        )
    assert [entry[1] for entry in done(desk)] == ["once", "twice", "last"]


def test_stopping_is_not_caught(desk: ModuleType) -> None:
    """A run that is stopped may go on later, so neither `catch` nor `finally` is done for it."""
    with pytest.raises(KeyboardInterrupt):
        run(
            SIT
            + """
- try:
  - uses: desk.stop
    with: {session: d}
  catch:
  - uses: desk.put
    with: {session: d, papers: caught}
  finally:
  - uses: desk.put
    with: {session: d, papers: last}
"""
        )
    assert done(desk) == []


def test_sessions_pass_to_children(desk: ModuleType, tmp_path: Path) -> None:
    """A child knows a global session by its name, and a session variable by what it was passed as; no local one."""
    (tmp_path / "parent.bot.yaml").write_text(
        dedent("""
        steps:
        - uses: desk.sit
          with: {session: {global: shared}}
        - uses: desk.sit
          with: {session: {variable: work}}
        - uses: desk.sit
          with: {session: mine}
        - run_bot: child.bot.yaml
          with: {work: "${{ work }}", title: from parent}
        """)
    )
    child = """
        inputs:
          work: {type: session}
          title: {type: text}
        steps:
        - uses: desk.put
          with: {session: shared, papers: "${{ title }}"}
        - uses: desk.put
          with: {session: "${{ work }}", papers: by variable}
        - uses: desk.put
          with: {session: {variable: work}, papers: by variable too}
        - uses: desk.put
          with: {session: mine, papers: never}
        """
    (tmp_path / "child.bot.yaml").write_text(dedent(child))
    library = FolderLibrary(tmp_path)
    with pytest.raises(SessionNotFoundError, match="shared"):
        run_alone(library.get("parent.bot.yaml"), {}, library=library)
    assert [entry[1] for entry in done(desk)] == ["from parent", "by variable", "by variable too"]


def test_python_children(desk: ModuleType, tmp_path: Path) -> None:
    """A child bot may be a function, whose result a variable keeps."""
    (tmp_path / "sums.py").write_text(
        "from postroom import bot\n\n@bot\ndef add(a: int, b: int) -> int:\n    return a + b\n"
    )
    text = SIT + (
        "- run_bot: sums.py:add\n  with: {a: 1, b: 2}\n  result: total\n"
        '- uses: desk.put\n  with: {session: d, papers: "${{ total }} in all"}\n'
    )
    (tmp_path / "a.bot.yaml").write_text(text)
    library = FolderLibrary(tmp_path)
    run_alone(library.get("a.bot.yaml"), {}, library=library)
    assert done(desk)[0][1] == "3 in all"


def test_credentials(desk: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A credential reaches what takes credentials as a reference, and what takes text as its value."""
    monkeypatch.setenv("POSTROOM_CREDENTIAL_LETTERS_ADDRESS", "ap@contoso.com")
    run(
        """
        inputs: {account: {credential: letters/address}}
        steps:
        - uses: desk.sit
          with: {session: d, place: {credential: letters/address}}
        - uses: desk.put
          with: {session: d, papers: x, at: {credential: letters/address}}
        - uses: desk.put
          with: {session: d, papers: x, at: "${{ account }}"}
        """
    )
    assert desk.DONE[0][1] == Credential("letters", "address")
    assert [entry[4] for entry in done(desk)] == ["ap@contoso.com", "ap@contoso.com"]


def test_secrets_stay_in_the_file(desk: ModuleType, tmp_path: Path) -> None:
    """A secret that stands in the file reaches its action, and the handle of the session only names its place."""
    text = 'steps:\n- uses: desk.sit\n  with: {session: {variable: w}, lock: {mode: number lock, number: "4711x"}}\n'
    text += '- run_bot: spy.py:see\n  with: {work: "${{ w }}"}\n'
    (tmp_path / "a.bot.yaml").write_text(text)
    (tmp_path / "spy.py").write_text(
        "from postroom import bot\nSEEN = []\n\n@bot\ndef see(work):\n    SEEN.append(work.handle)\n"
    )
    library = FolderLibrary(tmp_path)
    run_alone(library.get("a.bot.yaml"), {}, library=library)
    loaded = [module for name, module in sys.modules.items() if name.startswith("postroom_bots_")]
    seen = next(module.SEEN for module in loaded if hasattr(module, "SEEN"))
    assert desk.DONE[0][2] == "4711x"
    assert "4711x" not in repr(seen[0].settings)
    assert "a.bot.yaml" in repr(seen[0].settings)


def test_steps_know_their_place(desk: ModuleType) -> None:
    """Who listens learns of each step in which line of the file it stands."""
    places: list[str] = []

    class Listener(Unheard):
        def on_step(self, run_id: str, step: StepReport) -> None:
            places.append(f"{step.place} {step.status}")

    text = (
        SIT
        + "- try:\n  - uses: desk.put\n    with: {session: d, papers: x}\n  finally:\n  - uses: desk.papers\n"
    )
    text += "    with: {session: d}\n"
    run_alone(read_bot(text, "one.bot.yaml"), {}, listener=Listener())
    assert [place for place in places if place.endswith("done")] == [
        "one.bot.yaml:2 done",
        "one.bot.yaml:5 done",
        "one.bot.yaml:8 done",
    ]


def test_a_long_list_is_read_in_the_line_of_its_loop(desk: ModuleType) -> None:
    """Each piece of a list is a step in the line of the loop, also after other steps were done for its items."""
    places: list[str] = []

    class Listener(Unheard):
        def on_step(self, run_id: str, step: StepReport) -> None:
            if (step.title, step.status) == ("List papers", "done"):
                places.append(step.place)

    text = SIT + "- for_each: paper\n  uses: desk.papers\n  with: {session: d, number: 70}\n  steps:\n"
    text += '  - uses: desk.take\n    with: {session: d, paper: "${{ paper }}"}\n'
    run_alone(read_bot(text, "one.bot.yaml"), {}, listener=Listener())
    assert places == ["one.bot.yaml:4", "one.bot.yaml:4"]


def test_an_error_within_an_error(desk: ModuleType) -> None:
    """Within an inner catch `error` is the inner one, and after it the outer one again."""
    run(
        SIT
        + """
- try:
  - uses: desk.fail
    with: {session: d, what: outer}
  catch:
  - try:
    - uses: desk.fail
      with: {session: d, what: inner}
    catch:
    - uses: desk.put
      with: {session: d, papers: "${{ error.message }}"}
    finally:
    - uses: desk.put
      with: {session: d, papers: "${{ error.message }}"}
  - uses: desk.put
    with: {session: d, papers: "${{ error.message }}"}
"""
    )
    put = [entry[1] for entry in done(desk) if entry[0] == "put"]
    assert put == ["It is inner.", "It is outer.", "It is outer."]


def test_inputs(desk: ModuleType) -> None:
    """Inputs are read as their types have them, from text too; what does not fit is refused with an example."""
    text = """
        inputs:
          day: {type: date, default: 2026-05-31}
          many: {type: number, required: false}
          yes: true
          names: [a, b]
        steps:
        - uses: desk.sit
          with: {session: d}
        - uses: desk.put
          with: {session: d, papers: "${{ names }}", at: "${{ day.year }}/${{ many }}/${{ yes }}"}
        """
    run(text)
    run(text, day="2027-01-02", many="3", yes="False", names="x, y")
    assert [(entry[1], entry[4]) for entry in done(desk)] == [
        (["a", "b"], "2026//true"),
        (["x", "y"], "2027/3/false"),
    ]
    with pytest.raises(SettingError, match=r"is a date, and not “soon”. Write it as 2026-05-31"):
        run(text, day="soon")


def test_what_expressions_meet_names_the_line(desk: ModuleType) -> None:
    """An expression that fails at work says in which line it stands."""
    text = SIT + '- uses: desk.put\n  with: {session: d, papers: x, at: "${{ [1][3] }}"}\n'
    with pytest.raises(ExpressionError, match=r"^one.bot.yaml:5: "):
        run(text)


def test_sessions_of_other_packages(desk: ModuleType) -> None:
    """An action works in sessions of its own package alone."""
    text = SIT + "- uses: outlook.folder_exists\n  with: {session: d, folder: Inbox}\n"
    with pytest.raises(SettingError, match="does not work in the session for the desk"):
        run(text)


def test_a_file_with_faults_is_no_bot(desk: ModuleType) -> None:
    """Nothing of a file with faults is done."""
    with pytest.raises(BotFileError):
        run(SIT + "- uses: desk.putt\n  with: {session: d, papers: x}\n")
    assert desk.DONE == []
