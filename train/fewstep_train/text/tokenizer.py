"""Train a byte-level BPE tokenizer on a corpus and save it as a standard tokenizer.json."""

import argparse
import lzma
from collections.abc import Iterator
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

END_OF_TEXT = "<|endoftext|>"


def read_documents(path: Path) -> Iterator[str]:
    """Documents of a corpus file (plain or .xz) whose documents are separated by an end-of-text line."""
    opener = lzma.open if path.suffix == ".xz" else open
    lines: list[str] = []
    with opener(path, "rt", encoding="utf-8") as file:
        for line in file:
            if line.rstrip("\n") != END_OF_TEXT:
                lines.append(line)
            elif lines:
                yield "".join(lines).rstrip("\n")
                lines = []
    if lines:
        yield "".join(lines).rstrip("\n")


def train_tokenizer(documents: Iterator[str], vocab_size: int) -> Tokenizer:
    """Byte-level BPE with `vocab_size` entries, the end-of-text token among them (id 0)."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocab_size,
        special_tokens=[END_OF_TEXT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=True,
    )
    tokenizer.train_from_iterator(documents, trainer)
    return tokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="corpus files, plain text or .xz")
    parser.add_argument("--vocab-size", type=int, default=4096, help="number of tokens (default %(default)s)")
    parser.add_argument("--out", type=Path, required=True, help="where to write tokenizer.json")


def run(args: argparse.Namespace) -> None:
    tokenizer = train_tokenizer((d for path in args.data for d in read_documents(path)), args.vocab_size)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(args.out))
    print(f"{args.out}: {tokenizer.get_vocab_size()} tokens")
