"""Tasks of the harness, or of one's own, over a running service."""

from collections.abc import Sequence
from pathlib import Path

from lm_eval import simple_evaluate
from lm_eval.tasks import TaskManager
from lm_eval.utils import make_table

from fewstep_train.harness.model import FewstepLM


def evaluate(
    model: FewstepLM, tasks: Sequence[str], own: Path | None, num_fewshot: int | None, limit: int | None
) -> dict:
    """The harness's results. `own` is a folder of tasks, looked at before those that come with the harness."""
    manager = TaskManager(include_path=own, include_defaults=False) if own else None
    if manager is None or not set(tasks) <= set(manager.all_tasks):
        manager = TaskManager(include_path=own)
    return simple_evaluate(
        model=model,
        tasks=list(tasks),
        task_manager=manager,
        num_fewshot=num_fewshot,
        limit=limit,
        bootstrap_iters=0,  # standard errors by formula, where there is one
        log_samples=False,
    )


def shown(results: dict) -> str:
    """As a table."""
    return make_table(results)
