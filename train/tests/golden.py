"""The golden checkpoints and the step graphs made from them."""

import json
from functools import cache
from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import torch

from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.networks.network import Network, NetworkConfig

REFERENCE = Path(__file__).parents[2] / "test" / "reference"
SOURCES = ["mask", "uniform"]
WEIGHTS = ["student", "student_ema", "teacher"]


@cache
def load_golden(source: str, weights: str = "student_ema") -> tuple[NetworkConfig, dict[str, torch.Tensor]]:
    config = json.loads((REFERENCE / source / "config.json").read_text())
    shape = {k: v for k, v in config["model"].items() if k != "dropout"}
    checkpoint = torch.load(REFERENCE / source / "checkpoint.pth", weights_only=True)
    return NetworkConfig(
        **shape, vocab_size=config["vocab_size"], source_distribution=source, few_step=weights != "teacher"
    ), checkpoint[f"{weights}_model"]


def golden_network(source: str, weights: str = "student_ema") -> Network:
    config, state = load_golden(source, weights)
    network = Network(config)
    network.load_state_dict(state)
    return network.eval()


def golden_arrays(source: str, weights: str = "student_ema") -> dict[str, np.ndarray]:
    return {name: tensor.numpy() for name, tensor in load_golden(source, weights)[1].items()}


def open_session(model: onnx.ModelProto) -> ort.InferenceSession:
    return ort.InferenceSession(model.SerializeToString(), cpu_options(threads=2), providers=["CPUExecutionProvider"])


def assert_rows_do_not_look_at_each_other(
    session: ort.InferenceSession, crowd: dict[str, np.ndarray], fewest: int = 1
) -> None:
    """Each row gives the same bits alone, or `fewest` times beside itself, and in the crowd."""
    names = ["next_tokens", "confidence", "target_logprob", "posterior"]
    crowd = {**crowd, "targets": np.flip(crowd["tokens"], axis=1) % 48}
    together = session.run(names, crowd)
    for row in range(len(crowd["tokens"])):
        lone = {k: v if v.ndim == 0 else np.repeat(v[row : row + 1], fewest, axis=0) for k, v in crowd.items()}
        for a, b in zip(session.run(names, lone), together, strict=True):
            assert (a[0] == b[row]).all()


def step_inputs(tokens: np.ndarray, t: np.ndarray, h: np.ndarray, **changes: np.ndarray) -> dict[str, np.ndarray]:
    """All inputs of a step graph: all editable, temperature 1, no filter, cumulative, noise from a fixed seed, nothing
    to score."""
    rows, length = tokens.shape
    inputs = {
        "tokens": tokens.astype(np.int64),
        "length": np.full(rows, length, np.int64),
        "t": np.broadcast_to(t, rows).astype(np.float32),
        "h": np.broadcast_to(h, rows).astype(np.float32),
        "editable": np.ones((rows, length), bool),
        "temperature": np.ones(rows, np.float32),
        "top_k": np.zeros(rows, np.int64),
        "top_p": np.ones(rows, np.float32),
        "solver": np.zeros(rows, np.int64),
        "noise": np.random.default_rng(0).random((rows, length, 2), dtype=np.float32),
        "targets": np.zeros((0, 0), np.int64),
        **changes,
    }
    inputs["filter"] = np.array(bool((inputs["top_k"] > 0).any() or (inputs["top_p"] < 1).any()))
    return inputs
