"""The independent judge: a causal model that nobody here trained, with a tokenizer of its own.

It reads text, not our tokens, so models with other tokenizers compare too: in bits a byte.
"""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch.nn.utils.rnn import pad_sequence

from fewstep_train.evaluation.measures.metrics import Estimate, bits_per_byte, bootstrap, histogram_entropies, mean
from fewstep_train.evaluation.measures.passages import Passage, Span
from fewstep_train.identity import code_identity, digest
from fewstep_train.published.causal import Causal
from fewstep_train.text.tokenizer import END_OF_TEXT

CODE = (__name__, "fewstep_train.published.causal_models")  # by which passages get their scores
BATCH_TOKENS = 1024  # read together: logits [BATCH_TOKENS, V] are the largest tensor


@dataclass(frozen=True)
class Reading:
    """A text as the judge reads it: its tokens, and the byte of the text at which each ends."""

    tokens: list[int]
    ends: list[int]

    def within(self, span: Span) -> slice:
        """The tokens that end in `span`; one that began before it is taken whole."""
        return slice(*(int(i) for i in np.searchsorted(self.ends, span, side="right")))

    def size(self, part: slice) -> int:
        """Bytes of a part of the tokens."""
        ends = [0, *self.ends]
        return ends[part.stop] - ends[part.start]


@dataclass(frozen=True)
class Scores:
    """Of each passage [n]: the nats, bytes and tokens of what is scored, the token entropy in bits of what was made."""

    nats: np.ndarray
    sizes: np.ndarray
    tokens: np.ndarray
    entropies: np.ndarray

    def metrics(self) -> dict[str, Estimate]:
        return {
            "independent_bits_per_byte": bootstrap(bits_per_byte, self.nats, self.sizes),
            "independent_perplexity": bootstrap(mean, np.exp(self.nats / np.maximum(self.tokens, 1))),
            "independent_entropy": bootstrap(mean, self.entropies),
        }


@dataclass(frozen=True)
class IndependentJudge:
    """`cache`: a folder where scores are kept, by everything that they depend on."""

    model: Causal
    cache: Path | None = None

    def read(self, text: str) -> Reading:
        """Documents apart, with the judge's own separator for each end of text."""
        tokens: list[int] = []
        ends: list[int] = []
        begin = 0
        for number, document in enumerate(text.split(END_OF_TEXT)):
            if number:
                begin += 1
                tokens.append(self.model.separator)
                ends.append(begin)
            encoding = self.model.tokenizer.encode(document, add_special_tokens=False)
            at = np.cumsum([0, *(len(c.encode()) for c in document)])  # the byte at which each character begins
            tokens += encoding.ids
            ends += [begin + int(at[end]) for _, end in encoding.offsets]
            begin += int(at[-1])
        return Reading(tokens, ends)

    def token_nll(self, readings: Sequence[Reading]) -> list[np.ndarray]:
        """-ln p of every token given those before it, nats, [tokens] for each reading. A separator stands first."""
        longest, limit = max(len(r.tokens) for r in readings), self.model.network.config.length
        if longest > limit:
            raise SystemExit(f"a text of {longest} tokens: {self.model.name} reads {limit} at most; judge shorter ones")
        device = self.model.network.output.weight.device
        found: dict[int, np.ndarray] = {}
        for batch in batches([len(r.tokens) for r in readings]):
            rows = [torch.tensor([self.model.separator, *readings[i].tokens]) for i in batch]
            tokens = pad_sequence(rows, batch_first=True).to(device)
            with torch.inference_mode():
                logits = self.model.network(tokens[:, :-1])
                nll = F.cross_entropy(logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none")
            for i, nats in zip(batch, nll.view(len(rows), -1).cpu().double().numpy(), strict=True):
                found[i] = nats[: len(readings[i].tokens)]
        return [found[i] for i in range(len(readings))]

    def score(self, passages: Sequence[Passage]) -> Scores:
        readings = [self.read(p.text) for p in passages]
        scored = [r.within(p.scored) for r, p in zip(readings, passages, strict=True)]
        made = [np.array(r.tokens[r.within(p.made)]) for r, p in zip(readings, passages, strict=True)]
        nll = self.token_nll(readings)
        return Scores(
            nats=np.array([nats[part].sum() for nats, part in zip(nll, scored, strict=True)]),
            sizes=np.array([r.size(part) for r, part in zip(readings, scored, strict=True)]),
            tokens=np.array([part.stop - part.start for part in scored]),
            entropies=histogram_entropies(made),
        )

    def scores(self, passages: Sequence[Passage]) -> Scores:
        """From disk, or made now."""
        if self.cache is None:
            return self.score(passages)
        what = json.dumps([code_identity(*CODE), self.model.identity, [asdict(p) for p in passages]])
        file = self.cache / f"{digest(what)}.npz"
        if not file.exists():
            self.cache.mkdir(parents=True, exist_ok=True)
            partial = file.with_suffix(".partial.npz")
            np.savez(partial, **asdict(self.score(passages)))
            os.replace(partial, file)
        with np.load(file) as stored:
            return Scores(**stored)

    def measure(self, passages: Sequence[Passage]) -> dict[str, Estimate]:
        return self.scores(passages).metrics()


def batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Indices of rows to read together: of similar lengths, which pads little, and at most BATCH_TOKENS, or one row."""
    batch: list[int] = []
    for i in sorted(range(len(lengths)), key=lambda i: lengths[i]):
        if batch and (len(batch) + 1) * (lengths[i] + 1) > BATCH_TOKENS:
            yield batch
            batch = []
        batch.append(i)
    if batch:
        yield batch
