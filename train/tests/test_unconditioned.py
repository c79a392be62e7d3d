"""A network of flow matching at a fixed time is a plain transformer."""

import pytest
import torch
from fixtures import random_weights
from golden import golden_network

from fewstep_train.masked.unconditioned import unconditioned
from fewstep_train.networks.network import Network, NetworkConfig


@pytest.mark.parametrize("few_step", [True, False])
@pytest.mark.parametrize("t", [0.0, 0.6])
def test_the_transformer_has_the_logits_of_the_network_at_that_time(few_step, t):
    config = NetworkConfig(
        hidden_size=32, cond_dim=16, length=16, n_blocks=2, n_heads=2, vocab_size=50, few_step=few_step
    )
    network = Network(config)
    network.load_state_dict(random_weights(network, seed=1), strict=False)
    tokens = torch.randint(51, (3, 12), generator=torch.Generator().manual_seed(0))
    h = 1 / 1024
    with torch.no_grad():
        expected = network(tokens, torch.full((3,), t), torch.full((3,), h))
        other = network(tokens, torch.full((3,), 0.9), torch.full((3,), h))
        logits = unconditioned(network, t, h).eval()(tokens)
    assert (logits - expected).abs().max() < 1e-4
    assert (logits - other).abs().max() > 1e-2


def test_a_uniform_source_has_nothing_to_reveal():
    with pytest.raises(ValueError, match="mask source"):
        unconditioned(golden_network("uniform"), 0.5, 0.1)
