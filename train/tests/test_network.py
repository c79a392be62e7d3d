"""The network computes what the published code computes."""

import numpy as np
import pytest
import torch
from golden import REFERENCE, SOURCES, WEIGHTS, golden_network


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("weights", WEIGHTS)
def test_logits_match_the_published_code(source, weights):
    golden = np.load(REFERENCE / source / "logits.npz")
    with torch.no_grad():
        logits = golden_network(source, weights)(*(torch.tensor(golden[k]) for k in ("tokens", "t", "dt")))
    assert np.abs(logits.numpy() - golden[weights]).max() <= 1e-4
