"""The transformer's graphs in ONNX Runtime compute what PyTorch computes, with a cache and without."""

from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
import torch
from golden import open_session
from onnx import TensorProto
from tiny_transformers import GPT, LLAMA, random_transformer

from fewstep_train.graphs.decoder_graph import build_decoder_graph
from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.network_graph import positions_below
from fewstep_train.graphs.product_graph import FloatProducts
from fewstep_train.graphs.step_model import values
from fewstep_train.graphs.transformer_graph import TransformerGraph

CONFIGS = pytest.mark.parametrize("config", [GPT, LLAMA], ids=["layer-norm", "rms-norm, shared heads"])


def arrays(network):
    return {name: p.detach().numpy() for name, p in network.named_parameters()}


def empty_cache(config, rows, room):
    cache = np.zeros((rows, config.n_kv_heads, room, config.head_dim), np.float32)
    return {f"past_{kind}_{i}": cache.copy() for i in range(config.n_blocks) for kind in ("key", "value")}


def decoder_inputs(tokens, position, temperature=1.0, noise=0.5):
    rows = len(tokens)
    return {
        "tokens": tokens.astype(np.int64),
        "position": np.array([position], np.int64),
        "temperature": np.full(rows, temperature, np.float32),
        "noise": np.broadcast_to(noise, rows).astype(np.float32),
    }


def decode(session, tokens, position, cache, **sampling):
    """(outputs by name, the cache for the next call)"""
    inputs = {**decoder_inputs(tokens, position, **sampling), **cache}
    names = [o.name for o in session.get_outputs()]
    outputs = dict(zip(names, session.run(names, inputs), strict=True))
    return outputs, {name: outputs[name.replace("past", "present")] for name in cache}


@CONFIGS
def test_prompt_and_tokens_through_the_cache_give_the_logits_of_the_whole_sequence(config):
    network = random_transformer(config)
    session = open_session(build_decoder_graph(config, arrays(network), np.float32, law=True))
    tokens = np.random.default_rng(0).integers(50, size=(3, 14))
    with torch.no_grad():
        expected = network(torch.from_numpy(tokens)).numpy()
    cache = empty_cache(config, 3, room=16)
    for begin, end in [(0, 5), *((i, i + 1) for i in range(5, 14))]:
        outputs, cache = decode(session, tokens[:, begin:end], begin, cache)
        assert np.abs(outputs["logits"] - expected[:, end - 1]).max() < 1e-4


@CONFIGS
def test_a_cache_written_in_place_gives_the_same_tokens(config):
    session = open_session(build_decoder_graph(config, arrays(random_transformer(config)), np.float32))
    prompt = np.random.default_rng(0).integers(50, size=(2, 4))
    cache, copied, tokens = empty_cache(config, 2, 16), [], prompt
    for position in (0, *range(4, 14)):
        outputs, cache = decode(session, tokens, position, cache)
        tokens = outputs["next_token"]
        copied.append(tokens)

    buffers = {name: ort.OrtValue.ortvalue_from_numpy(zeros) for name, zeros in empty_cache(config, 2, 16).items()}
    tokens, in_place = prompt, []
    for position in (0, *range(4, 14)):
        binding = session.io_binding()
        for name, buffer in buffers.items():
            binding.bind_ortvalue_input(name, buffer)
            binding.bind_ortvalue_output(name.replace("past", "present"), buffer)
        for name, value in decoder_inputs(tokens, position).items():
            binding.bind_cpu_input(name, value)
        binding.bind_output("next_token")
        session.run_with_iobinding(binding)
        tokens = binding.get_outputs()[-1].numpy()
        in_place.append(tokens)
    assert (np.array(in_place) == np.array(copied)).all()


def test_the_next_token_follows_the_softmax_of_the_logits_at_a_temperature():
    network = random_transformer(GPT)
    session = open_session(build_decoder_graph(GPT, arrays(network), np.float32, law=True))
    rows = 4000
    tokens = np.repeat(np.random.default_rng(0).integers(50, size=(1, 5)), rows, axis=0)
    noise = (np.arange(rows) + 0.5) / rows
    outputs, _ = decode(session, tokens, 0, empty_cache(GPT, rows, 8), temperature=0.5, noise=noise)
    law = torch.from_numpy(outputs["logits"][0] / 0.5).softmax(0).numpy()
    share = np.bincount(outputs["next_token"][:, 0], minlength=50) / rows
    assert np.abs(share - law).max() < 2 / rows
    greedy, _ = decode(session, tokens[:2], 0, empty_cache(GPT, 2, 8), temperature=0.0, noise=0.999)
    assert (greedy["next_token"][:, 0] == greedy["logits"].argmax(-1)).all()


@CONFIGS
def test_a_canvas_with_padding_gives_the_logits_of_the_canvas_alone(config):
    network = random_transformer(replace(config, causal=False))
    g = GraphBuilder()
    real = positions_below(g, "length", g.op("Shape", "tokens", start=1, end=2))
    net = TransformerGraph(g, network.config, FloatProducts(g, arrays(network), np.float32))
    g.output(net.linear(net.canvas_hidden("tokens", real), "output"), "logits")
    inputs = {"tokens": (TensorProto.INT64, ["B", "L"]), "length": (TensorProto.INT64, ["B"])}
    session = open_session(g.model(values(inputs), values({"logits": (TensorProto.FLOAT, ["B", "L", 50])})))
    tokens = np.random.default_rng(0).integers(50, size=(2, 12))
    (logits,) = session.run(None, {"tokens": tokens, "length": np.array([7, 12])})
    with torch.no_grad():
        short, long = (network(torch.from_numpy(tokens[i : i + 1, :n])).numpy() for i, n in ((0, 7), (1, 12)))
    assert np.abs(logits[:1, :7] - short).max() < 1e-4
    assert np.abs(logits[1:] - long).max() < 1e-4
