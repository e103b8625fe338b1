"""The rules of an Inbox: what they do with a message that comes in.

[?] Where several rules move a message, the first decides where it goes and the others put copies into their folders.
[?] A rule whose folder is gone is in error and does nothing.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from postroom.tenant.mail.database import Row
from postroom.tenant.mail.folders import Folders
from postroom.tenant.mail.rule_predicates import Incoming, any_holds, holds

Rule = Mapping[str, Any]
FORWARDS = ("forwardTo", "forwardAsAttachmentTo", "redirectTo")
FOLDERS = ("moveToFolder", "copyToFolder")


@dataclass(slots=True)
class Verdict:
    """What becomes of a message: where it goes, what it then is, who else gets it."""

    folder: str | None = None
    copies: list[str] = field(default_factory=list)
    is_read: bool = False
    importance: str | None = None
    is_kept: bool = True
    passed_on: list[tuple[str, list[dict[str, Any]]]] = field(default_factory=list)
    """How (one of FORWARDS) and to whom."""


def is_in_error(rule: Rule, folders: Folders, mailbox: Row) -> bool:
    """Tell whether a rule names a folder that is not there."""
    named = (rule["actions"].get(name) for name in FOLDERS)
    return any(name and folders.find(mailbox["key"], name) is None for name in named)


def judge(rules: Iterable[Rule], incoming: Incoming, is_broken: Callable[[Rule], bool]) -> Verdict:
    """Let the rules that are enabled look at a message, one after the other."""
    verdict = Verdict()
    for rule in sorted(rules, key=lambda rule: int(rule["sequence"])):
        if not rule["isEnabled"] or not _applies(rule, incoming) or is_broken(rule):
            continue
        _act(rule["actions"], incoming, verdict)
        if rule["actions"].get("stopProcessingRules"):
            break
    return verdict


def _applies(rule: Rule, incoming: Incoming) -> bool:
    return holds(rule.get("conditions") or {}, incoming) and not any_holds(
        rule.get("exceptions") or {}, incoming
    )


def _act(actions: Mapping[str, Any], incoming: Incoming, verdict: Verdict) -> None:
    for target in (actions.get("moveToFolder"), "deleteditems" if actions.get("delete") else None):
        if target and verdict.folder is None:
            verdict.folder = target
        elif target:
            verdict.copies.append(target)
    if actions.get("copyToFolder"):
        verdict.copies.append(actions["copyToFolder"])
    if actions.get("permanentDelete"):
        verdict.is_kept = False
    if actions.get("markAsRead"):
        verdict.is_read = True
    if actions.get("markImportance"):
        verdict.importance = incoming.importance = actions["markImportance"]
    added = (name for name in actions.get("assignCategories") or () if name not in incoming.categories)
    incoming.categories.extend(added)
    verdict.passed_on += [(name, actions[name]) for name in FORWARDS if actions.get(name)]
