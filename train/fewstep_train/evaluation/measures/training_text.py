"""What the training text says about a sample: is it a copy, and do its neighbours ever stand side by side there?"""

from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from fewstep_train.evaluation.measures.copying import CopyIndex
from fewstep_train.text.tokenizer import END_OF_TEXT


class SeenPairs:
    """The pairs of neighbouring tokens of a text [N]."""

    def __init__(self, tokens: np.ndarray) -> None:
        self.base = int(tokens.max()) + 1
        self.keys = np.unique(self.keys_of(tokens))

    def keys_of(self, tokens: np.ndarray) -> np.ndarray:
        """[..., L] -> [..., L - 1]"""
        wide = tokens.astype(np.int64)
        return wide[..., :-1] * self.base + wide[..., 1:]

    def unseen_shares(self, tokens: np.ndarray) -> np.ndarray:
        """Share of each row's pairs that the text does not have, [n]. tokens [n, L]."""
        keys = self.keys_of(tokens)
        at = np.searchsorted(self.keys, keys).clip(max=len(self.keys) - 1)
        unknown = (self.keys[at] != keys) | (tokens[:, 1:] >= self.base)
        return unknown.mean(1)


@dataclass(frozen=True)
class TrainingText:
    copies: CopyIndex
    pairs: SeenPairs

    def copied(self, tokens: np.ndarray, tokenizer: Tokenizer) -> np.ndarray:
        """bool [n]: does a sample share a long substring with a document? tokens [n, L]."""
        texts = tokenizer.decode_batch(tokens.tolist(), skip_special_tokens=False)
        return np.array([any(self.copies.copied(piece) for piece in text.split(END_OF_TEXT)) for text in texts])
