"""`evaluate` and `sweep` with an independent judge beside our own."""

import json

import pytest
from published_causals import llama, write_folder, write_gguf

from fewstep_train.__main__ import main


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
