"""Going back in a run's journal to a step, from which all is done anew."""

from postroom.bots.durable import ACTIVE, Engine
from postroom.controlroom.runs.models import Run
from postroom.controlroom.runs.queueing import FROM_FAILURE


def go_back(engine: Engine, root: Run) -> None:
    """Let a run that was queued by `retry_run` go on at its step, on this worker.

    A step of a child is gone back to in the child, and in each run above it at the step that gets the child's result.
    Errors: RunNotFoundError where the journal is not kept any more; RunError, JournalError.
    """
    if engine.find_status(str(root.pk)) in ACTIVE:
        engine.cancel(str(root.pk))
    child = Run.objects.filter(root=root, retry_step__gt=FROM_FAILURE).order_by("created").last()
    if child is None:
        _retry(engine, root, root.retry_step or None)
    else:
        _retry(engine, child, child.retry_step)
        while child.parent is not None:
            number = engine.get_result_step(str(child.parent_id), str(child.pk))
            child = child.parent
            _retry(engine, child, number)
    Run.objects.filter(root=root).update(retry_step=None)
    Run.objects.filter(pk=root.pk).update(retry_step=None)


def _retry(engine: Engine, run: Run, number: int | None) -> None:
    steps = run.steps.exclude(status="done") if number is None else run.steps.filter(number__gte=number)
    steps.delete()
    engine.retry(str(run.pk), number, engine.queue)
