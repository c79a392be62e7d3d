"""Write the graphs that benchmarks compare the step graph with; those up to date are left alone."""

import argparse
from pathlib import Path

from fewstep_train.benchmarks.graph_recipes import Recipes, recipe_digest, write


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, default=Path(".cache/bench"), help="folder (default %(default)s)")
    parser.add_argument("--model", type=Path, default=Path("models/fewstep-stories"), help="the embedded model")
    parser.add_argument(
        "--autoregressive",
        type=Path,
        default=Path("runs/ar.pt"),
        help="its weights are random if there is no such file",
    )
    parser.add_argument("--only", nargs="+", metavar="NAME", help="such as matmul or embedded/ar, or embedded for all")


def run(args: argparse.Namespace) -> None:
    recipes = Recipes(args.out, args.model, args.autoregressive)
    makers = recipes.makers()
    wanted = args.only or list(makers)
    names = [name for name in makers if name in wanted or name.split("/")[0] in wanted]
    unknown = [w for w in wanted if not any(w in (name, name.split("/")[0]) for name in makers)]
    if unknown:
        raise SystemExit(f"no such graph: {', '.join(unknown)} (there are: {', '.join(makers)})")
    for name in names:
        write(args.out, name, makers[name], recipe_digest(recipes.ingredients(name)))
