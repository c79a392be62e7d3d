"""Pretrain the autoregressive baseline: next-token prediction with the trunk of the canvas network."""

import argparse
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.commands.training_options import add_shape_arguments, add_training_arguments, shape_of, tokenizer_of
from fewstep_train.commands.training_run import batch_seed, begin, held_out_crops, make_crops, make_trainer, prepare
from fewstep_train.kinds import AUTOREGRESSIVE
from fewstep_train.networks.transformer import Transformer
from fewstep_train.training.next_token import next_token_loss
from fewstep_train.training.trained import Trained, load_trained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    parser.add_argument("--init", type=Path, help="start from an exported autoregressive model's folder")
    add_shape_arguments(parser, "longest context")


def start(args: argparse.Namespace) -> Trained:
    """A new network, or the one of `--init`."""
    if args.init:
        return load_trained(args.init, AUTOREGRESSIVE)
    tokenizer_json = tokenizer_of(args)
    return Trained(Transformer(shape_of(args, tokenizer_json)), tokenizer_json)


def run(args: argparse.Namespace) -> None:
    prepare(args)
    origin = begin(args, AUTOREGRESSIVE, start)
    tokenizer, length = Tokenizer.from_str(origin.tokenizer_json), origin.network.config.length
    trainer = make_trainer(args, origin, "pretrain-autoregressive", {"kind": AUTOREGRESSIVE})
    # The token before a crop is the context of its first one: end of text, where the crop begins a document.
    crops = make_crops(args, tokenizer, batch_seed(args, trainer))
    trainer.random["crops"] = crops
    rows = max(1, args.batch_tokens // length)
    held_out = held_out_crops(args, tokenizer, length, lead=1)

    def loss_of() -> tuple[Tensor, int]:
        return next_token_loss(origin.network, crops.draw(rows, length, lead=1)), rows * length

    trainer.train(loss_of, None if held_out is None else partial(next_token_loss, crops=held_out))
