"""A LLaMA-shaped model from a GGUF file, the form that llama.cpp reads: any quantisation, in float32 here."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from torch import Tensor

from fewstep_train.identity import content_identity
from fewstep_train.networks.config import empty_network
from fewstep_train.networks.transformer import TransformerConfig
from fewstep_train.published.causal import Causal, build, for_whole_texts, parameter_shapes, separator_of
from fewstep_train.published.fields import Fields, faults_of, words
from fewstep_train.published.names import published_name
from fewstep_train.published.safetensors_folder import check_tensors

if TYPE_CHECKING:
    from gguf import GGUFReader

KNOWN = "LLaMA's in GGUF"
HONOURED = words(
    "llama.block_count llama.context_length llama.embedding_length llama.feed_forward_length llama.vocab_size",
    "llama.rope.freq_base llama.attention.head_count llama.attention.head_count_kv",
    "llama.attention.layer_norm_rms_epsilon",
)
WANTED = {"llama.rope.scaling.type": ("none",), "llama.expert_count": (0,), "llama.expert_used_count": (0,)}
# Our names of a block's tensors and of the others, without ".weight", and GGUF's.
BLOCK = {
    "norm1": "attn_norm",
    "qw": "attn_q",
    "kw": "attn_k",
    "vw": "attn_v",
    "attn_out": "attn_output",
    "norm2": "ffn_norm",
    "mlp.gate": "ffn_gate",
    "mlp.up": "ffn_up",
    "mlp.down": "ffn_down",
}
OTHERS = {"vocab_embed": "token_embd", "norm_final": "output_norm", "output": "output"}
BYTE_LEVEL = pre_tokenizers.ByteLevel(add_prefix_space=False)
PRE_TOKENIZERS = {
    "gpt-2": BYTE_LEVEL,
    "smollm": pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=True), BYTE_LEVEL]),
}


def gguf_name(name: str) -> str:
    return published_name(name, OTHERS, BLOCK, "blk")


def paired_by_halves(weight: Tensor, heads: int) -> Tensor:
    """Rows of a query or key map [heads x d, D], whose rotary pairs GGUF stores side by side, in our order.

    Ours (and Hugging Face's) pairs row i of a head with row i + d / 2.
    """
    return weight.unflatten(0, (heads, -1, 2)).transpose(1, 2).flatten(0, 2)


class GgufWeights(Mapping[str, Tensor]):
    """Tensors by our names, read when asked for."""

    def __init__(self, reader: "GGUFReader", config: TransformerConfig) -> None:
        stored = {tensor.name: tensor for tensor in reader.tensors}
        shapes = parameter_shapes(config, tied="output.weight" not in stored)
        found = {name: tuple(map(int, reversed(t.shape))) for name, t in stored.items()}  # GGUF: columns first
        check_tensors(found, {gguf_name(name): shape for name, shape in shapes.items()})
        self.tensors = {name: stored[gguf_name(name)] for name in shapes}
        self.config = config

    def __getitem__(self, name: str) -> Tensor:
        from gguf import dequantize

        stored = self.tensors[name]
        weight = torch.tensor(dequantize(stored.data, stored.tensor_type))  # a copy: the file is mapped, read-only
        if name.endswith("qw.weight"):
            return paired_by_halves(weight, self.config.n_heads)
        return paired_by_halves(weight, self.config.n_kv_heads) if name.endswith("kw.weight") else weight

    def __iter__(self) -> Iterator[str]:
        return iter(self.tensors)

    def __len__(self) -> int:
        return len(self.tensors)


def config_of(fields: Mapping[str, Any]) -> TransformerConfig:
    width, heads = fields["llama.embedding_length"], fields["llama.attention.head_count"]
    head_dims = ("rope.dimension_count", "attention.key_length", "attention.value_length")
    wanted = WANTED | {f"llama.{key}": (width // heads,) for key in head_dims}
    own = {key: value for key, value in fields.items() if key.startswith("llama.")}  # others: tokens, and who made it
    Fields(HONOURED, wanted).check(own, KNOWN)
    return TransformerConfig(
        hidden_size=width,
        n_blocks=fields["llama.block_count"],
        n_heads=heads,
        n_kv_heads=fields.get("llama.attention.head_count_kv", heads),
        intermediate_size=fields["llama.feed_forward_length"],
        vocab_size=len(fields["tokenizer.ggml.tokens"]),
        length=fields["llama.context_length"],
        norm="rms",
        mlp="swiglu",
        output_bias=False,
        rope_base=fields.get("llama.rope.freq_base", 10_000.0),
        norm_eps=fields["llama.attention.layer_norm_rms_epsilon"],
    )


def tokenizer_of(fields: Mapping[str, Any], file: Path) -> Tokenizer:
    """The tokenizer.json beside the file if there is one; else byte-level BPE from the file's vocabulary and merges."""
    beside = file.with_name("tokenizer.json")
    if beside.is_file():
        return Tokenizer.from_file(str(beside))
    kind = (fields.get("tokenizer.ggml.model"), fields.get("tokenizer.ggml.pre", "gpt-2"))
    if kind[0] != "gpt2" or kind[1] not in PRE_TOKENIZERS:
        known = ", ".join(PRE_TOKENIZERS)
        raise SystemExit(f"{file}: its tokenizer is {kind}, not 'gpt2' with {known}: put its tokenizer.json beside it")
    vocabulary = {token: i for i, token in enumerate(fields["tokenizer.ggml.tokens"])}
    merges = [tuple(merge.split(" ")) for merge in fields["tokenizer.ggml.merges"]]
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=merges))
    tokenizer.pre_tokenizer = PRE_TOKENIZERS[kind[1]]
    tokenizer.decoder = decoders.ByteLevel()
    return tokenizer


def read_gguf(file: Path) -> Causal:
    """Raises SystemExit naming what does not fit: a field, a tensor, a tokenizer."""
    try:
        from gguf import GGUFReader
    except ImportError:
        raise SystemExit(f"{file}: reading GGUF takes a package: pip install gguf") from None
    try:
        reader = GGUFReader(file)
    except ValueError as error:
        raise SystemExit(f"{file}: not readable as GGUF: {error}") from None
    fields = {name: field.contents() for name, field in reader.fields.items()}
    if fields.get("general.architecture") != "llama":
        raise SystemExit(f"{file}: its architecture is {fields.get('general.architecture')!r}; this kit reads 'llama'")
    with faults_of(file):
        config = config_of(fields)
        empty_network(config)
    tokenizer = for_whole_texts(tokenizer_of(fields, file))
    beside = file.with_name("tokenizer.json")
    files = [file, *([beside] if beside.is_file() else [])]
    separator = separator_of(tokenizer, fields.get("tokenizer.ggml.bos_token_id"), file)
    return Causal(file.stem, content_identity(files), build(config, GgufWeights(reader, config)), tokenizer, separator)
