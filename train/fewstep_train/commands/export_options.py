"""Options of the commands that write a model's folder."""

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from fewstep_train.folder.model_folder import DEFAULTS, ModelParts
from fewstep_train.folder.tuned_schedules import DEPENDS_ON

STORES = {"float32": np.float32, "float16": np.float16, "int8": np.int8}


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
    parser.add_argument(
        "--float16", action="store_true", help="also write step-fp16.onnx: weights and products in float16, for GPUs"
    )
    parser.add_argument("--data-card", type=Path, help="Markdown about the training data, for MODEL_CARD.md")
    parser.add_argument(
        "--defaults", type=setting, nargs="+", default=[], metavar="KEY=VALUE", help="such as steps=8 temperature=0.8"
    )


def chosen(args: argparse.Namespace, parts: ModelParts) -> ModelParts:
    """`parts` as the options of `add_export_arguments` want them."""
    changes: dict[str, Any] = {
        "int8": args.int8,
        "float16": args.float16,
        "defaults": {**parts.defaults, **dict(args.defaults)},
    }
    if args.tokenizer:
        changes["tokenizer_json"] = args.tokenizer.read_text()
    if args.data_card:
        changes["data_card"] = args.data_card.read_text()
    if args.store:
        changes["dtype"] = STORES[args.store]
    changed = replace(parts, **changes)
    if not searched_for(changed, parts):
        changed = replace(changed, schedules={})
    say_what_is_dropped(args.out, parts, changed)
    return changed


def searched_for(changed: ModelParts, parts: ModelParts) -> bool:
    """Whether the tuned schedules of `parts` are of what `changed` writes, too."""
    kept = (parts.dtype, parts.tokenizer_json) == (changed.dtype, changed.tokenizer_json)
    old, new = ({**DEFAULTS, **each.defaults} for each in (parts, changed))
    return kept and all(old[key] == new[key] for key in DEPENDS_ON)


def say_what_is_dropped(out: Path, parts: ModelParts, changed: ModelParts) -> None:
    file = out / "manifest.json"
    there = json.loads(file.read_text()).get("schedules") if file.is_file() else None
    if not changed.schedules and (parts.schedules or there):
        print(
            f"{out}: tuned schedules are dropped, they were found for other weights or defaults; `schedule` finds new"
        )


def describe(manifest: dict[str, Any], folder: Path) -> None:
    size = sum(entry["bytes"] for entry in manifest["files"].values())
    print(f"{folder}: {manifest['parameters'] / 1e6:.2f}M parameters, {size / 1e6:.1f} MB, {manifest['algorithm']}")
