"""Batches of canvases."""

import torch
from torch import Tensor

from fewstep_train.random_state import State
from fewstep_train.text.crops import Crops, frozen_prefixes

HELD_OUT_ROWS = 64  # crops behind a held-out loss


class Batches:
    """Batches of a fixed number of tokens; each has one canvas length, drawn from `lengths`.

    `generator`, on the device that trains, draws all that is drawn for a token; which text is drawn on the CPU.
    """

    def __init__(self, crops: Crops, tokens: int, lengths: list[int], seed: int, device: str = "cpu") -> None:
        self.crops, self.tokens, self.lengths = crops, tokens, lengths
        self.generator = torch.Generator(device).manual_seed(seed)
        self.path = "path" if self.generator.device.type == "cpu" else f"path_{self.generator.device.type}"

    def draw(self) -> tuple[Tensor, Tensor]:
        """data [B, L] and frozen [B, L], on the device"""
        length = self.lengths[self.crops.generator.integers(len(self.lengths))]
        data = self.crops.draw(max(1, self.tokens // length), length).to(self.generator.device)
        return data, frozen_prefixes(*data.shape, generator=self.generator)

    def random_state(self) -> State:
        return {self.path: self.generator.get_state(), **self.crops.random_state()}

    def set_random_state(self, state: State) -> None:
        """What was saved on another kind of device has another generator: the path's draws begin anew, by the seed."""
        if self.path in state:
            self.generator.set_state(state[self.path])
        self.crops.set_random_state(state)
