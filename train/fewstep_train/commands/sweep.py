"""Perplexity and entropy of one model over steps, temperatures, solvers, schedules and thresholds, as a table."""

import argparse
import itertools
from dataclasses import replace
from pathlib import Path

from fewstep_train.commands.bench_options import add_bench_arguments, any_system, open_bench
from fewstep_train.evaluation.measures.conditioning import step_size_sensitivity
from fewstep_train.evaluation.measures.tasks import TASKS, make_task
from fewstep_train.evaluation.report.report import COLUMNS, measured, number, table
from fewstep_train.evaluation.run.cells import HELD_OUT, Bench, Cell, held_out, measure_all
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.run.same_tokenizer import check_tokenizer
from fewstep_train.evaluation.systems.opening import kind_at
from fewstep_train.evaluation.systems.samples import BY_PLAN, Sampling
from fewstep_train.evaluation.systems.step_graph_system import listed
from fewstep_train.flow.jump_times import JUMPS
from fewstep_train.flow.solver import SOLVERS
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.folder.exported import read_manifest
from fewstep_train.folder.tuned_schedules import SUM_TOLERANCE, TUNED, tuned_schedules
from fewstep_train.networks.network import Network
from fewstep_train.training.trained import load_trained

METRICS = (
    "perplexity",
    "entropy",
    "independent_bits_per_byte",
    "independent_entropy",
    "distinct_2",
    "repeated",
    "unseen_2",
)
SETTINGS = ("temperature", "solver", "schedule", "jumps", "stable_below", "reveal_above")
SCHEDULES = ("uniform", "geometric", "reversed", TUNED)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="an exported model's folder, or a checkpoint")
    add_bench_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="JSON of the cells; a sweep that was stopped goes on")
    parser.add_argument("--task", choices=TASKS, default="unconditional")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0])
    parser.add_argument("--top-p", type=float, nargs="+", default=[1.0])
    parser.add_argument("--solvers", choices=SOLVERS, nargs="+", default=["cumulative"])
    parser.add_argument(
        "--schedules",
        type=schedule,
        nargs="+",
        default=["uniform"],
        metavar="SCHEDULE",
        help=f"{', '.join(SCHEDULES)}, or step sizes, 0.5,0.3,0.2, which are taken with so many steps alone; tuned: "
        "where the model has one",
    )
    parser.add_argument("--jumps", choices=JUMPS, nargs="+", default=["independent"], help="spread: cumulative only")
    parser.add_argument(
        "--stable-below",
        type=float,
        nargs="+",
        default=[0.0],
        help="finish early below this share of changes; 0: never",
    )
    parser.add_argument(
        "--reveal-above",
        type=float,
        nargs="+",
        default=[],
        help="masked diffusion: beside each of --steps by plan, thresholds above which a token is revealed at once, "
        "with the largest of --steps as the most",
    )


def schedule(text: str) -> str:
    """A name, or step sizes with commas between them."""
    if text in SCHEDULES:
        return text
    try:
        sizes = [float(size) for size in text.split(",")]
    except ValueError:
        sizes = []
    if len(sizes) < 2 or min(sizes) < TINY_STEP or abs(sum(sizes) - 1) > SUM_TOLERANCE:
        raise argparse.ArgumentTypeError(
            f"{text!r}: use {', '.join(SCHEDULES)}, or step sizes of 1/1024 or more that sum to 1"
        )
    return text


def schedules_of(args: argparse.Namespace, steps: int) -> list[str]:
    """Those of `--schedules` that have so many steps."""
    tuned = tuned_schedules(read_manifest(args.model)) if TUNED in args.schedules else {}
    named = {TUNED: listed(tuned[steps].step_sizes)} if steps in tuned else {}
    taken = [named.get(name, name) for name in args.schedules]
    return [name for name in taken if name != TUNED and ("," not in name or name.count(",") + 1 == steps)]


def samplings(args: argparse.Namespace) -> list[Sampling]:
    """Every combination, those of few steps first."""
    settings = [
        (steps, *others)
        for steps in sorted(args.steps)
        for others in itertools.product(
            args.temperatures, args.top_p, args.solvers, schedules_of(args, steps), args.stable_below, args.jumps
        )
    ]
    by_plan = [
        Sampling(steps, temperature, top_p, args.seed, solver, grid, stable_below, jumps)
        for steps, temperature, top_p, solver, grid, stable_below, jumps in settings
        if jumps == "independent" or solver == "cumulative"
    ]
    most = [s for s in by_plan if s.steps == max(args.steps)]
    return [*by_plan, *(replace(s, reveal_above=x) for s in most for x in args.reveal_above)]


def sweep_table(records: list[Record]) -> str:
    """One row a cell; real text first."""
    rows = []
    columns = measured(records, METRICS)
    for r in records:
        metrics = [number(m, r["metrics"][m]) if m in r["metrics"] else "" for m in columns]
        if r["system"] == HELD_OUT:
            rows.append([HELD_OUT, *[""] * (2 + len(SETTINGS)), *metrics])
        else:
            settings = [f"{r[s]:g}" if isinstance(r[s], float) else r[s] for s in SETTINGS[:-1]]
            settings.append(f"{r['reveal_above']:g}" if r["reveal_above"] < BY_PLAN else "")
            rows.append([str(r["steps"]), f"{r['mean_steps']:.1f}", f"{r['top_p']:g}", *settings, *metrics])
    return table(
        ["steps", "taken", "top-p", *(s.replace("_", " ") for s in SETTINGS), *(COLUMNS[m] for m in columns)], rows
    )


def run(args: argparse.Namespace) -> None:
    trained = load_trained(args.model, kind_at(args.model))
    bench: Bench
    bench, _ = open_bench(args)
    check_tokenizer(args.model, trained.tokenizer_json, bench.judge.tokenizer)
    if isinstance(trained.network, Network) and trained.network.config.few_step:
        print(f"relative change of the condition from h = 1/1024 to 1: {step_size_sensitivity(trained.network):.3f}")
    results = Results(args.out)
    task = make_task(args.task, args.length)
    held_out(bench, task, results)
    system = any_system(args.model, args)
    measure_all([Cell(system, task, s) for s in samplings(args)], bench, results)
    print(sweep_table(results.records))
