"""Judge a model and its relatives: perplexity, entropy and more against steps. Writes EVALUATION.md."""

import argparse
import json
import shlex
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from fewstep_train.commands.bench_options import add_bench_arguments, flow_system, masked_system, open_bench
from fewstep_train.commands.judge_options import independent_judge, own_judge
from fewstep_train.evaluation.measures.independent_judge import IndependentJudge
from fewstep_train.evaluation.measures.tasks import TASKS, UNCONDITIONAL, Task, make_task
from fewstep_train.evaluation.measures.training_cost import TrainingCost, training_cost
from fewstep_train.evaluation.report.images import measure_timeline, write_images
from fewstep_train.evaluation.report.report import report
from fewstep_train.evaluation.run.cells import HELD_OUT, Cell, held_out, measure_all, summary
from fewstep_train.evaluation.run.likelihoods import measure_likelihoods
from fewstep_train.evaluation.run.readings import measure_readings
from fewstep_train.evaluation.run.results import Record, Results, read_records
from fewstep_train.evaluation.systems.autoregressive_system import autoregressive_system
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME, DFM, MODEL, NAMES
from fewstep_train.evaluation.systems.samples import Sampling
from fewstep_train.evaluation.systems.step_graph_system import listed
from fewstep_train.folder.exported import read_manifest
from fewstep_train.folder.tuned_schedules import tuned_schedules
from fewstep_train.kinds import DREAM, LLADA

STEPS = [1, 2, 4, 8, 16, 32, 64]
CONDITIONAL_STEPS = [1, 2, 4, 8]
COMPARED_STEPS = [4, 8]  # with jumps as published
INDEPENDENT_MODEL = f"{MODEL}, independent jumps"

Way = tuple[Sampling, Task]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--model", type=Path, required=True, help="the few-step model: its folder, or a checkpoint")
    add_bench_arguments(parser)
    parser.add_argument("--dfm", type=Path, help="plain model, folder or checkpoint (default: --model, in many steps)")
    parser.add_argument("--llada", type=Path, help="`pretrain-masked --kind llada`: checkpoint or exported folder")
    parser.add_argument("--dream", type=Path, help="`pretrain-masked --kind dream`: checkpoint or exported folder")
    parser.add_argument("--out", type=Path, help="folder for EVALUATION.md (default: --model)")
    parser.add_argument("--steps", type=int, nargs="+", default=STEPS, help="of every system that has steps")
    parser.add_argument(
        "--conditional-steps",
        type=int,
        nargs="+",
        default=CONDITIONAL_STEPS,
        help="of those in continuation and infilling (default %(default)s)",
    )
    parser.add_argument("--many-steps", type=int, nargs="+", default=[1024], help="of the DFM (default 1024)")
    parser.add_argument("--dfm-solver", choices=["euler", "euler_exact"], default="euler_exact")
    parser.add_argument(
        "--many-steps-tasks", choices=TASKS, nargs="+", default=list(TASKS), help="tasks for --many-steps"
    )
    parser.add_argument("--temperatures", type=float, nargs="+", help="default: 1 and the model's default")
    parser.add_argument("--dfm-temperatures", type=float, nargs="+", help="of the DFM (default: as the others)")
    parser.add_argument("--tasks", choices=TASKS, nargs="+", default=list(TASKS))
    parser.add_argument("--texts", type=int, default=10, help="to be read, seeds 1 to N (default %(default)s)")
    parser.add_argument("--text-tokens", type=int, default=200, help="of each of them, at most (default %(default)s)")
    parser.add_argument("--quick", action="store_true", help="a few short cells, to see that everything runs")
    parser.add_argument(
        "--report-only",
        action="store_true",
        help="write EVALUATION.md again from the numbers in evaluation.json; nothing is sampled or judged",
    )


def make_quick(args: argparse.Namespace) -> None:
    args.samples, args.length = min(args.samples, 8), min(args.length, 32)
    args.steps, args.conditional_steps, args.many_steps = [1, 8], [8], [16]
    args.texts, args.text_tokens = min(args.texts, 2), min(args.text_tokens, 32)


def model_defaults(args: argparse.Namespace) -> dict[str, Any]:
    manifest = args.model / "manifest.json"
    return json.loads(manifest.read_text())["defaults"] if manifest.exists() else {}


def schedule_of(args: argparse.Namespace, steps: int) -> str:
    """What the service takes by default."""
    if not args.model.is_dir():
        return "uniform"
    manifest = read_manifest(args.model)
    tuned = tuned_schedules(manifest).get(steps)
    return listed(tuned.step_sizes) if tuned and tuned.clearly_better else manifest["defaults"]["schedule"]


def samplings(args: argparse.Namespace) -> list[Sampling]:
    """Temperature 1 and the model's defaults, all systems alike; steps are set later."""
    plain = Sampling(steps=1, seed=args.seed)
    if args.temperatures:
        return [replace(plain, temperature=t) for t in args.temperatures]
    defaults = model_defaults(args)
    default = replace(plain, temperature=defaults.get("temperature", 1.0), top_p=defaults.get("top_p", 1.0))
    return list(dict.fromkeys([plain, default]))


def budgets(args: argparse.Namespace, task: Task) -> list[int]:
    return sorted(args.steps if task.name == UNCONDITIONAL else args.conditional_steps)


def few_step_cells(args: argparse.Namespace, ways: list[Way]) -> list[Cell]:
    """The model as it is served by default; where that is not with jumps as published, a few cells with those."""
    model = flow_system(MODEL, args.model, args)
    jumps = model_defaults(args).get("jumps", "independent")
    cells = [
        Cell(model, task, replace(s, steps=n, jumps=jumps, schedule=schedule_of(args, n)))
        for s, task in ways
        for n in budgets(args, task)
    ]
    if jumps != "independent":
        published = replace(model, name=INDEPENDENT_MODEL)
        cells += [
            Cell(published, task, replace(s, steps=n))
            for s, task in ways
            for n in budgets(args, task)
            if n in COMPARED_STEPS
        ]
    return cells


def masked_cells(args: argparse.Namespace, ways: list[Way]) -> list[Cell]:
    systems = [masked_system(kind, path, args) for kind, path in ((LLADA, args.llada), (DREAM, args.dream)) if path]
    return [Cell(m, task, replace(s, steps=n)) for m in systems for s, task in ways for n in budgets(args, task)]


def many_step_cells(args: argparse.Namespace, ways: list[Way]) -> list[Cell]:
    """The DFM; a few-step network is one where it is told its smallest step."""
    dfm = flow_system(DFM, args.dfm or args.model, args)
    return [
        Cell(dfm, task, replace(s, solver=args.dfm_solver, steps=n))
        for s, task in ways
        if not args.dfm_temperatures or s.temperature in args.dfm_temperatures
        for n in [
            *(budgets(args, task) if args.dfm else []),
            *(args.many_steps if task.name in args.many_steps_tasks else []),
        ]
    ]


def plan(args: argparse.Namespace, leads: Tensor, tasks: list[Task]) -> list[Cell]:
    """Every cell, few steps first within each system."""
    ways = [(s, task) for s in samplings(args) for task in tasks]
    writer = autoregressive_system(own_judge(args), leads)  # a step makes a token
    return [
        *(Cell(writer, task, replace(s, steps=task.count(args.length))) for s, task in ways),
        *few_step_cells(args, ways),
        *masked_cells(args, ways),
        *many_step_cells(args, ways),
    ]


def diffusion_paths(args: argparse.Namespace) -> dict[str, Path]:
    """Of the systems that are given, by name."""
    paths = {MODEL: args.model, DFM: args.dfm, NAMES[LLADA]: args.llada, NAMES[DREAM]: args.dream}
    return {name: path for name, path in paths.items() if path}


def training_costs(args: argparse.Namespace) -> dict[str, TrainingCost]:
    paths = {**diffusion_paths(args), AUTOREGRESSIVE_NAME: own_judge(args)}
    return {name: training_cost(path) for name, path in paths.items()}


def temperatures_of(args: argparse.Namespace) -> list[float]:
    return list(dict.fromkeys(s.temperature for s in samplings(args)))


def measure(args: argparse.Namespace, file: Path) -> tuple[list[Record], IndependentJudge | None]:
    """(the records of this evaluation, who judged besides); what `file` holds of the same is not measured again."""
    bench, leads = open_bench(args)
    tasks = [make_task(name, args.length) for name in args.tasks]
    cells = plan(args, leads, tasks)
    results = Results(file)
    for task in tasks:
        print(f"{HELD_OUT}, {task.name}: {summary(held_out(bench, task, results))}", flush=True)
    paths = {AUTOREGRESSIVE_NAME: own_judge(args), **diffusion_paths(args)}
    measure_likelihoods(paths, bench, results, repeats=1 if args.quick else 4)
    measure_all(cells, bench, results)
    shown = max((s for s in args.steps if s <= 8), default=args.steps[0])
    for cell in cells:
        s = cell.sampling
        if (cell.system.name, s.steps, s.temperature) == (MODEL, shown, temperatures_of(args)[-1]):
            measure_timeline(cell, bench, results)
            if cell.task.name == UNCONDITIONAL:
                seeds = range(1, args.texts + 1)
                tokens = min(args.text_tokens, cell.system.longest)
                measure_readings(cell.system, s, seeds, tokens, bench.judge.tokenizer, results)
    results.finish()
    return results.records, bench.judge.independent


def run(args: argparse.Namespace) -> None:
    command = shlex.join(["python", "-m", "fewstep_train", *(a for a in sys.argv[1:] if a != "--report-only")])
    if args.quick:
        make_quick(args)
    out = args.out or args.model
    if not out.is_dir() and out.exists():
        raise SystemExit(f"{out}: not a folder; name one with --out")
    file = out / "evaluation.json"
    if args.report_only:
        records, independent = read_records(file), independent_judge(args)
    else:
        records, independent = measure(args, file)
    temperatures = temperatures_of(args)
    facts = {
        "name": args.model.name,
        "model": MODEL,
        "temperatures": temperatures,
        "tasks": args.tasks,
        "samples": args.samples,
        "length": args.length,
        "compute": args.compute,
        "command": command,
        "costs": training_costs(args),
        "independent": independent and independent.model.name,
        "images": write_images(out, records, temperatures, args.tasks),
    }
    (out / "EVALUATION.md").write_text(report(records, facts))
    print(f"{out / 'EVALUATION.md'}: {len([r for r in records if 'steps' in r and r['kind'] == 'cell'])} cells")
