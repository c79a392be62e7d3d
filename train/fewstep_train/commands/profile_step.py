"""Where a step's time goes: time by operator, and its share of the rate of plain matrix products in ONNX Runtime."""

import argparse
from pathlib import Path

import numpy as np
import onnxruntime

from fewstep_train.benchmarks.step_profile import (
    alternating_seconds,
    by_operator,
    feeds,
    matrix_products,
    open_session,
    step_flops,
)
from fewstep_train.folder.exported import read_exported
from fewstep_train.folder.model_folder import FILE, INT8_FILE


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="the folder of an exported model")
    parser.add_argument("--int8", action="store_true", help=f"profile {INT8_FILE}")
    parser.add_argument("--rows", type=int, default=8)
    parser.add_argument("--length", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeats", type=int, default=15, help="steps; medians are printed")
    parser.add_argument("--top", type=int, default=20, help="operators to list, slowest first (default %(default)s)")


def run(args: argparse.Namespace) -> None:
    exported = read_exported(args.model)
    config, weights = exported.config, exported.weights
    graph = args.model / (INT8_FILE if args.int8 else FILE)
    session = open_session(str(graph), args.threads)
    inputs = feeds(session, config, args.rows, args.length)
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
