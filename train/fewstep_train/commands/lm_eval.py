"""Run tasks of the evaluation harness (lm-eval) over a running service."""

import argparse
import json
from pathlib import Path

PACKAGE = "lm_eval"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8080", help="of the service (default: %(default)s)")
    parser.add_argument("--model", help="one that it has loaded (default: the first)")
    parser.add_argument("--tasks", nargs="+", required=True, help="names of tasks, as `lm_eval ls tasks` lists them")
    parser.add_argument("--own", type=Path, help="a folder of tasks of one's own, YAML as the harness has it")
    parser.add_argument("--num-fewshot", type=int, help="examples before each question (default: the task's)")
    parser.add_argument("--limit", type=int, help="so many questions of each task (default: all)")
    parser.add_argument("--samples", type=int, default=32, help="canvases for each likelihood (default: %(default)s)")
    parser.add_argument("--steps", type=int, help="refinements of what is written (default: the model's)")
    parser.add_argument("--seed", type=int, default=1234, help="decides draws and texts (default: %(default)s)")
    parser.add_argument("--at-once", type=int, default=4, help="requests under way at once (default: %(default)s)")
    parser.add_argument("--out", type=Path, help="a file for the results as JSON")


def run(args: argparse.Namespace) -> None:
    try:
        from fewstep_train.harness.model import FewstepLM
        from fewstep_train.harness.run import evaluate, shown
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != PACKAGE:
            raise
        raise SystemExit("the harness is not installed: pip install -e './train[harness]'") from None
    model = FewstepLM(
        args.url, args.model, samples=args.samples, steps=args.steps, seed=args.seed, batch_size=args.at_once
    )
    results = evaluate(model, args.tasks, own=args.own, num_fewshot=args.num_fewshot, limit=args.limit)
    print(f"{model.service.model}, {args.samples} canvases for each likelihood, seed {args.seed}\n")
    print(shown(results))
    if args.out:
        args.out.write_text(json.dumps(results["results"], indent=2) + "\n")
