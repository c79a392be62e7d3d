"""The published way of sampling, timed in plain PyTorch."""

import time
from dataclasses import dataclass
from pathlib import Path

import torch

from fewstep_train.flow.path import Scheduler, source_canvas
from fewstep_train.flow.published_sampler import published_sample
from fewstep_train.folder.exported import load_exported
from fewstep_train.networks.network import Network


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
