"""Cells of the evaluation: one system, one task, one way of sampling; planned, measured, reported as they come."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from fewstep_train.evaluation.measures.judge import Judge
from fewstep_train.evaluation.measures.tasks import Task
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.run.sample_cache import SampleCache
from fewstep_train.evaluation.systems.samples import Samples, Sampling, System
from fewstep_train.identity import code_identity

HELD_OUT = "held-out text"


@dataclass(frozen=True)
class Bench:
    """What all cells share. `crops` [n, L] are held-out text: the prompts, and the text to compare with.

    `text` and `judging`: what samples depend on, and what judging them depends on besides; stored in every record.
    """

    judge: Judge
    crops: Tensor
    text: Record
    judging: Record
    cache: SampleCache

    @property
    def shared(self) -> Record:
        return {**self.text, **self.judging}


@dataclass(frozen=True)
class Cell:
    system: System
    task: Task
    sampling: Sampling

    @property
    def written(self) -> Record:
        """The fields that decide what is written, given the text."""
        who = {"system": self.system.name, "identity": self.system.identity, "code": self.code, "task": self.task.name}
        return {**who, "made": [self.task.made.start, self.task.made.stop], **asdict(self.sampling)}

    @property
    def code(self) -> str:
        return code_identity(type(self.system).__module__)

    def what(self, bench: Bench) -> Record:
        """The fields that say what was measured."""
        return {"kind": "cell", **self.written, **bench.shared}

    def what_is_written(self, bench: Bench) -> Record:
        """The fields that its samples are found again by."""
        return {**self.written, **bench.text}

    def samples(self, bench: Bench) -> tuple[Samples, float]:
        """(samples, the seconds it took to make them)"""
        editable = self.task.editable(*bench.crops.shape)
        return bench.cache.once(
            self.what_is_written(bench), lambda: self.system.sample(bench.crops, editable, self.sampling)
        )

    def steps_to_write(self, bench: Bench) -> int:
        """0 where its samples lie on disk."""
        return 0 if bench.cache.has(self.what_is_written(bench)) else self.sampling.steps

    def measure(self, bench: Bench) -> Record:
        samples, seconds = self.samples(bench)
        return {
            "seconds": round(seconds, 2),
            "mean_steps": samples.steps.double().mean().item(),
            "metrics": bench.judge.measure(samples.tokens, self.task),
        }


def held_out(bench: Bench, task: Task, results: Results) -> Record:
    """Real text under the same judge."""
    what = {"kind": "cell", "system": HELD_OUT, "task": task.name, **bench.shared}
    return results.once(what, lambda: {"metrics": bench.judge.measure(bench.crops, task)})[0]


def summary(record: Record) -> str:
    metrics: dict[str, Any] = record["metrics"]
    parts = [f"perplexity {metrics['perplexity'][0]:.1f}  entropy {metrics['entropy'][0]:.2f} bits"]
    if "independent_bits_per_byte" in metrics:
        bits, entropy = (metrics[f"independent_{m}"][0] for m in ("bits_per_byte", "entropy"))
        parts.append(f"independent judge: {bits:.3f} bits a byte, entropy {entropy:.2f}")
    return "; ".join(parts)


@dataclass
class Pace:
    """Seconds spent so far: writing samples takes a time for each step, judging them one for each cell."""

    writing: float = 0.0
    steps: int = 0
    judging: float = 0.0
    cells: int = 0

    def add(self, seconds: float, writing: float, steps: int) -> None:
        """A cell that took `seconds`, `writing` of them for `steps` steps (0: its samples were there)."""
        writing_now = writing if steps else 0.0
        self.writing += writing_now
        self.steps += steps
        self.judging += seconds - writing_now
        self.cells += 1

    def left(self, steps: int, cells: int) -> float | None:
        """Seconds for what is left; None before there is a cell to tell by."""
        if (cells and not self.cells) or (steps and not self.steps):
            return None
        return steps * self.writing / max(self.steps, 1) + cells * self.judging / max(self.cells, 1)


def measure_all(cells: list[Cell], bench: Bench, results: Results) -> None:
    """Measure every cell that is not there yet, with a line for each."""
    pace = Pace()
    to_write = [None if results.find(c.what(bench)) else c.steps_to_write(bench) for c in cells]  # None: measured
    for number, (cell, steps) in enumerate(zip(cells, to_write, strict=True), 1):
        begin = time.monotonic()
        record, found = results.once(cell.what(bench), lambda cell=cell: cell.measure(bench))
        if not found:
            pace.add(time.monotonic() - begin, record["seconds"], steps or 0)
        missing = [n for n in to_write[number:] if n is not None]
        left = pace.left(sum(missing), len(missing))
        took = "was there" if found else f"{record['seconds']:.0f} s"
        eta = "" if left is None else f"about {left / 60:.0f} min left"
        s = cell.sampling
        print(
            f"{number}/{len(cells)}  {cell.system.name}, {cell.task.name}, {s.steps} steps, T {s.temperature:g}: "
            f"{summary(record)}  ({took})  {eta}",
            flush=True,
        )
