"""The exported graph in ONNX Runtime computes the published network and draws from the published law."""

import numpy as np
import pytest
from golden import (
    REFERENCE,
    SOURCES,
    WEIGHTS,
    assert_rows_do_not_look_at_each_other,
    golden_arrays,
    load_golden,
    open_session,
    step_inputs,
)

from fewstep_train.graphs.product_graph import stored
from fewstep_train.graphs.step_graph import COMPUTE, build_bare_graph, build_step_graph

SOLVERS = {"cumulative": 0, "euler": 1}


def step_session(source, compute="float32"):
    config, _ = load_golden(source)
    return open_session(build_step_graph(config, golden_arrays(source), dtype=np.float32, law=True, compute=compute))


def exact_law(posterior, tokens, t, h, solver, mask):
    """[L, K] from probabilities [L, K], tokens [L]; algorithm: P(jump) = 1 - exp(-a h (1 - p(z)))."""
    rate = np.log(1 - t) - np.log(max(1 - t - h, 1e-8)) if solver == "cumulative" else 1.0
    at = np.arange(len(tokens))
    stay = np.exp(-rate * (1 - posterior[at, tokens]))
    if solver == "euler" and mask is not None:
        stay = np.where(tokens == mask, stay, 1.0)
    others = posterior.copy()
    others[at, tokens] = 0
    law = (1 - stay)[:, None] * others / others.sum(-1, keepdims=True)
    law[at, tokens] = stay
    return law


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_logits_match_the_published_code(source, weights):
    config, _ = load_golden(source, weights)
    session = open_session(build_bare_graph(config, golden_arrays(source, weights), dtype=np.float32))
    golden = np.load(REFERENCE / source / "logits.npz")
    tokens = golden["tokens"].astype(np.int64)
    inputs = {"tokens": tokens, "length": np.full(len(tokens), tokens.shape[1]), "t": golden["t"], "h": golden["dt"]}
    wanted = {i.name for i in session.get_inputs()}
    (logits,) = session.run(["logits"], {k: v for k, v in inputs.items() if k in wanted})
    assert np.abs(logits - golden[weights]).max() <= 1e-4


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_one_step_law_from_the_graphs_own_probabilities_is_exact(source, solver):
    config, _ = load_golden(source)
    session = step_session(source)
    golden = np.load(REFERENCE / source / "one_step.npz")
    for case, (t, h) in enumerate(zip(golden["t"], golden["h"], strict=True)):
        tokens = golden["tokens"][case]
        (posterior,) = session.run(["posterior"], step_inputs(tokens, t, h))
        for row, table in enumerate(golden[f"next_token_{solver}"][case]):
            own = posterior[row, :, : config.num_tokens].astype(np.float64)
            law = exact_law(own, tokens[row], float(t), float(h), solver, config.mask_token_id)
            assert np.abs(law - table).max() <= 1e-5


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("solver", SOLVERS)
def test_tokens_drawn_through_noise_follow_the_law(source, solver):
    session = step_session(source)
    golden = np.load(REFERENCE / source / "one_step.npz")
    draws = 4000
    rng = np.random.default_rng(7)
    for case, (t, h) in enumerate(zip(golden["t"], golden["h"], strict=True)):
        tokens = np.repeat(golden["tokens"][case][:1], draws, axis=0)
        inputs = step_inputs(
            tokens,
            t,
            h,
            solver=np.full(draws, SOLVERS[solver]),
            noise=rng.random((*tokens.shape, 2), dtype=np.float32),
        )
        (drawn,) = session.run(["next_tokens"], inputs)
        law = golden[f"next_token_{solver}"][case, 0]
        share = (drawn[:, :, None] == np.arange(law.shape[-1])).mean(0)
        error = np.sqrt(law * (1 - law) / draws)
        assert (np.abs(share - law) <= 5 * error + 2 / draws).all()
        assert (share[law < 1e-12] == 0).all()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("exponent", [1.0, 2.0])
@pytest.mark.parametrize("solver", ["cumulative", "euler", "euler_exact"])
def test_every_solver_jumps_as_often_as_its_rate_says_whatever_the_scheduler(source, exponent, solver):
    config, _ = load_golden(source)
    model = build_step_graph(config, golden_arrays(source), exponent, dtype=np.float32, law=True)
    draws, t, h = 4000, 0.4, 0.3
    row = np.random.default_rng(13).integers(config.num_tokens, size=12)
    row[:4] = config.num_tokens - 1  # the mask token, where there is one
    index = np.full(draws, ["cumulative", "euler", "euler_exact"].index(solver))
    inputs = step_inputs(np.repeat(row[None], draws, axis=0), t, h, solver=index)
    after, posterior = open_session(model).run(["next_tokens", "posterior"], inputs)
    kappa = t**exponent
    rate = {
        "cumulative": np.log(1 - kappa) - np.log(1 - (t + h) ** exponent),
        "euler": 1.0,
        "euler_exact": h * exponent * t ** (exponent - 1) / (1 - kappa),
    }[solver]
    expected = 1 - np.exp(-rate * (1 - posterior[0, np.arange(12), row].astype(np.float64)))
    if solver != "cumulative" and config.mask_token_id is not None:
        expected[row != config.mask_token_id] = 0
    share = (after != row).mean(0)
    assert (np.abs(share - expected) <= 5 * np.sqrt(expected * (1 - expected) / draws) + 1e-9).all()


@pytest.mark.parametrize("source", SOURCES)
def test_padding_is_never_attended_to_and_never_changed(source):
    session = step_session(source)
    rng = np.random.default_rng(3)
    short = rng.integers(48, size=(5, 7))
    noise = rng.random((5, 12, 2), dtype=np.float32)
    padded = np.concatenate([short, rng.integers(48, size=(5, 5))], axis=1)
    length = np.full(5, 7)
    alone, law = session.run(["next_tokens", "posterior"], step_inputs(short, 0.3, 0.3, noise=noise[:, :7]))
    inside, padded_law = session.run(
        ["next_tokens", "posterior"], step_inputs(padded, 0.3, 0.3, noise=noise, length=length)
    )
    assert np.abs(padded_law[:, :7] - law).max() <= 1e-6
    assert (inside[:, :7] == alone).all()
    assert (inside[:, 7:] == padded[:, 7:]).all()


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("compute", COMPUTE)
def test_a_row_gives_the_same_bits_alone_and_in_a_crowd(source, compute):
    session = step_session(source, compute)
    tokens = np.random.default_rng(4).integers(48, size=(16, 12))
    crowd = step_inputs(tokens, np.linspace(0, 0.8, 16), np.linspace(0.05, 0.15, 16))
    # In float16 the norm of a batch of one rounds otherwise: see HalfNetworkGraph.modulated_norm.
    assert_rows_do_not_look_at_each_other(session, crowd, fewest=2 if compute == "float16" else 1)


@pytest.mark.parametrize("source", SOURCES)
def test_frozen_positions_stay_and_confidence_is_the_posterior_of_the_token_there(source):
    session = step_session(source)
    tokens = np.random.default_rng(5).integers(48, size=(64, 12))
    editable = np.random.default_rng(6).random((64, 12)) < 0.5
    for t, h in ((0.5, 0.25), (0.75, 0.25)):
        names = ["next_tokens", "confidence", "posterior"]
        after, confidence, posterior = session.run(names, step_inputs(tokens, t, h, editable=editable))
        assert (after[~editable] == tokens[~editable]).all()
        assert (after != tokens).any()
        expected = np.take_along_axis(posterior, after[..., None], axis=2)[..., 0]
        assert (confidence == expected).all()


def test_the_last_step_of_a_free_mask_canvas_fills_the_masks_and_keeps_the_rest():
    session = step_session("mask")
    tokens = np.random.default_rng(8).integers(48, size=(200, 12))
    masked = np.random.default_rng(9).random((200, 12)) < 0.4
    tokens[masked] = 48
    (after,) = session.run(["next_tokens"], step_inputs(tokens, 0.75, 0.25))
    assert (after < 48).all()
    assert (after[~masked] == tokens[~masked]).all()


@pytest.mark.parametrize("source", SOURCES)
def test_the_last_step_redraws_every_editable_position_from_the_posterior_where_a_prompt_is_frozen(source):
    session = step_session(source)
    draws = 4000
    row = np.random.default_rng(10).integers(48, size=12)
    tokens = np.repeat(row[None], draws, axis=0)
    editable = np.ones((draws, 12), bool)
    editable[:, :4] = False
    after, posterior = session.run(["next_tokens", "posterior"], step_inputs(tokens, 0.75, 0.25, editable=editable))
    law = posterior[0, 4:, :48].astype(np.float64)
    law /= law.sum(-1, keepdims=True)
    share = (after[:, 4:, None] == np.arange(48)).mean(0)
    assert (np.abs(share - law) <= 5 * np.sqrt(law * (1 - law) / draws) + 2 / draws).all()


@pytest.mark.parametrize(("top_k", "top_p"), [(1, 1.0), (5, 1.0), (0, 0.5), (10, 0.7), (0, 0.01)])
def test_top_k_and_top_p_cut_the_posterior_as_a_sort_does(top_k, top_p):
    session = step_session("uniform")
    tokens = np.random.default_rng(11).integers(48, size=(3, 12))
    whole = session.run(["posterior"], step_inputs(tokens, 0.2, 0.2))[0]
    k, p = np.array([top_k, 0, 3]), np.array([top_p, 1, 1], np.float32)
    cut = session.run(["posterior"], step_inputs(tokens, 0.2, 0.2, top_k=k, top_p=p))[0]
    for position in range(12):
        order = np.argsort(-whole[0, position], kind="stable")[: top_k or None]
        mass = whole[0, position, order]
        kept = order[(np.cumsum(mass) - mass) < top_p * mass.sum()]
        expected = np.zeros_like(whole[0, position])
        expected[kept] = whole[0, position, kept] / whole[0, position, kept].sum()
        assert np.abs(cut[0, position] - expected).max() <= 1e-5
    assert np.abs(cut[1] - whole[1]).max() <= 1e-6, "a row that asks for no filter is left alone"
    assert ((cut[2] > 0).sum(-1) == 3).all()


@pytest.mark.parametrize("source", SOURCES)
def test_eight_bit_products_keep_the_posterior_within_two_percent(source):
    tokens = np.random.default_rng(14).integers(48, size=(16, 12))
    inputs = step_inputs(tokens, np.linspace(0, 0.8, 16), np.full(16, 0.125))
    exact, rounded = (step_session(source, compute).run(["posterior"], inputs)[0] for compute in ("float32", "int8"))
    total_variation = np.abs(exact - rounded).sum(-1) / 2
    assert 0 < total_variation.mean() <= 0.02


def test_temperature_divides_the_logits_of_its_row_and_zero_is_greedy():
    session = step_session("uniform")
    tokens = np.repeat(np.random.default_rng(12).integers(48, size=(1, 12)), 3, axis=0)
    temperature = np.array([1, 0.5, 0], np.float32)
    one, half, greedy = session.run(["posterior"], step_inputs(tokens, 0.2, 0.2, temperature=temperature))[0]
    squared = one.astype(np.float64) ** 2
    assert np.abs(half - squared / squared.sum(-1, keepdims=True)).max() <= 1e-5
    assert (greedy.argmax(-1) == one.argmax(-1)).all()
    assert (greedy.max(-1) > 0.99).all()


@pytest.mark.parametrize("source", SOURCES)
def test_targets_get_the_logarithm_of_their_posterior_whatever_the_step_does(source):
    session = step_session(source)
    rng = np.random.default_rng(15)
    tokens, targets = rng.integers(48, size=(2, 5, 12))
    names = ["next_tokens", "confidence", "posterior", "target_logprob"]
    *step, posterior, scores = session.run(names, step_inputs(tokens, 0.4, 0.3, targets=targets))
    expected = np.log(np.take_along_axis(posterior.astype(np.float64), targets[..., None], axis=2)[..., 0])
    assert np.abs(scores - expected).max() <= 1e-5
    *same_step, _, none = session.run(names, step_inputs(tokens, 0.4, 0.3))
    assert none.shape == (0, 0)
    assert all((a == b).all() for a, b in zip(step, same_step, strict=True))


def test_the_score_of_a_target_that_the_model_rules_out_is_finite():
    changes = {"targets": np.arange(12)[None], "temperature": np.zeros(1, np.float32)}
    cold = step_inputs(np.zeros((1, 12), np.int64), 0.4, 0.3, **changes)
    scores = step_session("uniform").run(["target_logprob"], cold)[0]
    assert scores.min() == np.log(np.float32(1e-37))


@pytest.mark.parametrize("dtype", [np.float16, np.int8])
def test_of_the_embedding_only_the_rows_of_the_canvas_are_made_float32(dtype):
    config, _ = load_golden("mask")
    arrays = golden_arrays("mask")
    model = build_step_graph(config, arrays, dtype=dtype, law=True)
    table = "vocab_embed.weight"
    assert {node.op_type for node in model.graph.node if table in node.input} == {"Gather"}
    halves = {name: value.astype(np.float16).astype(np.float32) for name, value in arrays.items()}
    bytes_ = {name: stored(value, dtype) for name, value in arrays.items() if dtype == np.int8 and value.ndim == 2}
    rounded = {**halves, **bytes_}
    exact = build_step_graph(config, rounded, dtype=np.float32, law=True)
    inputs = step_inputs(np.random.default_rng(4).integers(48, size=(3, 12)), np.linspace(0, 0.8, 3), np.full(3, 0.1))
    for narrow, wide in zip(open_session(model).run(None, inputs), open_session(exact).run(None, inputs), strict=True):
        np.testing.assert_array_equal(narrow, wide)
