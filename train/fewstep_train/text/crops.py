"""Training text as one flat array of token ids, cut into crops."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.identity import content_identity, digest
from fewstep_train.random_state import State, numpy_state, set_numpy_state
from fewstep_train.text.tokenizer import END_OF_TEXT, read_documents


def encode_corpus(paths: Iterable[Path], tokenizer: Tokenizer, cache: Path) -> np.ndarray:
    """Token ids of all documents, each followed by end-of-text: uint16 [N]. Encoded once, then memory-mapped.

    The cache knows them by the tokenizer and by the content of the files.
    """
    paths = list(paths)
    file = cache / f"tokens-{digest(tokenizer.to_str(), content_identity(paths))}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        end = tokenizer.token_to_id(END_OF_TEXT)
        pieces: list[np.ndarray] = []
        for path in paths:
            documents = list(read_documents(path))
            for encoding in tokenizer.encode_batch_fast(documents):
                pieces.append(np.array([*encoding.ids, end], dtype=np.uint16))
            print(f"encoded {path.name}: {len(documents)} documents", flush=True)
        partial = file.with_suffix(f".partial-{os.getpid()}.npy")
        np.save(partial, np.concatenate(pieces))
        partial.rename(file)
    return np.load(file, mmap_mode="r")


class Crops:
    """Random crops of a token stream. Half of them begin where a paragraph or document begins, as prompts do.

    `documents`: share of crops that begin where a document begins, before the others are halved.
    """

    def __init__(self, tokens: np.ndarray, tokenizer: Tokenizer, seed: int, documents: float = 0.0) -> None:
        self.tokens, self.documents = tokens, documents
        end, newline = tokenizer.token_to_id(END_OF_TEXT), tokenizer.token_to_id("\u010a")  # "\n" in byte-level BPE
        self.firsts = np.append(0, np.flatnonzero(tokens[:-1] == end) + 1)  # of documents
        breaks = [b for b in (end, newline) if b is not None]
        self.starts = np.flatnonzero(np.isin(tokens[:-1], breaks)) + 1
        self.generator = np.random.default_rng(seed)

    def draw(self, rows: int, length: int, lead: int = 0) -> Tensor:
        """int64 [rows, lead + length]: crops of `length` tokens, and the `lead` tokens before each."""
        last = len(self.tokens) - length
        anywhere = self.generator.integers(last, size=rows)
        aligned = np.minimum(self.generator.choice(self.starts, size=rows), last - 1)
        begin = np.where(self.generator.random(rows) < 0.5, anywhere, aligned)
        if self.documents:
            firsts = np.minimum(self.generator.choice(self.firsts, size=rows), last - 1)
            begin = np.where(self.generator.random(rows) < self.documents, firsts, begin)
        begin = np.maximum(begin, lead)
        return torch.from_numpy(np.stack([self.tokens[b - lead : b + length] for b in begin]).astype(np.int64))

    def random_state(self) -> State:
        return {"crops": numpy_state(self.generator)}

    def set_random_state(self, state: State) -> None:
        set_numpy_state(self.generator, state["crops"])


def frozen_prefixes(rows: int, length: int, generator: torch.Generator) -> Tensor:
    """Which positions are given, bool [rows, length].

    Half of the rows are free, three in ten have a prefix of up to three quarters (continuation), the rest a
    prefix and a suffix (infilling).
    """
    kind = torch.rand(rows, 1, generator=generator)
    prefix = torch.rand(rows, 1, generator=generator) * 0.75 * length
    suffix = torch.rand(rows, 1, generator=generator) * 0.4 * length
    position = torch.arange(length)[None].float()
    has_prefix = kind > 0.5
    has_suffix = kind > 0.8
    middle_prefix = torch.where(has_suffix, prefix * 0.5, prefix)
    return (has_prefix & (position < middle_prefix)) | (has_suffix & (position >= length - suffix))
