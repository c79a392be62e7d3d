"""What a system is asked to write: which positions of a held-out crop are given, and which are judged."""

from dataclasses import dataclass

import torch
from torch import Tensor


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


UNCONDITIONAL = "unconditional"
TASKS = (UNCONDITIONAL, "continuation", "infilling")


def make_task(name: str, length: int) -> Task:
    """unconditional: everything. continuation: after a quarter. infilling: the middle half.

    The judge reads from left to right. It scores a continuation given its prefix, but the whole of an infilled text:
    how the middle fits what follows shows in the score of what follows.
    """
    quarter = length // 4
    if name == UNCONDITIONAL:
        return Task(name, slice(0, length), slice(0, length))
    if name == "continuation":
        return Task(name, slice(quarter, length), slice(quarter, length))
    if name == "infilling":
        return Task(name, slice(quarter, length - quarter), slice(0, length))
    raise ValueError(f"unknown task {name!r}: use one of {', '.join(TASKS)}")
