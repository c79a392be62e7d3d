"""Batches of canvases."""

import torch
from torch import Tensor

from fewstep_train.random_state import State
from fewstep_train.text.crops import Crops, frozen_prefixes

HELD_OUT_ROWS = 64  # crops behind a held-out loss


class Batches:
    """Batches of a fixed number of tokens; each has one canvas length, drawn from `lengths`."""

    def __init__(self, crops: Crops, tokens: int, lengths: list[int], seed: int) -> None:
        self.crops, self.tokens, self.lengths = crops, tokens, lengths
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self) -> tuple[Tensor, Tensor]:
        """data [B, L] and frozen [B, L]"""
        length = self.lengths[int(torch.randint(len(self.lengths), (1,), generator=self.generator))]
        data = self.crops.draw(max(1, self.tokens // length), length)
        return data, frozen_prefixes(*data.shape, generator=self.generator)

    def random_state(self) -> State:
        return {"path": self.generator.get_state(), **self.crops.random_state()}

    def set_random_state(self, state: State) -> None:
        self.generator.set_state(state["path"])
        self.crops.set_random_state(state)
