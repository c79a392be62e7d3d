"""What the training commands share: options, batches, and the trainer made from them."""

import argparse
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor, nn

from fewstep_train.data import Crops, encode_corpus, frozen_prefixes
from fewstep_train.precision import PRECISIONS, matmul_type
from fewstep_train.trainer import Trainer, TrainerOptions
from fewstep_train.transformer import TransformerConfig, trunk_shape

HELD_OUT_ROWS = 64  # crops behind a held-out loss


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
    parser.add_argument("--optimizer", choices=["muon", "adamw"], default="muon")
    parser.add_argument("--ema", type=float, default=0.9995, help="decay of the weight average")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument(
        "--precision", choices=PRECISIONS, default="auto", help="of matrix products; auto: bf16 where in hardware"
    )
    parser.add_argument("--compile", action="store_true", help="torch.compile the network")
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder for the encoded corpus")


def add_canvas_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of the commands that train on canvases."""
    parser.add_argument("--corruption", type=float, default=0.2, help="share of shown tokens wrong at t = 0 (mask)")
    parser.add_argument("--spread", type=float, default=0.0, help="share of rows with spread jump times")
    parser.add_argument("--lengths", type=int, nargs="+", help="canvas lengths to train (default L/2 and L)")


def add_shape_arguments(parser: argparse.ArgumentParser, longest: str) -> None:
    """Options of the commands that train a plain transformer."""
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: that of what it starts from)")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help=f"{longest} (default %(default)s tokens)")


def tokenizer_of(args: argparse.Namespace) -> str:
    if not args.tokenizer:
        raise SystemExit("--tokenizer FILE is needed for a new network")
    return args.tokenizer.read_text()


def shape_of(args: argparse.Namespace, tokenizer_json: str) -> TransformerConfig:
    """The trunk of the canvas network of the same options."""
    vocab_size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    return trunk_shape(args.hidden_size, args.blocks, args.heads, vocab_size, args.length)


def prepare(args: argparse.Namespace) -> None:
    """Threads and seed; before any tensor is made."""
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)


def make_trainer(args: argparse.Namespace, network: nn.Module, extra: dict[str, Any]) -> Trainer:
    """A trainer with the command's options, resumed from `--out` if that exists. `extra` goes into every checkpoint."""
    trainer = Trainer(
        network,
        TrainerOptions(
            out=args.out,
            steps=args.steps,
            hours=args.hours,
            lr=args.lr,
            optimizer=args.optimizer,
            ema=args.ema,
            device=args.device,
            matmul_type=matmul_type(args.precision, args.device),
            extra=extra,
        ),
    )
    if args.out.exists():
        trainer.resume(args.out)
    parameters = sum(p.numel() for p in network.parameters())
    arithmetic = str(trainer.options.matmul_type).removeprefix("torch.")
    print(f"{parameters / 1e6:.2f}M parameters, {args.device}, {arithmetic}", flush=True)
    if args.compile:
        network.compile()
    return trainer


def batch_seed(args: argparse.Namespace, trainer: Trainer) -> int:
    """A resumed run must not see the same batches again."""
    return args.seed + 1_000_003 * trainer.step


def make_crops(args: argparse.Namespace, tokenizer: Tokenizer, seed: int) -> Crops:
    tokens = encode_corpus(args.data, tokenizer, args.cache)
    print(f"corpus: {len(tokens):,} tokens", flush=True)
    return Crops(tokens, tokenizer, seed)


def held_out_crops(args: argparse.Namespace, tokenizer: Tokenizer, length: int, lead: int = 0) -> Tensor | None:
    """The same crops of `--valid` in every run, [HELD_OUT_ROWS, lead + length]; None without that option."""
    if not args.valid:
        return None
    crops = Crops(encode_corpus(args.valid, tokenizer, args.cache), tokenizer, seed=0)
    return crops.draw(HELD_OUT_ROWS, length, lead)


class Batches:
    """Batches of a fixed number of tokens; each has one canvas length, drawn from `lengths`."""

    def __init__(self, crops: Crops, tokens: int, lengths: list[int], seed: int) -> None:
        self.crops, self.tokens, self.lengths = crops, tokens, lengths
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self) -> tuple[Tensor, Tensor]:
        """data [B, L] and frozen [B, L]"""
        length = self.lengths[int(torch.randint(len(self.lengths), (1,), generator=self.generator))]
        data = self.crops.draw(max(1, self.tokens // length), length)
        return data, frozen_prefixes(*data.shape, generator=self.generator)


def make_batches(args: argparse.Namespace, tokenizer: Tokenizer, length: int, seed: int) -> Batches:
    lengths = args.lengths or [length // 2, length]
    return Batches(make_crops(args, tokenizer, seed), args.batch_tokens, lengths, seed)
