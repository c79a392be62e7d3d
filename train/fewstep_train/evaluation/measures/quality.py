"""Which of two ways to write is better, at equal entropy: a number to search by, and a gain with its error."""

from dataclasses import dataclass

import numpy as np

from fewstep_train.evaluation.measures.metrics import Estimate, bits_per_byte, bootstrap, mean


@dataclass(frozen=True)
class Quality:
    """Of each text [n]: nats and bytes of what a judge scored, and the entropy in bits of what was made."""

    nats: np.ndarray
    sizes: np.ndarray
    entropies: np.ndarray

    @property
    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.nats, self.sizes, self.entropies

    @property
    def bits(self) -> Estimate:
        """A byte."""
        return bootstrap(bits_per_byte, self.nats, self.sizes)

    @property
    def entropy(self) -> Estimate:
        """Of the tokens of a text, mean."""
        return bootstrap(mean, self.entropies)


def cost(nats: np.ndarray, sizes: np.ndarray, entropies: np.ndarray, usual: np.ndarray, weight: float) -> np.ndarray:
    """Bits a byte, and `weight` more for each bit by which the mean entropy is below that of `usual`; [..., n] each.

    More entropy earns nothing: a search would find noise.
    """
    return bits_per_byte(nats, sizes) + weight * np.maximum(mean(usual) - mean(entropies), 0)


def cost_of(candidate: Quality, usual: Quality, weight: float) -> float:
    return float(cost(*candidate.columns, usual.entropies, weight))


def gain(candidate: Quality, usual: Quality, weight: float) -> Estimate:
    """By how much the cost is lower than that of `usual`; the error is of pairs, text i beside text i."""

    def difference(*columns: np.ndarray) -> np.ndarray:
        own, theirs = columns[:3], columns[3:]
        return cost(*theirs, theirs[2], weight) - cost(*own, theirs[2], weight)

    return bootstrap(difference, *candidate.columns, *usual.columns)


def entropy_change(candidate: Quality, usual: Quality) -> Estimate:
    return bootstrap(mean, candidate.entropies - usual.entropies)


def rank_correlation(a: np.ndarray, b: np.ndarray) -> float:
    """Spearman's, without ties: 1 where both order alike."""
    return float(np.corrcoef(np.argsort(np.argsort(a)), np.argsort(np.argsort(b)))[0, 1])
