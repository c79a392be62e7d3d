"""The step graphs of LLaDA- and Dream-style models do what the samplers in PyTorch do."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from golden import assert_rows_do_not_look_at_each_other, open_session
from golden import step_inputs as flow_inputs
from tiny_transformers import GPT, LLAMA, random_transformer

from fewstep_train.graphs.masked_step_graph import build_masked_step_graph
from fewstep_train.graphs.step_graph import COMPUTE
from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.masked.dream import dream_logits, negative_entropy
from fewstep_train.masked.llada import confidence, llada_logits
from fewstep_train.masked.masked_diffusion import highest, tempered

LOGITS = {LLADA: llada_logits, DREAM: dream_logits}
SCORE = {LLADA: confidence, DREAM: negative_entropy}
MASK = 50
SHAPES = {
    "mask beyond the vocabulary": replace(GPT, causal=False, mask_token_id=50),
    "mask inside the vocabulary, shared heads": replace(LLAMA, vocab_size=64, causal=False, mask_token_id=50),
}
KINDS = pytest.mark.parametrize("kind", [LLADA, DREAM])
CONFIGS = pytest.mark.parametrize("config", SHAPES.values(), ids=SHAPES.keys())


def step_inputs(tokens, t, h, **changes):
    """Those of any step, and nothing revealed but by plan."""
    changes = {"reveal_above": np.full(len(tokens), 2, np.float32), **changes}
    return flow_inputs(tokens, t, h, **changes)


def session_of(kind, config, compute="float32"):
    network = random_transformer(config)
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    graph = build_masked_step_graph(kind, config, arrays, np.float32, law=True, compute=compute)
    return network, open_session(graph)


def half_masked(rows=6, length=12, seed=1):
    rng = np.random.default_rng(seed)
    tokens = rng.integers(50, size=(rows, length))
    return np.where(rng.random((rows, length)) < 0.5, MASK, tokens)


@KINDS
@CONFIGS
@pytest.mark.parametrize("temperature", [1.0, 0.5])
def test_a_step_reveals_the_positions_and_draws_from_the_law_of_the_sampler_in_pytorch(kind, config, temperature):
    network, session = session_of(kind, config)
    tokens = half_masked()
    inputs = step_inputs(tokens, 0.25, 0.25, temperature=np.full(6, temperature, np.float32))
    after, given, posterior = session.run(["next_tokens", "confidence", "posterior"], inputs)
    canvas = torch.from_numpy(tokens)
    with torch.no_grad():
        logits = LOGITS[kind](network, canvas)
    law = tempered(logits, MASK, temperature, 1.0)
    assert np.abs(posterior[..., : config.num_tokens] - law.numpy()).max() < 1e-5
    # Run once more to the end with the same noise: that shows every token that was drawn.
    drawn = torch.from_numpy(session.run(["next_tokens"], {**inputs, "h": np.full(6, 0.75, np.float32)})[0])
    masked = canvas == MASK
    count = (masked.sum(-1) + 2) // 3  # h / (1 - t) is a third
    chosen = highest(SCORE[kind](logits, law, drawn), masked, count)
    assert (after == torch.where(chosen, drawn, canvas).numpy()).all()
    assert np.abs(given - np.take_along_axis(posterior, after[..., None], axis=2)[..., 0]).max() == 0


@KINDS
def test_tokens_follow_the_posterior_and_are_never_the_mask(kind):
    _, session = session_of(kind, SHAPES["mask inside the vocabulary, shared heads"])
    draws = 4000
    inputs = step_inputs(np.repeat(half_masked(rows=1), draws, axis=0), 0.5, 0.5)
    after, posterior = session.run(["next_tokens", "posterior"], inputs)
    masked = inputs["tokens"][0] == MASK
    assert (after[:, ~masked] == inputs["tokens"][:, ~masked]).all()
    law = posterior[0, masked, :64].astype(np.float64)
    share = (after[:, masked, None] == np.arange(64)).mean(0)
    assert (law[:, MASK] == 0).all()
    assert (np.abs(share - law) <= 5 * np.sqrt(law * (1 - law) / draws) + 2 / draws).all()


@KINDS
@pytest.mark.parametrize("steps", [1, 3, 7, 8, 64, 1000])
def test_each_step_reveals_its_even_share_whatever_rounding_does_to_the_grid(kind, steps):
    _, session = session_of(kind, SHAPES["mask beyond the vocabulary"])
    tokens = np.full((2, 16), MASK)
    editable = np.ones((2, 16), bool)
    editable[1, 3:8] = False
    tokens[1, 3:8] = 7
    for i in range(steps):
        t = np.float32(i / steps)
        h = 1 - t if i == steps - 1 else np.float32(1 / steps)
        before, left = (tokens == MASK).sum(1), steps - i
        if not before.any():
            break
        after = session.run(["next_tokens"], step_inputs(tokens, t, h, editable=editable))[0]
        assert ((tokens == after) | (tokens == MASK)).all(), "what is revealed stays"
        assert ((after == MASK).sum(1) == before - -(-before // left)).all()
        tokens = after
    assert (tokens != MASK).all()
    assert (tokens[1, 3:8] == 7).all()


@KINDS
def test_frozen_masks_and_padding_are_left_alone(kind):
    _, session = session_of(kind, SHAPES["mask beyond the vocabulary"])
    tokens = half_masked()
    short = step_inputs(tokens[:, :8], 0.5, 0.25)
    padded = step_inputs(tokens, 0.5, 0.25, length=np.full(6, 8))
    padded["noise"][:, :8] = short["noise"]
    alone, inside = (session.run(["next_tokens"], inputs)[0] for inputs in (short, padded))
    assert (inside[:, :8] == alone).all()
    assert (inside[:, 8:] == tokens[:, 8:]).all()
    frozen = step_inputs(tokens, 0.5, 0.5, editable=np.zeros((6, 12), bool))
    assert (session.run(["next_tokens"], frozen)[0] == tokens).all()


@KINDS
@CONFIGS
@pytest.mark.parametrize("compute", COMPUTE)
def test_a_row_gives_the_same_bits_alone_and_in_a_crowd(kind, config, compute):
    _, session = session_of(kind, config, compute)
    crowd = step_inputs(half_masked(rows=16), np.linspace(0, 0.8, 16), np.linspace(0.05, 0.15, 16))
    assert_rows_do_not_look_at_each_other(session, crowd)


@KINDS
def test_top_k_cuts_the_tempered_posterior(kind):
    _, session = session_of(kind, SHAPES["mask beyond the vocabulary"])
    inputs = step_inputs(half_masked(), 0.5, 0.5, top_k=np.full(6, 3))
    after, posterior = session.run(["next_tokens", "posterior"], inputs)
    assert ((posterior > 0).sum(-1) == 3).all()
    drawn = np.take_along_axis(posterior, after[..., None], axis=2)[..., 0]
    assert (drawn[inputs["tokens"] == MASK] > 0).all()


@KINDS
@CONFIGS
def test_targets_get_the_logarithm_of_the_law_that_tokens_are_drawn_from(kind, config):
    network, session = session_of(kind, config)
    tokens, targets = half_masked(), np.random.default_rng(2).integers(50, size=(6, 12))
    scores = session.run(["target_logprob"], step_inputs(tokens, 0.25, 0.25, targets=targets))[0]
    with torch.no_grad():
        law = tempered(LOGITS[kind](network, torch.from_numpy(tokens)), MASK, 1.0, 1.0)
    expected = law.gather(-1, torch.from_numpy(targets)[..., None])[..., 0].log()
    assert np.abs(scores - expected.numpy()).max() < 1e-5


@KINDS
@CONFIGS
def test_what_is_surer_than_the_threshold_is_revealed_beyond_the_plan_row_by_row(kind, config):
    network, session = session_of(kind, config)
    tokens = half_masked()
    above = np.array([2, 0.02, 0.05, 0.1, 0.3, 1], np.float32)
    inputs = step_inputs(tokens, 0.25, 0.25)
    planned, _ = session.run(["next_tokens", "confidence"], inputs)
    after, _ = session.run(["next_tokens", "confidence"], {**inputs, "reveal_above": above})
    drawn = torch.from_numpy(session.run(["next_tokens"], {**inputs, "h": np.full(6, 0.75, np.float32)})[0])
    with torch.no_grad():
        logits = LOGITS[kind](network, torch.from_numpy(tokens))
    sure = confidence(logits, None, drawn).numpy() > above[:, None]
    expected = np.where((tokens == MASK) & sure, drawn.numpy(), planned)
    assert (after == expected).all()
    assert (after[0] == planned[0]).all()
    assert (after[-1] == planned[-1]).all()
    assert (after != planned).any()
    frozen = step_inputs(tokens, 0.5, 0.25, editable=np.zeros((6, 12), bool), reveal_above=np.full(6, 1e-6, np.float32))
    assert (session.run(["next_tokens"], frozen)[0] == tokens).all()
