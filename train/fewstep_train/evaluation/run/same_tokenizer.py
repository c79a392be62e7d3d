"""Numbers a token compare only where tokens are the same."""

from pathlib import Path

from tokenizers import Tokenizer


def check_tokenizer(path: Path, tokenizer_json: str, tokenizer: Tokenizer) -> None:
    """Raises SystemExit where the tokenizer of `path` is not `tokenizer`, the judge's."""
    if Tokenizer.from_str(tokenizer_json).get_vocab() != tokenizer.get_vocab():
        raise SystemExit(f"{path}: its tokenizer is not the judge's")
