"""The names of a published transformer's tensors, by ours."""

from collections.abc import Mapping

# Our names of a block's tensors and of the others, without ".weight", and the published ones: OLMo's for LLaDA, and for
# Dream those of Qwen2, which are LLaMA's too.
LLADA_BLOCK = {
    "norm1": "attn_norm",
    "qw": "q_proj",
    "kw": "k_proj",
    "vw": "v_proj",
    "attn_out": "attn_out",
    "norm2": "ff_norm",
    "mlp.gate": "ff_proj",
    "mlp.up": "up_proj",
    "mlp.down": "ff_out",
}
LLADA_OTHERS = {"vocab_embed": "wte", "norm_final": "ln_f", "output": "ff_out"}
DREAM_BLOCK = {
    "norm1": "input_layernorm",
    "qw": "self_attn.q_proj",
    "kw": "self_attn.k_proj",
    "vw": "self_attn.v_proj",
    "attn_out": "self_attn.o_proj",
    "norm2": "post_attention_layernorm",
    "mlp.gate": "mlp.gate_proj",
    "mlp.up": "mlp.up_proj",
    "mlp.down": "mlp.down_proj",
}
DREAM_OTHERS = {"vocab_embed": "model.embed_tokens", "norm_final": "model.norm", "output": "lm_head"}


def published_name(name: str, others: Mapping[str, str], block: Mapping[str, str], prefix: str) -> str:
    """The published name of our parameter `name`."""
    module, _, leaf = name.rpartition(".")
    if not module.startswith("blocks."):
        return f"{others[module]}.{leaf}"
    _, index, part = module.split(".", 2)
    return f"{prefix}.{index}.{block[part]}.{leaf}"


def llada_name(name: str) -> str:
    others = {ours: f"model.transformer.{theirs}" for ours, theirs in LLADA_OTHERS.items()}
    return published_name(name, others, LLADA_BLOCK, "model.transformer.blocks")


def dream_name(name: str) -> str:
    return published_name(name, DREAM_OTHERS, DREAM_BLOCK, "model.layers")
