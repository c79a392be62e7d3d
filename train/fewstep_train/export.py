"""Export a training checkpoint as a model's folder: fused step graph, tokenizer, manifest and model card."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np

from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.model_folder import DEFAULTS, ModelParts, write_model
from fewstep_train.network import NetworkConfig


def setting(text: str) -> tuple[str, Any]:
    """KEY=VALUE, with the value's type taken from the built-in default of that key."""
    key, equals, value = text.partition("=")
    if not equals or key not in DEFAULTS:
        raise argparse.ArgumentTypeError(f"{text!r}: use KEY=VALUE with KEY one of {', '.join(DEFAULTS)}")
    return key, type(DEFAULTS[key])(value)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the model's folder, such as models/NAME")
    parser.add_argument("--float32", action="store_true", help="store the weights in 32 bits instead of 16")
    parser.add_argument("--data-card", type=Path, help="Markdown about the training data, for MODEL_CARD.md")
    parser.add_argument(
        "--defaults", type=setting, nargs="+", default=[], metavar="KEY=VALUE", help="such as steps=8 temperature=0.8"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--weights", choices=["ema", "raw"], default="ema", help="raw: the last step's weights")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the one in the checkpoint)")
    add_export_arguments(parser)


def describe(manifest: dict[str, Any], folder: Path) -> None:
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(f"{folder}: {manifest['parameters'] / 1e6:.2f}M parameters, {size / 1e6:.1f} MB, {manifest['algorithm']}")


def run(args: argparse.Namespace) -> None:
    checkpoint = load_checkpoint(args.checkpoint)
    parts = ModelParts(
        config=NetworkConfig(**checkpoint["config"]),
        weights=checkpoint["ema" if args.weights == "ema" else "model"],
        exponent=checkpoint["exponent"],
        tokenizer_json=args.tokenizer.read_text() if args.tokenizer else checkpoint["tokenizer"],
        trained_step_sizes=checkpoint["trained_step_sizes"],
        stages=[*checkpoint.get("earlier_stages", []), checkpoint["training"]],
        data_card=args.data_card.read_text() if args.data_card else "Not recorded.",
        dtype=np.float32 if args.float32 else np.float16,
        defaults=dict(args.defaults),
    )
    describe(write_model(args.out, parts), args.out)
