"""Crops of training text, and which of their positions are given."""

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.random_state import State, numpy_state, set_numpy_state
from fewstep_train.text.tokenizer import END_OF_TEXT


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
        return torch.from_numpy(self.tokens[begin[:, None] + np.arange(-lead, length)].astype(np.int64))

    def random_state(self) -> State:
        return {"crops": numpy_state(self.generator)}

    def set_random_state(self, state: State) -> None:
        set_numpy_state(self.generator, state["crops"])


def frozen_prefixes(rows: int, length: int, generator: torch.Generator) -> Tensor:
    """Which positions are given, bool [rows, length], on the generator's device.

    Half of the rows are free, three in ten have a prefix of up to three quarters (continuation), the rest a
    prefix and a suffix (infilling).
    """
    kind, prefix, suffix = (torch.rand(rows, 1, generator=generator, device=generator.device) for _ in range(3))
    prefix, suffix = prefix * 0.75 * length, suffix * 0.4 * length
    position = torch.arange(length, device=generator.device)[None].float()
    has_prefix = kind > 0.5
    has_suffix = kind > 0.8
    middle_prefix = torch.where(has_suffix, prefix * 0.5, prefix)
    return (has_prefix & (position < middle_prefix)) | (has_suffix & (position >= length - suffix))
