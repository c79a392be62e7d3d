"""Where a step's time goes: time by operator, and its share of the rate of plain matrix products in ONNX Runtime."""

import argparse
import json
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
from torch import Tensor

from fewstep_train.commands.bench_models import matmul_chain
from fewstep_train.folder.exported import load_exported
from fewstep_train.folder.model_folder import FILE, INT8_FILE, parameter_arrays
from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.networks.model_facts import canvas_facts
from fewstep_train.networks.network import NetworkConfig

Feeds = dict[str, np.ndarray]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="the folder of an exported model")
    parser.add_argument("--int8", action="store_true", help=f"profile {INT8_FILE}")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15, help="steps; medians are printed")
    parser.add_argument("--top", type=int, default=20, help="operators to list, slowest first (default %(default)s)")


def open_session(graph: str | bytes, threads: int, profile: str = "") -> onnxruntime.InferenceSession:
    options = cpu_options(threads)
    if profile:
        options.enable_profiling = True
        options.profile_file_prefix = profile
    return onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def feeds(config: NetworkConfig, rows: int, length: int) -> Feeds:
    """Rows at times 0 ... 0.8, eight steps each, half of the canvas still source noise."""
    rng = np.random.default_rng(0)
    tokens = rng.integers(config.vocab_size, size=(rows, length))
    if config.mask_token_id is not None:
        tokens[rng.random((rows, length)) < 0.5] = config.mask_token_id
    return {
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
    }


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


def run(args: argparse.Namespace) -> None:
    config, weights, _ = load_exported(args.model)
    graph = args.model / (INT8_FILE if args.int8 else FILE)
    inputs = feeds(config, args.rows, args.length)
    session = open_session(str(graph), args.threads)
    products, product_flops = matrix_products(config, args.rows * args.length, args.threads)
    seconds = alternating_seconds([lambda: session.run(None, inputs), products], args.repeats)
    flops = step_flops(config, weights, args.rows, args.length)
    step, product = flops / seconds[0], product_flops / seconds[1]
    times, nodes = by_operator(graph, inputs, args.threads, args.repeats)
    print(f"{graph}: {args.rows} x {args.length} tokens, {args.threads} threads, onnxruntime {onnxruntime.__version__}")
    print(f"step {np.median(seconds[0]) * 1e3:.2f} ms, {flops / args.rows / args.length / 1e6:.2f} MFLOP a token")
    print(
        f"{np.median(step) / 1e9:.0f} GFLOP/s; float32 matrix products {np.median(product) / 1e9:.0f} GFLOP/s; "
        f"share {np.median(step / product):.2f}"
    )
    total = sum(times.values())
    print("\n      ms  share  nodes  operator (profiled)")
    for operator, ms in times.most_common(args.top):
        print(f"{ms:8.3f}  {ms / total:5.1%}  {nodes[operator]:5d}  {operator}")
    print(f"{total:8.3f}         {sum(nodes.values()):5d}  all")
