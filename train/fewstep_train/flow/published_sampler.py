"""Time the published way of sampling, in plain PyTorch: one JSON line asks on standard input, one answers."""

import argparse
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fewstep_train.flow.path import Scheduler, source_canvas
from fewstep_train.flow.solver import draw, finish, jump_exponent
from fewstep_train.folder.exported import load_exported
from fewstep_train.networks.network import Network


@torch.no_grad()
def published_sample(network: Network, scheduler: Scheduler, canvas: Tensor, steps: int) -> Tensor:
    """Refine free canvases [B, L] in `steps` equal steps of the cumulative solver, as the published sampler does:
    logits, float32 probabilities, rates to every token, jump decisions, and a draw for each position that jumps."""
    everywhere = torch.ones_like(canvas, dtype=torch.bool)
    for i in range(steps):
        t = torch.full((len(canvas),), i / steps)
        h = torch.full_like(t, 1 / steps)
        posterior = network(canvas, t, h).float().softmax(-1)
        if i == steps - 1:
            return finish(posterior, canvas, everywhere, network.config.mask_token_id)
        scale = jump_exponent("cumulative", scheduler, t, h) / h
        rates = scale[:, None, None] * posterior
        rates.scatter_(-1, canvas[..., None], 0.0)
        jumps = torch.rand(canvas.shape) < 1 - torch.exp(-h[:, None] * rates.sum(-1))
        canvas = canvas.clone()
        if jumps.any():
            canvas[jumps] = draw(rates[jumps], None)
    return canvas


@dataclass(frozen=True)
class Request:
    """One timing: `rows` canvases of `length` tokens in `steps` steps, on `threads` threads."""

    model: str
    steps: int
    rows: int
    length: int
    threads: int
    seed: int = 0


class Runner:
    """Keeps the models that were asked for, and warms up each shape once before it is timed."""

    def __init__(self) -> None:
        self.models: dict[str, tuple[Network, Scheduler]] = {}
        self.warm: set[tuple[str, int, int, int]] = set()

    def model(self, folder: str) -> tuple[Network, Scheduler]:
        if folder not in self.models:
            config, weights, manifest = load_exported(Path(folder))
            network = Network(config)
            network.load_state_dict(weights, strict=False)  # inv_freq is a constant, not stored
            self.models[folder] = network.eval(), Scheduler(manifest["exponent"])
        return self.models[folder]

    def sample(self, request: Request, steps: int) -> float:
        """Wall milliseconds."""
        network, scheduler = self.model(request.model)
        torch.set_num_threads(request.threads)
        torch.manual_seed(request.seed)
        canvas = source_canvas(network.config, (request.rows, request.length))
        begin = time.perf_counter()
        published_sample(network, scheduler, canvas, steps)
        return (time.perf_counter() - begin) * 1000

    def answer(self, request: Request) -> dict[str, float]:
        shape = (request.model, request.rows, request.length, request.threads)
        if shape not in self.warm:
            self.sample(request, steps=2)
            self.warm.add(shape)
        return {"ms": round(self.sample(request, request.steps), 3)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        'A line in: {"model": "models/NAME", "steps": 8, "rows": 1, "length": 128, "threads": 2, "seed": 0}. '
        'A line out: {"ms": 123.4}, or {"error": "..."}. The end of the input ends the program.'
    )


def run(_args: argparse.Namespace) -> None:
    runner = Runner()
    for line in sys.stdin:
        try:
            answer: dict[str, float | str] = dict(runner.answer(Request(**json.loads(line))))
        except (Exception, SystemExit) as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        print(json.dumps(answer), flush=True)
