"""Spread jump times change which positions jump together, not how often a position jumps."""

import itertools

import numpy as np
import pytest

from fewstep_train.flow.jump_times import jump_noise, spread_times

ROWS, LENGTH = 4000, 24


@pytest.mark.parametrize("grid", [np.linspace(0, 1, 9), np.array([0, 0.5, 0.75, 0.875, 1])])
def test_each_positions_noise_is_uniform_given_what_came_before(grid):
    rng = np.random.default_rng(0)
    times = spread_times(rng.random(ROWS), LENGTH)
    sureness = np.linspace(0, 0.9, LENGTH)  # p(z): the position stays with what it has more often
    jumped = np.zeros((ROWS, LENGTH), bool)
    for t, end in itertools.pairwise(grid):
        noise = jump_noise(times, t, rng.random((ROWS, LENGTH)))
        assert ((noise >= 0) & (noise < 1)).all()
        for already in (jumped, ~jumped):
            count = already.sum(0)
            mean = np.where(already, noise, 0).sum(0) / np.maximum(count, 1)
            assert (np.abs(mean - 0.5)[count > 50] <= 5 * np.sqrt(1 / 12 / count[count > 50])).all()
        left = max(1 - end, 1e-8) / (1 - t)
        jumped |= noise < 1 - left ** (1 - sureness)


@pytest.mark.parametrize(("steps", "apart"), [(3, 2), (4, 2), (8, 5), (16, 8), (32, 21)])
def test_positions_of_one_step_are_far_apart(steps, apart):
    times = spread_times(np.random.default_rng(1).random(50), 256)
    assert np.abs(times.mean() - 0.5) < 0.01
    for step in range(steps):
        for row in (times >= step / steps) & (times < (step + 1) / steps):
            assert np.diff(row.nonzero()[0]).min() >= apart
