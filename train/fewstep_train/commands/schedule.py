"""Search the step sizes that write best in so many steps, confirm them, and write them into the model's manifest."""

import argparse
import time
from dataclasses import replace
from pathlib import Path

import numpy as np

from fewstep_train.commands.bench_options import add_bench_arguments, any_system, open_bench, with_other_text
from fewstep_train.evaluation.measures.quality import rank_correlation
from fewstep_train.evaluation.measures.tasks import TASKS, UNCONDITIONAL, make_task
from fewstep_train.evaluation.report.report import table
from fewstep_train.evaluation.report.schedules import verdict_table
from fewstep_train.evaluation.run.results import Results
from fewstep_train.evaluation.run.same_tokenizer import check_tokenizer
from fewstep_train.evaluation.run.schedule_search import (
    BOUND,
    INDEPENDENT,
    OWN,
    Bounds,
    Search,
    Trials,
    Verdict,
    manifest_entry,
    verdict,
)
from fewstep_train.evaluation.systems.opening import kind_at
from fewstep_train.evaluation.systems.samples import Sampling
from fewstep_train.evaluation.systems.step_graph_system import StepGraphSystem
from fewstep_train.folder.exported import read_manifest
from fewstep_train.folder.tuned_schedules import tuned_schedules, write_schedules
from fewstep_train.networks.network import Network
from fewstep_train.training.trained import Trained, load_trained

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
        choices=[OWN, INDEPENDENT, BOUND],
        default=OWN,
        help="whose opinion is searched by (default own, which is quick; bound: the likelihood bound of the held-out "
        "text, which has less noise, knows of no temperature and counts no entropy); an independent judge confirms, "
        "where one is named",
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


def measured_by(judge: str, trials: Trials, trained: Trained) -> Trials | Bounds:
    if judge == BOUND:
        return Bounds(trials.system, trials.sampling, trained, trials.bench, trials.results)
    return replace(trials, judge=judge)


def of_steps(trials: Trials, steps: int) -> Trials:
    return replace(trials, sampling=replace(trials.sampling, steps=steps))


def search_all(args: argparse.Namespace, trials: Trials, trained: Trained, usual: str) -> dict[int, Search]:
    """By steps, few first; what time one leaves is the next ones'."""
    end = time.monotonic() + 3600 * args.hours
    searches = {}
    budgets = sorted(set(args.budgets))
    for place, steps in enumerate(budgets):
        now = time.monotonic()
        deadline = now + max(end - now, 0) / (len(budgets) - place)
        by = measured_by(args.search_by, of_steps(trials, steps), trained)
        search = searches[steps] = Search(by, usual, args.entropy_weight, deadline)
        best = search.run()
        ended = "" if search.complete else "; its time is up, started again it goes on"
        print(f"{steps} steps: {best} is best of {len(search.costs)}{ended}", flush=True)
    return searches


def confirmed(search: Search, trials: Trials) -> dict[str, Verdict]:
    """By what the table calls them: the usual schedule, the geometric one, and the best that was found."""
    named = {search.usual: search.usual, GEOMETRIC: GEOMETRIC, "tuned": search.best}
    return {name: verdict(trials, each, search.usual, search.weight) for name, each in named.items()}


def check_proxies(count: int, searches: dict[int, Search], trials: Trials, trained: Trained) -> None:
    """How our own judge, and the bound, rank schedules beside the independent judge."""
    proxies = [OWN, BOUND] if has_bound(trained) else [OWN]
    for steps, search in searches.items():
        ranked = sorted(search.costs, key=search.costs.__getitem__)
        chosen = [ranked[i] for i in np.unique(np.linspace(0, len(ranked) - 1, count).round().astype(int))]
        costs = {
            name: [
                measured_by(name, of_steps(trials, steps), trained).cost(s, search.usual, search.weight) for s in chosen
            ]
            for name in (INDEPENDENT, *proxies)
        }
        print(f"\nAbove {search.usual}, on the texts that were searched by; bits a byte, the bound in nats a token:\n")
        rows = [[s.replace(",", ", "), *(f"{c[i]:+.4f}" for c in costs.values())] for i, s in enumerate(chosen)]
        print(table([f"{steps} steps", *costs], rows))
        for name in proxies if len(chosen) > 2 else []:
            rho = rank_correlation(np.array(costs[name]), np.array(costs[INDEPENDENT]))
            print(f"{steps} steps: of {len(chosen)} schedules the {name} ranks like the independent judge: {rho:+.2f}")


def has_bound(trained: Trained) -> bool:
    return isinstance(trained.network, Network) and trained.network.config.mask_token_id is not None


def run(args: argparse.Namespace) -> None:
    check(args)
    manifest = read_manifest(args.model)
    tuned_schedules(manifest)
    bench, _ = open_bench(args)
    if bench.judge.independent is None and (args.search_by == INDEPENDENT or args.check_proxies):
        raise SystemExit("no independent judge is named: add one to --judge")
    trained = load_trained(args.model, kind_at(args.model))
    check_tokenizer(args.model, trained.tokenizer_json, bench.judge.tokenizer)
    if args.search_by == BOUND and not has_bound(trained):
        raise SystemExit(f"{args.model}: no flow of a mask source, whose bound is known here; search by a judge")
    system: StepGraphSystem = any_system(args.model, args)
    task, results = make_task(args.task, args.length), Results(args.out)
    trials = Trials(system, task, sampling_of(args, manifest["defaults"]), bench, OWN, results)
    searches = search_all(args, trials, trained, manifest["defaults"]["schedule"])
    args.samples = args.confirm_samples or args.samples
    others = with_other_text(bench, args, args.seed + 1)
    fresh = replace(trials, bench=others, sampling=replace(trials.sampling, seed=args.seed + 1))
    judge = INDEPENDENT if others.judge.independent else OWN
    verdicts = {
        each: {n: confirmed(search, replace(of_steps(fresh, n), judge=each)) for n, search in searches.items()}
        for each in dict.fromkeys((judge, OWN))
    }
    whose = others.judge.independent.model.name if others.judge.independent else "our own judge"
    print(f"\nOn {args.samples} other texts, by {whose}; gain in bits a byte at equal entropy, ± one standard error:\n")
    print(verdict_table(judge, verdicts))
    if args.check_proxies:
        check_proxies(args.check_proxies, searches, trials, trained)
    if not args.dry_run:
        usual = manifest["defaults"]["schedule"]
        write_schedules(
            args.model, {n: manifest_entry(n, named["tuned"], usual) for n, named in verdicts[judge].items()}
        )
        print(f"{args.model / 'manifest.json'}: schedules of {', '.join(map(str, searches))} steps")
