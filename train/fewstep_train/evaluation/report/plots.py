"""Perplexity and entropy against steps, and against each other, a line for each system."""

from pathlib import Path

import matplotlib

matplotlib.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, NullFormatter

from fewstep_train.evaluation.run.cells import HELD_OUT
from fewstep_train.evaluation.run.results import Record

Labels = dict[str, str]
"""Two metrics and what axes call them: the first says how surprising the text is, the second how varied."""
OWN: Labels = {"perplexity": "generative perplexity", "entropy": "entropy, bits"}
INDEPENDENT: Labels = {
    "independent_bits_per_byte": "bits a byte, independent judge",
    "independent_entropy": "its entropy, bits",
}


def logarithmic(axes: Axes) -> None:
    """Perplexities, labelled at 1, 2 and 5 of each decade."""
    axes.set_yscale("log")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.yaxis.set_minor_formatter(NullFormatter())


def draw_panel(axes: Axes, records: list[Record], metric: str) -> None:
    """A system with several step counts is a curve with error bars; others are horizontal lines."""
    systems = dict.fromkeys(r["system"] for r in records)
    for index, system in enumerate(systems):
        rows = sorted((r for r in records if r["system"] == system), key=lambda r: r.get("steps", 0))
        values, errors = zip(*(r["metrics"][metric] for r in rows), strict=True)
        if system == HELD_OUT:
            axes.axhline(values[0], color="black", linestyle="--", linewidth=1, label=system)
        elif len(rows) == 1:
            axes.axhline(values[0], color=f"C{index}", linestyle=":", label=f"{system}, {rows[0]['steps']} steps")
        else:
            steps = [r["steps"] for r in rows]
            axes.errorbar(steps, values, errors, color=f"C{index}", marker="o", markersize=3, label=system)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:.0f}")
    if metric == "perplexity":
        logarithmic(axes)
    axes.grid(alpha=0.3)


STYLE = {
    "svg.fonttype": "none",
    "svg.hashsalt": "fewstep",  # the same records give the same file
    "font.size": 9,
    "figure.constrained_layout.use": True,
}


def save(figure: Figure, file: Path) -> None:
    """With one legend below the panels, where it covers no curve."""
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8)
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def plot_quality(records: list[Record], tasks: list[str], file: Path, labels: Labels) -> None:
    """One figure, one metric above the other, a column for each task."""
    with matplotlib.rc_context(STYLE):
        figure, panels = plt.subplots(len(labels), len(tasks), figsize=(4 * len(tasks), 6), squeeze=False)
        for column, task in enumerate(tasks):
            for row, (metric, label) in enumerate(labels.items()):
                axes = panels[row][column]
                draw_panel(axes, [r for r in records if r["task"] == task], metric)
                axes.set_title(task if row == 0 else "")
                axes.set_xlabel("steps" if row == 1 else "")
                axes.set_ylabel(label if column == 0 else "")
        save(figure, file)


def draw_trade(axes: Axes, records: list[Record], labels: Labels) -> None:
    """A curve for each system and budget over temperatures, each point with its own; a star for real text."""
    curves = dict.fromkeys((r["system"], r.get("steps")) for r in records)
    for index, (system, steps) in enumerate(curves):
        rows = [r for r in records if (r["system"], r.get("steps")) == (system, steps)]
        rows.sort(key=lambda r: r.get("temperature", 1))
        surprises, entropies = ([r["metrics"][m][0] for r in rows] for m in labels)
        if system == HELD_OUT:
            axes.plot(entropies, surprises, "*", color="black", markersize=10, label=system)
            continue
        axes.plot(entropies, surprises, color=f"C{index}", marker="o", markersize=4, label=f"{system}, {steps} steps")
        for row, x, y in zip(rows, entropies, surprises, strict=True):
            axes.annotate(f" T {row['temperature']:g}", (x, y), fontsize=6, color=f"C{index}")
    if "perplexity" in labels:
        logarithmic(axes)
    axes.grid(alpha=0.3)


def plot_trade(records: list[Record], tasks: list[str], file: Path, labels: Labels) -> None:
    """The first metric against the second, a panel for each task: lower is better at the same entropy."""
    surprise, entropy = labels.values()
    with matplotlib.rc_context(STYLE):
        figure, panels = plt.subplots(1, len(tasks), figsize=(4.5 * len(tasks), 4.4), squeeze=False)
        for axes, task in zip(panels[0], tasks, strict=True):
            draw_trade(axes, [r for r in records if r["task"] == task], labels)
            axes.set_title(task)
            axes.set_xlabel(entropy)
        panels[0][0].set_ylabel(surprise)
        save(figure, file)
