"""Which texts share a long substring with the training text."""

from collections.abc import Iterable

import numpy as np

MIN_COPY = 50  # characters
BASE = np.uint64(0x9E3779B97F4A7C15)  # odd, so that no character of a block is lost modulo 2^64
SEPARATOR = "\0"


def code_units(text: str) -> np.ndarray:
    """UTF-16 code units, uint16 [n]: characters, but for those beyond the basic plane, which count twice."""
    return np.frombuffer(text.encode("utf-16-le", "replace"), dtype=np.uint16)


def block_hashes(blocks: np.ndarray) -> np.ndarray:
    """Polynomial hashes modulo 2^64 of the rows of blocks [n, width]: uint64 [n]."""
    value = np.zeros(len(blocks), dtype=np.uint64)
    for column in range(blocks.shape[1]):
        value = value * BASE + blocks[:, column]
    return value


def common_run(a: np.ndarray, b: np.ndarray) -> int:
    """How many leading elements agree."""
    n = min(len(a), len(b))
    different = np.flatnonzero(a[:n] != b[:n])
    return int(different[0]) if len(different) else n


class CopyIndex:
    """Finds common substrings of at least `length` characters.

    Blocks of half that length, one after another, tile the training text, so that any such substring holds a whole
    block: one hash for every block is enough, and what it finds is compared character by character.
    """

    def __init__(self, documents: Iterable[str], length: int = MIN_COPY) -> None:
        self.length, self.width = length, length // 2
        self.text = code_units(SEPARATOR.join(documents))
        whole = len(self.text) // self.width * self.width
        hashes = block_hashes(self.text[:whole].reshape(-1, self.width))
        self.order = np.argsort(hashes, kind="stable")
        self.hashes = hashes[self.order]

    def is_copy_at(self, text: np.ndarray, at: int, begin: int) -> bool:
        """Does the agreement of text[at:] and the training text from `begin` reach `length`, counted to both sides?"""
        after = common_run(text[at : at + self.length], self.text[begin : begin + self.length])
        left = min(at, begin, self.length)
        before = common_run(text[at - left : at][::-1], self.text[begin - left : begin][::-1])
        return before + after >= self.length

    def copied(self, text: str) -> bool:
        """Does `text` share a substring of at least `length` characters with the training text?"""
        units = code_units(text)
        if len(units) < self.length:
            return False
        hashes = block_hashes(np.lib.stride_tricks.sliding_window_view(units, self.width))
        first = np.searchsorted(self.hashes, hashes, side="left")
        last = np.searchsorted(self.hashes, hashes, side="right")
        return any(
            self.is_copy_at(units, at, int(self.order[i]) * self.width)
            for at in np.flatnonzero(last > first)
            for i in range(first[at], last[at])
        )
