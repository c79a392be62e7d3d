"""The relatives as systems, in PyTorch: the autoregressive model, LLaDA- and Dream-style masked diffusion."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from fewstep_train.autoregressive import load_autoregressive
from fewstep_train.dream import DREAM, dream_reveal
from fewstep_train.evaluation.decoding import continue_tokens
from fewstep_train.evaluation.identity import file_identity
from fewstep_train.evaluation.samples import Samples, Sampling, System, follow
from fewstep_train.evaluation.setup import AUTOREGRESSIVE_NAME, NAMES
from fewstep_train.evaluation.step_graph_system import from_folder
from fewstep_train.llada import LLADA, llada_reveal
from fewstep_train.masked_diffusion import MIN_TEMPERATURE, nucleus
from fewstep_train.pretrain_masked import load_masked
from fewstep_train.transformer import Transformer

ROWS = 64  # rows of one forward pass


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


@dataclass
class MaskedSystem:
    """`reveal`: a sampler of `fewstep_train.llada` or `fewstep_train.dream`."""

    name: str
    identity: str
    reveal: Callable[..., Iterator[Tensor]]

    def sample(self, canvas: Tensor, editable: Tensor, sampling: Sampling) -> Samples:
        generator = torch.Generator().manual_seed(sampling.seed)
        parts = [
            follow(
                rows,
                free,
                self.reveal(
                    canvas=rows,
                    editable=free,
                    steps=sampling.steps,
                    temperature=sampling.temperature,
                    top_p=sampling.top_p,
                    generator=generator,
                ),
            )
            for rows, free in zip(canvas.split(ROWS), editable.split(ROWS), strict=True)
        ]
        return Samples(*(torch.cat([getattr(p, field) for p in parts]) for field in ("tokens", "last_change", "steps")))


def autoregressive_system(path: Path, leads: Tensor) -> AutoregressiveSystem:
    network, _ = load_autoregressive(path)
    return AutoregressiveSystem(AUTOREGRESSIVE_NAME, file_identity(path), network, leads)


def masked_system(path: Path, kind: str, threads: int) -> System:
    """A training checkpoint of `kind`, or an exported model's folder, whose step graph is the sampler."""
    if path.is_dir():
        return from_folder(NAMES[kind], path, threads)
    network, _ = load_masked(path, kind)
    reveal = {LLADA: llada_reveal, DREAM: dream_reveal}[kind]
    return MaskedSystem(NAMES[kind], file_identity(path), reveal(network))
