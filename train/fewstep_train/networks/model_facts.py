"""How much arithmetic and how many weights a model needs, from its shape: what a roofline is drawn from."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import TransformerConfig


def weight_facts(weights: Mapping[str, np.ndarray]) -> dict[str, int]:
    """parameters; matrix_parameters: those that every forward pass multiplies with, so not the input embedding's."""
    matrices = [w.size for name, w in weights.items() if w.ndim == 2 and name != "vocab_embed.weight"]
    return {"parameters": sum(w.size for w in weights.values()), "matrix_parameters": sum(matrices)}


def per_row(name: str) -> bool:
    """Is the weight applied once a canvas (time and step size), not once a token?"""
    return any(part in name for part in ("time_", "dt_", "condition_fuser", "adaLN"))


def canvas_facts(config: NetworkConfig, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A token of a canvas of L tokens costs flops_per_token + L x attention_flops_per_pair; a canvas flops_per_row."""
    matrices = {n: w.size for n, w in weights.items() if w.ndim == 2 and n != "vocab_embed.weight"}
    return {
        **weight_facts(weights),
        "flops_per_token": 2 * sum(size for name, size in matrices.items() if not per_row(name)),
        "flops_per_row": 2 * sum(size for name, size in matrices.items() if per_row(name)),
        "attention_flops_per_pair": 4 * config.hidden_size * config.n_blocks,
        "shape": config.to_dict(),
    }


def decoder_facts(config: TransformerConfig, weights: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """A token after P others costs flops_per_token + (P + 1) x attention_flops_per_pair, and reads P x cache_bytes."""
    facts = weight_facts(weights)
    return {
        **facts,
        "flops_per_token": 2 * facts["matrix_parameters"],
        "attention_flops_per_pair": 4 * config.hidden_size * config.n_blocks,
        "cache_bytes_per_position": 2 * 4 * config.n_blocks * config.n_kv_heads * config.head_dim,
        "shape": config.to_dict(),
    }
