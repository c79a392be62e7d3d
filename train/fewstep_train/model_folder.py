"""Write a model's folder: step.onnx, step-int8.onnx where wanted, tokenizer.json, manifest.json and MODEL_CARD.md, all
or nothing."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.graph_builder import OPSET
from fewstep_train.model_card import model_card
from fewstep_train.network import Network, NetworkConfig
from fewstep_train.step_graph import GRAPH_VERSION, build_step_graph
from fewstep_train.tokenizer import END_OF_TEXT

FORMAT_VERSION = 1
FILE, INT8_FILE = "step.onnx", "step-int8.onnx"
DEFAULTS: dict[str, Any] = {
    "steps": 8,
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "solver": "cumulative",
    "schedule": "uniform",
}


@dataclass
class ModelParts:
    """What an exported model is made of. `weights` by published names, in float32."""

    config: NetworkConfig
    weights: dict[str, Tensor]
    exponent: float
    tokenizer_json: str | None
    trained_step_sizes: list[float]
    stages: list[dict[str, Any]]  # how it was trained, one entry a stage
    data_card: str = "Not recorded."
    dtype: type = np.float16
    int8: bool = False  # also write INT8_FILE, the same step with 8-bit products
    defaults: dict[str, Any] = field(default_factory=dict)


def parameter_arrays(config: NetworkConfig, weights: dict[str, Tensor]) -> dict[str, np.ndarray]:
    return {name: weights[name].detach().float().numpy() for name, _ in Network(config).named_parameters()}


def end_of_text_id(tokenizer_json: str | None) -> int | None:
    if tokenizer_json is None:
        return None
    return Tokenizer.from_str(tokenizer_json).token_to_id(END_OF_TEXT)


def check_vocabulary(config: NetworkConfig, tokenizer_json: str | None) -> None:
    if tokenizer_json is None:
        return
    size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    if size > config.vocab_size:
        raise SystemExit(f"the tokenizer has {size} tokens, the network only {config.vocab_size}: not a pair")


def write_model(folder: Path, parts: ModelParts) -> dict[str, Any]:
    """Write the folder beside its old version, then swap: a kill leaves one whole model. Returns the manifest."""
    config = parts.config
    check_vocabulary(config, parts.tokenizer_json)
    arrays = parameter_arrays(config, parts.weights)
    files = {}
    for name, compute in [(FILE, "float32"), *([(INT8_FILE, "int8")] if parts.int8 else [])]:
        graph = build_step_graph(config, arrays, parts.exponent, parts.dtype, compute=compute)
        files[name] = graph.SerializeToString(deterministic=True)
    if parts.tokenizer_json is not None:
        files["tokenizer.json"] = parts.tokenizer_json.encode()
    int8_file = {"int8_file": INT8_FILE} if parts.int8 else {}
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": folder.name,
        "algorithm": "fs-dfm" if config.few_step else "dfm",
        "source_distribution": config.source_distribution,
        "scheduler": "polynomial",
        "exponent": parts.exponent,
        "vocab_size": config.vocab_size,
        "mask_token_id": config.mask_token_id,
        "end_of_text_token_id": end_of_text_id(parts.tokenizer_json),
        "max_length": config.length,
        "network": {key: getattr(config, key) for key in ("hidden_size", "cond_dim", "length", "n_blocks", "n_heads")},
        "parameters": sum(w.size for w in arrays.values()),
        "weights": np.dtype(parts.dtype).name,
        "trained_step_sizes": parts.trained_step_sizes,
        "defaults": {**DEFAULTS, **parts.defaults},
        "graph": {"file": FILE, **int8_file, "version": GRAPH_VERSION, "opset": OPSET},
        "tokenizer": "tokenizer.json" if parts.tokenizer_json is not None else None,
        "files": {
            name: {"sha256": hashlib.sha256(data).hexdigest(), "bytes": len(data)} for name, data in files.items()
        },
        "training": {"stages": parts.stages},
    }
    files["manifest.json"] = (json.dumps(manifest, indent=2) + "\n").encode()
    files["MODEL_CARD.md"] = model_card(manifest, parts.data_card).encode()
    swap_in(folder, files)
    return manifest


def swap_in(folder: Path, files: dict[str, bytes]) -> None:
    partial = folder.with_name(f".{folder.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    if folder.exists():
        for kept in folder.iterdir():  # such as an evaluation's report
            if kept.is_file() and kept.name not in {*files, INT8_FILE}:  # an old one would have other weights
                shutil.copy2(kept, partial / kept.name)
    for name, data in files.items():
        (partial / name).write_bytes(data)
    if folder.exists():
        old = folder.with_name(f".{folder.name}.old")
        folder.rename(old)
        partial.rename(folder)
        shutil.rmtree(old)
    else:
        partial.rename(folder)
