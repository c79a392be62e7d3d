"""Published FS-DFM checkpoints: read them without running them, and check every tensor by name and shape."""

import json
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from fewstep_train.network import Network, NetworkConfig

WEIGHTS = {"student_ema": "student_ema_model", "student": "student_model", "teacher": "teacher_model"}
WRAPPERS = ("module.", "_orig_mod.")  # DistributedDataParallel and torch.compile prefix every name
SHAPE = ("hidden_size", "cond_dim", "length", "n_blocks", "n_heads")


def read_published_config(path: Path, few_step: bool, embedding_rows: int) -> tuple[NetworkConfig, float]:
    """(config, scheduler exponent) from the published YAML (`model.*`, `flow.*`) or its JSON form.

    The YAML does not hold the vocabulary's size; then it is the rows of the input embedding, less the mask token's.
    Raises SystemExit naming the missing key.
    """
    text = path.read_text()
    raw: dict[str, Any] = json.loads(text) if path.suffix == ".json" else yaml.safe_load(text)
    flow = raw.get("flow", raw)
    scheduler = flow.get("scheduler_type", "polynomial")
    if scheduler != "polynomial":
        raise SystemExit(f"{path}: scheduler_type is {scheduler!r}; fewstep knows 'polynomial'")
    try:
        shape = {key: int(raw["model"][key]) for key in SHAPE}
        source = flow["source_distribution"]
    except (KeyError, TypeError) as error:
        raise SystemExit(f"{path}: {error} is missing from the configuration") from None
    size = raw.get("vocab_size", embedding_rows - (source == "mask"))
    config = NetworkConfig(**shape, vocab_size=size, source_distribution=source, few_step=few_step)
    return config, float(flow.get("exponent", 1.0))


def unwrapped(name: str) -> str:
    while True:
        prefix = next((p for p in WRAPPERS if name.startswith(p)), None)
        if prefix is None:
            return name
        name = name.removeprefix(prefix)


def read_published_weights(path: Path, weights: str) -> tuple[dict[str, Tensor], int | None]:
    """(tensors by name, training step). Pickled code is never executed."""
    if not path.exists():
        raise SystemExit(f"{path}: no such file")
    try:
        checkpoint = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise SystemExit(f"{path}: cannot be read as tensors only, so it is refused: {error}") from None
    key = WEIGHTS[weights]
    if not isinstance(checkpoint, dict) or key not in checkpoint:
        found = ", ".join(map(str, checkpoint)) if isinstance(checkpoint, dict) else type(checkpoint).__name__
        raise SystemExit(f"{path}: no {key!r} in it (found: {found}); choose another --weights")
    return {unwrapped(name): tensor for name, tensor in checkpoint[key].items()}, checkpoint.get("step")


def embedding_rows(weights: dict[str, Tensor]) -> int:
    if "vocab_embed.weight" not in weights:
        raise SystemExit("the checkpoint does not fit the configuration:\n  missing: vocab_embed.weight")
    return weights["vocab_embed.weight"].shape[0]


def check_tensors(config: NetworkConfig, weights: dict[str, Tensor]) -> None:
    """Raises SystemExit naming every tensor that is missing, surplus or of another shape."""
    expected = {name: tuple(t.shape) for name, t in Network(config).state_dict().items()}
    found = {name: tuple(t.shape) for name, t in weights.items()}
    problems = [f"missing: {name} {shape}" for name, shape in expected.items() if name not in found]
    problems += [f"surplus: {name} {shape}" for name, shape in found.items() if name not in expected]
    problems += [
        f"wrong shape: {name} is {found[name]}, the configuration says {shape}"
        for name, shape in expected.items()
        if name in found and found[name] != shape
    ]
    if problems:
        raise SystemExit("the checkpoint does not fit the configuration:\n  " + "\n  ".join(problems))
