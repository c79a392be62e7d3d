"""Read an exported model's folder back, so that training can go on from it."""

import json
from pathlib import Path
from typing import Any

from safetensors import safe_open
from torch import Tensor

from fewstep_train.network import NetworkConfig


def load_exported(folder: Path) -> tuple[NetworkConfig, dict[str, Tensor], dict[str, Any]]:
    """(config, float32 weights by their published names, facts: exponent and training provenance)."""
    with safe_open(folder / "weights.safetensors", framework="pt") as file:
        facts = file.metadata()
        weights = {name: file.get_tensor(name).float() for name in file.keys()}  # noqa: SIM118 (no mapping)
    config = NetworkConfig(**json.loads(facts["config"]))
    return config, weights, {"exponent": float(facts["exponent"]), "training": json.loads(facts["training"])}
