"""Options of the commands that evaluate, and what they open: judge, held-out crops, systems."""

import argparse
from dataclasses import replace
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.commands.judge_options import add_judge_argument, independent_judge, own_judge
from fewstep_train.evaluation.measures.copying import CopyIndex
from fewstep_train.evaluation.measures.independent_judge import CODE
from fewstep_train.evaluation.measures.judge import Judge
from fewstep_train.evaluation.measures.training_text import SeenPairs, TrainingText
from fewstep_train.evaluation.run.cells import Bench
from fewstep_train.evaluation.run.results import Record
from fewstep_train.evaluation.run.sample_cache import SampleCache
from fewstep_train.evaluation.systems.identity import model_identity
from fewstep_train.evaluation.systems.names import MODEL, NAMES
from fewstep_train.evaluation.systems.opening import kind_at, open_system
from fewstep_train.evaluation.systems.step_graph_system import StepGraphSystem
from fewstep_train.graphs.step_graph import COMPUTE
from fewstep_train.identity import code_identity, content_identity, digest
from fewstep_train.kinds import AUTOREGRESSIVE, CANVAS
from fewstep_train.text.corpus import encode_corpus
from fewstep_train.text.crops import Crops
from fewstep_train.text.tokenizer import read_documents
from fewstep_train.training.trained import load_trained


def add_bench_arguments(parser: argparse.ArgumentParser) -> None:
    """Options that say who judges, on which text, and how much."""
    add_judge_argument(parser)
    parser.add_argument("--valid", type=Path, nargs="+", required=True, help="held-out text: prompts, and to compare")
    parser.add_argument("--data", type=Path, nargs="+", help="training text: look there for copies and for pairs")
    parser.add_argument("--samples", type=int, default=256, help="texts of each cell (default %(default)s)")
    parser.add_argument("--length", type=int, default=128, help="tokens of a canvas (default %(default)s)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    parser.add_argument(
        "--compute", choices=COMPUTE, default="float32", help="products of the step graphs (default %(default)s)"
    )
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder for encoded text and samples")


def held_out_crops(args: argparse.Namespace, tokenizer: Tokenizer, seed: int) -> tuple[Tensor, Tensor, Record]:
    """(crops [samples, length], the token before each [samples], what a record says of them)"""
    corpus = encode_corpus(args.valid, tokenizer, args.cache)
    drawn = Crops(corpus, tokenizer, seed).draw(args.samples, args.length, lead=1)
    text = {"text": digest(drawn.numpy().tobytes()), "samples": args.samples, "length": args.length}
    return drawn[:, 1:].contiguous(), drawn[:, 0], text


def with_other_text(bench: Bench, args: argparse.Namespace, seed: int) -> Bench:
    """The same judges, and crops that another seed draws."""
    crops, _, text = held_out_crops(args, bench.judge.tokenizer, seed)
    return replace(bench, crops=crops, text=text)


def open_bench(args: argparse.Namespace) -> tuple[Bench, Tensor]:
    """(bench, leads [samples]): the tokens before the held-out crops, after which free text may begin."""
    torch.set_num_threads(args.threads)
    own = own_judge(args)
    trained = load_trained(own, AUTOREGRESSIVE)
    network = trained.network
    if args.length > network.config.length:
        raise SystemExit(f"--length {args.length}: the judge reads {network.config.length} tokens at most")
    tokenizer = Tokenizer.from_str(trained.tokenizer_json)
    crops, leads, text = held_out_crops(args, tokenizer, args.seed)
    training = None
    if args.data:
        copies = CopyIndex(d for path in args.data for d in read_documents(path))
        training = TrainingText(copies, SeenPairs(encode_corpus(args.data, tokenizer, args.cache)))
    independent = independent_judge(args)
    judging = {
        "judge": model_identity(own),
        "independent": independent and independent.model.identity,
        "training_text": content_identity(args.data) if args.data else None,
        "judging_code": code_identity(Judge.__module__, load_trained.__module__, *CODE),
    }
    cache = SampleCache(args.cache / "samples")
    return Bench(Judge(network, tokenizer, training, independent), crops, text, judging, cache), leads


def flow_system(name: str, path: Path, args: argparse.Namespace) -> StepGraphSystem:
    return open_system(name, path, CANVAS, args.threads, args.compute)


def any_system(path: Path, args: argparse.Namespace) -> StepGraphSystem:
    """A model of any kind that has steps."""
    kind = kind_at(path)
    return open_system({CANVAS: MODEL, **NAMES}.get(kind, kind), path, kind, args.threads, args.compute)


def masked_system(kind: str, path: Path, args: argparse.Namespace) -> StepGraphSystem:
    return open_system(NAMES[kind], path, kind, args.threads, args.compute)
