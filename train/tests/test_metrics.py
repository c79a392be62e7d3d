"""Metrics on cases that a reader can work out by hand."""

import math

import numpy as np
import pytest
import torch

from fewstep_train.evaluation.measures.copying import CopyIndex
from fewstep_train.evaluation.measures.metrics import (
    bits_per_byte,
    bootstrap,
    distinct_shares,
    histogram_entropies,
    mean,
    perplexities,
    repeat_shares,
)
from fewstep_train.evaluation.systems.stability import expected_changes

TRAINING = ["It was a bright cold day in April, and the clocks were striking thirteen.", "The end of all things. " * 3]


def test_perplexity_is_the_exponential_of_each_samples_mean_nll():
    nll = torch.tensor([[math.log(2), math.log(8)], [0.0, 0.0]])
    assert perplexities(nll) == pytest.approx([4, 1])


def test_bits_per_byte_are_all_bits_over_all_bytes():
    assert bits_per_byte(np.array([math.log(2), math.log(2) * 7]), np.array([1, 3])) == pytest.approx(2)


def test_entropy_of_a_histogram_is_in_bits():
    assert histogram_entropies(np.array([[5, 5, 5, 5], [1, 2, 1, 2], [1, 2, 3, 4]])) == pytest.approx([0, 1, 2])


def test_distinct_counts_different_n_grams_within_a_sample():
    rows = np.array([[1, 2, 1, 2, 1], [1, 2, 3, 4, 5]])
    assert distinct_shares(rows, 2) == pytest.approx([2 / 4, 1])
    assert distinct_shares(rows, 3) == pytest.approx([2 / 3, 1])


def test_repeats_are_tokens_equal_to_the_one_before():
    assert repeat_shares(np.array([[1, 1, 1, 2, 2], [1, 2, 1, 2, 1]])) == pytest.approx([3 / 4, 0])


def test_the_bootstrap_error_of_a_mean_is_its_standard_error():
    values = np.random.default_rng(0).normal(3, 2, size=400)
    estimate = bootstrap(mean, values)
    assert estimate.value == pytest.approx(values.mean())
    assert estimate.error == pytest.approx(values.std() / 20, rel=0.1)
    assert bootstrap(mean, np.full(10, 7.0)) == (7.0, 0.0)


def test_a_copy_is_found_wherever_its_fifty_characters_begin():
    index = CopyIndex(TRAINING)
    for begin in range(len(TRAINING[0]) - 50 + 1):
        copy = TRAINING[0][begin : begin + 50]
        assert index.copied(copy), begin
        assert index.copied(f"She said: {copy}!"), begin
        assert not index.copied(f"#{copy[:49]}#"), begin


def test_a_copy_does_not_reach_across_documents_or_differ_in_a_letter():
    index = CopyIndex(TRAINING)
    assert not index.copied(TRAINING[0][-30:] + TRAINING[1][:30])
    copy = TRAINING[0][:50]
    assert not index.copied(copy[:25] + "*" + copy[26:])
    assert not index.copied("")


def test_the_expected_changes_follow_the_cumulative_solvers_law():
    mask = 9
    tokens = np.array([[mask, 3, 4, 5]])
    editable = np.array([[True, True, True, False]])
    confidence = np.array([[0.2, 1.0, 0.5, 0.0]])
    # A mask changes surely, a token of probability 1 never, one of 1/2 with 1 - exp(-a / 2); the frozen one counts not.
    expected = (1 + 0 + 1 - math.exp(-0.35)) / 3
    assert expected_changes(tokens, editable, confidence, mask, 0.7) == pytest.approx([expected])
    assert expected_changes(tokens, np.zeros_like(editable), confidence, mask, 0.7) == pytest.approx([0])
