"""Time a decoder graph in ONNX Runtime, token by token: one JSON line asks on standard input, one answers."""

import argparse

from fewstep_train.benchmarks.decoder_timing import Request, Runner
from fewstep_train.benchmarks.json_lines import answer_lines


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.epilog = (
        'A line in: {"graph": "NAME.onnx", "threads": 2, "rows": 1, "room": 128, "position": 0, "tokens": 16}. '
        'A line out: {"ms": 123.4, "runtime": "1.2.3"}, or {"error": "..."}. The end of the input ends the program.'
    )


def run(_args: argparse.Namespace) -> None:
    runner = Runner()
    answer_lines(lambda asked: runner.answer(Request(**asked)))
