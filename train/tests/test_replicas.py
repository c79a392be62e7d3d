"""Two processes that train one network: their means, their common budget and stop."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from fixtures import SENTENCES, write_text_model

from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.checkpoint import load_checkpoint

MEETING = """
import torch
from fewstep_train.training.replicas import Replicas, Spending
replicas = Replicas()
weight = torch.full((3,), 1.0 + replicas.rank)
spent = replicas.meet(Spending([30, 10][replicas.rank], 7, 0.5, replicas.rank == 1), [weight])
print(weight.tolist(), spent)
"""


def replicated(place: Path, *command: str) -> list[str]:
    """Standard output of `python *command` in `place` as each of two replicas; raises if one fails."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    common = {**os.environ, "WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port, "OMP_NUM_THREADS": "1"}
    runs = [
        subprocess.Popen(
            [sys.executable, *command],
            cwd=place,
            env={**common, "RANK": rank},
            stdout=subprocess.PIPE,
            text=True,
        )
        for rank in "01"
    ]
    told = [run.communicate()[0] for run in runs]
    assert [run.returncode for run in runs] == [0, 0]
    return told


def test_replicas_meet_at_the_mean_weighted_by_their_steps(tmp_path):
    for told in replicated(tmp_path, "-c", MEETING):
        assert told.startswith("[1.25, 1.25, 1.25]")
        assert "Spending(steps=40, tokens=14, seconds=1.0, stopping=True)" in told


@pytest.mark.parametrize("resumed", [False, True])
def test_two_replicas_use_one_budget_on_batches_of_their_own(tmp_path, resumed):
    (tmp_path / "corpus.txt").write_text(f"\n{END_OF_TEXT}\n".join("\n".join(SENTENCES) for _ in range(50)))
    write_text_model(tmp_path / "flow")
    options = ["--init", "flow", "--data", "corpus.txt", "--cache", "cache", "--batch-tokens", "256", "--device", "cpu"]
    command = ["-m", "fewstep_train", "pretrain", *options, "--out", "flow.pt", "--threads", "1"]
    if resumed:
        subprocess.run([sys.executable, *command, "--steps", "4"], cwd=tmp_path, check=True, capture_output=True)
    told = replicated(tmp_path, *command, "--steps", "12")
    checkpoint = load_checkpoint(tmp_path / "flow.pt")
    assert 12 <= checkpoint["step"] <= 14
    assert checkpoint["training"]["tokens"] == 256 * checkpoint["step"]
    assert "saved flow.pt" in told[0] and "saved" not in told[1]
    assert all(torch.isfinite(weight).all() for weight in checkpoint["model"].values())
