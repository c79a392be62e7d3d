"""Pieces of documents, to be judged each by itself."""

import re


def pieces(document: str, size: int) -> list[str]:
    """Of `size` bytes, one after the other, each from the start of a word; a document that is shorter is one piece."""
    text, found, begin = document.strip().encode(), [], 0
    while begin + size <= len(text):
        found.append(text[begin : begin + size].decode(errors="ignore"))
        gap = re.compile(rb"\s+").search(text, begin + size)
        begin = gap.end() if gap else len(text)
    return found or [document]


def spread(texts: list[str], count: int | None) -> list[str]:
    """`count` of them, evenly spread; all where there are no more."""
    if count is None or count >= len(texts):
        return texts
    return [texts[i * len(texts) // count] for i in range(count)]
