"""EVALUATION.md from the records of an evaluation."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fewstep_train.evaluation.measures.training_cost import TrainingCost
from fewstep_train.evaluation.report.goals import goals
from fewstep_train.evaluation.report.text_goals import text_goals
from fewstep_train.evaluation.run.cells import HELD_OUT
from fewstep_train.evaluation.run.results import Record

COLUMNS = {
    "perplexity": "perplexity",
    "entropy": "entropy, bits",
    "bits_per_byte": "bits a byte",
    "distinct_2": "distinct-2",
    "distinct_3": "distinct-3",
    "repeated": "repeated, %",
    "unseen_2": "unseen pairs, %",
    "copied": "copied, %",
    "independent_bits_per_byte": "independent judge: bits a byte",
    "independent_entropy": "its entropy, bits",
}
GLANCES = {
    "own": {"perplexity": "perplexity", "entropy": "entropy"},
    "independent": {"independent_bits_per_byte": "bits a byte", "independent_entropy": "entropy"},
}
PERCENT = {"repeated", "unseen_2", "copied"}
EXPLANATION = """\
- **perplexity**: mean over samples of exp(mean negative log-likelihood of a token) under the judge, an autoregressive
  model of the same trunk, tokenizer and training text. It is also the autoregressive baseline, whose own row
  it flatters. In continuation the made tokens are scored given their prefix, in infilling the whole
  text, and of a gap of 8 tokens these and the 32 behind them.
- **entropy**: of each sample's own histogram of tokens. Low perplexity counts only beside an entropy near real text's:
  repetition is cheap.
- **distinct-n**: different n-grams over all n-grams of a sample. **repeated**: tokens that equal the one before.
- **unseen pairs**: neighbouring tokens that nowhere in the training text stand side by side: where draws of one step
  do not know of each other. **copied**: samples that share 50 or more characters in a row with the training text.
- All but perplexity and bits a byte are of the made tokens. \u00b1: one standard error (bootstrap)."""
INDEPENDENT = """\
- **independent judge**: {name}, which was trained elsewhere and reads with its own tokenizer. So it flatters no system,
  and its **bits a byte** compare across tokenizers. **its entropy**: of its own tokens."""


def line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(map(line, [head, ["---"] * len(head), *rows]))


def number(metric: str, pair: Sequence[float]) -> str:
    value, error = (100 * v if metric in PERCENT else v for v in pair)
    fine = "distinct" in metric or "bits_per_byte" in metric
    digits = 1 if metric in PERCENT or ("perplexity" in metric and value >= 10) else 3 if fine else 2
    return f"{value:,.{digits}f} \u00b1 {error:,.{digits}f}"


def measured(records: Iterable[Record], columns: Iterable[str]) -> list[str]:
    """Those of the columns that any record has."""
    found = {metric for r in records for metric in r.get("metrics", ())}
    return [c for c in columns if c in found]


def cell_row(record: Record, columns: Iterable[str]) -> list[str]:
    metrics = record["metrics"]
    values = [number(c, metrics[c]) if c in metrics else "" for c in columns]
    return [record["system"], str(record.get("steps", "")), *values]


def at_temperature(records: list[Record], temperature: float) -> list[Record]:
    """The cells at one temperature, and real text."""
    cells = [r for r in records if r["kind"] == "cell"]
    return [r for r in cells if r["system"] == HELD_OUT or r["temperature"] == temperature]


def glance(records: list[Record], temperatures: Sequence[float], model: str, judge: str = "own") -> str:
    """Free text: the model's steps beside the others' best-known budgets. `judge`: whose opinion, of GLANCES."""
    shown = GLANCES[judge]
    cells = [r for r in records if r["kind"] == "cell" and r["task"] == "unconditional"]

    def steps_of(system: str) -> list[int]:
        return sorted({r["steps"] for r in cells if r["system"] == system})

    systems = dict.fromkeys(r["system"] for r in cells if r["system"] not in (model, HELD_OUT))
    lines = [(model, s) for s in steps_of(model)]
    lines += [(s, 8 if 8 in steps_of(s) and s != "DFM" else max(steps_of(s))) for s in systems]
    head = ["", "steps", *(f"{title}, T {t:g}" for t in temperatures for title in shown.values())]
    rows = []
    for system, steps in lines:
        row = [f"**{system}**" if system == model else system, str(steps)]
        for t in temperatures:
            found = [r for r in cells if (r["system"], r.get("steps"), r.get("temperature")) == (system, steps, t)]
            row += [number(c, found[0]["metrics"][c]) if found else "" for c in shown]
        rows.append(row)
    real = [r for r in cells if r["system"] == HELD_OUT]
    for r in real:
        values = [number(c, r["metrics"][c]) for c in shown]
        rows.append([f"*{HELD_OUT}*", "", *values * len(temperatures)])
    return table(head, rows)


def goal_table(records: list[Record], tasks: Sequence[str], model: str, served: float) -> str:
    """`served`: the temperature that the model is served at."""
    cells = [r for r in records if r["kind"] == "cell"]
    found = [g for task in tasks for g in [*text_goals(cells, task, model, served), *goals(cells, task, model)]]
    return table(["task", "goal", "measured", ""], found) if found else "No system to compare with was evaluated."


def cost_table(costs: Mapping[str, TrainingCost]) -> str:
    rows = [
        [name, f"{cost.tokens / 1e6:.1f}", f"{cost.distilled / 1e6:.1f}", f"{cost.hours:.1f}"]
        for name, cost in costs.items()
    ]
    return table(["system", "million tokens", "of which distilled", "hours"], rows)


def likelihood_table(records: list[Record]) -> str:
    rows = [
        [r["system"], f"{r['perplexity'][0]:.1f} \u00b1 {r['perplexity'][1]:.1f}", "exact" if r["exact"] else "bound"]
        for r in records
        if r["kind"] == "likelihood"
    ]
    return table(["system", "perplexity of held-out text", ""], rows)


def task_tables(records: list[Record], temperatures: Sequence[float], tasks: Sequence[str]) -> str:
    parts = []
    columns = measured(records, COLUMNS)
    for task in tasks:
        for t in temperatures:
            cells = [r for r in at_temperature(records, t) if r["task"] == task]
            head = ["system", "steps", *(COLUMNS[c] for c in columns)]
            parts.append(f"### {task}, temperature {t:g}\n\n{table(head, (cell_row(r, columns) for r in cells))}")
    return "\n\n".join(parts)


def readings(records: list[Record]) -> str:
    """The texts that were written to be read, unpicked."""
    found = [r for r in records if r["kind"] == "reading"]
    if not found:
        return "None were written."
    steps, length, temperature = (found[0][k] for k in ("steps", "tokens", "temperature"))
    intro = (
        f"Unpicked: {len(found)} texts of at most {length} tokens in {steps} steps, temperature {temperature:g}; "
        "each ends where the model ends it."
    )
    quoted = (
        f"**Seed {r['seed']}**\n\n" + "\n".join(f"> {part}  " for part in r["text"].split("\n") if part.strip())
        for r in found
    )
    return "\n\n".join([intro, *quoted])


def report(records: list[Record], facts: dict[str, Any]) -> str:
    """Markdown. facts: name, model (the few-step system), temperatures, tasks, samples, length, compute, command,
    images, costs (of training, by system), independent (the name of that judge, or None)."""
    temperatures, tasks, model = facts["temperatures"], facts["tasks"], facts["model"]
    plots = "\n\n".join(f"![{title}]({file})" for title, file in facts["images"].items())
    likelihood = likelihood_table(records)
    steps_buy, explanation = glance(records, temperatures, model), EXPLANATION
    if facts["independent"]:
        first = glance(records, temperatures, model, "independent")
        steps_buy = (
            f"Judged by {facts['independent']}:\n\n{first}\n\nJudged by the autoregressive model:\n\n{steps_buy}"
        )
        explanation += "\n" + INDEPENDENT.format(name=facts["independent"])
    return f"""# Evaluation of {facts["name"]}

{facts["samples"]} samples of {facts["length"]} tokens in each cell; steps computed in {facts["compute"]}.

## What steps buy

{steps_buy}

## Goals

Against many steps: at the same temperature. Against relatives: each system at the temperature, of those measured,
whose entropy is nearest to real text's, because samplers trade perplexity for entropy; ahead is a lower perplexity at
an entropy that is not lower by more than 3 %. A goal is met, or not met, by at least two standard errors of the
difference; what is nearer is undecided. Bits a byte, and the entropy beside them, are the independent judge's, if any.

{goal_table(records, tasks, model, temperatures[-1])}

## Texts

{readings(records)}

## Pictures

{plots}

## Training

All systems have one trunk, tokenizer and text; a model that began from another one counts the other's training. Tokens
are what to compare by: hours, of all cores, depend on how many threads a run had and on what ran beside it. A token
that is distilled costs more, because the teacher is asked about it several times.

{cost_table(facts["costs"])}

## Likelihood

Perplexity of held-out text, of all tokens but the first given the first: exact for the autoregressive model, an upper
bound by Monte Carlo for the others.

{likelihood}

## All cells

{explanation}

{task_tables(records, temperatures, tasks)}

## Again

The numbers are in [evaluation.json](evaluation.json). Made by

    {facts["command"]}
"""
