"""A training run that was stopped goes on as if it had not been, and its record tells its stages apart."""

import math

import numpy as np
import pytest
import torch
from fixtures import SENTENCES, tiny_tokenizer, write_text_model
from tokenizers import Tokenizer
from torch import nn

from fewstep_train.__main__ import main
from fewstep_train.folder.exported import read_exported
from fewstep_train.text.crops import Crops
from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.batches import Batches
from fewstep_train.training.checkpoint import load_checkpoint, save_checkpoint, stages_of
from fewstep_train.training.trainer import MOST_SKIPPED, Trainer, TrainerOptions

SHAPE = ["--hidden-size", "32", "--blocks", "2", "--heads", "2", "--length", "32"]


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("resume")
    (folder / "corpus.txt").write_text(f"\n{END_OF_TEXT}\n".join("\n".join(SENTENCES) for _ in range(50)))
    write_text_model(folder / "flow")
    return folder


def train(place, command, out, *more):
    name, *fixed = command
    common = ["--data", place / "corpus.txt", "--cache", place / "cache", "--batch-tokens", "256", "--device", "cpu"]
    begins = {"distill": ["--init", place / "flow", "--temperature", "0.8", "--spread", "0.5"]}
    new = [*SHAPE, "--tokenizer", place / "flow" / "tokenizer.json"]
    main([name, *map(str, [*fixed, *common, *begins.get(name, new), "--out", out, *more])])


PRETRAIN = ["pretrain", "--cond-dim", "16"]
DISTILL = ["distill"]
INSTRUCT = [*DISTILL, "--instruct", "4"]
COMMANDS = [PRETRAIN, DISTILL, INSTRUCT, ["pretrain-autoregressive"], ["pretrain-masked", "--kind", "llada"]]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_resumed_run_is_the_continuation(command, place, tmp_path):
    # Of three steps and of the first three of six the learning rates are the same: warm-up ends within the first.
    train(place, command, tmp_path / "whole.pt", "--steps", "6")
    for steps in ("3", "6"):
        train(place, command, tmp_path / "parts.pt", "--steps", steps, "--valid", place / "corpus.txt")
    whole, parts = (load_checkpoint(tmp_path / f"{name}.pt", None) for name in ("whole", "parts"))
    for weights in ("model", "ema"):
        assert all(torch.equal(whole[weights][name], parts[weights][name]) for name in whole[weights]), weights
    assert [(s["steps"], s["tokens"]) for s in stages_of(parts)] == [(6, whole["training"]["tokens"])]


def test_other_options_are_another_stage_of_the_record(place, tmp_path, capsys):
    out = tmp_path / "run.pt"
    train(place, PRETRAIN, out, "--steps", "2", "--lr", "1e-3")
    train(place, PRETRAIN, out, "--steps", "4", "--lr", "1e-3")
    assert "new stage" not in capsys.readouterr().out, "a longer run is the same stage"
    train(place, PRETRAIN, out, "--steps", "7", "--lr", "5e-4", "--optimizer", "adamw", "--lengths", "16")
    told = "a new stage begins: lengths None -> [16], lr 0.001 -> 0.0005, optimizer muon -> adamw"
    assert told in capsys.readouterr().out
    train(place, PRETRAIN, out, "--steps", "9", "--lr", "5e-4", "--optimizer", "adamw", "--lengths", "16")
    main(["export", "--checkpoint", str(out), "--out", str(tmp_path / "model")])
    stages = read_exported(tmp_path / "model").stages
    facts = [[s[key] for key in ("stage", "lr", "optimizer", "steps", "tokens")] for s in stages]
    assert facts == [["pretrain", 1e-3, "muon", 4, 4 * 256], ["pretrain", 5e-4, "adamw", 5, 5 * 256]]
    assert "data corpus.txt, steps 5" in (tmp_path / "model" / "MODEL_CARD.md").read_text()


def test_another_text_or_seed_is_another_stage_too(place, tmp_path, capsys):
    out = tmp_path / "run.pt"
    train(place, PRETRAIN, out, "--steps", "1")
    train(place, PRETRAIN, out, "--steps", "2", "--seed", "5")
    other = tmp_path / "other.txt"
    other.write_text((place / "corpus.txt").read_text().replace("fox", "owl"))
    train(place, PRETRAIN, out, "--steps", "3", "--seed", "5", "--data", other)
    stages = stages_of(load_checkpoint(out))
    assert [(s["seed"], s["data"], s["steps"]) for s in stages] == [
        (0, ["corpus.txt"], 1),
        (5, ["corpus.txt"], 1),
        (5, ["other.txt"], 1),
    ]


def test_a_model_exported_over_the_one_it_began_from_is_not_counted_twice(place, tmp_path):
    model, out = tmp_path / "flow", tmp_path / "distill.pt"
    write_text_model(model)
    for steps in ("1", "2"):
        train(place, ["distill"], out, "--init", model, "--steps", steps)
        main(["export", "--checkpoint", str(out), "--out", str(model)])
    assert [s["steps"] for s in read_exported(model).stages] == [2]


def test_a_discriminator_needs_rows_to_compare_and_masks(place, tmp_path):
    with pytest.raises(SystemExit, match="--instruct needs two rows"):
        train(place, DISTILL, tmp_path / "run.pt", "--steps", "1", "--instruct", "1")
    write_text_model(tmp_path / "uniform", source_distribution="uniform")
    with pytest.raises(SystemExit, match="--instruct is for networks with a mask source"):
        train(place, INSTRUCT, tmp_path / "run.pt", "--steps", "1", "--init", tmp_path / "uniform")


def test_distillation_is_judged_on_held_out_text(place, tmp_path, capsys):
    train(place, ["distill"], tmp_path / "run.pt", "--steps", "2", "--valid", place / "corpus.txt")
    assert "step 2  held-out loss " in capsys.readouterr().out
    assert load_checkpoint(tmp_path / "run.pt")["training"]["held_out_loss"] > 0


def test_a_checkpoint_of_an_older_version_goes_on_with_new_random_numbers(place, tmp_path, capsys):
    out = tmp_path / "run.pt"
    train(place, ["distill"], out, "--steps", "2")
    old = load_checkpoint(out)
    for key in ("spent", "begun", "choices", "random"):
        del old[key]
    old["training"] = {"stage": "distill", "lr": 5e-4, "steps": 2, "tokens": 512, "hours": 0.01}
    save_checkpoint(out, old)
    train(place, ["distill"], out, "--steps", "3")
    assert "resumed" in capsys.readouterr().out
    (stage,) = stages_of(load_checkpoint(out))
    assert (stage["steps"], stage["tokens"], stage["hours"] >= 0.01) == (3, 768, True)
    train(place, ["distill"], out, "--steps", "4", "--lr", "1e-4")
    first, second = stages_of(load_checkpoint(out))
    assert (first["steps"], second["steps"]) == (3, 1)
    assert second["hours"] < 0.01 <= first["hours"]


def test_what_cannot_go_on_is_refused_in_a_sentence(place, tmp_path):
    out = tmp_path / "run.pt"
    train(place, PRETRAIN, out, "--steps", "1")
    main(["tokenizer", "--data", str(place / "corpus.txt"), "--vocab-size", "300", "--out", str(tmp_path / "t.json")])
    for more, message in (
        (["--hidden-size", "64"], "--hidden-size 64: the network that this goes on from has 32"),
        (["--source", "uniform"], "--source uniform: the network that this goes on from has mask"),
        (["--exponent", "2"], "--exponent 2.0: the network that this goes on from has 1.0"),
        (["--tokenizer", tmp_path / "t.json"], "was trained with another"),
    ):
        with pytest.raises(SystemExit, match=message):
            train(place, PRETRAIN, out, "--steps", "2", *more)
    with pytest.raises(SystemExit, match=r"run\.pt: a checkpoint of 'pretrain', not of 'distill': name another --out"):
        train(place, ["distill"], out, "--steps", "2")
    with pytest.raises(SystemExit, match="--blocks 3: the network that this goes on from has 2"):
        train(place, ["distill"], tmp_path / "new.pt", "--steps", "1")
        train(place, PRETRAIN, tmp_path / "newer.pt", "--init", place / "flow", "--blocks", "3", "--heads", "4")
    assert load_checkpoint(out)["step"] == 1


class Line(nn.Module):
    """y = a x"""

    class Config:
        def to_dict(self):
            return {}

    config = Config()

    def __init__(self):
        super().__init__()
        self.a = nn.Parameter(torch.ones(1))


def train_line(out, losses):
    """With those losses' gradients, one a step."""
    network, left = Line(), iter(losses)
    options = TrainerOptions(out=out, steps=len(losses), hours=math.inf, lr=0.1, optimizer="adamw")
    trainer = Trainer(network, options)
    trainer.train(lambda: (network.a.sum() * next(left), 10))
    return trainer


def test_a_gradient_that_is_not_finite_is_said_and_changes_nothing(tmp_path, capsys):
    trainer = train_line(tmp_path / "run.pt", [1.0, 1.0, math.nan, math.inf, 1.0])
    printed = capsys.readouterr().out
    assert "step 3: gradient nan, the weights stay (1 in a row)" in printed
    assert "step 4: gradient nan, the weights stay (2 in a row)" in printed or "gradient inf" in printed
    assert trainer.network.a.isfinite().all()
    assert load_checkpoint(tmp_path / "run.pt")["training"]["tokens"] == 30, "what taught nothing is not counted"


def test_many_such_gradients_in_a_row_stop_the_run_and_spare_its_checkpoint(tmp_path, capsys):
    out = tmp_path / "run.pt"
    train_line(out, [1.0, *[math.nan] * (MOST_SKIPPED - 1), 1.0])
    saved = out.read_bytes()
    with pytest.raises(SystemExit, match=f"{MOST_SKIPPED} steps in a row without a finite gradient"):
        train_line(out, [1.0, *[math.nan] * 100])
    assert out.read_bytes() == saved


def test_weights_that_are_not_finite_are_never_saved(tmp_path):
    trainer = train_line(tmp_path / "run.pt", [1.0])
    saved = (tmp_path / "run.pt").read_bytes()
    with torch.no_grad():
        trainer.network.a.fill_(math.inf)
    with pytest.raises(SystemExit, match="the weights are not finite"):
        trainer.save()
    assert (tmp_path / "run.pt").read_bytes() == saved


def test_batches_go_on_from_a_checkpoint_of_another_kind_of_device():
    def batches(crops_seed):
        crops = Crops(np.arange(100, dtype=np.uint16), Tokenizer.from_str(tiny_tokenizer()), crops_seed)
        return Batches(crops, tokens=32, lengths=[8], seed=3)

    before, after = batches(1), batches(2)
    saved = before.random_state()
    del saved["path"]
    saved["path_cuda"] = torch.zeros(
        16, dtype=torch.uint8
    )  # what a generator of CUDA has is nothing for one of the CPU
    after.set_random_state(saved)
    assert torch.equal(after.draw()[0], before.draw()[0])  # the text goes on
