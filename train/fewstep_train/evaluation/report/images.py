"""The pictures of an evaluation: quality against steps, and token timelines."""

from pathlib import Path

from fewstep_train.evaluation.report.report import at_temperature, measured
from fewstep_train.evaluation.report.timeline import pieces, timeline_svg
from fewstep_train.evaluation.run.cells import HELD_OUT, Bench, Cell
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME
from fewstep_train.identity import code_identity

TIMELINE_TEXTS = 3
TRADE_FILE, INDEPENDENT_FILE = "trade.svg", "trade-independent.svg"


def at_eight_steps(records: list[Record]) -> list[Record]:
    """The cells of 8 steps, or of a token a step, and real text."""
    cells = [r for r in records if r["kind"] == "cell"]
    return [r for r in cells if r["system"] in (HELD_OUT, AUTOREGRESSIVE_NAME) or r["steps"] == 8]


def measure_timeline(cell: Cell, bench: Bench, results: Results) -> Record:
    """The first texts of a cell, each token with the step of its last change."""

    def measure() -> Record:
        samples, _ = cell.samples(bench)
        return {"rows": [pieces(samples, row, bench.judge.tokenizer) for row in range(TIMELINE_TEXTS)]}

    what = {**cell.what(bench), "kind": "timeline", "timeline_code": code_identity(pieces.__module__)}
    return results.once(what, measure)[0]


def write_images(out: Path, records: list[Record], temperatures: list[float], tasks: list[str]) -> dict[str, str]:
    """Plots and timelines; {title: file name}."""
    # matplotlib is slow to load, and every command of the kit loads this module.
    from fewstep_train.evaluation.report.plots import INDEPENDENT, OWN, plot_quality, plot_trade

    images = {}
    if measured(records, INDEPENDENT):
        plot_trade(at_eight_steps(records), tasks, out / INDEPENDENT_FILE, INDEPENDENT)
        images["Bits a byte against entropy under the independent judge in 8 steps: lower is better"] = INDEPENDENT_FILE
    plot_trade(at_eight_steps(records), tasks, out / TRADE_FILE, OWN)
    images["Perplexity against entropy in 8 steps, beside the autoregressive model: lower is better"] = TRADE_FILE
    for t in temperatures:
        file = f"quality-t{t:g}.svg"
        plot_quality(at_temperature(records, t), tasks, out / file, OWN)
        images[f"Perplexity and entropy against steps, temperature {t:g}"] = file
    for record in (r for r in records if r["kind"] == "timeline"):
        file = f"timeline-{record['task']}.svg"
        (out / file).write_text(timeline_svg(record["rows"], record["steps"]))
        where = f"{record['task']}, {record['steps']} steps, temperature {record['temperature']:g}"
        images[f"{where}: each token in the colour of the step of its last change"] = file
    return images
