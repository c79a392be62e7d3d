"""A system that runs a fused step graph in ONNX Runtime, as the service does."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import onnxruntime
import torch
from torch import Tensor

from fewstep_train.evaluation.systems.samples import BY_PLAN, Samples, Sampling
from fewstep_train.evaluation.systems.stability import expected_changes
from fewstep_train.flow.jump_times import jump_noise, spread_times
from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.solver import LAST_STEP, SOLVERS, jump_exponent
from fewstep_train.flow.step_sizes import TINY_STEP

ROWS = 32  # rows of one run: the posterior [ROWS, L, K] is the largest tensor
NO_TARGETS = np.zeros((0, 0), np.int64)


def scheduled_step_sizes(schedule: str, steps: int) -> np.ndarray:
    """h [steps], summing to 1, as the service's schedule.ts has them: `uniform`; `geometric`, 1/2, 1/4, ... as long as
    what is left, cut evenly, keeps every step at TINY_STEP or more; `reversed`, the same from small to large; or the
    sizes themselves with commas between them, scaled to sum to 1."""
    if "," in schedule:
        listed = np.array([float(size) for size in schedule.split(",")])
        if len(listed) != steps:
            raise ValueError(f"{len(listed)} step sizes, where there are {steps} steps")
        return listed / listed.sum()
    if schedule == "uniform":
        return np.full(steps, 1 / steps)
    halvings = 0
    while halvings + 1 < steps and 0.5 ** (halvings + 1) / (steps - halvings - 1) >= TINY_STEP:
        halvings += 1
    even = np.full(steps - halvings, 0.5**halvings / (steps - halvings))
    sizes = np.concatenate([0.5 ** np.arange(1, halvings + 1), even])
    return {"geometric": sizes, "reversed": sizes[::-1]}[schedule]


def listed(step_sizes: Iterable[float]) -> str:
    """The name of a schedule that has no other."""
    return ",".join(f"{size:g}" for size in step_sizes)


def later_inputs(names: Iterable[str], rows: int, reveal_above: float) -> dict[str, np.ndarray]:
    """Inputs that graphs of later versions take; nothing is asked with the others."""
    later = {"targets": NO_TARGETS, "reveal_above": np.full(rows, reveal_above, np.float32)}
    return {name: later[name] for name in names if name in later}


@dataclass
class StepGraphSystem:
    name: str
    identity: str
    session: onnxruntime.InferenceSession
    vocab_size: int
    mask_token_id: int | None
    exponent: float
    longest: int
    """Tokens of the longest canvas."""

    @cached_property
    def inputs(self) -> frozenset[str]:
        return frozenset(each.name for each in self.session.get_inputs())

    @property
    def reveals_sure(self) -> bool:
        """Whether it is masked diffusion with a threshold: then a canvas without masks is done."""
        return "reveal_above" in self.inputs

    def source(self, shape: tuple[int, ...], rng: np.random.Generator) -> np.ndarray:
        if self.mask_token_id is None:
            return rng.integers(self.vocab_size, size=shape)
        return np.full(shape, self.mask_token_id)

    def log_left(self, t: float) -> float:
        """ln(1 - kappa(t)), clamped as the sampler does."""
        return float(np.log(max(1 - t**self.exponent, 1e-8)))

    def step(
        self, tokens: np.ndarray, editable: np.ndarray, t: float, h: np.ndarray, noise: np.ndarray, sampling: Sampling
    ) -> tuple[np.ndarray, np.ndarray]:
        """(tokens at t + h, confidence), [B, L] each. h [B], noise [B, L, 2]."""
        rows, length = tokens.shape
        outputs = []
        for begin in range(0, rows, ROWS):
            part = slice(begin, begin + ROWS)
            n = len(tokens[part])
            feed = {
                "tokens": tokens[part],
                "length": np.full(n, length),
                "t": np.full(n, t, np.float32),
                "h": h[part].astype(np.float32),
                "editable": editable[part],
                "temperature": np.full(n, sampling.temperature, np.float32),
                "top_k": np.zeros(n, np.int64),
                "top_p": np.full(n, sampling.top_p, np.float32),
                "solver": np.full(n, SOLVERS.index(sampling.solver)),
                "noise": noise[part],
                "filter": np.array(sampling.top_p < 1),
                **later_inputs(self.inputs, n, sampling.reveal_above),
            }
            outputs.append(self.session.run(["next_tokens", "confidence"], feed))
        return np.concatenate([o[0] for o in outputs]), np.concatenate([o[1] for o in outputs])

    def may_jump(
        self, tokens: np.ndarray, editable: np.ndarray, t: float, h: np.ndarray, noise: np.ndarray, sampling: Sampling
    ) -> np.ndarray:
        """bool [B]: rows of which the noise does not already say that nothing will change.

        The Euler solvers move masked positions only, with a probability of at most 1 - exp(-h a), whatever the
        posterior is. In many steps most rows can therefore be left alone without asking the network: the canvases are
        the same, and DFM in 1,024 steps takes an eighth of the time.
        """
        last = t + h > LAST_STEP
        if sampling.solver == "cumulative" or self.mask_token_id is None or sampling.stable_below > 0 or last.any():
            return np.ones(len(tokens), bool)
        scheduler = Scheduler(self.exponent)
        exponent = jump_exponent(sampling.solver, scheduler, torch.tensor(t), torch.from_numpy(h)).numpy()
        bound = 1 - np.exp(-exponent) + 1e-6  # the graph computes in float32
        return (editable & (tokens == self.mask_token_id) & (noise[..., 0] < bound[:, None])).any(1)

    def step_where_needed(
        self, tokens: np.ndarray, editable: np.ndarray, t: float, h: np.ndarray, noise: np.ndarray, sampling: Sampling
    ) -> tuple[np.ndarray, np.ndarray]:
        """`step` for rows that may change; the others keep their tokens, with a confidence of 0."""
        asked = self.may_jump(tokens, editable, t, h, noise, sampling)
        after, confidence = tokens.copy(), np.zeros(tokens.shape, np.float32)
        if asked.any():
            after[asked], confidence[asked] = self.step(
                tokens[asked], editable[asked], t, h[asked], noise[asked], sampling
            )
        return after, confidence

    def sample(self, canvas: Tensor, editable: Tensor, sampling: Sampling) -> Samples:
        if sampling.reveal_above < BY_PLAN and not self.reveals_sure:
            raise SystemExit(f"{self.name}: takes no threshold; only graphs of masked diffusion do, from version 3 on")
        rng = np.random.default_rng(sampling.seed)
        may_change = editable.numpy()
        tokens = np.where(may_change, self.source(tuple(canvas.shape), rng), canvas.numpy())
        sizes = scheduled_step_sizes(sampling.schedule, sampling.steps)
        grid = np.concatenate([[0.0], np.cumsum(sizes)])
        last_change = np.where(may_change, 1, 0)
        steps = np.zeros(len(tokens), np.int64)
        settled = np.zeros(len(tokens), bool)
        rows = np.arange(len(tokens))  # those not finished
        times = spread_times(rng.random(len(tokens)), tokens.shape[1]) if sampling.jumps == "spread" else None
        for i in range(sampling.steps):
            t, last = float(grid[i]), i == sampling.steps - 1
            # float32 on both sides, or t + h may miss the end of the grid by a rounding.
            h = np.where(settled[rows] | last, 1 - np.float32(t), sizes[i])
            noise = rng.random((*tokens.shape, 2), dtype=np.float32)
            if times is not None:
                noise[..., 0] = jump_noise(times, t**self.exponent, noise[..., 0])
            after, confidence = self.step_where_needed(tokens[rows], may_change[rows], t, h, noise[rows], sampling)
            last_change[rows] = np.where(after != tokens[rows], i + 1, last_change[rows])
            tokens[rows] = after
            steps[rows] += 1
            unfinished = ~settled[rows] & (not last)
            if self.reveals_sure:
                unfinished &= ((after == self.mask_token_id) & may_change[rows]).any(1)
            if sampling.stable_below > 0 and not last:
                a = self.log_left(grid[i + 1]) - self.log_left(grid[-2])
                changes = expected_changes(after, may_change[rows], confidence, self.mask_token_id, a)
                settled[rows] = changes < sampling.stable_below
            rows = rows[unfinished]
            if len(rows) == 0:
                break
        return Samples(*(torch.from_numpy(v) for v in (tokens, last_change, steps)))
