"""python -m fewstep_train COMMAND --help"""

import argparse
import importlib
from collections.abc import Sequence

COMMANDS = (  # a module each, in commands/
    "tokenizer",
    "pretrain",
    "pretrain-autoregressive",
    "pretrain-masked",
    "distill",
    "export",
    "import-checkpoint",
    "sample",
    "profile-step",
    "bench-models",
    "torch-runner",
    "decoder-runner",
    "evaluate",
    "sweep",
    "schedule",
    "judge",
    "lm-eval",
    "recipes",
)


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m fewstep_train", description="Training kit of fewstep")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name in COMMANDS:
        module = importlib.import_module(f"fewstep_train.commands.{name.replace('-', '_')}")
        sub = commands.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    return parser


def main(argv: Sequence[str] | None = None) -> None:
    args = make_parser().parse_args(argv)
    args.run(args)


if __name__ == "__main__":
    main()
