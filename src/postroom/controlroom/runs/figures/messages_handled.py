"""How many messages runs have handled, each with the child bots below it."""

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Sum

from postroom.controlroom.runs.models import Run


def count_messages(runs: Sequence[Run]) -> dict[UUID, int]:
    """The messages that each of these runs and all runs below it have handled, by the id of the run."""
    roots = [run.pk for run in runs if run.root_id is None]
    below = Run.objects.filter(root__in=roots).order_by().values_list("root")
    sums: dict[UUID, int] = dict(below.annotate(Sum("messages_handled")))
    counted = {run.pk: run.messages_handled + sums.get(run.pk, 0) for run in runs if run.root_id is None}
    children = [run for run in runs if run.root_id is not None]
    return counted | (_count_in_trees(children) if children else {})


def _count_in_trees(runs: Sequence[Run]) -> dict[UUID, int]:
    """The same of runs that have a parent: by walking down the trees that they belong to."""
    trees = Run.objects.filter(root__in={run.root_id for run in runs}).order_by()
    below: dict[UUID, list[tuple[UUID, int]]] = defaultdict(list)
    for key, parent, number in trees.values_list("pk", "parent", "messages_handled"):
        below[parent].append((key, number))

    def add_up(key: UUID) -> int:
        return sum(number + add_up(child) for child, number in below[key])

    return {run.pk: run.messages_handled + add_up(run.pk) for run in runs}
