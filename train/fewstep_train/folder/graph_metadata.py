"""What a graph says of itself, so that whoever loads it can tell a manifest of another one."""

import json
from collections.abc import Mapping
from typing import Any

import onnx
from onnx import helper

# What a manifest says of its graphs, which each of them says itself, too.
GRAPH_KEYS = (
    "algorithm",
    "source_distribution",
    "exponent",
    "vocab_size",
    "mask_token_id",
    "max_length",
    "parameters",
)
PREFIX = "fewstep."


def stamped(graph: onnx.ModelProto, manifest: Mapping[str, Any], compute: str) -> onnx.ModelProto:
    """The graph with metadata as src/model/check-graphs.ts reads it, each value in JSON."""
    facts = {key: manifest[key] for key in GRAPH_KEYS} | {"compute": compute}
    facts["graph.version"] = manifest["graph"]["version"]
    if manifest["tokenizer"] is not None:
        facts["tokenizer_sha256"] = manifest["files"][manifest["tokenizer"]]["sha256"]
    helper.set_model_props(graph, {f"{PREFIX}{key}": json.dumps(value) for key, value in facts.items()})
    return graph
