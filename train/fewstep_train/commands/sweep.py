"""Perplexity and entropy of one model over steps, temperatures, solvers, schedules and early finish, as a table."""

import argparse
import itertools
from pathlib import Path

from fewstep_train.commands.bench_options import add_bench_arguments, flow_system, open_bench
from fewstep_train.evaluation.measures.conditioning import step_size_sensitivity
from fewstep_train.evaluation.measures.tasks import TASKS, make_task
from fewstep_train.evaluation.report.report import COLUMNS, measured, number, table
from fewstep_train.evaluation.run.cells import HELD_OUT, Bench, Cell, held_out, measure_all
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.evaluation.run.same_tokenizer import check_tokenizer
from fewstep_train.evaluation.systems.names import MODEL
from fewstep_train.evaluation.systems.samples import Sampling
from fewstep_train.flow.jump_times import JUMPS
from fewstep_train.flow.solver import SOLVERS
from fewstep_train.kinds import CANVAS
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
SETTINGS = ("temperature", "solver", "schedule", "jumps", "stable_below")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="an exported model's folder, or a checkpoint")
    add_bench_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="JSON of the cells; a sweep that was stopped goes on")
    parser.add_argument("--task", choices=TASKS, default="unconditional")
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 2, 4, 8, 16, 32, 64])
    parser.add_argument("--temperatures", type=float, nargs="+", default=[1.0])
    parser.add_argument("--top-p", type=float, nargs="+", default=[1.0])
    parser.add_argument("--solvers", choices=SOLVERS, nargs="+", default=["cumulative"])
    parser.add_argument("--schedules", choices=["uniform", "geometric", "reversed"], nargs="+", default=["uniform"])
    parser.add_argument("--jumps", choices=JUMPS, nargs="+", default=["independent"], help="spread: cumulative only")
    parser.add_argument(
        "--stable-below",
        type=float,
        nargs="+",
        default=[0.0],
        help="finish early below this share of changes; 0: never",
    )


def samplings(args: argparse.Namespace) -> list[Sampling]:
    """Every combination, those of few steps first."""
    settings = itertools.product(
        sorted(args.steps), args.temperatures, args.top_p, args.solvers, args.schedules, args.stable_below, args.jumps
    )
    return [
        Sampling(steps, temperature, top_p, args.seed, solver, schedule, stable_below, jumps)
        for steps, temperature, top_p, solver, schedule, stable_below, jumps in settings
        if jumps == "independent" or solver == "cumulative"
    ]


def sweep_table(records: list[Record]) -> str:
    """One row a cell; real text first."""
    rows = []
    columns = measured(records, METRICS)
    for r in records:
        metrics = [number(m, r["metrics"][m]) if m in r["metrics"] else "" for m in columns]
        if r["system"] == HELD_OUT:
            rows.append([HELD_OUT, *[""] * (2 + len(SETTINGS)), *metrics])
        else:
            settings = [f"{r[s]:g}" if isinstance(r[s], float) else r[s] for s in SETTINGS]
            rows.append([str(r["steps"]), f"{r['mean_steps']:.1f}", f"{r['top_p']:g}", *settings, *metrics])
    return table(
        ["steps", "taken", "top-p", *(s.replace("_", " ") for s in SETTINGS), *(COLUMNS[m] for m in columns)], rows
    )


def run(args: argparse.Namespace) -> None:
    trained = load_trained(args.model, CANVAS)
    bench: Bench
    bench, _ = open_bench(args)
    check_tokenizer(args.model, trained.tokenizer_json, bench.judge.tokenizer)
    if trained.network.config.few_step:
        print(f"relative change of the condition from h = 1/1024 to 1: {step_size_sensitivity(trained.network):.3f}")
    results = Results(args.out)
    task = make_task(args.task, args.length)
    held_out(bench, task, results)
    system = flow_system(MODEL, args.model, args)
    measure_all([Cell(system, task, s) for s in samplings(args)], bench, results)
    print(sweep_table(results.records))
