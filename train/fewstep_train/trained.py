"""A transformer with what is known of its training, from a checkpoint or from an exported model's folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fewstep_train.checkpoint import load_checkpoint, stages_of
from fewstep_train.exported import read_exported
from fewstep_train.transformer import Transformer, TransformerConfig


@dataclass(frozen=True)
class Trained:
    """`network` with the weight average, in eval mode; `stages`: how it was trained, one entry a stage."""

    network: Transformer
    tokenizer_json: str
    stages: list[dict[str, Any]]


def load_transformer(path: Path, kind: str) -> Trained:
    """`path`: a training checkpoint or an exported model's folder, of `kind`."""
    if path.is_dir():
        exported = read_exported(path, kind)
        if exported.tokenizer_json is None:
            raise SystemExit(f"{path}: the model has no tokenizer")
        config, weights = exported.config, exported.weights
        tokenizer_json, stages = exported.tokenizer_json, exported.stages
    else:
        checkpoint = load_checkpoint(path, kind)
        config, weights = TransformerConfig(**checkpoint["config"]), checkpoint["ema"]
        tokenizer_json = checkpoint["tokenizer"]
        stages = stages_of(checkpoint)
    network = Transformer(config)
    network.load_state_dict(weights)
    return Trained(network.eval(), tokenizer_json, stages)
