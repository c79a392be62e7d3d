"""Distil a pretrained few-step network into large steps: it learns where its own smaller steps would take it."""

import argparse
from functools import partial
from pathlib import Path

from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.commands.training_options import add_canvas_arguments, add_training_arguments
from fewstep_train.commands.training_run import begin, held_out_crops, make_batches, make_trainer, prepare
from fewstep_train.flow.distillation import SHORTCUTS, DistillOptions, distill_loss
from fewstep_train.flow.instruct import InstructOptions, Instructor
from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.path_loss import held_out_loss
from fewstep_train.flow.step_sizes import STEP_SIZES
from fewstep_train.kinds import CANVAS
from fewstep_train.training.checkpoint import DISTILL
from fewstep_train.training.trained import load_trained
from fewstep_train.training.trainer import Trainer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_training_arguments(parser, lr=5e-4)
    add_canvas_arguments(parser)
    origin = parser.add_mutually_exclusive_group(required=True)
    origin.add_argument("--init", type=Path, help="an exported model's folder, pretrained with `pretrain`")
    origin.add_argument("--checkpoint", type=Path, help="a checkpoint of `pretrain`; its EMA weights are taken")
    parser.add_argument(
        "--shortcut",
        choices=SHORTCUTS,
        default="rk4",
        help="what the teacher tells of a step: rk4, heun: its logits averaged on the way; mean-field: those beside "
        "what it writes in the step's other half",
    )
    parser.add_argument("--power", type=float, default=0.25, help="step sizes weigh h^-power (published: 1)")
    parser.add_argument("--data-share", type=float, default=0.5, help="rows that keep learning from data at h = 1/1024")
    parser.add_argument(
        "--temperature", type=float, default=1.0, help="of the tokens that the teacher writes on its way (default 1)"
    )
    parser.add_argument(
        "--instruct",
        type=int,
        default=0,
        metavar="ROWS",
        help="texts that the network writes for each batch, at most as many as it has rows, and a discriminator tells "
        "from the corpus (default 0: none; DiDi-Instruct)",
    )
    parser.add_argument(
        "--instruct-temperature", type=float, default=0.7, help="that they are written at: the sampler's (default 0.7)"
    )


def make_instructor(args: argparse.Namespace, trainer: Trainer, scheduler: Scheduler) -> Instructor | None:
    if args.instruct == 0:
        return None
    if args.instruct < 2:
        raise SystemExit("--instruct needs two rows at least: each is weighed by the others")
    if trainer.network.config.mask_token_id is None:
        raise SystemExit("--instruct is for networks with a mask source: it asks what was masked before it was written")
    options = InstructOptions(args.instruct, args.instruct_temperature)
    instructor = Instructor(trainer.network, scheduler, options, args.lr)
    trainer.accompany(instructor)
    return instructor


def run(args: argparse.Namespace) -> None:
    prepare(args)
    origin = begin(args, CANVAS, lambda args: load_trained(args.init or args.checkpoint, CANVAS))
    if not origin.network.config.few_step:
        raise SystemExit(
            "a plain network is not told the step size, so it cannot be distilled: pretrain --kind few-step"
        )
    options = DistillOptions(args.shortcut, args.power, args.data_share, args.corruption, args.spread, args.temperature)
    extra = {"exponent": origin.exponent, "trained_step_sizes": STEP_SIZES}
    trainer = make_trainer(args, origin, DISTILL, extra)
    scheduler = origin.scheduler
    tokenizer, length = Tokenizer.from_str(origin.tokenizer_json), origin.network.config.length
    batches = make_batches(args, trainer, tokenizer, length)
    held_out = held_out_crops(args, tokenizer, length)
    instructor = make_instructor(args, trainer, scheduler)

    def loss_of() -> tuple[Tensor, int]:
        batch = batches.draw()
        loss = distill_loss(trainer.network, trainer.ema, scheduler, batch, options, batches.generator)
        if instructor is not None:
            loss = loss + instructor.loss(trainer.network, batch[0], batches.generator)
        return loss, batch[0].numel()

    # What it still knows of single small steps, in the numbers of pretraining.
    judge = None if held_out is None else partial(held_out_loss, scheduler=scheduler, data=held_out)
    trainer.train(loss_of, judge)
