"""`evaluate` and `sweep` with an independent judge beside our own."""

import json

import pytest
from published_causals import llama, write_folder, write_gguf

from fewstep_train.__main__ import main
from fewstep_train.evaluation.report.text_goals import text_goals
from fewstep_train.evaluation.run.cells import HELD_OUT


def arguments(workplace, tmp_path, *judges):
    common = ["--model", str(workplace / "tiny-text"), "--valid", str(workplace / "text.txt"), "--threads", "1"]
    return [*common, "--judge", *map(str, judges), "--cache", str(tmp_path / "cache")]


def cells(file):
    return [r for r in json.loads(file.read_text())["records"] if r["kind"] == "cell"]


def test_an_evaluation_shows_what_both_judges_say(workplace, tmp_path):
    judge, out = write_gguf(tmp_path / "tiny-llama.gguf", llama()), tmp_path / "report"
    command = ["evaluate", *arguments(workplace, tmp_path, workplace / "autoregressive.pt", judge)]
    main([*command, "--out", str(out), "--quick", "--tasks", "unconditional", "continuation"])
    for record in cells(out / "evaluation.json"):
        for metric in ("perplexity", "bits_per_byte", "independent_bits_per_byte", "independent_entropy"):
            assert record["metrics"][metric][0] > 0
    page = (out / "EVALUATION.md").read_text()
    head = next(line for line in page.splitlines() if "bits a byte, T 1" in line)
    assert "Judged by tiny-llama:" in page[: page.index(head)]
    assert "independent judge: bits a byte" in page[page.index("## All cells") :]
    assert "bits a byte within 10 % of held-out text" in page
    assert "(trade-independent.svg)" in page and (out / "trade-independent.svg").exists()


def test_a_sweep_asks_another_judge_anew_and_the_same_one_never_again(workplace, tmp_path, capsys):
    network = llama()
    file, folder = write_gguf(tmp_path / "tiny.gguf", network), write_folder(tmp_path / "folder", network)
    out = tmp_path / "sweep.json"
    small = ["--samples", "4", "--length", "32", "--steps", "2", "--out", str(out)]
    values = []
    for judge in (file, folder):
        sweep = ["sweep", *arguments(workplace, tmp_path, workplace / "autoregressive.pt", judge), *small]
        main(sweep)
        printed = capsys.readouterr().out
        assert "was there" not in printed
        assert "independent judge: bits a byte" in printed
        main(sweep)
        assert "was there" in capsys.readouterr().out
        values.append(cells(out)[-1]["metrics"])
    for metric, value in values[0].items():
        assert values[1][metric] == pytest.approx(value, rel=1e-4), metric
    main(["sweep", *arguments(workplace, tmp_path, workplace / "autoregressive.pt"), *small])
    assert "independent judge" not in capsys.readouterr().out


def test_one_judge_of_ours_is_needed_and_one_other_allowed(workplace, tmp_path):
    own, other = workplace / "autoregressive.pt", write_gguf(tmp_path / "tiny.gguf", llama())
    for judges in ([other], [own, own], [own, other, other]):
        with pytest.raises(SystemExit, match="name one autoregressive model of this kit, and at most one independent"):
            main(["sweep", *arguments(workplace, tmp_path, *judges), "--out", str(tmp_path / "sweep.json")])


def cell(system, steps, bits, entropy, temperature=0.7, task="unconditional"):
    metrics = {"independent_bits_per_byte": [bits, 0.001], "independent_entropy": [entropy, 0.001]}
    what = {"kind": "cell", "system": system, "task": task, "metrics": metrics}
    return what if system == HELD_OUT else {**what, "steps": steps, "temperature": temperature}


def test_goals_of_the_independent_judge_are_at_the_temperature_of_serving():
    ours = [cell("FS-DFM", steps, bits, 5.8) for steps, bits in ((2, 1.3), (4, 0.96), (8, 0.9))]
    others = [
        cell(HELD_OUT, None, 0.85, 5.85),
        cell("DFM", 1024, 0.89, 5.8),
        cell("DFM", 1024, 2.0, 5.8, temperature=1),
    ]
    writers = [cell("autoregressive", 128, 0.5, 5.0), cell("autoregressive", 128, 0.84, 5.9, temperature=1)]
    cells = [*ours, cell("FS-DFM", 8, 0.85, 5.85, temperature=1), *others, *writers]
    assert [(g.claim, g.verdict) for g in text_goals(cells, "unconditional", "FS-DFM", 0.7)] == [
        ("FS-DFM at 8, temperature 0.7: bits a byte within 10 % of held-out text, entropy within 3 %", "met"),
        ("FS-DFM at 4, temperature 0.7: bits a byte within 8 % of FS-DFM at 8", "met"),
        ("FS-DFM at 2, temperature 0.7: bits a byte within 40 % of FS-DFM at 8", "not met"),
        ("FS-DFM at 8, temperature 0.7: bits a byte no more than DFM at 1024, entropy within 3 %", "not met"),
        ("FS-DFM at 8, temperature 0.7: bits a byte within 10 % of autoregressive, temperature 1", "met"),
    ]
    assert text_goals([*ours[:2], *others], "unconditional", "FS-DFM", 0.7) == []
    poor = [cell("FS-DFM", 8, 0.86, 5.6), *others[:1]]
    assert text_goals(poor, "unconditional", "FS-DFM", 0.7)[0].verdict == "not met", "too little varied"


def test_a_gap_is_compared_with_the_text_that_stood_there():
    real = cell(HELD_OUT, None, 0.9, 5.2, task="gap")
    for bits, verdict in ((0.93, "met"), (0.945, "undecided"), (0.96, "not met")):
        few = cell("FS-DFM", 8, bits, 4.0, task="gap")
        (goal,) = text_goals([real, few, cell("FS-DFM", 4, 2.0, 4.0, task="gap")], "gap", "FS-DFM", 0.7)
        assert (goal.claim, goal.verdict) == (
            "FS-DFM at 8, temperature 0.7: bits a byte within 5 % of held-out text",
            verdict,
        )
