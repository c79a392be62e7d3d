"""python -m fewstep_train COMMAND --help"""

import argparse
import importlib
from collections.abc import Sequence

COMMANDS = {
    "tokenizer": "text.tokenizer",
    "pretrain": "commands.pretrain",
    "pretrain-autoregressive": "commands.pretrain_autoregressive",
    "pretrain-masked": "commands.pretrain_masked",
    "distill": "commands.distill",
    "export": "commands.export",
    "import-checkpoint": "commands.import_checkpoint",
    "sample": "commands.sample",
    "profile-step": "commands.profile_step",
    "bench-models": "commands.bench_models",
    "torch-runner": "flow.published_sampler",
    "evaluate": "commands.evaluate",
    "sweep": "commands.sweep",
    "judge": "commands.judge",
    "recipes": "commands.recipes",
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
