"""The training loop that all training commands share: progress, EMA, checkpoints, resume, clean stop."""

import copy
import math
import os
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from fewstep_train.kinds import CANVAS
from fewstep_train.random_state import Source, TorchRandom
from fewstep_train.training.checkpoint import load_checkpoint, save_checkpoint
from fewstep_train.training.optimizer import learning_rate, make_optimizers
from fewstep_train.training.precision import autocast
from fewstep_train.training.replicas import Replicas, Spending
from fewstep_train.training.stages import Spent, Stages

MOST_SKIPPED = 20  # steps in a row without a finite gradient; more are no accident


def training_clock(device: str) -> float:
    """Seconds. On the CPU, those of the whole machine that this process used, by processor time: what else the machine
    does, or a pause, uses up no budget, and of two runs side by side each counts its part."""
    return time.process_time() / (os.cpu_count() or 1) if device == "cpu" else time.monotonic()


@dataclass
class TrainerOptions:
    """`hours` or `steps` ends the run, whichever comes first; `hours` counts training over all resumptions."""

    out: Path
    steps: int
    hours: float
    lr: float
    warmup: float = 0.02
    weight_decay: float = 0.03
    optimizer: str = "muon"
    ema: float = 0.9995
    clip: float = 1.0
    save_every: float = 300.0  # seconds
    log_every: int = 20
    device: str = "cpu"
    matmul_type: torch.dtype = torch.float32
    stages: Stages = field(default_factory=Stages)
    extra: dict[str, Any] = field(default_factory=dict)  # carried in every checkpoint


class Companion(Protocol):
    """What is trained beside the network, by itself: a checkpoint keeps its state."""

    def state_dict(self) -> dict[str, Any]: ...

    def load_state_dict(self, state: dict[str, Any]) -> None: ...


class Trainer:
    """Trains a network, which has a `config`, until the budget is used.

    `held_out`, where known, is the last held-out loss of the weight average. `random`: by name what draws random
    numbers; a resumed run draws on where the saved one was.
    """

    def __init__(self, network: nn.Module, options: TrainerOptions) -> None:
        self.network = network.to(options.device)
        self.options = options
        self.ema = copy.deepcopy(self.network).requires_grad_(False)
        self.optimizers = make_optimizers(
            self.network, options.optimizer, options.lr, options.weight_decay, options.matmul_type
        )
        self.replicas = Replicas()
        self.step, self.tokens, self.seconds = 0, 0, 0.0  # of all replicas; between meetings, as far as this one knows
        self.known, self.agreed = Spending(), False  # at the last meeting
        self.random: dict[str, Source] = {"torch": TorchRandom(options.device)}
        self.saved_random: dict[str, Any] = {}
        self.companion: Companion | None = None
        self.saved_companion: dict[str, Any] | None = None
        self.skipped = 0  # steps in a row
        self.held_out: float | None = None
        self.stopping = False

    def resume(self, path: Path) -> None:
        """Go on from a checkpoint; under another optimiser with a new state, under another seed with its numbers."""
        checkpoint = load_checkpoint(path, self.options.extra.get("kind", CANVAS))
        try:
            spent, changed = self.options.stages.resume(checkpoint)
        except SystemExit as error:
            raise SystemExit(f"{path}: {error}") from None
        self.step, self.tokens, self.seconds = spent.steps, spent.tokens, spent.seconds
        self.known = Spending(self.step, self.tokens, self.seconds)
        self.network.load_state_dict(checkpoint["model"])
        self.ema.load_state_dict(checkpoint["ema"])
        if "optimizer" not in changed:
            for optimizer, state in zip(self.optimizers, checkpoint["optimizers"], strict=True):
                optimizer.load_state_dict(state)
        self.saved_companion = checkpoint.get("companion")
        if "seed" not in changed and self.replicas.leads:
            self.saved_random = checkpoint.get("random", {})
        print(f"resumed {path} at step {self.step} ({self.seconds / 3600:.2f} h)", flush=True)
        if changed:
            listed = ", ".join(f"{name} {before} -> {now}" for name, (before, now) in changed.items())
            print(f"a new stage begins: {listed}", flush=True)

    def accompany(self, companion: Companion) -> None:
        """Checkpoints keep it from now on; where the run was resumed from one that has it, it goes on from there."""
        self.companion = companion
        if self.saved_companion is not None:
            companion.load_state_dict(self.saved_companion)

    def save(self) -> None:
        if not all(p.isfinite().all() for p in self.network.parameters()):
            raise SystemExit(f"step {self.step}: the weights are not finite; {self.options.out} stays as it was")
        save_checkpoint(
            self.options.out,
            {
                **self.options.extra,
                "step": self.step,
                "config": self.network.config.to_dict(),
                "model": self.network.state_dict(),
                "ema": self.ema.state_dict(),
                "optimizers": [o.state_dict() for o in self.optimizers],
                **self.options.stages.to_checkpoint(Spent(self.step, self.tokens, self.seconds), self.held_out),
                "random": {name: source.random_state() for name, source in self.random.items()},
                **({} if self.companion is None else {"companion": self.companion.state_dict()}),
            },
        )

    @property
    def progress(self) -> float:
        """Share of the budget used, in [0, 1]. Since they met, replicas take each other to have done the same."""
        more = self.replicas.count - 1
        steps = self.step + more * (self.step - self.known.steps)
        seconds = self.seconds + more * (self.seconds - self.known.seconds)
        return min(1.0, max(steps / self.options.steps, seconds / (self.options.hours * 3600)))

    @property
    def done(self) -> bool:
        return self.progress >= 1 or self.stopping

    def update(self, loss: Tensor) -> float:
        """One optimiser step, if the gradient is finite; returns its norm before clipping."""
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.options.clip).item()
        lr = learning_rate(self.progress, self.options.lr, self.options.warmup)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = lr * group["lr_scale"]
            if math.isfinite(norm):
                optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        # A short memory at first, so that the average does not drag the initialisation along.
        decay = min(self.options.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            torch._foreach_lerp_([*self.ema.parameters()], [*self.network.parameters()], 1 - decay)
        return norm

    def mind_skipped(self, norm: float) -> None:
        """Say that a step changed nothing; raises SystemExit after MOST_SKIPPED of those in a row."""
        self.skipped = 0 if math.isfinite(norm) else self.skipped + 1
        if self.skipped:
            print(f"step {self.step}: gradient {norm}, the weights stay ({self.skipped} in a row)", flush=True)
        if self.skipped == MOST_SKIPPED:
            raise SystemExit(
                f"{self.skipped} steps in a row without a finite gradient: stopped, and {self.options.out} stays as it "
                "was. Try a lower --lr, or --precision fp32"
            )

    def request_stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def meet(self) -> None:
        """The replicas' networks and weight averages become their means, and each knows what all have spent."""
        known = self.known
        own = Spending(self.step - known.steps, self.tokens - known.tokens, self.seconds - known.seconds, self.stopping)
        all_of_them = self.replicas.meet(own, [*self.network.parameters(), *self.ema.parameters()])
        self.step, self.tokens = known.steps + all_of_them.steps, known.tokens + all_of_them.tokens
        self.seconds, self.stopping = known.seconds + all_of_them.seconds, all_of_them.stopping
        self.known = Spending(self.step, self.tokens, self.seconds)

    def over(self) -> bool:
        """Is the budget used, or a stop asked for? Replicas ask only when they meet: all get the same answer."""
        if self.replicas.count == 1:
            return self.done
        if self.done or self.replicas.due():
            self.meet()
            self.agreed = self.done
        return self.agreed

    def judge_and_save(self, held_out_loss: Callable[[nn.Module], Tensor] | None) -> None:
        if not self.replicas.leads:
            return
        if held_out_loss is not None:
            with torch.no_grad(), autocast(self.options.device, self.options.matmul_type):
                self.held_out = held_out_loss(self.ema).item()
            print(f"step {self.step}  held-out loss {self.held_out:.4f} nats/token (weight average)", flush=True)
        self.save()

    def train(
        self,
        loss_of: Callable[[], tuple[Tensor, int]],
        held_out_loss: Callable[[nn.Module], Tensor] | None = None,
    ) -> None:
        """Train to the end of the budget. SIGINT and SIGTERM save a checkpoint and stop.

        `loss_of()` returns a scalar loss and the tokens it saw; `held_out_loss(network)` is printed at each save.
        Both run under autocast.
        """
        for name in self.saved_random.keys() & self.random.keys():
            self.random[name].set_random_state(self.saved_random[name])
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self.request_stop)
        sum_of_losses, since_log, last_save = torch.zeros((), device=self.options.device), 0, time.monotonic()
        log_seconds, log_tokens = self.seconds, self.tokens
        while not self.over():
            begin = training_clock(self.options.device)
            with autocast(self.options.device, self.options.matmul_type):
                loss, tokens = loss_of()
            norm = self.update(loss)
            self.step += 1
            self.seconds += training_clock(self.options.device) - begin
            self.mind_skipped(norm)
            if self.skipped:
                continue
            self.tokens += tokens
            sum_of_losses += loss.detach()  # read where it is printed: reading waits for the device
            since_log += 1
            if since_log >= self.options.log_every and self.replicas.leads:
                rate = (self.tokens - log_tokens) / (self.seconds - log_seconds)
                left = self.seconds * (1 - self.progress) / max(self.progress, 1e-9)
                mean_loss = sum_of_losses.item() / since_log
                print(
                    f"step {self.step}  loss {mean_loss:.4f}  grad {norm:.2f}  {rate:,.0f} tok/s "
                    f" {100 * self.progress:.1f} %  {self.seconds / 3600:.2f} h, {left / 3600:.2f} h left",
                    flush=True,
                )
                sum_of_losses.zero_()
                since_log = 0
                log_seconds, log_tokens = self.seconds, self.tokens
            if time.monotonic() - last_save > self.options.save_every:
                self.judge_and_save(held_out_loss)
                last_save = time.monotonic()
        self.judge_and_save(held_out_loss)
        if self.replicas.leads:
            print(f"saved {self.options.out} at step {self.step}", flush=True)
