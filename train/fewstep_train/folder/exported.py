"""Read an exported model's folder back, so that training can go on from it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor

from fewstep_train.graphs.graph_builder import scale_name
from fewstep_train.kinds import AUTOREGRESSIVE, CANVAS, MASKED
from fewstep_train.networks.config import Config, parameter_names
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import TransformerConfig


@dataclass(frozen=True)
class Exported:
    """What a model's folder holds. `weights` in float32, by their published names."""

    kind: str
    config: Config
    weights: dict[str, Tensor]
    manifest: dict[str, Any]
    tokenizer_json: str | None

    @property
    def stages(self) -> list[dict[str, Any]]:
        return self.manifest["training"]["stages"]


def kind_of(manifest: dict[str, Any]) -> str:
    algorithm = manifest["algorithm"]
    return algorithm if algorithm in (AUTOREGRESSIVE, *MASKED) else CANVAS


def config_of(manifest: dict[str, Any]) -> Config:
    if kind_of(manifest) != CANVAS:
        return TransformerConfig(**manifest["network"])
    return NetworkConfig(
        **manifest["network"],
        vocab_size=manifest["vocab_size"],
        source_distribution=manifest["source_distribution"],
        few_step=manifest["algorithm"] == "fs-dfm",
    )


def stored_weight(stored: dict[str, onnx.TensorProto], name: str) -> Tensor:
    """A weight in float32, also where it is stored in 8 bits beside its scales."""
    weight = numpy_helper.to_array(stored[name])
    if weight.dtype == np.int8:
        return torch.from_numpy(weight.astype(np.float32) * numpy_helper.to_array(stored[scale_name(name)]))
    return torch.from_numpy(weight.astype(np.float32))


def read_manifest(folder: Path) -> dict[str, Any]:
    file = folder / "manifest.json"
    if not file.exists():
        raise SystemExit(f"{folder}: not an exported model, it has no manifest.json")
    return json.loads(file.read_text())


def read_exported(folder: Path, *kinds: str) -> Exported:
    """The graph keeps the weights under their published names and shapes: it is its own checkpoint, less the
    optimiser's state. Raises SystemExit where the model is of none of `kinds`, if any are given.
    """
    manifest = read_manifest(folder)
    kind = kind_of(manifest)
    if kinds and kind not in kinds:
        raise SystemExit(
            f"{folder}: a model of kind {kind!r}, where one of kind {' or '.join(map(repr, kinds))} is needed"
        )
    stored = {t.name: t for t in onnx.load(folder / manifest["graph"]["file"]).graph.initializer}
    config = config_of(manifest)
    weights = {name: stored_weight(stored, name) for name in parameter_names(config)}
    tokenizer = manifest["tokenizer"]
    return Exported(kind, config, weights, manifest, (folder / tokenizer).read_text() if tokenizer else None)


def load_exported(folder: Path) -> tuple[NetworkConfig, dict[str, Tensor], dict[str, Any]]:
    """(config, float32 weights by their published names, manifest) of a model of discrete flow matching."""
    exported = read_exported(folder, CANVAS)
    return exported.config, exported.weights, exported.manifest
