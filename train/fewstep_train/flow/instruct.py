"""Distillation by a discriminator: what the network writes in few steps becomes what none can tell from the corpus.

After DiDi-Instruct (arXiv 2509.25035). Between the texts of the network and those of the corpus, both taken back along
the path to a time t, the KL divergence has the gradient E[ln(q / p) grad ln q] by the network's weights, and the logit
of the best discriminator between the two is ln(q / p).
"""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fewstep_train.flow.jump_times import arrival_times
from fewstep_train.flow.path import Scheduler, sample_path, source_canvas
from fewstep_train.flow.sampling import refinements
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.networks.network import Network

CLIP = 1.0  # of the discriminator's gradient
NARROWEST = 1e-4  # spread of the logits in a batch, below which they say nothing


@dataclass(frozen=True)
class InstructOptions:
    """`rows` are written anew for each batch, in one of `steps`, at the `temperature` that texts will be made at."""

    rows: int
    temperature: float
    steps: tuple[int, ...] = (4, 8)


class Discriminator(nn.Module):
    """tokens [B, L] at times t [B] -> logits [B] in nats: ln(q / p) of the network's texts over the corpus's."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.trunk = Network(network.config)
        self.trunk.load_state_dict(network.state_dict())
        self.trunk.output_layer = nn.Identity()
        self.head = nn.Linear(network.config.hidden_size, 1)
        nn.init.zeros_(self.head.weight)

    def forward(self, tokens: Tensor, t: Tensor) -> Tensor:
        state, _ = self.trunk.state(tokens, t, torch.full_like(t, TINY_STEP))
        return self.head(F.layer_norm(state.float(), state.shape[-1:]).mean(1))[:, 0]


def write(
    network: Network, scheduler: Scheduler, shape: tuple[int, int], steps: int, keep: int, temperature: float
) -> tuple[Tensor, Tensor]:
    """Texts of that shape [rows, L] in equal steps with spread jumps, and the canvases of before step `keep`."""
    device = next(network.parameters()).device
    canvas = source_canvas(network.config, shape).to(device)
    editable = torch.ones_like(canvas, dtype=torch.bool)
    times = arrival_times(shape, 1.0, torch.Generator(device).manual_seed(int(torch.randint(2**62, ()))))
    canvases = list(refinements(network, scheduler, canvas, editable, steps, temperature=temperature, times=times))
    return canvases[-1], canvases[keep]


class Instructor:
    """A discriminator in training, and what it teaches the network. For networks with a mask source."""

    def __init__(self, network: Network, scheduler: Scheduler, options: InstructOptions, lr: float) -> None:
        self.scheduler, self.options = scheduler, options
        self.discriminator = Discriminator(network).to(next(network.parameters()).device)
        self.optimizer = torch.optim.AdamW(self.discriminator.parameters(), lr=lr, betas=(0.9, 0.98))

    def learn(self, written: Tensor, data: Tensor, generator: torch.Generator) -> Tensor:
        """One update towards telling texts from data, [B, L] each, at random times; the logits of the texts, [B]."""
        both = torch.cat([written, data])
        t = torch.rand(len(written), generator=generator, device=both.device).repeat(2)
        frozen = torch.zeros_like(both, dtype=torch.bool)
        noisy = sample_path(self.discriminator.trunk.config, self.scheduler, both, t, frozen, 0.0, generator)
        logits = self.discriminator(noisy, t).float()
        is_written = torch.arange(len(both), device=both.device) < len(written)
        self.optimizer.zero_grad(set_to_none=True)
        F.binary_cross_entropy_with_logits(logits, is_written.float()).backward()
        norm = nn.utils.clip_grad_norm_(self.discriminator.parameters(), CLIP)
        if norm.isfinite():
            self.optimizer.step()
        return logits.detach()[: len(written)]

    def loss(self, network: Network, data: Tensor, generator: torch.Generator) -> Tensor:
        """Scalar, whose gradient alone means something: ln q of texts that the network writes, at what was still masked
        on the way, weighed by how much likelier than data the discriminator finds them among the batch. Trains it, too.

        data: tokens [B, L] of the corpus; as many texts are written as the options say, and B at most.
        """
        rows = min(self.options.rows, len(data))
        steps = self.options.steps[int(torch.randint(len(self.options.steps), ()))]
        keep = int(torch.randint(steps, ()))
        shape = (rows, data.shape[1])
        written, kept = write(network, self.scheduler, shape, steps, keep, self.options.temperature)
        logits = self.learn(written, data[:rows], generator)
        weight = (logits - logits.mean()) / logits.std().clamp_min(NARROWEST)
        t = torch.full((rows,), keep / steps, device=data.device)
        tempered = network(kept, t, torch.full_like(t, 1 / steps)).float() / self.options.temperature
        log_q = tempered.log_softmax(-1).gather(-1, written[..., None])[..., 0]
        masked = kept == network.config.mask_token_id
        return (weight[:, None] * log_q * masked).sum() / masked.sum().clamp_min(1)

    def state_dict(self) -> dict[str, Any]:
        return {"discriminator": self.discriminator.state_dict(), "optimizer": self.optimizer.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        self.discriminator.load_state_dict(state["discriminator"])
        self.optimizer.load_state_dict(state["optimizer"])
