"""Training checkpoints: one torch-saved dict of tensors and plain values, loadable with `weights_only`."""

import os
from pathlib import Path
from typing import Any

import torch

from fewstep_train.kinds import CANVAS

DISTILL = "distill"  # the stage in which a teacher is asked


def save_checkpoint(path: Path, checkpoint: dict[str, Any]) -> None:
    """Write beside the old file, then replace it: a kill at any moment leaves one whole checkpoint."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    torch.save(checkpoint, partial)
    os.replace(partial, path)


def load_checkpoint(path: Path, kind: str | None = CANVAS) -> dict[str, Any]:
    """Raises SystemExit with one clear sentence where the file is missing or is no checkpoint of this kit and kind.

    kind None: of any kind.
    """
    if not path.exists():
        raise SystemExit(f"{path}: no such checkpoint")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception:  # PyTorch's own message says how to run a file's code
        checkpoint = None
    if not isinstance(checkpoint, dict) or "config" not in checkpoint:
        raise SystemExit(f"{path}: not a checkpoint of fewstep_train (a published one? use import-checkpoint)")
    if kind is not None and (found := checkpoint.get("kind", CANVAS)) != kind:
        raise SystemExit(f"{path}: a checkpoint of kind {found!r}, where one of kind {kind!r} is needed")
    return checkpoint


def stages_of(checkpoint: dict[str, Any]) -> list[dict[str, Any]]:
    """How it was trained, one entry a stage, those of what it began from first."""
    return [*checkpoint.get("earlier_stages", []), *filter(None, [checkpoint.get("training")])]
