"""Write a model's folder: the graphs, tokenizer.json, manifest.json and MODEL_CARD.md, all or nothing."""

import hashlib
import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.folder.graph_metadata import stamped
from fewstep_train.folder.model_card import model_card
from fewstep_train.folder.service_rules import check_defaults, check_name
from fewstep_train.folder.swap import recover, swap_in
from fewstep_train.graphs.decoder_graph import DECODER_VERSION, build_decoder_graph
from fewstep_train.graphs.graph_builder import INLINE_BYTES, OPSET
from fewstep_train.graphs.masked_step_graph import MASKED_GRAPH_VERSION, build_masked_step_graph
from fewstep_train.graphs.step_graph import GRAPH_VERSION, HALF, build_step_graph, opset_of
from fewstep_train.kinds import AUTOREGRESSIVE, CANVAS, MASKED
from fewstep_train.networks.config import Config, parameter_names
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.text.tokenizer import END_OF_TEXT

FORMAT_VERSION = 1
FILE, INT8_FILE, FLOAT16_FILE, DECODER_FILE = "step.onnx", "step-int8.onnx", "step-fp16.onnx", "decoder.onnx"
GRAPHS = (FILE, INT8_FILE, FLOAT16_FILE, DECODER_FILE)
DEFAULTS: dict[str, Any] = {
    "steps": 8,
    "temperature": 1.0,
    "top_k": 0,
    "top_p": 1.0,
    "solver": "cumulative",
    "schedule": "uniform",
    "jumps": "independent",
}
NETWORK_KEYS = ("hidden_size", "cond_dim", "length", "n_blocks", "n_heads")


@dataclass
class ModelParts:
    """What an exported model is made of. `weights` by published names. `dtype` int8: matrices are stored in 8 bits."""

    config: Config
    weights: Mapping[str, Tensor]
    exponent: float
    tokenizer_json: str | None
    trained_step_sizes: list[float]
    stages: list[dict[str, Any]]  # how it was trained, one entry a stage
    kind: str = CANVAS
    data_card: str = "Not recorded."
    dtype: type = np.float16
    int8: bool = False  # also write INT8_FILE, the same step with 8-bit products
    float16: bool = False  # also write FLOAT16_FILE, the same step in float16, for GPUs
    end_of_text_token_ids: list[int] | None = None  # text ends at any of them; None: the tokenizer's END_OF_TEXT
    defaults: dict[str, Any] = field(default_factory=dict)
    schedules: dict[str, Any] = field(default_factory=dict)  # tuned ones, as the manifest has them

    @property
    def algorithm(self) -> str:
        if isinstance(self.config, NetworkConfig):
            return "fs-dfm" if self.config.few_step else "dfm"
        return self.kind


class Arrays(Mapping[str, np.ndarray]):
    """Weights as float32 arrays, made one at a time: a large model is never there twice."""

    def __init__(self, weights: Mapping[str, Tensor], names: list[str]) -> None:
        self.weights, self.names = weights, names

    def __getitem__(self, name: str) -> np.ndarray:
        return self.weights[name].detach().float().numpy()

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self.names


def graph_version(kind: str) -> int:
    """Of the graphs that a model of this kind is exported with."""
    if kind == AUTOREGRESSIVE:
        return DECODER_VERSION
    return MASKED_GRAPH_VERSION if kind in MASKED else GRAPH_VERSION


def parameter_arrays(config: Config, weights: Mapping[str, Tensor]) -> Arrays:
    return Arrays(weights, parameter_names(config))


def end_of_text(parts: ModelParts) -> dict[str, Any]:
    """The manifest's fields: the first id, or null; and all of them, where there are more."""
    ids = parts.end_of_text_token_ids
    if ids is None:
        own = parts.tokenizer_json and Tokenizer.from_str(parts.tokenizer_json).token_to_id(END_OF_TEXT)
        ids = [] if own is None else [own]
    several = {"end_of_text_token_ids": ids} if len(ids) > 1 else {}
    return {"end_of_text_token_id": ids[0] if ids else None, **several}


def check_vocabulary(config: Config, tokenizer_json: str | None) -> None:
    if tokenizer_json is None:
        return
    size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    if size > config.vocab_size:
        raise SystemExit(f"the tokenizer has {size} tokens, the network only {config.vocab_size}: not a pair")


def build_graph(parts: ModelParts, arrays: Mapping[str, np.ndarray], compute: str) -> onnx.ModelProto:
    """The step graph of a canvas model, or the decoder of an autoregressive one."""
    if parts.kind == CANVAS:
        return build_step_graph(parts.config, arrays, parts.exponent, parts.dtype, compute=compute)
    if parts.kind in MASKED:
        return build_masked_step_graph(parts.kind, parts.config, arrays, parts.dtype, compute=compute)
    return build_decoder_graph(parts.config, arrays, parts.dtype)


def graphs_of(parts: ModelParts) -> dict[str, str]:
    """Files to write, each with what computes its products."""
    if parts.kind == AUTOREGRESSIVE:
        if parts.int8:
            raise SystemExit("an autoregressive model has no 8-bit graph; its weights can be stored in 8 bits")
        if parts.float16:
            raise SystemExit("an autoregressive model has no graph in float16: the service does not run it")
        return {DECODER_FILE: "float32"}
    others = {INT8_FILE: "int8"} if parts.int8 else {}
    return {FILE: "float32", **others, **({FLOAT16_FILE: HALF} if parts.float16 else {})}


def network_facts(config: Config) -> dict[str, Any]:
    if isinstance(config, NetworkConfig):
        return {key: getattr(config, key) for key in NETWORK_KEYS}
    return config.to_dict()


def write_graph(graph: onnx.ModelProto, file: Path) -> None:
    """One file, or two where the weights are many: then FILE.data holds them, and loading takes less memory."""
    if sum(len(tensor.raw_data) for tensor in graph.graph.initializer) < INLINE_BYTES:
        file.write_bytes(graph.SerializeToString(deterministic=True))
        return
    data = file.with_name(f"{file.name}.data")
    onnx.save_model(graph, file, save_as_external_data=True, location=data.name)
    data.chmod(file.stat().st_mode)  # onnx keeps it from others, such as a container's user
    onnx.checker.check_model(str(file))


def file_facts(file: Path) -> dict[str, Any]:
    with file.open("rb") as content:
        return {"sha256": hashlib.file_digest(content, "sha256").hexdigest(), "bytes": file.stat().st_size}


def write_model(folder: Path, parts: ModelParts) -> dict[str, Any]:
    """Write the folder beside its old version, then swap: a kill leaves one whole model. Returns the manifest.

    Where `folder` is a link, what it points to is replaced.
    """
    config, place = parts.config, folder.resolve()
    if place.exists() and not place.is_dir():
        raise SystemExit(f"{folder}: a file, where a folder is to be written")
    defaults = {**DEFAULTS, **parts.defaults}
    check_name(folder.name)
    check_vocabulary(config, parts.tokenizer_json)
    check_defaults(defaults, parts.kind)
    arrays = parameter_arrays(config, parts.weights)
    recover(place)
    partial = place.with_name(f".{place.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)  # what an export left that was killed
    partial.mkdir(parents=True)
    graphs = graphs_of(parts)
    if parts.tokenizer_json is not None:
        (partial / "tokenizer.json").write_text(parts.tokenizer_json)
    manifest = {
        "format_version": FORMAT_VERSION,
        "name": folder.absolute().name,
        "algorithm": parts.algorithm,
        "source_distribution": "uniform" if config.mask_token_id is None else "mask",
        "scheduler": "polynomial",
        "exponent": parts.exponent,
        "vocab_size": config.vocab_size,
        "mask_token_id": config.mask_token_id,
        **end_of_text(parts),
        "max_length": config.length,
        "network": network_facts(config),
        "parameters": sum(parts.weights[name].numel() for name in arrays),
        "weights": np.dtype(parts.dtype).name,
        "trained_step_sizes": parts.trained_step_sizes,
        "defaults": defaults,
        **({"schedules": parts.schedules} if parts.schedules else {}),
        "graph": {
            "file": next(iter(graphs)),
            **({"int8_file": INT8_FILE} if parts.int8 else {}),
            **({"float16_file": FLOAT16_FILE, "float16_opset": opset_of(HALF)} if parts.float16 else {}),
            "version": graph_version(parts.kind),
            "opset": OPSET,
        },
        "tokenizer": "tokenizer.json" if parts.tokenizer_json is not None else None,
        "files": {file.name: file_facts(file) for file in sorted(partial.iterdir())},
        "training": {"stages": parts.stages},
    }
    for name, compute in graphs.items():
        write_graph(stamped(build_graph(parts, arrays, compute), manifest, compute), partial / name)
    manifest["files"] = {file.name: file_facts(file) for file in sorted(partial.iterdir())}
    (partial / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
    (partial / "MODEL_CARD.md").write_text(model_card(manifest, parts.data_card))
    keep_others(place, partial)
    swap_in(partial, place)
    return manifest


def keep_others(folder: Path, partial: Path) -> None:
    """Copy what else lies in the old folder, such as an evaluation's report, to the new one."""
    for kept in folder.iterdir() if folder.exists() else ():
        graph = kept.name.removesuffix(".data") in GRAPHS  # an old one would have other weights
        if graph or (partial / kept.name).exists():
            continue
        if kept.is_dir() and not kept.is_symlink():
            shutil.copytree(kept, partial / kept.name, symlinks=True)
        else:
            shutil.copy2(kept, partial / kept.name, follow_symlinks=False)
