"""Open what is evaluated: the step graph that is served, or one made of weights."""

from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
import onnxruntime

from fewstep_train.evaluation.systems.identity import graph_identity
from fewstep_train.evaluation.systems.step_graph_system import StepGraphSystem
from fewstep_train.folder.exported import config_of, kind_of, read_manifest
from fewstep_train.folder.model_folder import FILE, INT8_FILE, build_graph, parameter_arrays
from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.identity import digest
from fewstep_train.networks.config import Config
from fewstep_train.training.model_parts import parts_of_checkpoint, parts_of_model


class Graph(NamedTuple):
    """A step graph as a file's name or as bytes, a hash of what it is made of, and what there is to know of it."""

    graph: str | bytes
    identity: str
    kind: str
    config: Config
    exponent: float


def graph_of(path: Path, compute: str) -> Graph:
    """The served file where there is one, else a graph made of the weights of a folder or a checkpoint."""
    file = path / (FILE if compute == "float32" else INT8_FILE)
    if file.exists():
        manifest = read_manifest(path)
        identity = graph_identity(path, manifest, file.name)
        return Graph(str(file), identity, kind_of(manifest), config_of(manifest), manifest["exponent"])
    parts = parts_of_model(path) if path.is_dir() else replace(parts_of_checkpoint(path), dtype=np.float32)
    model = build_graph(parts, parameter_arrays(parts.config, parts.weights), compute)
    graph = model.SerializeToString(deterministic=True)
    identity = digest(graph, repr((parts.config, parts.exponent)), parts.tokenizer_json or "")
    return Graph(graph, identity, parts.kind, parts.config, parts.exponent)


def open_session(graph: str | bytes, threads: int) -> onnxruntime.InferenceSession:
    options = cpu_options(threads)
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def kind_at(path: Path) -> str:
    """Of an exported model's folder or a training checkpoint."""
    return kind_of(read_manifest(path)) if path.is_dir() else parts_of_checkpoint(path).kind


def open_system(name: str, path: Path, kind: str, threads: int, compute: str) -> StepGraphSystem:
    """An exported model's folder or a training checkpoint of `kind`; `compute` float32 or int8."""
    found = graph_of(path, compute)
    if found.kind != kind:
        raise SystemExit(f"{path}: a model of kind {found.kind!r}, where {kind} is needed")
    session, config = open_session(found.graph, threads), found.config
    identity = found.identity + ("" if compute == "float32" else f" {compute}")
    return StepGraphSystem(
        name, identity, session, config.vocab_size, config.mask_token_id, found.exponent, config.length
    )
