"""Published LLaDA and Dream checkpoints: a folder with config.json and safetensors, in one file or in shards.

Both are transformers with RMSNorm, SwiGLU and rotary positions, seen from both sides. LLaDA's tensor names are those of
OLMo, Dream's those of Qwen2, of which it took over the weights: its logits at i are about the token at i + 1.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fewstep_train.exported import empty_network
from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.published_names import dream_name, llada_name
from fewstep_train.safetensors_folder import Renamed, Shards, check_config, check_tensors
from fewstep_train.transformer import TransformerConfig

LONGEST = 4096  # rotary tables beyond it only take room
KNOWN = "the ones published as LLaDA and Dream"


def common_shape(raw: Mapping[str, Any]) -> dict[str, Any]:
    """What the two have in common, also its names in config.json."""
    return {
        "norm": "rms",
        "mlp": "swiglu",
        "output_bias": False,
        "causal": False,
        "rope_base": float(raw["rope_theta"]),
        "norm_eps": float(raw["rms_norm_eps"]),
        "mask_token_id": raw["mask_token_id"],
    }


def llada_config(raw: Mapping[str, Any], length: int) -> TransformerConfig:
    wanted = {"layer_norm_type": "rms", "activation_type": "silu", "block_type": "llama", "weight_tying": False}
    check_config(raw, wanted | {"rope": True, "include_bias": False}, KNOWN)
    return TransformerConfig(
        hidden_size=raw["d_model"],
        n_blocks=raw["n_layers"],
        n_heads=raw["n_heads"],
        n_kv_heads=raw.get("n_kv_heads") or raw["n_heads"],
        intermediate_size=raw["mlp_hidden_size"],
        vocab_size=raw.get("embedding_size") or raw["vocab_size"],
        length=length,
        qkv_bias=bool(raw.get("include_qkv_bias")),
        **common_shape(raw),
    )


def dream_config(raw: Mapping[str, Any], length: int) -> TransformerConfig:
    check_config(raw, {"hidden_act": "silu", "tie_word_embeddings": False}, KNOWN)
    return TransformerConfig(
        hidden_size=raw["hidden_size"],
        n_blocks=raw["num_hidden_layers"],
        n_heads=raw["num_attention_heads"],
        n_kv_heads=raw.get("num_key_value_heads") or raw["num_attention_heads"],
        intermediate_size=raw["intermediate_size"],
        vocab_size=raw["vocab_size"],
        length=length,
        qkv_bias=True,
        **common_shape(raw),
    )


@dataclass(frozen=True)
class Family:
    kind: str
    name: Callable[[str], str]
    config: Callable[[Mapping[str, Any], int], TransformerConfig]
    longest: str  # the key of the longest text it was made for


FAMILIES = {
    "llada": Family(LLADA, llada_name, llada_config, "max_sequence_length"),
    "dream": Family(DREAM, dream_name, dream_config, "max_position_embeddings"),
}


@dataclass(frozen=True)
class PublishedMasked:
    """`weights` by our names, read lazily."""

    kind: str
    config: TransformerConfig
    weights: Mapping[str, Tensor]
    end_of_text_token_id: int | None


def read_published_masked(folder: Path, length: int | None) -> PublishedMasked:
    """`length`: the longest canvas to serve (default: what the checkpoint was made for, at most LONGEST).

    Raises SystemExit naming every tensor that is missing, surplus or of another shape.
    """
    file = folder / "config.json"
    if not file.is_file():
        raise SystemExit(f"{file}: no such file; a published LLaDA or Dream folder has one beside its safetensors")
    raw = json.loads(file.read_text())
    family = FAMILIES.get(str(raw.get("model_type")).lower())
    if family is None:
        raise SystemExit(f"{file}: model_type is {raw.get('model_type')!r}; use one of {', '.join(FAMILIES)}")
    try:
        made_for = int(raw.get(family.longest, LONGEST))
        config = family.config(raw, length or min(made_for, LONGEST))
    except KeyError as error:
        raise SystemExit(f"{file}: {error} is missing") from None
    if length is not None and length > made_for:
        raise SystemExit(f"--length {length}: the checkpoint was made for {made_for} tokens at most")
    shards = Shards(folder)
    expected = {name: tuple(p.shape) for name, p in empty_network(config).named_parameters()}
    names = {name: family.name(name) for name in expected}
    check_tensors(shards.shapes(), {names[name]: shape for name, shape in expected.items()})
    eos = raw.get("eos_token_id")
    return PublishedMasked(family.kind, config, Renamed(shards, names), eos[0] if isinstance(eos, list) else eos)
