"""A search without gradients: a step along each direction in turn, and half a step where none of them is better."""

from collections.abc import Callable, Sequence

import numpy as np


def descend(
    score: Callable[[np.ndarray], float], start: np.ndarray, directions: Sequence[np.ndarray], step: float, last: float
) -> np.ndarray:
    """Where `score` is lowest by steps from `step` down to `last`. It is asked about every place in a fixed order."""
    place, lowest = start, score(start)
    while step >= last:
        moved = False
        for direction in directions:
            for sign in (1, -1):
                other = place + sign * step * direction
                found = score(other)
                if found < lowest:
                    place, lowest, moved = other, found, True
                    break
        if not moved:
            step /= 2
    return place
