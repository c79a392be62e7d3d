"""Cells of the evaluation: one system, one task, one way of sampling; planned, measured, reported as they come."""

import time
from dataclasses import asdict, dataclass
from typing import Any

from torch import Tensor

from fewstep_train.evaluation.judge import Judge
from fewstep_train.evaluation.results import Record, Results
from fewstep_train.evaluation.sample_cache import SampleCache
from fewstep_train.evaluation.samples import Samples, Sampling, System
from fewstep_train.evaluation.tasks import Task

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
        who = {"system": self.system.name, "identity": self.system.identity, "task": self.task.name}
        return {**who, **asdict(self.sampling)}

    def what(self, bench: Bench) -> Record:
        """The fields that say what was measured."""
        return {"kind": "cell", **self.written, **bench.shared}

    def samples(self, bench: Bench) -> tuple[Samples, float]:
        """(samples, the seconds it took to make them)"""
        editable = self.task.editable(*bench.crops.shape)
        return bench.cache.once(
            {**self.written, **bench.text}, lambda: self.system.sample(bench.crops, editable, self.sampling)
        )

    def measure(self, bench: Bench) -> Record:
        samples, seconds = self.samples(bench)
        return {
            "seconds": round(seconds, 2),
            "mean_steps": samples.steps.double().mean().item(),
            "metrics": bench.judge.measure(samples.tokens, self.task),
        }

    def cost(self) -> float:
        """Steps, the unit of the time that is left; a token of an autoregressive model is far less than one."""
        return float(self.sampling.steps)


def held_out(bench: Bench, task: Task, results: Results) -> Record:
    """Real text under the same judge."""
    what = {"kind": "cell", "system": HELD_OUT, "task": task.name, **bench.shared}
    return results.once(what, lambda: {"metrics": bench.judge.measure(bench.crops, task)})[0]


def summary(record: Record) -> str:
    metrics: dict[str, Any] = record["metrics"]
    return f"perplexity {metrics['perplexity'][0]:.1f}  entropy {metrics['entropy'][0]:.2f} bits"


def measure_all(cells: list[Cell], bench: Bench, results: Results) -> None:
    """Measure every cell that is not there yet, with a line for each."""
    spent, done = 0.0, 0.0
    for number, cell in enumerate(cells, 1):
        begin = time.monotonic()
        record, found = results.once(cell.what(bench), lambda cell=cell: cell.measure(bench))
        if not found:
            spent += time.monotonic() - begin
            done += cell.cost()
        left = sum(c.cost() for c in cells[number:] if results.find(c.what(bench)) is None)
        took = "was there" if found else f"{record['seconds']:.0f} s"
        eta = f"about {left * spent / done / 60:.0f} min left" if done else ""
        s = cell.sampling
        print(
            f"{number}/{len(cells)}  {cell.system.name}, {cell.task.name}, {s.steps} steps, T {s.temperature:g}: "
            f"{summary(record)}  ({took})  {eta}",
            flush=True,
        )
