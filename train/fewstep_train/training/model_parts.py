"""The parts of a model, from a checkpoint or from an exported one."""

from pathlib import Path
from typing import Any

import numpy as np

from fewstep_train.folder.exported import read_exported
from fewstep_train.folder.model_folder import ModelParts
from fewstep_train.folder.tuned_schedules import tuned_schedules
from fewstep_train.kinds import CANVAS
from fewstep_train.networks.config import config_from
from fewstep_train.training.checkpoint import load_checkpoint, stages_of

DATA_HEADING = "## Training data\n"  # of MODEL_CARD.md


def parts_of_checkpoint(path: Path, weights: str = "ema") -> ModelParts:
    """`weights`: ema, the weight average, or model, the last step's."""
    checkpoint = load_checkpoint(path, None)
    kind = checkpoint.get("kind", CANVAS)
    return ModelParts(
        kind=kind,
        config=config_from(kind, checkpoint["config"]),
        weights=checkpoint[weights],
        exponent=checkpoint.get("exponent", 1.0),
        tokenizer_json=checkpoint["tokenizer"],
        trained_step_sizes=checkpoint.get("trained_step_sizes", []),
        stages=stages_of(checkpoint),
    )


def end_of_text_ids(manifest: dict[str, Any]) -> list[int]:
    first = manifest["end_of_text_token_id"]
    return manifest.get("end_of_text_token_ids", [] if first is None else [first])


def parts_of_model(folder: Path) -> ModelParts:
    exported = read_exported(folder)
    manifest = exported.manifest
    tuned_schedules(manifest)  # what is damaged is not written again
    card = (folder / "MODEL_CARD.md").read_text()
    return ModelParts(
        kind=exported.kind,
        config=exported.config,
        weights=exported.weights,
        exponent=manifest["exponent"],
        tokenizer_json=exported.tokenizer_json,
        trained_step_sizes=manifest["trained_step_sizes"],
        stages=exported.stages,
        data_card=card.partition(DATA_HEADING)[2].partition("\n## ")[0],
        dtype=np.dtype(manifest["weights"]).type,
        end_of_text_token_ids=end_of_text_ids(manifest) or None,
        defaults=manifest["defaults"],
        schedules=manifest.get("schedules", {}),
    )
