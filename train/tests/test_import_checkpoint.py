"""import-checkpoint takes published checkpoints as they are, and says exactly what does not fit."""

import json

import numpy as np
import pytest
import torch
import yaml
from golden import REFERENCE, SOURCES, golden_arrays

from fewstep_train.__main__ import main
from fewstep_train.folder.exported import load_exported


def import_checkpoint(*arguments):
    main(["import-checkpoint", *map(str, arguments)])


def files(source):
    folder = REFERENCE / source
    return ["--checkpoint", folder / "checkpoint.pth", "--config", folder / "config.json"]


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("weights", ["student_ema", "student", "teacher"])
def test_every_kind_of_weights_comes_through_unchanged(source, weights, tmp_path):
    out = tmp_path / "model"
    import_checkpoint(*files(source), "--weights", weights, "--store", "float32", "--out", out)
    config, loaded, manifest = load_exported(out)
    assert manifest["algorithm"] == ("dfm" if weights == "teacher" else "fs-dfm")
    assert manifest["mask_token_id"] == (48 if source == "mask" else None)
    assert config.few_step == (weights != "teacher")
    golden = golden_arrays(source, weights)
    for name, tensor in loaded.items():
        assert (tensor.numpy() == golden[name]).all(), name


def test_the_published_yaml_form_and_wrapped_names_are_understood(tmp_path):
    raw = json.loads((REFERENCE / "mask" / "config.json").read_text())
    (tmp_path / "config.yaml").write_text(
        yaml.safe_dump(
            {
                "model": raw["model"],
                "flow": {"source_distribution": "mask", "exponent": 1.0, "scheduler_type": "polynomial"},
            }
        )
    )
    checkpoint = torch.load(REFERENCE / "mask" / "checkpoint.pth", weights_only=True)
    wrapped = {f"module._orig_mod.{name}": value for name, value in checkpoint["student_ema_model"].items()}
    torch.save({"student_ema_model": wrapped}, tmp_path / "wrapped.pth")
    import_checkpoint(
        "--checkpoint", tmp_path / "wrapped.pth", "--config", tmp_path / "config.yaml", "--out", tmp_path / "model"
    )
    config, loaded, manifest = load_exported(tmp_path / "model")
    assert config.vocab_size == 48
    assert manifest["weights"] == "float16"
    name = "blocks.0.qw.weight"
    assert np.abs(loaded[name].numpy() - golden_arrays("mask")[name]).max() < 1e-3


def test_every_tensor_that_does_not_fit_is_named(tmp_path):
    checkpoint = torch.load(REFERENCE / "mask" / "checkpoint.pth", weights_only=True)
    weights = checkpoint["student_ema_model"]
    del weights["blocks.1.qw.weight"]
    weights["blocks.9.qw.weight"] = torch.zeros(2)
    weights["output_layer.linear.bias"] = torch.zeros(7)
    torch.save(checkpoint, tmp_path / "damaged.pth")
    config = REFERENCE / "mask" / "config.json"
    with pytest.raises(SystemExit) as error:
        import_checkpoint("--checkpoint", tmp_path / "damaged.pth", "--config", config, "--out", tmp_path / "model")
    message = str(error.value)
    assert "missing: blocks.1.qw.weight" in message
    assert "surplus: blocks.9.qw.weight" in message
    assert "wrong shape: output_layer.linear.bias is (7,), the configuration says (49,)" in message
    assert not (tmp_path / "model").exists()


class Intruder:
    def __reduce__(self):
        return print, ("this must not run",)


def test_pickled_code_is_refused_with_advice_that_is_safe(tmp_path, capsys):
    weights = torch.load(REFERENCE / "mask" / "checkpoint.pth", weights_only=True)["student_ema_model"]
    torch.save({"student_ema_model": weights, "config": Intruder()}, tmp_path / "evil.pth")
    with pytest.raises(SystemExit) as error:
        import_checkpoint("--checkpoint", tmp_path / "evil.pth", *files("mask")[2:], "--out", tmp_path / "m")
    assert "this must not run" not in capsys.readouterr().out
    message = str(error.value)
    assert message.startswith(f"{tmp_path / 'evil.pth'}: it holds print beside tensors, so it is refused")
    assert "weights_only" not in message and "safe_globals" not in message
    # The advice, taken where the file's author is trusted:
    checkpoint = torch.load(tmp_path / "evil.pth", weights_only=False)
    exec(message.partition("alone, ")[2], {"torch": torch, "checkpoint": checkpoint, "FILE": tmp_path / "plain.pth"})
    import_checkpoint("--checkpoint", tmp_path / "plain.pth", *files("mask")[2:], "--out", tmp_path / "m")


def test_what_is_no_checkpoint_is_said_in_a_sentence(tmp_path):
    (tmp_path / "text.pth").write_text("hello")
    torch.save({"student_ema_model": [1, 2]}, tmp_path / "list.pth")
    for name, message in (("text", "not readable as tensors"), ("list", "not a table of tensors by name")):
        with pytest.raises(SystemExit, match=message):
            import_checkpoint("--checkpoint", tmp_path / f"{name}.pth", *files("mask")[2:], "--out", tmp_path / "m")
    with pytest.raises(SystemExit, match="not a checkpoint of fewstep_train"):
        main(["export", "--checkpoint", str(tmp_path / "text.pth"), "--out", str(tmp_path / "m")])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"n_heads": 7}, "hidden_size 32 must split into 7 heads"),
        ({"n_blocks": -1}, "n_blocks is -1, not a whole number above 0"),
        ({"qk_norm": True}, r"qk_norm \(True\): not known here"),
        ({"source_distribution": "absorbing"}, "source_distribution is 'absorbing', not 'mask' or 'uniform'"),
        ({"exponent": 0}, "exponent is 0, not a number above 0"),
    ],
)
def test_a_configuration_that_means_another_network_is_refused(change, message, tmp_path):
    raw = json.loads((REFERENCE / "mask" / "config.json").read_text())
    (raw if change.keys() & raw.keys() else raw["model"]).update(change)
    (tmp_path / "config.json").write_text(json.dumps(raw))
    with pytest.raises(SystemExit, match=rf"config\.json: {message}"):
        import_checkpoint(*files("mask")[:2], "--config", tmp_path / "config.json", "--out", tmp_path / "model")


def test_options_of_the_other_kind_of_checkpoint_are_not_ignored(tmp_path):
    with pytest.raises(SystemExit, match="--length belongs to the folder of a LLaDA or Dream"):
        import_checkpoint(*files("mask"), "--length", "8", "--out", tmp_path / "model")
    import_checkpoint(*files("mask"), "--out", tmp_path / "model")
    with pytest.raises(SystemExit, match="--weights belongs to --checkpoint"):
        main(["export", "--model", str(tmp_path / "model"), "--weights", "raw", "--out", str(tmp_path / "again")])


def test_a_tokenizer_larger_than_the_vocabulary_is_refused(tmp_path):
    tokenizer = REFERENCE.parent / "fixtures" / "models" / "tiny-text" / "tokenizer.json"
    with pytest.raises(SystemExit, match="320 tokens, the network only 48"):
        import_checkpoint(*files("mask"), "--tokenizer", tokenizer, "--out", tmp_path / "model")


def test_missing_files_and_keys_are_named(tmp_path):
    (tmp_path / "config.json").write_text('{"model": {"hidden_size": 32}}')
    with pytest.raises(SystemExit, match="cond_dim"):
        import_checkpoint(*files("mask")[:2], "--config", tmp_path / "config.json", "--out", tmp_path / "model")
    with pytest.raises(SystemExit, match="no such file"):
        import_checkpoint("--checkpoint", tmp_path / "none.pth", *files("mask")[2:], "--out", tmp_path / "model")
