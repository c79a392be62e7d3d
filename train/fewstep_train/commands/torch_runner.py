"""Time the published way of sampling, in plain PyTorch: one JSON line asks on standard input, one answers."""

import argparse

from fewstep_train.benchmarks.json_lines import answer_lines
from fewstep_train.benchmarks.sampler_timing import Request, Runner


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        'A line in: {"model": "models/NAME", "steps": 8, "rows": 1, "length": 128, "threads": 2, "seed": 0}. '
        'A line out: {"ms": 123.4}, or {"error": "..."}. The end of the input ends the program.'
    )


def run(_args: argparse.Namespace) -> None:
    runner = Runner()
    answer_lines(lambda asked: runner.answer(Request(**asked)))
