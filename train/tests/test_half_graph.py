"""The step in float16: one fused attention operator with lengths, and the law of the graph in float32."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnx
import onnxruntime as ort
import pytest
from fixtures import FIXTURES
from golden import SOURCES, golden_arrays, load_golden, open_session, step_inputs
from onnx import TensorProto, helper
from tiny_transformers import GPT, LLAMA, random_transformer
from tokenizers import Tokenizer

from fewstep_train.__main__ import main
from fewstep_train.folder.exported import read_exported
from fewstep_train.folder.model_folder import parameter_arrays
from fewstep_train.graphs.graph_builder import ATTENTION_OPSET, GraphBuilder
from fewstep_train.graphs.half_graph import fused_attention, rotated
from fewstep_train.graphs.masked_step_graph import build_masked_step_graph
from fewstep_train.graphs.session_options import cpu_options
from fewstep_train.graphs.step_graph import build_step_graph
from fewstep_train.kinds import CANVAS, DREAM, LLADA, MASKED

MODELS = Path(__file__).parents[2] / "models"
EMBEDDED = ["fewstep-stories", "fewstep-stories-dfm", "fewstep-stories-llada", "fewstep-stories-dream"]
SHAPES = {
    "layer norm": replace(GPT, causal=False, mask_token_id=50),
    "rms norm, shared heads": replace(LLAMA, causal=False, mask_token_id=50),
}
STORIES = [
    "Once upon a time there was a little girl named Lily. She loved to play in the park with her dog. One day the dog"
    " ran after a big red ball and did not come back. Lily was sad. She looked behind the tree and under the bench. "
    "Then she heard a bark. The dog sat in the pond with the ball in his mouth. Lily laughed and hugged him, and they"
    " went home.",
    "Tom had a toy car. It was blue and very fast. He took it to his friend Ben and said, “Do you want to play with "
    "me?” Ben said yes. They made a road out of sand and drove the car over the hill. It rained, and the road was "
    "gone. “Let us make a boat,” said Ben. So they made a boat from a leaf and watched it swim down the street.",
    "The old cat lived in a house at the end of the wood. Every morning she sat in the window and looked at the "
    "birds. One morning a small bird fell out of the tree. The cat went outside, but she did not eat the bird. She "
    "called the mother, and the mother carried it back to the nest. From then on the birds sang for the cat each day.",
    "Mia wanted to bake a cake for her mom. She put flour, eggs and sugar into a bowl. The bowl was full, and when "
    "she mixed it, the flour went up her nose. She sneezed, and everything was white: the table, the floor and the "
    "cat. Her mom came in and smiled. “What a nice surprise,” she said. They cleaned the room and made a new cake "
    "together.",
]


def reference(q, k, v, lengths, heads):
    """softmax(q k' / sqrt(head_dim)) v over the first `length` positions, in float64."""
    rows, length, width = q.shape
    q, k, v = (x.astype(np.float64).reshape(rows, length, heads, -1).transpose(0, 2, 1, 3) for x in (q, k, v))
    scores = q @ k.transpose(0, 1, 3, 2) / np.sqrt(width // heads)
    scores = np.where(np.arange(length) < lengths[:, None, None, None], scores, -np.inf)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    mixed = weights / weights.sum(-1, keepdims=True) @ v
    return mixed.transpose(0, 2, 1, 3).reshape(rows, length, width)


@pytest.mark.parametrize(("kind", "tolerance"), [(np.float32, 1e-6), (np.float16, 2e-3)])
def test_the_fused_operator_attends_to_the_positions_below_each_rows_length(kind, tolerance):
    g, heads, rng = GraphBuilder(opset=ATTENTION_OPSET), 4, np.random.default_rng(0)
    g.output(fused_attention(g, "q", "k", "v", "lengths", heads), "mixed")
    element = helper.np_dtype_to_tensor_dtype(np.dtype(kind))
    types = {name: helper.make_tensor_value_info(name, element, ["B", "L", 64]) for name in ("q", "k", "v", "mixed")}
    lengths = helper.make_tensor_value_info("lengths", TensorProto.INT64, ["B"])
    session = open_session(g.model([types["q"], types["k"], types["v"], lengths], [types["mixed"]]))
    given = {name: rng.standard_normal((5, 33, 64)).astype(kind) for name in ("q", "k", "v")}
    given["lengths"] = np.array([33, 1, 7, 20, 32])
    (mixed,) = session.run(None, given)
    assert np.abs(mixed - reference(*given.values(), heads)).max() < tolerance
    for row, length in enumerate(given["lengths"]):
        lone = {name: value[row : row + 1] for name, value in given.items()}
        assert (session.run(None, lone)[0][0] == mixed[row]).all()
        short = {name: value if name == "lengths" else value[:, :length] for name, value in lone.items()}
        assert (session.run(None, short)[0][0] == mixed[row, :length]).all(), "padding adds nothing"


def test_rotary_positions_are_the_same_whichever_way_the_heads_lie():
    g, rng, heads = GraphBuilder(opset=ATTENTION_OPSET), np.random.default_rng(1), 4
    angle = np.arange(16)[:, None] / 10 ** np.arange(8)
    rotary = g.const(np.cos(angle)), g.const(np.sin(angle))
    g.output(rotated(g, "x", rotary), "y")
    types = [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["B", "L", heads * 16]) for name in ("x", "y")]
    x = rng.standard_normal((2, 12, heads * 16)).astype(np.float32)
    (y,) = open_session(g.model(types[:1], types[1:])).run(None, {"x": x})
    first, second = np.split(x.reshape(2, 12, heads, 16), 2, axis=-1)
    cos, sin = np.cos(angle)[:12, None], np.sin(angle)[:12, None]
    expected = np.concatenate([first * cos - second * sin, second * cos + first * sin], axis=-1)
    assert np.abs(y.reshape(expected.shape) - expected).max() < 1e-6


def masked_graph(kind, config, compute, **changes):
    network = random_transformer(config)
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    return build_masked_step_graph(kind, config, arrays, law=True, compute=compute, **changes)


def golden_graph(source, compute, weights="student_ema", **changes):
    config, _ = load_golden(source, weights)
    return build_step_graph(config, golden_arrays(source, weights), law=True, compute=compute, **changes)


def graphs(compute, **changes):
    for source in SOURCES:
        for weights in ("student_ema", "teacher"):
            yield golden_graph(source, compute, weights, **changes)
    for kind in MASKED:
        for config in SHAPES.values():
            yield masked_graph(kind, config, compute, **changes)


def test_the_law_is_that_of_float32_also_where_rows_are_padded():
    rng = np.random.default_rng(2)
    tokens = rng.integers(48, size=(6, 12))
    inputs = step_inputs(tokens, np.linspace(0, 0.8, 6), np.full(6, 0.125), length=np.array([12, 1, 5, 8, 11, 12]))
    own = np.arange(12) < inputs["length"][:, None]
    for exact, half in zip(graphs("float32"), graphs("float16"), strict=True):
        names = {i.name for i in exact.graph.input}
        given = {k: v for k, v in {**inputs, "reveal_above": np.full(6, 2, np.float32)}.items() if k in names}
        laws = [open_session(graph).run(["posterior"], given)[0][own] for graph in (exact, half)]
        total_variation = np.abs(laws[0] - laws[1]).sum(-1) / 2
        assert 0 < total_variation.mean() < 2e-3


def test_a_block_costs_as_few_nodes_as_there_is_work_for():
    """Each takes a GPU some 10 us."""
    loaded = cpu_options(threads=1)
    with TemporaryDirectory() as folder:
        loaded.optimized_model_filepath = f"{folder}/loaded.onnx"
        ort.InferenceSession(golden_graph("mask", "float16").SerializeToString(), loaded, ["CPUExecutionProvider"])
        nodes = onnx.load(loaded.optimized_model_filepath).graph.node
    counts = Counter(node.op_type for node in nodes)
    blocks = counts["Attention"]
    assert counts["LayerNormalization"] == 2 * blocks + 1
    assert counts["RotaryEmbedding"] == 2 * blocks
    assert counts["Split"] <= blocks + 5, "modulation is made for all blocks at once"


def test_the_lowest_temperature_is_greedy_and_finite():
    tokens = np.random.default_rng(3).integers(48, size=(4, 12))
    cold = step_inputs(tokens, 0.2, 0.2, temperature=np.zeros(4, np.float32))
    for source in SOURCES:
        session = open_session(golden_graph(source, "float16"))
        warm = {**cold, "temperature": np.ones(4, np.float32)}
        greedy, law = (session.run(["posterior"], inputs)[0] for inputs in (cold, warm))
        assert np.isfinite(greedy).all()
        assert (greedy.argmax(-1) == law.argmax(-1)).mean() > 0.95, "but for ties of 16 bits"


@pytest.mark.parametrize("dtype", [np.float16, np.int8])
def test_weights_of_products_are_there_in_float16_alone_and_no_tensor_of_scores_is_made(dtype):
    for graph in graphs("float16", dtype=dtype):
        graph = graph.graph
        stored = {t.name: t for t in graph.initializer}
        blocks = sum(name.endswith(".attn_out.weight") for name in stored)
        operators = [node.op_type for node in graph.node]
        assert operators.count("Attention") == blocks
        assert "Softmax" not in operators, "but for the posterior's, inside the branches"
        wide = {n.input[0] for n in graph.node if n.op_type == "Cast" and n.input[0] in stored}
        matrices = {name for name in wide if len(stored[name].dims) == 2}
        assert all(any(part in name for part in ("time_", "dt_", "condition_fuser", "adaLN")) for name in matrices)
        floats = [t for t in stored.values() if len(t.dims) == 2 and t.data_type == TensorProto.FLOAT]
        assert [t.name for t in floats if min(t.dims) > 16] == []


def test_eight_bits_of_store_are_the_weights_of_both_graphs():
    config, _ = load_golden("mask")
    rounded = build_step_graph(config, golden_arrays("mask"), dtype=np.int8)
    half = build_step_graph(config, golden_arrays("mask"), dtype=np.int8, compute="float16")
    name = "blocks.0.qw.weight"
    stored = [{t.name: onnx.numpy_helper.to_array(t) for t in graph.graph.initializer} for graph in (rounded, half)]
    again = stored[0][name].astype(np.float32) * stored[0][f"{name}.scale"]
    assert (stored[1][name] == again.astype(np.float16)).all()


def test_a_weight_beyond_float16_is_named():
    config, _ = load_golden("mask")
    arrays = {**golden_arrays("mask"), "blocks.1.qw.weight": np.full((32, 32), 1e5, np.float32)}
    with pytest.raises(SystemExit, match=r"blocks\.1\.qw\.weight: a weight does not fit into float16; leave out"):
        build_step_graph(config, arrays, dtype=np.float32, compute="float16")


def test_export_writes_it_beside_the_others_and_takes_it_away_when_not_asked_for(tmp_path):
    origin, folder = FIXTURES / "tiny-llada", tmp_path / "tiny-llada"
    main(["export", "--model", str(origin), "--float16", "--out", str(folder)])
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["graph"] == {
        "file": "step.onnx",
        "float16_file": "step-fp16.onnx",
        "float16_opset": 24,
        "version": 3,
        "opset": 20,
    }
    assert manifest["files"].keys() == {"step.onnx", "step-fp16.onnx", "tokenizer.json"}
    half = onnx.load(folder / "step-fp16.onnx")
    assert half.opset_import[0].version == 24
    assert {p.key: p.value for p in half.metadata_props}["fewstep.compute"] == '"float16"'
    assert (folder / "step.onnx").read_bytes() == (origin / "step.onnx").read_bytes()
    main(["export", "--model", str(folder), "--out", str(folder)])
    assert not (folder / "step-fp16.onnx").exists()


def test_an_autoregressive_model_has_none(tmp_path):
    with pytest.raises(SystemExit, match="no graph in float16"):
        main(["export", "--model", str(MODELS / "fewstep-stories-ar"), "--float16", "--out", str(tmp_path / "ar")])


def step_graph(model, compute):
    exported = read_exported(MODELS / model)
    arrays, dtype = parameter_arrays(exported.config, exported.weights), np.dtype(exported.manifest["weights"]).type
    if exported.kind == CANVAS:
        exponent = exported.manifest["exponent"]
        return build_step_graph(exported.config, arrays, exponent, dtype, law=True, compute=compute)
    return build_masked_step_graph(exported.kind, exported.config, arrays, dtype, law=True, compute=compute)


def masked_stories(model):
    """(tokens, targets, hidden) of STORIES, a share of each masked; rows of different lengths, padded."""
    manifest = json.loads((MODELS / model / "manifest.json").read_text())
    tokenizer = Tokenizer.from_file(str(MODELS / model / "tokenizer.json"))
    texts = [tokenizer.encode(story).ids for story in STORIES] * 3
    lengths = np.array([len(text) for text in texts])
    targets = np.zeros((len(texts), max(lengths)), np.int64)
    for row, text in zip(targets, texts, strict=True):
        row[: len(text)] = text
    shares = np.linspace(0.25, 0.85, len(texts))
    hidden = np.random.default_rng(4).random(targets.shape) < shares[:, None]
    hidden &= np.arange(max(lengths)) < lengths[:, None]
    return np.where(hidden, manifest["mask_token_id"], targets), targets, hidden, lengths, 1 - shares


@pytest.mark.parametrize("model", EMBEDDED)
def test_masked_cross_entropy_and_the_most_probable_tokens_are_those_of_float32(model):
    tokens, targets, hidden, lengths, t = masked_stories(model)
    inputs = step_inputs(tokens, t, np.full(len(t), 0.125), length=lengths, targets=targets)
    if read_exported(MODELS / model).kind in (LLADA, DREAM):
        inputs["reveal_above"] = np.full(len(t), 2, np.float32)
    entropies, best = [], []
    for compute in ("float32", "float16"):
        scores, law = open_session(step_graph(model, compute)).run(["target_logprob", "posterior"], inputs)
        entropies.append(-scores[hidden].mean())
        best.append(law[hidden].argmax(-1))
    same = (best[0] == best[1]).mean()
    print(f"{model}: {hidden.sum()} masks, {entropies[0]:.5f} and {entropies[1]:.5f} nats, same best token {same:.4f}")
    assert hidden.sum() > 500
    assert abs(entropies[1] / entropies[0] - 1) <= 1e-3
    assert same >= 0.99
