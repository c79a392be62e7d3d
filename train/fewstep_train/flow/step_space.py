"""Step sizes as a space to search in: their logarithms, up to a constant, and directions from uniform steps on."""

import numpy as np

from fewstep_train.flow.step_sizes import TINY_STEP

DIGITS = 6  # of a step size as a manifest has it
Stage = tuple[list[np.ndarray], float, float]
"""(directions [steps] each, how far to go in one at first, how far at last)"""


def step_sizes_of(logs: np.ndarray) -> list[float] | None:
    """Step sizes [steps] that sum to 1, rounded; None where one is below what networks are trained on."""
    sizes = np.exp(logs - logs.max())
    rounded = [round(float(size), DIGITS) for size in sizes / sizes.sum()]
    return None if min(rounded) < TINY_STEP else rounded


def stages(steps: int) -> list[Stage]:
    """First a family of two parameters, then each step by itself.

    With x from -1/2 to 1/2 along the steps, ln h = a x + b (4 x^2 - its mean) + constant: `a` is the logarithm of how
    many times as large the last step is as the first, `b` makes those at both ends larger than those between.
    """
    x = np.linspace(-0.5, 0.5, steps)
    bend = 4 * x**2
    family = [x, bend - bend.mean()][: steps - 1]
    return [(family, 1.0, 0.25), *([(list(np.eye(steps)), 0.4, 0.2)] if steps > 3 else [])]
