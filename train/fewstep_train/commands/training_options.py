"""Options of the training commands, and what they say of a network and of a stage."""

import argparse
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer

from fewstep_train.identity import content_identity
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import TransformerConfig, trunk_shape
from fewstep_train.training.precision import PRECISIONS
from fewstep_train.training.trained import Trained

SHAPE = {"hidden_size": 256, "blocks": 6, "heads": 4, "length": 256}  # of a new network
# Options that say what a run begins with, how long it takes and where, not how a step trains: all others do.
NEUTRAL = {"command", "run", "data", "valid", "out", "cache", "hours", "steps"}
NEUTRAL |= {"threads", "device", "precision", "compile", "save_every"}
NEUTRAL |= {"init", "init_autoregressive", "init_flow", "flow_time", "checkpoint", "tokenizer"}
NEUTRAL |= {*SHAPE, "cond_dim", "source", "kind", "exponent"}


def add_training_arguments(parser: argparse.ArgumentParser, lr: float) -> None:
    """Options of every training command."""
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpus files, plain text or .xz")
    parser.add_argument("--valid", type=Path, nargs="+", help="held-out files: their loss is printed at each save")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint file; resumed if it exists")
    parser.add_argument(
        "--hours",
        type=float,
        default=8.0,
        help="training time, on CPUs processor time over all cores (default %(default)s)",
    )
    parser.add_argument("--steps", type=int, default=10**9, help="optimiser steps, if that comes first")
    parser.add_argument("--batch-tokens", type=int, default=4096, help="tokens a step (default %(default)s)")
    parser.add_argument("--lr", type=float, default=lr, help="peak learning rate (default %(default)s)")
    parser.add_argument("--documents", type=float, default=0.0, help="share of crops that begin a document (default 0)")
    parser.add_argument("--optimizer", choices=["muon", "adamw"], default="muon")
    parser.add_argument("--weight-decay", type=float, default=0.03, help="of matrices (default %(default)s)")
    parser.add_argument("--ema", type=float, default=0.9995, help="decay of the weight average")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--threads",
        type=int,
        help="CPU threads (default: all cores); torchrun --nproc-per-node N -m fewstep_train ... trains in N processes",
    )
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="of matrix products; auto: bf16 where in hardware"
    )
    parser.add_argument("--compile", action="store_true", help="torch.compile the blocks of the network")
    parser.add_argument(
        "--save-every", type=float, default=300, help="seconds between checkpoints (default %(default)s)"
    )
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder for the encoded corpus")


def add_canvas_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the commands that train on canvases."""
    parser.add_argument("--corruption", type=float, default=0.2, help="share of shown tokens wrong at t = 0 (mask)")
    parser.add_argument("--spread", type=float, default=0.0, help="share of rows with spread jump times")
    parser.add_argument("--lengths", type=int, nargs="+", help="canvas lengths to train (default L/2 and L)")


def add_shape_arguments(parser: argparse.ArgumentParser, longest: str) -> None:
    """Options of the commands that may begin with a new network."""
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: that of what it starts from)")
    texts = {"length": f"{longest} in tokens,"}
    for name, value in SHAPE.items():
        text = f"{texts.get(name, '')} of a new network (default {value})".strip()
        parser.add_argument(f"--{name.replace('_', '-')}", type=int, help=text)


def shape_option(args: argparse.Namespace, name: str) -> int:
    given = getattr(args, name)
    return SHAPE[name] if given is None else given


def check_shape(args: argparse.Namespace, origin: Trained) -> None:
    """Raises SystemExit where an option wants another network than the one that training goes on from."""
    config = origin.network.config
    has: dict[str, Any] = {"hidden_size": config.hidden_size, "blocks": config.n_blocks, "heads": config.n_heads}
    has |= {"length": config.length, "exponent": origin.exponent}
    if isinstance(config, NetworkConfig):
        has |= {"cond_dim": config.cond_dim, "source": config.source_distribution}
        has |= {"kind": "few-step" if config.few_step else "plain"}
    for name, value in has.items():
        if (given := getattr(args, name, None)) not in (None, value):
            option = f"--{name.replace('_', '-')} {given}"
            raise SystemExit(f"{option}: the network that this goes on from has {value}; leave the option out")


def tokenizer_of(args: argparse.Namespace) -> str:
    if not args.tokenizer:
        raise SystemExit("--tokenizer FILE is needed for a new network")
    return args.tokenizer.read_text()


def shape_of(args: argparse.Namespace, tokenizer_json: str) -> TransformerConfig:
    """The trunk of the canvas network of the same options."""
    vocab_size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    hidden_size, blocks, heads, length = (shape_option(args, name) for name in SHAPE)
    return trunk_shape(hidden_size, blocks, heads, vocab_size, length)


def choices_of(args: argparse.Namespace) -> dict[str, Any]:
    """Every option that changes how a step trains, and the hashes of the text that it trains on."""
    options = {name: value for name, value in vars(args).items() if name not in NEUTRAL}
    return options | {"data": {path.name: content_identity([path]) for path in args.data}}
