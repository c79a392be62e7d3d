"""`evaluate` and `sweep` on tiny models: their reports, and that a stopped run goes on where it was."""

import json
import xml.etree.ElementTree as ElementTree

import pytest
from fixtures import write_text_model

import fewstep_train.folder.model_folder
import fewstep_train.graphs.graph_builder
from fewstep_train.__main__ import main
from fewstep_train.kinds import AUTOREGRESSIVE, DREAM, LLADA
from fewstep_train.training.checkpoint import load_checkpoint, save_checkpoint


def evaluate(folder, *more):
    text, cache = str(folder / "text.txt"), str(folder / "cache")
    relatives = ["--llada", str(folder / "llada.pt"), "--dream", str(folder / "dream.pt")]
    common = ["--model", str(folder / "tiny-text"), "--judge", str(folder / "autoregressive.pt")]
    main(["evaluate", *common, *relatives, "--valid", text, "--cache", cache, "--threads", "1", "--quick", *more])


def test_the_evaluation_writes_its_report_and_goes_on_where_it_was_stopped(workplace, tmp_path, capsys):
    out = tmp_path / "report"
    evaluate(workplace, "--out", str(out), "--data", str(workplace / "text.txt"), "--tasks", "unconditional")
    page = (out / "EVALUATION.md").read_text()
    assert "| FS-DFM | 0.0 | 0.0 |" in page, "what training it had"
    for words in ("FS-DFM", "LLaDA-style", "Dream-style", "autoregressive", "held-out text", "| bound |", "| exact |"):
        assert words in page
    for file in ("trade.svg", "quality-t1.svg", "timeline-unconditional.svg"):
        assert f"({file})" in page
        ElementTree.parse(out / file)
    stored = json.loads((out / "evaluation.json").read_text())["records"]
    kept = [r for r in stored if r.get("steps") != 8]
    (out / "evaluation.json").write_text(json.dumps({"records": kept}))
    capsys.readouterr()
    evaluate(workplace, "--out", str(out), "--data", str(workplace / "text.txt"), "--tasks", "unconditional")
    printed = capsys.readouterr().out
    cells = [r for r in stored if r["kind"] == "cell" and "steps" in r]
    assert printed.count("was there") == len([r for r in cells if r["steps"] != 8])
    again = json.loads((out / "evaluation.json").read_text())["records"]
    assert [r.get("metrics") for r in again] == [r.get("metrics") for r in stored]


def test_a_report_is_written_again_from_its_numbers_alone(workplace, tmp_path, monkeypatch, capsys):
    out, again = tmp_path / "report", tmp_path / "again"
    unconditional = ["--tasks", "unconditional"]
    monkeypatch.setattr("sys.argv", ["fewstep_train", "evaluate", "--something"])
    evaluate(workplace, "--out", str(out), *unconditional)
    again.mkdir()
    numbers = (out / "evaluation.json").read_text()
    (again / "evaluation.json").write_text(numbers)
    monkeypatch.setattr("sys.argv", ["fewstep_train", "evaluate", "--report-only", "--something"])
    capsys.readouterr()
    evaluate(workplace, "--out", str(again), *unconditional, "--report-only")
    assert len(capsys.readouterr().out.splitlines()) == 1, "no cell, only the report"
    assert (again / "evaluation.json").read_text() == numbers
    assert (again / "EVALUATION.md").read_text() == (out / "EVALUATION.md").read_text()
    with pytest.raises(SystemExit, match="nothing has been evaluated yet"):
        evaluate(workplace, "--out", str(tmp_path), "--report-only")


def test_committed_models_give_the_table_that_their_checkpoints_give(workplace, tmp_path):
    folders, checkpoints = tmp_path / "folders", tmp_path / "checkpoints"
    for kind in (AUTOREGRESSIVE, LLADA, DREAM):
        model = str(tmp_path / kind)
        main(["export", "--checkpoint", str(workplace / f"{kind}.pt"), "--store", "float32", "--out", model])
    text = ["--valid", str(workplace / "text.txt"), "--cache", str(tmp_path / "cache"), "--threads", "1"]
    common = ["evaluate", "--model", str(workplace / "tiny-text"), *text, "--quick", "--tasks", "unconditional"]
    for out, place, suffix in ((folders, tmp_path, ""), (checkpoints, workplace, ".pt")):
        paths = {kind: str(place / f"{kind}{suffix}") for kind in (AUTOREGRESSIVE, LLADA, DREAM)}
        judge = ["--judge", paths[AUTOREGRESSIVE], "--llada", paths[LLADA], "--dream", paths[DREAM]]
        main([*common, *judge, "--out", str(out)])
    tables = [json.loads((out / "evaluation.json").read_text())["records"] for out in (folders, checkpoints)]
    assert [r.get("metrics") for r in tables[0]] == [r.get("metrics") for r in tables[1]]


def test_eight_bit_products_are_another_system(workplace, tmp_path, capsys):
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(tmp_path), "--samples", "4", "--length", "16", "--out", str(tmp_path / "sweep.json")]
    sweep = ["sweep", "--model", str(workplace / "tiny-text"), *common, "--steps", "2"]
    main(sweep)
    main([*sweep, "--compute", "int8"])
    assert "was there" not in capsys.readouterr().out
    records = json.loads((tmp_path / "sweep.json").read_text())["records"]
    assert [r["identity"].endswith("int8") for r in records if "identity" in r] == [False, True]


def test_other_weights_are_measured_anew(workplace, tmp_path, capsys):
    out = str(tmp_path / "sweep.json")
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--cache", str(workplace / "cache"), "--samples", "4", "--length", "16", "--out", out]
    sweep = ["sweep", *common, "--steps", "1", "4", "--temperatures", "0.5", "1", "--jumps", "independent", "spread"]
    sweep += ["--stable-below", "0", "0.9"]
    model = tmp_path / "tiny-text"
    write_text_model(model)
    main([*sweep, "--model", str(model)])
    assert "was there" not in capsys.readouterr().out
    main([*sweep, "--model", str(model)])
    printed = capsys.readouterr().out
    assert printed.count("was there") == 16
    rows = [line.split("|") for line in printed.splitlines() if line.startswith("| 4 |")]
    assert {float(r[2]) for r in rows} > {4.0}  # some took fewer steps
    graph = (model / "step.onnx").read_bytes()
    (model / "step.onnx").write_bytes(graph + b"\x12\x00")  # the same model under another identity
    main([*sweep, "--model", str(model)])
    assert "was there" not in capsys.readouterr().out


def test_each_file_that_a_cell_is_made_of_counts(workplace, tmp_path, monkeypatch, capsys):
    model, training = tmp_path / "tiny-text", tmp_path / "training.txt"
    main(["export", "--model", str(workplace / "tiny-text"), "--int8", "--out", str(model)])
    training.write_text((workplace / "text.txt").read_text())
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    common += ["--data", str(training), "--cache", str(tmp_path / "cache"), "--samples", "4", "--length", "16"]
    sweep = ["sweep", "--model", str(model), *common, "--steps", "2", "--out", str(tmp_path / "sweep.json")]

    def found(*more):
        capsys.readouterr()
        main([*sweep, *more])
        return "was there" in capsys.readouterr().out

    assert [found(), found("--compute", "int8"), found(), found("--compute", "int8")] == [False, False, True, True]
    int8 = model / "step-int8.onnx"
    int8.write_bytes(int8.read_bytes() + b"\x12\x00")
    assert [found(), found("--compute", "int8")] == [True, False]

    for module in (fewstep_train.graphs.graph_builder, fewstep_train.folder.model_folder):
        monkeypatch.setattr(module, "INLINE_BYTES", 1000)
    main(["export", "--model", str(workplace / "tiny-text"), "--out", str(model)])
    assert [found(), found()] == [False, True]
    weights = bytearray((model / "step.onnx.data").read_bytes())
    weights[:64] = bytes(64)
    (model / "step.onnx.data").write_bytes(weights)
    assert found() is False

    training.write_text(training.read_text().replace("fox", "owl"))
    assert [found(), found()] == [False, True], "copies and pairs are looked for in another text"


def test_samples_are_written_once_for_any_judge(workplace, tmp_path):
    text, model = str(workplace / "text.txt"), str(workplace / "tiny-text")
    common = ["--model", model, "--valid", text, "--cache", str(tmp_path), "--samples", "4", "--length", "16"]
    judges = [workplace / "autoregressive.pt", tmp_path / "other.pt"]
    other = load_checkpoint(judges[0], AUTOREGRESSIVE)
    other["ema"]["output.bias"][:9] = 3.0
    save_checkpoint(judges[1], other)
    records = []
    for judge in judges:
        out = tmp_path / f"{judge.stem}.json"
        main(["sweep", *common, "--judge", str(judge), "--steps", "2", "--out", str(out)])
        records.append(json.loads(out.read_text())["records"][-1])
        assert len(list((tmp_path / "samples").iterdir())) == 1
    metrics = [r["metrics"] for r in records]
    assert metrics[0]["entropy"] == metrics[1]["entropy"]
    assert metrics[0]["perplexity"] != metrics[1]["perplexity"]


def test_a_model_with_another_tokenizer_is_refused(workplace, tmp_path):
    model = tmp_path / "other"
    write_text_model(model)
    other = json.loads((model / "tokenizer.json").read_text())
    other["model"]["vocab"]["zz"] = other["model"]["vocab"].pop(next(reversed(other["model"]["vocab"])))
    other["model"]["merges"] = []
    (model / "tokenizer.json").write_text(json.dumps(other))
    common = ["--judge", str(workplace / "autoregressive.pt"), "--valid", str(workplace / "text.txt")]
    out = ["--length", "32", "--out", str(tmp_path / "sweep.json")]
    with pytest.raises(SystemExit, match="tokenizer"):
        main(["sweep", "--model", str(model), *common, "--cache", str(tmp_path), "--samples", "2", *out])
