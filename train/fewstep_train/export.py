"""Export a training checkpoint as a model's folder: fused step graph, tokenizer, manifest and model card.

An exported model can be exported again, weights unchanged: after a change to the graph, or to add 8-bit products.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.exported import load_exported
from fewstep_train.model_folder import DEFAULTS, ModelParts, write_model
from fewstep_train.network import NetworkConfig

DATA_HEADING = "## Training data\n"  # of MODEL_CARD.md


def setting(text: str) -> tuple[str, Any]:
    """KEY=VALUE, with the value's type taken from the built-in default of that key."""
    key, equals, value = text.partition("=")
    if not equals or key not in DEFAULTS:
        raise argparse.ArgumentTypeError(f"{text!r}: use KEY=VALUE with KEY one of {', '.join(DEFAULTS)}")
    return key, type(DEFAULTS[key])(value)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the model's folder, such as models/NAME")
    parser.add_argument("--float32", action="store_true", help="store the weights in 32 bits instead of 16")
    parser.add_argument("--int8", action="store_true", help="also write step-int8.onnx: 8-bit products, for CPUs")
    parser.add_argument("--data-card", type=Path, help="Markdown about the training data, for MODEL_CARD.md")
    parser.add_argument(
        "--defaults", type=setting, nargs="+", default=[], metavar="KEY=VALUE", help="such as steps=8 temperature=0.8"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--checkpoint", type=Path)
    origin.add_argument("--model", type=Path, help="the folder of an exported model")
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="raw: the last step's weights")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the checkpoint's or the model's)")
    add_export_arguments(parser)


def describe(manifest: dict[str, Any], folder: Path) -> None:
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(f"{folder}: {manifest['parameters'] / 1e6:.2f}M parameters, {size / 1e6:.1f} MB, {manifest['algorithm']}")


def parts_of_checkpoint(args: argparse.Namespace) -> ModelParts:
    checkpoint = load_checkpoint(args.checkpoint)
    return ModelParts(
        config=NetworkConfig(**checkpoint["config"]),
        weights=checkpoint["ema" if args.weights == "ema" else "model"],
        exponent=checkpoint["exponent"],
        tokenizer_json=checkpoint["tokenizer"],
        trained_step_sizes=checkpoint["trained_step_sizes"],
        stages=[*checkpoint.get("earlier_stages", []), checkpoint["training"]],
    )


def parts_of_model(folder: Path) -> ModelParts:
    config, weights, manifest = load_exported(folder)
    card = (folder / "MODEL_CARD.md").read_text()
    return ModelParts(
        config=config,
        weights=weights,
        exponent=manifest["exponent"],
        tokenizer_json=(folder / manifest["tokenizer"]).read_text() if manifest["tokenizer"] else None,
        trained_step_sizes=manifest["trained_step_sizes"],
        stages=manifest["training"]["stages"],
        data_card=card.partition(DATA_HEADING)[2].partition("\n## ")[0],
        dtype=np.dtype(manifest["weights"]).type,
        defaults=manifest["defaults"],
    )


def run(args: argparse.Namespace) -> None:
    parts = parts_of_model(args.model) if args.model else parts_of_checkpoint(args)
    changes: dict[str, Any] = {"int8": args.int8, "defaults": {**parts.defaults, **dict(args.defaults)}}
    if args.tokenizer:
        changes["tokenizer_json"] = args.tokenizer.read_text()
    if args.data_card:
        changes["data_card"] = args.data_card.read_text()
    if args.float32:
        changes["dtype"] = np.float32
    describe(write_model(args.out, replace(parts, **changes)), args.out)
