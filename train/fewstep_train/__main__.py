"""python -m fewstep_train COMMAND --help"""

import argparse
import importlib
from collections.abc import Sequence

COMMANDS = {
    "tokenizer": "tokenizer",
    "pretrain": "pretrain",
    "pretrain-autoregressive": "autoregressive",
    "pretrain-masked": "pretrain_masked",
    "distill": "distill",
    "export": "export",
    "import-checkpoint": "import_checkpoint",
    "sample": "sample",
    "profile-step": "profile_step",
    "bench-models": "bench_models",
    "torch-runner": "published_sampler",
    "evaluate": "evaluate",
    "sweep": "sweep",
    "judge": "judge_command",
    "recipes": "recipes",
}


def main(argv: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(prog="python -m fewstep_train", description="Training kit of fewstep")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module_name in COMMANDS.items():
        module = importlib.import_module(f"fewstep_train.{module_name}")
        sub = commands.add_parser(name, help=module.__doc__, description=module.__doc__)
        module.add_arguments(sub)
        sub.set_defaults(run=module.run)
    args = parser.parse_args(argv)
    args.run(args)


if __name__ == "__main__":
    main()
