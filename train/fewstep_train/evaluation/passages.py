"""Texts to judge, with the parts that count."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.evaluation.tasks import Task
from fewstep_train.tokenizer import END_OF_TEXT

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


def passages(tokens: Tensor, task: Task, tokenizer: Tokenizer) -> list[Passage]:
    """Of samples [n, L], which are decoded in pieces, so that the task's bounds are known in the text."""
    length = tokens.shape[1]
    bounds = [part.indices(length)[:2] for part in (task.scored, task.made)]
    cuts = sorted({0, length, *(cut for pair in bounds for cut in pair)})

    def passage(row: Sequence[int]) -> Passage:
        pieces = [tokenizer.decode(row[begin:end], skip_special_tokens=False) for begin, end in pairwise(cuts)]
        at = {cut: byte_size("".join(pieces[:number])) for number, cut in enumerate(cuts)}
        scored, made = ((at[begin], at[end]) for begin, end in bounds)
        return Passage("".join(pieces), scored, made)

    return [passage(row) for row in tokens.tolist()]
