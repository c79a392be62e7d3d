"""The network computes what the published code computes."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from fewstep_train.network import Network, NetworkConfig

REFERENCE = Path(__file__).parents[2] / "test" / "reference"


@pytest.mark.parametrize("source", ["mask", "uniform"])
@pytest.mark.parametrize("weights", ["student", "student_ema", "teacher"])
def test_logits_match_the_published_code(source, weights):
    config = json.loads((REFERENCE / source / "config.json").read_text())
    shape = {k: v for k, v in config["model"].items() if k != "dropout"}
    network = Network(
        NetworkConfig(
            **shape,
            vocab_size=config["vocab_size"],
            source_distribution=source,
            few_step=weights != "teacher",
        )
    )
    checkpoint = torch.load(REFERENCE / source / "checkpoint.pth", weights_only=True)
    network.load_state_dict(checkpoint[f"{weights}_model"])
    golden = np.load(REFERENCE / source / "logits.npz")
    with torch.no_grad():
        logits = network(*(torch.tensor(golden[k]) for k in ("tokens", "t", "dt")))
    assert np.abs(logits.numpy() - golden[weights]).max() <= 1e-4
