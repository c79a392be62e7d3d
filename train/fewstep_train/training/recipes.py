"""Small networks that differ from a baseline in one thing each, trained on as many tokens."""

import math
import time
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.flow.path import Scheduler, stratified_times
from fewstep_train.flow.path_loss import held_out_loss, path_loss
from fewstep_train.identity import content_identity
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.text.byte_lengths import byte_lengths
from fewstep_train.text.corpus import encode_corpus
from fewstep_train.text.crops import Crops
from fewstep_train.text.tokenizer import read_documents, train_tokenizer
from fewstep_train.training.batches import HELD_OUT_ROWS, Batches
from fewstep_train.training.precision import matmul_type
from fewstep_train.training.stages import Record, Stages
from fewstep_train.training.trainer import Trainer, TrainerOptions

LARGEST_WEIGHT = 5.0  # of the loss at a position, in the recipe that caps it


@dataclass(frozen=True)
class Recipe:
    """By default a network of half the embedded model's size.

    `times`: stratified over a batch, independent, or early (more of them near 0). `weight`: kl, the bound itself, or
    capped at LARGEST_WEIGHT. `prefixes`: do rows have frozen positions?
    """

    vocab_size: int = 4096
    hidden_size: int = 192
    blocks: int = 4
    heads: int = 3
    lengths: tuple[int, ...] = (128, 256)
    source: str = "mask"
    optimizer: str = "muon"
    lr: float = 2e-3
    ema: float = 0.995
    batch_tokens: int = 4096
    corruption: float = 0.2
    spread: float = 0.0
    prefixes: bool = True
    times: str = "stratified"
    weight: str = "kl"
    seed: int = 0


BASELINE = "baseline"
RECIPES = {
    BASELINE: Recipe(),
    "another seed": Recipe(seed=1),
    "a third seed": Recipe(seed=2),
    "vocabulary 2,048": Recipe(vocab_size=2048),
    "vocabulary 8,192": Recipe(vocab_size=8192),
    "wide: D 256, 2 blocks": Recipe(hidden_size=256, blocks=2, heads=4),
    "deep: D 128, 10 blocks": Recipe(hidden_size=128, blocks=10, heads=2),
    "canvases of 256 alone": Recipe(lengths=(256,)),
    "canvases of 64 and 128": Recipe(lengths=(64, 128)),
    "uniform source": Recipe(source="uniform"),
    "no wrong tokens": Recipe(corruption=0.0),
    "40 % wrong tokens": Recipe(corruption=0.4),
    "no frozen prefixes": Recipe(prefixes=False),
    "spread times in half the rows": Recipe(spread=0.5),
    "times drawn independently": Recipe(times="independent"),
    "early times": Recipe(times="early"),
    "capped loss weights": Recipe(weight="capped"),
    "lr 1e-3": Recipe(lr=1e-3),
    "lr 4e-3": Recipe(lr=4e-3),
    "AdamW, lr 1e-3": Recipe(optimizer="adamw", lr=1e-3),
    "steps of 2,048 tokens": Recipe(batch_tokens=2048),
    "steps of 8,192 tokens": Recipe(batch_tokens=8192),
    "weight average 0.9": Recipe(ema=0.9),
    "no weight average": Recipe(ema=0.0),
}


def draw_times(recipe: Recipe, rows: int, generator: torch.Generator) -> Tensor:
    if recipe.times == "independent":
        return torch.rand(rows, generator=generator) * (1 - 1e-3)
    t = stratified_times(rows, generator)
    return t**2 if recipe.times == "early" else t


def recipe_loss(network: Network, recipe: Recipe, data: Tensor, frozen: Tensor, generator: torch.Generator) -> Tensor:
    """As `path_loss.pretrain_loss`, with what recipes vary."""
    scheduler = Scheduler()
    t = draw_times(recipe, len(data), generator)
    loss, editable = path_loss(network, scheduler, data, frozen, t, recipe.corruption, recipe.spread, generator)
    if recipe.weight == "capped":
        weight = scheduler.velocity(t).to(loss.device)
        loss = loss * (weight.clamp_max(LARGEST_WEIGHT) / weight)[:, None]
    return (loss * editable).sum() / editable.sum()


@dataclass(frozen=True)
class Laboratory:
    """What all recipes share: text, where to keep what is made of it, and how many tokens each may see."""

    data: list[Path]
    valid: list[Path]
    folder: Path
    tokens: int
    length: int
    device: str
    precision: str

    def tokenizer(self, vocab_size: int) -> Tokenizer:
        file = self.folder / f"tokenizer-{vocab_size}-{content_identity(self.data)}.json"
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            train_tokenizer((d for path in self.data for d in read_documents(path)), vocab_size).save(str(file))
        return Tokenizer.from_file(str(file))

    def crops(self, paths: list[Path], tokenizer: Tokenizer, seed: int) -> Crops:
        return Crops(encode_corpus(paths, tokenizer, self.folder), tokenizer, seed)

    def measure(self, name: str, recipe: Recipe) -> Record:
        """Train it and judge it: nats a token and bits a byte of held-out text, both bounds."""
        torch.manual_seed(recipe.seed)
        tokenizer = self.tokenizer(recipe.vocab_size)
        config = NetworkConfig(
            hidden_size=recipe.hidden_size,
            cond_dim=recipe.hidden_size // 4,
            length=self.length,
            n_blocks=recipe.blocks,
            n_heads=recipe.heads,
            vocab_size=tokenizer.get_vocab_size(),
            source_distribution=recipe.source,
        )
        network = Network(config)
        crops = self.crops(self.data, tokenizer, recipe.seed)
        batches = Batches(crops, recipe.batch_tokens, [min(n, self.length) for n in recipe.lengths], recipe.seed)

        def loss_of() -> tuple[Tensor, int]:
            data, frozen = batches.draw()
            frozen = frozen if recipe.prefixes else torch.zeros_like(frozen)
            return recipe_loss(network, recipe, data, frozen, batches.generator), data.numel()

        trainer = Trainer(
            network,
            TrainerOptions(
                out=self.folder / "checkpoints" / f"{name}.pt",
                steps=max(1, self.tokens // recipe.batch_tokens),
                hours=math.inf,
                lr=recipe.lr,
                optimizer=recipe.optimizer,
                ema=recipe.ema,
                save_every=math.inf,
                device=self.device,
                matmul_type=matmul_type(self.precision, self.device),
                stages=Stages(asdict(recipe)),
            ),
        )
        held_out = self.crops(self.valid, tokenizer, seed=0).draw(HELD_OUT_ROWS, self.length)
        begin = time.monotonic()
        trainer.train(loss_of, partial(held_out_loss, scheduler=Scheduler(), data=held_out))
        if trainer.progress < 1 or trainer.held_out is None:
            raise SystemExit("stopped; what is finished is kept")
        tokens_a_byte = held_out.numel() / byte_lengths(tokenizer)[held_out].sum().item()
        return {
            "parameters": sum(p.numel() for p in network.parameters()),
            "nats_a_token": trainer.held_out,
            "bits_a_byte": trainer.held_out / math.log(2) * tokens_a_byte,
            "seconds": time.monotonic() - begin,
        }
