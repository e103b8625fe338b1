"""Walk the chain of the audit trail, and say where it does not hold."""

from dataclasses import dataclass
from enum import StrEnum

from postroom.controlroom.audit import anchor, chain
from postroom.controlroom.audit.models import AuditEntry, AuditHead

_CHUNK = 2000


class Fault(StrEnum):
    """What is wrong; the value is what people read after the number of the entry."""

    CHANGED = "does not fit its seal: it was changed, or something else than the Control Room wrote it"
    UNKNOWN_KEY = "was sealed with another key than this Control Room's"
    MISSING = "is missing: somebody removed it"
    PUT_IN = "does not follow the entry before it: entries were removed, put in or reordered"
    CUT_OFF = "is missing: the end of the trail was cut off"
    REPLACED = "is not the one that was written: the end of the trail was replaced"
    HEAD_CHANGED = "is not the one that the head of the trail names: the head was changed"
    ANCHOR_CHANGED = "cannot be compared with the anchor file, which was changed"


@dataclass(frozen=True)
class Verdict:
    """How many entries there are and, where the chain does not hold, at which entry and why."""

    entries: int
    sequence: int | None = None
    fault: Fault | None = None

    @property
    def is_whole(self) -> bool:
        """Whether nothing was changed, removed, put in or reordered."""
        return self.fault is None


def verify() -> Verdict:
    """Check every entry, its place in the chain, and that the end is where it was."""
    # Before the walk, so that what is appended meanwhile cannot look like a head that is behind or ahead.
    kept, is_damaged = _read_anchor()
    head = AuditHead.objects.first()
    entries, previous = 0, AuditEntry(sequence=0, hash="")
    for entry in AuditEntry.objects.order_by("sequence").iterator(chunk_size=_CHUNK):
        if found := _check_link(entry, previous):
            return Verdict(entries, *found)
        entries, previous = entries + 1, entry
    return Verdict(entries, *(_check_end(previous, head, kept, is_damaged=is_damaged) or ()))


def _read_anchor() -> tuple[anchor.Anchor | None, bool]:
    try:
        return anchor.find(), False
    except anchor.AnchorDamagedError:
        return None, True


def _check_link(entry: AuditEntry, previous: AuditEntry) -> tuple[int, Fault] | None:
    if chain.find_key(entry.key_id) is None:
        return entry.sequence, Fault.UNKNOWN_KEY
    if not chain.is_whole(entry):
        return entry.sequence, Fault.CHANGED
    if entry.sequence != previous.sequence + 1:
        return previous.sequence + 1, Fault.MISSING
    if entry.previous_hash != previous.hash:
        return entry.sequence, Fault.PUT_IN
    return None


def _check_end(
    last: AuditEntry, head: AuditHead | None, kept: anchor.Anchor | None, *, is_damaged: bool
) -> tuple[int, Fault] | None:
    end = (head.sequence, head.hash) if head is not None else (0, "")
    if max(end[0], kept.sequence if kept else 0) > last.sequence:
        return last.sequence + 1, Fault.CUT_OFF
    if is_damaged:
        return last.sequence, Fault.ANCHOR_CHANGED
    if kept is not None and not _names_an_entry(kept.sequence, kept.hash):
        return kept.sequence, Fault.REPLACED
    if not _names_an_entry(*end) or _is_head_behind(last):
        return last.sequence, Fault.HEAD_CHANGED
    return None


def _names_an_entry(sequence: int, entry_hash: str) -> bool:
    return sequence == 0 or AuditEntry.objects.filter(sequence=sequence, hash=entry_hash).exists()


def _is_head_behind(last: AuditEntry) -> bool:
    # Read again: an entry and its head are committed together, so a head is never behind an entry that was seen.
    head = AuditHead.objects.first()
    return last.sequence > (head.sequence if head is not None else 0)
