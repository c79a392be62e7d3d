"""What a system is asked to write: which positions of a held-out crop are given, and which are judged."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.evaluation.measures.passages import Passage, byte_size


@dataclass(frozen=True)
class Task:
    """Positions as ranges: `made` by the system, `scored` by the judge given everything before them."""

    name: str
    made: slice
    scored: slice

    def count(self, length: int) -> int:
        """How many tokens of `length` are made."""
        return len(range(length)[self.made])

    def editable(self, rows: int, length: int) -> Tensor:
        """bool [rows, length]"""
        editable = torch.zeros(rows, length, dtype=torch.bool)
        editable[:, self.made] = True
        return editable


UNCONDITIONAL, GAP = "unconditional", "gap"
TASKS = (UNCONDITIONAL, "continuation", "infilling", GAP)
GAP_TOKENS, GAP_CONTEXT = 8, 32


def make_task(name: str, length: int) -> Task:
    """unconditional: everything. continuation: after a quarter. infilling: the middle half. gap: a few in the middle.

    The judge reads from left to right. It scores a continuation given its prefix, but the whole of an infilled text,
    and of a gap also the tokens behind it: how what was made fits what follows shows in the score of what follows.
    """
    quarter = length // 4
    if name == UNCONDITIONAL:
        return Task(name, slice(0, length), slice(0, length))
    if name == "continuation":
        return Task(name, slice(quarter, length), slice(quarter, length))
    if name == "infilling":
        return Task(name, slice(quarter, length - quarter), slice(0, length))
    if name == GAP:
        begin = (length - GAP_TOKENS) // 2
        return Task(name, slice(begin, begin + GAP_TOKENS), slice(begin, min(begin + GAP_TOKENS + GAP_CONTEXT, length)))
    raise ValueError(f"unknown task {name!r}: use one of {', '.join(TASKS)}")


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
