"""A causal language model that others made, to judge texts with: the network, its tokenizer, and who it is."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, processors
from torch import Tensor

from fewstep_train.networks.transformer import Transformer, TransformerConfig
from fewstep_train.text.tokenizer import END_OF_TEXT


@dataclass(frozen=True)
class Causal:
    """`separator`: the token that stands before a text. `identity`: a hash of everything that was read."""

    name: str
    identity: str
    network: Transformer
    tokenizer: Tokenizer
    separator: int


def empty(config: TransformerConfig) -> Transformer:
    """Names and shapes alone. As in `exported`, from which nothing is imported: scores are found again by this code."""
    with torch.device("meta"):
        return Transformer(config)


def build(config: TransformerConfig, weights: Mapping[str, Tensor]) -> Transformer:
    """The network in float32, in eval mode. Without `output.weight` the input embedding is the output map as well."""
    network = empty(config)
    tensors = {name: weight.float() for name, weight in weights.items()}
    tensors.setdefault("output.weight", tensors["vocab_embed.weight"])
    network.load_state_dict(tensors, assign=True)
    return network.eval()


def parameter_shapes(config: TransformerConfig, tied: bool) -> dict[str, tuple[int, ...]]:
    """Of the network's parameters by our names; `tied`: the embedding is the output map as well."""
    shapes = {name: tuple(p.shape) for name, p in empty(config).named_parameters()}
    return {name: shape for name, shape in shapes.items() if not (tied and name == "output.weight")}


def for_whole_texts(tokenizer: Tokenizer) -> Tokenizer:
    """The tokenizer as it reads texts: nothing cut off or added, the name of a special token text like any other."""
    tokenizer.no_truncation()
    tokenizer.no_padding()
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)  # offsets cover the spaces, too
    tokenizer.encode_special_tokens = True
    return tokenizer


def separator_of(tokenizer: Tokenizer, begin: int | None, where: Path) -> int:
    """End of text where the vocabulary has it, because it stood between the documents of training; else `begin`."""
    end = tokenizer.token_to_id(END_OF_TEXT)
    separator = begin if end is None else end
    if separator is None:
        raise SystemExit(f"{where}: its vocabulary has neither {END_OF_TEXT} nor a token that begins a text")
    return separator
