"""Export a training checkpoint as a model's folder: fused step graph, tokenizer, manifest and model card.

An exported model can be exported again, weights unchanged: after a change to the graph, or to add 8-bit products.
"""

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fewstep_train.folder.exported import config_from, read_exported
from fewstep_train.folder.model_folder import DEFAULTS, ModelParts, write_model
from fewstep_train.kinds import CANVAS
from fewstep_train.training.checkpoint import load_checkpoint, stages_of

STORES = {"float32": np.float32, "float16": np.float16, "int8": np.int8}
DATA_HEADING = "## Training data\n"  # of MODEL_CARD.md


def setting(text: str) -> tuple[str, Any]:
    """KEY=VALUE, with the value's type taken from the built-in default of that key."""
    key, equals, value = text.partition("=")
    if not equals or key not in DEFAULTS:
        raise argparse.ArgumentTypeError(f"{text!r}: use KEY=VALUE with KEY one of {', '.join(DEFAULTS)}")
    return key, type(DEFAULTS[key])(value)


def add_export_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", type=Path, required=True, help="the model's folder, such as models/NAME")
    parser.add_argument(
        "--store", choices=list(STORES), help="bits of the stored weights: float32, float16 (default) or int8"
    )
    parser.add_argument("--int8", action="store_true", help="also write step-int8.onnx: 8-bit products, for CPUs")
    parser.add_argument("--data-card", type=Path, help="Markdown about the training data, for MODEL_CARD.md")
    parser.add_argument(
        "--defaults", type=setting, nargs="+", default=[], metavar="KEY=VALUE", help="such as steps=8 temperature=0.8"
    )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--checkpoint", type=Path)
    origin.add_argument("--model", type=Path, help="the folder of an exported model")
    parser.add_argument(
        "--weights", choices=["ema", "raw"], help="of a checkpoint (default: ema); raw: the last step's"
    )
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the checkpoint's or the model's)")
    add_export_arguments(parser)


def describe(manifest: dict[str, Any], folder: Path) -> None:
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(f"{folder}: {manifest['parameters'] / 1e6:.2f}M parameters, {size / 1e6:.1f} MB, {manifest['algorithm']}")


def parts_of_checkpoint(path: Path, weights: str = "ema") -> ModelParts:
    """`weights`: ema, the weight average, or model, the last step's."""
    checkpoint = load_checkpoint(path, None)
    kind = checkpoint.get("kind", CANVAS)
    return ModelParts(
        kind=kind,
        config=config_from(kind, checkpoint["config"]),
        weights=checkpoint[weights],
        exponent=checkpoint.get("exponent", 1.0),
        tokenizer_json=checkpoint["tokenizer"],
        trained_step_sizes=checkpoint.get("trained_step_sizes", []),
        stages=stages_of(checkpoint),
    )


def end_of_text_ids(manifest: dict[str, Any]) -> list[int]:
    first = manifest["end_of_text_token_id"]
    return manifest.get("end_of_text_token_ids", [] if first is None else [first])


def parts_of_model(folder: Path) -> ModelParts:
    exported = read_exported(folder)
    manifest = exported.manifest
    card = (folder / "MODEL_CARD.md").read_text()
    return ModelParts(
        kind=exported.kind,
        config=exported.config,
        weights=exported.weights,
        exponent=manifest["exponent"],
        tokenizer_json=exported.tokenizer_json,
        trained_step_sizes=manifest["trained_step_sizes"],
        stages=exported.stages,
        data_card=card.partition(DATA_HEADING)[2].partition("\n## ")[0],
        dtype=np.dtype(manifest["weights"]).type,
        end_of_text_token_ids=end_of_text_ids(manifest) or None,
        defaults=manifest["defaults"],
    )


def chosen(args: argparse.Namespace, parts: ModelParts) -> ModelParts:
    """`parts` as the options of `add_export_arguments` want them."""
    changes: dict[str, Any] = {"int8": args.int8, "defaults": {**parts.defaults, **dict(args.defaults)}}
    if args.tokenizer:
        changes["tokenizer_json"] = args.tokenizer.read_text()
    if args.data_card:
        changes["data_card"] = args.data_card.read_text()
    if args.store:
        changes["dtype"] = STORES[args.store]
    return replace(parts, **changes)


def run(args: argparse.Namespace) -> None:
    if args.model and args.weights:
        raise SystemExit("--weights belongs to --checkpoint: an exported model has one kind; leave it out")
    weights = "model" if args.weights == "raw" else "ema"
    parts = parts_of_model(args.model) if args.model else parts_of_checkpoint(args.checkpoint, weights)
    describe(write_model(args.out, chosen(args, parts)), args.out)
