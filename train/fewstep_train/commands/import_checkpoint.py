"""Import a published checkpoint, FS-DFM (.pth), LLaDA or Dream (safetensors), as a model's folder to serve."""

import argparse
from pathlib import Path

from fewstep_train.commands.export_options import add_export_arguments, chosen, describe
from fewstep_train.flow.step_sizes import STEP_SIZES
from fewstep_train.folder.model_folder import ModelParts, write_model
from fewstep_train.published.fs_dfm import (
    WEIGHTS,
    check_tensors,
    embedding_rows,
    read_published_config,
    read_published_weights,
)
from fewstep_train.published.masked import read_published_masked

DATA_CARD = "See the publication of the checkpoint."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--checkpoint",
        type=Path,
        required=True,
        help="FS-DFM: the published .pth. LLaDA, Dream: the folder of config.json and safetensors",
    )
    parser.add_argument("--config", type=Path, help="FS-DFM: the published YAML, or its JSON form")
    parser.add_argument("--weights", choices=list(WEIGHTS), help="FS-DFM: which of the file (default: student_ema)")
    parser.add_argument("--length", type=int, help="LLaDA, Dream: longest canvas (default: its own, at most 4096)")
    parser.add_argument(
        "--tokenizer", type=Path, help="tokenizer.json (default: the folder's); without one it cannot serve text"
    )
    add_export_arguments(parser)


def refuse(args: argparse.Namespace, belongs_to: str, *options: str) -> None:
    """Raises SystemExit for an option that would be ignored."""
    for option in options:
        if getattr(args, option) is not None:
            raise SystemExit(f"--{option} belongs to {belongs_to}; leave it out")


def masked_parts(args: argparse.Namespace) -> ModelParts:
    refuse(args, "a .pth of FS-DFM", "config", "weights")
    published = read_published_masked(args.checkpoint, args.length)
    tokenizer = args.checkpoint / "tokenizer.json"
    return ModelParts(
        kind=published.kind,
        config=published.config,
        weights=published.weights,
        exponent=1.0,
        tokenizer_json=tokenizer.read_text() if tokenizer.exists() else None,
        trained_step_sizes=[],
        stages=[{"stage": "imported", "folder": args.checkpoint.resolve().name}],
        data_card=DATA_CARD,
        end_of_text_token_ids=published.end_of_text_token_ids or None,
        defaults={"steps": 64},
    )


def flow_parts(args: argparse.Namespace) -> ModelParts:
    refuse(args, "the folder of a LLaDA or Dream", "length")
    if args.config is None:
        raise SystemExit("--config FILE is needed: the published YAML of the checkpoint")
    chosen_weights = args.weights or "student_ema"
    weights, step = read_published_weights(args.checkpoint, chosen_weights)
    config, exponent = read_published_config(args.config, chosen_weights != "teacher", embedding_rows(weights))
    check_tensors(config, weights)
    return ModelParts(
        config=config,
        weights=weights,
        exponent=exponent,
        tokenizer_json=None,
        trained_step_sizes=STEP_SIZES if config.few_step else [],
        stages=[{"stage": "imported", "file": args.checkpoint.name, "weights": chosen_weights, "step": step}],
        data_card=DATA_CARD,
        # The plain network is not told h: many small steps with the instantaneous rate are its way.
        defaults={} if config.few_step else {"steps": 128, "solver": "euler_exact"},
    )


def run(args: argparse.Namespace) -> None:
    parts = masked_parts(args) if args.checkpoint.is_dir() else flow_parts(args)
    describe(write_model(args.out, chosen(args, parts)), args.out)
