"""Samples on disk: writing them takes hours, judging them seconds, so another judge need not wait for them again."""

import hashlib
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from fewstep_train.evaluation.run.results import Record
from fewstep_train.evaluation.systems.samples import Samples


class SampleCache:
    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def once(self, what: Record, sample: Callable[[], Samples]) -> tuple[Samples, float]:
        """(the samples of `what`, from disk or made now; the seconds it took to make them)"""
        file = self.file(what)
        if not file.exists():
            begin = time.monotonic()
            samples = sample()
            self.write(file, samples, time.monotonic() - begin)
        with np.load(file) as stored:
            tensors = (torch.from_numpy(stored[name].astype(np.int64)) for name in ("tokens", "last_change", "steps"))
            return Samples(*tensors), float(stored["seconds"])

    def has(self, what: Record) -> bool:
        return self.file(what).exists()

    def file(self, what: Record) -> Path:
        digest = hashlib.sha256(json.dumps(what, sort_keys=True).encode()).hexdigest()[:24]
        return self.folder / f"{digest}.npz"

    def write(self, file: Path, samples: Samples, seconds: float) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = file.with_suffix(".partial.npz")
        arrays = {name: getattr(samples, name).int().numpy() for name in ("tokens", "last_change", "steps")}
        np.savez_compressed(partial, seconds=seconds, **arrays)
        os.replace(partial, file)
