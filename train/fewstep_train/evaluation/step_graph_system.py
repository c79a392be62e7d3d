"""A system that runs a fused step graph in ONNX Runtime, as the service does."""

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.evaluation.identity import file_identity
from fewstep_train.evaluation.samples import Samples, Sampling
from fewstep_train.evaluation.stability import expected_changes
from fewstep_train.model_folder import parameter_arrays
from fewstep_train.network import NetworkConfig
from fewstep_train.solver import SOLVERS
from fewstep_train.step_graph import build_step_graph

ROWS = 32  # rows of one run: the posterior [ROWS, L, K] is the largest tensor
HALVINGS = 9


def step_sizes(schedule: str, steps: int) -> np.ndarray:
    """h [steps], summing to 1: `uniform`; `geometric`, 1/2, 1/4, ... to 1/512, what is left cut evenly; `reversed`."""
    halvings = min(steps - 1, HALVINGS)
    if schedule == "uniform" or halvings == 0:
        return np.full(steps, 1 / steps)
    halved = 0.5 ** np.arange(1, halvings + 1)
    sizes = np.concatenate([halved, np.full(steps - halvings, halved[-1] / (steps - halvings))])
    return {"geometric": sizes, "reversed": sizes[::-1]}[schedule]


@dataclass
class StepGraphSystem:
    name: str
    identity: str
    session: onnxruntime.InferenceSession
    vocab_size: int
    mask_token_id: int | None
    exponent: float

    def source(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        if self.mask_token_id is None:
            return rng.integers(self.vocab_size, size=shape)
        return np.full(shape, self.mask_token_id)

    def log_left(self, t: float) -> float:
        """ln(1 - kappa(t)), clamped as the sampler does."""
        return float(np.log(max(1 - t**self.exponent, 1e-8)))

    def step(
        self, tokens: np.ndarray, editable: np.ndarray, t: float, h: np.ndarray, noise: np.ndarray, sampling: Sampling
    ) -> tuple[np.ndarray, np.ndarray]:
        """(tokens at t + h, confidence), [B, L] each. h [B], noise [B, L, 2]."""
        rows, length = tokens.shape
        outputs = []
        for begin in range(0, rows, ROWS):
            part = slice(begin, begin + ROWS)
            n = len(tokens[part])
            feed = {
                "tokens": tokens[part],
                "length": np.full(n, length),
                "t": np.full(n, t, np.float32),
                "h": h[part].astype(np.float32),
                "editable": editable[part],
                "temperature": np.full(n, sampling.temperature, np.float32),
                "top_k": np.zeros(n, np.int64),
                "top_p": np.full(n, sampling.top_p, np.float32),
                "solver": np.full(n, SOLVERS.index(sampling.solver)),
                "noise": noise[part],
                "filter": np.array(sampling.top_p < 1),
            }
            outputs.append(self.session.run(["next_tokens", "confidence"], feed))
        return np.concatenate([o[0] for o in outputs]), np.concatenate([o[1] for o in outputs])

    def sample(self, canvas: Tensor, editable: Tensor, sampling: Sampling) -> Samples:
        rng = np.random.default_rng(sampling.seed)
        may_change = editable.numpy()
        tokens = np.where(may_change, self.source(tuple(canvas.shape), rng), canvas.numpy())
        sizes = step_sizes(sampling.schedule, sampling.steps)
        grid = np.concatenate([[0.0], np.cumsum(sizes)])
        last_change = np.where(may_change, 1, 0)
        steps = np.zeros(len(tokens), np.int64)
        settled = np.zeros(len(tokens), bool)
        rows = np.arange(len(tokens))  # those not finished
        for i in range(sampling.steps):
            t, last = float(grid[i]), i == sampling.steps - 1
            # float32 on both sides, or t + h may miss the end of the grid by a rounding.
            h = np.where(settled[rows] | last, 1 - np.float32(t), sizes[i])
            noise = rng.random((*tokens.shape, 2), dtype=np.float32)[rows]
            after, confidence = self.step(tokens[rows], may_change[rows], t, h, noise, sampling)
            last_change[rows] = np.where(after != tokens[rows], i + 1, last_change[rows])
            tokens[rows] = after
            steps[rows] += 1
            unfinished = ~settled[rows] & (not last)
            if sampling.stable_below > 0 and not last:
                a = self.log_left(grid[i + 1]) - self.log_left(grid[-2])
                changes = expected_changes(after, may_change[rows], confidence, self.mask_token_id, a)
                settled[rows] = changes < sampling.stable_below
            rows = rows[unfinished]
            if len(rows) == 0:
                break
        return Samples(*(torch.from_numpy(v) for v in (tokens, last_change, steps)))


def open_session(graph: str | bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def from_folder(name: str, folder: Path, threads: int) -> StepGraphSystem:
    """An exported model, as it is served."""
    manifest = json.loads((folder / "manifest.json").read_text())
    graph = folder / manifest["graph"]["file"]
    return StepGraphSystem(
        name,
        file_identity(graph),
        open_session(str(graph), threads),
        manifest["vocab_size"],
        manifest["mask_token_id"],
        manifest.get("exponent", 1.0),
    )


def from_checkpoint(name: str, path: Path, threads: int) -> StepGraphSystem:
    """The weight average of a training checkpoint, in float32."""
    checkpoint = load_checkpoint(path)
    config = NetworkConfig(**checkpoint["config"])
    arrays = parameter_arrays(config, checkpoint["ema"])
    graph = build_step_graph(config, arrays, checkpoint["exponent"], np.float32).SerializeToString()
    return StepGraphSystem(
        name,
        file_identity(path),
        open_session(graph, threads),
        config.vocab_size,
        config.mask_token_id,
        checkpoint["exponent"],
    )
