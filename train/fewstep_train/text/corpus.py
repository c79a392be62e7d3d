"""Training text as one flat array of token ids."""

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from tokenizers import Tokenizer

from fewstep_train.identity import content_identity, digest
from fewstep_train.text.tokenizer import END_OF_TEXT, read_documents


def encode_corpus(paths: Iterable[Path], tokenizer: Tokenizer, cache: Path) -> np.ndarray:
    """Token ids of all documents, each followed by end-of-text: uint16 [N]. Encoded once, then memory-mapped.

    The cache knows them by the tokenizer and by the content of the files.
    """
    paths = list(paths)
    file = cache / f"tokens-{digest(tokenizer.to_str(), content_identity(paths))}.npy"
    if not file.exists():
        cache.mkdir(parents=True, exist_ok=True)
        end = tokenizer.token_to_id(END_OF_TEXT)
        pieces: list[np.ndarray] = []
        for path in paths:
            documents = list(read_documents(path))
            for encoding in tokenizer.encode_batch_fast(documents):
                pieces.append(np.array([*encoding.ids, end], dtype=np.uint16))
            print(f"encoded {path.name}: {len(documents)} documents", flush=True)
        partial = file.with_suffix(f".partial-{os.getpid()}.npy")
        np.save(partial, np.concatenate(pieces))
        partial.rename(file)
    return np.load(file, mmap_mode="r")
