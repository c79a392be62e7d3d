"""Search the step sizes that write best in so many steps, confirm them, and write them into the model's manifest."""

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewstep_train.commands.bench_options import add_bench_arguments, any_system, open_bench, with_other_text
from fewstep_train.evaluation.measures.likelihood import schedule_bound
from fewstep_train.evaluation.measures.quality import rank_correlation
from fewstep_train.evaluation.measures.tasks import TASKS, UNCONDITIONAL, make_task
from fewstep_train.evaluation.report.report import number, table
from fewstep_train.evaluation.run.cells import Bench
from fewstep_train.evaluation.run.results import Results
from fewstep_train.evaluation.run.same_tokenizer import check_tokenizer
from fewstep_train.evaluation.run.schedule_search import (
    INDEPENDENT,
    OWN,
    Search,
    Trials,
    Verdict,
    manifest_entry,
    verdict,
)
from fewstep_train.evaluation.systems.opening import kind_at
from fewstep_train.evaluation.systems.samples import Sampling
from fewstep_train.evaluation.systems.step_graph_system import StepGraphSystem, scheduled_step_sizes
from fewstep_train.folder.exported import read_manifest
from fewstep_train.folder.tuned_schedules import tuned_schedules, write_schedules
from fewstep_train.networks.network import Network
from fewstep_train.training.trained import load_trained

GEOMETRIC = "geometric"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--model", type=Path, required=True, help="an exported model's folder, whose manifest gets them"
    )
    add_bench_arguments(parser)
    parser.add_argument("--out", type=Path, required=True, help="JSON of the trials; a search that was stopped goes on")
    parser.add_argument("--budgets", type=int, nargs="+", default=[2, 4, 8, 16], help="(default %(default)s)")
    parser.add_argument("--hours", type=float, default=1.0, help="of searching, all budgets together (default 1)")
    parser.add_argument("--task", choices=TASKS, default=UNCONDITIONAL, help="what is written (default %(default)s)")
    parser.add_argument(
        "--entropy-weight",
        type=float,
        default=1.0,
        help="bits a byte that a bit of entropy below the default schedule's costs (default 1: about what a higher "
        "temperature pays for a bit of it)",
    )
    parser.add_argument(
        "--search-by",
        choices=[OWN, INDEPENDENT],
        default=OWN,
        help="whose opinion is searched by (default own, which is quick); an independent judge, where named, confirms",
    )
    parser.add_argument(
        "--confirm-samples", type=int, help="texts that the winner is confirmed on (default: as many as --samples)"
    )
    parser.add_argument(
        "--check-proxies",
        type=int,
        default=0,
        metavar="N",
        help="have N schedules of each search judged by the independent judge and the likelihood bound, too, and print "
        "how alike they rank",
    )
    parser.add_argument("--dry-run", action="store_true", help="leave the manifest as it is")


def sampling_of(args: argparse.Namespace, defaults: dict) -> Sampling:
    """As the service samples by default."""
    keys = ("temperature", "top_p", "solver", "jumps")
    return Sampling(steps=1, seed=args.seed, **{key: defaults[key] for key in keys if key in defaults})


def check(args: argparse.Namespace) -> None:
    """Raises SystemExit where the options make no sense."""
    if not all(2 <= steps <= 1024 for steps in args.budgets):
        raise SystemExit("--budgets: from 2 steps, of which there is something to choose, to 1024")
    for option in ("hours", "entropy_weight"):
        if getattr(args, option) < 0:
            raise SystemExit(f"--{option.replace('_', '-')} {getattr(args, option)}: must not be below 0")
    if (args.confirm_samples or 1) < 1:
        raise SystemExit(f"--confirm-samples {args.confirm_samples}: must be at least 1")


def search_all(args: argparse.Namespace, trials: Trials, usual: str) -> dict[int, Search]:
    """By steps, few first; what time one leaves is the next ones'."""
    end = time.monotonic() + 3600 * args.hours
    searches = {}
    budgets = sorted(set(args.budgets))
    for number_of, steps in enumerate(budgets):
        now = time.monotonic()
        deadline = now + max(end - now, 0) / (len(budgets) - number_of)
        of_steps = replace(trials, sampling=replace(trials.sampling, steps=steps))
        search = searches[steps] = Search(of_steps, usual, args.entropy_weight, deadline)
        best = search.run()
        ended = "" if search.complete else "; its time is up, started again it goes on"
        print(f"{steps} steps: {best} is best of {len(search.costs)}{ended}", flush=True)
    return searches


def confirmed(args: argparse.Namespace, search: Search, bench: Bench, judge: str) -> dict[str, Verdict]:
    """By what the table calls them: the usual schedule, the geometric one, and the best that was found."""
    sampling = replace(search.trials.sampling, seed=args.seed + 1)
    trials = replace(search.trials, bench=bench, judge=judge, sampling=sampling)
    named = {search.usual: search.usual, GEOMETRIC: GEOMETRIC, "tuned": search.best}
    return {name: verdict(trials, each, search.usual, args.entropy_weight) for name, each in named.items()}


def row(steps: int, name: str, found: Verdict, others: Sequence[Verdict]) -> list[str]:
    """`others`: of the same schedule, by other judges."""
    return [
        str(steps),
        name if "," not in found.schedule else found.schedule.replace(",", ", "),
        number("bits_per_byte", found.quality.bits),
        number("entropy", found.quality.entropy),
        *(f"{each.gain.value:+.3f} ± {each.gain.error:.3f}" for each in (found, *others)),
        "yes" if found.clearly_better else "",
    ]


def print_verdicts(judge: str, verdicts: Mapping[str, Mapping[int, Mapping[str, Verdict]]]) -> None:
    """By judge, steps and name; that of `judge` counts, the own one's shows whether a search by it found noise."""
    others = [each for each in verdicts if each != judge]
    rows = [
        row(steps, name, found, [verdicts[other][steps][name] for other in others])
        for steps, named in verdicts[judge].items()
        for name, found in named.items()
    ]
    more = [f"gain, {other} judge" for other in others]
    print(table(["steps", "step sizes", "bits a byte", "entropy, bits", "gain", *more, "clearly better"], rows))


def check_proxies(args: argparse.Namespace, searches: dict[int, Search]) -> None:
    """How the judge that is searched by, and the bound, rank schedules beside the independent judge."""
    trained = load_trained(args.model, kind_at(args.model))
    for steps, search in searches.items():
        ranked = sorted(search.costs, key=search.costs.__getitem__)
        chosen = [ranked[i] for i in np.unique(np.linspace(0, len(ranked) - 1, args.check_proxies).round().astype(int))]
        theirs = Search(replace(search.trials, judge=INDEPENDENT), search.usual, search.weight, np.inf)
        costs = {INDEPENDENT: [theirs.cost_of(each) for each in chosen], OWN: [search.cost_of(each) for each in chosen]}
        if isinstance(trained.network, Network) and trained.network.config.mask_token_id is not None:
            costs["bound"] = [
                schedule_bound(
                    trained.network, trained.scheduler, scheduled_step_sizes(each, steps), search.trials.bench.crops
                )
                for each in chosen
            ]
        print(
            table(
                ["schedule", *costs],
                [[each, *(f"{c[i]:.4f}" for c in costs.values())] for i, each in enumerate(chosen)],
            )
        )
        for name, found in costs.items():
            if name != INDEPENDENT and len(chosen) > 2:
                rho = rank_correlation(np.array(found), np.array(costs[INDEPENDENT]))
                print(
                    f"{steps} steps: of {len(chosen)} schedules the {name} ranks like the independent judge: {rho:+.2f}"
                )


def run(args: argparse.Namespace) -> None:
    check(args)
    manifest = read_manifest(args.model)
    tuned_schedules(manifest)
    bench, _ = open_bench(args)
    if bench.judge.independent is None and (args.search_by == INDEPENDENT or args.check_proxies):
        raise SystemExit("no independent judge is named: add one to --judge")
    check_tokenizer(args.model, load_trained(args.model, kind_at(args.model)).tokenizer_json, bench.judge.tokenizer)
    system: StepGraphSystem = any_system(args.model, args)
    task, results = make_task(args.task, args.length), Results(args.out)
    trials = Trials(system, task, sampling_of(args, manifest["defaults"]), bench, args.search_by, results)
    searches = search_all(args, trials, manifest["defaults"]["schedule"])
    args.samples = args.confirm_samples or args.samples
    others = with_other_text(bench, args, args.seed + 1)
    judge = INDEPENDENT if others.judge.independent else OWN
    verdicts = {
        each: {steps: confirmed(args, search, others, each) for steps, search in searches.items()}
        for each in dict.fromkeys((judge, OWN))
    }
    whose = others.judge.independent.model.name if others.judge.independent else "our own judge"
    print(f"\nOn {args.samples} other texts, by {whose}; gain in bits a byte at equal entropy, ± one standard error:\n")
    print_verdicts(judge, verdicts)
    if args.check_proxies:
        check_proxies(args, searches)
    if not args.dry_run:
        usual = manifest["defaults"]["schedule"]
        write_schedules(
            args.model, {n: manifest_entry(n, named["tuned"], usual) for n, named in verdicts[judge].items()}
        )
        print(f"{args.model / 'manifest.json'}: schedules of {', '.join(map(str, searches))} steps")
