"""The judge: an autoregressive model that says how surprising a text is to it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from tokenizers import Tokenizer
from torch import Tensor

from fewstep_train.evaluation.measures.independent_judge import IndependentJudge
from fewstep_train.evaluation.measures.metrics import (
    Estimate,
    bits_per_byte,
    bootstrap,
    distinct_shares,
    histogram_entropies,
    mean,
    perplexities,
    repeat_shares,
)
from fewstep_train.evaluation.measures.quality import Quality
from fewstep_train.evaluation.measures.tasks import Task, passages
from fewstep_train.evaluation.measures.training_text import TrainingText
from fewstep_train.networks.transformer import Transformer
from fewstep_train.text.byte_lengths import byte_lengths

ROWS = 32  # scored together: logits [ROWS, L, K] are the largest tensor


@torch.no_grad()
def token_nll(network: Transformer, tokens: Tensor) -> Tensor:
    """-ln p of tokens[:, 1:] given all before, nats [B, L - 1]. Nothing stands before the first, so it has no score."""
    parts = []
    for rows in tokens.split(ROWS):
        logits = network(rows[:, :-1]).float()
        parts.append(F.cross_entropy(logits.transpose(1, 2), rows[:, 1:], reduction="none"))
    return torch.cat(parts)


@dataclass(frozen=True)
class Judge:
    """`training`: what to look for in the training text; without it nothing is compared with that.

    `independent`: whose opinion is asked besides.
    """

    network: Transformer
    tokenizer: Tokenizer
    training: TrainingText | None = None
    independent: IndependentJudge | None = None

    def score(self, tokens: Tensor, task: Task) -> tuple[Tensor, Tensor]:
        """(nats of each scored token [n, S], bytes of all of them [n]) of samples [n, L]."""
        nll = token_nll(self.network, tokens)
        scored = slice(max(task.scored.start, 1), task.scored.stop)
        return nll[:, scored.start - 1 : scored.stop - 1], byte_lengths(self.tokenizer)[tokens[:, scored]].sum(1)

    def quality(self, tokens: Tensor, task: Task) -> Quality:
        nll, sizes = self.score(tokens, task)
        return Quality(nll.double().sum(1).numpy(), sizes.numpy(), histogram_entropies(tokens[:, task.made].numpy()))

    def independent_quality(self, tokens: Tensor, task: Task) -> Quality:
        """By the independent judge, which there must be."""
        scores = self.independent.scores(passages(tokens, task, self.tokenizer))
        return Quality(scores.nats, scores.sizes, scores.entropies)

    def measure(self, tokens: Tensor, task: Task) -> dict[str, Estimate]:
        """The metrics of samples [n, L]: likelihood of what the task scores, statistics of what was made."""
        nll, sizes = self.score(tokens, task)
        made = tokens[:, task.made].numpy()
        metrics = {
            "perplexity": bootstrap(mean, perplexities(nll)),
            "bits_per_byte": bootstrap(bits_per_byte, nll.double().sum(1).numpy(), sizes.numpy()),
            "entropy": bootstrap(mean, histogram_entropies(made)),
            "distinct_2": bootstrap(mean, distinct_shares(made, 2)),
            "distinct_3": bootstrap(mean, distinct_shares(made, 3)),
            "repeated": bootstrap(mean, repeat_shares(made)),
        }
        if self.training is not None:
            metrics["unseen_2"] = bootstrap(mean, self.training.pairs.unseen_shares(made))
            metrics["copied"] = bootstrap(mean, self.training.copied(made, self.tokenizer).astype(float))
        if self.independent is not None:
            metrics |= self.independent.measure(passages(tokens, task, self.tokenizer))
        return metrics
