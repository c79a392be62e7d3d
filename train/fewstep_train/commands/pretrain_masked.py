"""Pretrain a LLaDA- or Dream-style masked diffusion model: the relatives that the evaluation compares with."""

import argparse
from dataclasses import replace
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor, nn

from fewstep_train.commands.training_options import add_shape_arguments, add_training_arguments, shape_of, tokenizer_of
from fewstep_train.commands.training_run import begin, held_out_crops, make_batches, make_trainer, prepare
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.kinds import AUTOREGRESSIVE, CANVAS, DREAM, LLADA
from fewstep_train.masked.dream import from_autoregressive
from fewstep_train.masked.llada import llada_config
from fewstep_train.masked.logits import LOGITS
from fewstep_train.masked.masked_diffusion import held_out_masked_loss, masked_loss
from fewstep_train.masked.unconditioned import unconditioned
from fewstep_train.networks.transformer import Transformer
from fewstep_train.training.trained import Trained, load_trained


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=2e-3)
    parser.add_argument("--kind", choices=list(LOGITS), required=True)
    parser.add_argument("--init", type=Path, help="start from an exported model's folder of this kind")
    parser.add_argument(
        "--init-autoregressive", type=Path, help="what a dream begins from: checkpoint or exported folder"
    )
    parser.add_argument("--init-flow", type=Path, help="a flow model's folder that a llada begins from, its time fixed")
    parser.add_argument("--flow-time", type=float, help="that time (default 0.5)")
    parser.add_argument("--lengths", type=int, nargs="+", help="canvas lengths to train (default L/2 and L)")
    add_shape_arguments(parser, "longest canvas")


def start(args: argparse.Namespace) -> Trained:
    """A new network, the one of `--init`, one of flow matching without its conditioning (llada), or a copy of an
    autoregressive one that sees both sides (dream)."""
    if args.flow_time is not None and not args.init_flow:
        raise SystemExit("--flow-time T belongs to --init-flow FOLDER")
    if args.init:
        return load_trained(args.init, args.kind)
    if args.init_flow:
        if args.kind != LLADA:
            raise SystemExit("--init-flow FOLDER is for --kind llada: a dream begins from an autoregressive model")
        flow = load_trained(args.init_flow, CANVAS)
        flow_time = 0.5 if args.flow_time is None else args.flow_time
        return replace(flow, network=unconditioned(flow.network, flow_time, TINY_STEP))
    if (args.kind == DREAM) != (args.init_autoregressive is not None):
        raise SystemExit("--init-autoregressive PATH belongs to --kind dream: it is what makes the kind")
    if args.kind == DREAM:
        origin = load_trained(args.init_autoregressive, AUTOREGRESSIVE)
        return replace(origin, network=from_autoregressive(origin.network))
    tokenizer_json = tokenizer_of(args)
    return Trained(Transformer(llada_config(shape_of(args, tokenizer_json))), tokenizer_json)


def run(args: argparse.Namespace) -> None:
    prepare(args)
    origin = begin(args, args.kind, start)
    network, tokenizer = origin.network, Tokenizer.from_str(origin.tokenizer_json)
    length, mask_token_id = network.config.length, network.config.mask_token_id
    trainer = make_trainer(args, origin, f"pretrain-masked {args.kind}", {"kind": args.kind})
    batches = make_batches(args, trainer, tokenizer, length)
    held_out = held_out_crops(args, tokenizer, length)
    logits = LOGITS[args.kind]
    predict = partial(logits, network)

    def loss_of() -> tuple[Tensor, int]:
        data, frozen = batches.draw()
        loss = masked_loss(predict, data, frozen, mask_token_id, batches.generator)
        return loss, data.numel()

    def judge(average: nn.Module) -> Tensor:
        return held_out_masked_loss(partial(logits, average), held_out, mask_token_id, args.device)

    trainer.train(loss_of, None if held_out is None else judge)
