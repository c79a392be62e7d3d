"""The plain transformer: its variants learn what they may see, and the autoregressive one trains as a command."""

from dataclasses import replace

import pytest
import torch
from fixtures import SENTENCES
from tiny_transformers import GPT, LLAMA, random_transformer

from fewstep_train.__main__ import main
from fewstep_train.kinds import AUTOREGRESSIVE, LLADA
from fewstep_train.networks.network import Network, NetworkConfig
from fewstep_train.text.tokenizer import END_OF_TEXT
from fewstep_train.training.trained import load_trained


@pytest.mark.parametrize("config", [GPT, LLAMA], ids=["layer-norm", "rms-norm, shared heads"])
@pytest.mark.parametrize("causal", [True, False])
@torch.no_grad()
def test_a_causal_network_sees_the_past_and_the_other_one_everything(config, causal):
    network = random_transformer(replace(config, causal=causal))
    tokens = torch.randint(50, (1, 12), generator=torch.Generator().manual_seed(1))
    changed = tokens.clone()
    changed[0, 6] = (changed[0, 6] + 1) % 50
    moved = (network(tokens) - network(changed)).abs().amax(-1)[0] > 1e-6
    assert moved[6:].all()
    assert moved[:6].all() != causal
    assert moved[:6].any() != causal


@torch.no_grad()
def test_padding_is_never_attended_to():
    network = random_transformer(replace(LLAMA, causal=False))
    tokens = torch.randint(50, (2, 12), generator=torch.Generator().manual_seed(1))
    real = (torch.arange(12) < 8)[None, None, None]
    assert (network(tokens, real)[:, :8] - network(tokens[:, :8])).abs().max() < 1e-5


@torch.no_grad()
def test_without_its_time_conditioning_the_canvas_network_is_this_transformer():
    shape = {"hidden_size": 64, "length": 16, "n_blocks": 2, "n_heads": 4, "vocab_size": 50}
    canvas = Network(NetworkConfig(**shape, cond_dim=8, source_distribution="uniform"))
    for block in canvas.blocks:  # gates 1, shifts and scales 0
        block.adaLN_modulation.bias.view(6, -1)[[2, 5]] = 1
    plain = random_transformer(replace(GPT, causal=False))
    weights = {
        name.replace("norm_final.", "output_layer.norm_final.").replace("output.", "output_layer.linear."): value
        for name, value in plain.state_dict().items()
    }
    missing, surplus = canvas.load_state_dict(weights, strict=False)
    assert not surplus
    assert all("condition" in name or "adaLN" in name or "embedding" in name or "rotary" in name for name in missing)
    tokens = torch.randint(50, (3, 16))
    t = torch.rand(3)
    assert (canvas(tokens, t, t) - plain(tokens)).abs().max() < 1e-4


def test_autoregressive_pretraining_learns_resumes_and_reports_its_held_out_loss(tmp_path, capsys):
    file, tokenizer, out = (tmp_path / name for name in ("corpus.txt", "tokenizer.json", "ar.pt"))
    file.write_text(f"\n{END_OF_TEXT}\n".join("\n".join(SENTENCES) for _ in range(50)))
    main(["tokenizer", "--data", str(file), "--vocab-size", "300", "--out", str(tokenizer)])
    files = ["--data", str(file), "--valid", str(file), "--cache", str(tmp_path), "--tokenizer", str(tokenizer)]
    shape = ["--hidden-size", "32", "--blocks", "2", "--heads", "2", "--length", "32", "--batch-tokens", "256"]
    command = ["pretrain-autoregressive", *files, *shape, "--out", str(out), "--device", "cpu"]
    main([*command, "--steps", "20"])
    main([*command, "--steps", "60"])
    printed = capsys.readouterr().out
    assert "at step 20" in printed
    held_out = [
        float(line.split("held-out loss ")[1].split()[0]) for line in printed.splitlines() if "held-out" in line
    ]
    assert len(held_out) == 2
    assert held_out[1] < held_out[0] < 5.8  # ln 300 = 5.7
    trained = load_trained(out, AUTOREGRESSIVE)
    assert trained.stages[-1]["held_out_loss"] == pytest.approx(held_out[1], abs=1e-3)
    assert trained.network.config.causal
    with pytest.raises(SystemExit, match="kind 'autoregressive'"):
        load_trained(out, LLADA)
    # A lost checkpoint costs little: training goes on from the exported model.
    again = ["pretrain-autoregressive", *files[:-2], "--batch-tokens", "256", "--device", "cpu"]
    model, further = tmp_path / "model", tmp_path / "further.pt"
    main(["export", "--checkpoint", str(out), "--store", "int8", "--out", str(model)])
    main([*again, "--init", str(model), "--steps", "5", "--out", str(further)])
    printed = capsys.readouterr().out
    assert float(printed.split("held-out loss ")[1].split()[0]) < held_out[0]
    assert [s["steps"] for s in load_trained(further, AUTOREGRESSIVE).stages] == [60, 5]
