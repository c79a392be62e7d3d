"""A LLaDA-shaped model as GGUF, the form that llama.cpp reads: weights, and no vocabulary."""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import numpy as np

from fewstep_train.networks.transformer import TransformerConfig
from fewstep_train.published.causal_gguf import gguf_name

INSTALL = "pip install -e './train[judge]'"
Precision = Literal["F16", "Q8_0"]


def write_gguf(path: Path, config: TransformerConfig, weights: Mapping[str, np.ndarray], precision: Precision) -> None:
    """Matrices in `precision`, vectors in float32.

    Raises SystemExit where the package that writes GGUF is missing.
    """
    try:
        from gguf import GGMLQuantizationType, GGUFWriter, quantize
    except ImportError:
        raise SystemExit(f"GGUF is written by the package gguf: {INSTALL}") from None
    writer = GGUFWriter(path, "llada")
    writer.add_context_length(config.length)
    writer.add_embedding_length(config.hidden_size)
    writer.add_block_count(config.n_blocks)
    writer.add_feed_forward_length(config.intermediate_size)
    writer.add_head_count(config.n_heads)
    writer.add_head_count_kv(config.n_kv_heads)
    writer.add_rope_dimension_count(config.head_dim)
    writer.add_rope_freq_base(config.rope_base)
    writer.add_layer_norm_rms_eps(config.norm_eps)
    writer.add_vocab_size(config.num_tokens)
    writer.add_causal_attention(False)
    writer.add_tokenizer_model("none")
    kind = GGMLQuantizationType[precision]
    for name, value in weights.items():
        heads = {"qw": config.n_heads, "kw": config.n_kv_heads}.get(name.split(".")[-2])
        stored = value if heads is None else paired_side_by_side(value, heads)
        if stored.ndim == 2:
            writer.add_tensor(gguf_name(name), quantize(stored, kind), raw_dtype=kind)
        else:
            writer.add_tensor(gguf_name(name), stored)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def paired_side_by_side(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of a query or key map [heads x d, D] whose rotary pairs are row i and row i + d / 2 of a head, as ours are,
    in the order in which llama.cpp turns them: the two of a pair beside each other."""
    halves = weight.reshape(heads, 2, -1, weight.shape[1])
    return np.ascontiguousarray(halves.swapaxes(1, 2)).reshape(weight.shape)
