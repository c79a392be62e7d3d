"""How many bytes tokens stand for."""

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.text.tokenizer import END_OF_TEXT


def byte_lengths(tokenizer: Tokenizer) -> Tensor:
    """Bytes of each token of a byte-level vocabulary, [V], whose strings have one character a byte.

    End of text counts as one.
    """
    names = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    return torch.tensor([1 if name == END_OF_TEXT else len(name) for name in names])
