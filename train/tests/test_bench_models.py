"""The graphs and the process that benchmarks compare the service with do what they stand for."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from fixtures import FIXTURES, tiny_tokenizer
from gguf import GGUFReader
from golden import REFERENCE, SOURCES, golden_network, open_session
from onnx import numpy_helper
from tiny_transformers import GPT, LLAMA, random_transformer

from fewstep_train.__main__ import main
from fewstep_train.benchmarks.llada_gguf import write_gguf
from fewstep_train.flow.path import Scheduler, source_canvas
from fewstep_train.flow.published_sampler import published_sample
from fewstep_train.graphs.decoder_graph import build_decoder_graph
from fewstep_train.kinds import AUTOREGRESSIVE
from fewstep_train.published.causal_gguf import GgufWeights
from fewstep_train.training.checkpoint import save_checkpoint

TINY = FIXTURES / "tiny-text"
LLADA = replace(LLAMA, causal=False, qkv_bias=False, output_bias=False, mask_token_id=50)
GOLDEN_ROWS = 20_000  # samples behind each table


def test_the_bare_graph_is_the_largest_logit_and_what_is_up_to_date_is_left_alone(tmp_path, capsys):
    command = ["bench-models", "--out", str(tmp_path), "--model", str(TINY), "--autoregressive", str(tmp_path / "none")]
    main([*command, "--only", "embedded"])
    bare, logits = (open_session(onnx.load(tmp_path / "embedded" / f"{name}.onnx")) for name in ("bare", "logits"))
    tokens = np.random.default_rng(0).integers(300, size=(3, 12))
    inputs = {"tokens": tokens, "length": np.full(3, 12), "t": np.full(3, 0.5, np.float32)}
    inputs["h"] = inputs["t"] / 2
    (largest,), (all_of_them,) = bare.run(None, inputs), logits.run(None, inputs)
    assert np.abs(largest - all_of_them.max(-1)).max() < 1e-5

    facts = json.loads((tmp_path / "embedded" / "bare.json").read_text())
    assert facts["parameters"] == json.loads((TINY / "manifest.json").read_text())["parameters"]
    capsys.readouterr()
    main([*command, "--only", "embedded/bare", "embedded/ar"])
    assert capsys.readouterr().out.count("up to date") == 2
    (tmp_path / "embedded" / "ar.json").write_text('{"recipe": "of old"}')
    main([*command, "--only", "embedded/bare", "embedded/ar"])
    assert capsys.readouterr().out.count("up to date") == 1
    with pytest.raises(SystemExit, match="no such graph: embedded/arr"):
        main([*command, "--only", "embedded/arr"])


def test_llama_cpp_is_given_the_weights_that_the_step_has(tmp_path):
    weights = {name: p.detach().numpy() for name, p in random_transformer(LLADA).named_parameters()}
    for precision, error in (("F16", 1e-3), ("Q8_0", 1e-2)):
        write_gguf(tmp_path / precision, LLADA, weights, precision)
        read = GgufWeights(GGUFReader(tmp_path / precision), LLADA)
        assert set(read) == set(weights)
        for name, value in weights.items():
            assert np.abs(read[name].numpy() - value).max() <= error * np.abs(value).max(), name


def test_the_decoder_has_the_weights_of_the_checkpoint_and_room_for_a_thousand_tokens(tmp_path):
    trained = random_transformer(GPT)
    weights = {"model": trained.state_dict(), "ema": trained.state_dict()}
    made_of = {"kind": AUTOREGRESSIVE, "config": GPT.to_dict(), "tokenizer": tiny_tokenizer()}
    save_checkpoint(tmp_path / "ar.pt", {**made_of, **weights})
    files = ["--out", str(tmp_path), "--model", str(TINY), "--autoregressive", str(tmp_path / "ar.pt")]
    main(["bench-models", *files, "--only", "embedded/ar"])
    facts = json.loads((tmp_path / "embedded" / "ar.json").read_text())
    assert facts["weights"] == "trained"
    assert facts["shape"] == {**GPT.to_dict(), "length": 1024}
    stored = {w.name: numpy_helper.to_array(w) for w in onnx.load(tmp_path / "embedded" / "ar.onnx").graph.initializer}
    for name, weight in trained.named_parameters():
        assert np.abs(stored[name] - weight.detach().numpy()).max() < 2e-3  # float16


@pytest.mark.parametrize("source", SOURCES)
def test_the_published_way_of_sampling_has_the_golden_marginals(source):
    network = golden_network(source)
    table = np.load(REFERENCE / source / "trajectories.npz")["cumulative_4_marginals"]
    rows = 3000
    torch.manual_seed(5)
    canvas = source_canvas(network.config, (rows, network.config.length))
    tokens = published_sample(network, Scheduler(), canvas, steps=4)
    share = (tokens.numpy()[:, :, None] == np.arange(table.shape[-1])).mean(0)
    pooled = (share * rows + table * GOLDEN_ROWS) / (rows + GOLDEN_ROWS)
    error = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / GOLDEN_ROWS))
    assert (np.abs(share - table) <= 5 * error + 1 / rows).all()


def test_the_torch_runner_answers_each_line_and_outlives_a_wrong_one():
    request = {"model": str(TINY), "steps": 2, "rows": 1, "length": 16, "threads": 1}
    lines = [request, {**request, "model": "nowhere"}, {**request, "depth": 3}, {**request, "rows": 2}]
    process = subprocess.run(
        [sys.executable, "-m", "fewstep_train", "torch-runner"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    first, missing, unknown, last = (json.loads(line) for line in process.stdout.splitlines())
    assert first["ms"] > 0
    assert last["ms"] > 0
    assert "nowhere" in missing["error"]
    assert "depth" in unknown["error"]


def test_the_decoder_runner_answers_each_line_and_outlives_a_wrong_one(tmp_path):
    network = random_transformer(GPT)
    arrays = {name: p.detach().numpy() for name, p in network.named_parameters()}
    graph = tmp_path / "decoder.onnx"
    onnx.save(build_decoder_graph(GPT, arrays, np.float32), graph)
    request = {"graph": str(graph), "threads": 1, "rows": 2, "room": 12, "position": 4, "tokens": 6}
    lines = [request, {**request, "graph": "nowhere.onnx"}, {**request, "depth": 3}, {**request, "rows": 3, "room": 14}]
    process = subprocess.run(
        [sys.executable, "-m", "fewstep_train", "decoder-runner"],
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        check=True,
    )
    first, missing, unknown, last = (json.loads(line) for line in process.stdout.splitlines())
    assert first["ms"] > 0
    assert last["ms"] > 0
    assert "nowhere.onnx" in missing["error"]
    assert "depth" in unknown["error"]
