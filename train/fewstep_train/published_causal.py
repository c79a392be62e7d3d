"""A published LLaMA-shaped model: a Hugging Face folder with config.json, safetensors and tokenizer.json."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer

from fewstep_train.causal import Causal, build, for_whole_texts, parameter_shapes, separator_of
from fewstep_train.identity import content_identity
from fewstep_train.published_names import dream_name
from fewstep_train.safetensors_folder import Renamed, Shards, check_config, check_tensors, shard_files
from fewstep_train.transformer import TransformerConfig

KNOWN = "LLaMA's without scaled positions"
SCALING = {"rope_scaling": None, "rope_type": "default"}


def llama_config(raw: Mapping[str, Any]) -> TransformerConfig:
    """Of config.json, of which newer ones keep what concerns rotary positions in an object of its own."""
    rotary = raw.get("rope_parameters") or {}
    heads = raw["num_attention_heads"]
    wanted = {"model_type": "llama", "hidden_act": "silu", "attention_bias": False, "mlp_bias": False}
    found = {**raw, **rotary, "head_dim": raw.get("head_dim") or raw["hidden_size"] // heads}
    check_config(found, wanted | SCALING | {"head_dim": raw["hidden_size"] // heads}, KNOWN)
    return TransformerConfig(
        hidden_size=raw["hidden_size"],
        n_blocks=raw["num_hidden_layers"],
        n_heads=heads,
        n_kv_heads=raw.get("num_key_value_heads") or heads,
        intermediate_size=raw["intermediate_size"],
        vocab_size=raw["vocab_size"],
        length=raw.get("max_position_embeddings", 2048),
        norm="rms",
        mlp="swiglu",
        output_bias=False,
        rope_base=float(found.get("rope_theta", 10_000.0)),
        norm_eps=raw.get("rms_norm_eps", 1e-6),
    )


def read_causal_folder(folder: Path) -> Causal:
    """Raises SystemExit naming what is missing or does not fit. Dream's tensors have LLaMA's names."""
    files = [folder / "config.json", folder / "tokenizer.json"]
    for file in files:
        if not file.is_file():
            raise SystemExit(f"{file}: no such file; a published causal model has it beside its safetensors")
    raw = json.loads(files[0].read_text())
    try:
        config = llama_config(raw)
    except KeyError as error:
        raise SystemExit(f"{files[0]}: {error} is missing") from None
    shards = Shards(folder)
    shapes = parameter_shapes(config, tied="lm_head.weight" not in shards)
    names = {name: dream_name(name) for name in shapes}
    check_tensors(shards.shapes(), {names[name]: shape for name, shape in shapes.items()})
    tokenizer = for_whole_texts(Tokenizer.from_file(str(files[1])))
    return Causal(
        folder.resolve().name,
        content_identity([*files, *shard_files(folder)]),
        build(config, Renamed(shards, names)),
        tokenizer,
        separator_of(tokenizer, raw.get("bos_token_id"), folder),
    )
