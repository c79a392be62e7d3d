"""Published LLaDA and Dream checkpoints: a folder with config.json and safetensors, in one file or in shards.

Both are transformers with RMSNorm, SwiGLU and rotary positions, seen from both sides. LLaDA's tensor names are those of
OLMo, Dream's those of Qwen2, of which it took over the weights: its logits at i are about the token at i + 1.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.networks.config import empty_network
from fewstep_train.networks.transformer import TransformerConfig
from fewstep_train.published.fields import (
    Fields,
    Raw,
    count,
    end_of_text_ids,
    faults_of,
    llama_shape,
    number,
    read_json,
    token_id,
    with_rotary,
    words,
)
from fewstep_train.published.names import dream_name, llada_name
from fewstep_train.published.safetensors_folder import Renamed, Shards, check_tensors

LONGEST = 4096  # rotary tables beyond it only take room
KNOWN = "the ones published as LLaDA and Dream"

COMMON = "model_type vocab_size rope_theta rms_norm_eps mask_token_id eos_token_id"
LLADA_FIELDS = Fields(
    honoured=words(
        COMMON,
        "d_model n_layers n_heads n_kv_heads mlp_hidden_size embedding_size max_sequence_length",
        "mlp_ratio multi_query_attention include_qkv_bias",
    ),
    wanted={
        "layer_norm_type": ("rms",),
        "layer_norm_with_affine": (True,),
        "bias_for_layer_norm": (None, False),
        "attention_layer_norm": (False,),
        "input_emb_norm": (False,),
        "activation_type": ("silu",),
        "block_type": ("llama",),
        "include_bias": (False,),
        "weight_tying": (False,),
        "rope": (True,),
        "alibi": (False,),
        "clip_qkv": (None,),
        "scale_logits": (False,),
    },
    neutral=words(
        "alibi_bias_max attention_layer_norm_with_affine block_group_size flash_attention rope_full_precision",
        "precision residual_dropout embedding_dropout init_cutoff_factor init_device init_fn init_std",
        "tie_word_embeddings",
    ),
)
DREAM_FIELDS = Fields(
    honoured=words(
        COMMON,
        "hidden_size num_hidden_layers num_attention_heads num_key_value_heads intermediate_size",
        "max_position_embeddings head_dim layer_types",
    ),
    wanted={
        "hidden_act": ("silu",),
        "tie_word_embeddings": (False,),
        "mlp_bias": (False,),
        "use_sliding_window": (False,),
        "use_mrope": (False,),
    },
    neutral=words("sliding_window max_window_layers attention_bias"),  # tensors tell of biases
)


def common_shape(raw: Raw, rows: int) -> dict[str, Any]:
    """What the two have in common, also its names in config.json."""
    return {
        "norm": "rms",
        "mlp": "swiglu",
        "output_bias": False,
        "causal": False,
        "vocab_size": rows,
        "rope_base": number(raw, "rope_theta"),
        "norm_eps": number(raw, "rms_norm_eps"),
        "mask_token_id": token_id(raw["mask_token_id"], "mask_token_id", rows),
    }


def llada_config(raw: Raw, length: int) -> TransformerConfig:
    LLADA_FIELDS.check(raw, KNOWN)
    heads, width = count(raw, "n_heads"), count(raw, "d_model")
    return TransformerConfig(
        hidden_size=width,
        n_blocks=count(raw, "n_layers"),
        n_heads=heads,
        n_kv_heads=count(raw, "n_kv_heads", 1 if raw.get("multi_query_attention") else heads),
        intermediate_size=count(raw, "mlp_hidden_size", width * count(raw, "mlp_ratio", 4)),
        length=length,
        qkv_bias=bool(raw.get("include_qkv_bias")),
        **common_shape(raw, count(raw, "embedding_size", raw.get("vocab_size"))),
    )


def dream_config(raw: Raw, length: int) -> TransformerConfig:
    DREAM_FIELDS.check(raw, KNOWN)
    shape = llama_shape(raw, KNOWN)
    if any(kind != "full_attention" for kind in raw.get("layer_types") or ()):
        raise ValueError(f"layer_types has others than full_attention: another network than {KNOWN}")
    return TransformerConfig(
        **shape,
        length=length,
        qkv_bias=True,
        **common_shape(raw, count(raw, "vocab_size")),
    )


@dataclass(frozen=True)
class Family:
    kind: str
    name: Callable[[str], str]
    config: Callable[[Raw, int], TransformerConfig]
    longest: str  # the key of the longest text it was made for


FAMILIES = {
    "llada": Family(LLADA, llada_name, llada_config, "max_sequence_length"),
    "dream": Family(DREAM, dream_name, dream_config, "max_position_embeddings"),
}


@dataclass(frozen=True)
class PublishedMasked:
    """`weights` by our names, read lazily. `end_of_text_token_ids`: text ends at any of them."""

    kind: str
    config: TransformerConfig
    weights: Mapping[str, Tensor]
    end_of_text_token_ids: list[int]


def read_config(file: Path, length: int | None) -> tuple[Family, TransformerConfig, list[int]]:
    """(family, configuration, end-of-text ids) of config.json; raises SystemExit naming what does not fit."""
    raw = with_rotary(read_json(file))
    family = FAMILIES.get(str(raw.get("model_type")).lower())
    if family is None:
        raise SystemExit(f"{file}: model_type is {raw.get('model_type')!r}; use one of {', '.join(FAMILIES)}")
    with faults_of(file):
        made_for = count(raw, family.longest, LONGEST)
        if length is not None and not 1 <= length <= made_for:
            bounds = f"made for {made_for} tokens at most, and at least one"
            raise SystemExit(f"--length {length}: the checkpoint was {bounds}")
        config = family.config(raw, length or min(made_for, LONGEST))
        empty_network(config)
        return family, config, end_of_text_ids(raw, config.vocab_size)


def generation_ends(folder: Path, rows: int) -> list[int]:
    """Where generation_config.json, if there is one, says that text ends: an instructed model's turn, for example."""
    file = folder / "generation_config.json"
    try:
        return end_of_text_ids(read_json(file), rows) if file.is_file() else []
    except ValueError as error:
        raise SystemExit(f"{file}: {error}") from None


def read_published_masked(folder: Path, length: int | None) -> PublishedMasked:
    """`length`: the longest canvas to serve (default: what the checkpoint was made for, at most LONGEST).

    Raises SystemExit naming every field that this kit does not know or cannot run, and every tensor that is missing,
    surplus or of another shape.
    """
    file = folder / "config.json"
    if not file.is_file():
        raise SystemExit(f"{file}: no such file; a published LLaDA or Dream folder has one beside its safetensors")
    family, config, ends = read_config(file, length)
    shards = Shards(folder)
    expected = {name: tuple(p.shape) for name, p in empty_network(config).named_parameters()}
    names = {name: family.name(name) for name in expected}
    check_tensors(shards.shapes(), {names[name]: shape for name, shape in expected.items()})
    ends = list(dict.fromkeys([*ends, *generation_ends(folder, config.vocab_size)]))
    return PublishedMasked(family.kind, config, Renamed(shards, names), ends)
