"""What the service's scores are compared with is what this kit says today."""

import json

import pytest
from likelihood_reference import FILE, NAMES, likelihood


@pytest.mark.parametrize("name", NAMES)
def test_the_committed_likelihoods_are_fresh(name):
    committed = json.loads(FILE.read_text())[name]
    fresh = likelihood(name)
    assert fresh["tokens"] == committed["tokens"]
    assert fresh["nats"] == pytest.approx(committed["nats"], rel=1e-3), "run python train/tests/likelihood_reference.py"
