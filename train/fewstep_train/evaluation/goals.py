"""What few-step sampling promises, put to the test of the measured cells."""

from typing import NamedTuple

from fewstep_train.evaluation.results import Record


class Goal(NamedTuple):
    task: str
    claim: str
    measured: str
    met: bool


def pick(records: list[Record], system: str, steps: int) -> Record | None:
    return next((r for r in records if r["system"] == system and r["steps"] == steps), None)


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
        f"{label(few)}: perplexity {bound} {label(many)}, entropy within 3 %",
        f"perplexity {100 * perplexity:+.1f} %, entropy {100 * entropy:+.1f} %",
        perplexity <= allowed and abs(entropy) <= 0.03,
    )


def ahead_of(task: str, few: Record, other: Record) -> Goal:
    """Ahead: a lower perplexity at an entropy that is not lower by more than 3 %."""
    perplexity, entropy = relative(few, other, "perplexity"), relative(few, other, "entropy")
    return Goal(
        task,
        f"{label(few)} ahead of {label(other)}",
        f"perplexity {100 * perplexity:+.1f} %, entropy {100 * entropy:+.1f} %",
        perplexity < 0 and entropy >= -0.03,
    )


def goals(records: list[Record], task: str, model: str) -> list[Goal]:
    """Those that the cells of one task and temperature can answer. `model`: the name of the few-step system."""
    cells = [r for r in records if r["task"] == task and "steps" in r]
    many = max((r for r in cells if r["system"] == "DFM"), key=lambda r: r["steps"], default=None)
    found = []
    for steps, allowed in ((8, 0.0), (4, 0.1)):
        few = pick(cells, model, steps)
        if few and many:
            found.append(against_many_steps(task, few, many, allowed))
    for other in ("LLaDA-style", "Dream-style"):
        few, at_eight = pick(cells, model, 8), pick(cells, other, 8)
        if few and at_eight:
            found.append(ahead_of(task, few, at_eight))
    return found
