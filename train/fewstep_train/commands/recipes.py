"""Train small networks that differ from a baseline in one thing each, on as many tokens, and say what it changed."""

import argparse
from dataclasses import asdict
from functools import partial
from pathlib import Path

import torch

from fewstep_train.evaluation.report.report import table
from fewstep_train.evaluation.run.results import Record, Results
from fewstep_train.identity import code_identity, content_identity
from fewstep_train.training.precision import PRECISIONS
from fewstep_train.training.recipes import BASELINE, RECIPES, Laboratory


def report(records: list[Record]) -> str:
    """A row each, beside the baseline."""
    base = next((r for r in records if r["name"] == BASELINE), None)
    rows = []
    for r in records:
        change = "" if base is None or r is base else f"{100 * (r['bits_a_byte'] / base['bits_a_byte'] - 1):+.1f} %"
        speed = r["tokens"] / r["seconds"]
        size = f"{r['parameters'] / 1e6:.1f} M"
        rows.append([r["name"], size, f"{r['nats_a_token']:.3f}", f"{r['bits_a_byte']:.3f}", change, f"{speed:,.0f}"])
    return table(["recipe", "parameters", "nats a token", "bits a byte", "change", "tokens/s"], rows)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpus files, plain text or .xz")
    parser.add_argument("--valid", type=Path, nargs="+", required=True, help="held-out files")
    parser.add_argument("--out", type=Path, required=True, help="JSON of the results; a run that was stopped goes on")
    names = "; ".join(RECIPES).replace("%", "%%")  # argparse formats its help
    parser.add_argument("--only", nargs="+", choices=list(RECIPES), metavar="NAME", help=f"of {names}")
    parser.add_argument("--tokens", type=int, default=1_000_000, help="each recipe trains on (default %(default)s)")
    parser.add_argument("--length", type=int, default=256, help="longest canvas (default %(default)s tokens)")
    parser.add_argument("--cache", type=Path, default=Path("data/recipes"), help="folder for tokenizers and the like")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto")


def run(args: argparse.Namespace) -> None:
    laboratory = Laboratory(args.data, args.valid, args.cache, args.tokens, args.length, args.device, args.precision)
    shared = {"tokens": args.tokens, "length": args.length, "text": content_identity([*args.data, *args.valid])}
    shared["code"] = code_identity(Laboratory.__module__)
    results = Results(args.out)
    for name in args.only or RECIPES:
        recipe = RECIPES[name]
        what = {**asdict(recipe), "lengths": list(recipe.lengths), **shared}
        print(f"== {name}", flush=True)
        results.once({"name": name, **what}, partial(laboratory.measure, name, recipe))
    print(report(results.records))
