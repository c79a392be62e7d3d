"""Published FS-DFM checkpoints: read them without running them, and check every tensor by name and shape."""

import re
from pathlib import Path
from typing import Any

import torch
import yaml
from torch import Tensor

from fewstep_train.networks.config import empty_network
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.published.fields import Fields, count, number, read_json, words
from fewstep_train.published.safetensors_folder import check_tensors as check_shapes

WEIGHTS = {"student_ema": "student_ema_model", "student": "student_model", "teacher": "teacher_model"}
WRAPPERS = ("module.", "_orig_mod.")  # DistributedDataParallel and torch.compile prefix every name
SHAPE = ("hidden_size", "cond_dim", "length", "n_blocks", "n_heads")
SOURCES = ("mask", "uniform")
MODEL_FIELDS = Fields(honoured=words(" ".join(SHAPE)), wanted={}, neutral=words("dropout compile"))


def read_document(path: Path) -> dict[str, Any]:
    """YAML, or its JSON form."""
    if path.suffix == ".json":
        return read_json(path)
    try:
        raw = yaml.safe_load(path.read_text())
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise SystemExit(f"{path}: not readable as YAML: {error}") from None
    if not isinstance(raw, dict):
        raise SystemExit(f"{path}: no settings in it")
    return raw


def read_published_config(path: Path, few_step: bool, embedding_rows: int) -> tuple[NetworkConfig, float]:
    """(config, scheduler exponent) from the published YAML (`model.*`, `flow.*`) or its JSON form.

    The YAML does not hold the vocabulary's size; then it is the rows of the input embedding, less the mask token's.
    Raises SystemExit naming what is missing, not known or does not fit.
    """
    raw = read_document(path)
    flow = raw.get("flow", raw)
    try:
        MODEL_FIELDS.check(raw["model"], "FS-DFM's")
        scheduler = flow.get("scheduler_type", "polynomial")
        if scheduler != "polynomial":
            raise ValueError(f"scheduler_type is {scheduler!r}; fewstep knows 'polynomial'")
        shape, source = {key: count(raw["model"], key) for key in SHAPE}, flow["source_distribution"]
        if source not in SOURCES:
            raise ValueError(f"source_distribution is {source!r}, not {' or '.join(map(repr, SOURCES))}")
        size = count(raw, "vocab_size", embedding_rows - (source == "mask"))
        config = NetworkConfig(**shape, vocab_size=size, source_distribution=source, few_step=few_step)
        empty_network(config)
        return config, number({"exponent": 1.0} | flow, "exponent")
    except (AttributeError, KeyError, TypeError) as error:
        raise SystemExit(f"{path}: {error} is missing from the configuration") from None
    except ValueError as error:
        raise SystemExit(f"{path}: {error}") from None


def unwrapped(name: str) -> str:
    while True:
        prefix = next((p for p in WRAPPERS if name.startswith(p)), None)
        if prefix is None:
            return name
        name = name.removeprefix(prefix)


def load_tensors(path: Path) -> Any:  # noqa: ANN401 (whatever was saved)
    """What torch.save wrote, if it is plain values and tensors. Pickled code is never executed."""
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # PyTorch's own message says how to switch that off.
        found = re.search(r"GLOBAL ([\w.]+)", str(error))
        if found is None:
            raise SystemExit(f"{path}: not readable as tensors that torch.save wrote") from None
        raise SystemExit(
            f"{path}: it holds {found[1]} beside tensors, so it is refused: a pickle may run any code. Where you trust "
            "its author, load it there and save the tensors alone, "
            "torch.save({key: dict(checkpoint[key]) for key in checkpoint if key.endswith('_model')}, FILE)"
        ) from None


def read_published_weights(path: Path, weights: str) -> tuple[dict[str, Tensor], int | None]:
    """(tensors by name, training step)"""
    if not path.exists():
        raise SystemExit(f"{path}: no such file")
    checkpoint = load_tensors(path)
    key = WEIGHTS[weights]
    if not isinstance(checkpoint, dict) or key not in checkpoint:
        found = ", ".join(map(str, checkpoint)) if isinstance(checkpoint, dict) else type(checkpoint).__name__
        raise SystemExit(f"{path}: no {key!r} in it (found: {found}); choose another --weights")
    tensors, step = checkpoint[key], checkpoint.get("step")
    if not isinstance(tensors, dict) or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise SystemExit(f"{path}: {key!r} is not a table of tensors by name")
    return {unwrapped(name): tensor for name, tensor in tensors.items()}, None if step is None else int(step)


def embedding_rows(weights: dict[str, Tensor]) -> int:
    if "vocab_embed.weight" not in weights:
        raise SystemExit("the checkpoint does not fit the configuration:\n  missing: vocab_embed.weight")
    return weights["vocab_embed.weight"].shape[0]


def check_tensors(config: NetworkConfig, weights: dict[str, Tensor]) -> None:
    """Raises SystemExit naming every tensor that is missing, surplus or of another shape."""
    expected = {name: tuple(t.shape) for name, t in Network(config).state_dict().items()}
    found = {name: tuple(t.shape) for name, t in weights.items()}
    check_shapes(found, expected, "the checkpoint does")
