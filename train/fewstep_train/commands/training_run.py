"""What the training commands do with their options: origin, text, and the trainer made from them."""

import argparse
from collections.abc import Callable
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.commands.training_options import check_shape, choices_of
from fewstep_train.text.corpus import encode_corpus
from fewstep_train.text.crops import Crops
from fewstep_train.training.batches import HELD_OUT_ROWS, Batches
from fewstep_train.training.compiled import compile_blocks
from fewstep_train.training.precision import matmul_type
from fewstep_train.training.stages import Stages
from fewstep_train.training.trained import Trained, load_trained
from fewstep_train.training.trainer import Trainer, TrainerOptions


def begin(args: argparse.Namespace, kind: str, start: Callable[[argparse.Namespace], Trained]) -> Trained:
    """What training begins with: the checkpoint of `--out` if there is one, whatever that began with; else `start`."""
    resumed, tokenizer = args.out.exists(), getattr(args, "tokenizer", None)
    origin = load_trained(args.out, kind) if resumed else start(args)
    check_shape(args, origin)
    if resumed and tokenizer and vocabulary(tokenizer.read_text()) != vocabulary(origin.tokenizer_json):
        raise SystemExit(f"--tokenizer {tokenizer}: {args.out} was trained with another; name another --out")
    return origin


def vocabulary(tokenizer_json: str) -> dict[str, int]:
    return Tokenizer.from_str(tokenizer_json).get_vocab()


def prepare(args: argparse.Namespace) -> None:
    """Threads and seed; before any tensor is made."""
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)


def stages_of_run(args: argparse.Namespace, stage: str, earlier: list[dict[str, Any]]) -> Stages:
    choices = choices_of(args)
    told = {name: value for name, value in choices.items() if value is not None}
    device = {"device": torch.cuda.get_device_name()} if args.device.startswith("cuda") else {}
    return Stages({"stage": stage, **told, **device, "data": list(choices["data"])}, choices, earlier)


def make_trainer(args: argparse.Namespace, origin: Trained, stage: str, extra: dict[str, Any]) -> Trainer:
    """A trainer with the command's options, resumed from `--out` if that exists. `extra` goes into every checkpoint."""
    network = origin.network
    trainer = Trainer(
        network,
        TrainerOptions(
            out=args.out,
            steps=args.steps,
            hours=args.hours,
            lr=args.lr,
            weight_decay=args.weight_decay,
            optimizer=args.optimizer,
            ema=args.ema,
            save_every=args.save_every,
            device=args.device,
            matmul_type=matmul_type(args.precision, args.device),
            stages=stages_of_run(args, stage, origin.stages),
            extra={"tokenizer": origin.tokenizer_json, **extra},
        ),
    )
    if args.out.exists():
        trainer.resume(args.out)
    # A leader draws on from the states of its checkpoint, if it has any.
    if args.out.exists() or not trainer.replicas.leads:
        torch.manual_seed(batch_seed(args, trainer))
    parameters = sum(p.numel() for p in network.parameters())
    arithmetic = str(trainer.options.matmul_type).removeprefix("torch.")
    print(f"{parameters / 1e6:.2f}M parameters, {args.device}, {arithmetic}", flush=True)
    if args.compile:
        compile_blocks(network)
        compile_blocks(trainer.ema)  # the teacher of distillation
    return trainer


def batch_seed(args: argparse.Namespace, trainer: Trainer) -> int:
    """A resumed run must not see the same batches again, also under a new seed or without random states.

    Nor must replicas see the same.
    """
    return args.seed + 1_000_003 * trainer.step + 7_919 * trainer.replicas.rank


def make_crops(args: argparse.Namespace, tokenizer: Tokenizer, seed: int) -> Crops:
    tokens = encode_corpus(args.data, tokenizer, args.cache)
    print(f"corpus: {len(tokens):,} tokens", flush=True)
    return Crops(tokens, tokenizer, seed, args.documents)


def held_out_crops(args: argparse.Namespace, tokenizer: Tokenizer, length: int, lead: int = 0) -> Tensor | None:
    """The same crops of `--valid` in every run, [HELD_OUT_ROWS, lead + length]; None without that option."""
    if not args.valid:
        return None
    crops = Crops(encode_corpus(args.valid, tokenizer, args.cache), tokenizer, seed=0)
    return crops.draw(HELD_OUT_ROWS, length, lead)


def make_batches(args: argparse.Namespace, trainer: Trainer, tokenizer: Tokenizer, length: int) -> Batches:
    lengths, seed = args.lengths or [length // 2, length], batch_seed(args, trainer)
    batches = Batches(make_crops(args, tokenizer, seed), args.batch_tokens, lengths, seed, args.device)
    trainer.random["batches"] = batches
    return batches
