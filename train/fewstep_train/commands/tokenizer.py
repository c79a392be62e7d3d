"""Train a byte-level BPE tokenizer on a corpus and save it as a standard tokenizer.json."""

import argparse
from pathlib import Path

from fewstep_train.text.tokenizer import read_documents, train_tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpus files, plain text or .xz")
    parser.add_argument("--vocab-size", type=int, default=4096, help="number of tokens (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="where to write tokenizer.json")


def run(args: argparse.Namespace) -> None:
    tokenizer = train_tokenizer((d for path in args.data for d in read_documents(path)), args.vocab_size)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(args.out))
    print(f"{args.out}: {tokenizer.get_vocab_size()} tokens")
