"""Training commands run, resume, and hand on what they learnt; the PyTorch sampler follows the golden law."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from fixtures import SENTENCES, write_text_model
from golden import REFERENCE, SOURCES, golden_network

import fewstep_train.commands.recipes
from fewstep_train.__main__ import main
from fewstep_train.flow.path import Scheduler, source_canvas
from fewstep_train.flow.sampling import refinements
from fewstep_train.folder.exported import load_exported
from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.checkpoint import load_checkpoint
from fewstep_train.training.recipes import Recipe

GOLDEN_ROWS = 20_000  # samples behind each table
SHAPE = ["--hidden-size", "32", "--cond-dim", "16", "--blocks", "2", "--heads", "2", "--length", "32"]


@pytest.fixture
def corpus(tmp_path):
    file = tmp_path / "corpus.txt"
    file.write_text(f"\n{END_OF_TEXT}\n".join("\n".join(SENTENCES) for _ in range(50)))
    main(["tokenizer", "--data", str(file), "--vocab-size", "300", "--out", str(tmp_path / "tokenizer.json")])
    common = ["--data", str(file), "--cache", str(tmp_path / "cache"), "--batch-tokens", "256", "--device", "cpu"]
    return tmp_path, common


def test_pretraining_learns_and_resumes_where_it_was_stopped(corpus, capsys):
    folder, common = corpus
    out = str(folder / "pretrain.pt")
    valid = ["--valid", str(folder / "corpus.txt")]
    command = ["pretrain", *common, *valid, *SHAPE, "--tokenizer", str(folder / "tokenizer.json"), "--out", out]
    main([*command, "--steps", "20"])
    assert load_checkpoint(folder / "pretrain.pt")["step"] == 20
    main([*command, "--steps", "60"])
    printed = capsys.readouterr().out
    assert "resumed" in printed and "at step 20" in printed
    # A batch's loss depends on the times that it draws far more than on 40 steps; this one has the same times always.
    losses = [float(line.split("held-out loss ")[1].split()[0]) for line in printed.splitlines() if "held-out" in line]
    assert len(losses) == 2
    assert losses[1] < losses[0]


def test_distillation_and_pretraining_go_on_from_an_exported_model(corpus):
    folder, common = corpus
    model = folder / "tiny-text"
    write_text_model(model)
    for command in ("distill", "pretrain"):
        checkpoint = folder / f"{command}.pt"
        main([command, *common, "--init", str(model), "--out", str(checkpoint), "--steps", "3"])
        main(["export", "--checkpoint", str(checkpoint), "--out", str(model)])
        manifest = json.loads((model / "manifest.json").read_text())
        assert manifest["training"]["stages"][-1]["stage"] == command
        _, weights, _ = load_exported(model)
        trained = load_checkpoint(checkpoint)["ema"]
        for name, tensor in weights.items():
            assert (tensor - trained[name].half().float()).abs().max() == 0, name
    assert [s["stage"] for s in manifest["training"]["stages"]] == ["distill", "pretrain"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("solver", ["cumulative", "euler"])
@pytest.mark.parametrize("steps", [1, 4])
@pytest.mark.parametrize("prefix", [False, True])
def test_whole_trajectories_have_the_golden_marginals(source, solver, steps, prefix):
    network = golden_network(source)
    golden = np.load(REFERENCE / source / "trajectories.npz")
    table = golden[f"{solver}_{steps}_{'prefix_' if prefix else ''}marginals"]
    rows = 3000
    generator = torch.Generator().manual_seed(3)
    canvas = source_canvas(network.config, (rows, network.config.length), generator)
    editable = torch.ones_like(canvas, dtype=torch.bool)
    if prefix:
        canvas[:, :4] = torch.tensor(golden["prefix"])
        editable[:, :4] = False
    *_, tokens = refinements(network, Scheduler(), canvas, editable, steps, solver, generator=generator)
    share = (tokens.numpy()[:, :, None] == np.arange(table.shape[-1])).mean(0)
    # Two samples of one law: the pooled share gives the variance, also where one of them saw nothing.
    pooled = (share * rows + table * GOLDEN_ROWS) / (rows + GOLDEN_ROWS)
    error = np.sqrt(pooled * (1 - pooled) * (1 / rows + 1 / GOLDEN_ROWS))
    assert (np.abs(share - table) <= 5 * error + 1 / rows).all()


def test_recipes_are_compared_on_as_many_tokens_and_go_on_where_they_were_stopped(corpus, monkeypatch, capsys):
    folder, _ = corpus
    small = Recipe(vocab_size=300, hidden_size=32, blocks=1, heads=2, lengths=(16, 32), batch_tokens=256)
    variants = {
        "baseline": small,
        "uniform source": replace(small, source="uniform"),
        "capped": replace(small, weight="capped", times="early", prefixes=False, vocab_size=280),
        "independent": replace(small, times="independent", batch_tokens=512),
    }
    monkeypatch.setattr(fewstep_train.commands.recipes, "RECIPES", variants)
    text = str(folder / "corpus.txt")
    common = ["recipes", "--data", text, "--valid", text, "--cache", str(folder / "recipes"), "--device", "cpu"]
    common += ["--tokens", "2048", "--length", "32", "--out", str(folder / "recipes.json")]
    main([*common, "--only", "baseline", "capped"])
    main(common)
    records = json.loads((folder / "recipes.json").read_text())["records"]
    assert [r["name"] for r in records] == ["baseline", "capped", "uniform source", "independent"]
    assert all(0 < r["bits_a_byte"] < r["nats_a_token"] * 1.5 for r in records)
    table = capsys.readouterr().out.split("| recipe ")[-1]
    assert [line.split(" | ")[0] for line in table.splitlines()[2:]] == [f"| {name}" for name in variants]
    main([*common, "--only", "baseline"])
    assert "saved" not in capsys.readouterr().out, "it is not trained again"
    (folder / "corpus.txt").write_text(Path(text).read_text().replace("fox", "owl"))
    main([*common, "--only", "baseline"])
    assert "saved" in capsys.readouterr().out, "but on another text it is"
