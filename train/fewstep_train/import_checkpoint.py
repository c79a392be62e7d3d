"""Import a published FS-DFM checkpoint (.pth) as a model's folder that fewstep serves."""

import argparse
from pathlib import Path

import numpy as np

from fewstep_train.export import add_export_arguments, describe
from fewstep_train.model_folder import ModelParts, write_model
from fewstep_train.published import (
    WEIGHTS,
    check_tensors,
    embedding_rows,
    read_published_config,
    read_published_weights,
)

STEP_SIZES = [2.0**-i for i in range(11)]  # 1, 1/2, ..., 1/1024: what published few-step networks are trained on


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, required=True, help="the published .pth")
    parser.add_argument("--config", type=Path, required=True, help="the published YAML, or its JSON form")
    parser.add_argument("--weights", choices=list(WEIGHTS), default="student_ema")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json; without one the model cannot serve text")
    add_export_arguments(parser)


def run(args: argparse.Namespace) -> None:
    weights, step = read_published_weights(args.checkpoint, args.weights)
    config, exponent = read_published_config(args.config, args.weights != "teacher", embedding_rows(weights))
    check_tensors(config, weights)
    few_step = config.few_step
    parts = ModelParts(
        config=config,
        weights=weights,
        exponent=exponent,
        tokenizer_json=args.tokenizer.read_text() if args.tokenizer else None,
        trained_step_sizes=STEP_SIZES if few_step else [],
        stages=[{"stage": "imported", "file": args.checkpoint.name, "weights": args.weights, "step": step}],
        data_card=args.data_card.read_text() if args.data_card else "See the publication of the checkpoint.",
        dtype=np.float32 if args.float32 else np.float16,
        int8=args.int8,
        # The plain network is not told h: many small steps with the instantaneous rate are its way.
        defaults={**({} if few_step else {"steps": 128, "solver": "euler_exact"}), **dict(args.defaults)},
    )
    describe(write_model(args.out, parts), args.out)
