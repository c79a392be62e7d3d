"""One tiny LLaMA-shaped model in the forms that others publish: a GGUF file, a Hugging Face folder."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from fixtures import tiny_tokenizer
from gguf import GGMLQuantizationType, GGUFWriter, quantize
from safetensors.torch import save_file
from tiny_transformers import LLAMA, random_transformer
from tokenizers import Tokenizer

from fewstep_train.networks.transformer import Transformer
from fewstep_train.published.causal_gguf import gguf_name
from fewstep_train.published.names import dream_name

TOKENIZER = Tokenizer.from_str(tiny_tokenizer())
SHAPE = replace(LLAMA, vocab_size=TOKENIZER.get_vocab_size(), length=128, qkv_bias=False, output_bias=False)


def llama(tied: bool = False) -> Transformer:
    network = random_transformer(SHAPE)
    if tied:
        network.output.weight = network.vocab_embed.weight
    return network


def stored(network: Transformer) -> dict[str, torch.Tensor]:
    """Tensors by our names; a tied output map is not stored."""
    return {name: p.detach().clone() for name, p in network.named_parameters()}


def side_by_side(weight: np.ndarray, heads: int) -> np.ndarray:
    """Query and key rows as llama.cpp's converter permutes them: (i, i + d / 2) becomes (2 i, 2 i + 1)."""
    rows = weight.reshape(heads, 2, weight.shape[0] // heads // 2, -1)
    return np.ascontiguousarray(rows.swapaxes(1, 2).reshape(weight.shape))


def gguf_tensors(network: Transformer) -> dict[str, np.ndarray]:
    tensors = {name: tensor.numpy() for name, tensor in stored(network).items()}
    for name, tensor in tensors.items():
        if name.endswith(("qw.weight", "kw.weight")):
            heads = SHAPE.n_heads if "qw" in name else SHAPE.n_kv_heads
            tensors[name] = side_by_side(tensor, heads)
    return {gguf_name(name): tensor for name, tensor in tensors.items()}


def write_gguf(file: Path, network: Transformer, products: str = "F32", pre: str = "gpt-2", **fields: str) -> Path:
    """`products`: how the maps are stored; `fields`: strings beside those that a file needs."""
    writer = GGUFWriter(file, "llama")
    writer.add_embedding_length(SHAPE.hidden_size)
    writer.add_block_count(SHAPE.n_blocks)
    writer.add_head_count(SHAPE.n_heads)
    writer.add_head_count_kv(SHAPE.n_kv_heads)
    writer.add_feed_forward_length(SHAPE.intermediate_size)
    writer.add_context_length(SHAPE.length)
    writer.add_rope_freq_base(SHAPE.rope_base)
    writer.add_layer_norm_rms_eps(SHAPE.norm_eps)
    model = json.loads(TOKENIZER.to_str())["model"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre(pre)
    writer.add_token_list(sorted(model["vocab"], key=model["vocab"].get))
    writer.add_token_merges([" ".join(merge) for merge in model["merges"]])
    for name, value in fields.items():
        writer.add_string(name, value)
    for name, tensor in gguf_tensors(network).items():
        kind = GGMLQuantizationType[products if tensor.ndim == 2 else "F32"]
        writer.add_tensor(name, quantize(tensor, kind), raw_dtype=kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


CONFIG = {
    "model_type": "llama",
    "hidden_size": SHAPE.hidden_size,
    "num_hidden_layers": SHAPE.n_blocks,
    "num_attention_heads": SHAPE.n_heads,
    "num_key_value_heads": SHAPE.n_kv_heads,
    "intermediate_size": SHAPE.intermediate_size,
    "vocab_size": SHAPE.vocab_size,
    "max_position_embeddings": SHAPE.length,
    "rms_norm_eps": SHAPE.norm_eps,
    "rope_theta": SHAPE.rope_base,
    "hidden_act": "silu",
}


def write_folder(folder: Path, network: Transformer, **changes: object) -> Path:
    folder.mkdir(parents=True)
    save_file({dream_name(n): t for n, t in stored(network).items()}, folder / "model.safetensors")
    (folder / "config.json").write_text(json.dumps(CONFIG | changes))
    (folder / "tokenizer.json").write_text(TOKENIZER.to_str())
    return folder
