"""The shapes that GPUs are timed at, with random weights; PYTHONPATH is the kit's folder, train.

    python scripts/gpu/shapes.py write OUT SHAPE...
    python scripts/gpu/shapes.py time SHAPE cuda|cpu ROWS,...

The first writes models for scripts/gpu/steps.ts, OUT/gpu-SHAPE; the second times the published sampler in PyTorch under
bfloat16 autocast, a line of JSON for each number of rows.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

import torch

from fewstep_train.benchmarks.graphs import LARGE
from fewstep_train.flow.path import Scheduler, source_canvas
from fewstep_train.flow.published_sampler import published_sample
from fewstep_train.folder.model_folder import ModelParts, write_model
from fewstep_train.networks.config import empty_network
from fewstep_train.networks.network import Network, NetworkConfig

SHAPES = {
    "0.17b": LARGE,
    "1.3b": replace(LARGE, hidden_size=2048, n_blocks=24, n_heads=16),
    "tiny": replace(LARGE, hidden_size=64, n_blocks=2, n_heads=2, vocab_size=500, length=64),
}
STEPS = 8
NOISE = 1 << 20  # numbers that are drawn; weights repeat them


def random_weights(config: NetworkConfig) -> dict[str, torch.Tensor]:
    """Weights that keep the scale of what passes through them; norms 1. Made fast, so only for timing."""
    noise = torch.randn(NOISE, generator=torch.Generator().manual_seed(0))
    weights = {}
    for name, p in empty_network(config).named_parameters():
        drawn = noise.repeat(-(-p.numel() // NOISE))[: p.numel()].view(p.shape) * p.shape[-1] ** -0.5
        weights[name] = torch.ones(p.shape) if "norm" in name else drawn
    return weights


def step_flops(config: NetworkConfig, rows: int) -> int:
    """Of the products of a step at the shape's full length; those once a row are left out."""
    tokens, width = rows * config.length, config.hidden_size
    matrices = 12 * config.n_blocks * width * width + config.num_tokens * width
    return 2 * tokens * matrices + 4 * tokens * config.length * width * config.n_blocks


def write(out: str, *names: str) -> None:
    for name in names:
        config, begin = SHAPES[name], time.perf_counter()
        step_sizes, stages = [2.0**-i for i in range(11)], [{"stage": "none", "weights": "random"}]
        parts = ModelParts(config, random_weights(config), 1.0, None, step_sizes, stages, float16=True)
        write_model(Path(out) / f"gpu-{name}", parts)
        print(f"gpu-{name}: {time.perf_counter() - begin:.1f} s", flush=True)


def sampling_ms(network: Network, rows: int, device: str, steps: int) -> float:
    """Of a whole text. Everything that is made on the way is made on the device."""
    finished = torch.cuda.synchronize if device == "cuda" else lambda: None
    with torch.device(device), torch.autocast(device, torch.bfloat16):
        canvas = source_canvas(network.config, (rows, network.config.length))
        finished()
        begin = time.perf_counter()
        published_sample(network, Scheduler(), canvas, steps)
        finished()
    return (time.perf_counter() - begin) * 1000


def time_published(name: str, device: str, rows: str) -> None:
    config = SHAPES[name]
    with torch.device(device):
        network = Network(config).eval()
    network.load_state_dict({n: w.to(device) for n, w in random_weights(config).items()}, strict=False)
    for count in map(int, rows.split(",")):
        facts = {"model": f"gpu-{name}", "precision": "bfloat16", "provider": f"torch-{device}", "rows": count}
        facts |= {"length": config.length, "flops": step_flops(config, count)}
        try:
            sampling_ms(network, count, device, steps=2)
            ms = sampling_ms(network, count, device, STEPS) / STEPS
        except RuntimeError as error:  # out of memory is one
            print(json.dumps({**facts, "error": str(error)[:300]}), flush=True)
            return
        tokens_per_second = round(1000 * count * config.length / (STEPS * ms))
        print(json.dumps({**facts, "ms": round(ms, 3), "tokens_per_second": tokens_per_second}), flush=True)


if __name__ == "__main__":
    {"write": write, "time": time_published}[sys.argv[1]](*sys.argv[2:])
