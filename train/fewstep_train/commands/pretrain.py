"""Pretrain a network on a corpus with the generalized KL loss."""

import argparse
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.commands.training_options import (
    add_canvas_arguments,
    add_shape_arguments,
    add_training_arguments,
    shape_option,
    tokenizer_of,
)
from fewstep_train.commands.training_run import begin, held_out_crops, make_batches, make_trainer, prepare
from fewstep_train.flow.path_loss import held_out_loss, pretrain_loss
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.kinds import CANVAS
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.training.trained import Trained, load_trained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    add_canvas_arguments(parser)
    parser.add_argument("--init", type=Path, help="start from an exported model's folder")
    add_shape_arguments(parser, "longest canvas")
    parser.add_argument("--cond-dim", type=int, help="of a new network (default 64)")
    parser.add_argument("--source", choices=["mask", "uniform"], help="of a new network (default mask)")
    parser.add_argument("--kind", choices=["few-step", "plain"], help="of a new network (default few-step)")
    parser.add_argument("--exponent", type=float, help="of a new network's scheduler, kappa(t) = t^n (default 1)")


def start(args: argparse.Namespace) -> Trained:
    """A new network, or the one of `--init`."""
    if args.init:
        return load_trained(args.init, CANVAS)
    text = tokenizer_of(args)
    config = NetworkConfig(
        hidden_size=shape_option(args, "hidden_size"),
        cond_dim=args.cond_dim or 64,
        length=shape_option(args, "length"),
        n_blocks=shape_option(args, "blocks"),
        n_heads=shape_option(args, "heads"),
        vocab_size=Tokenizer.from_str(text).get_vocab_size(),
        source_distribution=args.source or "mask",
        few_step=args.kind != "plain",
    )
    return Trained(Network(config), text, exponent=1.0 if args.exponent is None else args.exponent)


def run(args: argparse.Namespace) -> None:
    prepare(args)
    origin = begin(args, CANVAS, start)
    network, scheduler = origin.network, origin.scheduler
    extra = {
        "exponent": origin.exponent,
        "trained_step_sizes": [TINY_STEP] if network.config.few_step else [],
    }
    trainer = make_trainer(args, origin, "pretrain", extra)
    tokenizer = Tokenizer.from_str(origin.tokenizer_json)
    batches = make_batches(args, trainer, tokenizer, network.config.length)
    held_out = held_out_crops(args, tokenizer, network.config.length)

    def loss_of() -> tuple[Tensor, int]:
        data, frozen = batches.draw()
        loss = pretrain_loss(network, scheduler, data, frozen, args.corruption, args.spread, batches.generator)
        return loss, data.numel()

    judge = None if held_out is None else partial(held_out_loss, scheduler=scheduler, data=held_out)
    trainer.train(loss_of, judge)
