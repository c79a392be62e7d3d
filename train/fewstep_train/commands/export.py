"""Export a training checkpoint as a model's folder: fused step graph, tokenizer, manifest and model card.

An exported model can be exported again, weights unchanged: after a change to the graph, or to add 8-bit products or a
graph in float16.
"""

import argparse
from pathlib import Path

from fewstep_train.commands.export_options import add_export_arguments, chosen, describe
from fewstep_train.folder.model_folder import write_model
from fewstep_train.training.model_parts import parts_of_checkpoint, parts_of_model


def add_arguments(parser: argparse.ArgumentParser) -> None:
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--checkpoint", type=Path)
    origin.add_argument("--model", type=Path, help="the folder of an exported model")
    parser.add_argument(
        "--weights", choices=["ema", "raw"], help="of a checkpoint (default: ema); raw: the last step's"
    )
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the checkpoint's or the model's)")
    add_export_arguments(parser)


def run(args: argparse.Namespace) -> None:
    if args.model and args.weights:
        raise SystemExit("--weights belongs to --checkpoint: an exported model has one kind; leave it out")
    weights = "model" if args.weights == "raw" else "ema"
    parts = parts_of_model(args.model) if args.model else parts_of_checkpoint(args.checkpoint, weights)
    describe(write_model(args.out, chosen(args, parts)), args.out)
