"""Pretrain a network on a corpus with the generalized KL loss."""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.data import Crops, encode_corpus, frozen_prefixes
from fewstep_train.exported import load_exported
from fewstep_train.loss import generalized_kl
from fewstep_train.network import Network, NetworkConfig
from fewstep_train.path import Scheduler, sample_path
from fewstep_train.trainer import Trainer, TrainerOptions

STEP_SIZES = [2.0**-i for i in range(11)]  # 1, 1/2, ..., 1/1024
TINY_STEP = STEP_SIZES[-1]  # tells a few-step network that the instantaneous posterior is wanted


def stratified_times(rows: int, generator: torch.Generator) -> Tensor:
    """t [rows] in [0, 1 - 1e-3]: one draw a stratum, which lowers the variance of the loss."""
    u = (torch.randperm(rows, generator=generator) + torch.rand(rows, generator=generator)) / rows
    return u * (1 - 1e-3)


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


def pretrain_loss(
    network: Network,
    scheduler: Scheduler,
    data: Tensor,
    frozen: Tensor,
    corruption: float,
    generator: torch.Generator,
) -> Tensor:
    """Mean generalized KL over editable positions, nats a token (scalar)."""
    device = next(network.parameters()).device
    t = stratified_times(data.shape[0], generator)
    x_t = sample_path(network.config, scheduler, data, t, frozen, corruption, generator)
    # Every step size, so that the network is sound at each before distillation tells them apart.
    h = torch.tensor(STEP_SIZES)[torch.randint(len(STEP_SIZES), t.shape, generator=generator)]
    data, x_t, t, h, editable = (v.to(device) for v in (data, x_t, t, h, (~frozen).float()))
    with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
        logits = network(x_t, t, h)
    return (generalized_kl(logits, x_t, data, t, scheduler) * editable).sum() / editable.sum()


def add_training_arguments(parser: argparse.ArgumentParser, lr: float) -> None:
    """Options of every training command."""
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpus files, plain text or .xz")
    parser.add_argument("--out", type=Path, required=True, help="checkpoint file; resumed if it exists")
    parser.add_argument("--hours", type=float, default=8.0, help="training time budget (default %(default)s)")
    parser.add_argument("--steps", type=int, default=10**9, help="optimiser steps, if that comes first")
    parser.add_argument("--batch-tokens", type=int, default=4096, help="tokens a step (default %(default)s)")
    parser.add_argument("--lr", type=float, default=lr, help="peak learning rate (default %(default)s)")
    parser.add_argument("--optimizer", choices=["muon", "adamw"], default="muon")
    parser.add_argument("--ema", type=float, default=0.9995, help="decay of the weight average")
    parser.add_argument("--corruption", type=float, default=0.2, help="share of shown tokens wrong at t = 0 (mask)")
    parser.add_argument("--lengths", type=int, nargs="+", help="canvas lengths to train (default L/2 and L)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="CPU threads (default: all cores)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--compile", action="store_true", help="torch.compile the network")
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder for the encoded corpus")


def make_batches(args: argparse.Namespace, tokenizer: Tokenizer, length: int, seed: int) -> Batches:
    tokens = encode_corpus(args.data, tokenizer, args.cache)
    print(f"corpus: {len(tokens):,} tokens", flush=True)
    lengths = args.lengths or [length // 2, length]
    return Batches(Crops(tokens, tokenizer, seed), args.batch_tokens, lengths, seed)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: the one of --init)")
    parser.add_argument("--init", type=Path, help="start from an exported model's folder")
    parser.add_argument("--source", choices=["mask", "uniform"], default="mask")
    parser.add_argument("--kind", choices=["few-step", "plain"], default="few-step")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--cond-dim", type=int, default=64)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help="longest canvas (default %(default)s tokens)")
    parser.add_argument("--exponent", type=float, default=1.0, help="of the scheduler, kappa(t) = t^n")


@dataclass
class Start:
    """What a training command starts from."""

    network: Network
    tokenizer_json: str
    exponent: float
    earlier_stages: list[dict[str, Any]] = field(default_factory=list)


def start_from_exported(folder: Path) -> Start:
    config, weights, manifest = load_exported(folder)
    if manifest["tokenizer"] is None:
        raise SystemExit(f"{folder}: the model has no tokenizer, so it cannot be trained on text")
    network = Network(config)
    network.load_state_dict(weights, strict=False)  # inv_freq is a constant, not stored
    tokenizer_json = (folder / manifest["tokenizer"]).read_text()
    return Start(network, tokenizer_json, manifest["exponent"], manifest["training"]["stages"])


def start(args: argparse.Namespace) -> Start:
    """A new network, or the one of `--init`."""
    if args.init:
        return start_from_exported(args.init)
    if not args.tokenizer:
        raise SystemExit("--tokenizer FILE is needed unless --init names an exported model")
    text = args.tokenizer.read_text()
    config = NetworkConfig(
        hidden_size=args.hidden_size,
        cond_dim=args.cond_dim,
        length=args.length,
        n_blocks=args.blocks,
        n_heads=args.heads,
        vocab_size=Tokenizer.from_str(text).get_vocab_size(),
        source_distribution=args.source,
        few_step=args.kind == "few-step",
    )
    return Start(Network(config), text, args.exponent)


def run(args: argparse.Namespace) -> None:
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    origin = start(args)
    network, exponent = origin.network, origin.exponent
    options = TrainerOptions(
        out=args.out,
        steps=args.steps,
        hours=args.hours,
        lr=args.lr,
        optimizer=args.optimizer,
        ema=args.ema,
        device=args.device,
        extra={
            "exponent": exponent,
            "tokenizer": origin.tokenizer_json,
            "earlier_stages": origin.earlier_stages,
            "trained_step_sizes": [TINY_STEP] if network.config.few_step else [],
            "training": {"stage": "pretrain", "lr": args.lr, "corruption": args.corruption},
        },
    )
    trainer = Trainer(network, options)
    if args.out.exists():
        trainer.resume(args.out)
    scheduler = Scheduler(exponent)
    # A resumed run must not see the same batches again.
    seed = args.seed + 1_000_003 * trainer.step
    batches = make_batches(args, Tokenizer.from_str(origin.tokenizer_json), network.config.length, seed)
    parameters = sum(p.numel() for p in network.parameters())
    print(f"{parameters / 1e6:.2f}M parameters, {options.device}", flush=True)
    if args.compile:
        network.compile()
    trainer.train(
        lambda _: (
            pretrain_loss(network, scheduler, *(batch := batches.draw()), args.corruption, batches.generator),
            batch[0].numel(),
        )
    )
