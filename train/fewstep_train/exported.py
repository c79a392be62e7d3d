"""Read an exported model's folder back, so that training can go on from it."""

import json
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from fewstep_train.network import Network, NetworkConfig


def config_of(manifest: dict[str, Any]) -> NetworkConfig:
    return NetworkConfig(
        **manifest["network"],
        vocab_size=manifest["vocab_size"],
        source_distribution=manifest["source_distribution"],
        few_step=manifest["algorithm"] == "fs-dfm",
    )


def load_exported(folder: Path) -> tuple[NetworkConfig, dict[str, Tensor], dict[str, Any]]:
    """(config, float32 weights by their published names, manifest).

    The step graph keeps the weights under their published names and shapes: it is its own checkpoint, less the
    optimiser's state.
    """
    manifest_file = folder / "manifest.json"
    if not manifest_file.exists():
        raise SystemExit(f"{folder}: not an exported model, it has no manifest.json")
    manifest = json.loads(manifest_file.read_text())
    graph = onnx.load(folder / manifest["graph"]["file"]).graph
    stored = {tensor.name: tensor for tensor in graph.initializer}
    config = config_of(manifest)
    names = [name for name, _ in Network(config).named_parameters()]
    weights = {name: torch.from_numpy(numpy_helper.to_array(stored[name]).copy()).float() for name in names}
    return config, weights, manifest
