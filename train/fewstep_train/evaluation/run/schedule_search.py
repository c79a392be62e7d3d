"""Search step sizes: texts written under each from the same noise, judged, and the winner confirmed on other texts."""

import time
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from fewstep_train.evaluation.measures.likelihood import schedule_bound
from fewstep_train.evaluation.measures.metrics import Estimate
from fewstep_train.evaluation.measures.quality import Quality, cost_of, entropy_change, gain
from fewstep_train.evaluation.measures.tasks import Task
from fewstep_train.evaluation.run.cells import Bench, Cell
from fewstep_train.evaluation.run.pattern_search import descend
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.systems.samples import Sampling, System
from fewstep_train.evaluation.systems.step_graph_system import listed, scheduled_step_sizes
from fewstep_train.flow.step_space import stages, step_sizes_of
from fewstep_train.identity import code_identity
from fewstep_train.training.trained import Trained

OWN, INDEPENDENT, BOUND = "own", "independent", "bound"  # two judges, and what needs none
ENTROPY_LOSS = 0.03  # bits by which the entropy of what is clearly better may be lower: noise, not repetition


class OutOfTimeError(Exception):
    """The search has had its hours."""


@dataclass(frozen=True)
class Trials:
    """What `judge` says of texts that are written with the noise of `sampling`, whatever the schedule."""

    system: System
    task: Task
    sampling: Sampling
    bench: Bench
    judge: str
    results: Results

    def cell(self, schedule: str) -> Cell:
        return Cell(self.system, self.task, replace(self.sampling, schedule=schedule))

    def what(self, schedule: str) -> Record:
        return {"kind": "trial", "by": self.judge, **self.cell(schedule).written, **self.bench.shared}

    def quality(self, schedule: str) -> Quality:
        def measured() -> Record:
            tokens = self.cell(schedule).samples(self.bench)[0].tokens
            judge = self.bench.judge
            found = (judge.quality if self.judge == OWN else judge.independent_quality)(tokens, self.task)
            nats, sizes, entropies = (column.tolist() for column in found.columns)
            return {"nats": nats, "sizes": sizes, "entropies": entropies}

        record, _ = self.results.once(self.what(schedule), measured)
        return Quality(*(np.array(record[key]) for key in ("nats", "sizes", "entropies")))

    def cost(self, schedule: str, usual: str, weight: float) -> float:
        """What the cost is above that of the usual schedule, bits a byte."""
        other = self.quality(usual)
        return cost_of(self.quality(schedule), other, weight) - cost_of(other, other, weight)


@dataclass(frozen=True)
class Bounds:
    """The likelihood bound of schedules on held-out text: nothing is written, so nothing is the luck of a draw."""

    system: System
    sampling: Sampling
    trained: Trained
    bench: Bench
    results: Results

    def what(self, schedule: str) -> Record:
        who = {"identity": self.system.identity, "code": code_identity(schedule_bound.__module__)}
        how = {"steps": self.sampling.steps, "schedule": schedule}
        return {"kind": "bound", **who, **how, **self.bench.text}

    def bound(self, schedule: str) -> float:
        """Nats a token."""
        network, scheduler = self.trained.network, self.trained.scheduler

        def measured() -> Record:
            sizes = scheduled_step_sizes(schedule, self.sampling.steps)
            return {"nats": schedule_bound(network, scheduler, sizes, self.bench.crops)}

        return self.results.once(self.what(schedule), measured)[0]["nats"]

    def cost(self, schedule: str, usual: str, _weight: float) -> float:
        """What the bound is above that of the usual schedule, nats a token. Whoever repeats himself gains nothing."""
        return self.bound(schedule) - self.bound(usual)


@dataclass
class Search:
    """The schedule of lowest cost that is found until `deadline`, seconds of the monotonic clock."""

    trials: Trials | Bounds
    usual: str
    weight: float
    deadline: float
    costs: dict[str, float] = field(default_factory=dict)
    complete: bool = False

    @property
    def best(self) -> str:
        return min(self.costs, key=self.costs.__getitem__)

    def run(self) -> str:
        """The best one. It begins at the usual schedule, which is taken in any case."""
        steps = self.trials.sampling.steps
        self.costs[self.usual] = 0.0
        place = np.log(scheduled_step_sizes(self.usual, steps))
        try:
            for directions, step, last in stages(steps):
                place = descend(self.cost, place, directions, step, last)
            self.complete = True
        except OutOfTimeError:
            pass
        return self.best

    def cost(self, logs: np.ndarray) -> float:
        sizes = step_sizes_of(logs)
        if sizes is None:
            return np.inf
        usual = scheduled_step_sizes(self.usual, len(sizes))
        return self.cost_of(self.usual if np.allclose(sizes, usual, atol=1e-6) else listed(sizes))

    def cost_of(self, schedule: str) -> float:
        """What it is above that of the usual one. Raises OutOfTimeError where it would have to be measured too late."""
        for each in (self.usual, schedule):
            known = self.trials.results.find(self.trials.what(each)) is not None
            if not known and time.monotonic() > self.deadline:
                raise OutOfTimeError
        found = self.trials.cost(schedule, self.usual, self.weight)
        if schedule not in self.costs:
            self.costs[schedule] = found
            sign = "*" if self.best == schedule else " "
            print(f"{self.trials.sampling.steps} steps {sign} {found:+.4f}  {schedule}", flush=True)
        return found


@dataclass(frozen=True)
class Verdict:
    """A schedule against the usual one, on texts that it was not chosen by."""

    schedule: str
    quality: Quality
    gain: Estimate
    entropy_change: Estimate

    @property
    def clearly_better(self) -> bool:
        """By more than two standard errors, and not by saying less."""
        return self.gain.value > 2 * self.gain.error and self.entropy_change.value >= -ENTROPY_LOSS


def verdict(trials: Trials, schedule: str, usual: str, weight: float) -> Verdict:
    found, other = trials.quality(schedule), trials.quality(usual)
    return Verdict(schedule, found, gain(found, other, weight), entropy_change(found, other))


def manifest_entry(steps: int, found: Verdict, usual: str) -> dict[str, Any]:
    """Of the manifest's `schedules`. What proved no better than the usual schedule gives way to it."""
    better = found.gain.value > 0
    sizes = scheduled_step_sizes(found.schedule if better else usual, steps)
    entry: dict[str, Any] = {"step_sizes": [round(float(h), 6) for h in sizes], "clearly_better": found.clearly_better}
    if better:
        entry["gain"] = {"bits_a_byte": round(found.gain.value, 4), "error": round(found.gain.error, 4)}
    return entry
