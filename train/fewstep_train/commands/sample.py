"""Write text with a checkpoint or an exported model in plain PyTorch: to look at, and to compare the service with."""

import argparse
from pathlib import Path

import torch
from tokenizers import Tokenizer

from fewstep_train.flow.path import source_canvas
from fewstep_train.flow.sampling import refinements
from fewstep_train.flow.solver import SOLVERS
from fewstep_train.kinds import CANVAS
from fewstep_train.training.trained import load_trained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--model", type=Path, help="an exported model's folder")
    origin.add_argument("--checkpoint", type=Path, help="a training checkpoint; its EMA weights are taken")
    parser.add_argument("--prompt", default="", help="text to continue")
    parser.add_argument("--length", type=int, help="canvas length in tokens, prompt included (default: the longest)")
    parser.add_argument("--steps", type=int, default=8)
    parser.add_argument("--solver", choices=SOLVERS, default="cumulative")
    parser.add_argument("--temperature", type=float, default=1.0)
    parser.add_argument("-n", type=int, default=4, help="number of samples")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> None:
    origin = load_trained(args.model or args.checkpoint, CANVAS)
    network, tokenizer = origin.network, Tokenizer.from_str(origin.tokenizer_json)
    generator = torch.Generator().manual_seed(args.seed)
    prompt = tokenizer.encode(args.prompt).ids
    length = args.length or network.config.length
    if not len(prompt) < length <= network.config.length:
        raise SystemExit(
            f"--length {length} must be above the prompt's {len(prompt)} tokens and at most {network.config.length}"
        )
    canvas = source_canvas(network.config, (args.n, length), generator)
    canvas[:, : len(prompt)] = torch.tensor(prompt, dtype=torch.long)
    editable = torch.ones_like(canvas, dtype=torch.bool)
    editable[:, : len(prompt)] = False
    *_, tokens = refinements(
        network, origin.scheduler, canvas, editable, args.steps, args.solver, args.temperature, generator
    )
    for i, row in enumerate(tokens.tolist()):
        print(f"--- {i}\n{tokenizer.decode(row, skip_special_tokens=False)}")
