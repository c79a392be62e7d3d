"""Texts to judge, with the parts that count."""

from dataclasses import dataclass

from fewstep_train.text.tokenizer import END_OF_TEXT

Span = tuple[int, int]
"""From and to, in bytes of the text."""


@dataclass(frozen=True)
class Passage:
    """`scored`: what the judge is asked about, given everything before. `made`: what a system wrote.

    End of text may stand in the text, and counts as one byte.
    """

    text: str
    scored: Span
    made: Span


def byte_size(text: str) -> int:
    return len(text.replace(END_OF_TEXT, "\n").encode())


def whole(text: str) -> Passage:
    span = (0, byte_size(text))
    return Passage(text, span, span)


def first_document(text: str) -> str:
    """What stands before the end of text; a text that begins with one goes on after it."""
    return next((part for part in (p.strip() for p in text.split(END_OF_TEXT)) if part), "")
