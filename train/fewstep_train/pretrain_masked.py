"""Pretrain a LLaDA- or Dream-style masked diffusion model: the relatives that the evaluation compares with."""

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from torch import Tensor, nn

from fewstep_train.autoregressive import load_autoregressive
from fewstep_train.checkpoint import load_checkpoint
from fewstep_train.dream import DREAM, dream_logits, from_autoregressive
from fewstep_train.llada import LLADA, llada_config, llada_logits
from fewstep_train.masked_diffusion import held_out_masked_loss, masked_loss
from fewstep_train.training_command import (
    add_training_arguments,
    batch_seed,
    held_out_crops,
    make_batches,
    make_trainer,
    prepare,
)
from fewstep_train.transformer import Transformer, TransformerConfig

LOGITS = {LLADA: llada_logits, DREAM: dream_logits}


def load_masked(path: Path, kind: str) -> tuple[Transformer, dict[str, Any]]:
    """(network with the weight average, in eval mode; checkpoint). `kind`: LLADA or DREAM."""
    checkpoint = load_checkpoint(path, kind)
    network = Transformer(TransformerConfig(**checkpoint["config"]))
    network.load_state_dict(checkpoint["ema"])
    return network.eval(), checkpoint


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    parser.add_argument("--kind", choices=list(LOGITS), required=True)
    parser.add_argument("--init-autoregressive", type=Path, help="checkpoint of `pretrain-autoregressive` (dream)")
    parser.add_argument("--tokenizer", type=Path, help="tokenizer.json (default: that of --init-autoregressive)")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--blocks", type=int, default=6)
    parser.add_argument("--heads", type=int, default=4)
    parser.add_argument("--length", type=int, default=256, help="longest canvas (default %(default)s tokens)")
    parser.add_argument("--lengths", type=int, nargs="+", help="canvas lengths to train (default L/2 and L)")


def start(args: argparse.Namespace) -> tuple[Transformer, str, list[dict[str, Any]]]:
    """(network, tokenizer as JSON, earlier stages of its training)"""
    if (args.kind == DREAM) != (args.init_autoregressive is not None):
        raise SystemExit("--init-autoregressive CHECKPOINT belongs to --kind dream: it is what makes the kind")
    if args.kind == DREAM:
        network, checkpoint = load_autoregressive(args.init_autoregressive)
        return from_autoregressive(network), checkpoint["tokenizer"], [checkpoint["training"]]
    if not args.tokenizer:
        raise SystemExit("--tokenizer FILE is needed")
    text = args.tokenizer.read_text()
    shape = TransformerConfig(
        hidden_size=args.hidden_size,
        n_blocks=args.blocks,
        n_heads=args.heads,
        n_kv_heads=args.heads,
        intermediate_size=4 * args.hidden_size,
        vocab_size=Tokenizer.from_str(text).get_vocab_size(),
        length=args.length,
    )
    return Transformer(llada_config(shape)), text, []


def run(args: argparse.Namespace) -> None:
    prepare(args)
    network, tokenizer_json, earlier_stages = start(args)
    tokenizer = Tokenizer.from_str(tokenizer_json)
    length, mask_token_id = network.config.length, network.config.mask_token_id
    extra = {
        "kind": args.kind,
        "tokenizer": tokenizer_json,
        "earlier_stages": earlier_stages,
        "training": {"stage": f"pretrain-masked {args.kind}", "lr": args.lr},
    }
    trainer = make_trainer(args, network, extra)
    batches = make_batches(args, tokenizer, length, batch_seed(args, trainer))
    held_out = held_out_crops(args, tokenizer, length)
    logits = LOGITS[args.kind]
    predict = partial(logits, network)

    def loss_of(_: int) -> tuple[Tensor, int]:
        data, frozen = batches.draw()
        loss = masked_loss(predict, data, frozen, mask_token_id, batches.generator, args.device)
        return loss, data.numel()

    def judge(average: nn.Module) -> Tensor:
        return held_out_masked_loss(partial(logits, average), held_out, mask_token_id, args.device)

    trainer.train(loss_of, None if held_out is None else judge)
