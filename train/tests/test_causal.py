"""Causal models that others made are read from GGUF files and Hugging Face folders, and compute what they should."""

import numpy as np
import pytest
import torch
from gguf import GGMLQuantizationType, dequantize, quantize
from published_causals import CONFIG, SHAPE, TOKENIZER, gguf_tensors, llama, write_folder, write_gguf

from fewstep_train.networks.transformer import Transformer
from fewstep_train.published.causal_models import load_causal

TOKENS = torch.randint(SHAPE.vocab_size, (1, 24), generator=torch.Generator().manual_seed(1))


def logits_of(path) -> np.ndarray:
    with torch.no_grad():
        return load_causal(str(path)).network(TOKENS)[0].numpy()


def reference(tensors: dict[str, np.ndarray]) -> np.ndarray:
    """LLaMA as GGUF stores it, position by position in float64: the rotary pairs of a head stand side by side."""
    heads, kv_heads = SHAPE.n_heads, SHAPE.n_kv_heads
    width = SHAPE.hidden_size // heads

    def norm(x, weight):
        return x / np.sqrt((x * x).mean() + SHAPE.norm_eps) * weight

    def rotated(x, position):
        pairs = x.reshape(-1, width // 2, 2)
        turned = pairs[..., 0] + 1j * pairs[..., 1]
        turned = turned * np.exp(1j * position * SHAPE.rope_base ** (-2 * np.arange(width // 2) / width))
        return np.stack([turned.real, turned.imag], -1).reshape(-1, width)

    t = {name: tensor.astype(np.float64) for name, tensor in tensors.items()}
    past = [([], []) for _ in range(SHAPE.n_blocks)]
    rows = []
    for position, token in enumerate(TOKENS[0].tolist()):
        x = t["token_embd.weight"][token]
        for block, (keys, values) in enumerate(past):
            name = f"blk.{block}.{{}}.weight".format
            h = norm(x, t[name("attn_norm")])
            keys.append(rotated(t[name("attn_k")] @ h, position))
            values.append((t[name("attn_v")] @ h).reshape(kv_heads, width))
            mixed = []
            for head, q in enumerate(rotated(t[name("attn_q")] @ h, position)):
                shared = head * kv_heads // heads
                score = np.exp(np.array([q @ k[shared] for k in keys]) / np.sqrt(width))
                mixed.append(sum(s * v[shared] for s, v in zip(score / score.sum(), values, strict=True)))
            x = x + t[name("attn_output")] @ np.concatenate(mixed)
            h = norm(x, t[name("ffn_norm")])
            gate = t[name("ffn_gate")] @ h
            x = x + t[name("ffn_down")] @ (gate / (1 + np.exp(-gate)) * (t[name("ffn_up")] @ h))
        rows.append(t.get("output.weight", t["token_embd.weight"]) @ norm(x, t["output_norm.weight"]))
    return np.array(rows)


@pytest.mark.parametrize("tied", [False, True])
def test_a_gguf_file_and_a_folder_give_the_logits_of_llama(tied, tmp_path):
    network = llama(tied)
    expected = reference(gguf_tensors(network))
    assert np.abs(logits_of(write_gguf(tmp_path / "model.gguf", network)) - expected).max() < 1e-4
    assert np.abs(logits_of(write_folder(tmp_path / "folder", network)) - expected).max() < 1e-4


@pytest.mark.parametrize("kind", ["F16", "Q8_0", "Q4_1"])
def test_quantised_weights_count_as_what_they_stand_for(kind, tmp_path):
    network = llama()
    kept = gguf_tensors(network)
    for name, tensor in kept.items():
        if tensor.ndim == 2:
            kept[name] = dequantize(quantize(tensor, GGMLQuantizationType[kind]), GGMLQuantizationType[kind])
    found = logits_of(write_gguf(tmp_path / "model.gguf", network, products=kind))
    assert np.abs(found - reference(kept)).max() < 1e-4
    assert np.abs(found - reference(gguf_tensors(network))).max() > 1e-4


def test_the_vocabulary_and_merges_of_a_gguf_file_are_its_tokenizer(tmp_path):
    plain = load_causal(str(write_gguf(tmp_path / "plain.gguf", llama()))).tokenizer
    digits = load_causal(str(write_gguf(tmp_path / "digits.gguf", llama(), pre="smollm"))).tokenizer
    for text in ("Once upon a time, a café.\n\n“Yes!”  said  he", "The little fox's 12 trees"):
        assert plain.encode(text).ids == TOKENIZER.encode(text).ids
        assert digits.decode(digits.encode(text).ids) == text
    pieces = [piece for piece, _ in digits.pre_tokenizer.pre_tokenize_str("in 1984")]
    assert pieces == ["in", "Ġ", "1", "9", "8", "4"]


def test_a_tokenizer_beside_a_gguf_file_is_taken_and_part_of_who_it_is(tmp_path):
    file = write_gguf(tmp_path / "model.gguf", llama(), pre="of-somebody-else")
    with pytest.raises(SystemExit, match=r"of-somebody-else.*put its tokenizer\.json beside it"):
        load_causal(str(file))
    (tmp_path / "tokenizer.json").write_text(TOKENIZER.to_str())
    first = load_causal(str(file))
    (tmp_path / "tokenizer.json").write_text(TOKENIZER.to_str(pretty=True))
    assert load_causal(str(file)).identity != first.identity


def test_rotary_settings_in_an_object_of_their_own_are_found(tmp_path):
    network = llama()
    rotary = {"rope_theta": SHAPE.rope_base, "rope_type": "default"}
    found = logits_of(write_folder(tmp_path / "new", network, rope_parameters=rotary, rope_theta=7.0))
    assert np.abs(found - reference(gguf_tensors(network))).max() < 1e-4


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": "gpt2"}, "model_type is 'gpt2'"),
        ({"attention_bias": True}, "attention_bias is True"),
        ({"rope_scaling": {"type": "linear", "factor": 2.0}}, "rope_scaling"),
        ({"rope_parameters": {"rope_type": "llama3", "rope_theta": 5e5}}, "rope_type is 'llama3'"),
        ({"head_dim": 128}, "head_dim is 128"),
        ({"num_attention_heads": 7}, r"config\.json: hidden_size 64 must split into 7 heads"),
        ({"residual_multiplier": 0.2}, r"config\.json: residual_multiplier \(0\.2\): not known here"),
        ({"num_hidden_layers": 1}, r"surplus: model\.layers\.1\."),
        ({"intermediate_size": 32}, "wrong shape"),
    ],
)
def test_a_folder_that_is_no_llama_is_refused(changes, words, tmp_path):
    with pytest.raises(SystemExit, match=words):
        load_causal(str(write_folder(tmp_path / "folder", llama(), **changes)))


def test_what_is_missing_is_named(tmp_path):
    folder = write_folder(tmp_path / "folder", llama())
    (folder / "config.json").write_text(str({k: v for k, v in CONFIG.items() if k != "vocab_size"}).replace("'", '"'))
    with pytest.raises(SystemExit, match="'vocab_size' is missing"):
        load_causal(str(folder))
    (folder / "tokenizer.json").unlink()
    with pytest.raises(SystemExit, match=r"tokenizer\.json: no such file"):
        load_causal(str(folder))
    with pytest.raises(SystemExit, match="nowhere: no such file or folder"):
        load_causal("nowhere")
    with pytest.raises(SystemExit, match="llama"):
        load_causal(str(write_gguf(tmp_path / "model.gguf", llama(), **{"llama.rope.scaling.type": "yarn"})))
    with pytest.raises(SystemExit, match=r"model\.gguf: llama\.logit_scale \('0\.1'\): not known here"):
        load_causal(str(write_gguf(tmp_path / "model.gguf", llama(), **{"llama.logit_scale": "0.1"})))
    (tmp_path / "text.gguf").write_text("no weights in here, but more than four bytes")
    with pytest.raises(SystemExit, match="not readable as GGUF"):
        load_causal(str(tmp_path / "text.gguf"))
    assert isinstance(load_causal(str(write_gguf(tmp_path / "fine.gguf", llama()))).network, Transformer)
