"""Judge text files: bits a byte, perplexity and token entropy under a causal model that others made."""

import argparse
from pathlib import Path

import torch

from fewstep_train.evaluation.measures.independent_judge import IndependentJudge, Scores
from fewstep_train.evaluation.measures.passages import whole
from fewstep_train.evaluation.report.report import line, number, table
from fewstep_train.published.causal_models import load_causal
from fewstep_train.text.pieces import pieces, spread
from fewstep_train.text.tokenizer import read_documents


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--judge", required=True, help="smollm2, a GGUF file, or a folder in Hugging Face's form")
    parser.add_argument(
        "--text", type=Path, nargs="+", required=True, help="plain or .xz, documents separated by <|endoftext|> lines"
    )
    parser.add_argument("--bytes", type=int, help="judge pieces of this size (default: whole documents)")
    parser.add_argument("--texts", type=int, help="at most so many of each file, spread evenly over it (default: all)")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads(), help="CPU threads")
    parser.add_argument("--cache", type=Path, default=Path("data"), help="folder for scores")


def table_row(name: str, scores: Scores) -> str:
    values = (number(metric, estimate) for metric, estimate in scores.metrics().items())
    return line([name, str(len(scores.sizes)), f"{scores.sizes.mean():.0f}", *values])


def run(args: argparse.Namespace) -> None:
    for option in ("bytes", "texts"):
        if (value := getattr(args, option)) is not None and value < 1:
            raise SystemExit(f"--{option} {value}: must be at least 1")
    torch.set_num_threads(args.threads)
    judge = IndependentJudge(load_causal(args.judge, args.device), args.cache / "judged")
    print(f"Judged by {judge.model.name} ({judge.model.identity})\n")
    columns = ("bits a byte", "perplexity", "token entropy, bits")
    print(table(["text", "texts", "bytes a text", *columns], []), flush=True)
    for file in args.text:
        documents = list(read_documents(file))
        texts = [p for d in documents for p in pieces(d, args.bytes)] if args.bytes else documents
        texts = spread([t for t in texts if t.strip()], args.texts)
        if not texts:
            raise SystemExit(f"{file}: no text in it")
        print(table_row(file.name, judge.scores([whole(t) for t in texts])), flush=True)
