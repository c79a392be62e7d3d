"""A step that works on slices of its positions is the step that works on all of them at once."""

from dataclasses import replace

import numpy as np
import pytest
from golden import SOURCES, assert_rows_do_not_look_at_each_other, golden_arrays, load_golden, open_session, step_inputs
from tiny_transformers import LLAMA, random_transformer

from fewstep_train.graphs.cuda_operators import missing_kernels
from fewstep_train.graphs.masked_step_graph import build_masked_step_graph
from fewstep_train.graphs.slices import GPU_VALUES, WIDE, positions_at_once
from fewstep_train.graphs.slices import POSITIONS as POSITIONS_OF_A_CPU
from fewstep_train.graphs.step_graph import build_step_graph
from fewstep_train.kinds import MASKED

POSITIONS = 16
SIZES = {"fewer than a slice": (1, 12), "whole slices": (4, 12), "not divisible": (5, 12)}
COMPUTE = pytest.mark.parametrize("compute", ["float32", "int8"])
MODELS = pytest.mark.parametrize("model", [*SOURCES, *MASKED])
MASK = 50


def step_graph(model, positions, compute="float32", law=True, vocabulary=50):
    options = {"dtype": np.float32, "law": law, "compute": compute, "positions": positions}
    if model in SOURCES:
        return build_step_graph(load_golden(model)[0], golden_arrays(model), **options)
    network = random_transformer(replace(LLAMA, vocab_size=vocabulary, causal=False, mask_token_id=MASK))
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    return build_masked_step_graph(model, network.config, arrays, **options)


def canvases(model, rows, length):
    """A crowd at different times, temperatures and thresholds, a part of it given."""
    rng = np.random.default_rng(4)
    tokens = rng.integers(48, size=(rows, length))
    if model in MASKED:
        tokens[rng.random(tokens.shape) < 0.6] = MASK
    changes = {"temperature": np.linspace(1, 0.3, rows).astype(np.float32), "editable": rng.random(tokens.shape) < 0.9}
    changes |= {"reveal_above": np.full(rows, 0.2, np.float32)} if model in MASKED else {"solver": np.arange(rows) % 3}
    return step_inputs(tokens, np.linspace(0.1, 0.9, rows), np.full(rows, 0.1), **changes)


def lanes(inputs):
    rows, length = inputs["tokens"].shape
    yield inputs
    yield inputs | {
        "top_k": np.arange(rows) % 4,
        "top_p": np.linspace(0.5, 1, rows).astype(np.float32),
        "filter": np.array(True),
    }
    yield inputs | {"targets": np.arange(rows * length).reshape(rows, length) % 48}


@MODELS
def test_in_float16_every_output_of_every_lane_is_the_same_but_for_rounding(model):
    whole, sliced = (open_session(step_graph(model, positions, "float16")) for positions in (0, POSITIONS))
    for size in SIZES.values():
        for inputs in lanes(canvases(model, *size)):
            (token, *others), (same, *close) = (graph.run(None, inputs) for graph in (whole, sliced))
            assert token.shape == same.shape
            agreed = token == same
            assert agreed.mean() > 0.9, "but where two tokens are as probable as each other"
            for one, other in zip(others, close, strict=True):
                assert one.shape == other.shape
                differs = np.abs(one - other)
                assert differs[agreed].max() < 0.02 if one.shape[:2] == agreed.shape else differs.size == 0


@MODELS
@COMPUTE
def test_every_output_of_every_lane_has_the_same_bits(model, compute):
    whole, sliced = (open_session(step_graph(model, positions, compute)) for positions in (0, POSITIONS))
    for size in SIZES.values():
        for inputs in lanes(canvases(model, *size)):
            for one, other in zip(whole.run(None, inputs), sliced.run(None, inputs), strict=True):
                assert one.shape == other.shape
                assert (one == other).all()


@MODELS
@COMPUTE
def test_a_row_gives_the_same_bits_alone_and_in_a_crowd(model, compute):
    sliced = open_session(step_graph(model, POSITIONS, compute))
    assert_rows_do_not_look_at_each_other(sliced, canvases(model, 7, 12))


def test_on_a_gpu_a_slice_has_as_many_values_whatever_the_vocabulary():
    for columns in (WIDE, 50_400, 126_736):
        positions = positions_at_once(columns, on_gpu=True)
        assert positions % POSITIONS_OF_A_CPU == 0
        assert GPU_VALUES // 2 < positions * columns <= GPU_VALUES
    assert positions_at_once(10 * GPU_VALUES, on_gpu=True) == POSITIONS_OF_A_CPU


@MODELS
@pytest.mark.parametrize("compute", ["float32", "float16"])
def test_nothing_of_all_columns_is_made_outside_the_slices(model, compute):
    model = step_graph(model, POSITIONS, compute, law=False)
    graph = model.graph
    assert [node.op_type for node in graph.node].count("Scan") == 1
    operators = {node.op_type for node in graph.node}
    assert operators.isdisjoint({"If", "ArgMax", "CumSum", "GatherElements", "ReduceLogSumExp", "LogSoftmax"})
    assert missing_kernels(model) == []


@pytest.mark.parametrize(
    ("compute", "vocabulary", "slices"),
    [("float32", WIDE, 1), ("int8", WIDE, 1), ("float16", WIDE, 1), ("float32", 50, 0), ("float16", 50, 0)],
)
def test_graphs_have_slices_where_the_vocabulary_is_large(compute, vocabulary, slices):
    graph = step_graph(MASKED[0], None, compute, law=False, vocabulary=vocabulary).graph
    assert [node.op_type for node in graph.node].count("Scan") == slices
