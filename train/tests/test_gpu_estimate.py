"""What a step in float16 takes: weights once and in float16 alone, checked at a small shape; the arithmetic by hand."""

from dataclasses import replace

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from onnx import TensorProto, numpy_helper
from tiny_transformers import LLAMA, random_transformer

from fewstep_train.graphs.gpu_estimate import LLADA_8B, estimate, weight_bytes
from fewstep_train.graphs.masked_step_graph import build_masked_step_graph
from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.kinds import DREAM, LLADA

SMALL = replace(LLAMA, hidden_size=256, intermediate_size=768, vocab_size=4000, causal=False, mask_token_id=50)


@pytest.mark.parametrize("kind", [LLADA, DREAM])
def test_a_session_holds_every_weight_once_and_none_in_float32(kind, tmp_path):
    arrays = {name: p.detach().numpy() for name, p in random_transformer(SMALL).named_parameters()}
    graph = build_masked_step_graph(kind, SMALL, arrays, compute="float16")
    options = cpu_options(threads=1)
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_BASIC  # folds as every provider does
    options.optimized_model_filepath = str(tmp_path / "loaded.onnx")
    ort.InferenceSession(graph.SerializeToString(), options, providers=["CPUExecutionProvider"])
    held = {t.name: t for t in onnx.load(tmp_path / "loaded.onnx").graph.initializer}
    halves = sum(numpy_helper.to_array(t).nbytes for t in held.values() if t.data_type == TensorProto.FLOAT16)
    others = sum(numpy_helper.to_array(t).nbytes for t in held.values() if t.data_type == TensorProto.FLOAT)
    assert 1 <= halves / weight_bytes(SMALL) < 1.03, "vectors, rotary tables and padding columns are the rest"
    assert others < 0.05 * halves


def test_llada_8b_fits_an_h100_and_its_step_is_bounded_by_products():
    lone, crowd = estimate(LLADA_8B, 1, 1024), estimate(LLADA_8B, 16, 1024)
    assert lone.weight_bytes == pytest.approx(16.03e9, rel=0.01)
    assert lone.sampler_bytes == pytest.approx(1024 * (10 * 126_464 + 4 * 4096))
    assert crowd.sampler_bytes == pytest.approx(2048 * 10 * 126_464 + 16 * 1024 * 4 * 4096), "2,048 positions at once"
    assert crowd.peak_bytes < 24e9
    assert lone.flops == pytest.approx(2 * 1024 * (weight_bytes(LLADA_8B) / 2 - 126_464 * 4096), rel=0.05)
    assert lone.seconds > max(lone.flops / 989e12, lone.weight_bytes / 3.35e12)
    # Weights are read once for all.
    assert crowd.seconds == pytest.approx(16 * lone.seconds - 15 * lone.weight_bytes / 3.35e12)


def test_shared_heads_make_the_weights_smaller_and_a_plain_norm_the_state():
    assert weight_bytes(replace(SMALL, n_kv_heads=1)) < weight_bytes(SMALL)
    plain, wide = (estimate(replace(SMALL, norm=norm), 4, 16) for norm in ("layer", "rms"))
    assert wide.block_bytes - plain.block_bytes == 2 * 4 * 16 * np.int64(256)
