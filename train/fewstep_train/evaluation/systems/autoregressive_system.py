"""The autoregressive model as a system, in PyTorch."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fewstep_train.evaluation.systems.decoding import continue_tokens
from fewstep_train.evaluation.systems.identity import model_identity
from fewstep_train.evaluation.systems.names import AUTOREGRESSIVE_NAME
from fewstep_train.evaluation.systems.samples import Samples, Sampling
from fewstep_train.flow.solver import MIN_TEMPERATURE
from fewstep_train.kinds import AUTOREGRESSIVE
from fewstep_train.masked.masked_diffusion import nucleus
from fewstep_train.networks.transformer import Transformer
from fewstep_train.training.trained import load_trained


@dataclass
class AutoregressiveSystem:
    """Writes from left to right, blind to what stands behind.

    `leads` [n]: tokens that precede real crops; a text without a prefix begins after one of them.
    """

    name: str
    identity: str
    network: Transformer
    leads: Tensor

    def sample(self, canvas: Tensor, editable: Tensor, sampling: Sampling) -> Samples:
        """All rows must have the same editable positions, in one piece. A step makes a token."""
        generator = torch.Generator().manual_seed(sampling.seed)
        made = editable[0].nonzero()[:, 0]
        begin, count = int(made[0]), len(made)

        def choose(logits: Tensor) -> Tensor:
            posterior = (logits / max(sampling.temperature, MIN_TEMPERATURE)).softmax(-1)
            return torch.multinomial(nucleus(posterior, sampling.top_p), 1, generator=generator)[:, 0]

        prefix = canvas[:, :begin]
        if begin == 0:
            prefix = self.leads[torch.arange(len(canvas)) % len(self.leads)][:, None]
        tokens = canvas.clone()
        tokens[:, begin : begin + count] = continue_tokens(self.network, prefix, count, choose)
        last_change = torch.zeros_like(canvas)
        last_change[:, begin : begin + count] = torch.arange(1, count + 1)
        return Samples(tokens, last_change, torch.full((len(canvas),), count))


def autoregressive_system(path: Path, leads: Tensor) -> AutoregressiveSystem:
    network = load_trained(path, AUTOREGRESSIVE).network
    return AutoregressiveSystem(AUTOREGRESSIVE_NAME, model_identity(path), network, leads)
