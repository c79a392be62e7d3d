"""import-checkpoint takes LLaDA and Dream folders as they are published: names, shards, shared heads, the shift."""

import json
from dataclasses import replace

import numpy as np
import onnxruntime as ort
import pytest
import torch
from golden import step_inputs
from safetensors.torch import save_file
from tiny_transformers import LLAMA, random_transformer

import fewstep_train.folder.model_folder
import fewstep_train.graphs.graph_builder
from fewstep_train.__main__ import main
from fewstep_train.folder.exported import read_exported
from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.masked.dream import dream_logits
from fewstep_train.masked.llada import llada_logits
from fewstep_train.masked.masked_diffusion import tempered
from fewstep_train.published.names import dream_name, llada_name

MASK = 50
SHAPE = replace(LLAMA, vocab_size=64, causal=False, output_bias=False, mask_token_id=MASK)
LLADA_SHAPE = replace(SHAPE, qkv_bias=False, n_kv_heads=4, rope_base=5e5)
LLADA_CONFIG = {
    "model_type": "llada",
    "d_model": 64,
    "n_layers": 2,
    "n_heads": 4,
    "n_kv_heads": 4,
    "mlp_hidden_size": 96,
    "vocab_size": 60,
    "embedding_size": 64,
    "max_sequence_length": 16,
    "mask_token_id": MASK,
    "eos_token_id": 7,
    "rope": True,
    "rope_theta": 500000.0,
    "rms_norm_eps": 1e-5,
    "layer_norm_type": "rms",
    "activation_type": "silu",
    "block_type": "llama",
    "include_bias": False,
    "weight_tying": False,
}
DREAM_CONFIG = {
    "model_type": "Dream",
    "hidden_size": 64,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "intermediate_size": 96,
    "vocab_size": 64,
    "max_position_embeddings": 16,
    "mask_token_id": MASK,
    "rope_theta": 1000000.0,
    "rms_norm_eps": 1e-5,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
}
KINDS = {
    LLADA: (LLADA_SHAPE, LLADA_CONFIG, llada_name, llada_logits),
    DREAM: (SHAPE, DREAM_CONFIG, dream_name, dream_logits),
}


def published(kind, folder, shards=1, **changes):
    """A tiny random model in the published form; returns the network."""
    shape, config, name, _ = KINDS[kind]
    network = random_transformer(shape)
    tensors = {name(ours): p.detach().clone() for ours, p in network.named_parameters()}
    tensors |= changes.pop("tensors", {})
    tensors = {name: t for name, t in tensors.items() if t is not None}
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(config | changes))
    if shards == 1:
        save_file(tensors, folder / "model.safetensors")
        return network
    files = [f"model-{i + 1:05}-of-{shards:05}.safetensors" for i in range(shards)]
    where = {name: files[i % shards] for i, name in enumerate(sorted(tensors))}
    for file in files:
        save_file({name: tensors[name] for name in tensors if where[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": where}))
    return network


def import_checkpoint(*arguments):
    main(["import-checkpoint", *map(str, arguments)])


def open_session_of(folder):
    return ort.InferenceSession(str(folder / "step.onnx"), providers=["CPUExecutionProvider"])


def posterior_at_once(session):
    """What a step in one says of a half masked canvas: (tokens, drawn, confidence)."""
    rng = np.random.default_rng(1)
    tokens = np.where(rng.random((4, 12)) < 0.5, MASK, rng.integers(50, size=(4, 12)))
    inputs = {**step_inputs(tokens, 0.5, 0.5), "reveal_above": np.full(len(tokens), 2, np.float32)}
    return tokens, *session.run(["next_tokens", "confidence"], inputs)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shards", [1, 3])
def test_the_imported_step_graph_computes_the_published_network(kind, shards, tmp_path):
    network = published(kind, tmp_path / "published", shards)
    out = tmp_path / "model"
    import_checkpoint("--checkpoint", tmp_path / "published", "--store", "float32", "--out", out)
    exported = read_exported(out)
    assert (exported.kind, exported.manifest["algorithm"]) == (kind, kind)
    assert exported.config == replace(network.config, length=16)
    assert exported.manifest["mask_token_id"] == MASK
    assert exported.manifest["end_of_text_token_id"] == (7 if kind == LLADA else None)
    assert all(torch.equal(exported.weights[name], p) for name, p in network.named_parameters())
    tokens, drawn, confidence = posterior_at_once(open_session_of(out))
    with torch.no_grad():
        law = tempered(KINDS[kind][3](network, torch.from_numpy(tokens)), MASK, 1.0, 1.0).numpy()
    own = np.take_along_axis(law, drawn[..., None], axis=2)[..., 0]
    assert np.abs(own - confidence).max() < 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_sixteen_bits_of_brain_float_become_sixteen_of_half_and_eight_where_asked_for(kind, tmp_path):
    network = published(kind, tmp_path / "published")
    halves = {KINDS[kind][2](name): p.detach().bfloat16() for name, p in network.named_parameters()}
    save_file(halves, tmp_path / "published" / "model.safetensors")
    import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "half")
    import_checkpoint("--checkpoint", tmp_path / "published", "--store", "int8", "--out", tmp_path / "eighth")
    half, eighth = read_exported(tmp_path / "half"), read_exported(tmp_path / "eighth")
    for name, p in network.named_parameters():
        assert (half.weights[name] - p.bfloat16().float()).abs().max() < 1e-7, "bfloat16 fits, but for the smallest"
        error = (eighth.weights[name] - half.weights[name]).abs().max()
        assert error <= half.weights[name].abs().max() / 127
    sizes = [(tmp_path / name / "step.onnx").stat().st_size for name in ("half", "eighth")]
    assert sizes[1] < 0.75 * sizes[0]


@pytest.mark.parametrize("kind", KINDS)
def test_weights_too_large_for_one_file_lie_beside_the_graph(kind, tmp_path, monkeypatch):
    published(kind, tmp_path / "published")
    import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")
    whole = posterior_at_once(open_session_of(tmp_path / "model"))
    for module in (fewstep_train.graphs.graph_builder, fewstep_train.folder.model_folder):
        monkeypatch.setattr(module, "INLINE_BYTES", 1000)
    import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")
    manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
    assert set(manifest["files"]) == {"step.onnx", "step.onnx.data"}
    modes = {(tmp_path / "model" / name).stat().st_mode for name in manifest["files"]}
    assert len(modes) == 1, "who may read the graph may read its weights"
    split = posterior_at_once(open_session_of(tmp_path / "model"))
    assert all((a == b).all() for a, b in zip(whole, split, strict=True))
    names = [name for name, _ in random_transformer(KINDS[kind][0]).named_parameters()]
    assert list(read_exported(tmp_path / "model").weights) == names
    monkeypatch.undo()
    main(["export", "--model", str(tmp_path / "model"), "--out", str(tmp_path / "model")])
    assert not (tmp_path / "model" / "step.onnx.data").exists(), "no weights of another time are left"


def test_what_does_not_fit_is_named(tmp_path):
    damage = {
        "model.layers.1.self_attn.q_proj.bias": None,
        "model.layers.7.mlp.up_proj.weight": torch.zeros(2),
        "lm_head.weight": torch.zeros(3, 64),
        "model.layers.0.self_attn.rotary_emb.inv_freq": torch.zeros(8),
    }
    published(DREAM, tmp_path / "damaged", tensors=damage)
    with pytest.raises(SystemExit) as error:
        import_checkpoint("--checkpoint", tmp_path / "damaged", "--out", tmp_path / "model")
    assert str(error.value).splitlines()[1:] == [
        "  missing: model.layers.1.self_attn.q_proj.bias (64,)",
        "  surplus: model.layers.7.mlp.up_proj.weight (2,)",
        "  wrong shape: lm_head.weight is (3, 64), the configuration says (64, 64)",
    ]
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize(
    ("kind", "changes", "message"),
    [
        (LLADA, {"block_type": "sequential"}, "block_type is 'sequential', not 'llama'"),
        (LLADA, {"alibi": True}, "alibi is True, not False"),
        (LLADA, {"clip_qkv": 8.0}, "clip_qkv is 8.0, not None"),
        (LLADA, {"scale_logits": True}, "scale_logits is True, not False"),
        (LLADA, {"input_emb_norm": True}, "input_emb_norm is True, not False"),
        (
            LLADA,
            {"rope_scaling": {"type": "linear", "factor": 2.0}},
            "rope_scaling is {'type': 'linear', 'factor': 2.0}",
        ),
        (LLADA, {"attention_sinks": 4}, r"attention_sinks \(4\): not known here"),
        (LLADA, {"mask_token_id": -1}, "mask_token_id is -1, not one of the 64 tokens"),
        (LLADA, {"mask_token_id": 64}, "mask_token_id is 64, not one of the 64 tokens"),
        (LLADA, {"mask_token_id": None}, "mask_token_id is None, not one of"),
        (LLADA, {"eos_token_id": 99_999}, "eos_token_id is 99999, not one of the 64 tokens"),
        (LLADA, {"n_heads": 7}, "hidden_size 64 must split into 7 heads"),
        (LLADA, {"n_heads": 0}, "n_heads is 0, not a whole number above 0"),
        (LLADA, {"n_kv_heads": 3}, "4 heads cannot share 3 key-value heads"),
        (LLADA, {"d_model": "64"}, "d_model is '64', not a whole number"),
        (LLADA, {"rope_theta": "big"}, "rope_theta is 'big', not a number above 0"),
        (DREAM, {"tie_word_embeddings": True}, "tie_word_embeddings is True, not False"),
        (DREAM, {"use_sliding_window": True}, "use_sliding_window is True, not False"),
        (DREAM, {"head_dim": 32}, "head_dim is 32, not 16"),
        (DREAM, {"layer_types": ["full_attention", "sliding_attention"]}, "layer_types has others than full_attention"),
        (DREAM, {"rope_parameters": {"rope_type": "yarn", "rope_theta": 1e6}}, "rope_type is 'yarn', not 'default'"),
        (DREAM, {"rope_parameters": {"rope_theta": 1e6, "factor": 4.0}}, r"factor \(4.0\): not known here"),
        (DREAM, {"model_type": "llama"}, "model_type is 'llama'; use one of llada, dream"),
    ],
)
def test_another_network_is_refused(kind, changes, message, tmp_path):
    published(kind, tmp_path / "other", **changes)
    with pytest.raises(SystemExit, match=rf"config\.json: .*{message}"):
        import_checkpoint("--checkpoint", tmp_path / "other", "--out", tmp_path / "model")
    assert not (tmp_path / "model").exists()


# As the makers of LLaDA-8B and Dream-7B wrote them, but for the sizes.
WHOLE_LLADA = {
    **{"alibi": False, "alibi_bias_max": 8.0, "architectures": ["LLaDAModelLM"], "attention_dropout": 0.0},
    **{"attention_layer_norm": False, "attention_layer_norm_with_affine": True, "auto_map": {"AutoConfig": "c.C"}},
    **{"bias_for_layer_norm": False, "block_group_size": 1, "embedding_dropout": 0.0, "flash_attention": False},
    **{"include_qkv_bias": False, "init_cutoff_factor": None, "init_device": "meta", "init_fn": "mitchell"},
    **{"init_std": 0.02, "input_emb_norm": False, "layer_norm_with_affine": True, "mlp_ratio": 4},
    **{"multi_query_attention": None, "pad_token_id": 7, "precision": "amp_bf16", "residual_dropout": 0.0},
    **{"rope_full_precision": True, "scale_logits": False, "transformers_version": "4.46.3", "use_cache": False},
}
WHOLE_DREAM = {
    **{"architectures": ["DreamModel"], "attention_dropout": 0.0, "auto_map": {"AutoConfig": "c.C"}},
    **{"bos_token_id": 1, "eos_token_id": 7, "pad_token_id": 7, "initializer_range": 0.02, "max_window_layers": 28},
    **{"rope_scaling": None, "sliding_window": None, "torch_dtype": "bfloat16", "transformers_version": "4.46.2"},
    **{"use_cache": True, "use_mrope": False, "use_sliding_window": False, "_name_or_path": "somewhere"},
}


@pytest.mark.parametrize(("kind", "fields"), [(LLADA, WHOLE_LLADA), (DREAM, WHOLE_DREAM)])
def test_the_published_configurations_are_known_whole(kind, fields, tmp_path):
    network = published(kind, tmp_path / "published", **fields)
    import_checkpoint("--checkpoint", tmp_path / "published", "--store", "float32", "--out", tmp_path / "model")
    assert read_exported(tmp_path / "model").config == replace(network.config, length=16)


def test_rotary_positions_are_read_where_newer_files_keep_them(tmp_path):
    published(DREAM, tmp_path / "published", rope_parameters={"rope_type": "default", "rope_theta": 5e4})
    import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")
    assert read_exported(tmp_path / "model").config.rope_base == 5e4


def test_text_ends_at_any_of_the_tokens_that_the_folder_names(tmp_path):
    published(LLADA, tmp_path / "published", eos_token_id=[7, 9])
    (tmp_path / "published" / "generation_config.json").write_text(json.dumps({"eos_token_id": [9, 12], "top_p": 0.9}))
    import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")
    for _ in range(2):
        manifest = json.loads((tmp_path / "model" / "manifest.json").read_text())
        assert manifest["end_of_text_token_id"] == 7
        assert manifest["end_of_text_token_ids"] == [7, 9, 12]
        main(["export", "--model", str(tmp_path / "model"), "--out", str(tmp_path / "model")])
    (tmp_path / "published" / "generation_config.json").write_text('{"eos_token_id": 64}')
    with pytest.raises(SystemExit, match=r"generation_config\.json: eos_token_id is 64, not one of the 64 tokens"):
        import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")


@pytest.mark.parametrize(
    ("index", "message"),
    [
        ("{}", "no weight_map in it"),
        ('{"weight_map": {}}', "no weight_map in it"),
        ('{"weight_map": {"a": 3}}', "no weight_map in it"),
        ("[]", "no JSON object"),
        ("{", "not readable as JSON"),
        ('{"weight_map": {"a": "../outside.safetensors"}}', r"'\.\./outside\.safetensors' lies outside the folder"),
        ('{"weight_map": {"a": "/etc/passwd"}}', "'/etc/passwd' lies outside the folder"),
    ],
)
def test_an_index_names_files_of_its_folder(index, message, tmp_path):
    published(LLADA, tmp_path / "published", shards=2)
    (tmp_path / "published" / "model-00001-of-00002.safetensors").rename(tmp_path / "outside.safetensors")
    (tmp_path / "published" / "model.safetensors.index.json").write_text(index)
    with pytest.raises(SystemExit, match=rf"index\.json: {message}"):
        import_checkpoint("--checkpoint", tmp_path / "published", "--out", tmp_path / "model")


def test_options_of_the_other_kind_of_checkpoint_are_not_ignored(tmp_path):
    published(LLADA, tmp_path / "published")
    for option, value in (("--weights", "teacher"), ("--config", tmp_path / "c.yaml")):
        with pytest.raises(SystemExit, match=f"{option} belongs to a .pth of FS-DFM"):
            import_checkpoint("--checkpoint", tmp_path / "published", option, value, "--out", tmp_path / "model")


def test_missing_files_keys_and_room_are_named(tmp_path):
    published(LLADA, tmp_path / "published", shards=2)
    config = tmp_path / "published" / "config.json"
    with pytest.raises(SystemExit, match="made for 16 tokens"):
        import_checkpoint("--checkpoint", config.parent, "--length", "32", "--out", tmp_path / "model")
    (tmp_path / "published" / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(SystemExit, match=r"model-00002-of-00002\.safetensors: no such file"):
        import_checkpoint("--checkpoint", config.parent, "--out", tmp_path / "model")
    raw = json.loads(config.read_text())
    config.write_text(json.dumps({k: v for k, v in raw.items() if k != "mask_token_id"}))
    with pytest.raises(SystemExit, match=r"config\.json: 'mask_token_id' is missing"):
        import_checkpoint("--checkpoint", config.parent, "--out", tmp_path / "model")
    config.unlink()
    with pytest.raises(SystemExit, match=r"config\.json: no such file"):
        import_checkpoint("--checkpoint", config.parent, "--out", tmp_path / "model")
