"""What the training commands share: options, batches, and the trainer made from them."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.identity import content_identity
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import TransformerConfig, trunk_shape
from fewstep_train.random_state import State
from fewstep_train.text.crops import Crops, encode_corpus, frozen_prefixes
from fewstep_train.training.precision import PRECISIONS, matmul_type
from fewstep_train.training.stages import Stages
from fewstep_train.training.trained import Trained, load_trained
from fewstep_train.training.trainer import Trainer, TrainerOptions

HELD_OUT_ROWS = 64  # crops behind a held-out loss
SHAPE = {"hidden_size": 256, "blocks": 6, "heads": 4, "length": 256}  # of a new network
# Options that say what a run begins with, how long it takes and where, not how a step trains: all others do.
NEUTRAL = {"command", "run", "data", "valid", "out", "cache", "hours", "steps"}
NEUTRAL |= {"threads", "device", "precision", "compile"}
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
    parser.add_argument("--compile", action="store_true", help="torch.compile the network")
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


def tokenizer_of(args: argparse.Namespace) -> str:
    if not args.tokenizer:
        raise SystemExit("--tokenizer FILE is needed for a new network")
    return args.tokenizer.read_text()


def shape_of(args: argparse.Namespace, tokenizer_json: str) -> TransformerConfig:
    """The trunk of the canvas network of the same options."""
    vocab_size = Tokenizer.from_str(tokenizer_json).get_vocab_size()
    hidden_size, blocks, heads, length = (shape_option(args, name) for name in SHAPE)
    return trunk_shape(hidden_size, blocks, heads, vocab_size, length)


def prepare(args: argparse.Namespace) -> None:
    """Threads and seed; before any tensor is made."""
    if args.threads:
        torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)


def choices_of(args: argparse.Namespace) -> dict[str, Any]:
    """Every option that changes how a step trains, and the hashes of the text that it trains on."""
    options = {name: value for name, value in vars(args).items() if name not in NEUTRAL}
    return options | {"data": {path.name: content_identity([path]) for path in args.data}}


def stages_of_run(args: argparse.Namespace, stage: str, earlier: list[dict[str, Any]]) -> Stages:
    choices = choices_of(args)
    told = {name: value for name, value in choices.items() if value is not None}
    return Stages({"stage": stage, **told, "data": list(choices["data"])}, choices, earlier)


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
            optimizer=args.optimizer,
            ema=args.ema,
            device=args.device,
            matmul_type=matmul_type(args.precision, args.device),
            stages=stages_of_run(args, stage, origin.stages),
            extra={"tokenizer": origin.tokenizer_json, **extra},
        ),
    )
    if args.out.exists():
        trainer.resume(args.out)
    if (
        args.out.exists() or not trainer.replicas.leads
    ):  # a leader draws on from the states of its checkpoint, if it has any
        torch.manual_seed(batch_seed(args, trainer))
    parameters = sum(p.numel() for p in network.parameters())
    arithmetic = str(trainer.options.matmul_type).removeprefix("torch.")
    print(f"{parameters / 1e6:.2f}M parameters, {args.device}, {arithmetic}", flush=True)
    if args.compile:
        network.compile()
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

    def random_state(self) -> State:
        return {"path": self.generator.get_state(), **self.crops.random_state()}

    def set_random_state(self, state: State) -> None:
        self.generator.set_state(state["path"])
        self.crops.set_random_state(state)


def make_batches(args: argparse.Namespace, trainer: Trainer, tokenizer: Tokenizer, length: int) -> Batches:
    lengths, seed = args.lengths or [length // 2, length], batch_seed(args, trainer)
    batches = Batches(make_crops(args, tokenizer, seed), args.batch_tokens, lengths, seed)
    trainer.random["batches"] = batches
    return batches
