"""The weights of `--judge smollm2`, as they come in their package: they are found, and know English and a capital."""

import random

import pytest
import torch

from fewstep_train.evaluation.measures.independent_judge import IndependentJudge
from fewstep_train.evaluation.measures.passages import whole
from fewstep_train.published.causal_models import SMOLLM2, load_causal

FABLE = (
    "A Fox one day spied a beautiful bunch of ripe grapes hanging from a vine trained along the branches of a tree. "
    "The grapes seemed ready to burst with juice, and the Fox's mouth watered as he gazed longingly at them. "
    "The bunch hung from a high branch, and the Fox had to jump for it."
)


def test_smollm2_is_read_from_its_package_and_tells_a_fable_from_its_shuffled_words():
    causal = load_causal(SMOLLM2)
    ids = causal.tokenizer.encode("The capital of France is").ids
    with torch.inference_mode():
        next_token = causal.network(torch.tensor([[causal.separator, *ids]]))[0, -1].argmax()
    assert causal.tokenizer.decode([int(next_token)]) == " Paris"
    words = FABLE.split()
    random.Random(0).shuffle(words)
    fable, shuffled = IndependentJudge(causal).score([whole(FABLE), whole(" ".join(words))]).nats.tolist()
    assert fable / len(FABLE) == pytest.approx(0.8228, rel=2e-3)  # nats a byte: all tables judged by it would move
    assert shuffled > 1.5 * fable
