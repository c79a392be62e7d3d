"""The time of a step, by operator, and that of plain matrix products beside it."""

import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from torch import Tensor

from fewstep_train.benchmarks.graphs import matmul_chain
from fewstep_train.folder.model_folder import parameter_arrays
from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.networks.model_facts import canvas_facts
from fewstep_train.networks.network import NetworkConfig

Feeds = dict[str, np.ndarray]


def open_session(graph: str | bytes, threads: int, profile: str = "") -> onnxruntime.InferenceSession:
    options = cpu_options(threads)
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def feeds(session: onnxruntime.InferenceSession, config: NetworkConfig, rows: int, length: int) -> Feeds:
    """Rows at times 0 ... 0.8, eight steps each, half of the canvas still source noise: what the graph takes of it."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(config.vocab_size, size=(rows, length))
    if config.mask_token_id is not None:
        tokens[rng.random((rows, length)) < 0.5] = config.mask_token_id
    values = {
        "tokens": tokens,
        "length": np.full(rows, length),
        "t": np.linspace(0, 0.8, rows, dtype=np.float32),
        "h": np.full(rows, 1 / 8, np.float32),
        "editable": np.ones((rows, length), bool),
        "temperature": np.full(rows, 0.7, np.float32),
        "top_k": np.zeros(rows, np.int64),
        "top_p": np.ones(rows, np.float32),
        "solver": np.zeros(rows, np.int64),
        "noise": rng.random((rows, length, 2), dtype=np.float32),
        "filter": np.array(False),
        "targets": np.zeros((0, 0), np.int64),
        "reveal_above": np.full(rows, 2, np.float32),
    }
    return {each.name: values[each.name] for each in session.get_inputs()}


def alternating_seconds(runs: list[Callable[[], object]], repeats: int) -> np.ndarray:
    """[runs, repeats]; in turns, so that a machine that becomes slower meanwhile slows all of them."""
    for run in runs:
        run()
    times = np.empty((len(runs), repeats))
    for i in range(repeats):
        for j, run in enumerate(runs):
            run()  # finds its weights in the cache again
            start = time.perf_counter()
            run()
            times[j, i] = time.perf_counter() - start
    return times


def matrix_products(config: NetworkConfig, positions: int, threads: int) -> tuple[Callable[[], object], int]:
    """(run, FLOPs) of float32 products of [positions, D] with the shapes of the network's widest layers."""
    model, facts = matmul_chain([config.hidden_size, 4 * config.hidden_size], config.n_blocks)
    session = open_session(model.SerializeToString(), threads)
    x = {"x": np.random.default_rng(0).standard_normal((positions, config.hidden_size), dtype=np.float32)}
    return lambda: session.run(None, x), positions * facts["flops_per_row"]


def step_flops(config: NetworkConfig, weights: dict[str, Tensor], rows: int, length: int) -> float:
    facts = canvas_facts(config, parameter_arrays(config, weights))
    per_token = facts["flops_per_token"] + length * facts["attention_flops_per_pair"]
    return rows * (length * per_token + facts["flops_per_row"])


def by_operator(graph: Path, inputs: Feeds, threads: int, repeats: int) -> tuple[Counter[str], Counter[str]]:
    """(ms of one step, nodes) by operator: the sum over nodes of each one's median."""
    with tempfile.TemporaryDirectory() as folder:
        session = open_session(str(graph), threads, profile=f"{folder}/step")
        for _ in range(repeats + 2):
            session.run(None, inputs)
        events = json.loads(Path(session.end_profiling()).read_text())
    durations: dict[tuple[str, str], list[int]] = {}
    for event in events:
        # The time of If holds that of its branch's nodes, which are reported too.
        if event["name"].endswith("_kernel_time") and event["args"]["op_name"] != "If":
            durations.setdefault((event["args"]["op_name"], event["name"]), []).append(event["dur"])
    times, nodes = Counter(), Counter()
    for (operator, _), values in durations.items():
        times[operator] += float(np.median(values)) / 1000
        nodes[operator] += 1
    return times, nodes
