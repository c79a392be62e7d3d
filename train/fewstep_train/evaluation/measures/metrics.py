"""Numbers about token sequences, one a sample, and their means with bootstrap errors."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from torch import Tensor

RESAMPLES = 1000


class Estimate(NamedTuple):
    """A value and its standard error."""

    value: float
    error: float


def bootstrap(statistic: Callable[..., np.ndarray], *columns: np.ndarray, seed: int = 0) -> Estimate:
    """`statistic` of columns [n] over the samples, with the standard error over RESAMPLES draws with replacement.

    It gets the columns as [..., n] and reduces the last axis.
    """
    n = len(columns[0])
    index = np.random.default_rng(seed).integers(n, size=(RESAMPLES, n))
    return Estimate(float(statistic(*columns)), float(statistic(*(c[index] for c in columns)).std()))


def mean(values: np.ndarray) -> np.ndarray:
    return values.mean(-1)


def perplexities(nll: Tensor) -> np.ndarray:
    """exp of the mean token NLL of each sample, [n]. nll [n, tokens] in nats."""
    return nll.double().mean(1).exp().numpy()


def bits_per_byte(nats: np.ndarray, size: np.ndarray) -> np.ndarray:
    """All bits over all bytes. nats and size (in bytes) of each sample, [..., n]."""
    return nats.sum(-1) / math.log(2) / size.sum(-1)


def histogram_entropies(tokens: np.ndarray | Sequence[np.ndarray]) -> np.ndarray:
    """Entropy in bits of each sample's own token histogram, [n]. tokens [n, L], or n arrays; 0 where there are none."""
    result = []
    for row in tokens:
        share = np.unique(row, return_counts=True)[1] / max(len(row), 1)
        result.append(-(share * np.log2(share)).sum())
    return np.array(result)


def distinct_shares(tokens: np.ndarray, n: int) -> np.ndarray:
    """distinct-n within each sample: different n-grams over all n-grams, [rows]. tokens [rows, L]."""
    grams = np.lib.stride_tricks.sliding_window_view(tokens, n, axis=1)
    return np.array([len(np.unique(row, axis=0)) / len(row) for row in grams])


def repeat_shares(tokens: np.ndarray) -> np.ndarray:
    """Share of tokens that equal the one before, [n]: where parallel draws stumble first. tokens [n, L]."""
    return (tokens[:, 1:] == tokens[:, :-1]).mean(1)
