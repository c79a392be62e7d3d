"""How much training a system has had: numbers compare only beside it."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.exported import read_manifest


@dataclass(frozen=True)
class TrainingCost:
    """Sums over all stages, those of the model that it began from included; hours as `--hours` counts them."""

    hours: float
    tokens: int


def stages_of(path: Path) -> list[dict[str, Any]]:
    """The stages of an exported model's folder or of a checkpoint."""
    if path.is_dir():
        return read_manifest(path)["training"]["stages"]
    checkpoint = load_checkpoint(path, None)
    return [*checkpoint.get("earlier_stages", []), *filter(None, [checkpoint.get("training")])]


def training_cost(path: Path) -> TrainingCost:
    stages = stages_of(path)
    return TrainingCost(sum(s.get("hours", 0) for s in stages), sum(s.get("tokens", 0) for s in stages))
