"""How near the served samples come to real text under the independent judge, put to the test of the measured cells."""

from fewstep_train.evaluation.measures.tasks import GAP
from fewstep_train.evaluation.report.goals import (
    ENTROPY,
    MANY_STEPS,
    Goal,
    all_of,
    at_most,
    label,
    most_like_text,
    percent,
    relative,
    within,
)
from fewstep_train.evaluation.run.cells import HELD_OUT
from fewstep_train.evaluation.run.results import Record
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME, DFM

BITS, ENTROPY_METRIC = "independent_bits_per_byte", "independent_entropy"


def comparison(task: str, few: Record, other: Record, name: str, allowed: float, entropy: bool = True) -> Goal:
    """Bits a byte at most `allowed` above the other's, called `name`, and, if asked for, an entropy near its own."""
    bits, varied = relative(few, other, BITS), relative(few, other, ENTROPY_METRIC)
    bound = "no more than" if allowed == 0 else f"within {100 * allowed:g} % of"
    verdicts = [at_most(bits, allowed), *([within(varied, ENTROPY)] if entropy else [])]
    return Goal(
        task,
        f"{label(few)}, temperature {few['temperature']:g}: bits a byte {bound} {name}"
        + (", entropy within 3 %" if entropy else ""),
        f"bits a byte {percent(bits)}, entropy {percent(varied)}",
        all_of(*verdicts),
    )


def text_goals(records: list[Record], task: str, model: str, temperature: float) -> list[Goal]:
    """Those that the cells of one task can answer; none without an independent judge.

    `model`: the name of the few-step system; `temperature`: that it is served at.
    """
    cells = [r for r in records if r["task"] == task and BITS in r["metrics"]]
    real = [r for r in cells if r["system"] == HELD_OUT]
    ours = {r["steps"]: r for r in cells if (r["system"], r.get("temperature")) == (model, temperature)}
    many = [r for r in cells if r["system"] == DFM and r["steps"] >= MANY_STEPS and r["temperature"] == temperature]
    writers = [r for r in cells if r["system"] == AUTOREGRESSIVE_NAME]
    if not real or 8 not in ours:
        return []
    few = ours[8]
    if task == GAP:  # a few tokens have no entropy of their own to speak of
        return [comparison(task, few, real[0], HELD_OUT, 0.05, entropy=False)]
    found = [comparison(task, few, real[0], HELD_OUT, 0.1)]
    found += [
        comparison(task, ours[steps], few, label(few), allowed, entropy=False)
        for steps, allowed in ((4, 0.08), (2, 0.4))
        if steps in ours
    ]
    found += [comparison(task, few, r, label(r), 0.0) for r in many]
    if writers:
        writer = most_like_text(writers, real[0], ENTROPY_METRIC)
        name = f"{AUTOREGRESSIVE_NAME}, temperature {writer['temperature']:g}"
        found.append(comparison(task, few, writer, name, 0.1, entropy=False))
    return found
