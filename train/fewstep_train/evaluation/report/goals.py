"""What few-step sampling promises, put to the test of the measured cells."""

from typing import NamedTuple

from fewstep_train.evaluation.measures.metrics import Estimate
from fewstep_train.evaluation.run.cells import HELD_OUT
from fewstep_train.evaluation.run.results import Record
from fewstep_train.evaluation.systems.names import DFM, NAMES

MANY_STEPS = 256  # fewer are not what few steps are compared with
ERRORS = 2  # a claim holds, or fails, by so many standard errors; what is nearer is undecided
ENTROPY = 0.03  # how much another entropy may be other

MET, NOT_MET, UNDECIDED = "met", "not met", "undecided"


class Goal(NamedTuple):
    task: str
    claim: str
    measured: str
    verdict: str


def label(record: Record) -> str:
    return f"{record['system']} at {record['steps']}"


def relative(record: Record, other: Record, metric: str) -> Estimate:
    """How much more of `metric`, as a share of the other's; the error as if the two were independent."""
    (a, a_error), (b, b_error) = record["metrics"][metric], other["metrics"][metric]
    return Estimate(a / b - 1, a / b * ((a_error / a) ** 2 + (b_error / b) ** 2) ** 0.5)


def at_most(found: Estimate, bound: float) -> str:
    margin = ERRORS * found.error
    return MET if found.value + margin <= bound else NOT_MET if found.value - margin > bound else UNDECIDED


def at_least(found: Estimate, bound: float) -> str:
    return at_most(Estimate(-found.value, found.error), -bound)


def within(found: Estimate, bound: float) -> str:
    return at_most(Estimate(abs(found.value), found.error), bound)


def all_of(*verdicts: str) -> str:
    return next((v for v in (NOT_MET, UNDECIDED) if v in verdicts), MET)


def percent(found: Estimate) -> str:
    return f"{100 * found.value:+.1f} \u00b1 {100 * found.error:.1f} %"


def compared(perplexity: Estimate, entropy: Estimate) -> str:
    return f"perplexity {percent(perplexity)}, entropy {percent(entropy)}"


def against_many_steps(task: str, few: Record, many: Record, allowed: float) -> Goal:
    perplexity, entropy = relative(few, many, "perplexity"), relative(few, many, "entropy")
    bound = "no worse than" if allowed == 0 else f"within {100 * allowed:g} % of"
    return Goal(
        task,
        f"{label(few)}: perplexity {bound} {label(many)}, entropy within 3 %, temperature {few['temperature']:g}",
        compared(perplexity, entropy),
        all_of(at_most(perplexity, allowed), within(entropy, ENTROPY)),
    )


def ahead_of(task: str, few: Record, other: Record) -> Goal:
    """Ahead: a lower perplexity, and an entropy that is not lower by more than 3 %."""
    perplexity, entropy = relative(few, other, "perplexity"), relative(few, other, "entropy")
    return Goal(
        task,
        f"{label(few)}, temperature {few['temperature']:g}, ahead of {label(other)}, {other['temperature']:g}",
        compared(perplexity, entropy),
        all_of(at_most(perplexity, 0), at_least(entropy, -ENTROPY)),
    )


def most_like_text(cells: list[Record], real: Record, entropy: str = "entropy") -> Record:
    """The cell whose entropy, by that metric, is nearest to real text's: so every system picks its temperature."""
    return min(cells, key=lambda r: abs(r["metrics"][entropy][0] - real["metrics"][entropy][0]))


def goals(records: list[Record], task: str, model: str) -> list[Goal]:
    """Those that the cells of one task can answer. `model`: the name of the few-step system."""
    cells = [r for r in records if r["task"] == task and "steps" in r]
    budgets = [r for r in cells if r["system"] == DFM and r["steps"] >= MANY_STEPS]
    most = max((r["steps"] for r in budgets), default=None)
    found = [
        against_many_steps(task, few, many, allowed)
        for many in budgets
        if many["steps"] == most
        for steps, allowed in ((8, 0.0), (4, 0.1))
        for few in cells
        if (few["system"], few["steps"], few["temperature"]) == (model, steps, many["temperature"])
    ]
    in_eight = {name: [r for r in cells if (r["system"], r["steps"]) == (name, 8)] for name in (model, *NAMES.values())}
    for real in (r for r in records if r["task"] == task and r["system"] == HELD_OUT):
        picks = [most_like_text(rows, real) for rows in in_eight.values() if rows]
        found += [ahead_of(task, picks[0], other) for other in picks[1:] if in_eight[model]]
    return found
