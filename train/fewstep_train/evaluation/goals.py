"""What few-step sampling promises, put to the test of the measured cells."""

from typing import NamedTuple

from fewstep_train.evaluation.results import Record

MANY_STEPS = 256  # fewer are not what few steps are compared with


class Goal(NamedTuple):
    task: str
    claim: str
    measured: str
    met: bool


def label(record: Record) -> str:
    return f"{record['system']} at {record['steps']}"


def relative(record: Record, other: Record, metric: str) -> float:
    """How much more of `metric`, as a share of the other's."""
    return record["metrics"][metric][0] / other["metrics"][metric][0] - 1


def against_many_steps(task: str, few: Record, many: Record, allowed: float) -> Goal:
    perplexity, entropy = relative(few, many, "perplexity"), relative(few, many, "entropy")
    bound = "no worse than" if allowed == 0 else f"within {100 * allowed:g} % of"
    return Goal(
        task,
        f"{label(few)}: perplexity {bound} {label(many)}, entropy within 3 %, temperature {few['temperature']:g}",
        f"perplexity {100 * perplexity:+.1f} %, entropy {100 * entropy:+.1f} %",
        perplexity <= allowed and abs(entropy) <= 0.03,
    )


def ahead_of(task: str, fews: list[Record], other: Record) -> Goal:
    """Ahead: at one of its temperatures a lower perplexity, and an entropy that is not lower by more than 3 %.

    A sampler may trade entropy for perplexity as a temperature does, so it is not enough to compare at one.
    """

    def better(few: Record) -> bool:
        return relative(few, other, "perplexity") < 0 and relative(few, other, "entropy") >= -0.03

    few = next(filter(better, fews), fews[0])
    perplexity, entropy = relative(few, other, "perplexity"), relative(few, other, "entropy")
    return Goal(
        task,
        f"{label(few)} ahead of {label(other)} at temperature {other['temperature']:g}",
        f"at temperature {few['temperature']:g}: perplexity {100 * perplexity:+.1f} %, entropy {100 * entropy:+.1f} %",
        better(few),
    )


def goals(records: list[Record], task: str, model: str, temperature: float) -> list[Goal]:
    """Those that the cells of one task can answer. `model`: the name of the few-step system; `temperature`: which comes
    first."""
    cells = [r for r in records if r["task"] == task and "steps" in r]
    cells.sort(key=lambda r: r["temperature"] != temperature)
    budgets = [r for r in cells if r["system"] == "DFM" and r["steps"] >= MANY_STEPS]
    most = max((r["steps"] for r in budgets), default=None)
    found = [
        against_many_steps(task, few, many, allowed)
        for many in budgets
        if many["steps"] == most
        for steps, allowed in ((8, 0.0), (4, 0.1))
        for few in cells
        if (few["system"], few["steps"], few["temperature"]) == (model, steps, many["temperature"])
    ]
    fews = [r for r in cells if r["system"] == model and r["steps"] == 8]
    others = [r for r in cells if r["system"] in ("LLaDA-style", "Dream-style") and r["steps"] == 8]
    return found + [ahead_of(task, fews, other) for other in others if fews]
