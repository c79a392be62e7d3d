"""Pretrain the autoregressive baseline: next-token prediction with the trunk of the canvas network."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.training_command import (
    add_training_arguments,
    batch_seed,
    held_out_crops,
    make_crops,
    make_trainer,
    prepare,
)
from fewstep_train.transformer import Transformer, TransformerConfig

AUTOREGRESSIVE = "autoregressive"  # the kind of its checkpoints


def next_token_loss(network: Transformer, crops: Tensor) -> Tensor:
    """Mean negative log-likelihood of crops[:, 1:] given all tokens before, nats a token. crops [B, 1 + L]."""
    crops = crops.to(network.vocab_embed.weight.device)
    logits = network(crops[:, :-1]).float()
    return F.cross_entropy(logits.flatten(0, 1), crops[:, 1:].flatten())


def load_autoregressive(path: Path) -> tuple[Transformer, dict[str, Any]]:
    """(network with the weight average, in eval mode; checkpoint)"""
    checkpoint = load_checkpoint(path, AUTOREGRESSIVE)
    network = Transformer(TransformerConfig(**checkpoint["config"]))
    network.load_state_dict(checkpoint["ema"])
    return network.eval(), checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    parser.add_argument("--tokenizer", type=Path, required=True, help="tokenizer.json")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help="longest context (default %(default)s tokens)")


def run(args: argparse.Namespace) -> None:
    prepare(args)
    tokenizer_json = args.tokenizer.read_text()
    tokenizer = Tokenizer.from_str(tokenizer_json)
    config = TransformerConfig(
        hidden_size=args.hidden_size,
        n_blocks=args.blocks,
        n_heads=args.heads,
        n_kv_heads=args.heads,
        intermediate_size=4 * args.hidden_size,
        vocab_size=tokenizer.get_vocab_size(),
        length=args.length,
    )
    network = Transformer(config)
    training = {"stage": "pretrain-autoregressive", "lr": args.lr}
    trainer = make_trainer(args, network, {"kind": AUTOREGRESSIVE, "tokenizer": tokenizer_json, "training": training})
    # The token before a crop is the context of its first one: end of text, where the crop begins a document.
    crops = make_crops(args, tokenizer, batch_seed(args, trainer))
    rows = max(1, args.batch_tokens // args.length)
    held_out = held_out_crops(args, tokenizer, args.length, lead=1)

    def loss_of(_: int) -> tuple[Tensor, int]:
        return next_token_loss(network, crops.draw(rows, args.length, lead=1)), rows * args.length

    trainer.train(loss_of, None if held_out is None else partial(next_token_loss, crops=held_out))
