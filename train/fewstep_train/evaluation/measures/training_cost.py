"""How much training a system has had: numbers compare only beside it."""

from dataclasses import dataclass
from pathlib import Path

from fewstep_train.folder.exported import read_manifest
from fewstep_train.training.checkpoint import DISTILL, load_checkpoint, stages_of


@dataclass(frozen=True)
class TrainingCost:
    """Sums over all stages, those of the model that it began from included; hours as `--hours` counts them.

    `distilled`: those of `tokens` that a teacher was asked about, at several evaluations a token.
    """

    tokens: int
    distilled: int
    hours: float


def training_cost(path: Path) -> TrainingCost:
    """Of an exported model's folder or of a checkpoint."""
    folder = path.is_dir()
    stages = read_manifest(path)["training"]["stages"] if folder else stages_of(load_checkpoint(path, None))
    return TrainingCost(
        tokens=sum(s.get("tokens", 0) for s in stages),
        distilled=sum(s.get("tokens", 0) for s in stages if s["stage"] == DISTILL),
        hours=sum(s.get("hours", 0) for s in stages),
    )
